"""A stack file for an app that is there: which set and which users it names and why, and what is said of what it cannot have."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from orgkey.identity.key_pair import certify, generate_key
from orgkey.metadata.fields import fields_of
from orgkey.metadata.members import Resource
from orgkey.metadata.parse import Found
from orgkey.metadata.render import UnknownPart
from orgkey.salesforce.app_logins import AppLogin
from orgkey.salesforce.org_identity import Identity
from orgkey.salesforce.set_usage import SetUsage
from orgkey.start.adopt import adopted, choose_set
from orgkey.start.app_seen import Admitted, Holder, SetSeen
from orgkey.start.apps import AppSeen
from orgkey.start.look import OrgSeen
from orgkey.start.users import Candidate, Sign
from orgkey.start.wishes import Draft, DraftError, Wishes

NS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
CONNECTION = {"salesforce:instanceUrl": "https://acme.my.salesforce.com", "salesforce:credentials": {"sfAlias": "x"}}
USAGE = SetUsage(apps=("By_Hand",))


def found(resource: Resource, **settings: Any) -> Found:
    defaults = {row.name: row.default_for(resource) for row in fields_of(resource)}
    return Found({**defaults, **settings}, {}, None, ())


def a_set(name: str, *holders: str, **more: Any) -> SetSeen:
    settings = more.pop("settings", {})
    usage = more.pop("usage", USAGE)
    own = found(Resource.PERMISSION_SET, name=name, label=name, **settings)
    return SetSeen(own, tuple(Holder(f"{each}@acme.com", active=True) for each in holders), usage, **more)


def seen(*sets: SetSeen, users: tuple[str, ...] = (), kind: str = "external", **settings: Any) -> Admitted:
    more = {key: settings.pop(key) for key in ("others", "profiles") if key in settings}
    resource = Resource.CONNECTED_APP if kind == "connected" else Resource.EXTERNAL_CLIENT_APP
    given = {"name": "By_Hand", "label": "By hand", "contactEmail": "a@b.cd", "consumerKey": "MadeByHand", **settings}
    logins = tuple(
        AppLogin(datetime(2026, 11, 26, tzinfo=UTC), "005", f"{each}@acme.com", "By hand", "", "Success")
        for each in users
    )
    others, profiles = more.get("others", ()), more.get("profiles", ())
    return Admitted(AppSeen(kind, "By_Hand"), found(resource, **given), sets, others, profiles, logins)


def org(*users: str) -> OrgSeen:
    named = tuple(Candidate(f"{each}@acme.com", Sign.NAME, ("its name says so",)) for each in users)
    return OrgSeen(Identity("00D000000000001AAA", "Acme", "production"), "admin@acme.com", "a@b.cd", "68.0", named, ())


def draft(admitted: Admitted, looking: OrgSeen | None = None, **wishes: Any) -> Draft:
    return adopted(Wishes(**wishes), looking or org(), admitted, CONNECTION, project="acme", stack="prod")


def test_what_differs_from_the_defaults_is_written_and_nothing_else() -> None:
    made = draft(seen(a_set("Robots", "ci"), scopes=["Api", "RefreshToken", "Web"], ipRelaxation="Bypass")).config
    assert made["orgkey:app"] == {
        "name": "By_Hand",
        "kind": "external",
        "label": "By hand",
        "contactEmail": "a@b.cd",
        "scopes": ["Api", "RefreshToken", "Web"],
        "ipRelaxation": "Bypass",
    }
    assert made["orgkey:permissionSet"]["name"] == "Robots"
    assert (made["orgkey:key"], made["orgkey:users"]) == ({"consumerKey": "MadeByHand"}, ["ci@acme.com"])
    assert made["orgkey:import"] == {"app": True, "permissionSet": True, "assignments": True}
    assert made["orgkey:assignments"] == {"authoritative": False}
    assert made["salesforce:expectedOrgId"] == "00D000000000001AAA"


@pytest.mark.parametrize(
    ("sets", "logs_in", "wanted", "users", "chosen", "why"),
    [
        ([a_set("One", "ci")], (), "", (), "One", "The one set"),
        ([a_set("One", "ci"), a_set("Two", "x")], ("x",), "", (), "Two", "who logs in through the app holds it"),
        ([a_set("One", "ci"), a_set("Two", "x")], ("x",), "", ("ci@acme.com",), "One", "the users that were named"),
        ([a_set("One", "x", settings={"userPermissions": ["ApiEnabled"]}), a_set("Two", "x")], (), "", (), "Two", "nothing but access"),
        ([a_set("One", "x", usage=SetUsage(("By_Hand",), ("Group",))), a_set("Two", "x")], (), "", (), "Two", "nothing else hangs"),
        ([a_set("One"), a_set("Two", "x", "y")], (), "", (), "Two", "somebody holds it"),
        ([a_set("One", "x", "y"), a_set("Two", "z")], (), "", (), "Two", "the fewest hold it"),
        ([a_set("Two", "x"), a_set("One", "z")], (), "", (), "One", "its name comes first"),
        ([a_set("One", "x"), a_set("Two", "z")], (), "two", (), "Two", "It was named: the app admits"),
        ([a_set("One", "x", taken="other/uat"), a_set("Two", "z")], (), "", (), "Two", "The one set"),
        ([a_set("Far", admitted=False)], (), "Far", (), "Far", "the app is to admit its holders"),
    ],
)  # fmt: skip
def test_the_set_is_chosen_by_a_reason_that_is_said(
    sets: list[SetSeen], logs_in: tuple[str, ...], wanted: str, users: tuple[str, ...], chosen: str, why: str
) -> None:
    made = choose_set(seen(*sets, users=logs_in), wanted, users)
    assert (made.name, why in made.why) == (chosen, True), made.why


def test_the_other_sets_stay_admitted() -> None:
    made = draft(seen(a_set("One", "ci"), a_set("Two", "x", "y"), others=("pkg__Set",), profiles=("Robots",)))
    assert made.config["orgkey:app"]["permissionSets"] == ["Two", "pkg__Set"]
    assert made.config["orgkey:app"]["profiles"] == ["Robots"]


@pytest.mark.parametrize(
    ("admitted", "why"),
    [
        (seen(users=("ci",)), "the app admits none"),
        (seen(users=("ci",), profiles=("Robots",)), "admits profiles (Robots), which stay"),
        (seen(users=("ci",), others=("pkg__Set",)), "sets of packages (pkg__Set)"),
        (seen(a_set("One", "ci", taken="other/uat"), users=("ci",)), "One is managed by orgkey other/uat"),
        (
            seen(a_set("One", "ci", settings={"license": "SalesforceAPIIntegrationPsl"}), users=("ci",)),
            "One is bound to a licence whose sets pre-authorize nobody",
        ),
    ],
)
def test_where_no_set_can_be_taken_over_one_is_made_for_those_who_log_in(admitted: Admitted, why: str) -> None:
    made = draft(admitted)
    assert made.config["orgkey:permissionSet"] == {"name": "By_Hand_Access"}
    assert made.config["orgkey:import"] == {"app": True}
    assert made.config["orgkey:users"] == ["ci@acme.com"]
    assert why in made.says[0]


def test_holders_who_are_inactive_or_lose_the_set_by_a_date_are_not_written_down() -> None:
    own = a_set("One", "ci", "old", "late", "deploy")
    states = (("ci", "", True), ("old", "", False), ("late", "2027-01-01T00:00:00Z", True), ("deploy", "", None))
    own = replace(own, holders=tuple(Holder(f"{name}@acme.com", end, active) for name, end, active in states))
    made = draft(seen(own, users=("deploy",))).config
    assert made["orgkey:users"] == ["deploy@acme.com", "ci@acme.com"]  # who logs in comes first, and is proved
    assert made["orgkey:integrationUser"] == "deploy@acme.com"


def test_of_many_holders_those_are_written_down_who_log_in_or_look_like_it() -> None:
    many = a_set("One", *(f"p{number}" for number in range(30)), "ci", "bot")
    made = draft(seen(many, users=("bot",)), org("ci", "elsewhere"))
    assert made.config["orgkey:users"] == ["bot@acme.com", "ci@acme.com"]
    assert "of 32 holders" in made.says[1]
    with pytest.raises(DraftError, match="--user NAME is needed"):
        draft(seen(a_set("One", *(f"p{number}" for number in range(30)))))


def test_what_stands_against_the_flow_changes_and_is_said() -> None:
    made = draft(
        seen(
            a_set("One", "ci"),
            permittedUsers="AllSelfAuthorized",
            requiredSessionLevel="HIGH_ASSURANCE",
            scopes=["Web"],
        )
    )
    app = made.config["orgkey:app"]
    assert (app["scopes"], "permittedUsers" in app, "requiredSessionLevel" in app) == (
        ["Web", "Api", "RefreshToken"],
        False,
        False,
    )
    for name in ("permittedUsers", "requiredSessionLevel", "scopes"):
        assert any(f"orgkey:app.{name} of the app changes" in each for each in made.warnings)


def test_what_no_stack_file_takes_stays_as_it_is_and_is_said_by_name() -> None:
    made = draft(seen(a_set("One", "ci"), infoUrl="see the wiki", callbackUrls=[]))
    assert made.config["orgkey:ignore"] == ["app.callbackUrls", "app.infoUrl"]
    assert "infoUrl" not in made.config["orgkey:app"]
    assert any(each.startswith("app.infoUrl cannot be carried over") for each in made.warnings)


def test_what_no_setting_gives_is_said_by_name() -> None:
    admitted = seen(a_set("One", "ci"))
    part = UnknownPart("ExtlClntAppOauthSettings", "", f"<isFirstPartyAppEnabled {NS}>true</isFirstPartyAppEnabled>")
    off = tuple(UnknownPart("ExtlClntAppPolicies", "", f"<{each}</x>") for each in (f"x {NS}>false", f"x {NS}>None"))
    made = draft(replace(admitted, found=replace(admitted.found, unknown_parts=(part, *off))))
    (told,) = [each for each in made.warnings if "no setting gives this" in each]
    assert told.endswith("(orgkey:app.carryOver): isFirstPartyAppEnabled"), told


def test_a_set_for_more_than_the_app_is_said_to_be_that() -> None:
    own = a_set("One", "ci", settings={"userPermissions": ["ApiEnabled"]}, usage=SetUsage(("By_Hand", "Other")))
    (says, _) = draft(seen(own)).says
    assert "it gives more than access to the app" in says
    assert "the app Other admits its holders" in says


def test_everything_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(DraftError) as told:
        draft(seen(consumerKey=""))
    assert [each.partition(" is needed")[0] for each in told.value.problems] == ["--user NAME", "--consumer-key KEY"]


PAIR, OTHER = (certify(generate_key(2048), subject="CN=x", validity_days=9, now=datetime.now(UTC)) for _ in range(2))


@pytest.mark.parametrize(
    ("theirs", "mine", "says"),
    [
        (PAIR.certificate.pem, PAIR.certificate.pem, ""),
        (PAIR.certificate.pem, OTHER.certificate.pem, "if it is of another key, clients that log in now are cut off"),
        ("", PAIR.certificate.pem, "the org does not show the certificate of By_Hand"),
        (PAIR.certificate.pem, "", "the stack makes a new key, so clients that log in through By_Hand now are cut off"),
    ],
)
def test_who_is_cut_off_is_said_where_the_key_is_not_certainly_the_clients_own(
    theirs: str, mine: str, says: str
) -> None:
    key = PAIR if mine == PAIR.certificate.pem else OTHER
    given = {"certificate": mine, "private_key": key.private_key_pem, "key_file": "my key.pem"} if mine else {}
    made = draft(seen(a_set("One", "ci"), users=("bot",), certificatePem=theirs), **given)
    told = [each for each in made.warnings if says and says in each]
    assert (bool(told), bool(made.warnings)) == (bool(says), bool(says))
    assert all("Logged in through it in the last 30 days: bot@acme.com." in each for each in told)
    if mine:
        assert made.config["orgkey:key"]["certificatePem"] == mine
        assert key.private_key_pem not in str(made)

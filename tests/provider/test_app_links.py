"""Who may use an app: the links are what counts, in whatever words the org takes and gives the document's lists."""

from __future__ import annotations

from typing import Any

import pytest

from tests.landscape import Landscape, Org
from tests.provider.apps import CONNECTED, EXTERNAL, KINDS, made_app
from tests.provider.conftest import MANAGED_BY, SET, Made, make
from tests.provider.protocol import Client, VerbFailedError, plain

LABEL = "Zugriff für alle 接続"
"""A label that is no name; with an accent and CJK."""
ANSWERS = [(shown, taken) for shown in ("label", "name") for taken in ("both", "label")]


@pytest.fixture(autouse=True)
def makes_connected_apps(landscape: Landscape, org: Org) -> None:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)


@pytest.fixture(params=ANSWERS, ids="-".join)
def answers(landscape: Landscape, org: Org, request: pytest.FixtureRequest) -> None:
    """Each way in which orgs show and take the sets of a Connected App."""
    shown, taken = request.param
    landscape.admin("PATCH", "/knobs", connected_app_links_shown=shown, connected_app_links_taken=taken)


@pytest.fixture
def labelled(provider: Client) -> Made:
    return make(provider, SET, {"name": "Access", "label": LABEL, "managedBy": MANAGED_BY})


def admitted(org: Org, kind: str, name: str = "App") -> list[str]:
    """Names of the sets and profiles that the org's own rows link to the app."""
    entity = {CONNECTED: "ConnectedApplication", EXTERNAL: "ExternalClientApplication"}[kind]
    (app,) = org.query(f"SELECT Id FROM {entity} WHERE DeveloperName = '{name}'", tooling=kind == CONNECTED)
    rows = org.query(
        "SELECT Parent.Name, Parent.IsOwnedByProfile, Parent.Profile.Name FROM SetupEntityAccess "
        f"WHERE SetupEntityId = '{app['Id']}'"
    )
    return sorted(
        row["Parent"]["Profile"]["Name"] if row["Parent"]["IsOwnedByProfile"] else row["Parent"]["Name"] for row in rows
    )


def later(provider: Client, org: Org) -> Client:
    """The next command."""
    provider.configure(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )
    return provider


def seen(provider: Client, kind: str, made: Made) -> tuple[dict[str, Any], list[str]]:
    """What a Read finds, and what of it differs from what is declared."""
    answer = provider.read(kind, *made)
    found = plain(answer.inputs)
    return found, list(provider.diff(kind, found, plain(answer.properties), made[1]).diffs)


@pytest.mark.parametrize("kind", KINDS)
def test_an_app_admits_whom_it_declares_and_the_next_look_finds_no_change(
    provider: Client, answers: None, labelled: Made, key: dict[str, Any], org: Org, kind: str
) -> None:
    make(provider, SET, {"name": "Other", "label": "Other set"})
    made = made_app(provider, kind, key, profiles=["System Administrator"])
    assert admitted(org, kind) == ["Access", "System Administrator"]
    assert seen(later(provider, org), kind, made)[1] == []
    news = {**made[1], "permissionSets": ["Other"], "profiles": []}
    outputs = provider.update(kind, "App", made[1:], news)
    assert admitted(org, kind) == ["Other"]
    assert seen(later(provider, org), kind, ("App", news, outputs))[1] == []
    outputs = provider.update(kind, "App", (news, outputs), {**news, "permissionSets": []})
    assert admitted(org, kind) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_look_of_an_import_gives_api_names(
    provider: Client, answers: None, labelled: Made, key: dict[str, Any], org: Org, kind: str
) -> None:
    made_app(provider, kind, key, profiles=["System Administrator"])
    found = plain(later(provider, org).read(kind, "App", {}, {}).inputs)
    assert (found["permissionSets"], found["profiles"]) == (["Access"], ["System Administrator"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_login_that_may_not_see_links_goes_by_the_document(
    provider: Client, answers: None, labelled: Made, key: dict[str, Any], blind: dict[str, str], org: Org, kind: str
) -> None:
    make(provider, SET, {"name": "Other", "label": "Other set"})
    provider.configure(blind)
    made = made_app(provider, kind, key)
    assert admitted(org, kind) == ["Access"]
    assert seen(provider, kind, made)[1] == []
    news = {**made[1], "permissionSets": ["Access", "Other"]}
    provider.update(kind, "App", made[1:], news)
    assert admitted(org, kind) == ["Access", "Other"]


@pytest.mark.parametrize("kind", KINDS)
def test_links_that_somebody_took_away_or_added_are_put_right(
    provider: Client, answers: None, labelled: Made, key: dict[str, Any], org: Org, kind: str
) -> None:
    made = made_app(provider, kind, key)
    entity = {CONNECTED: "ConnectedApplication", EXTERNAL: "ExternalClientApplication"}[kind]
    org.unlink("App", entity)
    (stranger,) = org.query("SELECT Id FROM PermissionSet WHERE Profile.Name = 'System Administrator'")
    record = {"ParentId": stranger["Id"], "SetupEntityId": made[2]["appId"]}
    assert org.call("POST", "/services/data/v67.0/sobjects/SetupEntityAccess", json=record).status_code == 201
    found, differs = seen(later(provider, org), kind, made)
    assert (found["permissionSets"], found["profiles"]) == ([], ["System Administrator"])
    assert differs == ["permissionSets", "profiles"]
    provider.update(kind, "App", (found, made[2]), made[1])
    assert admitted(org, kind) == ["Access"]


@pytest.mark.parametrize("kind", KINDS)
def test_whom_an_app_will_admit_is_admitted_before_its_deploy_and_nobody_is_dropped_before_it(
    provider: Client, labelled: Made, key: dict[str, Any], org: Org, kind: str
) -> None:
    make(provider, SET, {"name": "Other", "label": "Other set"})
    made = made_app(provider, kind, key)
    news = {**made[1], "permissionSets": ["Other"]}
    with pytest.raises(VerbFailedError):
        provider.update(kind, "App", made[1:], {**news, "scopes": ["Nothing"]})
    assert admitted(org, kind) == ["Access", "Other"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_set_that_the_org_does_not_have_is_named(
    provider: Client, labelled: Made, key: dict[str, Any], org: Org, kind: str
) -> None:
    with pytest.raises(VerbFailedError, match="Missing"):
        made_app(provider, kind, key, permissionSets=["Missing"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_group_that_shares_the_sets_name_is_told_apart(
    provider: Client, labelled: Made, key: dict[str, Any], org: Org, kind: str
) -> None:
    org.make_group("Access", "devops")
    made = made_app(provider, kind, key)
    (own,) = org.query("SELECT Id FROM PermissionSet WHERE Name = 'Access' AND PermissionSetGroupId = null")
    (link,) = org.query(f"SELECT ParentId FROM SetupEntityAccess WHERE SetupEntityId = '{made[2]['appId']}'")
    assert link["ParentId"] == own["Id"]
    assert seen(later(provider, org), kind, made)[1] == []


def test_a_link_that_is_refused_after_the_deploy_keeps_the_app_in_state_and_the_next_command_goes_on(
    provider: Client, labelled: Made, key: dict[str, Any], org: Org, landscape: Landscape
) -> None:
    make(provider, SET, {"name": "Other", "label": "Other set"})
    made = made_app(provider, CONNECTED, key)
    landscape.admin("POST", "/faults", operation="createRecords", org="uat", faults=["INSUFFICIENT_ACCESS"] * 2)
    news = {**made[1], "permissionSets": ["Access", "Other"]}
    with pytest.raises(VerbFailedError, match="INSUFFICIENT_ACCESS") as failed:
        provider.update(CONNECTED, "App", made[1:], news)
    assert failed.value.init_failed is not None
    outputs = failed.value.init_failed["properties"]
    found, differs = seen(later(provider, org), CONNECTED, ("App", news, outputs))
    assert differs == ["permissionSets"]
    provider.update(CONNECTED, "App", (found, outputs), news)
    assert admitted(org, CONNECTED) == ["Access", "Other"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_deploy_asks_once_for_the_links_and_a_look_no_more_than_before(
    provider: Client, labelled: Made, key: dict[str, Any], org: Org, landscape: Landscape, kind: str
) -> None:
    landscape.admin("DELETE", "/requests")
    made = made_app(provider, kind, key)
    counts = landscape.admin("GET", "/requests?org=uat")["counts"]
    assert "createRecords" not in counts
    landscape.admin("DELETE", "/requests")
    seen(later(provider, org), kind, made)
    looked = landscape.admin("GET", "/requests?org=uat")["counts"]
    assert (counts["composite"], counts["deploy"]) == (2, 1)
    assert looked["composite"] == 1
    assert sum(looked.values()) <= (3 if kind == CONNECTED else 7)  # one asks which parts there are


@pytest.mark.parametrize("kind", KINDS)
def test_a_profile_goes_by_its_name_in_the_orgs_language(
    provider: Client, answers: None, labelled: Made, key: dict[str, Any], org: Org, kind: str
) -> None:
    name = "Systembetreuer für Köln 管理"
    (base,) = org.query("SELECT UserLicenseId FROM Profile WHERE Name = 'System Administrator'")
    made = org.call(
        "POST", "/services/data/v67.0/sobjects/Profile", json={"Name": name, "UserLicenseId": base["UserLicenseId"]}
    )
    assert made.status_code == 201, made.text
    app = made_app(provider, kind, key, profiles=[name])
    assert admitted(org, kind) == sorted(["Access", name])
    assert seen(later(provider, org), kind, app)[1] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_profile_that_the_org_does_not_have_is_told_with_how_profiles_are_named(
    provider: Client, labelled: Made, key: dict[str, Any], org: Org, kind: str
) -> None:
    with pytest.raises(VerbFailedError, match=r"no Profile named Nobody|by the name that Setup shows"):
        made_app(provider, kind, key, profiles=["Nobody"])

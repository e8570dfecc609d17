"""What facts about an org mean before anything is written, as a table; and how permissions are found out where an org withholds them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkey.metadata.members import Resource
from orgkey.metadata.ownership import Marker, Ownership
from orgkey.salesforce.preflight import read_groups, read_permissions, read_terms, read_users
from orgkey.salesforce.preflight_judge import (
    API,
    ASSIGN,
    METADATA,
    NEEDS,
    SETUP,
    Permissions,
    SetTerms,
    Thing,
    User,
    judge_groups,
    judge_key,
    judge_name,
    judge_other_kind,
    judge_permissions,
    judge_users,
)
from orgkey.salesforce.preflight_table import TABLE, Code, State, Verdict
from orgkey.salesforce.read import Snapshot
from tests.salesforce.stub import Says, refusal, serving

HOST, PLAIN = "acme.my.salesforce.com", SetTerms("Access")
ECA, CONNECTED, SET = Resource.EXTERNAL_CLIENT_APP, Resource.CONNECTED_APP, Resource.PERMISSION_SET
THEIRS = Marker("others/t", "00D000000000001AAA")
NAMES = tuple(name for need in NEEDS for name in need.any_of)


def states(verdicts: list[Verdict]) -> list[State]:
    return [each.state for each in verdicts]


@given(st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(NAMES)))
def test_a_permission_is_missing_only_where_all_ways_to_have_it_are_known_to_be_lacking(
    held: set[str], told: set[str]
) -> None:
    permissions = Permissions(frozenset(held), frozenset(told - held))
    for need, verdict in zip(
        NEEDS, judge_permissions(permissions, NEEDS, host=HOST, login="admin@acme.com"), strict=True
    ):
        ways = set(need.any_of)
        expected = State.RIGHT if ways & held else State.WRONG if ways <= told - held else State.NOTE
        assert verdict.state is expected
        assert need.label in verdict.says
        assert (verdict.state is State.WRONG) == bool(verdict.remedy)


@pytest.mark.parametrize("kind", [SET, ECA, CONNECTED])
@pytest.mark.parametrize(
    ("thing", "state", "says"),
    [
        (None, State.RIGHT, "is free"),
        (Thing(Ownership.OURS), State.RIGHT, "this stack's own"),
        (Thing(Ownership.COPY), State.RIGHT, "sandbox refresh"),
        (Thing(Ownership.ANOTHERS, THEIRS), State.WRONG, "it is managed by orgkey others/t"),
        (Thing(Ownership.UNMARKED), State.WRONG, "it was not made by orgkey"),
    ],
)
def test_whose_a_name_is(kind: Resource, thing: Thing | None, state: State, says: str) -> None:
    verdict = judge_name(kind, "CI", thing, host=HOST, take_over="pulumi import …")
    assert (verdict.state, says in verdict.says) == (state, True)
    assert ("pulumi import …" in verdict.remedy) is (state is State.WRONG)
    assert (" an External" in verdict.says) is (kind is ECA and state is State.WRONG)


@pytest.mark.parametrize(
    ("other", "state", "remedy"),
    [
        (None, State.RIGHT, ""),
        (Thing(Ownership.UNMARKED), State.WRONG, "Choose another orgkey:app.name"),
        (Thing(Ownership.ANOTHERS, THEIRS), State.WRONG, "Choose another orgkey:app.name"),
        (Thing(Ownership.OURS), State.WRONG, "To change the kind"),
    ],
)
@pytest.mark.parametrize("kind", [ECA, CONNECTED])
def test_an_app_of_the_other_kind(kind: Resource, other: Thing | None, state: State, remedy: str) -> None:
    verdict = judge_other_kind(kind, "CI", other, host=HOST)
    assert (verdict.state, remedy in verdict.remedy) == (state, True)


@pytest.mark.parametrize(
    ("thing", "state"),
    [
        (Thing(Ownership.OURS, consumer_key="k"), State.RIGHT),
        (Thing(Ownership.OURS, consumer_key=""), State.RIGHT),
        (Thing(Ownership.COPY, consumer_key="other"), State.RIGHT),
        (Thing(Ownership.OURS, consumer_key="other"), State.WRONG),
    ],
)
def test_the_key_of_an_app_that_is_there(thing: Thing, state: State) -> None:
    assert judge_key(ECA, "CI", thing, "k", host=HOST).state is state


@pytest.mark.parametrize(
    ("user", "terms", "code", "state"),
    [
        (None, PLAIN, Code.USER, State.WRONG),
        (User("CI@acme.com", active=False), PLAIN, Code.USER_ACTIVE, State.WRONG),
        (User("CI@acme.com", active=True), PLAIN, Code.USER_ACTIVE, State.RIGHT),
        (User("CI@acme.com", active=True, license="Salesforce"), PLAIN, Code.USER_LICENSE, State.RIGHT),
        (
            User("ci@acme.com", active=True, license="Chatter Free"),
            SetTerms("Access", "Salesforce", "Salesforce"),
            Code.USER_LICENSE,
            State.WRONG,
        ),
        (
            User("ci@acme.com", active=True, license="salesforce"),
            SetTerms("Access", "Salesforce", "Salesforce"),
            Code.USER_LICENSE,
            State.RIGHT,
        ),
        (
            User("ci@acme.com", active=True, license="Salesforce Integration", integration=False),
            PLAIN,
            Code.USER_LICENSE,
            State.WRONG,
        ),
        (
            User("ci@acme.com", active=True, license="Salesforce Integration", integration=True),
            PLAIN,
            Code.USER_LICENSE,
            State.RIGHT,
        ),
        (
            User("ci@acme.com", active=True, license="Salesforce Integration", integration=None),
            PLAIN,
            Code.USER_LICENSE,
            State.RIGHT,
        ),
        (
            User("ci@acme.com", active=True, license="Salesforce Integration", integration=False),
            SetTerms("Access", own_license="SalesforceAPIIntegrationPsl"),
            Code.USER_LICENSE,
            State.RIGHT,
        ),
    ],
)
def test_a_user_who_is_to_be_given_a_set(user: User | None, terms: SetTerms, code: Code, state: State) -> None:
    (verdict,) = judge_users(["ci@ACME.com"], [user] if user else [], terms, host=HOST)
    assert (verdict.code, verdict.state) == (code, state)
    assert (state is State.WRONG) == bool(verdict.remedy)


def test_groups_have_no_case() -> None:
    assert states(judge_groups(["one", "Two"], ["ONE"], host=HOST)) == [State.RIGHT, State.WRONG]


@pytest.mark.parametrize("code", Code)
def test_every_question_has_its_row(code: Code) -> None:
    row = TABLE[code]
    assert row.wrong
    assert row.remedy


# --- where an org withholds what is asked

REFUSED = refusal(400, "INVALID_TYPE", "sObject type 'UserPermissionAccess' is not supported.")
CORE = ("ApiEnabled", "ViewSetup", "ModifyMetadata", "ModifyAllData", "AssignPermissionSets", "ManageUsers")


def flags(*held: str) -> dict[str, bool]:
    return {f"Permissions{name}": name in held for name in CORE}


def permissions_by(tmp_path: Path, rows: Mapping[str, Any]) -> Permissions:
    with serving(tmp_path, _who(Says(rows))) as stub:
        return read_permissions(Snapshot(stub.client()))


def _who(says: Says) -> Any:
    def answer(request: Any) -> Any:
        if request.path.endswith("/userinfo"):
            body = b'{"organization_id": "00D000000000001AAA", "user_id": "005000000000001AAA", "preferred_username": "a@b.cd"}'
            return 200, "application/json", body
        return says(request)

    return answer


@pytest.mark.parametrize(
    ("by_sets", "by_profile", "lacking"),
    [
        ([{"PermissionSetGroupId": None, "PermissionSet": flags("ViewSetup")}], flags("ApiEnabled"), True),
        ([], flags("ApiEnabled", "ViewSetup"), True),
        ([{"PermissionSetGroupId": "0PG1", "PermissionSet": None}], flags("ApiEnabled", "ViewSetup"), False),
        (REFUSED, flags("ApiEnabled", "ViewSetup"), False),
    ],
)
def test_where_an_org_does_not_tell_a_logins_permissions_profile_and_sets_do_and_nothing_uncertain_is_lacking(
    tmp_path: Path, by_sets: Any, by_profile: dict[str, bool], *, lacking: bool
) -> None:
    rows = {
        "FROM UserPermissionAccess": REFUSED,
        "FROM PermissionSetAssignment": by_sets,
        "FROM User WHERE": [{"Profile": by_profile}],
    }
    found = permissions_by(tmp_path, rows)
    assert found.held == {"ApiEnabled", "ViewSetup"}
    assert (METADATA.any_of[0] in found.lacking) is lacking
    needed = states(judge_permissions(found, (API, SETUP, ASSIGN), host=HOST, login=""))
    assert needed == [State.RIGHT, State.RIGHT, State.WRONG if lacking else State.NOTE]


def test_where_an_org_tells_nothing_of_permissions_nothing_is_lacking(tmp_path: Path) -> None:
    rows = {"FROM UserPermissionAccess": REFUSED, "FROM PermissionSetAssignment": REFUSED, "FROM User WHERE": REFUSED}
    assert permissions_by(tmp_path, rows) == Permissions()


def test_a_permission_field_that_an_org_does_not_know_leaves_the_others_known(tmp_path: Path) -> None:
    rows = {
        "PermissionsExternalClientAppDeveloper": refusal(400, "INVALID_FIELD", "No such column"),
        "FROM UserPermissionAccess": [flags("ApiEnabled")],
    }
    found = permissions_by(tmp_path, rows)
    assert (found.held, "ViewSetup" in found.lacking) == ({"ApiEnabled"}, True)
    assert "ExternalClientAppDeveloper" not in found.held | found.lacking


def test_what_an_org_does_not_show_of_users_groups_and_licences_is_no_problem(tmp_path: Path) -> None:
    rows = {
        "Profile.UserLicense.Name": REFUSED,
        "FROM User WHERE": [{"Id": "005", "Username": "a@b.cd", "IsActive": True}],
        "FROM PermissionSetLicenseAssign": REFUSED,
        "FROM PermissionSetGroup": REFUSED,
        "FROM UserLicense": REFUSED,
    }
    with serving(tmp_path, Says(rows)) as stub:
        snapshot = Snapshot(stub.client())
        assert read_users(snapshot, ["a@b.cd"]) == [User("a@b.cd", active=True)]
        assert read_groups(snapshot, ["G"]) == ["G"]
        assert read_terms(snapshot, "Access", "L") == (SetTerms("Access", own_license="L"), True)

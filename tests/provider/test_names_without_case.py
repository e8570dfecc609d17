"""Names of permission sets, profiles, users and groups have no case in an org: another spelling is no difference, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkey.metadata.fields import fields_of
from orgkey.metadata.members import Resource
from orgkey.provider.assignments import PermissionSetAssignmentsHandler
from orgkey.provider.engine_run import Run, resource_key
from orgkey.provider.metadata_inputs import changed_inputs, check_inputs, in_terms_of_inputs, names_collide
from tests.landscape import Landscape, Org
from tests.provider.apps import CONNECTED, EXTERNAL, KINDS, made_app
from tests.provider.conftest import HOLDERS, MANAGED_BY, SET, Made, again, make
from tests.provider.protocol import Client, plain

CASELESS = {
    Resource.PERMISSION_SET: {"name", "license"},
    Resource.CONNECTED_APP: {"name", "permissionSets", "profiles"},
    Resource.EXTERNAL_CLIENT_APP: {"name", "permissionSets", "profiles"},
}
names = st.lists(st.from_regex(r"[A-Z][A-Za-z]{0,5}", fullmatch=True), unique_by=str.lower, max_size=4)


@pytest.mark.parametrize("resource", Resource)
def test_which_settings_are_names_of_something_in_the_org(resource: Resource) -> None:
    assert {row.name for row in fields_of(resource) if row.caseless} == CASELESS[resource]


@given(declared=names, more=names, upper=st.booleans())
@pytest.mark.parametrize("setting", ["permissionSets", "profiles"])
def test_what_is_found_is_shown_as_it_was_written_where_it_means_the_same(
    setting: str, declared: list[str], more: list[str], *, upper: bool
) -> None:
    resource, spell = Resource.EXTERNAL_CLIENT_APP, str.upper if upper else str.lower
    inputs = {"name": "App", setting: declared}
    others = [name for name in more if name.lower() not in map(str.lower, declared)]
    found = {"name": spell("App"), setting: [*map(spell, reversed(declared)), *others]}
    seen = in_terms_of_inputs(resource, found, inputs)
    assert changed_inputs(resource, inputs, {**inputs, **found}) == ([setting] if others else [])
    assert (seen["name"], sorted(seen[setting])) == ("App", sorted([*declared, *others]))
    assert others or seen[setting] == declared


@pytest.mark.parametrize("setting", ["permissionSets", "profiles"])
@pytest.mark.parametrize(
    ("listed", "told"),
    [
        (["X", "x"], [1]),
        (["X", "Y", "x", "y"], [2, 3]),
        (["X", " x"], [1]),
        (["X", "X"], []),
        (["X", "Y"], []),
    ],
)
def test_one_name_in_two_spellings_is_refused(setting: str, listed: list[str], told: list[int]) -> None:
    values = {"name": "App", "label": "App", "contactEmail": "a@b.c", setting: listed}
    _, problems = check_inputs(Resource.CONNECTED_APP, values, 67.0)
    found = [(problem.path, problem.reason) for problem in problems if problem.path.startswith(setting)]
    assert [path for path, _ in found] == [f"{setting}[{index}]" for index in told]
    assert all("small and capital letters apart" in reason for _, reason in found)


def test_two_of_one_name_cannot_stand_side_by_side_in_whatever_case() -> None:
    assert names_collide({"name": "App"}, {"name": "APP"})
    assert not names_collide({"name": "App"}, {"name": "App2"})


def test_another_spelling_of_the_permission_set_replaces_no_assignments() -> None:
    old = {"permissionSet": "Access", "users": ["a@b.c"], "groups": ["Sales"], "authoritative": True}
    now = {"permissionSet": "ACCESS", "users": ["A@b.c"], "groups": ["SALES"], "authoritative": True}
    diff = PermissionSetAssignmentsHandler().diff(old, {**old, "groupAssignmentIds": ["0Pa"]}, now, 0.0)
    assert (diff.inputs, diff.replaces, diff.warnings) == ([], [], [])


def test_a_run_knows_a_resource_by_its_id_in_whatever_case() -> None:
    run = Run()
    run.wrote("PermissionSet", "Access", {"claim": 2})
    run.kept.add(resource_key("PermissionSet", "OTHER"))
    assert run.is_anothers("PermissionSet", "ACCESS", {"claim": 1})
    assert not run.is_anothers("PermissionSet", "access", {"claim": 2})
    assert run.is_anothers("PermissionSet", "Other", {})


# --- in an org


@pytest.fixture
def connected_apps(landscape: Landscape, org: Org) -> None:
    """The org lets people make Connected Apps."""
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)


def record_of(org: Org, kind: str) -> str:
    """Id of the app's record."""
    entity = {CONNECTED: "ConnectedApplication", EXTERNAL: "ExternalClientApplication"}[kind]
    (row,) = org.query(f"SELECT Id FROM {entity} WHERE DeveloperName = 'App'", tooling=kind == CONNECTED)
    return str(row["Id"])


@pytest.mark.usefixtures("connected_apps")
@pytest.mark.parametrize("kind", KINDS)
def test_sets_and_profiles_in_another_spelling_settle_in_one_deploy(
    provider: Client, kind: str, holders: Made, key: dict[str, Any], org: Org
) -> None:
    app = made_app(provider, kind, key, permissionSets=["ACCESS"], profiles=["system ADMINISTRATOR"])
    for _ in range(2):
        seen = again(provider, org).read(kind, *app)
        state = plain(seen.inputs), plain(seen.properties)
        assert {name: state[0][name] for name in ("permissionSets", "profiles")} == {
            "permissionSets": ["ACCESS"],
            "profiles": ["system ADMINISTRATOR"],
        }
        assert list(provider.diff(kind, *state, app[1]).diffs) == []
    news, problems = provider.check(
        kind, {**app[1], "permissionSets": ["access"], "profiles": ["System Administrator"]}
    )
    assert problems == []
    assert list(provider.diff(kind, *state, news).diffs) == []


def test_a_set_that_is_taken_over_by_another_spelling_of_its_name_is_the_same_set(
    provider: Client, org: Org, permission_set: Made
) -> None:
    org.assign("Access", org.user("ci"))
    found = provider.read(SET, "ACCESS")
    state = plain(found.inputs), plain(found.properties)
    news, problems = provider.check(SET, {"name": "ACCESS", "label": "New label", "managedBy": MANAGED_BY})
    assert problems == []
    diff = provider.diff(SET, *state, news)
    assert (sorted(diff.diffs), list(diff.replaces)) == (["label"], [])
    outputs = provider.update(SET, found.id, state, news)
    assert [row["Name"] for row in org.query("SELECT Name FROM PermissionSet WHERE Name = 'access'")] == ["Access"]
    assert org.holders("Access") == [org.user("ci")]
    seen = again(provider, org).read(SET, found.id, news, outputs)
    assert list(provider.diff(SET, plain(seen.inputs), plain(seen.properties), news).diffs) == []
    provider.delete(SET, found.id, news, outputs)


@pytest.mark.usefixtures("connected_apps")
@pytest.mark.parametrize("kind", KINDS)
def test_an_app_that_is_taken_over_by_another_spelling_of_its_name_is_the_same_app(
    provider: Client, kind: str, holders: Made, key: dict[str, Any], org: Org
) -> None:
    made = made_app(provider, kind, key)
    record = record_of(org, kind)
    found = again(provider, org).read(kind, "APP")
    state = plain(found.inputs), plain(found.properties)
    news, problems = provider.check(kind, {**made[1], "name": "APP", "label": "New label"})
    assert problems == []
    diff = provider.diff(kind, *state, news)
    assert (sorted(diff.diffs), list(diff.replaces)) == (["label"], [])
    outputs = provider.update(kind, found.id, state, news)
    assert record_of(org, kind) == record == outputs["appId"]
    seen = again(provider, org).read(kind, found.id, news, outputs)
    assert list(provider.diff(kind, plain(seen.inputs), plain(seen.properties), news).diffs) == []


def test_holders_of_a_set_in_another_spelling_are_its_holders(provider: Client, permission_set: Made, org: Org) -> None:
    org.make_group("Sales")
    wanted = {"permissionSet": "ACCESS", "users": [org.user("ci").upper()], "groups": ["SALES"]}
    _, inputs, outputs = make(provider, HOLDERS, wanted)
    assert org.holders("Access") == [org.user("ci")]
    for _ in range(2):
        seen = again(provider, org).read(HOLDERS, "ACCESS", inputs, outputs)
        assert (plain(seen.inputs), plain(seen.properties)["undeclaredUsers"]) == (inputs, [])
        assert list(provider.diff(HOLDERS, plain(seen.inputs), plain(seen.properties), inputs).diffs) == []

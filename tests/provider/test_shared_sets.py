"""A permission set is kept from its users by nobody: an app that admits them, another stack that manages it, others who hold it."""

from __future__ import annotations

from typing import Any

import pytest

from orgkey.provider.engine import Engine
from orgkey.provider.servicer import SalesforceProvider
from tests.landscape import Org
from tests.provider.conftest import APP, HOLDERS, MANAGED_BY, SET, Made, Serve, app_inputs, make
from tests.provider.protocol import Client, VerbFailedError, plain

THEIRS = "acme/theirs"
NEW_NAME = "Access2"


class ListeningEngine(Engine):
    """Keeps what an engine is told for good."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def info(self, urn: str, message: str) -> None:
        self.told.append(message)

    def warn(self, urn: str, message: str) -> None:
        self.told.append(message)


@pytest.fixture
def settings(org: Org) -> dict[str, Any]:
    return {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def later(serving: Serve, org: Org, settings: dict[str, Any], told: list[str]) -> Client:
    """The provider of a later run, and what it tells its engine."""
    engine = ListeningEngine()
    engine.told = told
    client = serving(SalesforceProvider(engine, environment={"ADMIN_TOKEN": org.access_token}))
    client.configure(settings)
    return client


def set_exists(org: Org, name: str = "Access") -> bool:
    return bool(org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'"))


def hand_over(provider: Client, permission_set: Made) -> None:
    """Another stack takes the set over."""
    resource_id, inputs, outputs = permission_set
    provider.update(SET, resource_id, (inputs, outputs), {**inputs, "managedBy": THEIRS})


# --- an app that admits the holders


def test_who_logs_in_through_an_app_keeps_the_set_when_its_assignments_are_deleted(
    later: Client, holders: Made, app: Made, org: Org, told: list[str]
) -> None:
    later.delete(HOLDERS, *holders)
    assert org.holders("Access") == [org.user("ci")]
    assert told == [f"{org.user('ci')} keeps the permission set Access: the app App admits its holders"]


def test_once_no_app_admits_them_any_more_the_set_is_taken_from_its_users(
    later: Client, holders: Made, app: Made, org: Org, told: list[str]
) -> None:
    later.delete(APP, *app)
    later.delete(HOLDERS, *holders)
    assert org.holders("Access") == []
    assert told == [f"taking the permission set Access from: {org.user('ci')}"]


def test_a_login_that_may_not_see_which_apps_admit_them_takes_nothing_from_anybody(
    later: Client, permission_set: Made, holders: Made, app: Made, org: Org, blind: dict[str, str]
) -> None:
    later.configure(blind)
    for kind, made in ((HOLDERS, holders), (SET, permission_set)):
        with pytest.raises(VerbFailedError) as failed:
            later.delete(kind, *made)
        assert "View Setup and Configuration" in failed.value.message
    assert org.holders("Access") == [org.user("ci")]


@pytest.mark.parametrize("linked", [True, False], ids=["with an app", "without an app"])
def test_a_replacement_that_makes_the_new_assignments_first_takes_nothing_from_anybody(
    request: pytest.FixtureRequest, later: Client, holders: Made, org: Org, *, linked: bool
) -> None:
    if linked:
        request.getfixturevalue("app")
    resource_id, inputs, old = holders
    later.read(HOLDERS, resource_id, inputs, old)  # as every `up` begins
    _, new = later.create(HOLDERS, inputs)
    later.delete(HOLDERS, resource_id, inputs, old)
    assert org.holders("Access") == [org.user("ci")]
    assert {**old, "claim": ""} == {**new, "claim": ""}


# --- groups


@pytest.fixture
def grouped(later: Client, holders: Made, app: Made, org: Org) -> Made:
    """The same users are assigned to a group by us as well; an app admits the holders of the set."""
    org.make_group("Sales", "release")
    resource_id, inputs, outputs = holders
    news, _ = later.check(HOLDERS, {**inputs, "groups": ["Sales"]})
    return resource_id, news, later.update(HOLDERS, resource_id, (inputs, outputs), news)


@pytest.mark.parametrize(
    ("changes", "left"),
    [({}, ["ci", "release"]), ({"groups": []}, ["release"])],
    ids=["the group stays", "the group is dropped with it"],
)
def test_assignments_that_are_deleted_before_they_are_replaced_hand_their_groups_on(
    later: Client,
    grouped: Made,
    org: Org,
    settings: dict[str, Any],
    changes: dict[str, Any],
    left: list[str],
) -> None:
    resource_id, inputs, outputs = grouped
    make(later, SET, {"name": NEW_NAME, "label": NEW_NAME, "managedBy": MANAGED_BY})
    news = {**inputs, **changes, "permissionSet": NEW_NAME}
    assert later.diff(HOLDERS, inputs, outputs, news).deleteBeforeReplace
    later.configure(settings)
    later.delete(HOLDERS, resource_id, inputs, outputs)
    assert (org.holders("Access"), org.members("Sales")) == ([org.user("ci")], [org.user("ci"), org.user("release")])
    new_id, after = later.create(HOLDERS, news)
    assert org.members("Sales") == [org.user(alias) for alias in left]
    later.configure(settings)
    later.delete(HOLDERS, new_id, news, after)
    assert org.members("Sales") == [org.user("release")]


def test_a_set_whose_only_holders_are_those_that_a_replacement_left_is_deleted_with_them(
    later: Client, grouped: Made, permission_set: Made, app: Made, org: Org
) -> None:
    make(later, SET, {"name": NEW_NAME, "label": NEW_NAME, "managedBy": MANAGED_BY})
    later.delete(HOLDERS, *grouped)
    later.create(HOLDERS, {**grouped[1], "permissionSet": NEW_NAME})
    later.update(APP, app[0], app[1:], {**app[1], "permissionSets": [NEW_NAME]})
    later.delete(SET, *permission_set)
    assert not set_exists(org)
    assert org.holders(NEW_NAME) == [org.user("ci")]


# --- somebody else manages the set by now


@pytest.fixture
def managed(later: Client, permission_set: Made, org: Org) -> Made:
    """Assignments that know who manages their set."""
    return make(later, HOLDERS, {"permissionSet": "Access", "users": [org.user("ci")], "managedBy": MANAGED_BY})


def test_the_holders_of_a_set_that_another_stack_took_over_are_its_own(
    later: Client, managed: Made, permission_set: Made, org: Org, settings: dict[str, Any], told: list[str]
) -> None:
    resource_id, inputs, outputs = managed
    hand_over(later, permission_set)
    later.configure(settings)
    assert later.read(HOLDERS, resource_id, inputs, outputs).id == ""
    news = {**inputs, "users": [org.user("devops")]}
    with pytest.raises(VerbFailedError) as failed:
        later.update(HOLDERS, resource_id, (inputs, outputs), news)
    assert f"managed by orgkey {THEIRS}" in failed.value.message
    with pytest.raises(VerbFailedError):
        later.create(HOLDERS, news)
    told.clear()
    later.delete(HOLDERS, resource_id, inputs, outputs)
    assert org.holders("Access") == [org.user("ci")]
    assert told == [f"{org.user('ci')} keeps the permission set Access: it is managed by orgkey {THEIRS} now"]


def test_the_assignments_of_a_renamed_stack_stay_its_own_whichever_is_updated_first(
    later: Client, managed: Made, permission_set: Made, org: Org, settings: dict[str, Any]
) -> None:
    resource_id, inputs, outputs = managed
    renamed = {**inputs, "managedBy": THEIRS}
    assert list(later.diff(HOLDERS, inputs, outputs, renamed).diffs) == ["managedBy"]
    after = later.update(HOLDERS, resource_id, (inputs, outputs), renamed)
    hand_over(later, permission_set)
    later.configure(settings)
    assert later.read(HOLDERS, resource_id, renamed, after).id == resource_id
    later.delete(HOLDERS, resource_id, renamed, after)
    assert org.holders("Access") == []


def test_assignments_that_say_no_manager_are_judged_by_nobodys_marker(
    later: Client, holders: Made, permission_set: Made, org: Org, settings: dict[str, Any]
) -> None:
    hand_over(later, permission_set)
    later.configure(settings)
    resource_id, inputs, outputs = holders
    assert later.read(HOLDERS, resource_id, inputs, outputs).id == resource_id
    later.update(HOLDERS, resource_id, (inputs, outputs), {**inputs, "users": [org.user("devops")]})
    assert org.holders("Access") == [org.user("devops")]


# --- a set that others use is kept


def held(org: Org, request: pytest.FixtureRequest) -> str:
    org.assign("Access", org.user("devops"))
    return f"{org.user('devops')} holds it"


def contained(org: Org, request: pytest.FixtureRequest) -> str:
    org.make_group("Sales")
    record = {
        "PermissionSetGroupId": org.query("SELECT Id FROM PermissionSetGroup WHERE DeveloperName = 'Sales'")[0]["Id"],
        "PermissionSetId": org.query("SELECT Id FROM PermissionSet WHERE Name = 'Access'")[0]["Id"],
    }
    answer = org.call("POST", "/services/data/v67.0/sobjects/PermissionSetGroupComponent", json=record)
    assert answer.status_code == 201, answer.text
    return "the permission set group Sales contains it"


def admitted(org: Org, request: pytest.FixtureRequest) -> str:
    request.getfixturevalue("app")
    org.unassign("Access", org.user("ci"))
    return "the app App admits its holders"


@pytest.mark.parametrize("use", [held, contained, admitted])
def test_a_set_that_others_use_is_kept_and_they_are_named(
    request: pytest.FixtureRequest, later: Client, permission_set: Made, org: Org, told: list[str], use: Any
) -> None:
    why = use(org, request)
    later.delete(SET, *permission_set)
    assert set_exists(org)
    assert told == [f"the permission set Access is kept: {why}"]


def second_app(later: Client, key: dict[str, Any]) -> None:
    make(later, APP, app_inputs(key, name="App2", consumerKey="Another12345"))


def test_a_read_of_a_set_that_this_stack_alone_uses_says_nothing(
    later: Client, permission_set: Made, managed: Made, app: Made, told: list[str]
) -> None:
    later.read(SET, *permission_set)
    later.read(HOLDERS, *managed)
    assert told == []


def test_a_read_says_what_a_destroy_would_keep_the_set_for(
    request: pytest.FixtureRequest,
    later: Client,
    permission_set: Made,
    managed: Made,
    app: Made,
    key: dict[str, Any],
    org: Org,
    settings: dict[str, Any],
    told: list[str],
) -> None:
    contained(org, request)
    second_app(later, key)
    org.assign("Access", org.user("devops"))
    later.configure(settings)
    resource_id, inputs, outputs = permission_set
    seen = later.read(SET, resource_id, inputs, outputs)
    assert list(later.diff(SET, plain(seen.inputs), plain(seen.properties), inputs).diffs) == []
    resource_id, inputs, outputs = managed
    later.read(HOLDERS, resource_id, {**inputs, "authoritative": False}, outputs)
    uses = [
        "the app App admits its holders",
        "the app App2 admits its holders",
        "the permission set group Sales contains it",
    ]
    assert told == [
        f"a destroy keeps the permission set Access as long as {' and '.join(uses)}",
        f"a destroy keeps the permission set Access as long as others hold it: {org.user('devops')}",
    ]


def test_a_read_by_a_login_that_may_not_see_what_hangs_on_a_set_is_a_read_all_the_same(
    later: Client, permission_set: Made, blind: dict[str, str], told: list[str]
) -> None:
    later.configure(blind)
    assert later.read(SET, *permission_set).id == "Access"
    assert told == []


def test_a_set_that_nobody_uses_is_deleted(later: Client, permission_set: Made, org: Org, told: list[str]) -> None:
    later.delete(SET, *permission_set)
    assert not set_exists(org)
    assert told == []


def test_a_set_that_was_kept_is_taken_up_again_by_the_next_create(
    later: Client, permission_set: Made, org: Org
) -> None:
    _, inputs, outputs = permission_set
    held(org, None)  # type: ignore[arg-type]
    later.delete(SET, *permission_set)
    _, again = later.create(SET, inputs)
    assert again["permissionSetId"] == outputs["permissionSetId"]
    assert plain(later.read(SET, "Access", inputs, again).inputs) == inputs


@pytest.fixture
def taking(permission_set: Made) -> Made:
    """The set, which a destroy takes from whoever holds it."""
    return permission_set[0], {**permission_set[1], "takeFromOthers": True}, permission_set[2]


def test_a_set_is_taken_from_others_where_that_is_asked_for(
    later: Client, taking: Made, org: Org, told: list[str]
) -> None:
    org.assign("Access", org.user("devops"))
    later.delete(SET, *taking)
    assert not set_exists(org)
    assert told == [f"taking the permission set Access also from who else holds it: {org.user('devops')}"]


@pytest.mark.parametrize("use", [contained, admitted])
def test_a_set_that_cannot_be_deleted_is_taken_from_nobody(
    request: pytest.FixtureRequest, later: Client, taking: Made, org: Org, use: Any
) -> None:
    why = use(org, request)
    org.assign("Access", org.user("devops"))
    with pytest.raises(VerbFailedError, match="Nothing was taken from anybody") as failed:
        later.delete(SET, *taking)
    assert why in failed.value.message
    assert org.holders("Access") == [org.user("devops")]

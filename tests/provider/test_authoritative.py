"""Whether others may hold the set: what a program says, else what the state has; and who would lose it is named before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orgkey.provider.engine import Engine
from orgkey.provider.servicer import SalesforceProvider
from tests.landscape import Org
from tests.provider.conftest import HOLDERS, MANAGED_BY, SET, Made, Serve
from tests.provider.protocol import UNKNOWN, Client, plain

OURS = {"permissionSet": "Access", "users": ["a@b"]}


@pytest.mark.parametrize(
    ("news", "olds", "is_"),
    [
        ({}, {}, True),
        ({}, {"authoritative": False}, False),
        ({}, {"authoritative": True}, True),
        ({"authoritative": None}, {"authoritative": False}, False),
        ({"authoritative": True}, {"authoritative": False}, True),
        ({"authoritative": False}, {"authoritative": True}, False),
        ({"authoritative": False}, {}, False),
        ({"authoritative": UNKNOWN}, {"authoritative": True}, UNKNOWN),
    ],
)
def test_what_a_program_leaves_out_stays_as_the_state_has_it_and_what_it_says_wins(
    offline: Client, news: dict[str, Any], olds: dict[str, Any], is_: Any
) -> None:
    checked, problems = offline.check(HOLDERS, {**OURS, **news}, {**OURS, **olds} if olds else {})
    assert (checked["authoritative"], problems) == (is_, [])


@pytest.mark.parametrize("name", ["users", "groups", "expiration"])
def test_nothing_else_that_a_program_leaves_out_is_kept(offline: Client, name: str) -> None:
    before = {**OURS, "groups": ["Sales"], "expiration": "2099-01-01T00:00:00Z"}
    news = {key: value for key, value in before.items() if key != name}
    assert offline.check(HOLDERS, news, before)[0].get(name) in (None, [])


class Listening(Engine):
    """Keeps the warnings that an engine is told."""

    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[str] = []

    def warn(self, urn: str, message: str) -> None:
        self.warnings.append(message)


def test_an_imported_set_stays_everybodys_until_a_program_takes_it_and_then_each_who_loses_it_is_named(
    serving: Serve, holders: Made, org: Org
) -> None:
    for alias in ("devops", "release"):
        org.assign("Access", org.user(alias))
    engine = Listening()
    client = serving(SalesforceProvider(engine, environment={"ADMIN_TOKEN": org.access_token}))
    settings = {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    client.configure(settings)
    imported = client.read(HOLDERS, "Access")
    state = (plain(imported.inputs), plain(imported.properties))
    assert state[0]["authoritative"] is False
    news, _ = client.check(HOLDERS, {"permissionSet": "Access", "users": [org.user("ci")]}, state[0])
    assert "authoritative" not in client.diff(HOLDERS, *state, news).diffs
    assert engine.warnings == []
    outputs = client.update(HOLDERS, "Access", state, news)
    assert org.holders("Access") == sorted(org.user(alias) for alias in ("ci", "devops", "release"))
    for before in (state, (news, outputs)):  # at the time of the import, and later
        engine.warnings.clear()
        client.configure(settings)  # another `up`: within one, the same thing is said once
        taking, _ = client.check(HOLDERS, {**news, "authoritative": True}, before[0])
        assert "authoritative" in client.diff(HOLDERS, *before, taking).diffs
        (warning,) = engine.warnings
        named = {user for alias in ("ci", "devops", "release") if (user := org.user(alias)) in warning}
        assert named == {org.user("devops"), org.user("release")}
    client.update(HOLDERS, "Access", (news, outputs), taking)
    assert org.holders("Access") == [org.user("ci")]
    assert holders[0] == "Access"


@pytest.mark.parametrize(
    ("users", "manager", "shown"),
    [
        (("ci", "devops"), "acme/uat", ["managedBy"]),
        (("ci",), "acme/uat", ["managedBy"]),
        (("ci", "release"), "acme/uat", ["managedBy", "users"]),
        (("ci",), "", ["users"]),  # nothing else would write down who is managed
    ],
)
def test_an_imports_first_preview_shows_users_where_one_of_them_does_not_hold_the_set_yet(
    offline: Client, users: tuple[str, ...], manager: str, shown: list[str]
) -> None:
    found = {"permissionSet": "Access", "users": [], "authoritative": False}
    outputs = {**found, "undeclaredUsers": ["CI@acme.com", "devops@acme.com"], "assignments": []}
    news = {**found, "users": [f"{name}@acme.com" for name in users], **({"managedBy": manager} if manager else {})}
    assert sorted(offline.diff(HOLDERS, found, outputs, news).diffs) == shown


# --- what is left to a default


@pytest.fixture
def engine() -> Listening:
    return Listening()


@pytest.fixture
def run(serving: Serve, org: Org, engine: Listening) -> Callable[[], Client]:
    """Begin a run of the engine: its provider remembers nothing."""
    client = serving(SalesforceProvider(engine, environment={"ADMIN_TOKEN": org.access_token}))
    settings = {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}

    def begin() -> Client:
        engine.warnings.clear()
        client.configure(settings)
        return client

    return begin


def both(org: Org) -> list[str]:
    return sorted([org.user("ci"), org.user("devops")])


def test_one_that_is_made_by_default_takes_the_set_from_nobody_and_stays_so_until_a_program_says_otherwise(
    run: Callable[[], Client], permission_set: Made, org: Org, engine: Listening
) -> None:
    org.assign("Access", org.user("devops"))
    wanted = {"permissionSet": "Access", "users": [org.user("ci")]}
    for preview in (True, False):
        client = run()
        news, _ = client.check(HOLDERS, wanted)
        _, outputs = client.create(HOLDERS, news, preview=preview)
        (told,) = engine.warnings
        assert f"keep it: {org.user('devops')}." in told
    assert org.holders("Access") == both(org)
    client = run()
    seen = client.read(HOLDERS, "Access", news, outputs)
    state = plain(seen.inputs), plain(seen.properties)
    assert list(client.diff(HOLDERS, *state, news).diffs) == []  # a refresh
    again, _ = client.check(HOLDERS, wanted, state[0])
    assert list(client.diff(HOLDERS, *state, again).diffs) == []
    client = run()
    client.read(HOLDERS, "Access", news, outputs)
    forced, _ = client.check(HOLDERS, wanted)
    _, outputs = client.create(HOLDERS, forced)
    assert org.holders("Access") == both(org)
    taking, _ = run().check(HOLDERS, {**wanted, "authoritative": True}, forced)
    run().update(HOLDERS, "Access", (forced, outputs), taking)
    assert org.holders("Access") == [org.user("ci")]


def test_one_that_is_made_by_default_where_nobody_else_holds_the_set_says_who_does_later(
    run: Callable[[], Client], permission_set: Made, org: Org
) -> None:
    client = run()
    news, _ = client.check(HOLDERS, {"permissionSet": "Access", "users": [org.user("ci")]})
    _, outputs = client.create(HOLDERS, news)
    org.assign("Access", org.user("devops"))
    seen = run().read(HOLDERS, "Access", news, outputs)
    assert sorted(plain(seen.inputs)["users"]) == both(org)


def test_a_preview_of_one_that_is_to_take_the_set_from_others_names_them(
    run: Callable[[], Client], permission_set: Made, org: Org, engine: Listening
) -> None:
    org.assign("Access", org.user("devops"))
    client = run()
    wanted = {"permissionSet": "Access", "users": [org.user("ci")], "authoritative": True}
    news, _ = client.check(HOLDERS, wanted)
    client.create(HOLDERS, news, preview=True)
    assert engine.warnings == [f"an `up` takes the permission set Access from: {org.user('devops')}"]
    client.create(HOLDERS, news)
    assert org.holders("Access") == [org.user("ci")]


@pytest.mark.parametrize("look", ["before", "in another process"])
@pytest.mark.parametrize("why", ["a component of another name", "a stack of another name", "a forced replacement"])
def test_what_takes_nothing_from_anybody_stays_so_when_it_is_made_again(
    run: Callable[[], Client], permission_set: Made, org: Org, why: str, look: str
) -> None:
    client = run()
    wanted = {"permissionSet": "Access", "users": [org.user("ci")], "managedBy": MANAGED_BY}
    news, _ = client.check(HOLDERS, {**wanted, "authoritative": False})
    _, outputs = client.create(HOLDERS, news)
    org.assign("Access", org.user("devops"))
    client = run()
    if why == "a stack of another name":  # an `up --target` of the set came first
        resource_id, inputs, olds = permission_set
        client.update(SET, resource_id, (inputs, olds), {**inputs, "managedBy": "acme/u"})
        client = run()
        client.stack, wanted = "u", {**wanted, "managedBy": "acme/u"}
    seen = client.read(HOLDERS, "Access", news, outputs)
    assert seen.id == "Access"
    if look == "in another process":
        client = run()
    again, _ = client.about("other-assignments" if "component" in why else "").check(HOLDERS, wanted)
    if look == "before":
        assert again["authoritative"] is False
    client.about("other-assignments" if "component" in why else "").create(HOLDERS, again)
    assert org.holders("Access") == both(org)


def test_a_replacement_is_checked_again_without_the_state_and_has_its_flag_all_the_same(
    run: Callable[[], Client], org: Org
) -> None:
    client = run()
    state = {"permissionSet": "Access", "users": [org.user("ci")], "authoritative": False}
    wanted = {"permissionSet": "Other", "users": [org.user("ci")]}
    client.check(HOLDERS, wanted, state)
    assert client.check(HOLDERS, wanted)[0]["authoritative"] is False

"""Whether others may hold the set: what a program says, else what the state has; and who would lose it is named before."""

from __future__ import annotations

from typing import Any

import pytest

from orgkey.provider.engine import Engine
from orgkey.provider.servicer import SalesforceProvider
from tests.landscape import Org
from tests.provider.conftest import HOLDERS, Made, Serve
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

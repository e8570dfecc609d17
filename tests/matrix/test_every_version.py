"""A stack's whole life at every API version, and with each switch of the local org at its other end, for both kinds of app.

First up, second up without a change, a look, a renewal under a client that goes on logging in, a sandbox refresh, destroy. What is
open about real orgs has a switch in the local org, and orgkey has to do with both readings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from localorg.knobs import KNOBS
from tests.login import refused
from tests.matrix.cases import KINDS
from tests.matrix.sandbox import NAME, Sandbox
from tests.matrix.stacks import Ended, ProtocolStack

VERSIONS = ("60.0", "62.0", "64.0", "66.0", "67.0", "68.0")
OTHER_END: dict[str, Any] = {
    "broken_eca_mendable": False,
    "certificate_returned": False,
    "classic_aud": True,
    "connected_app_key_on_update": "refuse",
    "connected_app_links_shown": "name",
    "connected_app_links_taken": "label",
    "defaults_returned": False,
    "disordered_elements": "refuse",
    "eca_in_tooling": True,
    "eca_test_audience": "accept",
    "foreign_signature": "invalid_grant",
    "held_permission_set_deletable": True,
    "inactive_user_form": "invalid_grant",
    "pkce_springs_back": True,
    "query_page": 1,
    "refresh_breaks_eca": True,
    "refresh_copies_apps": False,
    "refresh_copies_assignments": False,
    "refuse_expired_certificate": True,
    "reuse_session": False,
    "strict_exp": True,
}
"""Each switch that stands for an open question, at the end that is not its default."""
NO_QUESTION = {
    "connected_app_creation",
    "daily_requests",
    "deploy_time",
    "exp_skew",
    "latency",
    "login_rate",
    "newest_version",
    "oldest_version",
    "platform_events",
    "propagation_delay",
    "retrieve_time",
    "rotate_refresh_tokens",
    "session_timeout",
    "streaming_keeps_session",
    "streaming_timeout",
}
"""Switches for how slow, old or busy an org is, without which there is no life to look at, or that a test of its own looks at."""


def test_every_switch_is_looked_at_or_named_as_one_that_asks_nothing() -> None:
    assert {*OTHER_END, *NO_QUESTION} == set(KNOBS)
    assert [name for name, value in OTHER_END.items() if KNOBS[name].default == value] == []


def well(ended: Ended) -> None:
    assert ended.ok, ended.text


def live(sandbox: Sandbox, stack: ProtocolStack, kind: str, **config: Any) -> None:
    """The whole life of a stack; fails at the first step that is not as promised."""

    def declared(**edits: Any) -> dict[str, Any]:
        return {**sandbox.config(kind, **edits), **config}

    stack.forget()
    well(stack.up(declared()))
    assert refused(stack.outputs(), sandbox.org) == ""
    first = stack.outputs()
    sandbox.forget_requests()
    well(stack.up(declared()))
    assert {"createMetadata", "deploy", "createRecords", "updateRecords", "deleteRecords"}.isdisjoint(
        sandbox.operations()
    )
    well(stack.look(declared()))
    well(stack.up(declared(key={"validityDays": 300})))
    assert refused(first, sandbox.org) == "", "a client of before the renewal"
    well(stack.look(declared(key={"validityDays": 300})))
    sandbox.admin("POST", f"/orgs/{NAME}/refresh")
    sandbox.org = sandbox.landscape.org(NAME)
    well(stack.up(declared(key={"validityDays": 300})))
    assert refused(stack.outputs(), sandbox.org) == ""
    well(stack.look(declared(key={"validityDays": 300})))
    well(stack.destroy(declared()))
    standing = sandbox.standing()
    assert (standing.apps, standing.sets) == ((), ())


@pytest.fixture
def production(sandbox: Sandbox, stack_beside: ProtocolStack) -> Iterator[Callable[[str], None]]:
    """Deploys a stack of the same project in production, of which a refreshed sandbox is a copy; taken away afterwards."""
    org, deployed = sandbox.landscape.org("acme"), []

    def deploy(kind: str) -> None:
        stack_beside.forget()
        deployed.append(sandbox.config(kind, org=org))
        well(stack_beside.up(deployed[0]))

    yield deploy
    for config in deployed:
        well(stack_beside.destroy(config))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_whole_life_at_an_api_version(
    sandbox: Sandbox, protocol_stack: ProtocolStack, version: str, kind: str
) -> None:
    sandbox.renew()
    live(sandbox, protocol_stack, kind, **{"salesforce:apiVersion": version})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("switch", OTHER_END)
def test_a_whole_life_with_a_switch_at_its_other_end(
    sandbox: Sandbox, protocol_stack: ProtocolStack, production: Callable[[str], None], switch: str, kind: str
) -> None:
    sandbox.renew()
    sandbox.admin("PATCH", "/knobs", **{switch: OTHER_END[switch]})
    if switch.startswith("refresh_"):
        production(kind)
    live(sandbox, protocol_stack, kind)

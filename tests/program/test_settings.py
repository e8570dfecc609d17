"""Settings of the stack file that reach the org or the engine by a way of their own: groups, an end, timeouts."""

from __future__ import annotations

from typing import Any

from tests.landscape import Org
from tests.program.stack import Stack, ok

SET = "CI_Integration_Access"


def test_groups_are_given_watched_named_before_they_are_taken_back_and_left_as_they_were_before(
    stack: Stack, config: dict[str, Any], org: Org
) -> None:
    org.make_group("Sales", "release")
    config["orgkey:assignments"] = {"groups": ["Sales"], "expiration": "2099-07-01T00:00:00Z"}
    stack.configure(config)
    ok(stack.up())
    assert org.members("Sales") == [org.user("ci"), org.user("release")]
    ok(stack.drift())
    org.leave("Sales", org.user("ci"))
    drift = stack.drift()
    assert (drift.code, "groups" in drift.text) == (7, True)
    ok(stack.up())
    assert org.members("Sales") == [org.user("ci"), org.user("release")]
    config["orgkey:users"] = [org.user("devops")]
    stack.configure(config)
    preview = ok(stack.pulumi("preview", "--stack", "t"))
    assert f"takes out of the group Sales: {org.user('ci')}" in preview.text
    assert f"takes the permission set {SET} from: {org.user('ci')}" in preview.text
    ok(stack.up())
    assert org.members("Sales") == [org.user("devops"), org.user("release")]
    ok(stack.destroy())
    assert org.members("Sales") == [org.user("release")]


def test_timeouts_of_the_stack_file_are_those_of_every_resource_and_the_proof_has_time_for_the_propagation(
    stack: Stack, config: dict[str, Any]
) -> None:
    config["orgkey:timeouts"] = {"create": "25m", "read": "5m"}
    config["orgkey:grant"] = {"propagationMinutes": 30}
    stack.configure(config)
    ok(stack.up())
    seconds = {name: item.get("customTimeouts") for name, item in stack.resources().items() if item.get("parent")}
    parts = {name: value for name, value in seconds.items() if name.startswith("access-")}
    assert len(parts) == 5
    assert {name: (value["create"], value["read"]) for name, value in parts.items() if name != "access-grant"} == {
        f"access-{part}": (25 * 60, 5 * 60) for part in ("key", "set", "assignments", "app")
    }
    assert (parts["access-grant"]["create"], parts["access-grant"]["update"]) == (32 * 60, 32 * 60)

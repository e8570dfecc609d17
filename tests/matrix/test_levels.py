"""The small engine and the real one, the program's data and the program: held against each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.matrix.cases import KINDS, SCENARIOS, Bench
from tests.matrix.observation import differences, likeness
from tests.matrix.real import PulumiStack
from tests.matrix.recording import Call, in_order
from tests.matrix.sandbox import Sandbox
from tests.matrix.stacks import Ended, ProtocolStack, Stack
from tests.matrix.state import Options, base_of

NOTHING: Mapping[str, Any] = {}
SECOND = {"generation": {"number": 2}, "retiring": [{"number": 1}]}
WITH_GENERATIONS = ("a generation more", "replace the key of the retiring one", "back to the first")
LABEL = {"app": {"label": "Other label"}}
Step = Callable[[Stack, Callable[[Mapping[str, Any]], Any]], Ended]
_SET, _APP, _KEY = (frozenset({f"access-{part}"}) for part in ("set", "app", "key"))


def tainted(stack: Stack, config: Callable[[Mapping[str, Any]], Any]) -> Ended:
    stack.taint("app")
    return stack.up(config(NOTHING))


def renamed(stack: Stack, config: Callable[[Mapping[str, Any]], Any]) -> Ended:
    stack.rename("other")
    return stack.up(config(NOTHING))


def imported(stack: Stack, config: Callable[[Mapping[str, Any]], Any]) -> Ended:
    everything = {"app": True, "permissionSet": True, "assignments": True}
    key = {"consumerKey": stack.outputs()["consumerKey"]}
    stack.forget()
    return stack.up(config({"import": everything, "key": key}))


STORY: Mapping[str, Step] = {
    "first up": lambda stack, config: stack.up(config(NOTHING)),
    "second up": lambda stack, config: stack.up(config(NOTHING)),
    "a generation more": lambda stack, config: stack.up(config(SECOND)),
    "replace the key of the retiring one": lambda stack, config: stack.up(
        config({**SECOND, "key": {"validityDays": 300}}), Options(replace=_KEY)
    ),
    "back to the first": lambda stack, config: stack.up(config(NOTHING)),
    "replace set": lambda stack, config: stack.up(config(NOTHING), Options(replace=_SET)),
    "taint app": tainted,
    "target app": lambda stack, config: stack.up(config(LABEL), Options(target=_APP)),
    "target set and dependents": lambda stack, config: stack.up(
        config(LABEL), Options(target=_SET, target_dependents=True)
    ),
    "exclude app": lambda stack, config: stack.up(config(NOTHING), Options(exclude=_APP)),
    "replace key": lambda stack, config: stack.up(config(NOTHING), Options(replace=_KEY)),
    "app of another name": lambda stack, config: stack.up(config({"app": {"name": "CI_Other"}})),
    "component of another name": renamed,
    "refresh": lambda stack, config: stack.refresh(config(NOTHING)),
    "target of nothing": lambda stack, config: stack.up(config(NOTHING), Options(target=frozenset({"other-none"}))),
    "import": imported,
    "replace what is imported": lambda stack, config: stack.up(
        config(
            {
                "import": {"app": True, "permissionSet": True, "assignments": True},
                "key": {"consumerKey": stack.outputs()["consumerKey"]},
            }
        ),
        Options(replace=_SET),
    ),
    "destroy": lambda stack, config: stack.destroy(config(NOTHING)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_small_engine_ends_in_the_state_and_org_that_pulumi_ends_in(
    sandbox: Sandbox, protocol_stack: ProtocolStack, pulumi_stack: PulumiStack, kind: str
) -> None:
    seen = []
    stack: Stack
    for stack in (protocol_stack, pulumi_stack):
        sandbox.renew()
        stack.forget()
        ended = stack.up(Bench(sandbox, stack, SCENARIOS[0], kind).config({}))
        assert ended.ok, ended.text
        seen.append(likeness(stack.kept(), sandbox.standing(), sandbox.org))
    assert differences(*seen) == []


SHORT = ("first up", "replace set", "taint app", "target app", "exclude app", "destroy")


@pytest.mark.parametrize("names", [SHORT, pytest.param(tuple(STORY), marks=pytest.mark.matrix)], ids=["short", "whole"])
def test_the_small_engine_makes_the_calls_that_pulumi_makes(
    sandbox: Sandbox,
    protocol_stack: ProtocolStack,
    pulumi_stack: PulumiStack,
    attached_calls: list[Call],
    names: tuple[str, ...],
) -> None:
    """By the order of the calls, by how each command ended, and by what it left in state; only what happens at once has no order."""
    told = []
    stack: Stack
    for stack, calls in ((protocol_stack, protocol_stack.calls), (pulumi_stack, attached_calls)):
        sandbox.renew()
        stack.forget()
        story = {}
        for name in names:
            calls.clear()
            ended = STORY[name](stack, Bench(sandbox, stack, SCENARIOS[0], "external").config)
            parts = sorted(
                (part, each.id)
                for part, each in stack.kept().items()
                if base_of(part.removeprefix("condemned ")) != "key"
            )
            made = in_order(calls)
            if name in WITH_GENERATIONS:  # which are worked on at once: only what is done to each resource has an order
                made.sort(key=lambda call: call[1])
            story[name] = (ended.ok, made, parts)
        told.append(story)
    small, real = told
    other = [name for name in names if small[name] != real[name]]
    assert {name: small[name] for name in other} == {name: real[name] for name in other}

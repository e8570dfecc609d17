"""The crash matrix at the level of the provider protocol: one fault at a request, then the documented recovery.

What the engine itself does is `engine.py`'s word here; `test_kills.py` takes the real `pulumi`, and kills its processes. What the
whole matrix (`make matrix`) covers how, at this level:

- first up, update, renewal, look and destroy: every fault at every request; the provider killed at one request of each run of the same
  operation;
- My Domain renamed, `--replace` and taint of each resource, `--target` and `--exclude`, taken over by import, destroy of the former
  owner, wrong org: a fault at every request, the faults taken in turn, and every fault at every write and at the proof, where the
  provider is killed too (that not with two owners nor with the wrong org);
- commands of one stack in its own org: a fault that stays until the command has ended; both kinds of it from every request of a plain
  command on, else one kind in turn from one request of each run on.

All of it with both kinds of app. A run of the same operation is what follows each other in the log: the Reads of a command, which are
under way at once. A forced or partial command begins with the same Reads as a plain one, and differs from it in what it writes
afterwards.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.matrix.cases import (
    FAULTS,
    FORCED,
    KINDS,
    MOVED,
    PARTIAL,
    PLAIN,
    SCENARIOS,
    WRITES,
    Bench,
    Outcome,
    Scenario,
    all_at,
    every,
    in_turn,
    one_of_each_run,
    turning_points,
)
from tests.matrix.report import PROPERTY, as_property, row_of
from tests.matrix.sandbox import Sandbox
from tests.matrix.stacks import ProtocolStack
from tests.matrix.two_owners import FORMER_OWNER, TAKE_OVER, WRONG_ORG, HandOver, WrongOrg

Record = Callable[[str, object], None]
ALL = (*SCENARIOS, TAKE_OVER, FORMER_OWNER, *WRONG_ORG)
KILLED_PROVIDER = "kill -9 of the provider"
PERSISTING = ("return-503", "reset-after")
REDUCED = [(scenario, "external") for scenario in PLAIN] + [
    (scenario, "connected") for scenario in PLAIN if scenario.name in {"first up", "destroy"}
]
_FEWER = {"taint app", "target app", "target set and dependents", "exclude app", "rekey, target key"}
ONE_FAULT = [
    (scenario, "external")
    for scenario in (MOVED, *FORCED, *PARTIAL, TAKE_OVER, FORMER_OWNER, *WRONG_ORG)
    if scenario.name in _FEWER or not scenario.name.startswith(("taint", "target", "rekey"))
]
"""Scenarios of which the reduced set runs one case each."""


@pytest.fixture
def bench(
    sandbox: Sandbox, protocol_stack: ProtocolStack, stack_beside: ProtocolStack, scenario: Scenario, kind: str
) -> Bench:
    made: Bench
    if scenario in (TAKE_OVER, FORMER_OWNER):
        made = HandOver(sandbox, protocol_stack, scenario, kind, twin=stack_beside)
    elif scenario in WRONG_ORG:
        made = WrongOrg(sandbox, protocol_stack, scenario, kind)
    else:
        made = Bench(sandbox, protocol_stack, scenario, kind)
    made.measure()
    return made


def by_name(scenario: Scenario) -> str:
    return scenario.name.replace(" ", "-")


def judge(outcomes: list[Outcome], record_property: Record, *, fault: str = "") -> None:
    if not outcomes:
        return
    row = row_of("protocol", outcomes, fault=fault)
    record_property(PROPERTY, as_property(row))
    assert row.exceptions == ()
    possible = sum(each.possible for each in outcomes)
    assert row.run >= possible - max(2, possible // 10), "too many faults never fired"


@pytest.mark.parametrize(("scenario", "kind"), REDUCED, ids=lambda value: getattr(value, "name", value))
def test_a_fault_at_any_request_is_recovered_by_the_same_command_again(bench: Bench, record_property: Record) -> None:
    """The reduced set: every request once, the faults taken in turn."""
    faults = [(FAULTS[request % len(FAULTS)], request) for request in range(1, len(bench.requests) + 1)]
    judge([bench.run(fault, request) for fault, request in faults], record_property, fault="in turn")


@pytest.mark.parametrize(("scenario", "kind"), ONE_FAULT, ids=lambda value: getattr(value, "name", value))
def test_a_fault_amid_a_forced_or_partial_command_is_recovered_likewise(bench: Bench, record_property: Record) -> None:
    """The reduced set: the last write, or a request in the middle, loses its answer. A key pair alone asks the org nothing."""
    writes = [at for at, name in enumerate(bench.requests, start=1) if name in WRITES]
    at = writes[-1:] or [(len(bench.requests) + 1) // 2] * bool(bench.requests)
    judge([bench.run("reset-after", request) for request in at], record_property, fault="last write")


@pytest.mark.matrix
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scenario", ALL, ids=by_name)
def test_any_fault_at_any_request_is_recovered_by_the_same_command_again(bench: Bench, record_property: Record) -> None:
    requests = bench.requests
    if bench.scenario in PLAIN:
        cases, told = all_at(every(requests)), "every one, everywhere"
    else:
        cases = sorted({*in_turn(every(requests)), *all_at(turning_points(requests))}, key=lambda case: case[1])
        told = "in turn; every one at writes"
    judge([bench.run(*case) for case in cases], record_property, fault=told)


@pytest.mark.matrix
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=by_name)
def test_a_provider_killed_at_any_request_is_recovered_by_the_same_command_again(
    bench: Bench, record_property: Record
) -> None:
    at = (one_of_each_run if bench.scenario in PLAIN else turning_points)(bench.requests)
    judge([bench.run(KILLED_PROVIDER, request) for request in at], record_property)


@pytest.mark.matrix
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=by_name)
def test_a_fault_that_stays_from_any_request_on_is_told_and_recovered_once_it_is_gone(
    bench: Bench, record_property: Record
) -> None:
    if bench.scenario in PLAIN:
        cases, told = all_at(every(bench.requests), PERSISTING), "each for good, everywhere"
    else:
        cases, told = in_turn(one_of_each_run(bench.requests), PERSISTING), "for good, in turn"
    judge([bench.run(*case, for_good=True) for case in cases], record_property, fault=told)

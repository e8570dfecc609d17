"""The crash matrix at the level of the provider protocol: one fault at every request, then the documented recovery.

What the engine itself does is `engine.py`'s word here; `test_kills.py` takes the real `pulumi`, and kills processes.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.matrix.cases import FAULTS, FORCED, KINDS, MOVED, PARTIAL, PLAIN, SCENARIOS, WRITES, Bench, Outcome, Scenario
from tests.matrix.report import PROPERTY, as_property, row_of
from tests.matrix.sandbox import Sandbox
from tests.matrix.stacks import ProtocolStack
from tests.matrix.two_owners import FORMER_OWNER, TAKE_OVER, WRONG_ORG, HandOver, WrongOrg

Record = Callable[[str, object], None]
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
    assert row.run >= len(outcomes) - 2, "too many faults never fired"


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
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scenario", [*SCENARIOS, TAKE_OVER, FORMER_OWNER, *WRONG_ORG], ids=by_name)
def test_every_fault_at_every_request_is_recovered_by_the_same_command_again(
    bench: Bench, fault: str, record_property: Record
) -> None:
    judge([bench.run(fault, request) for request in range(1, len(bench.requests) + 1)], record_property)


@pytest.mark.matrix
@pytest.mark.parametrize("fault", PERSISTING)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=by_name)
def test_a_fault_that_stays_from_any_request_on_is_told_and_recovered_once_it_is_gone(
    bench: Bench, fault: str, record_property: Record
) -> None:
    requests = range(1, len(bench.requests) + 1)
    judge([bench.run(fault, request, for_good=True) for request in requests], record_property)

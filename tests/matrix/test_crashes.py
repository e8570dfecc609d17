"""The crash matrix at the level of the provider protocol: one fault at every request, then the documented recovery.

What the engine itself does is `engine.py`'s word here; `test_kills.py` takes the real `pulumi`, and kills processes.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.matrix.cases import FAULTS, KINDS, SCENARIOS, Bench, Outcome, Scenario
from tests.matrix.report import PROPERTY, as_property, row_of
from tests.matrix.sandbox import Sandbox
from tests.matrix.stacks import ProtocolStack

Record = Callable[[str, object], None]
PERSISTING = ("return-503", "reset-after")
REDUCED = [(scenario, "external") for scenario in SCENARIOS] + [
    (scenario, "connected") for scenario in SCENARIOS if scenario.name in {"first up", "destroy"}
]


@pytest.fixture
def bench(sandbox: Sandbox, protocol_stack: ProtocolStack, scenario: Scenario, kind: str) -> Bench:
    made = Bench(sandbox, protocol_stack, scenario, kind)
    made.measure()
    return made


def by_name(scenario: Scenario) -> str:
    return scenario.name.replace(" ", "-")


def judge(outcomes: list[Outcome], record_property: Record, *, fault: str = "") -> None:
    row = row_of("protocol", outcomes, fault=fault)
    record_property(PROPERTY, as_property(row))
    assert row.exceptions == ()
    assert row.run >= len(outcomes) - 2, "too many faults never fired"


@pytest.mark.parametrize(("scenario", "kind"), REDUCED, ids=lambda value: getattr(value, "name", value))
def test_a_fault_at_any_request_is_recovered_by_the_same_command_again(bench: Bench, record_property: Record) -> None:
    """The reduced set: every request once, the faults taken in turn."""
    faults = [(FAULTS[request % len(FAULTS)], request) for request in range(1, len(bench.requests) + 1)]
    judge([bench.run(fault, request) for fault, request in faults], record_property, fault="in turn")


@pytest.mark.matrix
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=by_name)
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

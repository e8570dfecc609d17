"""The crash matrix with the real `pulumi`: the provider or the engine is killed in the middle of a request, then the documented
recovery (`pulumi cancel --yes` where the engine was killed; the same command; `refresh --clear-pending-creates` for its warning).

Beside that, each scenario's requests fail once each with the faults in turn: the small engine of `test_crashes.py` stands for the
real one, and this is where the two are held against each other.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.matrix.cases import FAULTS, FORCED, KILLS, KINDS, MOVED, PARTIAL, PLAIN, WRITES, Bench, Outcome, Scenario
from tests.matrix.real import PulumiStack
from tests.matrix.report import PROPERTY, as_property, row_of
from tests.matrix.sandbox import Sandbox

Record = Callable[[str, object], None]
BY_NAME = {scenario.name: scenario for scenario in (*PLAIN, *FORCED)}
ENGINE, PROVIDER = "kill -9 of the engine", "kill -9 of the provider"


@pytest.fixture
def bench(sandbox: Sandbox, pulumi_stack: PulumiStack, scenario: Scenario, kind: str) -> Bench:
    sandbox.renew()
    pulumi_stack.forget()
    return Bench(sandbox, pulumi_stack, scenario, kind)


def judge(outcomes: list[Outcome], record_property: Record, fault: str) -> None:
    if not outcomes:
        return
    row = row_of("pulumi", outcomes, fault=fault)
    record_property(PROPERTY, as_property(row))
    assert row.exceptions == ()
    assert row.run >= len(outcomes) - 2, "too many faults never fired"


@pytest.mark.parametrize(
    ("scenario", "kind", "victim", "operation", "request_number"),
    [
        (BY_NAME["first up"], "external", ENGINE, "deploy", 2),
        (BY_NAME["first up"], "connected", PROVIDER, "createRecords", 1),
        (BY_NAME["destroy"], "external", ENGINE, "deploy", 1),
        (BY_NAME["replace app"], "external", ENGINE, "deploy", 1),
    ],
    ids=["the-apps-deploy", "an-assignment", "the-apps-removal", "the-apps-replacement"],
)
def test_a_process_killed_within_a_write_leaves_nothing_that_the_documented_steps_do_not_mend(
    bench: Bench, victim: str, operation: str, request_number: int, record_property: Record
) -> None:
    """The reduced set: the writes of a first `up`, of a destroy and of a forced replacement."""
    judge([bench.run(victim, request_number, operation=operation)], record_property, victim)


EVERY = [(scenario, kind) for scenario in PLAIN for kind in KINDS] + [
    (scenario, "external") for scenario in (MOVED, *FORCED, *PARTIAL)
]


def worth_a_case(bench: Bench) -> list[int]:
    """Every request of a plain command; of a forced or partial one those that write or prove, because its Reads are the same ones."""
    plain = bench.scenario in PLAIN
    return [at for at, name in enumerate(bench.requests, start=1) if plain or name in {*WRITES, "jwtGrant"}]


@pytest.mark.matrix
@pytest.mark.parametrize("victim", KILLS)
@pytest.mark.parametrize(("scenario", "kind"), EVERY, ids=lambda value: getattr(value, "name", value))
def test_a_process_killed_at_any_request_leaves_nothing_that_the_documented_steps_do_not_mend(
    bench: Bench, victim: str, record_property: Record
) -> None:
    bench.measure()
    judge([bench.run(victim, request) for request in worth_a_case(bench)], record_property, victim)


@pytest.mark.matrix
@pytest.mark.parametrize(("scenario", "kind"), EVERY, ids=lambda value: getattr(value, "name", value))
def test_a_fault_at_any_request_is_recovered_by_the_same_command_of_the_real_engine(
    bench: Bench, record_property: Record
) -> None:
    bench.measure()
    faults = [(FAULTS[request % len(FAULTS)], request) for request in worth_a_case(bench)]
    judge([bench.run(fault, request) for fault, request in faults], record_property, "in turn")

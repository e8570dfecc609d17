"""The crash matrix with the real `pulumi`: the engine or the provider is killed in the middle of a request, then the documented
recovery (`pulumi cancel --yes` where the engine was killed; the same command; `refresh --clear-pending-creates` for its warning).

Every case must end in what a clean run of the small engine of `test_crashes.py` ends in: so the two engines are held against each
other in every scenario. That one stands for this one wherever the engine is not the victim, for a hundredth of the time. The whole
matrix takes here:

- every command with an External Client App: the engine killed at one request of each run of the same operation, as the log has them;
- a plain command (first up, update, renewal, look, destroy) with a Connected App: the engine killed at every write and at the proof;
- a plain command with an External Client App: the provider killed, and a fault, at every write and at the proof, the faults taken in
  turn; a forced or partial one, one about generations, and My Domain renamed: a fault at the last of these requests.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.matrix.cases import (
    FORCED,
    GENERATIONS,
    KINDS,
    MOVED,
    PARTIAL,
    PLAIN,
    Bench,
    Outcome,
    Scenario,
    all_at,
    in_turn,
    one_of_each_run,
    turning_points,
)
from tests.matrix.real import PulumiStack
from tests.matrix.report import PROPERTY, as_property, row_of
from tests.matrix.sandbox import Sandbox
from tests.matrix.stacks import ProtocolStack

Record = Callable[[str, object], None]
BY_NAME = {scenario.name: scenario for scenario in (*PLAIN, *FORCED)}
ENGINE, PROVIDER = "kill -9 of the engine", "kill -9 of the provider"


@pytest.fixture
def bench(sandbox: Sandbox, pulumi_stack: PulumiStack, scenario: Scenario, kind: str) -> Bench:
    sandbox.renew()
    pulumi_stack.forget()
    return Bench(sandbox, pulumi_stack, scenario, kind)


def judge(outcomes: dict[str, list[Outcome]], record_property: Record) -> None:
    """Enter what happened with each kind of fault in the table, then fail where something did not converge."""
    rows = {fault: row_of("pulumi", ended, fault=fault) for fault, ended in outcomes.items() if ended}
    for row in rows.values():
        record_property(PROPERTY, as_property(row))
    for fault, row in rows.items():
        assert row.exceptions == ()
        assert row.run >= len(outcomes[fault]) - 2, "too many faults never fired"


@pytest.mark.parametrize(
    ("scenario", "kind", "victim", "operation", "request_number"),
    [
        (BY_NAME["first up"], "external", ENGINE, "deploy", 1),
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
    judge({victim: [bench.run(victim, request_number, operation=operation)]}, record_property)


EVERY = [(scenario, kind) for scenario in PLAIN for kind in KINDS] + [
    (scenario, "external") for scenario in (MOVED, *FORCED, *PARTIAL, *GENERATIONS)
]


@pytest.mark.matrix
@pytest.mark.parametrize(("scenario", "kind"), EVERY, ids=lambda value: getattr(value, "name", value))
def test_a_victim_of_any_request_leaves_nothing_that_the_documented_steps_do_not_mend(
    sandbox: Sandbox, protocol_stack: ProtocolStack, bench: Bench, record_property: Record
) -> None:
    measured = Bench(sandbox, protocol_stack, bench.scenario, bench.kind)
    measured.measure()
    sandbox.renew()
    bench.requests, bench.clean = measured.requests, measured.clean
    turning, is_plain, is_external = turning_points(bench.requests), bench.scenario in PLAIN, bench.kind == "external"
    killed = one_of_each_run(bench.requests) if is_external else turning
    cases = {
        ENGINE: all_at(killed, [ENGINE]),
        PROVIDER: all_at(turning, [PROVIDER]) if is_plain and is_external else [],
        "in turn": in_turn(turning)[0 if is_plain else -1 :] if is_external else [],
    }
    judge({fault: [bench.run(*case) for case in cases[fault]] for fault in cases}, record_property)

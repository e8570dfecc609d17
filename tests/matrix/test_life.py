"""Random lives of a stack at the level of the provider protocol; the same ones in every run of the reduced set."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.matrix.life import Life
from tests.matrix.report import PROPERTY, Row, as_property
from tests.matrix.sandbox import Sandbox
from tests.matrix.stacks import ProtocolStack

Record = Callable[[str, object], None]
_UNHURRIED = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    print_blob=True,
    phases=[Phase.generate],  # a life takes seconds: to shrink one that failed takes longer than any run may
)


@pytest.fixture
def stacks(
    protocol_stack: ProtocolStack, stack_beside: ProtocolStack, twin_stack: ProtocolStack, sandbox: Sandbox
) -> dict[str, ProtocolStack]:
    """The stack that lives, its neighbour, and the one that takes over; nothing in state nor in the org."""
    sandbox.renew()
    found = {"t": protocol_stack, "beside": stack_beside, "twin": twin_stack}
    for each in found.values():
        each.forget()
    return found


def live(sandbox: Sandbox, stacks: dict[str, ProtocolStack], how: settings, record_property: Record) -> None:
    tries: list[int] = []
    run_state_machine_as_test(lambda: Life(sandbox, stacks, tries), settings=how)
    ended = [tries.count(number) for number in range(3)]
    record_property(
        PROPERTY, as_property(Row("random lives", "both", "random", "protocol", len(tries), sum(ended), *ended))
    )


@pytest.mark.timeout(900)
def test_whatever_happens_the_next_up_ends_in_what_is_declared(
    sandbox: Sandbox, stacks: dict[str, ProtocolStack], record_property: Record
) -> None:
    few = settings(_UNHURRIED, max_examples=8, stateful_step_count=14, derandomize=True)
    live(sandbox, stacks, few, record_property)


@pytest.mark.matrix
@pytest.mark.parametrize("generation", range(10))
def test_whatever_happens_the_next_up_ends_in_what_is_declared_in_many_lives(
    sandbox: Sandbox, stacks: dict[str, ProtocolStack], record_property: Record, generation: int
) -> None:
    """Others in every run and in every generation; ten tests, so that they spread over the processors."""
    assert generation >= 0
    many = settings(_UNHURRIED, max_examples=10, stateful_step_count=30)
    live(sandbox, stacks, many, record_property)

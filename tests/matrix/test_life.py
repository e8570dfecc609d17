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
_UNHURRIED = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None, print_blob=True)


def live(sandbox: Sandbox, stack: ProtocolStack, how: settings, record_property: Record) -> None:
    tries: list[int] = []
    run_state_machine_as_test(lambda: Life(sandbox, stack, tries), settings=how)
    ended = [tries.count(number) for number in range(3)]
    record_property(
        PROPERTY, as_property(Row("random lives", "both", "random", "protocol", len(tries), sum(ended), *ended))
    )


def test_whatever_happens_the_next_up_ends_in_what_is_declared(
    sandbox: Sandbox, protocol_stack: ProtocolStack, record_property: Record
) -> None:
    few = settings(_UNHURRIED, max_examples=20, stateful_step_count=30, derandomize=True)
    live(sandbox, protocol_stack, few, record_property)


@pytest.mark.matrix
def test_whatever_happens_the_next_up_ends_in_what_is_declared_in_many_lives(
    sandbox: Sandbox, protocol_stack: ProtocolStack, record_property: Record
) -> None:
    many = settings(_UNHURRIED, max_examples=100, stateful_step_count=30, phases=[Phase.generate])
    live(sandbox, protocol_stack, many, record_property)

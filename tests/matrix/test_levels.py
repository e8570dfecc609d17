"""The small engine and the real one, the program's data and the program: held against each other."""

from __future__ import annotations

import pytest

from tests.matrix.cases import KINDS, SCENARIOS, Bench
from tests.matrix.observation import differences, likeness
from tests.matrix.real import PulumiStack
from tests.matrix.sandbox import Sandbox
from tests.matrix.stacks import ProtocolStack, Stack


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

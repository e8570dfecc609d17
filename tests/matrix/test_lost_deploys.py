"""A deploy whose answer was lost is found again by what the org holds, and not sent a second time blindly."""

from __future__ import annotations

import pytest

from tests.matrix.cases import KINDS
from tests.matrix.observation import contradictions
from tests.matrix.sandbox import TIMEOUT, Sandbox
from tests.matrix.stacks import ProtocolStack

LOST = {"the connection is reset": "reset-after", "no answer comes in time": f"stall-{TIMEOUT + 0.2}"}


@pytest.fixture
def stack(sandbox: Sandbox, protocol_stack: ProtocolStack) -> ProtocolStack:
    """A stack with nothing in state nor in its org."""
    sandbox.renew()
    protocol_stack.forget()
    return protocol_stack


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("kind", KINDS)
def test_a_deploy_whose_answer_was_lost_is_not_sent_again_once_it_arrived(
    sandbox: Sandbox, stack: ProtocolStack, kind: str, lost: str
) -> None:
    sandbox.order([LOST[lost]], skip=0, operation="deploy")
    assert not stack.up(sandbox.config(kind)).ok
    sandbox.wait_for_late_requests()
    again = stack.up(sandbox.config(kind))
    assert again.ok, again.text
    assert sandbox.operations().count("deploy") == 1
    assert contradictions(stack.kept(), sandbox.standing(), sandbox.org) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_deploy_that_runs_on_after_its_answer_was_lost_is_waited_for_and_not_sent_again(
    sandbox: Sandbox, stack: ProtocolStack, kind: str
) -> None:
    sandbox.admin("PATCH", "/knobs", deploy_time=1)
    sandbox.order(["reset-after"], skip=0, operation="deploy")
    assert not stack.up(sandbox.config(kind)).ok
    again = stack.up(sandbox.config(kind))
    assert again.ok, again.text
    assert sandbox.operations().count("deploy") == 1
    assert contradictions(stack.kept(), sandbox.standing(), sandbox.org) == []

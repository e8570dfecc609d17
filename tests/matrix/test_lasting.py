"""What a program leaves out stays as the state has it, also where the engine replaces by order and hands no old inputs on."""

from __future__ import annotations

import pytest

from tests.matrix.cases import KINDS
from tests.matrix.sandbox import Sandbox
from tests.matrix.stacks import ProtocolStack
from tests.matrix.state import Options


@pytest.mark.parametrize("kind", KINDS[:1])
@pytest.mark.parametrize("forced", ["replace", "taint"])
def test_a_forced_replacement_takes_an_imported_set_from_nobody(
    sandbox: Sandbox, protocol_stack: ProtocolStack, stack_beside: ProtocolStack, kind: str, forced: str
) -> None:
    sandbox.renew()
    protocol_stack.forget()
    stack_beside.forget()
    assert protocol_stack.up(sandbox.config(kind)).ok
    other = sandbox.org.user("devops")
    sandbox.org.assign("CI_Integration_Access", other)
    key = {"consumerKey": protocol_stack.outputs()["consumerKey"]}
    everything = {"app": True, "permissionSet": True, "assignments": True}
    imported = stack_beside.up(sandbox.config(kind, key=key, **{"import": everything}))
    assert imported.ok, imported.text
    assert other in sandbox.org.holders("CI_Integration_Access")
    if forced == "taint":
        stack_beside.taint("assignments")
    options = Options(replace=frozenset({"access-assignments"} if forced == "replace" else ()))
    for options_of_this in (options, Options()):
        ended = stack_beside.up(sandbox.config(kind, key=key), options_of_this)
        assert ended.ok, ended.text
        assert other in sandbox.org.holders("CI_Integration_Access"), options_of_this

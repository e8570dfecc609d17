"""Behind a proxy, with the environment that the guide asks for: the org is reached through it."""

from __future__ import annotations

from tests.conformance.outside import fenced
from tests.program.stack import Stack, ok


def test_an_up_goes_to_the_org_through_the_proxy_and_to_the_engine_past_it(stack: Stack) -> None:
    with fenced() as proxy:
        stack.environment |= {"https_proxy": proxy.url, "http_proxy": proxy.url, "no_proxy": "127.0.0.1"}
        ok(stack.up())
        assert proxy.led
    assert proxy.refused == []

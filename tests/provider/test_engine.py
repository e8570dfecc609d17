"""What the provider says while it works reaches the engine, wherever the environment's proxies lead."""

from __future__ import annotations

import pytest

from orgkey.provider.engine import Engine
from tests.provider.conftest import Listening

NOBODY = "http://127.0.0.1:1"


@pytest.mark.parametrize("variable", ["https_proxy", "http_proxy", "grpc_proxy"])
def test_a_warning_reaches_the_engine_past_any_proxy(
    listening: tuple[str, Listening], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    address, engine = listening
    monkeypatch.setenv(variable, NOBODY)
    Engine(address).warn("urn:pulumi:t::orgkey::x::y", "look here")
    assert engine.heard == ["look here"]

"""What the provider says while it works reaches the engine, wherever the environment's proxies lead."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from orgkey.provider.engine import Engine

NOBODY = "http://127.0.0.1:1"


class Listening(engine_pb2_grpc.EngineServicer):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def Log(self, request: engine_pb2.LogRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802
        self.heard.append(request.message)
        return empty_pb2.Empty()


@pytest.fixture
def listening() -> Iterator[tuple[str, Listening]]:
    """An engine that listens; its address."""
    server, engine = grpc.server(ThreadPoolExecutor(max_workers=1)), Listening()
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}", engine
    server.stop(grace=None).wait()


@pytest.mark.parametrize("variable", ["https_proxy", "http_proxy", "grpc_proxy"])
def test_a_warning_reaches_the_engine_past_any_proxy(
    listening: tuple[str, Listening], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    address, engine = listening
    monkeypatch.setenv(variable, NOBODY)
    Engine(address).warn("urn:pulumi:t::orgkey::x::y", "look here")
    assert engine.heard == ["look here"]

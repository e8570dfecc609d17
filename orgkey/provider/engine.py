"""The engine's side of a conversation: lines under a resource, by `Engine.Log` with its URN."""

from __future__ import annotations

import threading

import grpc

from orgkey.provider.protocol import engine_pb2, engine_pb2_grpc
from orgkey.provider.secrecy import redacted

_PAST_PROXIES = (("grpc.enable_http_proxy", 0),)
"""The engine is on this machine; gRPC would go to 127.0.0.1 through the proxy of the environment too."""


class Engine:
    """Where to log; without an address (in tests) nothing is said."""

    def __init__(self, address: str | None = None) -> None:
        self._lock = threading.Lock()
        self._address = address
        self._stub: engine_pb2_grpc.EngineStub | None = None

    def attach(self, address: str) -> None:
        """Use another engine from now on (`Attach`)."""
        with self._lock:
            self._address, self._stub = address, None

    def progress(self, urn: str, message: str) -> None:
        """Show a passing line beside the resource."""
        self._log(urn, message, engine_pb2.INFO, ephemeral=True)

    def info(self, urn: str, message: str) -> None:
        """Show a line that stays."""
        self._log(urn, message, engine_pb2.INFO)

    def warn(self, urn: str, message: str) -> None:
        """Show a warning under the resource."""
        self._log(urn, message, engine_pb2.WARNING)

    def error(self, urn: str, message: str) -> None:
        """Show an error under the resource; by itself it stops nothing (engine notes 3)."""
        self._log(urn, message, engine_pb2.ERROR)

    def _log(
        self, urn: str, message: str, severity: engine_pb2.LogSeverity.ValueType, *, ephemeral: bool = False
    ) -> None:
        with self._lock:
            if self._stub is None and self._address:
                self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(self._address, _PAST_PROXIES))
            stub = self._stub
        if stub is None:
            return
        try:
            text = redacted(message)
            stub.Log(engine_pb2.LogRequest(severity=severity, message=text, urn=urn, ephemeral=ephemeral), timeout=5)
        except grpc.RpcError:
            return  # an engine that is gone hears nothing; the work must not fail for it

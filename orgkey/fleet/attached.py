"""Servers in this process that the engine is told to use, so that a drift check starts no plugin process at all.

`PULUMI_DEBUG_PROVIDERS` and `PULUMI_DEBUG_LANGUAGES` name a port instead of a command (engine notes 8). A drift check runs no program, yet
the engine wants the project's language host: the idle one here says that it needs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from orgkey.fleet.provider import DriftProviders
from orgkey.provider.registry import PACKAGE
from orgkey.provider.server import serve

_STOPPING = 5.0  # seconds for a server to end its calls; who does not hear ends with the process


class IdleLanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """A language host for commands that run no program."""

    def Handshake(  # noqa: N802 — the protocol's name
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(  # noqa: N802 — as above
        self, request: empty_pb2.Empty, context: grpc.ServicerContext
    ) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version="1.0.0")

    def GetRequiredPackages(  # noqa: N802 — as above
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        return language_pb2.GetRequiredPackagesResponse()


@contextmanager
def serve_language_host() -> Iterator[int]:
    """Serve the idle language host, one for all engines; yields its port."""
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(IdleLanguageHost(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(grace=None).wait(_STOPPING)


@contextmanager
def attach(providers: DriftProviders, language_port: int, *, runtime: str) -> Iterator[Mapping[str, str]]:
    """Serve the providers of one engine; yields the variables that lead the engine to them."""
    server, port = serve(providers)
    try:
        yield {
            "PULUMI_DEBUG_PROVIDERS": f"{PACKAGE}:{port}",
            "PULUMI_DEBUG_LANGUAGES": f"{runtime}:{language_port}",
        }
    finally:
        server.stop(grace=None).wait(_STOPPING)

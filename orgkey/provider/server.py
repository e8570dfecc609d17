"""Serve the provider on a free loopback port and say which on stdout.

The engine reads the port and a newline, and nothing else may stand there. The process ends with its engine: quietly on SIGINT and
SIGTERM, and by itself when the engine was killed (engine notes 2.4, 8).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import grpc

from orgkey.provider.engine import Engine
from orgkey.provider.protocol import provider_pb2_grpc
from orgkey.provider.servicer import SalesforceProvider

_WORKERS = 64  # at least the engine's parallelism (4 per core by default)
_LARGEST_MESSAGE = 400 * 1024 * 1024  # bytes, as Pulumi's own providers allow
_LOOK_FOR_PARENT = 1.0  # seconds


def serve(provider: provider_pb2_grpc.ResourceProviderServicer, *, port: int = 0) -> tuple[grpc.Server, int]:
    """Start serving on loopback; returns the server and its port."""
    options = [
        ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
        ("grpc.max_send_message_length", _LARGEST_MESSAGE),
    ]
    server = grpc.server(ThreadPoolExecutor(max_workers=_WORKERS), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, bound


def run(arguments: Sequence[str], over: threading.Event, parent: int | None = None) -> NoReturn:
    """Be the provider's process until `over` is set, by its owner or by a signal, or until the process `parent` is its parent no more.

    The last of the arguments is the engine's address; what stands before it (`-v=9`, `--tracing ENDPOINT`) is ignored.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    addresses = [item for item in arguments if not item.startswith("-")]
    server, port = serve(SalesforceProvider(Engine(addresses[-1] if addresses else None)))
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    while not over.wait(_LOOK_FOR_PARENT):
        if parent is not None and os.getppid() != parent:
            break
    server.stop(grace=None)
    sys.stdout.flush()
    os._exit(0)  # everything is answered; waiting for idle threads would only hold up the engine

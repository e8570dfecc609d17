"""The process: one event loop, one application, a socket for each port, all over TLS."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager, suppress
from typing import IO, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from localorg.authority import ensure_certificates, server_context
from localorg.configuration import Configuration
from localorg.endpoints.front import TRANSPORT, Front
from localorg.errors import LandscapeError
from localorg.home import Home
from localorg.landscape import Landscape
from localorg.ports import Ports

KEEP_ALIVE = 75
BACKLOG = 512


class _Protocol(HttpToolsProtocol):
    """Uvicorn's protocol, telling the application its connection: a fault may cut it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"][TRANSPORT] = self.transport

    def _unsupported_upgrade_warning(self) -> None:
        """Nobody needs to be told: clients of the Streaming API try WebSocket first, and go on with long polling."""


class _Server(uvicorn.Server):
    """A server whose signals are handled by `serve` below."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.ready.set()

    async def listen(self, sockets: list[socket.socket]) -> None:
        """Serve more sockets, as `startup` does."""
        loop, config = asyncio.get_running_loop(), self.config

        def protocol() -> asyncio.Protocol:
            return _Protocol(config=config, server_state=self.server_state, app_state=self.lifespan.state)

        for each in sockets:
            self.servers.append(await loop.create_server(protocol, sock=each, ssl=config.ssl, backlog=config.backlog))

    def leave(self, ports: Collection[int]) -> None:
        """Answer at these ports no more, not over connections that are open either."""
        for server in [each for each in self.servers if each.sockets and each.sockets[0].getsockname()[1] in ports]:
            server.close()
            self.servers.remove(server)
        for connection in list(self.server_state.connections):
            address = connection.transport.get_extra_info("sockname")  # None where the client has hung up
            if address and address[1] in ports:
                connection.transport.abort()

    def stop(self, landscape: Landscape) -> None:
        """End soon, without waiting for clients that keep their connections open."""
        landscape.streaming.stop()
        self.should_exit = self.force_exit = True

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def run(
    home: Home,
    configuration: Configuration,
    on_ready: Callable[[dict[str, Any]], None],
    knobs: dict[str, object] | None = None,
) -> None:
    """Serve a landscape until SIGTERM or SIGINT. Raises LandscapeError when it cannot start."""
    lock = home.lock()
    if lock is None:
        raise LandscapeError(f"a local org is already running in {home.folder}")
    with lock:
        home.note.unlink(missing_ok=True)
        ensure_certificates(home)
        ports = Ports()
        landscape = Landscape(home.database, configuration, ports)
        try:
            landscape.knobs.set(knobs or {})
            asyncio.run(_serve(home, landscape, on_ready, lock))
        finally:
            home.note.unlink(missing_ok=True)
            landscape.store.close()
            ports.close()


async def _serve(home: Home, landscape: Landscape, on_ready: Callable[[dict[str, Any]], None], _lock: IO[str]) -> None:
    ports = {landscape.admin_port, *landscape.login_hosts()}
    sockets = [landscape.ports.open(port) for port in ports]

    def follow() -> None:
        """Serve the ports that there are now, and write them down."""
        now = {landscape.admin_port, *landscape.login_hosts()}
        if more := [landscape.ports.open(port) for port in now - ports]:
            for each in more:
                each.listen(BACKLOG)  # who connects before the server takes it over waits
            listening.append(loop.create_task(server.listen(more)))
        server.leave(ports - now)
        ports.clear()
        ports.update(now)
        home.write_note(front.admin.about())

    front = Front(landscape, str(home.ca_bundle), follow)
    listening: list[asyncio.Task[None]] = []
    context = server_context(home)
    config = uvicorn.Config(
        front,
        http=_Protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=1,
        server_header=False,
        date_header=False,  # the landscape's clock, not the machine's
        backlog=BACKLOG,
        ssl_context_factory=lambda _config, _default: context,
    )
    server = _Server(config)
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, server.stop, landscape)
    loop.set_exception_handler(_quiet)
    landscape.jobs.schedule = loop.call_later
    landscape.jobs.run_all()
    serving = asyncio.create_task(server.serve(sockets=sockets))
    await server.ready.wait()
    if server.started:
        front.admin.on_change()
        on_ready(front.admin.about())
        loop.call_soon(_warm_up)
    await serving


def _warm_up() -> None:
    """Load what the first query and the first grant need, once everybody knows that the server is ready."""
    from joserfc import jwk, jws  # noqa: F401 — loaded for later

    from localorg.soql.compile import compile_query

    compile_query("SELECT Id FROM Organization")


def _quiet(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say nothing of clients that went away in the middle of something."""
    with suppress(KeyError):
        if isinstance(context["exception"], ConnectionError | OSError):
            return
    logging.getLogger("localorg").error("%s", context.get("message"), exc_info=context.get("exception"))

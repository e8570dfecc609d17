"""Requests that another thread can end: an exchange under way, and connections that can be cut.

A socket's timeout bounds the silence between two bytes alone, so each request has a thread of its own.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.poolmanager import PoolManager, ProxyManager
from urllib3.util.ssltransport import SSLTransport

from orgkey.salesforce.errors import UnreachableError, host_of


class Exchange:
    """One request on its way, in a thread of its own, so that whoever waits can leave at any moment.

    A socket's timeout bounds the silence between two bytes. Names are resolved, addresses tried, proxies and TLS agreed with, and an
    answer may drip in: nothing but a second thread bounds all of that. Who has left cuts the connection, and nothing is sent any more.
    """

    def __init__(self, send: Callable[[], requests.Response]) -> None:
        self._send = send
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self.given_up = False
        self._connections: list[_Connection] = []
        self._error: Exception | None = None
        self.response: requests.Response | None = None

    def wait(self, seconds: float) -> bool:
        """Send it, and wait for its end or for somebody who gives it up; false when the seconds are over before."""
        threading.Thread(target=self._run, daemon=True, name="request").start()
        return self._ended.wait(min(seconds, threading.TIMEOUT_MAX))

    def result(self) -> requests.Response:
        """The whole answer; raises what went wrong."""
        if self._error is not None:
            raise self._error
        assert self.response is not None  # noqa: S101 — one of the two stands once it has ended
        return self.response

    def give_up(self) -> None:
        """Let whoever waits go, and cut the connection where the answer has not come."""
        with self._lock:
            if self._ended.is_set():
                return
            self.given_up = True
            self._ended.set()
        for connection in self._connections:
            connection.cut()

    def use(self, connection: _Connection) -> None:
        """Remember the connection; raises OSError where nothing may be sent any more."""
        with self._lock:
            if self.given_up:
                raise OSError("given up")
            self._connections.append(connection)

    def _run(self) -> None:
        _current.exchange = self
        response: requests.Response | None = None
        error: Exception | None = None
        try:
            response = self._send()
        except Exception as met:  # noqa: BLE001 — whoever waits hears of it
            error = met
        with self._lock:
            if not self.given_up:
                self.response, self._error = response, error
                self._ended.set()
                return
        if response is not None:
            response.close()


class _Current(threading.local):
    exchange: Exchange | None = None


_current = _Current()


class AbortableAdapter(HTTPAdapter):
    """Its connections can be cut by another thread."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {**self.poolmanager.pool_classes_by_scheme, "https": _Pool}

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(proxy, **proxy_kwargs)
        if isinstance(manager, ProxyManager):  # a SOCKS proxy has connections of its own kind
            manager.pool_classes_by_scheme = self.poolmanager.pool_classes_by_scheme
        return manager


class _Connection(HTTPSConnection):
    """A connection that another thread can cut, also while proxy and TLS are still being agreed with."""

    _wire: socket.socket | None = None
    """The same connection again until it stands: TLS takes the first socket away while it shakes hands."""

    def connect(self) -> None:
        _use(self)
        try:
            super().connect()
        finally:
            if self._wire is not None:
                self._wire.close()
                self._wire = None

    def request(self, *args: Any, **kwargs: Any) -> None:
        _use(self)
        super().request(*args, **kwargs)

    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        try:
            self._wire = made.dup()
            _use(self)  # it may have been given up before there was anything to cut
        except OSError:
            made.close()  # nobody else knows of it: the host would wait for TLS to begin
            raise
        return made

    def cut(self) -> None:
        for each in (self._wire, self.sock):
            wire: Any = each
            while isinstance(wire, SSLTransport):  # TLS within the TLS of a proxy
                wire = wire.socket
            if wire is not None:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(wire, socket.SHUT_RDWR)  # not SSLSocket's own: it drops TLS first


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection


def _use(connection: _Connection) -> None:
    if _current.exchange is not None:
        _current.exchange.use(connection)


class RefusePlainHttp(HTTPAdapter):
    """Sends nothing: a token or an assertion goes over TLS alone."""

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        raise UnreachableError(f"{host_of(request.url or '')} is asked for without TLS.\nUse an https URL.")

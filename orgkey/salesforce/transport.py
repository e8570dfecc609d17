"""HTTPS to one host at a time, made safe once for every caller.

TLS is always verified; every request has a time limit; answers have a size limit; redirects are never followed, because a request
here carries a token or an assertion; proxies come from the usual environment variables, but no credentials from `.netrc`.
"""

from __future__ import annotations

import contextlib
import math
import os
import socket
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import stamina
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.poolmanager import PoolManager, ProxyManager
from urllib3.util.ssltransport import SSLTransport
from urllib3.util.timeout import Timeout

from orgkey.salesforce.errors import (
    CANCELED,
    CanceledError,
    PassingTroubleError,
    SettingError,
    TimeOverError,
    UnreachableError,
    host_of,
)

TIMEOUT = (10.0, 60.0)  # seconds to connect, seconds between two bytes
TIMEOUT_VARIABLE = "ORGKEY_REQUEST_TIMEOUT"
LARGEST_ANSWER = 64 * 1024 * 1024  # bytes
_ATTEMPTS, _PATIENCE = 4, 20.0  # tries of a request that changes nothing, seconds in all
_LONGEST_WAIT = 1.5  # seconds between two tries, so that a cancel is heard within two
_BUSY = {429, 500, 502, 503, 504}


class Transport(requests.Session):
    """A requests session with our rules built in; simple-salesforce runs on it too.

    `ca_bundle` is a file of CA certificates to trust, or None for the usual ones. `timeout` is seconds to connect and seconds
    between two bytes; `seconds_left` is how long whoever asks may still take; `largest_answer` is in bytes.
    """

    def __init__(
        self,
        *,
        ca_bundle: str | None = None,
        timeout: tuple[float, float] = TIMEOUT,
        seconds_left: Callable[[], float] = lambda: math.inf,
        largest_answer: int = LARGEST_ANSWER,
    ) -> None:
        super().__init__()
        if ca_bundle is not None and not os.path.isfile(ca_bundle):  # noqa: PTH113 — requests takes the path as text
            raise UnreachableError(
                f"salesforce:caBundle names {ca_bundle}, which is not a file.\nGive the path of a PEM file of CA certificates."
            )
        self._bundle = ca_bundle
        self._timeout = timeout
        self._seconds_left = seconds_left
        self._largest_answer = largest_answer
        self.auth = _no_netrc
        self.aborted = threading.Event()
        """Set for good by `abort`."""
        self._adapter = _AbortableAdapter(self.aborted, pool_connections=4, pool_maxsize=16)
        self.mount("https://", self._adapter)
        self.mount("http://", _RefusePlainHttp())

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send one request; raises UnreachableError when there is no answer that came from an org."""
        target = url.decode() if isinstance(url, bytes) else url
        if self.aborted.is_set():
            raise CanceledError(CANCELED)
        left = self._seconds_left()
        if left <= 0:
            raise TimeOverError(target)
        connect, between = self._timeout
        kwargs.setdefault("timeout", Timeout(total=left, connect=connect, read=between))
        kwargs["allow_redirects"] = False
        kwargs["stream"] = True
        if self._bundle:  # said per request: the environment's REQUESTS_CA_BUNDLE would win over the session's own
            kwargs["verify"] = self._bundle
        try:
            response = super().request(method, url, *args, **kwargs)
            _read_bounded(response, self._largest_answer)
        except requests.exceptions.RequestException as error:
            if self.aborted.is_set():
                raise CanceledError(CANCELED) from None
            if self._seconds_left() <= 0:
                raise TimeOverError(target) from None
            raise unreachable(target, error) from None
        except (
            OSError,
            ValueError,
        ) as error:  # a CA file of the environment that is not there; a connection cut in mid-read
            if self.aborted.is_set():
                raise CanceledError(CANCELED) from None
            raise UnreachableError(
                f"{host_of(target)} cannot be asked: {type(error).__name__}: {error}.\n"
                "Check REQUESTS_CA_BUNDLE and the proxy variables of the environment."
            ) from None
        _refuse_foreign(target, response)
        return response

    def abort(self) -> None:
        """End every request under way at once, with CanceledError for whoever waits for it. This transport is done with."""
        self.aborted.set()
        self._adapter.cut()

    def look(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        """Send a request that changes nothing: tried again, with jitter, while the org is out of reach or busy.

        A busy org that names a time (Retry-After) is asked then, where the patience lasts as long.
        """
        patience = min(_PATIENCE, self._seconds_left())
        until = time.monotonic() + patience

        def again(error: Exception) -> bool | float:
            if not isinstance(error, PassingTroubleError):
                return False
            wait = error.retry_after or 0.0
            if wait > until - time.monotonic():
                return False
            self.aborted.wait(wait)
            return 0.0 if wait else True

        for attempt in stamina.retry_context(
            on=again, attempts=_ATTEMPTS, timeout=max(patience, 0.001), wait_initial=0.2, wait_max=_LONGEST_WAIT
        ):
            with attempt:
                response = self.request(method, url, **kwargs)
                if response.status_code in _BUSY and not _is_fault(response):
                    raise PassingTroubleError(say_trouble(response), retry_after=retry_after(response))
        return response


def retry_after(response: requests.Response) -> float | None:
    """Seconds after which the org asks to come back (Retry-After, RFC 9110 10.2.3: seconds, or a date); None where it says nothing."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def say_trouble(response: requests.Response) -> str:
    """What to tell of an error without the platform's own words, which comes from something before the org; and when to try again."""
    wait = retry_after(response)
    when = f"in {wait:.0f} seconds" if wait else "in a moment"
    return f"{host_of(response.url)} answered HTTP {response.status_code} {response.reason}.\nTry again {when}."


def timeout_of(environment: Mapping[str, str]) -> tuple[float, float]:
    """Seconds to connect and seconds between two bytes; `ORGKEY_REQUEST_TIMEOUT` (seconds) sets the second and bounds the first.

    Raises SettingError for anything but a positive number.
    """
    connect, between = TIMEOUT
    text = environment.get(TIMEOUT_VARIABLE, "").strip()
    if not text:
        return TIMEOUT
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < threading.TIMEOUT_MAX:
        raise SettingError(
            f"The environment variable {TIMEOUT_VARIABLE} is {text!r}.\n"
            f"Give a number of seconds, or leave it out for {between:.0f}."
        )
    return min(connect, seconds), seconds


def unreachable(url: str, error: requests.exceptions.RequestException) -> UnreachableError:
    """Say in one sentence why there was no answer, and what to do; the request itself is never shown."""
    host = host_of(url)
    text = str(error)
    match error:
        case requests.exceptions.SSLError():
            reason = (
                "its TLS certificate is not trusted"
                if "CERTIFICATE_VERIFY_FAILED" in text
                else "TLS could not be agreed on"
            )
            advice = "Set salesforce:caBundle to the CA of the host or of the proxy between; verification is never switched off."
        case requests.exceptions.ProxyError():
            reason, advice = "the proxy did not let us through", "Check HTTPS_PROXY and NO_PROXY."
        case requests.exceptions.ConnectTimeout() | requests.exceptions.ReadTimeout():
            reason, advice = (
                "no answer came in time",
                "Try again; if it stays so, check the network and https://status.salesforce.com.",
            )
        case _ if "Name or service not known" in text or "NameResolution" in text or "nodename nor servname" in text:
            reason, advice = "the host name is not known", "Check salesforce:instanceUrl."
        case _ if "refused" in text:
            reason, advice = "the connection was refused", "Check salesforce:instanceUrl and that the org is up."
        case _:
            reason, advice = "the connection broke", "Try again; the same command goes on from here."
    kind = UnreachableError if isinstance(error, requests.exceptions.SSLError) else PassingTroubleError
    return kind(f"{host} cannot be reached: {reason}.\n{advice}")


def _read_bounded(response: requests.Response, largest: int) -> None:
    chunks, size = [], 0
    for chunk in response.iter_content(64 * 1024):
        size += len(chunk)
        if size > largest:
            response.close()
            raise requests.exceptions.ConnectionError("the answer is larger than any that an org gives")
        chunks.append(chunk)
    response._content = b"".join(chunks)  # noqa: SLF001 — requests has no public way to hand over what was read
    response._content_consumed = True  # type: ignore[attr-defined] # noqa: SLF001


def _refuse_foreign(url: str, response: requests.Response) -> None:
    host = host_of(url)
    if response.is_redirect or response.is_permanent_redirect:
        elsewhere = host_of(response.headers.get("Location", "")) or "elsewhere"
        raise UnreachableError(
            f"{host} sends us to {elsewhere}, and we do not follow with credentials in hand.\n"
            "Set salesforce:instanceUrl to the org's present My Domain.",
        )
    if "text/html" in response.headers.get("Content-Type", ""):
        raise UnreachableError(
            f"{host} answered with a web page (HTTP {response.status_code}) instead of data.\n"
            "It is no Salesforce My Domain, or the org is down or still being made: check salesforce:instanceUrl, then try again.",
        )


def _is_fault(response: requests.Response) -> bool:
    """A 500 with the platform's own fault or error in it: an answer, not a broken door (platform notes 5.7)."""
    head = response.content[:2000]
    return b"Fault" in head or b"errorCode" in head


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Authentication that does nothing: without one, requests would put `.netrc` credentials over our token."""
    return request


class _AbortableAdapter(HTTPAdapter):
    """Knows its connections, so that a cancel need not wait for an org or a proxy that keeps silent."""

    def __init__(self, aborted: threading.Event, **kwargs: Any) -> None:
        self._connections: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._lock = threading.Lock()
        self.aborted = aborted
        super().__init__(**kwargs)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        connections, lock, aborted = self._connections, self._lock, self.aborted

        class Connection(_Connection):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self.aborted = aborted
                with lock:
                    connections.add(self)

        class Pool(HTTPSConnectionPool):
            ConnectionCls = Connection

        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {**self.poolmanager.pool_classes_by_scheme, "https": Pool}

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(proxy, **proxy_kwargs)
        if isinstance(manager, ProxyManager):  # a SOCKS proxy has connections of its own kind
            manager.pool_classes_by_scheme = self.poolmanager.pool_classes_by_scheme
        return manager

    def cut(self) -> None:
        """Shut every connection down; whoever reads from one sees it end."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            connection.cut()


class _Connection(HTTPSConnection):
    """A connection that another thread can cut, also while proxy and TLS are still being agreed with."""

    aborted: threading.Event
    _wire: socket.socket | None = None
    """The same connection again until it stands: TLS takes the first socket away while it shakes hands."""

    def connect(self) -> None:
        try:
            super().connect()
        finally:
            if self._wire is not None:
                self._wire.close()
                self._wire = None

    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        self._wire = made.dup()
        if self.aborted.is_set():  # in the moment before there was anything to cut
            self.cut()
        return made

    def cut(self) -> None:
        for each in (self._wire, self.sock):
            wire: Any = each
            while isinstance(wire, SSLTransport):  # TLS within the TLS of a proxy
                wire = wire.socket
            if wire is not None:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(wire, socket.SHUT_RDWR)  # not SSLSocket's own: it drops TLS first


class _RefusePlainHttp(HTTPAdapter):
    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        raise UnreachableError(f"{host_of(request.url or '')} is asked for without TLS.\nUse an https URL.")

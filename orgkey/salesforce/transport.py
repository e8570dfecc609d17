"""HTTPS to one host at a time, made safe once for every caller.

TLS is always verified; every request has a time limit; answers have a size limit; redirects are never followed, because a request
here carries a token or an assertion; proxies come from the usual environment variables, but no credentials from `.netrc`.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.poolmanager import PoolManager, ProxyManager
from urllib3.util.ssltransport import SSLTransport
from urllib3.util.timeout import Timeout

from orgkey.salesforce.clock import Clock
from orgkey.salesforce.errors import (
    CANCELED,
    CanceledError,
    DeadlineExceededError,
    SettingError,
    TransientError,
    UnreachableError,
    host_of,
)
from orgkey.salesforce.places import ca_file
from orgkey.salesforce.retry import Backoff, retry

TIMEOUT = (10.0, 60.0)  # seconds to connect, seconds between two bytes
TIMEOUT_VARIABLE = "ORGKEY_REQUEST_TIMEOUT"
LARGEST_ANSWER = 64 * 1024 * 1024  # bytes
_ATTEMPTS, _PATIENCE = 4, 20.0  # tries of a request that changes nothing, seconds in all
_BACKOFF = Backoff(first=0.2, longest=1.5, growth=2.0, spread=1.0)
_BUSY = {429, 500, 502, 503, 504}


class Transport(requests.Session):
    """A requests session with our rules built in; simple-salesforce runs on it too.

    `ca_bundle` is a file of CA certificates to trust, or None for the usual ones. `timeout` is seconds to connect and seconds
    between two bytes; `clock` says how long whoever asks may still take; `largest_answer` is in bytes.
    """

    def __init__(
        self,
        *,
        ca_bundle: str | None = None,
        timeout: tuple[float, float] = TIMEOUT,
        clock: Clock | None = None,
        largest_answer: int = LARGEST_ANSWER,
    ) -> None:
        super().__init__()
        self._bundle = None if ca_bundle is None else ca_file(ca_bundle)
        self._timeout = timeout
        self.clock = clock or Clock()
        """Where whoever asks gets deadline, pauses and cancel from."""
        self._largest_answer = largest_answer
        self.auth = _no_netrc
        self.aborted = threading.Event()
        """Set for good by `abort`."""
        self._under_way: set[_Exchange] = set()
        self._lock = threading.Lock()
        self.mount("https://", _Adapter(pool_connections=4, pool_maxsize=16))
        self.mount("http://", _RefusePlainHttp())

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send one request, and wait for the whole answer no longer than the verb may take, however slowly it comes.

        Raises UnreachableError when there is no answer that came from an org, DeadlineExceededError when the time is over,
        CanceledError on abort.
        """
        target = url.decode() if isinstance(url, bytes) else url
        left = self.clock.seconds_left()
        if left <= 0 and not self.aborted.is_set():
            raise DeadlineExceededError(target)
        connect, between = self._timeout
        kwargs.setdefault("timeout", Timeout(total=left, connect=connect, read=between))
        kwargs["allow_redirects"] = False
        kwargs["stream"] = True
        if self._bundle:  # said per request: the environment's REQUESTS_CA_BUNDLE would win over the session's own
            kwargs["verify"] = self._bundle
        send = super().request

        def exchange() -> requests.Response:
            response = send(method, url, *args, **kwargs)
            _read_bounded(response, self._largest_answer)
            return response

        try:
            response = self._within(left, target, exchange)
        except requests.exceptions.RequestException as error:
            if self.clock.seconds_left() <= 0:
                raise DeadlineExceededError(target) from None
            raise unreachable(target, error) from None
        except HTTPError as error:  # what requests lets through: a header that makes no sense, for one
            raise UnreachableError(
                f"{host_of(target)} answered with something that is no HTTP ({type(error).__name__}).\nTry again in a moment."
            ) from None
        except (OSError, ValueError) as error:  # a CA file of the environment that is not there
            raise UnreachableError(
                f"{host_of(target)} cannot be asked: {type(error).__name__}: {error}.\n"
                "Check REQUESTS_CA_BUNDLE and the proxy variables of the environment."
            ) from None
        _refuse_foreign(target, response)
        return response

    def abort(self) -> None:
        """End every request under way at once, with CanceledError for whoever waits for it. This transport is done with."""
        with self._lock:
            self.aborted.set()
            under_way = list(self._under_way)
        for exchange in under_way:
            exchange.give_up()

    def read(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        """Send a request that changes nothing: tried again, with jitter, while the org is out of reach or busy.

        A busy org that names a time (Retry-After) is asked then, where the patience lasts as long.
        """

        def ask() -> requests.Response:
            response = self.request(method, url, **kwargs)
            if response.status_code in _BUSY and not _is_fault(response):
                raise TransientError(say_trouble(response), retry_after=retry_after(response))
            return response

        return retry(
            ask,
            clock=self.clock,
            when=lambda error: isinstance(error, TransientError),
            backoff=_BACKOFF,
            attempts=_ATTEMPTS,
            seconds=_PATIENCE,
        )

    def _within(self, seconds: float, url: str, send: Callable[[], requests.Response]) -> requests.Response:
        exchange = _Exchange(send)
        with self._lock:
            if self.aborted.is_set():
                raise CanceledError(CANCELED)
            self._under_way.add(exchange)
        try:
            if not exchange.wait(seconds):
                exchange.give_up()
            if exchange.response is None and self.aborted.is_set():
                raise CanceledError(CANCELED)
            if exchange.given_up:
                raise DeadlineExceededError(url)
            return exchange.result()
        finally:
            with self._lock:
                self._under_way.discard(exchange)


def retry_after(response: requests.Response) -> float | None:
    """Seconds after which the org asks to come back (Retry-After, RFC 9110 10.2.3: seconds, or a date); None where it says nothing."""
    value = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
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
    kind = UnreachableError if isinstance(error, requests.exceptions.SSLError) else TransientError
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
    if "text/html" in response.headers.get("Content-Type", "") and response.content.lstrip().startswith(b"<"):
        raise UnreachableError(
            f"{host} answered with a web page (HTTP {response.status_code}) instead of data.\n"
            "It is no Salesforce My Domain, or the org is down or still being made: check salesforce:instanceUrl, then try again.",
        )


def _is_fault(response: requests.Response) -> bool:
    """A 500 with the platform's own fault or error in it: an answer, not a broken connection (platform notes 5.7)."""
    head = response.content[:2000]
    return b"Fault" in head or b"errorCode" in head


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Authentication that does nothing: without one, requests would put `.netrc` credentials over our token."""
    return request


class _Exchange:
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


class _Current(threading.local):
    exchange: _Exchange | None = None


_current = _Current()


class _Adapter(HTTPAdapter):
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
        self._wire = made.dup()
        _use(self)  # it may have been given up before there was anything to cut
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


class _RefusePlainHttp(HTTPAdapter):
    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        raise UnreachableError(f"{host_of(request.url or '')} is asked for without TLS.\nUse an https URL.")

"""HTTPS to one host at a time, made safe once for every caller.

TLS is always verified; every request has a time limit; answers have a size limit; redirects are never followed, because a request
here carries a token or an assertion; proxies come from the usual environment variables, but no credentials from `.netrc`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import requests
from urllib3.exceptions import HTTPError
from urllib3.util.timeout import Timeout

from orgkey.salesforce.clock import Clock
from orgkey.salesforce.errors import (
    CANCELED,
    CanceledError,
    DeadlineExceededError,
    SettingError,
    SilentError,
    TransientError,
    Unreachable,
    UnreachableError,
    host_of,
)
from orgkey.salesforce.exchange import AbortableAdapter, Exchange, RefusePlainHttp
from orgkey.salesforce.http_errors import is_fault, refuse_foreign, retry_after, what_failed
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
        self.patience = timeout[1]
        """Seconds of silence after which a request is given up."""
        self.clock = clock or Clock()
        """Where whoever asks gets deadline, pauses and cancel from."""
        self._largest_answer = largest_answer
        self.auth = _no_netrc
        self.aborted = threading.Event()
        """Set for good by `abort`."""
        self._under_way: set[Exchange] = set()
        self._lock = threading.Lock()
        self.mount("https://", AbortableAdapter(pool_connections=4, pool_maxsize=16))
        self.mount("http://", RefusePlainHttp())

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
            try:
                _read_bounded(response, self._largest_answer)
            except BaseException:
                response.close()  # also where it was cut: nobody else has its connection
                raise
            return response

        try:
            response = self._within(left, target, exchange)
        except requests.exceptions.RequestException as error:
            if self.clock.seconds_left() <= 0:
                raise DeadlineExceededError(target) from None
            raise unreachable(target, error) from None
        except HTTPError as error:  # what requests lets through: a header that makes no sense, for one
            raise UnreachableError(
                f"{host_of(target)} answered with something that is no HTTP ({type(error).__name__}).\nTry again in a moment.",
                why=Unreachable.STRANGE,
            ) from None
        except (OSError, ValueError) as error:  # a CA file of the environment that is not there
            raise UnreachableError(
                f"{host_of(target)} cannot be asked: {type(error).__name__}: {error}.\n"
                "Check REQUESTS_CA_BUNDLE and the proxy variables of the environment.",
                why=Unreachable.MACHINE,
            ) from None
        refuse_foreign(target, response)
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
            if response.status_code in _BUSY and not is_fault(response):
                raise TransientError(what_failed(response), retry_after=retry_after(response), why=Unreachable.UNWELL)
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
        exchange = Exchange(send)
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


def _read_bounded(response: requests.Response, largest: int) -> None:
    chunks, size = [], 0
    for chunk in response.iter_content(64 * 1024):
        size += len(chunk)
        if size > largest:
            raise requests.exceptions.ConnectionError("the answer is larger than any that an org gives")
        chunks.append(chunk)
    response._content = b"".join(chunks)  # noqa: SLF001 — requests has no public way to hand over what was read
    response._content_consumed = True  # type: ignore[attr-defined] # noqa: SLF001


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Authentication that does nothing: without one, requests would put `.netrc` credentials over our token."""
    return request


def unreachable(url: str, error: requests.exceptions.RequestException) -> UnreachableError:
    """Say in one sentence why there was no answer, and what to do; the request itself is never shown."""
    host = host_of(url)
    text = str(error)
    match error:
        case requests.exceptions.SSLError():
            why = Unreachable.UNTRUSTED if "CERTIFICATE_VERIFY_FAILED" in text else Unreachable.TLS
            advice = "Set salesforce:caBundle to the CA of the host or of the proxy between; verification is never switched off."
        case requests.exceptions.ProxyError():
            why, advice = Unreachable.PROXY, "Check HTTPS_PROXY and NO_PROXY."
        case requests.exceptions.ConnectTimeout() | requests.exceptions.ReadTimeout():
            why, advice = (
                Unreachable.TIMEOUT,
                "Try again; if it stays so, check the network and https://status.salesforce.com.",
            )
        case _ if "Name or service not known" in text or "NameResolution" in text or "nodename nor servname" in text:
            why, advice = Unreachable.NAME, "Check salesforce:instanceUrl."
        case _ if "refused" in text:
            why, advice = Unreachable.REFUSED, "Check salesforce:instanceUrl and that the org is up."
        case _:
            why, advice = Unreachable.BROKEN, "Try again; the same command goes on from here."
    kind: type[UnreachableError] = (
        UnreachableError if isinstance(error, requests.exceptions.SSLError) else TransientError
    )
    if isinstance(error, requests.exceptions.ReadTimeout):
        kind = SilentError
    return kind(f"{host} cannot be reached: {why}.\n{advice}", why=why)

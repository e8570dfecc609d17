"""One org: the session of its administrator, and the doors it has (REST, SOQL, SOAP metadata).

Nothing is contacted before the first question. The first one logs in and makes sure that this is the org the settings describe;
every other question in this process relies on that.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from urllib.parse import quote_plus

from orgkey.model.connection import Connection
from orgkey.salesforce import soql
from orgkey.salesforce.clock import Clock
from orgkey.salesforce.credentials import Login, Signer, log_in, no_signer
from orgkey.salesforce.error_table import Retry
from orgkey.salesforce.errors import (
    CredentialsError,
    PassingTroubleError,
    RefusedError,
    SessionExpiredError,
    UnreachableError,
    WrongOrgError,
    first_error,
    host_of,
)
from orgkey.salesforce.patience import patiently

if TYPE_CHECKING:
    from simple_salesforce.api import Salesforce

    from orgkey.salesforce.transport import Transport

T = TypeVar("T")

_QUERIES_IN_ONE_COMPOSITE = 5  # the platform's limit for query subrequests
_LAST_WORD = (1.0, 1.0)  # seconds to connect, seconds to answer
BATCH_SIZE = 200  # records in one collection call


@dataclass(frozen=True, slots=True)
class Identity:
    """Which org this is."""

    org_id: str
    name: str
    kind: str  # production, sandbox, scratch or developer
    namespace: str = ""
    """The org's own, where it develops packages: names of its own things may carry it."""


@dataclass(frozen=True, slots=True)
class Saved:
    """The org's word on one record of a collection call."""

    success: bool
    record_id: str
    code: str
    text: str


class Org:
    """One org, reached as `connection` says. Safe to use from several threads."""

    def __init__(
        self,
        connection: Connection,
        *,
        clock: Clock | None = None,
        transport: Transport | None = None,
        environment: Mapping[str, str] = os.environ,
        sign: Signer = no_signer,
    ) -> None:
        self.connection = connection
        self.clock = clock or Clock()
        self._transport = transport
        self.writing = threading.Lock()
        """One deploy at a time: the org would queue the second anyway (platform notes 5.6)."""
        self._environment = environment
        self._sign = sign
        self._lock = threading.RLock()
        self._aborted = False
        self._login: Login | None = None
        self._identity: Identity | None = None

    @property
    def url(self) -> str:
        """The org's My Domain."""
        return self.connection.instance_url

    @property
    def transport(self) -> Transport:
        """The HTTPS client; it is loaded when the first request is made, so that a provider that asks nothing starts fast."""
        from orgkey.salesforce.transport import Transport, timeout_of

        with self._lock:
            if self._transport is None:
                timeout = timeout_of(self._environment)
                self._transport = Transport(
                    ca_bundle=self.connection.ca_bundle, timeout=timeout, seconds_left=self.clock.seconds_left
                )
                if self._aborted:  # while the client was being loaded
                    self._transport.abort()
            return self._transport

    @property
    def known(self) -> bool:
        """Whether this process knows already which org this is."""
        return self._identity is not None

    def log_in(self) -> None:
        """Load the client and get a session, where that was not done yet."""
        self._client(self._session())

    def abort(self) -> None:
        """End every request under way, and the Salesforce CLI if it was asked; whoever waits for one hears that it was canceled."""
        self._aborted = True
        transport = self._transport  # no lock: the thread that holds it may be the one that waits
        if transport is not None:
            transport.abort()

    def identity(self) -> Identity:
        """Say which org this is; raises WrongOrgError when the settings describe another one."""
        with self._lock:
            if self._identity is None:
                self.query(soql.ORGANIZATION)
            if self._identity is None:  # pragma: no cover — query() sets it or raises
                raise WrongOrgError(f"{host_of(self.url)} has no Organization record.")
            return self._identity

    def query(self, question: str) -> list[dict[str, Any]]:
        """Answer one SOQL query, all pages."""
        return self.queries([question])[0]

    def queries(self, questions: Sequence[str]) -> list[list[dict[str, Any]]]:
        """Answer several SOQL queries; raises RefusedError for the first that the org refuses."""
        answers = self.answers(questions)
        for answer in answers:
            if isinstance(answer, RefusedError):
                raise answer
        return [answer for answer in answers if not isinstance(answer, RefusedError)]

    def answers(self, questions: Sequence[str]) -> list[list[dict[str, Any]] | RefusedError]:
        """Ask several SOQL queries in as few requests as the platform allows: five in one composite; rows or a refusal for each.

        The first call of a process asks for the Organization too, and checks it before anything is answered.
        """
        with self._lock:
            asked = list(questions)
            if self._identity is None and soql.ORGANIZATION not in asked:
                asked.insert(0, soql.ORGANIZATION)
            answers = self._composite(asked)
            if self._identity is None:
                self._identity = self._checked(answers[soql.ORGANIZATION])
        return [_rows(answers[question], host_of(self.url)) for question in questions]

    def tooling_query(self, question: str) -> list[dict[str, Any]]:
        """Answer one SOQL query of the Tooling API, its first page: what is asked there is one record or a few."""
        return list(self.look("tooling/query", params={"q": question})["records"])

    def rest(self, method: str, path: str, **kwargs: Any) -> Any:
        """Call a REST path below `/services/data/vNN.0/` that changes something; not tried again when the answer is lost."""

        def send(sf: Salesforce) -> Any:
            response = self.transport.request(method, sf.base_url + path, headers=sf.headers, **kwargs)
            if not response.ok:
                _raise_api_error(response, write=True)
            return _json(response) if response.content else None

        return self._with_session(send)

    def look(self, path: str, **kwargs: Any) -> Any:
        """GET a REST path; tried again while the org is out of reach or busy."""

        def get(sf: Salesforce) -> Any:
            response = self.transport.look("GET", sf.base_url + path, headers=sf.headers, **kwargs)
            if not response.ok:
                _raise_api_error(response)
            return _json(response)

        return self._with_session(get)

    def post_files(self, path: str, files: Mapping[str, tuple[str | None, Any, str]]) -> Any:
        """POST multipart/form-data below `/services/data/vNN.0/`; not tried again when the answer is lost."""

        def post(sf: Salesforce) -> Any:
            headers = {key: value for key, value in sf.headers.items() if key != "Content-Type"}
            response = self.transport.request("POST", sf.base_url + path, headers=headers, files=files)
            if not response.ok:
                _raise_api_error(response, write=True)
            return _json(response)

        return self._with_session(post)

    def last_word(self, method: str, path: str, **kwargs: Any) -> None:
        """Send one request also after a cancel, over a connection of its own and within two seconds; the answer is not awaited longer."""
        from orgkey.salesforce.transport import Transport

        if self._login is not None:
            client = self._client(self._login)
            parting = Transport(ca_bundle=self.connection.ca_bundle, timeout=_LAST_WORD)
            parting.request(method, client.base_url + path, headers=client.headers, **kwargs)

    def soap_session(self, call: Callable[[str, str], T]) -> T:
        """Run a SOAP call with (endpoint, session id), renewing the session once."""

        def run(sf: Salesforce) -> T:
            return call(f"{self.url}/services/Soap/m/{self.connection.api_version}", sf.session_id)

        return self._with_session(run)

    def insert(self, records: Sequence[Mapping[str, Any]]) -> list[Saved]:
        """Insert records in all-or-none batches of 200 (platform notes 3.3: PermissionSetAssignment is data, not metadata)."""
        return [
            saved
            for batch in _batches(records)
            for saved in self._collection("POST", json={"allOrNone": True, "records": batch})
        ]

    def update(self, records: Sequence[Mapping[str, Any]]) -> list[Saved]:
        """Change records, each with its `id`, in all-or-none batches of 200."""
        return [
            saved
            for batch in _batches(records)
            for saved in self._collection("PATCH", json={"allOrNone": True, "records": batch})
        ]

    def delete(self, record_ids: Sequence[str]) -> list[Saved]:
        """Delete records by id in batches of 200; a record that is gone already is the answer's own affair."""
        return [
            saved
            for batch in _batches(record_ids)
            for saved in self._collection("DELETE", params={"ids": ",".join(batch), "allOrNone": "false"})
        ]

    def _collection(self, method: str, **kwargs: Any) -> list[Saved]:
        """Send one collection call, and again while another change holds one of its records.

        All or none was done then; of a deletion, what was done is gone at the next try, and that is the caller's to take.
        """

        def send() -> list[Saved]:
            saved = _saved(self.rest(method, "composite/sobjects", **kwargs))
            for item in saved:
                refusal = RefusedError(item.code, item.text, where=host_of(self.url))
                if not item.success and refusal.passing:
                    raise _LockedRecordError(item.code, item.text, where=host_of(self.url))
            return saved

        return patiently(send, clock=self.clock, on=_LockedRecordError)

    @staticmethod
    def side_by_side(tasks: Sequence[Callable[[], T]]) -> list[T]:
        """Run independent questions at the same time, each within the time that the caller has, and answer in order."""
        if len(tasks) == 1:
            return [tasks[0]()]
        with ThreadPoolExecutor(max_workers=len(tasks)) as pool:
            return [future.result() for future in [pool.submit(copy_context().run, task) for task in tasks]]

    def _composite(self, questions: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        answers: dict[str, Mapping[str, Any]] = {}
        for start in range(0, len(questions), _QUERIES_IN_ONE_COMPOSITE):
            part = questions[start : start + _QUERIES_IN_ONE_COMPOSITE]
            answers |= dict(zip(part, self._with_session(lambda sf, part=part: self._ask(sf, part)), strict=True))  # type: ignore[misc]
        return answers

    def _ask(self, sf: Salesforce, questions: Sequence[str]) -> list[dict[str, Any]]:
        path = f"/services/data/v{self.connection.api_version}/query"
        requests = [
            {"method": "GET", "referenceId": f"q{index}", "url": f"{path}?q={quote_plus(question)}"}
            for index, question in enumerate(questions)
        ]
        body = {"allOrNone": False, "compositeRequest": requests}
        response = self.transport.look("POST", f"{sf.base_url}composite", headers=sf.headers, json=body)
        if not response.ok:
            _raise_api_error(response)
        answers = [dict(part) for part in _json(response)["compositeResponse"]]
        for answer in answers:
            rows = _rows(answer, host_of(self.url))
            if isinstance(rows, RefusedError) and rows.passing:
                raise rows
            self._read_on(sf, answer)
        return answers

    def _read_on(self, sf: Salesforce, answer: dict[str, Any]) -> None:
        """Follow the pages of a long answer."""
        page = answer["body"] if isinstance(answer["body"], dict) else {}
        while page.get("nextRecordsUrl"):
            response = self.transport.look("GET", self.url + str(page["nextRecordsUrl"]), headers=sf.headers)
            if not response.ok:
                _raise_api_error(response)
            page = _json(response)
            answer["body"]["records"].extend(page["records"])

    def _with_session(self, call: Callable[[Any], T]) -> T:
        """Call with a session; again while the org refuses for a reason that passes, and with a new session where it expired."""
        return patiently(lambda: self._in_session(call), clock=self.clock)

    def _in_session(self, call: Callable[[Any], T]) -> T:
        self.clock.check()
        login = self._session()
        try:
            return call(self._client(login))
        except SessionExpiredError as expired:
            if not login.renewable:
                raise CredentialsError(
                    f"{host_of(self.url)} does not accept the access token (any more): it answered {expired}.\n"
                    "Put a fresh one in the variable that salesforce:credentials.accessTokenEnv names.",
                ) from None
        with self._lock:
            if self._login is login:
                self._login = None
        try:
            return call(self._client(self._session()))
        except SessionExpiredError as expired:
            raise CredentialsError(
                f"{host_of(self.url)} does not accept a session it just gave: it answered {expired}."
            ) from None

    def _session(self) -> Login:
        with self._lock:
            if self._login is None:
                self._login = log_in(
                    self.connection.credentials, self.transport, self.url, self._environment, self._sign
                )
            return self._login

    def _client(self, login: Login) -> Salesforce:
        from simple_salesforce.api import Salesforce

        return Salesforce(
            session_id=login.token.access_token,
            instance_url=self.url,
            version=self.connection.api_version,
            session=self.transport,
        )

    def _checked(self, answer: Mapping[str, Any]) -> Identity:
        rows = _rows(answer, host_of(self.url))
        if isinstance(rows, RefusedError):
            raise rows
        if not rows:
            raise WrongOrgError(f"{host_of(self.url)} has no Organization record that this login may see.")
        row = rows[0]
        identity = Identity(str(row["Id"]), str(row["Name"]), _kind(row), str(row.get("NamespacePrefix") or ""))
        wanted = self.connection
        if wanted.expected_org_id and wanted.expected_org_id[:15] != identity.org_id[:15]:
            raise WrongOrgError(
                f"{host_of(self.url)} is org {identity.org_id} ({identity.name}), "
                f"but salesforce:expectedOrgId is {wanted.expected_org_id}.\n"
                "Nothing was changed. Correct salesforce:instanceUrl or salesforce:expectedOrgId.",
            )
        if wanted.expected_kind and wanted.expected_kind != identity.kind:
            raise WrongOrgError(
                f"{host_of(self.url)} is a {identity.kind} org ({identity.name}), but salesforce:expectedKind is {wanted.expected_kind}.\n"
                "Nothing was changed. Correct salesforce:instanceUrl or salesforce:expectedKind.",
            )
        return identity


class _LockedRecordError(RefusedError):
    """Another change holds a record of a collection call; nothing of it was done."""


def _raise_api_error(response: Any, *, write: bool = False) -> NoReturn:
    """Raise what an error answer means. Of a `write`, only the org's own refusal says that nothing was done."""
    from orgkey.salesforce.transport import retry_after, say_trouble

    code, text = first_error(response)
    wait = retry_after(response)
    if response.status_code == HTTPStatus.UNAUTHORIZED or code == "INVALID_SESSION_ID":
        raise SessionExpiredError(code or "INVALID_SESSION_ID")
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR and not code:
        if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            raise PassingTroubleError(say_trouble(response), retry_after=wait)
        raise UnreachableError(say_trouble(response))
    refusal = RefusedError(
        code or f"HTTP {response.status_code}",
        text or "no description",
        where=host_of(response.url),
        retry_after=wait,
    )
    if write and refusal.row and refusal.row.retry is Retry.ASKING:
        raise UnreachableError(f"{refusal}\nIt may have done what it was asked to.")
    raise refusal


def _json(response: Any) -> Any:
    """The body as JSON; something between us and the org may have put another there."""
    try:
        return response.json()
    except ValueError:
        raise UnreachableError(
            f"{host_of(response.url)} answered HTTP {response.status_code} with something that is no JSON.\nTry again."
        ) from None


def _first(content: Any) -> tuple[str, str]:
    """Code and text of the platform's error array (platform notes 5.7)."""
    first = content[0] if isinstance(content, list) and content else content
    if isinstance(first, Mapping):
        return str(first.get("errorCode", "")), str(first.get("message", ""))
    return "", ""


def _rows(answer: Mapping[str, Any], host: str) -> list[dict[str, Any]] | RefusedError:
    if int(answer["httpStatusCode"]) >= 300:  # noqa: PLR2004
        code, text = _first(answer["body"])
        return RefusedError(code, text, where=host)
    return list(answer["body"]["records"])


def _kind(row: Mapping[str, Any]) -> str:
    """Scratch orgs are sandboxes with an end date (platform notes 3.4)."""
    if row.get("IsSandbox"):
        return "scratch" if row.get("TrialExpirationDate") else "sandbox"
    return "developer" if row.get("OrganizationType") == "Developer Edition" else "production"


def _batches(items: Sequence[T]) -> Iterator[list[T]]:
    for start in range(0, len(items), BATCH_SIZE):
        yield list(items[start : start + BATCH_SIZE])


def _saved(answer: Any) -> list[Saved]:
    saved = []
    for item in answer or ():
        errors = item.get("errors") or [{}]
        code = errors[0].get("statusCode") or errors[0].get("errorCode") or ""
        saved.append(
            Saved(bool(item["success"]), str(item.get("id") or ""), str(code), str(errors[0].get("message") or ""))
        )
    return saved

"""One org: the session of its administrator, and its APIs (REST, SOQL, SOAP metadata).

Nothing is contacted before the first question. The first one logs in and makes sure that this is the org the settings describe;
every other question in this process relies on that. No lock is held while a request is under way.
"""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote_plus

from orgkey.model.connection import Connection
from orgkey.salesforce import answers, oauth, soql
from orgkey.salesforce.answers import Part, Rows
from orgkey.salesforce.clock import Clock, Countdown
from orgkey.salesforce.credentials import Login, log_in
from orgkey.salesforce.errors import (
    CredentialsError,
    RefusedError,
    UnreachableError,
    WrongOrgError,
    host_of,
)
from orgkey.salesforce.http_errors import raise_api_error
from orgkey.salesforce.org_identity import Identity, identity_of
from orgkey.salesforce.retry import retry_refused
from orgkey.salesforce.session import Session
from orgkey.salesforce.shared import Shared
from orgkey.salesforce.side_by_side import side_by_side

if TYPE_CHECKING:
    from orgkey.salesforce.rest_client import Salesforce
    from orgkey.salesforce.transport import Transport

T = TypeVar("T")

_QUERIES_IN_ONE_COMPOSITE = 5  # the platform's limit for query subrequests
_LAST_WORD = 2.0  # seconds
_JWT_BY_SOAP = 68.0


class Org:
    """One org, reached as `connection` says. Safe to use from several threads."""

    def __init__(
        self,
        connection: Connection,
        *,
        clock: Clock | None = None,
        transport: Transport | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.connection = connection
        self.clock = clock or Clock()
        self._transport = transport
        self.writing = threading.Lock()
        """One deploy at a time: the org would queue the second anyway (platform notes 5.6)."""
        self._environment = environment
        self._lock = threading.Lock()
        self._aborted = False
        self._session = Session(self._log_in, self.clock, host=self.host)
        self._facts = Shared(self.clock, host=self.host)
        self._identity: Identity | None = None

    @property
    def url(self) -> str:
        """The org's My Domain."""
        return self.connection.instance_url

    @property
    def host(self) -> str:
        """The same, for messages."""
        return host_of(self.url)

    @property
    def transport(self) -> Transport:
        """The HTTPS client; it is loaded when the first request is made, so that a provider that asks nothing starts fast."""
        from orgkey.salesforce.transport import Transport, timeout_of

        with self._lock:
            if self._transport is None:
                timeout = timeout_of(self._environment)
                self._transport = Transport(ca_bundle=self.connection.ca_bundle, timeout=timeout, clock=self.clock)
                if self._aborted:  # while the client was being loaded
                    self._transport.abort()
            return self._transport

    @property
    def known(self) -> bool:
        """Whether this process knows already which org this is."""
        return self._identity is not None

    def log_in(self) -> None:
        """Load the client and get a session, where that was not done yet."""
        self._client(self._session.login())

    def abort(self) -> None:
        """End every request under way, and the Salesforce CLI if it was asked; whoever waits for one hears that it was canceled."""
        self._aborted = True
        transport = self._transport  # no lock: the thread that holds it may be the one that waits
        if transport is not None:
            transport.abort()

    def identity(self) -> Identity:
        """Say which org this is; raises WrongOrgError when the settings describe another one."""
        if self._identity is None:
            self.query(soql.ORGANIZATION)
        if self._identity is None:  # pragma: no cover — query() sets it or raises
            raise WrongOrgError(f"{self.host} has no Organization record.")
        return self._identity

    def query(self, question: str) -> Rows:
        """Answer one SOQL query, all pages."""
        return self.queries([question])[0]

    def queries(self, questions: Sequence[str]) -> list[Rows]:
        """Answer several SOQL queries; raises RefusedError for the first that the org refuses."""
        found = self.answers(questions)
        for answer in found:
            if isinstance(answer, RefusedError):
                raise answer
        return [answer for answer in found if not isinstance(answer, RefusedError)]

    def answers(self, questions: Sequence[str]) -> list[Rows | RefusedError]:
        """Ask several SOQL queries in as few requests as the platform allows: five in one composite, and several of those side by side.

        Returns rows or a refusal for each.

        The first call of a process asks for the Organization too, and checks it before anything is answered.
        """
        asked = list(questions)
        if self._identity is None and soql.ORGANIZATION not in asked:
            asked.insert(0, soql.ORGANIZATION)
        starts = range(0, len(asked), _QUERIES_IN_ONE_COMPOSITE)
        parts = [asked[start : start + _QUERIES_IN_ONE_COMPOSITE] for start in starts]
        answered = side_by_side([partial(self._answers_of, part) for part in parts]) if parts else []
        found = dict(zip(asked, (answer for each in answered for answer in each), strict=True))
        for answer in found.values():
            if isinstance(answer, RefusedError):
                self._name_login(answer)
        if self._identity is None:
            self._identity = identity_of(found[soql.ORGANIZATION], self.connection)
        return [found[question] for question in questions]

    def _answers_of(self, questions: Sequence[str]) -> list[Rows | RefusedError]:
        return self._with_session(lambda sf: self._ask(sf, questions))

    def tooling_query(self, question: str) -> Rows:
        """Answer one SOQL query of the Tooling API, its first page: what is asked there is one record or a few."""
        return answers.page(self.get("tooling/query", params={"q": question}), self.url).records

    def rest(self, method: str, path: str, **kwargs: Any) -> Any:
        """Call a REST path below `/services/data/vNN.0/` that changes something; not tried again when the answer is lost."""

        def send(sf: Salesforce) -> Any:
            response = self.transport.request(method, sf.base_url + path, headers=sf.headers, **kwargs)
            if not response.ok:
                raise_api_error(response, write=True)
            return answers.content_of(response) if response.content else None

        return self._with_session(send)

    def get(self, path: str, **kwargs: Any) -> Any:
        """GET a REST path; tried again while the org is out of reach or busy."""

        def get(sf: Salesforce) -> Any:
            return self._get(sf, sf.base_url + path, **kwargs)

        return self._with_session(get)

    def post_files(self, path: str, files: Mapping[str, tuple[str | None, Any, str]]) -> Any:
        """POST multipart/form-data below `/services/data/vNN.0/`; not tried again when the answer is lost."""

        def post(sf: Salesforce) -> Any:
            headers = {key: value for key, value in sf.headers.items() if key != "Content-Type"}
            response = self.transport.request("POST", sf.base_url + path, headers=headers, files=files)
            if not response.ok:
                raise_api_error(response, write=True)
            return answers.content_of(response)

        return self._with_session(post)

    def send_after_cancel(self, method: str, path: str, **kwargs: Any) -> None:
        """Send one request also after a cancel, over a connection of its own; its answer is not awaited longer than two seconds in all."""
        from orgkey.salesforce.transport import Transport

        if (login := self._session.last) is not None:
            client = self._client(login)
            parting = Transport(ca_bundle=self.connection.ca_bundle, clock=Countdown(seconds=_LAST_WORD))
            parting.request(method, client.base_url + path, headers=client.headers, **kwargs)

    def soap_session(self, call: Callable[[str, str], T]) -> T:
        """Run a SOAP call with (endpoint, session id), renewing the session once."""

        def run(sf: Salesforce) -> T:
            return call(f"{self.url}/services/Soap/m/{self._soap_version(sf.session_id)}", sf.session_id)

        return self._with_session(run)

    def _ask(self, sf: Salesforce, questions: Sequence[str]) -> list[Rows | RefusedError]:
        path = f"/services/data/v{self.connection.api_version}/query"
        requests = [
            {"method": "GET", "referenceId": f"q{index}", "url": f"{path}?q={quote_plus(question)}"}
            for index, question in enumerate(questions)
        ]
        body = {"allOrNone": False, "compositeRequest": requests}
        response = self.transport.read("POST", f"{sf.base_url}composite", headers=sf.headers, json=body)
        if not response.ok:
            raise_api_error(response)
        parts = answers.composite(answers.content_of(response), len(questions), self.url)
        return [self._rows(sf, part) for part in parts]

    def _rows(self, sf: Salesforce, part: Part) -> Rows | RefusedError:
        """All pages of one answer; raises the refusal where it passes."""
        if part.status >= HTTPStatus.MULTIPLE_CHOICES:
            code, text = answers.error_of(part.body)
            refusal = RefusedError(code or f"HTTP {part.status}", text or "no description", where=self.host)
            if refusal.transient:
                raise refusal
            return refusal
        page = answers.page(part.body, self.url)
        rows = list(page.records)
        while page.rest:
            page = answers.page(self._get(sf, self.url + page.rest), self.url)
            rows += page.records
        return rows

    def _get(self, sf: Salesforce, url: str, **kwargs: Any) -> Any:
        response = self.transport.read("GET", url, headers=sf.headers, **kwargs)
        if not response.ok:
            raise_api_error(response)
        return answers.content_of(response)

    def whose(self) -> str:
        """User name of the administrator's login; empty where the org does not tell."""

        def ask() -> str:
            try:
                return oauth.user_info(self.transport, self.url, self._session.login().token.access_token).username
            except (RefusedError, UnreachableError):
                return ""

        name: str = self._facts.get("whose", ask)
        return name

    def versions(self) -> list[str]:
        """The API versions that the org serves; asked without a login."""
        served: list[str] = self._facts.get("versions", self._versions)
        return served

    def _soap_version(self, session_id: str) -> str:
        """The API version for SOAP: a session in JWT form is taken from 68.0 on only (platform notes 5.1); REST takes it always."""
        wanted = self.connection.api_version
        if not _is_jwt(session_id) or float(wanted) >= _JWT_BY_SOAP:
            return wanted
        newer = sorted((each for each in self.versions() if answers.version(each) >= _JWT_BY_SOAP), key=answers.version)
        if not newer:
            raise CredentialsError(
                f"{self.host} gave the login a session in JWT form, and its SOAP API takes that from version {_JWT_BY_SOAP} on only, "
                "which it does not serve.\n"
                "Switch off 'Issue JSON Web Token (JWT)-based access tokens for named users' in the app of salesforce:credentials, or log "
                "in by another app."
            )
        return newer[0]

    def _versions(self) -> list[str]:
        response = self.transport.read("GET", f"{self.url}/services/data/")
        if not response.ok:
            raise_api_error(response)
        return answers.versions(answers.content_of(response), self.url)

    def _with_session(self, call: Callable[[Any], T]) -> T:
        """Call with a session; again while the org refuses for a reason that passes, and with a new session where it expired."""
        try:
            return retry_refused(lambda: self._session.run(lambda login: call(self._client(login))), clock=self.clock)
        except RefusedError as refusal:
            self._name_login(refusal)
            raise

    def _name_login(self, refusal: RefusedError) -> None:
        if refusal.row and refusal.row.rights:
            refusal.name_login(self.whose())

    def _log_in(self) -> Login:
        return log_in(self.connection.credentials, self.transport, self.url, self._environment)

    def _client(self, login: Login) -> Salesforce:
        from orgkey.salesforce.rest_client import Salesforce

        return Salesforce(
            session_id=login.token.access_token,
            instance_url=self.url,
            version=self.connection.api_version,
            session=self.transport,
        )


def _is_jwt(token: str) -> bool:
    """Whether a session is in JWT form: three parts, of which the first is a JSON object."""
    head, *rest = token.split(".")
    try:
        return len(rest) == 2 and isinstance(json.loads(base64.urlsafe_b64decode(head + "==")), dict)  # noqa: PLR2004
    except ValueError:
        return False

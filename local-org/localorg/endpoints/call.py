"""One request and its answer, as every endpoint sees them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl

from localorg.errors import PlatformError, invalid_session, not_found
from localorg.identity.holding import allows
from localorg.identity.hosts import LoginHost
from localorg.identity.sessions import Session
from localorg.landscape import Landscape
from localorg.metadata.change import Change
from localorg.orgs import Org

JSON = "application/json;charset=UTF-8"


class Held(Protocol):
    """An answer that has to wait. While it waits, other requests are handled."""

    async def wait(self) -> None:
        """Return when it is time."""

    def finish(self) -> Answer:
        """Make the answer."""

    def leave(self) -> None:
        """Give up: who asked has gone."""


@dataclass(frozen=True)
class Answer:
    """Status, body and headers. With `held` it is no answer yet: that one makes it when it is time."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    held: Held | None = None


@dataclass(frozen=True)
class Part:
    """One part of a multipart body: its name, its file name if it has one, its content."""

    name: str
    file: str
    data: bytes


@dataclass
class Call:
    """One request. `place` names where it arrived: an org, login, test or admin; `session` is set by `authorize`.

    `holds_back`: why the first record or component that it would write fails (a fault).
    `parts` are those of a multipart body. `run_inner` answers a request inside this one (composite).
    """

    landscape: Landscape
    place: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    address: str = ""
    host: LoginHost | None = None
    org: Org | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    session: Session | None = None
    holds_back: PlatformError | None = None
    parts: tuple[Part, ...] = ()
    run_inner: Callable[[Call], Answer] = field(default=lambda _call: Answer(404))

    @property
    def the_org(self) -> Org:
        """The org of a My Domain. Raises the platform's 404 on the login and test host."""
        if self.org is None:
            raise not_found()
        return self.org

    @property
    def version(self) -> float:
        """The API version in the path."""
        return float(self.parameters.get("version", self.landscape.knobs.get("newest_version")))

    @property
    def base(self) -> str:
        """The path of the version in use."""
        return f"/services/data/v{self.version:.1f}"

    def bearer(self) -> str | None:
        """Return the token of the Authorization header."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() in {"bearer", "oauth"} and token.strip() else None

    def authorize(self, token: str | None = None, *, prolong: bool = True) -> Session:
        """Find the caller's session; check that it may use the API. Raises PlatformError (platform notes 5.7).

        `prolong`: this is a use, which lets the session live on.
        """
        token = token or self.bearer()
        if token is None:
            raise invalid_session()
        session = self.landscape.sessions.check(self.the_org.name, token, self.address, prolong=prolong)
        if not session.scopes & {"api", "full"}:
            raise PlatformError("INVALID_SESSION_ID", "This session is not valid for use with the REST API", status=401)
        now = self.landscape.clock.timestamp()
        if not allows(self.landscape.store, self.the_org.name, session.user_id, now, "ApiEnabled"):
            raise PlatformError(
                "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.", status=403
            )
        self.session = session
        return session

    def change(self) -> Change:
        """Return the writer for the caller."""
        user_id = self.session.user_id if self.session else ""
        return self.landscape.jobs.change(self.the_org, user_id, self.version)

    def json(self) -> Any:
        """Return the body as JSON. Raises PlatformError JSON_PARSER_ERROR."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise PlatformError(
                "JSON_PARSER_ERROR", f"Unexpected character or end of input: {str(error)[:120]}"
            ) from None

    def json_object(self) -> dict[str, Any]:
        """Return the body as a JSON object. Raises PlatformError."""
        value = self.json()
        if not isinstance(value, dict):
            raise PlatformError("JSON_PARSER_ERROR", "Cannot deserialize instance of object from the request body")
        return value

    def form(self) -> dict[str, str]:
        """Return the parameters of a form-urlencoded body and of the URL; other bodies have none (platform notes 4.1)."""
        form = dict(self.query)
        if (
            self.headers.get("content-type", "").partition(";")[0].strip().lower()
            == "application/x-www-form-urlencoded"
        ):
            form.update(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))
        return form


def as_json(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """Return a JSON answer."""
    return Answer(status, json.dumps(value).encode(), JSON, headers or {})


def rest_error(error: PlatformError) -> Answer:
    """Return an error as the REST API writes it: an array of one."""
    shown: dict[str, Any] = {"message": error.message, "errorCode": error.code}
    if error.fields:
        shown["fields"] = list(error.fields)
    return as_json([shown], error.status)

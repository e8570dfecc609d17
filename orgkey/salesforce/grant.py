"""The proof: sign an assertion, trade it for a token, ask who it is, make one API call.

Decides which audience to try, what to wait for and for how long; the error table knows which answers are worth waiting for.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from orgkey.identity.assertion import sign_assertion
from orgkey.metadata.identifiers import name_key
from orgkey.salesforce import oauth, soql
from orgkey.salesforce.answers import Token, api_error
from orgkey.salesforce.clock import Clock
from orgkey.salesforce.error_table import API, Retry, find_row
from orgkey.salesforce.errors import (
    GrantRefusedError,
    RefusedError,
    SalesforceError,
    StrangeAnswerError,
    UnusableKeyError,
    host_of,
)
from orgkey.salesforce.retry import Backoff, retry
from orgkey.salesforce.side_by_side import side_by_side

if TYPE_CHECKING:
    import requests

    from orgkey.salesforce.transport import Transport

LOGIN, TEST = "https://login.salesforce.com", "https://test.salesforce.com"
_PROPAGATION = Backoff(first=1.0, longest=20.0, growth=1.6)
"""30 grants in 10 minutes are far below the login rate (platform notes 8)."""


@dataclass(frozen=True, slots=True)
class JwtLogin:
    """Who logs in by the JWT bearer flow: a user, through the app with this consumer key and the certificate of this private key."""

    consumer_key: str
    username: str
    private_key: str | bytes = field(repr=False)

    def assertion(self, audience: str, now: float) -> str:
        """A signed assertion for one audience, at `now` (epoch seconds); raises UnusableKeyError for a key that cannot sign."""
        try:
            return sign_assertion(
                self.private_key,
                consumer_key=self.consumer_key,
                username=self.username,
                audience=audience,
                now=now,
                jti=str(uuid.uuid4()),
            )
        except ValueError as error:
            raise UnusableKeyError(str(error)) from None


@dataclass(frozen=True, slots=True)
class Proof:
    """A login that worked."""

    org_id: str
    user_id: str
    username: str
    scopes: tuple[str, ...]
    audience: str


def audiences(instance_url: str, app_kind: str, kind_of_org: str, given: str | None) -> tuple[str, ...]:
    """Which `aud` to try, in order: the given one, or My Domain first and then down the ladder (platform notes 4.1).

    Whether an External Client App takes the test host differs by sandbox: it comes last. A Connected App takes the login host of its
    kind of org.
    """
    if given:
        return (given,)
    is_sandbox = kind_of_org in {"sandbox", "scratch"}
    if app_kind == "connected":
        return (instance_url, TEST if is_sandbox else LOGIN)
    return (instance_url, LOGIN, TEST) if is_sandbox else (instance_url, LOGIN)


def prove(
    transport: Transport,
    instance_url: str,
    login: JwtLogin,
    *,
    ladder: tuple[str, ...],
    api_version: str,
    revoke: bool = False,
) -> Proof:
    """Prove the login once; raises GrantRefusedError with the org's answer, UnusableKeyError for a key that cannot sign.

    The token host is always the org's own: nobody else may see an assertion.
    """
    token, audience = token_by_ladder(transport, instance_url, login, ladder)
    proof = try_token(transport, instance_url, login, token, audience, api_version=api_version)
    if revoke:
        oauth.revoke(transport, instance_url, token.access_token)
    return proof


def try_token(
    transport: Transport, instance_url: str, login: JwtLogin, token: Token, audience: str, *, api_version: str
) -> Proof:
    """Ask the org who a token speaks for, and make one API call with it; raises GrantRefusedError where either is not as it should be.

    Side by side where the token's answer says the user already; where both go wrong, the first is what is told.
    """

    def ask() -> tuple[str, str]:
        org_id, user_id, seen = _who(transport, instance_url, token)
        if seen and name_key(seen) != name_key(login.username):
            raise GrantRefusedError(
                "wrong_user", f"the token speaks for another user than {login.username}", where=host_of(instance_url)
            )
        return org_id or token.org_id, user_id or token.user_id

    def call(user_id: str) -> None:
        response = transport.read(
            "GET",
            f"{instance_url}/services/data/v{api_version}/query",
            params={"q": soql.user(user_id)},
            headers={"Authorization": f"Bearer {token.access_token}", "Accept": "application/json"},
        )
        if not response.ok:
            raise _refused_call(response, instance_url)

    if token.user_id:
        tasks: list[Callable[[], Any]] = [ask, partial(call, token.user_id)]
        org_id, user_id = side_by_side(tasks)[0]
    else:
        org_id, user_id = ask()
        call(user_id)
    return Proof(org_id, user_id, login.username, token.scopes, audience)


def prove_within(
    attempt: Callable[[], Proof],
    *,
    clock: Clock,
    until: float,
    certificate_changed: bool,
    progress: Callable[[str], None],
    jitter: Callable[[], float] = random.random,
) -> Proof:
    """Prove the login, waiting while a change of ours may still propagate: until `until` (epoch seconds), with jitter.

    Only the answers that the error table calls propagation are waited for; an "invalid assertion" only after a new certificate.
    """

    def worth_it(error: SalesforceError) -> bool:
        if not isinstance(error, GrantRefusedError):
            return False
        wait = oauth.retry_of(error)
        return wait is Retry.PROPAGATION or (wait is Retry.CERTIFICATE and certificate_changed)

    def tell(error: SalesforceError, elapsed: float) -> None:
        if isinstance(error, GrantRefusedError):
            progress(f"login not effective yet after {elapsed:.0f} s ({error.in_short}); trying again")

    return retry(
        attempt,
        clock=clock,
        when=worth_it,
        backoff=_PROPAGATION,
        seconds=until - clock.now(),
        tell=tell,
        jitter=jitter,
    )


_ONCE_MORE = 3  # times, where refusals differ


class StillGrantedError(SalesforceError):
    """An app that is blocked gives out tokens all the same."""


def refused_within(
    attempt: Callable[[], Proof],
    *,
    clock: Clock,
    until: float,
    progress: Callable[[str], None],
    jitter: Callable[[], float] = random.random,
) -> GrantRefusedError:
    """Wait until the login is refused, while a block may still propagate: until `until` (epoch seconds); returns the refusal.

    A refusal counts that the org gives twice in a row: one alone may be a mishap of the moment, and a block that is told is relied upon.
    Raises StillGrantedError where the org goes on giving out tokens, and a refusal that is a limit's and says nothing of the app.
    """

    def twice() -> GrantRefusedError:
        refusal = once()
        for _ in range(_ONCE_MORE):
            again = once()
            if again.code == refusal.code:
                break
            refusal = again
        return again

    def once() -> GrantRefusedError:
        try:
            proof = attempt()
        except GrantRefusedError as error:
            if oauth.retry_of(error) is Retry.LATER or error.code in ("wrong_user", "api_call_refused"):
                raise
            return error
        raise StillGrantedError(
            f"The app is to be blocked, and the login of {proof.username} still works.\n"
            "Run `pulumi up` again in a few minutes; if it stays so, block the app in Setup (Connected Apps OAuth Usage)."
        )

    def tell(_error: SalesforceError, elapsed: float) -> None:
        progress(f"login still works after {elapsed:.0f} s; trying again")

    return retry(
        twice,
        clock=clock,
        when=lambda error: isinstance(error, StillGrantedError),
        backoff=_PROPAGATION,
        seconds=until - clock.now(),
        tell=tell,
        jitter=jitter,
    )


def token_by_ladder(transport: Transport, host: str, login: JwtLogin, ladder: tuple[str, ...]) -> tuple[Token, str]:
    """Trade an assertion for a token, one audience further only on an audience error; returns the audience that worked.

    Raises the first refusal that may pass, since an audience may be right and its app not replicated yet; else the last.
    """
    refused: list[GrantRefusedError] = []
    for audience in ladder:
        try:
            return oauth.jwt_bearer(transport, host, login.assertion(audience, transport.clock.now())), audience
        except GrantRefusedError as error:
            refused.append(error)
            if not (error.row and error.row.audience):
                break
    passing = (error for error in refused if oauth.retry_of(error) is not Retry.NEVER)
    raise next(passing, refused[-1])


def _refused_call(response: requests.Response, instance_url: str) -> SalesforceError:
    """What a refused API call means: a limit or a busy org says nothing about the login, anything else is the login's affair."""
    code, text = api_error(response)
    row = find_row(API, code, text)
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or (
        row and row.retry in {Retry.SOON, Retry.READS_ONLY, Retry.LATER}
    ):
        return RefusedError(code or f"HTTP {response.status_code}", text, where=host_of(instance_url))
    reason = f"the login works, but an API call with it is refused ({code or response.status_code}: {text})"
    return GrantRefusedError("api_call_refused", reason, where=f"{host_of(instance_url)} REST API")


def _who(transport: Transport, instance_url: str, token: Token) -> tuple[str, str, str]:
    """Org id, user id and user name of a token; an app without an identity scope tells them in its token answer alone."""
    try:
        info = oauth.user_info(transport, instance_url, token.access_token)
    except (GrantRefusedError, StrangeAnswerError):
        if token.user_id:
            return token.org_id, token.user_id, ""
        raise
    return info.org_id, info.user_id, info.username

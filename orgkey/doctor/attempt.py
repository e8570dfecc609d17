"""The login itself, tried as it is configured, then with the other audiences; and what the host tells without one.

An assertion goes to the org's own host alone.
"""

from __future__ import annotations

from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from orgkey.doctor.facts import UNREACHABLE, UNUSABLE_KEY, Answer, ExaminedLogin, Failure, HostFacts, KeyFacts
from orgkey.identity.key_pair import public_key_sha256
from orgkey.identity.reading import read_key
from orgkey.salesforce import oauth
from orgkey.salesforce.answers import fields, word
from orgkey.salesforce.errors import (
    DeadlineExceededError,
    GrantRefusedError,
    RefusedError,
    StrangeAnswerError,
    Unreachable,
    UnreachableError,
)
from orgkey.salesforce.grant import LOGIN, TEST, JwtLogin, Proof, audiences, try_token
from orgkey.salesforce.retry import retry_refused

if TYPE_CHECKING:
    from orgkey.salesforce.answers import Token
    from orgkey.salesforce.transport import Transport


def examine_key(private_key: str | bytes) -> KeyFacts:
    """What the private key is, or what is wrong with it."""
    try:
        key = read_key(private_key)
    except ValueError as error:
        return KeyFacts(str(error))
    return KeyFacts("", key.key_size, public_key_sha256(private_key))


class Attempt:
    """One login, tried. `answers` are those of each audience in turn, `failure` how it failed, `proof` that it works."""

    def __init__(self, transport: Transport, login: ExaminedLogin, api_version: str) -> None:
        self._transport = transport
        self._login = login
        self._version = api_version
        self._jwt = JwtLogin(login.consumer_key, login.username, login.private_key)
        self.answers: list[Answer] = []
        self.clock_ahead: float | None = None
        self.proof: Proof | None = None
        self.failure: Failure | None = None
        self.out_of_time = False

    def run(self, kind_of_org: str = "sandbox") -> None:
        """Try the audiences that are configured, one further only on an audience error, as `pulumi up` does; then the others."""
        given = self._login.audience or None
        configured = audiences(self._login.instance_url, self._login.app_kind or "external", kind_of_org, given)
        for audience in configured:
            if self._try(audience) or self.failure_is_final():
                break
        if self.proof is None and self.failure is None:
            self._settle()
        if self.answers and self.answers[-1].code:
            tried = {each.audience for each in self.answers}
            for audience in (self._login.instance_url, LOGIN, TEST):
                if audience not in tried and self.failure and self.failure.code != UNREACHABLE and self.proof is None:
                    self._try_beside(audience)

    def failure_is_final(self) -> bool:
        """Whether no other audience can help."""
        if self.failure is not None:
            return True
        row = self.answers[-1].row if self.answers else None
        return not (row and row.audience)

    def _settle(self) -> None:
        """Which of several refusals counts: the first that may pass, else the last, as for `pulumi up`."""
        refused = [each for each in self.answers if each.code]
        passing = (each for each in refused if each.row and each.row.retry.value != "never")
        if refused:
            counted = next(passing, refused[-1])
            self.failure = Failure(counted.code, counted.text)

    def _try(self, audience: str) -> bool:
        token = self._token(audience)
        if token is None:
            return False
        try:
            self.proof = retry_refused(
                lambda: try_token(
                    self._transport, self._login.instance_url, self._jwt, token, audience, api_version=self._version
                ),
                clock=self._transport.clock,
            )
        except RefusedError as error:
            self.failure = Failure(error.code, error.said if isinstance(error, GrantRefusedError) else error.text)
        except UnreachableError as error:
            self._unreached(error)
        return True

    def _try_beside(self, audience: str) -> None:
        failed = self.failure
        self._token(audience)
        self.failure = failed

    def _token(self, audience: str) -> Token | None:
        assertion = self._jwt.assertion(audience, self._transport.clock.now())
        try:
            token = oauth.jwt_bearer(self._transport, self._login.instance_url, assertion)
        except GrantRefusedError as error:
            self.clock_ahead = error.clock_ahead
            self.answers.append(Answer(audience, error.code, error.said))
            return None
        except UnreachableError as error:
            self._unreached(error)
            return None
        self.answers.append(Answer(audience))
        return token

    def _unreached(self, error: UnreachableError) -> None:
        self.out_of_time = isinstance(error, DeadlineExceededError)
        self.failure = Failure(UNREACHABLE, (error.why or Unreachable.BROKEN).value)


def refused_key(problem: str) -> Failure:
    """How a login fails whose key cannot sign."""
    return Failure(UNUSABLE_KEY, problem)


def examine_host(transport: Transport, instance_url: str, known: HostFacts) -> HostFacts:
    """Ask for the host's OpenID configuration (OpenID Connect Discovery 4), which every org gives to anybody."""
    url = f"{instance_url}/.well-known/openid-configuration"
    try:
        response = transport.request("GET", url)
    except UnreachableError as error:
        foreign = error.why in (Unreachable.WEB_PAGE, Unreachable.STRANGE)
        return replace(known, is_salesforce=False) if foreign else known
    try:
        told = fields(response.json(), url, "OpenID configuration") if response.ok else {}
        endpoint, issuer = word(told, "token_endpoint"), word(told, "issuer")
    except (ValueError, StrangeAnswerError):
        endpoint = issuer = ""
    ahead = known.clock_ahead
    if ahead is None:
        try:
            ahead = transport.clock.now() - parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
        except (ValueError, TypeError, OverflowError):
            ahead = None
    return HostFacts(endpoint.endswith("/services/oauth2/token"), ahead, issuer.rstrip("/"))

"""The administrator's session in one org: made at first use, by one thread for all, and again when the org has ended it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from orgkey.salesforce.clock import Clock
from orgkey.salesforce.credentials import Login
from orgkey.salesforce.errors import CredentialsError, SessionExpiredError
from orgkey.salesforce.shared import Shared

T = TypeVar("T")


class Session:
    """A session that `log_in` makes; safe to use from several threads."""

    def __init__(self, log_in: Callable[[], Login], clock: Clock, *, host: str) -> None:
        self._log_in, self._clock, self._host = log_in, clock, host
        self._shared = Shared(clock, host=host)
        self._last: Login | None = None

    @property
    def last(self) -> Login | None:
        """The latest login, for a word after a cancel; None before the first."""
        return self._last

    def login(self) -> Login:
        """Log in where nobody has; raises CredentialsError."""
        login: Login = self._shared.get("login", self._log_in)
        self._last = login
        return login

    def run(self, call: Callable[[Login], T]) -> T:
        """Call with the session; with a new one where the org does not accept it any more."""
        self._clock.check()
        login = self.login()
        try:
            return call(login)
        except SessionExpiredError as expired:
            if not login.renewable:
                raise CredentialsError(
                    f"{self._host} does not accept the access token (any more): it answered {expired}.\n"
                    "Put a fresh one in the variable that salesforce:credentials.accessTokenEnv names; "
                    "a sandbox refresh ends all of its sessions.",
                ) from None
        self._shared.drop("login", answer=login)
        try:
            return call(self.login())
        except SessionExpiredError as expired:
            raise CredentialsError(
                f"{self._host} does not accept a session it just gave: it answered {expired}.\n"
                "Check that the login may use the API: its permission API Enabled, and API Access Control in Setup."
            ) from None

"""Access tokens: made, found again, checked, ended. A session lives on while it is used (platform notes 4.4)."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass
from typing import Any

from localorg.clock import Clock
from localorg.errors import invalid_session
from localorg.identity.jwt_tokens import JWT_BEGIN, Signer
from localorg.orgs import Org
from localorg.store import Store

PLATFORM_CLI = "PlatformCLI"
_ALPHABET = string.ascii_letters + string.digits + "._"


@dataclass(frozen=True)
class Session:
    """One login. `expires` is in the landscape's seconds, None for never; `address`: the only one it may be used from."""

    token: str
    org: str
    user_id: str
    consumer_key: str
    scope: str
    created: float
    expires: float | None
    address: str = ""

    @property
    def scopes(self) -> frozenset[str]:
        """The granted scopes."""
        return frozenset(self.scope.split())


class Sessions:
    """The sessions of all orgs."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._signer = Signer(store)

    def start(
        self,
        org: Org,
        user_id: str,
        consumer_key: str,
        scope: str,
        *,
        timeout: float | None,
        reuse: bool = False,
        as_jwt: bool = False,
        address: str = "",
    ) -> str:
        """Return an access token; with `reuse`, that of a session that lives already. No timeout: it never ends.

        `as_jwt`: in the form of a JSON Web Token, as an app with that switch gets them. `address`: bound to it.
        """
        now = self._clock.now()
        if reuse:
            row = self._store.one(
                "SELECT token FROM _Session WHERE org = ? AND user_id = ? AND consumer_key = ? AND scope = ? "
                "AND address = ? AND expires > ? AND token LIKE ? ORDER BY created DESC LIMIT 1",
                (
                    org.name,
                    user_id,
                    consumer_key,
                    scope,
                    address,
                    now,
                    JWT_BEGIN + "%" if as_jwt else org.org_id[:15] + "%",
                ),
            )
            if row:
                self._store.do(
                    "UPDATE _Session SET expires = ?, timeout = ? WHERE token = ?",
                    (now + (timeout or 0), timeout, row["token"]),
                )
                return str(row["token"])
        expires = None if timeout is None else now + timeout
        if as_jwt:
            token = self._signer.sign(org, user_id, consumer_key, scope, now=now, expires=expires)
        else:
            token = f"{org.org_id[:15]}!AQ{random_text(94)}"
        row = {
            "token": token,
            "org": org.name,
            "user_id": user_id,
            "consumer_key": consumer_key,
            "scope": scope,
            "created": now,
            "expires": expires,
            "timeout": timeout,
            "address": address,
        }
        self._store.put("_Session", row)
        return token

    def token_keys(self) -> list[dict[str, Any]]:
        """Return the public keys of tokens that are JSON Web Tokens."""
        return self._signer.public_keys()

    def check(self, org: str, token: str, address: str, *, prolong: bool = True) -> Session:
        """Return the session of a token that is used from an address. Raises PlatformError INVALID_SESSION_ID."""
        session = self.find(token, address, prolong=prolong)
        if session is None or session.org != org:
            raise invalid_session()
        return session

    def find(self, token: str, address: str | None = None, *, prolong: bool = True) -> Session | None:
        """Return the live session of a token of any org, prolonging it in the second half of its life.

        `address`: whence it is used; a session that is bound to another one is not found.
        """
        row = self._store.one("SELECT * FROM _Session WHERE token = ?", (token,))
        now = self._clock.now()
        if row is None or (row["expires"] is not None and row["expires"] <= now):
            return None
        if row["address"] and address not in {None, row["address"]}:
            return None
        if prolong and row["expires"] is not None and row["expires"] - now < row["timeout"] / 2:
            self._store.do("UPDATE _Session SET expires = ? WHERE token = ?", (now + row["timeout"], token))
        return Session(
            row["token"],
            row["org"],
            row["user_id"],
            row["consumer_key"],
            row["scope"],
            row["created"],
            row["expires"],
            row["address"],
        )

    def keep(self, token: str) -> None:
        """Let a session live on as if it had been used all the time until now."""
        self._store.do("UPDATE _Session SET expires = ? + timeout WHERE token = ?", (self._clock.now(), token))

    def end(self, token: str) -> bool:
        """End a session; tell whether there was one."""
        return self._store.do("DELETE FROM _Session WHERE token = ?", (token,)) > 0

    def end_all(self, org: str, user_id: str) -> None:
        """End every session of a user: the user was deactivated or frozen."""
        self._store.do("DELETE FROM _Session WHERE org = ? AND user_id = ?", (org, user_id))

    def end_app(self, org: str, consumer_key: str) -> None:
        """End every session of an app: it was blocked."""
        self._store.do("DELETE FROM _Session WHERE org = ? AND consumer_key = ?", (org, consumer_key))

    def sweep(self) -> None:
        """Forget the sessions that ended by themselves."""
        self._store.do("DELETE FROM _Session WHERE expires IS NOT NULL AND expires <= ?", (self._clock.now(),))


def random_text(length: int) -> str:
    """Return random text of the characters that tokens have."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))

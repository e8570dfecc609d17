"""Access tokens in the form of JSON Web Tokens, for apps that issue them (platform notes 6.1). SOAP takes them from 68.0 on.

They are signed by a key of the landscape, which `/id/keys` shows; it is made when the first of them is.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from localorg.orgs import Org
from localorg.store import Store

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey

JWT_BEGIN = "eyJ"
_SETTING = "tokenKey"


def is_jwt(token: str) -> bool:
    """Tell whether a token has the form of a JSON Web Token."""
    return token.startswith(JWT_BEGIN) and token.count(".") == 2  # noqa: PLR2004 — header, payload, signature


class Signer:
    """Makes the tokens of one landscape."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._key: RSAKey | None = None

    def sign(self, org: Org, user_id: str, consumer_key: str, scope: str, *, now: float, expires: float | None) -> str:
        """Return a token for a session. Times in seconds since the epoch."""
        from joserfc import jwt
        from joserfc.jws import JWSRegistry

        key = self._signing_key()
        header = {
            "tnk": f"core/prod/{org.org_id}",
            "ver": "1.0",
            "kid": key.kid,
            "tty": "sfdc-core-token",
            "typ": "JWT",
            "alg": "RS256",
        }
        claims = {
            "scp": scope,
            "aud": [org.url],
            "sub": f"uid:{user_id}",
            "nbf": int(now) - 30,
            "mty": "oauth",
            "sfi": secrets.token_hex(32),
            "roles": [],
            "iss": org.url,
            "hsc": False,
            "iat": int(now),
            "client_id": consumer_key,
            **({} if expires is None else {"exp": int(expires)}),
        }
        return jwt.encode(header, claims, key, registry=JWSRegistry(strict_check_header=False))

    def public_keys(self) -> list[dict[str, Any]]:
        """Return the key that the tokens are signed with, as a JWK; none where no token was made."""
        return [] if self._store.setting(_SETTING) is None else [dict(self._signing_key().as_dict(private=False))]

    def _signing_key(self) -> RSAKey:
        from joserfc.jwk import RSAKey

        if self._key is None:
            kept = self._store.setting(_SETTING)
            if kept is None:
                made = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
                kept = made.as_dict(private=True)
                self._store.set_setting(_SETTING, kept)
            self._key = RSAKey.import_key(kept)
        return self._key

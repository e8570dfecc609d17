"""A JWT bearer assertion: read without trust, then verified against the certificate that arrived in a deploy.

What is lenient here is what the platform is known to accept (platform notes 4.2): `exp` as number or text, seconds or
milliseconds, and a little late.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from localorg.errors import OAuthError

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey
    from joserfc.jws import CompactSignature

ALGORITHMS = ["RS256"]
STRICT_LIFE = 180.0
MILLISECONDS_FROM = 1e11
_MAX_ASSERTION = 16_384


def invalid_assertion() -> OAuthError:
    """Return the platform's answer to a malformed token, or one for an app without a certificate."""
    return OAuthError("invalid_grant", "invalid assertion")


def invalid_client() -> OAuthError:
    """Return the platform's answer to a wrong secret, or to a signature of another key than the certificate's."""
    return OAuthError("invalid_client", "invalid client credentials")


@dataclass(frozen=True)
class Assertion:
    """The claims of an assertion that nobody has verified yet."""

    issuer: str
    subject: str
    audiences: tuple[str, ...]
    expires: float | None
    _signed: CompactSignature

    def verify(self, certificate: str, *, foreign: OAuthError) -> None:
        """Check the signature (RSA SHA-256 only).

        Raises OAuthError: `invalid assertion` where the app has no certificate, `foreign` where it is another key's.
        """
        from joserfc import jws
        from joserfc.errors import JoseError

        if not certificate:
            raise invalid_assertion()
        try:
            good = jws.validate_compact(self._signed, _key(certificate), algorithms=ALGORITHMS)
        except (JoseError, ValueError, TypeError):
            good = False
        if not good:
            raise foreign

    def check_time(self, now: float, *, skew: float, strict: bool) -> None:
        """Check `exp`. Raises OAuthError; an expired one is called an authorization code by the platform (4.5)."""
        if self.expires is None:
            raise invalid_assertion()
        if self.expires < now - skew:
            raise OAuthError("invalid_grant", "expired authorization code")
        if strict and self.expires > now + STRICT_LIFE + skew:
            raise invalid_assertion()


def read_assertion(text: str) -> Assertion:
    """Read an assertion. Raises OAuthError `invalid assertion` for anything that is no JWT with RS256."""
    from joserfc import jws
    from joserfc.errors import JoseError

    if len(text) > _MAX_ASSERTION:
        raise invalid_assertion()
    try:
        signed = jws.extract_compact(text.encode("ascii"))
        claims = json.loads(signed.payload)
        algorithm = signed.headers().get("alg")
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
        raise invalid_assertion() from None
    if not isinstance(claims, dict) or algorithm not in ALGORITHMS:
        raise invalid_assertion()
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    return Assertion(
        issuer=_text(claims.get("iss")),
        subject=_text(claims.get("sub")) or _text(claims.get("prn")),
        audiences=tuple(_text(each).rstrip("/") for each in audiences),
        expires=_seconds(claims.get("exp")),
        _signed=signed,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _seconds(value: Any) -> float | None:
    """Return `exp` in seconds: clients send numbers, texts and milliseconds (platform notes 4.2)."""
    try:
        number = float(value) if not isinstance(value, bool) else None
    except (TypeError, ValueError):
        return None
    if number is None or number != number:  # noqa: PLR0124 — the one test that finds a NaN
        return None
    return number / 1000 if number > MILLISECONDS_FROM else number


@lru_cache(maxsize=256)
def _key(certificate: str) -> RSAKey:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from joserfc.jwk import RSAKey

    from localorg.identity.certificates import load_certificate

    public = load_certificate(certificate).public_key()
    return RSAKey.import_key(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

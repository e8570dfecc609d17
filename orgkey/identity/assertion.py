"""The signed assertion of a JWT bearer grant (RFC 7523), as Salesforce wants it: RS256, short-lived, integer seconds.

The platform's side of it is in platform notes 4.1 and 4.2.
"""

from __future__ import annotations

LONGEST_LIFE = 180  # seconds: "within 3 minutes" by today's documentation; older pages say 5


def sign_assertion(
    private_key: str | bytes,
    *,
    consumer_key: str,
    username: str,
    audience: str,
    now: float,
    jti: str,
    life: int = LONGEST_LIFE,
) -> str:
    """Return the compact JWT: `iss` consumer key, `sub` user name, `aud` one audience, `exp` at most 180 s from `now` (epoch seconds).

    `private_key` is an RSA key in any form that `reading` takes. `jti` makes each assertion its own; pass a fresh random value.
    Raises ValueError for a longer life, and for a key that cannot sign: a text that finishes the sentence "the key …".
    """
    if not 0 < life <= LONGEST_LIFE:
        raise ValueError(f"an assertion lives 1 to {LONGEST_LIFE} seconds, not {life}")
    issued = int(now)
    import jwt

    from orgkey.identity.reading import read_key

    claims = {"iss": consumer_key, "sub": username, "aud": audience, "iat": issued, "exp": issued + life, "jti": jti}
    return jwt.encode(claims, read_key(private_key), algorithm="RS256")

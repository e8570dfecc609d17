"""How LoginHistory.Status words a login (platform notes 4.5): `Success`, or `Failed:` and a phrase of its own."""

from __future__ import annotations

from localorg.errors import OAuthError
from localorg.identity.preauthorization import NOT_APPROVED, NOT_PREAUTHORIZED

_STATUS = {
    NOT_PREAUTHORIZED: "Failed: Not approved for access",
    NOT_APPROVED: "Failed: Not approved for access",
    "this app is blocked by admin": "Failed: Not approved for access",
    "ip restricted": "Restricted IP",
    "user is inactive": "User is Inactive",
    "inactive user": "User is Inactive",
    "user is locked": "User Locked Out",
    "login rate exceeded": "Login Rate Exceeded",
}
"""Sourced: `Success` and `Not approved for access`; the others are assumed."""


def login_status(refusal: OAuthError | None) -> str:
    """Return the Status of a login."""
    if refusal is None:
        return "Success"
    return _STATUS.get(refusal.description, "Failed: " + refusal.description[:1].upper() + refusal.description[1:])

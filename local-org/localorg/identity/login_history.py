"""How LoginHistory.Status words a login (platform notes 4.5): `Success`, or `Failed:` and a phrase of its own."""

from __future__ import annotations

from localorg.errors import OAuthError
from localorg.identity.blocking import BLOCKED
from localorg.identity.preauthorization import NOT_APPROVED, NOT_PREAUTHORIZED

_STATUS = {
    NOT_PREAUTHORIZED: "Failed: Not approved for access",
    NOT_APPROVED: "Failed: Not approved for access",
    BLOCKED: "Failed: Not approved for access",
    "ip restricted": "Restricted IP",
    "ip restricted or invalid login hours": "Restricted Time",
    "user is inactive": "User is Inactive",
    "inactive user": "User is Inactive",
    "login rate exceeded": "Login Rate Exceeded",
}
"""Sourced: `Success` and `Not approved for access`. The phrases of the others are those of the login events (LOGIN_STATUS of the
event log, reports of administrators); that a JWT login leaves them too is assumed, and so is every other."""
FROZEN, PASSWORD_LOCKED = "User Is Frozen", "Password Lockout"


def login_status(refusal: OAuthError | None, phrase: str = "") -> str:
    """Return the Status of a login. `phrase`: that of a refusal whose words do not tell the reason."""
    if refusal is None:
        return "Success"
    if phrase:
        return phrase
    return _STATUS.get(refusal.description, "Failed: " + refusal.description[:1].upper() + refusal.description[1:])

"""What an org answers instead of a result. Endpoints render these as JSON, SOAP fault or OAuth error."""

from __future__ import annotations


class PlatformError(Exception):
    """A refusal in the platform's own words: REST shows it as an array of one error, SOAP as a fault.

    `code` is the platform's error code, `status` the HTTP status of the REST API (SOAP faults are always 500).
    """

    def __init__(self, code: str, message: str, *, status: int = 400, fields: tuple[str, ...] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields


class OAuthError(Exception):
    """A refusal of the OAuth endpoints (platform notes 4.5): `{"error": …, "error_description": …}`, HTTP 400 unless noted."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status


class LandscapeError(Exception):
    """The landscape itself cannot do what was asked (bad configuration, unknown org): no platform has these words."""


def not_found(message: str = "The requested resource does not exist") -> PlatformError:
    """Return the platform's 404 (platform notes 5.7)."""
    return PlatformError("NOT_FOUND", message, status=404)


def invalid_session() -> PlatformError:
    """Return the answer to a token that is unknown, expired or of another org (platform notes 5.7)."""
    return PlatformError("INVALID_SESSION_ID", "Session expired or invalid", status=401)


def insufficient_access(what: str) -> PlatformError:
    """Return the answer to a caller whose profile and permission sets do not allow `what`."""
    return PlatformError(
        "INSUFFICIENT_ACCESS",
        f"insufficient access rights on cross-reference id: use of the {what} is not allowed",
        status=403,
    )


def gack() -> PlatformError:
    """Return the answer to a request that meets an error of the platform's own."""
    words = "An unexpected error occurred. Please include this ErrorId if you contact support: 1046-31250 (-1403122318)"
    return PlatformError("UNKNOWN_EXCEPTION", words, status=500)


def locked() -> PlatformError:
    """Return the answer to a write of what another change holds (platform notes 5.7)."""
    return PlatformError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")

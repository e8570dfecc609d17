"""Consumer keys and secrets: chosen or generated, and unique over all orgs of the landscape (platform notes 1.3, 1.8)."""

from __future__ import annotations

import re
import secrets
import string

from localorg.metadata.change import Change, ComponentError

TAKEN = "The consumer key is already taken."
CANNOT_PROVIDE = "You cannot provide a Consumer Key"
_LOOKS_LIKE_A_KEY = re.compile(r"[A-Za-z0-9._+/=-]{8,256}")
_ALPHABET = string.ascii_letters + string.digits


def claim_key(change: Change, app_id: str, chosen: str) -> str:
    """Register a new app's consumer key, generating one when none was chosen. Raises ComponentError."""
    if chosen and not _LOOKS_LIKE_A_KEY.fullmatch(chosen):
        raise ComponentError("The consumer key must be 8 to 256 alphanumeric characters.", "FIELD_INTEGRITY_EXCEPTION")
    key = chosen or "3MVG9" + "".join(secrets.choice(_ALPHABET + "._") for _ in range(80))
    if change.store.one("SELECT 1 FROM _ConsumerKey WHERE consumer_key = ?", (key,)):
        raise ComponentError(TAKEN, "DUPLICATE_VALUE")
    change.store.put("_ConsumerKey", {"consumer_key": key, "org": change.org.name, "app_id": app_id})
    return key


def release_keys(change: Change, app_id: str) -> None:
    """Free the keys of an app that is deleted: the same key may come back with a new app (platform notes 1.9)."""
    change.store.do("DELETE FROM _ConsumerKey WHERE org = ? AND app_id = ?", (change.org.name, app_id))


def new_secret() -> str:
    """Return a consumer secret as the platform generates them: 64 hexadecimal digits."""
    return secrets.token_hex(32).upper()

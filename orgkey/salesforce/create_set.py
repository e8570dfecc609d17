"""A new permission set, made by one synchronous call in place of a deploy that waits in a queue (platform notes 5.1; ADR 15).

createMetadata makes what is not there and never changes what is; that is why it is taken, and not upsertMetadata.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from orgkey.metadata.codec import children, text_of
from orgkey.metadata.render import Member
from orgkey.salesforce import soql
from orgkey.salesforce.errors import (
    ConflictError,
    CredentialsError,
    RefusedError,
    SilentError,
    UnreachableError,
    host_of,
)
from orgkey.salesforce.org import Org

_PAUSE = 0.2  # seconds
_THERE_ALREADY = "DUPLICATE_"


def create_set(org: Org, member: Member, *, progress: Callable[[str], None] = lambda _: None) -> bool:
    """Make a permission set that was not there when the org was asked; whether the org says that it did.

    Else the caller deploys it: a deploy may do what this call may not, tells the reason of a refusal in words that are known, and where
    the answer was lost it brings the same content once more. Raises ConflictError where there is a set of this name by now, SilentError
    where no answer came in time.
    """
    from orgkey.salesforce.soap import create_metadata

    try:
        with org.clock.holding(org.writing, host=org.host):
            (result,) = create_metadata(org, member.type, [member])
    except SilentError:
        _wait_for_arrival(org, member.full_name, progress)
        raise
    except (RefusedError, CredentialsError, UnreachableError):
        return False
    if text_of(result, "success") == "true":
        return True
    codes = [text_of(error, "statusCode") or "" for error in children(result, "errors")]
    if any(code.startswith(_THERE_ALREADY) for code in codes):
        raise ConflictError(
            f"{host_of(org.url)} has a permission set {member.full_name} by now, which was not there a moment ago.\n"
            "Nothing was changed. Run the same command again: it says whose it is."
        )
    return False


def _wait_for_arrival(org: Org, name: str, progress: Callable[[str], None]) -> None:
    """Look for a set whose call got no answer, as long as the answer was waited for: the org may take it up any moment."""
    clock = org.clock
    until = clock.monotonic() + min(org.transport.patience, clock.seconds_left())
    with contextlib.suppress(RefusedError, UnreachableError, CredentialsError):  # the lost answer is what is told
        while not org.query(soql.permission_set(name)) and clock.monotonic() + _PAUSE < until:
            progress("the answer was lost; looking whether the org makes the permission set")
            clock.wait(_PAUSE)

"""THE CAUSE TABLE: why a JWT login fails, one row per cause.

A row says which failures a cause can show itself by, which evidence proves it or excludes it, what to do, and where that is known from.
Of causes that are possible alike the first is told first; one that is proved hides what comes after it and is about the same thing.
"""

from __future__ import annotations

from collections.abc import Sequence

from orgkey.doctor.causes import access, app, machine
from orgkey.doctor.causes.cause import Cause

CAUSES: Sequence[Cause] = (*machine.CAUSES, *app.CAUSES, *access.CAUSES, access.WITHOUT_REASON)
"""Every cause."""

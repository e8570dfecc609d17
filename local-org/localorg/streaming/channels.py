"""Which channels an org has: one for each platform event, and those of Change Data Capture."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable

from localorg.knobs import Knobs

CAPTURED = ("User",)
"""The objects here whose changes are captured; of those that Change Data Capture supports, the landscape has no other."""
ALL_CHANGES = "/data/ChangeEvents"
ANY = "*"
_EVENT = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_{1,2}[A-Za-z0-9]+)*__e")


def has_platform_event(knobs: Knobs, org: str, name: str) -> bool:
    """Tell whether an org has a platform event of that API name: by knob every well-formed one, or those that are listed."""
    if not _EVENT.fullmatch(name):
        return False
    listed = [each.strip() for each in str(knobs.get("platform_events", org)).split(",")]
    return ANY in listed or name in listed


def event_channel(name: str) -> str:
    """Return a platform event's channel."""
    return f"/event/{name}"


def change_channels(entity: str) -> tuple[str, str]:
    """Return the channels that tell of an object's changes: its own, and the one for all objects."""
    return f"/data/{entity}ChangeEvent", ALL_CHANGES


def has_channel(knobs: Knobs, org: str, channel: str) -> bool:
    """Tell whether an org has a channel. The case of its name counts (platform notes 6.4)."""
    if channel.startswith("/event/"):
        return has_platform_event(knobs, org, channel.removeprefix("/event/"))
    return any(channel in change_channels(entity) for entity in CAPTURED)


def schema_id(name: str, fields: Iterable[str]) -> str:
    """Return the id of an event's schema: 22 characters that change with the fields."""
    digest = hashlib.sha256("\n".join([name, *sorted(fields)]).encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()

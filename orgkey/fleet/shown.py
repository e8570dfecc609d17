"""Values for people: what was declared and what was found, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_SHOWN = 8  # items of a list in a summary


def listed(items: Sequence[Any]) -> str:
    """The first items, and how many more there are."""
    texts = [shown(item) for item in items[:_SHOWN]]
    return ", ".join(texts) + (f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else "")


def shown(value: Any) -> str:
    """A value for people."""
    match value:
        case None | "" | [] | ():
            return "nothing"
        case bool():
            return "on" if value else "off"
        case list() | tuple():
            return listed(value)
        case Mapping():
            return "-".join(str(value[name]) for name in ("start", "end") if name in value)
    return str(value)

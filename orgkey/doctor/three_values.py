"""Kleene's three values (Introduction to Metamathematics, 64): what was not seen, None, makes nothing certain, neither way."""

from __future__ import annotations

Seen = bool | None


def both(*seen: Seen) -> Seen:
    """All of them."""
    if any(each is False for each in seen):
        return False
    return None if any(each is None for each in seen) else True


def either(*seen: Seen) -> Seen:
    """At least one of them."""
    if any(each is True for each in seen):
        return True
    return None if any(each is None for each in seen) else False


def no(seen: Seen) -> Seen:
    """The contrary."""
    return None if seen is None else not seen


def only_if(seen: Seen) -> Seen:
    """True, or None: without it nothing is certain, and nothing is excluded either."""
    return seen or None

"""How the Metadata API names profiles: some standard ones have a name of their own there."""

from __future__ import annotations

API_NAMES = {"System Administrator": "Admin", "Standard User": "Standard"}
"""Label -> name in metadata, where they differ."""


def label_of(name: str) -> str:
    """Return a profile's label, from its label or its name in the Metadata API."""
    return next((label for label, own in API_NAMES.items() if own == name), name)

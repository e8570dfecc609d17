"""The form of the outputs in state: which one this version writes, and that a newer one is not misread.

A state without a version is of the time before there were versions; every version since reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orgkey.salesforce.errors import SettingError

NAME = "stateVersion"
CURRENT = 1
"""Goes up by one when outputs change so that an older version would misread them."""


def stamped(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs as they go into state."""
    return {**outputs, NAME: CURRENT}


def refuse_newer(outputs: Mapping[str, Any]) -> None:
    """Raise SettingError for a state that a newer version has written: what it means by its outputs is not known here."""
    found = outputs.get(NAME, 0)
    if isinstance(found, int | float) and found > CURRENT:
        raise SettingError(
            f"This stack's state was written by a newer orgkey (form {found:.0f}; this one knows up to {CURRENT}), and nothing was done.\n"
            "Install the newer version here too: `pip install --upgrade orgkey`."
        )

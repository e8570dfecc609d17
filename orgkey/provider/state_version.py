"""The form of the outputs in state: which one this version writes, how it reads older ones, and that a newer one is not misread.

A state without a version is of the time before there were versions; every version since reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orgkey.salesforce.errors import SettingError

NAME = "stateVersion"
CURRENT = 1
"""Goes up by one when outputs change so that an older version would misread them."""

_RENAMED: Mapping[str, Mapping[str, str]] = {
    "PermissionSetAssignments": {"given": "groupAssignmentIds", "extra": "undeclaredUsers"},
}
"""Names of outputs before there were versions, by resource, and their names since."""


def upgraded(resource: str, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs of any older form in the present one."""
    renamed = _RENAMED.get(resource, {})
    found = {renamed.get(name, name): value for name, value in outputs.items() if renamed.get(name) not in outputs}
    if resource == "JwtGrant" and "reason" in found and "reasonCode" not in found:  # `code: text` stood in one
        code, separator, text = str(found["reason"]).partition(": ")
        found |= {"reasonCode": code if separator else "", "reason": text if separator else code}
    return found


def stamped(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs as they go into state."""
    return {**outputs, NAME: CURRENT}


def refuse_newer(outputs: Mapping[str, Any]) -> None:
    """Raise SettingError for a state that a newer version has written: what it means by its outputs is not known here."""
    found = outputs.get(NAME, 0)
    if isinstance(found, int | float) and found > CURRENT:
        raise SettingError(
            f"This stack's state was written by a newer orgkey (form {found:.0f}; this one knows up to {CURRENT}), and nothing was done.\n"
            "Install the newer version here too (docs/guides/upgrading.md)."
        )

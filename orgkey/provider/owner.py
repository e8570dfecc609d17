"""Whose a thing in an org is, as a stack sees it by the ownership marker."""

from __future__ import annotations

from orgkey.metadata.identifiers import same_id
from orgkey.metadata.ownership import Marker
from orgkey.provider.handler import Operation, Values
from orgkey.provider.urn import Urn

MANAGED_BY = "managedBy"
"""The input that names the owner."""


def present_manager(marker: Marker | None, inputs: Values, operation: Operation) -> str:
    """Owner and stack as a Read takes them: those of the state's inputs, or the stack's present name where the marker has that already.

    After `pulumi stack rename`, what an `up` has written bears the new name before all of the state does.
    """
    manager = str(inputs.get(MANAGED_BY) or "")
    renamed = f"{manager.split('/', 1)[0]}/{Urn.parse(operation.urn).stack}"
    return renamed if manager and marker is not None and marker.manager == renamed else manager


def managed_by(marker: Marker | None, org_id: str) -> str:
    """The owner that a marker names, as an input: with the org where it is another one's; empty without a marker."""
    if marker is None:
        return ""
    return marker.manager if same_id(marker.org_id, org_id) else f"{marker.manager} in {marker.org_id}"

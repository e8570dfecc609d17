"""Whose a permission set is, for who is given it: the holders of somebody else's are left alone."""

from __future__ import annotations

from collections.abc import Sequence

from orgkey.metadata.ownership import Ownership, unmark
from orgkey.model.assignments import PermissionSetAssignmentsArgs
from orgkey.provider.handler import Operation, Values
from orgkey.provider.owner import present_manager
from orgkey.salesforce import soql
from orgkey.salesforce.access import Holders, read_holders
from orgkey.salesforce.errors import ConflictError, host_of
from orgkey.salesforce.org_identity import ownership_of


def refuse_anothers(args: PermissionSetAssignmentsArgs, managers: Sequence[Values], operation: Operation) -> Holders:
    """Who holds the set; raises ConflictError where it is somebody else's to all of `managers`, which are inputs with a `managedBy`."""
    asked_next = [*soql.users(args.users), *([*soql.groups(args.groups)] if args.groups else [])]
    holders = read_holders(
        operation.snapshot, args.permission_set, users=args.users, groups=args.groups, also=asked_next
    )
    whose = [other_manager(holders, inputs, operation) for inputs in managers]
    if all(whose):
        raise ConflictError(
            f"{host_of(operation.org.url)} has the permission set {args.permission_set}, and it is managed by orgkey {whose[0]}.\n"
            "Nothing was changed. Choose another orgkey:permissionSet.name, or take the set over first "
            "(docs/guides/moving-a-stack.md)."
        )
    return holders


def other_manager(holders: Holders, inputs: Values, operation: Operation) -> str:
    """Owner and stack of somebody else who manages the set by now; empty where it is ours, nobody's, or a sandbox's copy of ours."""
    manager, (_, marker) = str(inputs.get("managedBy") or ""), unmark(holders.description)
    if not manager or marker is None:
        return ""
    another = ownership_of(marker, manager, operation.snapshot.identity()) is Ownership.ANOTHERS
    return marker.manager if another else ""


def present_manager_input(holders: Holders, inputs: Values, operation: Operation) -> dict[str, str]:
    """The input that names the owner, as a Read takes it; nothing where there is none."""
    _, marker = unmark(holders.description)
    return {"managedBy": present_manager(marker, inputs, operation)} if inputs.get("managedBy") else {}

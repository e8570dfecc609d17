"""Outputs of PermissionSetAssignments: who held the set at the last look, and which assignments to groups are this stack's to end."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from orgkey.metadata.identifiers import name_key
from orgkey.model.assignments import PermissionSetAssignmentsArgs
from orgkey.provider.assignment_inputs import names_in
from orgkey.provider.handler import Operation, Values
from orgkey.provider.wire import has_unknown
from orgkey.salesforce.access import Assignment, Holders, PartlyDoneError

OUTPUTS = (
    "assignments",
    "groupAssignmentIds",
    "managedExpirationIds",
    "undeclaredUsers",
    "byGroup",
    "revision",
    "orgId",
    "instanceUrl",
    "claim",
)


def outputs_of(
    inputs: Values,
    args: PermissionSetAssignmentsArgs,
    holders: Holders,
    group_assignment_ids: Sequence[str],
    own_ends: Collection[str],
    before: Values,
    operation: Operation,
) -> dict[str, Any]:
    """What goes into state after a look at who holds the set; `own_ends` are ids of assignments whose end is this stack's.

    The revision has the records' ids in it: an assignment that was taken away and given back is a change to be proved.
    """
    listed = [shown(item) for item in (*holders.of(args.users), *holders.memberships)]
    digest = hashlib.sha256(
        repr((holders.permission_set_id, [tuple(item.values()) for item in listed])).encode()
    ).hexdigest()
    return {
        **inputs,
        "assignments": listed,
        "groupAssignmentIds": list(group_assignment_ids),
        "managedExpirationIds": [item.assignment_id for item in holders.assignments if item.assignment_id in own_ends],
        "undeclaredUsers": [item.username for item in holders.others(args.users, operation.clock.now())],
        "byGroup": [],
        "revision": digest[:16],
        "orgId": operation.snapshot.identity().org_id,
        "instanceUrl": operation.org.url,
        "claim": _claim(before),
    }


def outputs_so_far(inputs: Values, before: Values, done: PartlyDoneError, operation: Operation) -> dict[str, Any]:
    """What is known when the org failed in the middle, without asking it: the last read, and what was done. The next read corrects it."""
    made = done.made
    return {
        **inputs,
        "assignments": [*(before.get("assignments") or ()), *map(shown, made)],
        "groupAssignmentIds": [
            *(before.get("groupAssignmentIds") or ()),
            *(item.assignment_id for item in made if item.group),
        ],
        "managedExpirationIds": sorted(
            {*own_ends(before), *(item.assignment_id for item in made if not item.group), *done.renewed}
        ),
        "undeclaredUsers": before.get("undeclaredUsers") or [],
        "revision": "",
        "orgId": operation.snapshot.identity().org_id,
        "instanceUrl": operation.org.url,
        "claim": _claim(before),
    }


def _claim(before: Values) -> str:
    """What tells this resource from another one for the same set, made by a Create or an import (ADR 10)."""
    return str(before.get("claim") or uuid.uuid4())


def shown(item: Assignment) -> dict[str, str]:
    """An assignment as the outputs show it."""
    group = {"group": item.group} if item.group else {}
    expires = {"expires": item.expires} if item.expires else {}
    return {"username": item.username, "userId": item.user_id, "id": item.assignment_id, **group, **expires}


def recorded_users(outputs: Values) -> Sequence[str] | None:
    """Who holds the set by the last read, of those who were declared then."""
    listed = outputs.get("assignments")
    if not isinstance(listed, list | tuple):
        return None
    direct = [name_key(str(item["username"])) for item in listed if not item.get("group")]
    return sorted([*direct, *(name_key(str(user)) for user in outputs.get("byGroup") or ())])


def own_ends(outputs: Values) -> set[str]:
    """Ids of the assignments to the set whose end this stack decided: it made them, or changed their end.

    States from before this was recorded have none of others: each `up` set the ends of all who were declared.
    """
    recorded = outputs.get("managedExpirationIds")
    if recorded is None:
        recorded = [item["id"] for item in outputs.get("assignments") or () if not item.get("group")]
    return set(map(str, recorded))


def memberships(outputs: Values) -> list[Mapping[str, str]]:
    """Assignments to groups by the last read."""
    return [item for item in outputs.get("assignments") or () if item.get("group")]


def ending_memberships(outputs: Values, inputs: Values) -> list[Mapping[str, str]]:
    """Assignments to groups that we made and that are declared no more."""
    made, users, groups = (
        set(outputs.get("groupAssignmentIds") or ()),
        names_in(inputs, "users"),
        names_in(inputs, "groups"),
    )
    return [
        item
        for item in memberships(outputs)
        if item["id"] in made and (name_key(item["username"]) not in users or name_key(item["group"]) not in groups)
    ]


def present_group_assignments(outputs: Values, holders: Holders) -> list[str]:
    """Those of the assignments to groups made by us that are there still."""
    ids = set(outputs.get("groupAssignmentIds") or ())
    return [item.assignment_id for item in holders.memberships if item.assignment_id in ids]


def only_names_holders(old_inputs: Values, old_outputs: Values, inputs: Values) -> bool:
    """Whether an import's first update names none but users who hold the set already: what changes then is who manages, which it shows."""
    if (
        old_inputs.get("managedBy")
        or not inputs.get("managedBy")
        or has_unknown(inputs.get("users"))
        or has_unknown(inputs.get("managedBy"))
    ):
        return False
    holding = {name_key(str(user)) for user in old_outputs.get("undeclaredUsers") or ()}
    return not old_inputs.get("users") and set(names_in(inputs, "users")) <= holding

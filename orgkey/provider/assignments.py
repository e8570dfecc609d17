"""PermissionSetAssignments: who must hold a permission set, as one resource for the whole list.

Authoritative (the default) means that nobody else holds it; users who do are drift, and the next `up` takes it from them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, ClassVar

from metadata.check import Problem
from orgkey.model.assignments import PermissionSetAssignmentsArgs
from orgkey.model.connection import Connection
from orgkey.provider.handler import Diff, Handler, InitFailedError, ReadResult, Values, Workplace, unknown_outputs
from orgkey.provider.wire import UNKNOWN
from orgkey.provider.written import as_args, changed, check_written, replacing
from orgkey.salesforce.access import Holders, read_holders, remove_assignments, set_holders
from orgkey.salesforce.errors import UnknownUsersError

_OUTPUTS = ("assignments", "extra", "revision", "orgId")


class PermissionSetAssignmentsHandler(Handler):
    """See the module."""

    name: ClassVar[str] = "PermissionSetAssignments"

    def check(self, values: Values, connection: Connection | None) -> tuple[Values, list[Problem]]:
        return check_written(PermissionSetAssignmentsArgs, values)

    def diff(self, old_inputs: Values, old_outputs: Values, inputs: Values, now: float) -> Diff:
        names = changed(("permissionSet", "authoritative"), old_inputs, inputs)
        if _users(old_inputs) != _users(inputs) or inputs.get("users") is UNKNOWN:
            names.append("users")
        # A user who was given the set by an `up` that did not hear the answer, or by somebody else, is in no output yet.
        stale = "users" not in names and _recorded(old_outputs) not in (None, _users(inputs))
        replaces = replacing(PermissionSetAssignmentsArgs, names)
        return Diff(
            inputs=names,
            outputs=["assignments"] if stale else [],
            replaces=replaces,
            warnings=_who_loses(old_inputs, old_outputs, inputs, replaces=bool(replaces)),
        )

    def plan(self, inputs: Values, old_outputs: Values | None, diff: Diff | None) -> Values:
        planned = unknown_outputs(inputs, _OUTPUTS)
        return planned if old_outputs is None else {**planned, "orgId": old_outputs.get("orgId", UNKNOWN)}

    def create(self, inputs: Values, place: Workplace) -> tuple[str, Values]:
        args = as_args(PermissionSetAssignmentsArgs, inputs)
        return args.permission_set, self._put(inputs, args, place)

    def read(self, resource_id: str, inputs: Values, outputs: Values, place: Workplace) -> ReadResult | None:
        holders = read_holders(place.snapshot, resource_id)
        if holders is None:
            return None
        if not inputs:  # an import is additive: who holds the set already keeps it, and is nobody's to take it from
            inputs = {"permissionSet": resource_id, "users": [], "authoritative": False}
        args = as_args(PermissionSetAssignmentsArgs, inputs)
        held = {item.username.lower() for item in holders.of(args.users)}
        users = [user for user in args.users if user.lower() in held]
        if args.authoritative:
            users += [item.username for item in holders.others(args.users)]
        return ReadResult(
            resource_id, {**inputs, "users": users}, _outputs({**inputs, "users": users}, args, holders, place)
        )

    def update(
        self, resource_id: str, old_inputs: Values, old_outputs: Values, inputs: Values, place: Workplace
    ) -> Values:
        args = as_args(PermissionSetAssignmentsArgs, inputs)
        return self._put(inputs, args, place, remove=old_inputs.get("users") or ())

    def _put(
        self, inputs: Values, args: PermissionSetAssignmentsArgs, place: Workplace, *, remove: Sequence[str] = ()
    ) -> Values:
        try:
            holders = set_holders(
                place.snapshot, args.permission_set, args.users, remove=remove, authoritative=args.authoritative
            )
        except UnknownUsersError as error:
            if not error.partial:
                raise
            holders = read_holders(place.snapshot, args.permission_set) or Holders("", ())
            raise InitFailedError(args.permission_set, _outputs(inputs, args, holders, place), [str(error)]) from error
        return _outputs(inputs, args, holders, place)

    def delete(self, resource_id: str, old_inputs: Values, old_outputs: Values, place: Workplace) -> None:
        place.snapshot.identity()
        holders = read_holders(place.snapshot, resource_id)
        if holders is None:
            return
        losing = holders.of(old_inputs.get("users") or ())
        if losing:
            place.info(f"taking the permission set {resource_id} from: {', '.join(item.username for item in losing)}")
        try:
            remove_assignments(place.org, [item.assignment_id for item in losing])
        finally:
            place.snapshot.drop()


def _outputs(inputs: Values, args: PermissionSetAssignmentsArgs, holders: Holders, place: Workplace) -> dict[str, Any]:
    """The revision has the records' ids in it: an assignment that was taken away and given back is a change to be proved."""
    listed = [
        {"username": item.username, "userId": item.user_id, "id": item.assignment_id} for item in holders.of(args.users)
    ]
    digest = hashlib.sha256(
        repr((holders.permission_set_id, [tuple(item.values()) for item in listed])).encode()
    ).hexdigest()
    return {
        **inputs,
        "assignments": listed,
        "extra": [item.username for item in holders.others(args.users)],
        "revision": digest[:16],
        "orgId": place.snapshot.identity().org_id,
    }


def _who_loses(old_inputs: Values, old_outputs: Values, inputs: Values, *, replaces: bool) -> list[str]:
    """Name those from whom an `up` takes the set; nobody is locked out without having been named before."""
    kept = set() if replaces else set(_users(inputs))
    holding = [*(old_inputs.get("users") or ())]
    if inputs.get("authoritative") and not old_inputs.get("authoritative"):
        holding += old_outputs.get("extra") or ()  # those whom nobody declared, and who were left alone until now
    losing = [str(user) for user in holding if str(user).lower() not in kept]
    if not losing or inputs.get("users") is UNKNOWN:
        return []
    return [f"an `up` takes the permission set {old_inputs.get('permissionSet')} from: {', '.join(losing)}"]


def _recorded(outputs: Values) -> Sequence[str] | None:
    """Who holds the set by the last look, of those who were declared then."""
    listed = outputs.get("assignments")
    return sorted(str(item["username"]).lower() for item in listed) if isinstance(listed, list | tuple) else None


def _users(inputs: Values) -> Sequence[str]:
    users = inputs.get("users")
    return sorted(str(user).lower() for user in users) if isinstance(users, list | tuple) else []

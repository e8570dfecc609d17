"""Findings about who holds a permission set and who is in its groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from orgkey.fleet.digest import Step, path_of
from orgkey.fleet.findings import Action, Code, Severity
from orgkey.fleet.remedies import changed_value, finding
from orgkey.fleet.report import Finding
from orgkey.metadata.identifiers import name_key
from orgkey.model.assignments import expiration_problem


def judge_assignments(step: Step, *, now: datetime) -> Iterator[Finding]:
    """Who does not hold the set, who does without being declared, and who is not in a group."""
    part, permission_set = path_of(step.urn), step.old_inputs.get("permissionSet")
    declared, found = (_users(side.get("users")) for side in (step.old_inputs, step.new_inputs))
    changed = {path.split("[")[0].split(".")[0] for path in step.changed}
    action = Action.EXTEND_ASSIGNMENTS if (over := _is_over(step, now)) else Action.UP
    ended = _ended_by_others(step, now)
    if "users" in changed or "assignments" in changed:
        for user in sorted(declared.keys() - found.keys()):
            why = over or ended.get((user, ""), "")
            says = f"{declared[user]} does not hold {permission_set}" + (f": {why}" if why else "")
            settle = Action.SETTLE_ENDED_ASSIGNMENT if (user, "") in ended else action
            yield finding(Code.MISSING_ASSIGNEE, f"{part}.users", says, settle, values=(declared[user], None))
        for user in sorted(found.keys() - declared.keys()):
            says = f"{found[user]} holds {permission_set}"
            yield finding(
                Code.EXTRA_ASSIGNEE,
                f"{part}.users",
                says,
                Action.DECIDE,
                values=(None, found[user]),
            )
    if "groups" in changed:
        yield from _missing_from_groups(step, part, now, action, ended)
    if over and not changed.intersection({"users", "assignments", "groups"}):  # who holds the set does so by a group
        path = f"{part}.expiration"
        yield finding(Code.SETTING_CHANGED, path, over, Action.EXTEND_ASSIGNMENTS, severity=Severity.LOW)
    for name in sorted(changed - {"users", "assignments", "groups"}):
        yield changed_value(part, name, step.old_inputs.get(name), step.new_inputs.get(name))


def _ended_by_others(step: Step, now: datetime) -> Mapping[tuple[str, str], str]:
    """Of whose assignments, by user and group, the end has passed and is not this stack's to move, and how that is said.

    A declared end is everybody's who holds the set, and nobody's in a group whom this stack did not put there.
    """
    outputs = step.new_outputs
    own = {*(outputs.get("groupAssignmentIds") or ()), *(outputs.get("managedExpirationIds") or ())}
    told_apart = "managedExpirationIds" in outputs and not step.old_inputs.get("expiration")
    return {
        (name_key(str(item.get("username"))), name_key(group)): f"somebody else's assignment ended on {item['expires']}"
        for item in outputs.get("assignments") or ()
        if item.get("expires") and datetime.fromisoformat(str(item["expires"])) <= now and item.get("id") not in own
        if (group := str(item.get("group") or "")) or told_apart
    }


def _missing_from_groups(
    step: Step, part: str, now: datetime, action: Action, ended: Mapping[tuple[str, str], str]
) -> Iterator[Finding]:
    members = {
        (name_key(str(item.get("username"))), name_key(str(item.get("group"))))
        for item in step.new_outputs.get("assignments") or ()
        if not item.get("expires") or datetime.fromisoformat(str(item["expires"])) > now
    }
    for user in step.old_inputs.get("users") or ():
        for group in step.old_inputs.get("groups") or ():
            if (key := (name_key(user), name_key(group))) not in members:
                why = ended.get(key, "")
                says = f"{user} is not in the permission set group {group}" + (f": {why}" if why else "")
                settle = Action.SETTLE_ENDED_ASSIGNMENT if why else action
                yield finding(Code.MISSING_ASSIGNEE, f"{part}.groups", says, settle, values=(user, None))


def _is_over(step: Step, now: datetime) -> str:
    """How the declared assignments have ended by themselves; empty while they last."""
    end = step.old_inputs.get("expiration")
    return (
        f"the assignments ended on {end}" if isinstance(end, str) and expiration_problem(end, now.timestamp()) else ""
    )


def _users(value: Any) -> dict[str, str]:
    return {name_key(str(user)): str(user) for user in value or ()}

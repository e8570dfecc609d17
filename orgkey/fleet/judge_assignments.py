"""Findings about who holds a permission set and who is in its groups."""

from __future__ import annotations

from collections.abc import Iterator
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
    if "users" in changed or "assignments" in changed:
        for user in sorted(declared.keys() - found.keys()):
            says = f"{declared[user]} does not hold {permission_set}" + (f": {over}" if over else "")
            yield finding(Code.MISSING_ASSIGNEE, f"{part}.users", says, action, values=(declared[user], None))
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
        yield from _missing_from_groups(step, part, now, action)
    if over and not changed.intersection({"users", "assignments", "groups"}):  # who holds the set does so by a group
        path = f"{part}.expiration"
        yield finding(Code.SETTING_CHANGED, path, over, Action.EXTEND_ASSIGNMENTS, severity=Severity.LOW)
    for name in sorted(changed - {"users", "assignments", "groups"}):
        yield changed_value(part, name, step.old_inputs.get(name), step.new_inputs.get(name))


def _missing_from_groups(step: Step, part: str, now: datetime, action: Action) -> Iterator[Finding]:
    members = {
        (name_key(str(item.get("username"))), name_key(str(item.get("group"))))
        for item in step.new_outputs.get("assignments") or ()
        if not item.get("expires") or datetime.fromisoformat(str(item["expires"])) > now
    }
    for user in step.old_inputs.get("users") or ():
        for group in step.old_inputs.get("groups") or ():
            if (name_key(user), name_key(group)) not in members:
                says = f"{user} is not in the permission set group {group}"
                yield finding(Code.MISSING_ASSIGNEE, f"{part}.groups", says, action, values=(user, None))


def _is_over(step: Step, now: datetime) -> str:
    """How the declared assignments have ended by themselves; empty while they last."""
    end = step.old_inputs.get("expiration")
    return (
        f"the assignments ended on {end}" if isinstance(end, str) and expiration_problem(end, now.timestamp()) else ""
    )


def _users(value: Any) -> dict[str, str]:
    return {name_key(str(user)): str(user) for user in value or ()}

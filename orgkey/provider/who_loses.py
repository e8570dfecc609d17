"""Who loses a permission set or a group by an `up`, and who keeps it all the same: said before it happens, by user name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from orgkey.metadata.identifiers import name_key
from orgkey.model.assignments import seconds_of
from orgkey.provider.assignment_inputs import names_in
from orgkey.provider.assignment_outputs import ending_memberships
from orgkey.provider.handler import Values
from orgkey.provider.wire import has_unknown
from orgkey.salesforce.access import Assignment


def who_loses(old_inputs: Values, old_outputs: Values, inputs: Values, *, replaces: bool) -> list[str]:
    """Name those from whom an `up` takes the set or a group; nobody is locked out without having been named before."""
    unknown = {name for name in ("permissionSet", "users", "groups") if has_unknown(inputs.get(name))}
    if "permissionSet" in unknown or ("users" in unknown and not replaces):
        return []  # what is not known yet may be what is there: who is not named may be on the list
    kept = set() if replaces else set(names_in(inputs, "users"))
    holding = [*(old_inputs.get("users") or ())]
    if not replaces and inputs.get("authoritative") and not old_inputs.get("authoritative"):
        holding += old_outputs.get("undeclaredUsers") or ()  # whom nobody declared, and who were left alone until now
    losing = [str(user) for user in holding if name_key(str(user)) not in kept]
    taken = [taken_from(str(old_inputs.get("permissionSet")), losing)] if losing else []
    if unknown:
        return taken
    return [*taken, *sentences_by_group("an `up` takes out of the group", ending_memberships(old_outputs, inputs))]


def taken_from(permission_set: str, users: Iterable[str]) -> str:
    """Say whom an `up` takes the set from."""
    return f"an `up` takes the permission set {permission_set} from: {', '.join(users)}"


def kept_by(permission_set: str, others: Sequence[Assignment]) -> str:
    """Say who keeps the set although nobody declares it, and how to decide that."""
    users = ", ".join(item.username for item in others)
    return (
        f"others hold the permission set {permission_set} already, and keep it: {users}. "
        "Set orgkey:assignments.authoritative to true to take it from them, or to false to let it be so without a word"
    )


def sentences_by_group(what: str, items: Iterable[Mapping[str, str]]) -> list[str]:
    """Say of each group which users `what` is about."""
    leaving: dict[str, list[str]] = {}
    for item in items:
        leaving.setdefault(item["group"], []).append(item["username"])
    return [f"{what} {group}: {', '.join(users)}" for group, users in leaving.items()]


def moved_ends(theirs: Iterable[Assignment], end: int | None, now: float) -> str:
    """Name those whose assignment, which somebody else made, gets another end at `end` (epoch seconds); empty where nobody's does."""
    moved = [
        f"{item.username} (from {item.expires or 'no end'})"
        for item in theirs
        if (item.lasts(now) or item.has_ended(now)) and seconds_of(item.expires) != end
    ]
    if end is None or not moved:
        return ""
    until = datetime.fromtimestamp(end, UTC)
    return (
        f"orgkey:assignments.expiration moves the end of assignments that this stack did not make to {until:%Y-%m-%dT%H:%M:%SZ}: "
        f"{', '.join(moved)}"
    )

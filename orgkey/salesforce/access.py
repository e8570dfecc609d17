"""Who holds a permission set: the difference between the list and the org, and the writes that close it.

PermissionSetAssignment is an sObject and no metadata type, so this goes by REST (platform notes 3.3); a change of set is delete and insert.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orgkey.salesforce import soql
from orgkey.salesforce.errors import (
    API,
    ConflictError,
    RefusedError,
    UnknownUsersError,
    find_row,
    host_of,
)
from orgkey.salesforce.org import BATCH_SIZE, Org, Saved
from orgkey.salesforce.read import Snapshot

_ROLLED_BACK = "ALL_OR_NONE_OPERATION_ROLLED_BACK"


@dataclass(frozen=True, slots=True, order=True)
class Assignment:
    """One user who holds the set."""

    username: str
    user_id: str
    assignment_id: str


@dataclass(frozen=True, slots=True)
class Holders:
    """Who holds a set now; None for a set that the org does not have."""

    permission_set_id: str
    assignments: tuple[Assignment, ...]

    def of(self, usernames: Iterable[str]) -> tuple[Assignment, ...]:
        """Those of the given users who hold the set; user names have no case."""
        wanted = {name.lower() for name in usernames}
        return tuple(item for item in self.assignments if item.username.lower() in wanted)

    def others(self, usernames: Iterable[str]) -> tuple[Assignment, ...]:
        """Those who hold the set and are none of the given users."""
        wanted = {name.lower() for name in usernames}
        return tuple(item for item in self.assignments if item.username.lower() not in wanted)


def read_holders(snapshot: Snapshot, permission_set: str) -> Holders | None:
    """Say who holds a set, or None when the org does not have it."""
    sets, rows = snapshot.rows(soql.permission_set(permission_set), soql.assignments(permission_set))
    set_id = own_set(snapshot, sets)
    if set_id is None:
        return None
    held = (
        Assignment(str(row["Assignee"]["Username"]), str(row["AssigneeId"]), str(row["Id"]))
        for row in rows
        if row["PermissionSetId"] == set_id
    )
    return Holders(set_id, tuple(sorted(held)))


def own_set(snapshot: Snapshot, sets: Sequence[Mapping[str, Any]]) -> str | None:
    """Id of the org's own set among those of one name; a managed package's set of that name is never ours."""
    if len(sets) > 1:
        (rows,) = snapshot.rows(soql.namespaces([str(row["Id"]) for row in sets]))
        sets = [row for row in rows if not row["NamespacePrefix"]]
    return str(sets[0]["Id"]) if sets else None


def set_holders(
    snapshot: Snapshot, permission_set: str, users: Sequence[str], *, remove: Sequence[str] = (), authoritative: bool
) -> Holders:
    """Give the set to `users`, and take it from `remove`, or from everybody else where authoritative.

    Raises UnknownUsersError, before anything is changed, with every user who cannot be given it; ConflictError for a set that is
    not there; RefusedError when the org refuses.
    """
    org = snapshot.org
    snapshot.prefetch(soql.permission_set(permission_set), soql.assignments(permission_set), *soql.users(users))
    holders = read_holders(snapshot, permission_set)
    if holders is None:
        raise ConflictError(
            f"{host_of(org.url)} has no permission set {permission_set}.\nRun `pulumi refresh`, then `pulumi up`."
        )
    held = _lower(item.username for item in holders.assignments)
    missing = [user for user in users if user.lower() not in held]
    ids = _user_ids(snapshot, permission_set, users, missing)
    unwanted = (
        holders.others(users)
        if authoritative
        else holders.of(name for name in remove if name.lower() not in _lower(users))
    )
    if not missing and not unwanted:
        return holders
    try:
        _insert(org, holders.permission_set_id, permission_set, [(user, ids[user.lower()]) for user in missing])
        remove_assignments(org, [item.assignment_id for item in unwanted])
    finally:
        snapshot.drop()
    return read_holders(snapshot, permission_set) or Holders(holders.permission_set_id, ())


def remove_assignments(org: Org, assignment_ids: Sequence[str]) -> None:
    """Delete assignments; one that is gone already is no error."""
    if not assignment_ids:
        return
    for saved in org.delete(assignment_ids):
        if not saved.success and saved.code not in {"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"}:
            raise RefusedError(saved.code, saved.text, where=f"{host_of(org.url)} (permission set assignment)")


def _user_ids(
    snapshot: Snapshot, permission_set: str, usernames: Sequence[str], needed: Sequence[str]
) -> dict[str, str]:
    """User id by lower-case user name, or UnknownUsersError with every one of `needed` that cannot be given the set."""
    rows = {str(row["Username"]).lower(): row for answer in snapshot.rows(*soql.users(usernames)) for row in answer}
    problems = []
    for name in needed:
        row = rows.get(name.lower())
        if row is None:
            problems.append(f"{name}: no such user in {host_of(snapshot.org.url)}")
        elif not row["IsActive"]:
            problems.append(f"{name}: the user is inactive; activate it or take it out of orgkey:users")
    if problems:
        raise UnknownUsersError(_explain(permission_set, problems), problems)
    return {name: str(row["Id"]) for name, row in rows.items()}


def _insert(org: Org, permission_set_id: str, permission_set: str, users: Sequence[tuple[str, str]]) -> None:
    """Give the set to (user name, user id) pairs, 200 at a time, each batch all or none; stops at the first that is refused.

    A user who got the set in the meantime rolls its batch back too, and is left out of a second try (notes 3.3: success).
    """
    for start in range(0, len(users), BATCH_SIZE):
        batch = list(users[start : start + BATCH_SIZE])
        while batch:
            saved = org.insert([_record(permission_set_id, user_id) for _, user_id in batch])
            problems = [
                f"{name}: {_why(item)}" for (name, _), item in zip(batch, saved, strict=True) if _is_problem(item)
            ]
            if problems:
                raise UnknownUsersError(_explain(permission_set, problems, given=start), problems, partial=start > 0)
            rolled_back = [user for user, item in zip(batch, saved, strict=True) if item.code == _ROLLED_BACK]
            batch = rolled_back if len(rolled_back) < len(batch) else []


def _record(permission_set_id: str, user_id: str) -> dict[str, Any]:
    kind = {"type": "PermissionSetAssignment"}
    return {"attributes": kind, "AssigneeId": user_id, "PermissionSetId": permission_set_id}


def _is_problem(saved: Saved) -> bool:
    return not saved.success and saved.code not in {_ROLLED_BACK, "DUPLICATE_VALUE"}


def _why(saved: Saved) -> str:
    row = find_row(API, saved.code, saved.text)
    return f"{saved.code}: {saved.text}" + (f" ({row.remedy})" if row else "")


def _explain(permission_set: str, problems: Sequence[str], *, given: int = 0) -> str:
    listed = "\n".join(f"  - {problem}" for problem in problems)
    whom = f"to the first {given} users only" if given else "to nobody"
    what = f"The permission set {permission_set} was given {whom}, because of:"
    return f"{what}\n{listed}\nCorrect orgkey:users, then run the same command again."


def _lower(names: Iterable[str]) -> set[str]:
    return {name.lower() for name in names}

"""Who holds a permission set, and who of them is in which group: the difference between the list and the org, and the writes that close it.

PermissionSetAssignment is an sObject and no metadata type, so this goes by REST (platform notes 3.3); a change of set is delete and insert.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orgkey.model.assignments import PermissionSetAssignmentsArgs, seconds_of
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
from orgkey.salesforce.read import Rows, Snapshot

_ROLLED_BACK = "ALL_OR_NONE_OPERATION_ROLLED_BACK"


@dataclass(frozen=True, slots=True, order=True)
class Assignment:
    """One user who holds the set, or who is assigned to a group; `expires` only where it does."""

    username: str
    user_id: str
    assignment_id: str
    group: str = ""
    expires: str = ""

    def lasts(self, now: float) -> bool:
        """Whether it counts still, at `now` in epoch seconds."""
        end = seconds_of(self.expires)
        return end is None or end > now


@dataclass(frozen=True, slots=True)
class Holders:
    """Who holds a set now (no id: the org does not have it), and which assignments to groups there are of those asked for."""

    permission_set_id: str
    assignments: tuple[Assignment, ...]
    memberships: tuple[Assignment, ...] = ()

    def of(self, usernames: Iterable[str]) -> tuple[Assignment, ...]:
        """Those of the given users who hold the set; user names have no case."""
        wanted = _lower(usernames)
        return tuple(item for item in self.assignments if item.username.lower() in wanted)

    def others(self, usernames: Iterable[str]) -> tuple[Assignment, ...]:
        """Those who hold the set and are none of the given users."""
        wanted = _lower(usernames)
        return tuple(item for item in self.assignments if item.username.lower() not in wanted)

    def members(self, now: float = -math.inf) -> set[tuple[str, str]]:
        """User and group of each assignment to a group that counts at `now`, in lower case: neither name has one."""
        return {(item.username.lower(), item.group.lower()) for item in self.memberships if item.lasts(now)}


def read_holders(
    snapshot: Snapshot,
    permission_set: str,
    *,
    users: Sequence[str] = (),
    groups: Sequence[str] = (),
    also: Sequence[str] = (),
) -> Holders:
    """Say who holds a set, and which of `users` are in which of `groups`; `also` is asked in the same request, for whoever needs it next.

    A login that may not see when assignments end is told of none that does.
    """

    def ask(*, until: bool) -> tuple[Rows, Rows, list[Rows]]:
        members = soql.memberships(users, groups, until=until)
        own = soql.permission_set(permission_set), soql.assignments(permission_set, until=until)
        sets, rows, *answers = snapshot.rows(*own, *members, *also)
        return sets, rows, answers[: len(members)]

    try:
        sets, rows, parts = ask(until=True)
    except RefusedError as error:
        if error.code != "INVALID_FIELD":
            raise
        sets, rows, parts = ask(until=False)
    set_id = own_set(snapshot, sets) or ""
    wanted = _lower(groups)
    members = (_assignment(row, _full_name(row["PermissionSetGroup"])) for part in parts for row in part)
    return Holders(
        set_id,
        tuple(sorted(_assignment(row) for row in rows if row["PermissionSetId"] == set_id)),
        tuple(sorted(item for item in members if item.group.lower() in wanted)),
    )


def own_set(snapshot: Snapshot, sets: Sequence[Mapping[str, Any]]) -> str | None:
    """Id of the org's own set among those of one name; a managed package's set of that name is never ours."""
    if len(sets) > 1:
        (rows,) = snapshot.rows(soql.namespaces([str(row["Id"]) for row in sets]))
        sets = [row for row in rows if not row["NamespacePrefix"]]
    return str(sets[0]["Id"]) if sets else None


def set_holders(
    snapshot: Snapshot,
    wanted: PermissionSetAssignmentsArgs,
    *,
    remove: Sequence[str] = (),
    take_back: Sequence[str] = (),
    ours: Collection[str] = (),
) -> tuple[Holders, tuple[str, ...]]:
    """Give the set and the groups to the users; take the set from `remove`, or from everybody else where authoritative.

    `take_back` are ids of assignments to groups that end, `ours` of those that stay; nobody else's membership of a group is touched.
    When an assignment ends is changed in place. Returns who holds what now, and the ids of the assignments that were made.

    Raises UnknownUsersError, before anything is changed, with every user who cannot be given it and every group that is not there;
    ConflictError for a set that is not there; RefusedError when the org refuses.
    """
    org, users = snapshot.org, wanted.users
    holders = read_holders(
        snapshot,
        wanted.permission_set,
        users=users,
        groups=wanted.groups,
        also=[*soql.users(users), *([soql.groups(wanted.groups)] if wanted.groups else [])],
    )
    if not holders.permission_set_id:
        raise ConflictError(
            f"{host_of(org.url)} has no permission set {wanted.permission_set}.\nRun `pulumi refresh`, then `pulumi up`."
        )
    held, members = _lower(item.username for item in holders.assignments), holders.members()
    missing = [(user, "") for user in users if user.lower() not in held]
    missing += [
        (user, group) for group in wanted.groups for user in users if (user.lower(), group.lower()) not in members
    ]
    targets = {"": {"PermissionSetId": holders.permission_set_id}}
    user_ids, group_ids = _ids(snapshot, wanted, {user for user, _ in missing})
    targets |= {name: {"PermissionSetGroupId": group_id} for name, group_id in group_ids.items()}
    unwanted = (
        holders.others(users)
        if wanted.authoritative
        else holders.of(name for name in remove if name.lower() not in _lower(users))
    )
    ending = [*(item.assignment_id for item in unwanted), *take_back]
    kept = [*holders.of(users), *(item for item in holders.memberships if item.assignment_id in ours)]
    renewed = [item.assignment_id for item in kept if seconds_of(item.expires) != seconds_of(wanted.expiration or "")]
    if not missing and not ending and not renewed:
        return holders, ()
    try:
        records = [
            (
                f"{user} in the group {group}" if group else user,
                {"AssigneeId": user_ids[user.lower()]} | targets[group.lower()],
            )
            for user, group in missing
        ]
        until = {"ExpirationDate": wanted.expiration} if wanted.expiration else {}
        made = _insert(org, wanted.permission_set, [(name, values | until) for name, values in records])
        _renew(org, renewed, wanted.expiration)
        remove_assignments(org, ending)
    finally:
        snapshot.drop()
    return read_holders(snapshot, wanted.permission_set, users=users, groups=wanted.groups), made


def remove_assignments(org: Org, assignment_ids: Sequence[str]) -> None:
    """Delete assignments; one that is gone already is no error."""
    if not assignment_ids:
        return
    for saved in org.delete(assignment_ids):
        if not saved.success and saved.code not in {"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"}:
            raise RefusedError(saved.code, saved.text, where=f"{host_of(org.url)} (permission set assignment)")


def _renew(org: Org, assignment_ids: Sequence[str], expiration: str | None) -> None:
    """Let assignments end at another time, or never; none of them is taken away meanwhile."""
    kind = {"type": "PermissionSetAssignment"}
    records = [{"attributes": kind, "id": each, "ExpirationDate": expiration} for each in assignment_ids]
    for saved in org.update(records) if records else []:
        if not saved.success and saved.code != _ROLLED_BACK:
            raise RefusedError(saved.code, saved.text, where=f"{host_of(org.url)} (permission set assignment)")


def _assignment(row: Mapping[str, Any], group: str = "") -> Assignment:
    expires = str(row.get("ExpirationDate") or "")
    return Assignment(str(row["Assignee"]["Username"]), str(row["AssigneeId"]), str(row["Id"]), group, expires)


def _full_name(group: Mapping[str, Any]) -> str:
    prefix = group.get("NamespacePrefix")
    return f"{prefix}__{group['DeveloperName']}" if prefix else str(group["DeveloperName"])


def _ids(
    snapshot: Snapshot, wanted: PermissionSetAssignmentsArgs, needed: set[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Ids of users and of groups by lower-case name.

    Raises UnknownUsersError with every one of the users in `needed` who cannot be given anything, and every group that is not there.
    """
    host, problems = host_of(snapshot.org.url), []
    rows = {str(row["Username"]).lower(): row for answer in snapshot.rows(*soql.users(wanted.users)) for row in answer}
    for name in (user for user in wanted.users if user in needed):
        row = rows.get(name.lower())
        if row is None:
            problems.append(f"{name}: no such user in {host}")
        elif not row["IsActive"]:
            problems.append(f"{name}: the user is inactive; activate it or take it out of orgkey:users")
    found = snapshot.rows(soql.groups(wanted.groups))[0] if wanted.groups else []
    groups = {_full_name(row).lower(): str(row["Id"]) for row in found}
    unknown = [name for name in wanted.groups if name.lower() not in groups]
    problems += [f"{name}: no such permission set group in {host}" for name in unknown]
    if problems:
        setting = "orgkey:users and orgkey:assignments.groups" if unknown else "orgkey:users"
        raise UnknownUsersError(_explain(wanted.permission_set, problems, setting=setting), problems)
    return {name: str(row["Id"]) for name, row in rows.items()}, groups


def _insert(org: Org, permission_set: str, records: Sequence[tuple[str, Mapping[str, str]]]) -> tuple[str, ...]:
    """Make assignments, (whom to name, fields) each, 200 at a time, each batch all or none; stops at the first that is refused.

    One that somebody else made in the meantime rolls its batch back too, and is left out of a second try (notes 3.3: success).
    Returns the ids of those that were made.
    """
    made: list[str] = []
    for start in range(0, len(records), BATCH_SIZE):
        batch = list(records[start : start + BATCH_SIZE])
        while batch:
            saved = org.insert([{"attributes": {"type": "PermissionSetAssignment"}, **values} for _, values in batch])
            problems = [
                f"{name}: {_why(item)}" for (name, _), item in zip(batch, saved, strict=True) if _is_problem(item)
            ]
            if problems:
                text = _explain(permission_set, problems, made=start, of=len(records))
                raise UnknownUsersError(text, problems, partial=start > 0, made=made)
            made += [item.record_id for item in saved if item.success]
            rolled_back = [one for one, item in zip(batch, saved, strict=True) if item.code == _ROLLED_BACK]
            batch = rolled_back if len(rolled_back) < len(batch) else []
    return tuple(made)


def _is_problem(saved: Saved) -> bool:
    return not saved.success and saved.code not in {_ROLLED_BACK, "DUPLICATE_VALUE"}


def _why(saved: Saved) -> str:
    row = find_row(API, saved.code, saved.text)
    return f"{saved.code}: {saved.text}" + (f" ({row.remedy})" if row else "")


def _explain(
    permission_set: str, problems: Sequence[str], *, made: int = 0, of: int = 0, setting: str = "orgkey:users"
) -> str:
    listed = "\n".join(f"  - {problem}" for problem in problems)
    what = (
        f"Of {of} assignments to the permission set {permission_set} or its groups the first {made} were made and no more"
        if made
        else f"The permission set {permission_set} was given to nobody"
    )
    return f"{what}, because of:\n{listed}\nCorrect {setting}, then run the same command again."


def _lower(names: Iterable[str]) -> set[str]:
    return {name.lower() for name in names}

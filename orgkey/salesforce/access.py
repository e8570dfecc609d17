"""Who holds a permission set, and who of them is in which group: the difference between the list and the org, and the writes that close it.

PermissionSetAssignment is an sObject and no metadata type, so this goes by REST (platform notes 3.3); a change of set is delete and insert.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orgkey.metadata.identifiers import name_key
from orgkey.model.assignments import PermissionSetAssignmentsArgs, in_utc, seconds_of
from orgkey.salesforce import records, soql
from orgkey.salesforce.answers import Record, Rows, Saved
from orgkey.salesforce.error_table import API, find_row
from orgkey.salesforce.errors import ConflictError, RefusedError, SalesforceError, UnknownUsersError, host_of
from orgkey.salesforce.org import Org
from orgkey.salesforce.preflight_table import Code, Verdict, wrong
from orgkey.salesforce.read import Snapshot, rows_of
from orgkey.salesforce.records import BATCH_SIZE, ROLLED_BACK


@dataclass(frozen=True, slots=True, order=True)
class Assignment:
    """One user who holds the set, or who is assigned to a group; `expires` only where it does."""

    username: str
    user_id: str
    assignment_id: str
    group: str = ""
    expires: str = ""
    active: bool = True

    @property
    def key(self) -> tuple[str, str]:
        """User and group in lower case: neither name has one."""
        return name_key(self.username), name_key(self.group)

    @property
    def whom(self) -> str:
        """What to call it."""
        return f"{self.username} in the group {self.group}" if self.group else self.username

    def lasts(self, now: float) -> bool:
        """Whether it counts still, at `now` in epoch seconds."""
        return self.active and not self.has_ended(now)

    def has_ended(self, now: float) -> bool:
        """Whether its end has passed; one that has not and is not active was revoked by a user access policy."""
        end = seconds_of(self.expires)
        return end is not None and end <= now


@dataclass(frozen=True, slots=True)
class Holders:
    """Who holds a set now (no id: the org does not have it), and which assignments to groups there are of those asked for.

    `description` is the set's own, with its ownership marker.
    """

    permission_set_id: str
    assignments: tuple[Assignment, ...]
    memberships: tuple[Assignment, ...] = ()
    description: str = ""

    def of(self, usernames: Iterable[str]) -> tuple[Assignment, ...]:
        """Those of the given users who hold the set; user names have no case."""
        wanted = _keys(usernames)
        return tuple(item for item in self.assignments if name_key(item.username) in wanted)

    def others(self, usernames: Iterable[str], now: float) -> tuple[Assignment, ...]:
        """Those who hold the set at `now` and are none of the given users: an assignment that has ended gives nobody anything."""
        wanted = _keys(usernames)
        return tuple(item for item in self.assignments if name_key(item.username) not in wanted and item.lasts(now))

    def in_others_hands(self, users: Iterable[str], own_ends: Collection[str]) -> tuple[Assignment, ...]:
        """Assignments of the given users whose end is not ours: neither made here nor given their end here, by the ids in `own_ends`."""
        return tuple(item for item in self.of(users) if item.assignment_id not in own_ends)

    def members(self, now: float) -> set[tuple[str, str]]:
        """User and group of each assignment to a group that counts at `now`, in lower case."""
        return {item.key for item in self.memberships if item.lasts(now)}


class PartlyDoneError(SalesforceError):
    """Something went wrong after assignments were `made`, or got another end: ids `renewed`. Record them; the same command goes on."""

    def __init__(self, message: str, made: Sequence[Assignment], renewed: Sequence[str] = ()) -> None:
        self.made, self.renewed = tuple(made), tuple(renewed)
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What closes the difference: assignments to make (without ids), ids of those that get another end, ids of those that go.

    `targets` are the fields that say what an assignment is to, by group in lower case, the set's under an empty name. `in_the_way`
    says of assignments that count no more why, where one is to be made.
    """

    missing: Sequence[Assignment]
    renewed: Sequence[str]
    ending: Sequence[str]
    targets: Mapping[str, Mapping[str, str]]
    in_the_way: Mapping[tuple[str, str], str]


def read_holders(
    snapshot: Snapshot,
    permission_set: str,
    *,
    users: Sequence[str] = (),
    groups: Sequence[str] = (),
    also: Sequence[str] = (),
) -> Holders:
    """Say who holds a set, and which of `users` are in which of `groups`; `also` is asked in the same request, for whoever needs it next.

    Without read access to ExpirationDate, assignments are treated as unlimited. A refusal of a question in `also` is not raised here.
    """

    def ask(*, with_expiration: bool) -> tuple[Rows, Rows, list[Rows]]:
        members = soql.memberships(users, groups, with_expiration=with_expiration)
        own = soql.permission_set(permission_set), soql.assignments(permission_set, with_expiration=with_expiration)
        needed = [*own, *members]
        sets, rows, *answers = rows_of(snapshot.ask(*needed, *also)[: len(needed)])
        return sets, rows, answers

    try:
        sets, rows, parts = ask(with_expiration=True)
    except RefusedError as error:
        if error.code != "INVALID_FIELD":
            raise
        sets, rows, parts = ask(with_expiration=False)
    set_id = own_set(snapshot, sets) or ""
    wanted = _keys(groups)
    members = (_assignment(row, _full_name(row, "PermissionSetGroup.")) for part in parts for row in part)
    return Holders(
        set_id,
        tuple(sorted(_assignment(row) for row in rows if row.text("PermissionSetId") == set_id)),
        tuple(sorted(item for item in members if name_key(item.group) in wanted)),
        next((row.text("Description") for row in sets if row.text("Id") == set_id), ""),
    )


def own_set(snapshot: Snapshot, sets: Rows) -> str | None:
    """Id of the org's own set among those of one name; a package's set of that name is never ours."""
    if len(sets) > 1:
        (rows,) = snapshot.rows(soql.namespaces([row.text("Id") for row in sets]))
        own = ("", snapshot.identity().namespace)
        sets = [row for row in rows if row.text("NamespacePrefix") in own]
    return sets[0].text("Id") if sets else None


def set_holders(
    snapshot: Snapshot,
    wanted: PermissionSetAssignmentsArgs,
    *,
    remove: Sequence[str] = (),
    take_back: Sequence[str] = (),
    keep: Collection[str] = (),
    own_ends: Collection[str] = (),
) -> tuple[Holders, tuple[str, ...]]:
    """Give the set and the groups to the users; take the set from `remove`, or from everybody else where authoritative.

    `take_back` are ids of assignments to groups that end, `keep` of those that stay; nobody else's membership of a group is touched.
    When an assignment ends is changed in place; where no end is wanted, only that of those in `own_ends` is cleared: any other is
    somebody else's decision. Returns who holds what now, and the ids of the assignments that were made or got another end.

    Raises UnknownUsersError, before anything is changed, with every user who cannot be given it and every group that is not there;
    ConflictError for a set that is not there; RefusedError when the org refuses; PartlyDoneError for trouble after something was done.
    """
    org, users, groups = snapshot.org, wanted.users, wanted.groups
    also = [*soql.users(users), *soql.groups(groups)]
    holders = read_holders(snapshot, wanted.permission_set, users=users, groups=groups, also=also)
    if not holders.permission_set_id:
        raise ConflictError(
            f"{host_of(org.url)} has no permission set {wanted.permission_set}.\nRun `pulumi refresh`, then `pulumi up`."
        )
    plan = _plan(snapshot, wanted, holders, remove=remove, take_back=take_back, keep=keep, own_ends=own_ends)
    if not plan.missing and not plan.renewed and not plan.ending:
        return holders, ()
    made: list[Assignment] = []
    renewed: list[str] = []
    try:
        _write(snapshot, wanted, plan, made, renewed)
        holders = read_holders(snapshot, wanted.permission_set, users=users, groups=groups)
    except SalesforceError as error:
        if made or renewed:
            raise PartlyDoneError(str(error), made, renewed) from error
        raise
    return holders, (*(item.assignment_id for item in made), *renewed)


def _plan(
    snapshot: Snapshot,
    wanted: PermissionSetAssignmentsArgs,
    holders: Holders,
    *,
    remove: Sequence[str],
    take_back: Sequence[str],
    keep: Collection[str],
    own_ends: Collection[str],
) -> _Plan:
    users, expiration = wanted.users, wanted.expiration or ""
    now = snapshot.org.clock.now()
    theirs = () if expiration else holders.in_others_hands(users, own_ends)
    own = [*holders.of(users), *(item for item in holders.memberships if item.assignment_id in keep)]
    kept = [item for item in own if item.lasts(now) or item.has_ended(now)]
    if ended := judge_ended(theirs, wanted.permission_set, now):
        raise UnknownUsersError("\n".join(each.text for each in ended), [each.says for each in ended])
    held = {item.key for item in kept} | holders.members(now)
    gaps = [
        (user, group)
        for group in ("", *wanted.groups)
        for user in users
        if (name_key(user), name_key(group)) not in held
    ]
    user_ids, group_ids = _ids(snapshot, wanted, {user for user, _ in gaps})
    unwanted = (
        holders.others(users, now)
        if wanted.authoritative
        else holders.of(name for name in remove if name_key(name) not in _keys(users))
    )
    return _Plan(
        missing=[Assignment(user, user_ids[name_key(user)], "", group, expiration) for user, group in gaps],
        renewed=[
            item.assignment_id
            for item in kept
            if item not in theirs and seconds_of(item.expires) != seconds_of(expiration)
        ],
        ending=[*(item.assignment_id for item in unwanted), *take_back],
        targets={
            "": {"PermissionSetId": holders.permission_set_id},
            **{name: {"PermissionSetGroupId": group_id} for name, group_id in group_ids.items()},
        },
        in_the_way={
            item.key: f"somebody else's assignment to it ended at {item.expires}"
            if item.has_ended(now)
            else "the assignment to it was revoked by a user access policy"
            for item in (*holders.of(users), *holders.memberships)
            if item.key not in held
        },
    )


def judge_ended(theirs: Iterable[Assignment], permission_set: str, now: float) -> list[Verdict]:
    """Which assignments that somebody else made have ended: no `up` renews them of its own accord."""
    return [
        wrong(Code.ASSIGNMENT_ENDED, user=item.username, name=permission_set, end=item.expires)
        for item in theirs
        if item.has_ended(now)
    ]


def _write(
    snapshot: Snapshot, wanted: PermissionSetAssignmentsArgs, plan: _Plan, made: list[Assignment], renewed: list[str]
) -> None:
    """Do as planned. `made` and `renewed` grow with what is done, so that it is known whatever happens after it."""
    org = snapshot.org
    try:
        for batch in _insert(org, wanted.permission_set, plan):
            made += batch
        renewed.extend(_renew(org, plan.renewed, wanted.expiration))  # keeps what came before an error
        remove_assignments(org, plan.ending)
    finally:
        snapshot.drop()


def remove_assignments(org: Org, assignment_ids: Sequence[str]) -> None:
    """Delete assignments; one that is gone already is no error."""
    if not assignment_ids:
        return
    for saved in records.delete(org, assignment_ids):
        if not saved.success and saved.code not in {"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"}:
            raise RefusedError(saved.code, saved.text, where=f"{host_of(org.url)} (permission set assignment)")


def _renew(org: Org, assignment_ids: Sequence[str], expiration: str | None) -> Iterator[str]:
    """Let assignments end at another time, or never, and yield which do; none of them is taken away meanwhile."""
    kind = {"type": "PermissionSetAssignment"}
    end = in_utc(expiration) if expiration else None
    changes: list[dict[str, Any]] = [{"attributes": kind, "id": each, "ExpirationDate": end} for each in assignment_ids]
    for start in range(0, len(changes), BATCH_SIZE):
        batch = changes[start : start + BATCH_SIZE]
        for change, saved in zip(batch, records.update(org, batch), strict=True):
            if saved.success:
                yield str(change["id"])
            elif saved.code != ROLLED_BACK:
                raise RefusedError(saved.code, saved.text, where=f"{host_of(org.url)} (permission set assignment)")


def _assignment(row: Record, group: str = "") -> Assignment:
    expires = row.text("ExpirationDate") if "ExpirationDate" in row else ""
    active = row.flag("IsActive") if "IsActive" in row else True
    return Assignment(row.text("Assignee.Username"), row.text("AssigneeId"), row.text("Id"), group, expires, active)


def _full_name(row: Record, path: str = "") -> str:
    prefix, name = row.text(f"{path}NamespacePrefix"), row.text(f"{path}DeveloperName")
    return f"{prefix}__{name}" if prefix else name


def _ids(
    snapshot: Snapshot, wanted: PermissionSetAssignmentsArgs, needed: set[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Ids of users and of groups by lower-case name.

    Raises UnknownUsersError with every one of the users in `needed` who cannot be given anything, and every group that is not there.
    """
    host, problems = host_of(snapshot.org.url), []
    rows = {
        name_key(row.text("Username")): row for answer in snapshot.rows(*soql.users(wanted.users)) for row in answer
    }
    for name in (user for user in wanted.users if user in needed):
        row = rows.get(name_key(name))
        if row is None:
            problems.append(f"{name}: no such user in {host}")
        elif not row.flag("IsActive"):
            problems.append(f"{name}: the user is inactive; activate it or take it out of orgkey:users")
    found = [row for answer in snapshot.rows(*soql.groups(wanted.groups)) for row in answer]
    groups = {name_key(_full_name(row)): row.text("Id") for row in found}
    unknown = [name for name in wanted.groups if name_key(name) not in groups]
    problems += [f"{name}: no such permission set group in {host}" for name in unknown]
    if problems:
        setting = "orgkey:users and orgkey:assignments.groups" if unknown else "orgkey:users"
        raise UnknownUsersError(_explain(wanted.permission_set, problems, setting=setting), problems)
    return {name: row.text("Id") for name, row in rows.items()}, groups


def _insert(org: Org, permission_set: str, plan: _Plan) -> Iterator[list[Assignment]]:
    """Make what is missing, 200 at a time, each batch all or none; stops at the first that is refused.

    One that somebody else made in the meantime rolls its batch back too, and is left out of a second try (notes 3.3: success).
    """
    count = len(plan.missing)
    for start in range(0, count, BATCH_SIZE):
        batch = list(plan.missing[start : start + BATCH_SIZE])
        while batch:
            saved = records.insert(org, [_record(item, plan) for item in batch])
            answers = list(zip(batch, saved, strict=True))
            problems = [f"{item.whom}: {why}" for item, answer in answers if (why := _why_not(item, answer, plan))]
            if problems:
                raise UnknownUsersError(_explain(permission_set, problems, made=start, of=count), problems)
            yield [replace(item, assignment_id=answer.record_id) for item, answer in answers if answer.success]
            rolled_back = [item for item, answer in answers if answer.code == ROLLED_BACK]
            batch = rolled_back if len(rolled_back) < len(batch) else []


def _record(item: Assignment, plan: _Plan) -> dict[str, Any]:
    end = {"ExpirationDate": in_utc(item.expires)} if item.expires else {}
    kind = {"type": "PermissionSetAssignment"}
    return {"attributes": kind, "AssigneeId": item.user_id, **plan.targets[name_key(item.group)], **end}


def _why_not(item: Assignment, saved: Saved, plan: _Plan) -> str:
    """Why it was not made; empty where it was, or is there already, or would have been without the others."""
    if saved.success or saved.code == ROLLED_BACK:
        return ""
    if saved.code != "DUPLICATE_VALUE":
        return _why(saved)
    if not (why := plan.in_the_way.get(item.key)):
        return ""
    return f"{why} and is in the way; have it renewed or deleted in the org, or the policy changed"


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


def _keys(names: Iterable[str]) -> set[str]:
    return {name_key(name) for name in names}

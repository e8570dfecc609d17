"""PermissionSetAssignments: who must hold a permission set, and be in which groups, as one resource for the whole list.

Authoritative (the default for what is recreated) means that nobody else holds the set; users who do are drift, and the next `up` takes it
from them. An imported one is additive, and stays so until a program says otherwise: who held the set before is nobody's to lock out. So is
one that is made by default where others hold the set already. Groups are somebody else's: only what is missing is added, and only what we
added ends (ADR 8).
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from orgkey.metadata.check import Problem
from orgkey.metadata.identifiers import name_key
from orgkey.metadata.ownership import Ownership, unmark
from orgkey.model.assignments import PermissionSetAssignmentsArgs, expiration_problem, seconds_of
from orgkey.model.connection import Connection
from orgkey.provider.handler import Diff, Handler, InitFailedError, Operation, ReadResult, Values, unknown_outputs
from orgkey.provider.model_inputs import as_args, changed, check_model, replacing
from orgkey.provider.owner import present_manager
from orgkey.provider.preview import permission_verdicts
from orgkey.provider.same_org import has_moved
from orgkey.provider.wire import UNKNOWN, has_unknown
from orgkey.salesforce import soql
from orgkey.salesforce.access import (
    Assignment,
    Holders,
    PartlyDoneError,
    read_holders,
    remove_assignments,
    set_holders,
)
from orgkey.salesforce.errors import ConflictError, RefusedError, host_of
from orgkey.salesforce.org_identity import ownership_of
from orgkey.salesforce.preflight import (
    permission_questions,
    read_groups,
    read_terms,
    read_users,
    terms_questions,
    user_questions,
)
from orgkey.salesforce.preflight_judge import API, ASSIGN, SETUP, judge_groups, judge_users
from orgkey.salesforce.preflight_table import Verdict
from orgkey.salesforce.set_usage import SetUsage, holders_by_group, read_usage, usage_questions

_NOTHING: Values = {}
_NEEDS = (API, SETUP, ASSIGN)
_OUTPUTS = (
    "assignments",
    "groupAssignmentIds",
    "undeclaredUsers",
    "byGroup",
    "revision",
    "orgId",
    "instanceUrl",
    "claim",
)


class PermissionSetAssignmentsHandler(Handler):
    """See the module."""

    name: ClassVar[str] = "PermissionSetAssignments"
    waited_for: ClassVar[bool] = True
    lasting: ClassVar[frozenset[str]] = frozenset({"authoritative"})
    derived: ClassVar[Mapping[str, frozenset[str]]] = {
        "users": frozenset({"assignments", "undeclaredUsers"}),
        "groups": frozenset({"assignments"}),
        "expiration": frozenset({"assignments"}),
    }
    shown_in: ClassVar[Mapping[str, str]] = {"assignments": "users"}

    def check(self, values: Values, connection: Connection | None, now: float) -> tuple[Values, list[Problem]]:
        inputs, problems = check_model(PermissionSetAssignmentsArgs, values)
        if (
            not problems
            and inputs.get("expiration") is not UNKNOWN
            and (past := expiration_problem(inputs.get("expiration"), now))
        ):
            problems = [Problem("expiration", past)]
        return inputs, problems

    def id_of(self, inputs: Values) -> str:
        return str(inputs.get("permissionSet") or "")

    def diff(self, old_inputs: Values, old_outputs: Values, inputs: Values, now: float) -> Diff:
        names = changed(("permissionSet", "authoritative", "managedBy"), old_inputs, inputs)
        for name in ("users", "groups"):
            if _names(old_inputs, name) != _names(inputs, name) or inputs.get(name) is UNKNOWN:
                names.append(name)
        if inputs.get("expiration") is UNKNOWN or _end(old_inputs) != _end(inputs):
            names.append("expiration")
        taken_over = "users" in names and _only_names_holders(old_inputs, old_outputs, inputs)
        if taken_over:
            names.remove("users")
        # A user who was given the set by an `up` that did not hear the answer, or by somebody else, is in no output yet.
        stale = (
            not taken_over and "users" not in names and _recorded(old_outputs) not in (None, _names(inputs, "users"))
        )
        replaces = replacing(PermissionSetAssignmentsArgs, names)
        return Diff(
            inputs=names,
            outputs=["assignments"] if stale else [],
            replaces=replaces,
            # Made before the old one is deleted, it would find the users in their groups and take them for somebody else's work.
            delete_before_replace=bool(replaces) and bool(old_outputs.get("groupAssignmentIds")),
            warnings=_who_loses(old_inputs, old_outputs, inputs, replaces=bool(replaces)),
        )

    def plan(self, inputs: Values, old_outputs: Values | None, diff: Diff | None) -> Values:
        planned = unknown_outputs(inputs, _OUTPUTS)
        certain = ("orgId", "claim")
        return planned if old_outputs is None else planned | {name: old_outputs.get(name, UNKNOWN) for name in certain}

    def preflight(self, inputs: Values, before: Values | None, operation: Operation) -> list[Verdict]:
        """Whether the login may assign, and who of those that come to be given the set, or which group, cannot be; names who holds it."""
        name, users, groups = inputs.get("permissionSet"), inputs.get("users") or (), inputs.get("groups") or ()
        if has_unknown(name):
            return permission_verdicts(_NEEDS, operation)
        new_users, new_groups = _new(users, before, "users"), _new(groups, before, "groups")
        license_name = operation.run.licenses.get(str(name), "")
        operation.snapshot.prefetch(
            *permission_questions(),
            *(user_questions(new_users) if new_users else ()),
            *soql.groups(new_groups),
            *terms_questions(license_name),
            *([] if before else [soql.permission_set(str(name)), soql.assignments(str(name))]),
        )
        if before is None:
            self._tell_holders(inputs, operation)
        host = host_of(operation.org.url)
        terms, _ = read_terms(operation.snapshot, str(name), license_name)
        return [
            *permission_verdicts(_NEEDS, operation),
            *judge_users(new_users, read_users(operation.snapshot, new_users), terms, host=host),
            *judge_groups(new_groups, read_groups(operation.snapshot, new_groups), host=host),
        ]

    def _tell_holders(self, inputs: Values, operation: Operation) -> None:
        """Name those who hold the set already, and say whether they keep it."""
        name, users = str(inputs["permissionSet"]), inputs.get("users")
        if has_unknown(users) or has_unknown(inputs.get("authoritative")):
            return
        try:
            others = read_holders(operation.snapshot, name).others(users or (), operation.clock.now())
        except RefusedError:
            return  # a permission is missing, which is told
        if others and _by_default(operation):
            operation.warn(_kept_by(name, others))
        elif others and inputs.get("authoritative"):
            operation.warn(_taken_from(name, [item.username for item in others]))

    def create(self, inputs: Values, operation: Operation) -> tuple[str, Values]:
        args = as_args(PermissionSetAssignmentsArgs, inputs)
        holders = _refuse_anothers(args, (inputs,), operation)
        if _by_default(operation) and (others := holders.others(args.users, operation.clock.now())):
            operation.warn(_kept_by(args.permission_set, others))
            inputs = {**inputs, "authoritative": False}
            args = as_args(PermissionSetAssignmentsArgs, inputs)
        claim = str(uuid.uuid4())
        left = [item for item in operation.run.left.get(operation.urn, ()) if item.get("group")]
        before = {"assignments": left, "groupAssignmentIds": [item["id"] for item in left], "claim": claim}
        return args.permission_set, self._put(inputs, args, operation, before=before)

    def read(self, resource_id: str, inputs: Values, outputs: Values, operation: Operation) -> ReadResult | None:
        if not inputs:  # an import is additive: who holds the set already keeps it, and is nobody's to take it from
            inputs = {"permissionSet": resource_id, "users": [], "authoritative": False}
        if outputs.get("authoritative") is False:
            inputs = {**inputs, "authoritative": False}  # made by default, where others held the set already
        args = as_args(PermissionSetAssignmentsArgs, inputs)
        holders = _look(args, outputs, operation)
        if has_moved(outputs, operation):
            return None
        group_assignment_ids = _present_group_assignments(outputs, holders)
        if not holders.permission_set_id and not group_assignment_ids:
            return None
        inputs = {**inputs, **_present_manager(holders, inputs, operation)}
        if whose := _anothers(holders, inputs, operation):
            operation.warn(
                f"the permission set {args.permission_set} is managed by orgkey {whose} now; its holders are left alone"
            )
            return None
        now = operation.clock.now()
        held = {name_key(item.username) for item in holders.of(args.users) if item.lasts(now)}
        by_group = _by_group_alone(
            [user for user in args.users if name_key(user) not in held], args, holders, operation
        )
        held |= {name_key(user) for user in by_group}
        others = [item.username for item in holders.others(args.users, now)]
        users = [user for user in args.users if name_key(user) in held]
        seen = {**inputs, "users": [*users, *others] if args.authoritative else users}
        if args.groups:  # a group is as declared when all are in it
            members, everyone = holders.members(now), [name_key(user) for user in args.users]
            seen["groups"] = [
                group for group in args.groups if all((user, name_key(group)) in members for user in everyone)
            ]
        managed = (
            *holders.of(args.users),
            *(item for item in holders.memberships if item.assignment_id in group_assignment_ids),
        )
        for item in managed:
            if seconds_of(item.expires) != _end(inputs):  # one that ends at another time stands for all
                seen["expiration"] = item.expires or None
                break
        seen = {name: value for name, value in seen.items() if value is not None}
        if outputs and others and not args.authoritative:
            operation.info(
                f"a destroy keeps the permission set {args.permission_set} as long as others hold it: {', '.join(others)}"
            )
        seen_outputs = _outputs(seen, args, holders, group_assignment_ids, outputs, operation)
        return ReadResult(resource_id, seen, {**seen_outputs, "byGroup": by_group})

    def update(
        self, resource_id: str, old_inputs: Values, old_outputs: Values, inputs: Values, operation: Operation
    ) -> Values:
        args = as_args(PermissionSetAssignmentsArgs, inputs)
        managers = (inputs, old_inputs)  # a renamed stack's set bears the old name until it was updated itself
        _refuse_anothers(args, managers, operation)
        return self._put(inputs, args, operation, remove=old_inputs.get("users") or (), before=old_outputs)

    def _put(
        self,
        inputs: Values,
        args: PermissionSetAssignmentsArgs,
        operation: Operation,
        *,
        remove: Sequence[str] = (),
        before: Values = _NOTHING,
    ) -> Values:
        ending = _ending(before, inputs)
        kept = set(before.get("groupAssignmentIds") or ()) - {item["id"] for item in ending}
        try:
            holders, made = set_holders(
                operation.snapshot,
                args,
                remove=remove,
                take_back=[item["id"] for item in ending],
                keep=kept,
            )
        except PartlyDoneError as error:
            outputs = _so_far(inputs, before, error.made, operation)
            raise InitFailedError(args.permission_set, outputs, [str(error)]) from error
        return _outputs(
            inputs,
            args,
            holders,
            _present_group_assignments({"groupAssignmentIds": [*kept, *made]}, holders),
            before,
            operation,
        )

    def delete(self, resource_id: str, old_inputs: Values, old_outputs: Values, operation: Operation) -> None:
        """Take the set from its users, and back what they were given of groups; but never where a login hangs on it (ADR 10)."""
        operation.snapshot.identity()
        holders = read_holders(operation.snapshot, resource_id, also=usage_questions(resource_id))
        losing = holders.of(old_inputs.get("users") or ())
        leaving = _ending(old_outputs, {})
        if not losing and not leaving:
            return
        if reason := _why_kept(resource_id, holders, old_inputs, operation):
            users = dict.fromkeys([*(item.username for item in losing), *(item["username"] for item in leaving)])
            operation.warn(
                f"{', '.join(users)} keep{'s' if len(users) == 1 else ''} the permission set {resource_id}: {reason}"
            )
            for sentence in _by_group("for the same reason these stay in the group", leaving):
                operation.warn(sentence)
            operation.run.left[operation.urn] = [*map(_shown, losing), *leaving]
            return
        if losing:
            operation.info(
                f"taking the permission set {resource_id} from: {', '.join(item.username for item in losing)}"
            )
        for sentence in _by_group("taking out of the group", leaving):
            operation.info(sentence)
        try:
            remove_assignments(
                operation.org, [item.assignment_id for item in losing] + [item["id"] for item in leaving]
            )
        finally:
            operation.snapshot.drop()


def _why_kept(permission_set: str, holders: Holders, inputs: Values, operation: Operation) -> str:
    """Why nobody is to lose the set: it is another stack's by now, or an app still admits its holders."""
    if whose := _anothers(holders, inputs, operation):
        return f"it is managed by orgkey {whose} now"
    if not holders.permission_set_id:
        return ""
    apps = read_usage(operation.snapshot, permission_set, holders.permission_set_id).apps
    return SetUsage(apps).in_words


def _by_default(operation: Operation) -> bool:
    """Whether neither the program nor the state says that nobody else may hold the set."""
    return "authoritative" in operation.run.defaulted.get(operation.urn, ())


def _refuse_anothers(args: PermissionSetAssignmentsArgs, managers: Sequence[Values], operation: Operation) -> Holders:
    """Who holds the set; raises ConflictError where it is somebody else's to all of `managers`, which are inputs with a `managedBy`."""
    asked_next = [*soql.users(args.users), *([*soql.groups(args.groups)] if args.groups else [])]
    holders = read_holders(
        operation.snapshot, args.permission_set, users=args.users, groups=args.groups, also=asked_next
    )
    whose = [_anothers(holders, inputs, operation) for inputs in managers]
    if all(whose):
        raise ConflictError(
            f"{host_of(operation.org.url)} has the permission set {args.permission_set}, and it is managed by orgkey {whose[0]}.\n"
            "Nothing was changed. Choose another orgkey:permissionSet.name, or take the set over first "
            "(docs/guides/moving-a-stack.md)."
        )
    return holders


def _anothers(holders: Holders, inputs: Values, operation: Operation) -> str:
    """Owner and stack of somebody else who manages the set by now; empty where it is ours, nobody's, or a sandbox's copy of ours."""
    manager, (_, marker) = str(inputs.get("managedBy") or ""), unmark(holders.description)
    if not manager or marker is None:
        return ""
    another = ownership_of(marker, manager, operation.snapshot.identity()) is Ownership.ANOTHERS
    return marker.manager if another else ""


def _present_manager(holders: Holders, inputs: Values, operation: Operation) -> dict[str, str]:
    _, marker = unmark(holders.description)
    return {"managedBy": present_manager(marker, inputs, operation)} if inputs.get("managedBy") else {}


def _look(args: PermissionSetAssignmentsArgs, outputs: Values, operation: Operation) -> Holders:
    """Who holds the set, and who is in the groups of now and of before: what we gave must not be forgotten while inputs name less."""
    known = _memberships(outputs)
    return read_holders(
        operation.snapshot,
        args.permission_set,
        users=_each([*args.users, *(item["username"] for item in known)]),
        groups=_each([*args.groups, *(item["group"] for item in known)]),
    )


def _by_group_alone(
    lacking: Sequence[str], args: PermissionSetAssignmentsArgs, holders: Holders, operation: Operation
) -> list[str]:
    """Those of `lacking` who hold the set all the same, as members of a group that contains it; told, since they lose it with that."""
    if not lacking or not holders.permission_set_id:
        return []
    name, now = args.permission_set, operation.clock.now()
    by_group = holders_by_group(operation.snapshot, name, holders.permission_set_id, lacking, now)
    found = [user for user in lacking if name_key(user) in by_group]
    for user in found:
        operation.info(
            f"{user} holds the permission set {name} by the group {by_group[name_key(user)]} alone, and loses it with that"
        )
    return found


def _outputs(
    inputs: Values,
    args: PermissionSetAssignmentsArgs,
    holders: Holders,
    group_assignment_ids: Sequence[str],
    before: Values,
    operation: Operation,
) -> dict[str, Any]:
    """The revision has the records' ids in it: an assignment that was taken away and given back is a change to be proved."""
    listed = [_shown(item) for item in (*holders.of(args.users), *holders.memberships)]
    digest = hashlib.sha256(
        repr((holders.permission_set_id, [tuple(item.values()) for item in listed])).encode()
    ).hexdigest()
    return {
        **inputs,
        "assignments": listed,
        "groupAssignmentIds": list(group_assignment_ids),
        "undeclaredUsers": [item.username for item in holders.others(args.users, operation.clock.now())],
        "byGroup": [],
        "revision": digest[:16],
        "orgId": operation.snapshot.identity().org_id,
        "instanceUrl": operation.org.url,
        "claim": _claim(before),
    }


def _so_far(inputs: Values, before: Values, made: Sequence[Assignment], operation: Operation) -> dict[str, Any]:
    """What is known when the org failed in the middle, without asking it: the last read, and what was made. The next read corrects it."""
    return {
        **inputs,
        "assignments": [*(before.get("assignments") or ()), *map(_shown, made)],
        "groupAssignmentIds": [
            *(before.get("groupAssignmentIds") or ()),
            *(item.assignment_id for item in made if item.group),
        ],
        "undeclaredUsers": before.get("undeclaredUsers") or [],
        "revision": "",
        "orgId": operation.snapshot.identity().org_id,
        "instanceUrl": operation.org.url,
        "claim": _claim(before),
    }


def _only_names_holders(old_inputs: Values, old_outputs: Values, inputs: Values) -> bool:
    """Whether an import's first update names none but users who hold the set already: what changes then is who manages, which it shows."""
    if (
        old_inputs.get("managedBy")
        or not inputs.get("managedBy")
        or UNKNOWN in (inputs.get("users"), inputs.get("managedBy"))
    ):
        return False
    holding = {name_key(str(user)) for user in old_outputs.get("undeclaredUsers") or ()}
    return not old_inputs.get("users") and set(_names(inputs, "users")) <= holding


def _claim(before: Values) -> str:
    """What tells this resource from another one for the same set, made by a Create or an import (ADR 10)."""
    return str(before.get("claim") or uuid.uuid4())


def _shown(item: Assignment) -> dict[str, str]:
    group = {"group": item.group} if item.group else {}
    expires = {"expires": item.expires} if item.expires else {}
    return {"username": item.username, "userId": item.user_id, "id": item.assignment_id, **group, **expires}


def _who_loses(old_inputs: Values, old_outputs: Values, inputs: Values, *, replaces: bool) -> list[str]:
    """Name those from whom an `up` takes the set or a group; nobody is locked out without having been named before."""
    if UNKNOWN in (inputs.get("users"), inputs.get("groups")):
        return []
    kept = set() if replaces else set(_names(inputs, "users"))
    holding = [*(old_inputs.get("users") or ())]
    if inputs.get("authoritative") and not old_inputs.get("authoritative"):
        holding += (
            old_outputs.get("undeclaredUsers") or ()
        )  # those whom nobody declared, and who were left alone until now
    losing = [str(user) for user in holding if name_key(str(user)) not in kept]
    taken = [_taken_from(str(old_inputs.get("permissionSet")), losing)] if losing else []
    return [*taken, *_by_group("an `up` takes out of the group", _ending(old_outputs, inputs))]


def _taken_from(permission_set: str, users: Iterable[str]) -> str:
    return f"an `up` takes the permission set {permission_set} from: {', '.join(users)}"


def _kept_by(permission_set: str, others: Sequence[Assignment]) -> str:
    users = ", ".join(item.username for item in others)
    return (
        f"others hold the permission set {permission_set} already, and keep it: {users}. "
        "Set orgkey:assignments.authoritative to true to take it from them, or to false to let it be so without a word"
    )


def _by_group(what: str, items: Iterable[Mapping[str, str]]) -> list[str]:
    leaving: dict[str, list[str]] = {}
    for item in items:
        leaving.setdefault(item["group"], []).append(item["username"])
    return [f"{what} {group}: {', '.join(users)}" for group, users in leaving.items()]


def _end(inputs: Values) -> int | None:
    return seconds_of(str(inputs.get("expiration") or ""))


def _memberships(outputs: Values) -> list[Mapping[str, str]]:
    """Assignments to groups by the last read."""
    return [item for item in outputs.get("assignments") or () if item.get("group")]


def _ending(outputs: Values, inputs: Values) -> list[Mapping[str, str]]:
    """Assignments to groups that we made and that are declared no more."""
    made, users, groups = (
        set(outputs.get("groupAssignmentIds") or ()),
        _names(inputs, "users"),
        _names(inputs, "groups"),
    )
    return [
        item
        for item in _memberships(outputs)
        if item["id"] in made and (name_key(item["username"]) not in users or name_key(item["group"]) not in groups)
    ]


def _present_group_assignments(outputs: Values, holders: Holders) -> list[str]:
    """Those of the assignments to groups made by us that are there still."""
    ids = set(outputs.get("groupAssignmentIds") or ())
    return [item.assignment_id for item in holders.memberships if item.assignment_id in ids]


def _recorded(outputs: Values) -> Sequence[str] | None:
    """Who holds the set by the last read, of those who were declared then."""
    listed = outputs.get("assignments")
    if not isinstance(listed, list | tuple):
        return None
    direct = [name_key(str(item["username"])) for item in listed if not item.get("group")]
    return sorted([*direct, *(name_key(str(user)) for user in outputs.get("byGroup") or ())])


def _names(inputs: Values, name: str) -> Sequence[str]:
    """A list of names, without case and order."""
    listed = inputs.get(name)
    return sorted(name_key(str(item)) for item in listed) if isinstance(listed, list | tuple) else []


def _new(names: Any, before: Values | None, name: str) -> list[str]:
    """Those names that are known and were not there before."""
    known = [str(each) for each in names if each is not UNKNOWN] if isinstance(names, list | tuple) else []
    old = set(_names(before or {}, name))
    return [each for each in _each(known) if name_key(each) not in old]


def _each(names: Sequence[str]) -> list[str]:
    """Names without case, each once."""
    return list({name_key(name): name for name in names}.values())

"""PermissionSetAssignments: who must hold a permission set, and be in which groups, as one resource for the whole list.

Authoritative (the default for what is recreated) means that nobody else holds the set; users who do are drift, and the next `up` takes it
from them. An imported one is additive, and stays so until a program says otherwise: who held the set before is nobody's to lock out. So is
one that is made by default where others hold the set already. Groups are somebody else's: only what is missing is added, and only what we
added ends (ADR 8).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import ClassVar

from orgkey.metadata.check import Problem
from orgkey.metadata.identifiers import each_once, name_key
from orgkey.model.assignments import PermissionSetAssignmentsArgs, expiration_problem
from orgkey.model.connection import Connection
from orgkey.provider.assignment_inputs import end_of, inputs_seen, known_names, names_in, new_names, same_name
from orgkey.provider.assignment_outputs import (
    OUTPUTS,
    ending_memberships,
    memberships,
    only_names_holders,
    outputs_of,
    outputs_so_far,
    own_ends,
    present_group_assignments,
    recorded_users,
    shown,
)
from orgkey.provider.handler import Diff, Handler, InitFailedError, Operation, ReadResult, Values, unknown_outputs
from orgkey.provider.model_inputs import as_args, changed, check_model, replacing
from orgkey.provider.preview import permission_verdicts
from orgkey.provider.same_org import has_moved
from orgkey.provider.set_owner import other_manager, present_manager_input, refuse_anothers
from orgkey.provider.who_loses import kept_by, moved_ends, sentences_by_group, taken_from, who_loses
from orgkey.provider.wire import UNKNOWN, has_unknown
from orgkey.salesforce import soql
from orgkey.salesforce.access import (
    Holders,
    PartlyDoneError,
    judge_ended,
    read_holders,
    remove_assignments,
    set_holders,
)
from orgkey.salesforce.errors import RefusedError, host_of
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


class PermissionSetAssignmentsHandler(Handler):
    """See the module."""

    name: ClassVar[str] = "PermissionSetAssignments"
    thing: ClassVar[str] = "assignments"
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
        name = inputs.get("permissionSet")
        return "" if name is UNKNOWN else str(name or "")

    def diff(self, old_inputs: Values, old_outputs: Values, inputs: Values, now: float) -> Diff:
        names = changed(("permissionSet", "authoritative", "managedBy"), old_inputs, inputs)
        if same_name(old_inputs.get("permissionSet"), inputs.get("permissionSet")):
            names = [name for name in names if name != "permissionSet"]
        for name in ("users", "groups"):
            if names_in(old_inputs, name) != names_in(inputs, name) or has_unknown(inputs.get(name)):
                names.append(name)
        if inputs.get("expiration") is UNKNOWN or end_of(old_inputs) != end_of(inputs):
            names.append("expiration")
        taken_over = "users" in names and only_names_holders(old_inputs, old_outputs, inputs)
        if taken_over:
            names.remove("users")
        # A user who was given the set by an `up` that did not hear the answer, or by somebody else, is in no output yet.
        stale = (
            not taken_over
            and "users" not in names
            and recorded_users(old_outputs) not in (None, names_in(inputs, "users"))
        )
        replaces = replacing(PermissionSetAssignmentsArgs, names)
        return Diff(
            inputs=names,
            outputs=["assignments"] if stale else [],
            replaces=replaces,
            # Made before the old one is deleted, it would find the users in their groups and take them for somebody else's work.
            delete_before_replace=bool(replaces) and bool(old_outputs.get("groupAssignmentIds")),
            warnings=who_loses(old_inputs, old_outputs, inputs, replaces=bool(replaces)),
        )

    def plan(self, inputs: Values, old_outputs: Values | None, diff: Diff | None) -> Values:
        planned = unknown_outputs(inputs, OUTPUTS)
        certain = ("orgId", "claim")
        return planned if old_outputs is None else planned | {name: old_outputs.get(name, UNKNOWN) for name in certain}

    def preflight(self, inputs: Values, before: Values | None, operation: Operation) -> list[Verdict]:
        """Whether the login may assign, and who of those that come to be given the set, or which group, cannot be; names who holds it."""
        name, users, groups = inputs.get("permissionSet"), inputs.get("users") or (), inputs.get("groups") or ()
        set_questions = [soql.permission_set(str(name)), soql.assignments(str(name))]
        if has_unknown(name):
            return permission_verdicts(_NEEDS, operation)
        new_users, new_groups = new_names(users, before, "users"), new_names(groups, before, "groups")
        license_name = operation.run.licenses.get(name_key(str(name)), "")
        operation.snapshot.prefetch(
            *permission_questions(),
            *(user_questions(new_users) if new_users else ()),
            *soql.groups(new_groups),
            *terms_questions(license_name),
            *set_questions,
        )
        if before is None:
            self._tell_holders(inputs, operation)
        ended = self._tell_ends(inputs, operation)
        host = host_of(operation.org.url)
        terms, _ = read_terms(operation.snapshot, str(name), license_name)
        return [
            *permission_verdicts(_NEEDS, operation),
            *judge_users(new_users, read_users(operation.snapshot, new_users), terms, host=host),
            *ended,
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
            operation.warn(kept_by(name, others))
        elif others and inputs.get("authoritative"):
            operation.warn(taken_from(name, [item.username for item in others]))

    def _tell_ends(self, inputs: Values, operation: Operation) -> list[Verdict]:
        """Say whose assignments, which somebody else made, get another end; judge those that have ended and would get none."""
        expiration = inputs.get("expiration")
        if has_unknown(expiration):
            return []
        try:
            holders = read_holders(operation.snapshot, str(inputs["permissionSet"]))
        except RefusedError:
            return []  # a permission is missing, which is told
        users, now = known_names(inputs.get("users")), operation.clock.now()
        theirs = holders.in_others_hands(users, operation.run.own_ends)
        if says := moved_ends(theirs, end_of(inputs), now):
            operation.warn(says)
        return [] if expiration else judge_ended(theirs, str(inputs["permissionSet"]), now)

    def create(self, inputs: Values, operation: Operation) -> tuple[str, Values]:
        args = as_args(PermissionSetAssignmentsArgs, inputs)
        holders = refuse_anothers(args, (inputs,), operation)
        if _by_default(operation) and (others := holders.others(args.users, operation.clock.now())):
            operation.warn(kept_by(args.permission_set, others))
            inputs = {**inputs, "authoritative": False}
            args = as_args(PermissionSetAssignmentsArgs, inputs)
        claim = str(uuid.uuid4())
        left = [item for item in operation.run.left.get(operation.urn, ()) if item.get("group")]
        before = {
            "assignments": left,
            "groupAssignmentIds": [item["id"] for item in left],
            "managedExpirationIds": list(operation.run.own_ends.copy()),
            "claim": claim,
        }
        return args.permission_set, self._put(inputs, args, holders, operation, before=before)

    def read(self, resource_id: str, inputs: Values, outputs: Values, operation: Operation) -> ReadResult | None:
        if not inputs:  # an import is additive: who holds the set already keeps it, and is nobody's to take it from
            inputs = {"permissionSet": resource_id, "users": [], "authoritative": False}
        if outputs.get("authoritative") is False:
            inputs = {**inputs, "authoritative": False}  # made by default, where others held the set already
        args = as_args(PermissionSetAssignmentsArgs, inputs)
        holders = _look(args, outputs, operation)
        if has_moved(outputs, operation):
            return None
        group_assignment_ids = present_group_assignments(outputs, holders)
        if not holders.permission_set_id and not group_assignment_ids:
            return None
        inputs = {**inputs, **present_manager_input(holders, inputs, operation)}
        if whose := other_manager(holders, inputs, operation):
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
        own = own_ends(outputs)
        operation.run.own_ends.update(own)
        seen = inputs_seen(inputs, args, holders, held, group_assignment_ids, own, now)
        others = [item.username for item in holders.others(args.users, now)]
        if outputs and others and not args.authoritative:
            operation.info(
                f"a destroy keeps the permission set {args.permission_set} as long as others hold it: {', '.join(others)}"
            )
        seen_outputs = outputs_of(seen, args, holders, group_assignment_ids, own, outputs, operation)
        return ReadResult(resource_id, seen, {**seen_outputs, "byGroup": by_group})

    def update(
        self, resource_id: str, old_inputs: Values, old_outputs: Values, inputs: Values, operation: Operation
    ) -> Values:
        args = as_args(PermissionSetAssignmentsArgs, inputs)
        managers = (inputs, old_inputs)  # a renamed stack's set bears the old name until it was updated itself
        holders = refuse_anothers(args, managers, operation)
        return self._put(inputs, args, holders, operation, remove=old_inputs.get("users") or (), before=old_outputs)

    def _put(
        self,
        inputs: Values,
        args: PermissionSetAssignmentsArgs,
        present: Holders,
        operation: Operation,
        *,
        remove: Sequence[str] = (),
        before: Values = _NOTHING,
    ) -> Values:
        ending = ending_memberships(before, inputs)
        kept = set(before.get("groupAssignmentIds") or ()) - {item["id"] for item in ending}
        own = own_ends(before)
        theirs = present.in_others_hands(args.users, own)
        if says := moved_ends(theirs, end_of(inputs), operation.clock.now()):
            operation.warn(says)
        try:
            holders, written = set_holders(
                operation.snapshot,
                args,
                remove=remove,
                take_back=[item["id"] for item in ending],
                keep=kept,
                own_ends=own,
            )
        except PartlyDoneError as error:
            outputs = outputs_so_far(inputs, before, error, operation)
            raise InitFailedError(args.permission_set, outputs, [str(error)]) from error
        return outputs_of(
            inputs,
            args,
            holders,
            present_group_assignments({"groupAssignmentIds": [*kept, *written]}, holders),
            {*own, *written},
            before,
            operation,
        )

    def delete(self, resource_id: str, old_inputs: Values, old_outputs: Values, operation: Operation) -> None:
        """Take the set from its users, and back what they were given of groups; but never where a login hangs on it (ADR 10)."""
        operation.snapshot.identity()
        holders = read_holders(operation.snapshot, resource_id, also=usage_questions(resource_id))
        operation.run.own_ends.update(own_ends(old_outputs))  # of those that stay, for whatever comes later in the run
        losing = holders.of(old_inputs.get("users") or ())
        leaving = ending_memberships(old_outputs, {})
        if not losing and not leaving:
            return
        if reason := _why_kept(resource_id, holders, old_inputs, operation):
            users = dict.fromkeys([*(item.username for item in losing), *(item["username"] for item in leaving)])
            operation.warn(
                f"{', '.join(users)} keep{'s' if len(users) == 1 else ''} the permission set {resource_id}: {reason}"
            )
            for sentence in sentences_by_group("for the same reason these stay in the group", leaving):
                operation.warn(sentence)
            operation.run.left[operation.urn] = [*map(shown, losing), *leaving]
            return
        if losing:
            operation.info(
                f"taking the permission set {resource_id} from: {', '.join(item.username for item in losing)}"
            )
        for sentence in sentences_by_group("taking out of the group", leaving):
            operation.info(sentence)
        try:
            remove_assignments(
                operation.org, [item.assignment_id for item in losing] + [item["id"] for item in leaving]
            )
        finally:
            operation.snapshot.drop()


def _why_kept(permission_set: str, holders: Holders, inputs: Values, operation: Operation) -> str:
    """Why nobody is to lose the set: it is another stack's by now, or an app still admits its holders."""
    if whose := other_manager(holders, inputs, operation):
        return f"it is managed by orgkey {whose} now"
    if not holders.permission_set_id:
        return ""
    apps = read_usage(operation.snapshot, permission_set, holders.permission_set_id).apps
    return SetUsage(apps).in_words


def _by_default(operation: Operation) -> bool:
    """Whether neither the program nor the state says that nobody else may hold the set."""
    return "authoritative" in operation.run.defaulted.get(operation.urn, ())


def _look(args: PermissionSetAssignmentsArgs, outputs: Values, operation: Operation) -> Holders:
    """Who holds the set, and who is in the groups of now and of before: what we gave must not be forgotten while inputs name less."""
    known = memberships(outputs)
    return read_holders(
        operation.snapshot,
        args.permission_set,
        users=each_once([*args.users, *(item["username"] for item in known)]),
        groups=each_once([*args.groups, *(item["group"] for item in known)]),
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

"""Inputs of PermissionSetAssignments by what they mean: names without case and order, an end by its moment, as a look finds it; pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from orgkey.metadata.identifiers import each_once, name_key
from orgkey.model.assignments import PermissionSetAssignmentsArgs, seconds_of
from orgkey.provider.handler import Values
from orgkey.provider.wire import has_unknown
from orgkey.salesforce.access import Holders


def names_in(inputs: Values, name: str) -> Sequence[str]:
    """A list of names, without case and order."""
    return sorted(name_key(item) for item in known_names(inputs.get(name)))


def known_names(names: Any) -> list[str]:
    """The names of a list that are known already."""
    return [str(each) for each in names if not has_unknown(each)] if isinstance(names, list | tuple) else []


def same_name(one: Any, other: Any) -> bool:
    """Whether two known names are one to the platform."""
    return isinstance(one, str) and isinstance(other, str) and name_key(one) == name_key(other)


def new_names(names: Any, before: Values | None, name: str) -> list[str]:
    """Those names that are known and were not there before."""
    known = known_names(names)
    old = set(names_in(before or {}, name))
    return [each for each in each_once(known) if name_key(each) not in old]


def end_of(inputs: Values) -> int | None:
    """When the assignments end, in whole seconds since the epoch; None: never."""
    return seconds_of(str(inputs.get("expiration") or ""))


def inputs_seen(
    inputs: Values,
    args: PermissionSetAssignmentsArgs,
    holders: Holders,
    held: Collection[str],
    group_assignment_ids: Collection[str],
    own_ends: Collection[str],
    now: float,
) -> dict[str, Any]:
    """The inputs as somebody would have to write them for what a look found at `now`, in epoch seconds.

    `held` are the keys of those declared users who hold the set, `group_assignment_ids` the assignments to groups that are ours,
    `own_ends` those to the set whose end is. Where no end is declared, one that somebody else decided is no difference.
    """
    users = [user for user in args.users if name_key(user) in held]
    others = [item.username for item in holders.others(args.users, now)]
    seen = {**inputs, "users": [*users, *others] if args.authoritative else users}
    if args.groups:  # a group is as declared when all are in it
        members, everyone = holders.members(now), [name_key(user) for user in args.users]
        seen["groups"] = [
            group for group in args.groups if all((user, name_key(group)) in members for user in everyone)
        ]
    managed = (
        *(item for item in holders.of(args.users) if args.expiration or item.assignment_id in own_ends),
        *(item for item in holders.memberships if item.assignment_id in group_assignment_ids),
    )
    for item in managed:
        if seconds_of(item.expires) != end_of(inputs):  # one that ends at another time stands for all
            seen["expiration"] = item.expires or None
            break
    return {name: value for name, value in seen.items() if value is not None}

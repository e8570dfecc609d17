"""Who loses a permission set or a group is named before, and nobody who may keep it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkey.provider.assignment_inputs import names_in, new_names
from orgkey.provider.who_loses import who_loses
from orgkey.provider.wire import UNKNOWN

A, B = "a@acme.com", "b@acme.com"
BEFORE = {"permissionSet": "Access", "users": [A, B], "groups": ["Sales"]}
IN_SALES = {
    "assignments": [{"username": name, "id": f"0Pa{name[0]}", "group": "Sales"} for name in (A, B)],
    "groupAssignmentIds": ["0Paa", "0Pab"],
}
LOSES_SET, LOSES_GROUP = (
    "an `up` takes the permission set Access from: {}",
    "an `up` takes out of the group Sales: {}",
)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ({"users": ["A@acme.com"]}, [LOSES_SET.format(B), LOSES_GROUP.format(B)]),
        ({"users": [A, UNKNOWN]}, []),
        ({"users": UNKNOWN}, []),
        ({"users": [A], "groups": [UNKNOWN]}, [LOSES_SET.format(B)]),
        ({"users": [A], "groups": UNKNOWN}, [LOSES_SET.format(B)]),
        ({"groups": ["Other"]}, [LOSES_GROUP.format(f"{A}, {B}")]),
        ({"groups": ["Other", UNKNOWN]}, []),
        ({"groups": ["SALES"]}, []),
        ({"permissionSet": UNKNOWN}, []),
        ({"permissionSet": UNKNOWN, "users": [UNKNOWN]}, []),
        ({"permissionSet": "Other"}, [LOSES_SET.format(f"{A}, {B}")]),
        ({"permissionSet": "Other", "users": [UNKNOWN]}, [LOSES_SET.format(f"{A}, {B}")]),
        ({"permissionSet": "Other", "authoritative": True}, [LOSES_SET.format(f"{A}, {B}")]),
        ({"authoritative": True}, [LOSES_SET.format("c@acme.com")]),
        ({"authoritative": UNKNOWN}, []),
        ({"authoritative": True, "users": [A, B, UNKNOWN]}, []),
    ],
)
def test_who_loses_what_is_named_as_far_as_it_is_known(now: Mapping[str, Any], told: list[str]) -> None:
    outputs = {**IN_SALES, "undeclaredUsers": ["c@acme.com"]}
    assert who_loses(BEFORE, outputs, {**BEFORE, **now}, replaces="permissionSet" in now) == told


lists = st.lists(st.sampled_from([A, B, "c@acme.com"]), unique=True)


@given(before=lists, after=lists, unknown=st.integers(0, 3))
def test_nobody_who_may_be_on_the_list_is_named(before: list[str], after: list[str], unknown: int) -> None:
    now: list[Any] = [*after]
    if unknown:
        now.insert(unknown - 1, UNKNOWN)
    old = {"permissionSet": "Access", "users": before}
    told = who_loses(old, {}, {**old, "users": now}, replaces=False)
    losing = [name for name in before if name not in after]
    assert told == ([LOSES_SET.format(", ".join(losing))] if losing and not unknown else [])


@given(known=lists, place=st.integers(0, 3))
def test_a_name_that_is_not_known_yet_is_no_name(known: list[str], place: int) -> None:
    names: list[Any] = [*known]
    names.insert(place, UNKNOWN)
    assert names_in({"users": names}, "users") == sorted(known)
    assert new_names(names, None, "users") == known

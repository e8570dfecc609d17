"""Which generations a program declares no more: by the names of the proofs in state, and the numbers that the current one is given."""

from __future__ import annotations

from typing import Any

import pytest

from orgkey.provider.engine_run import Run
from orgkey.provider.retired import block_of, going_on, note_read, retired_by
from orgkey.provider.same_key import note_key

_IN_COMPONENT = "urn:pulumi:uat::orgkey::orgkey:index:JwtBearerAccess$salesforce:index:JwtGrant::"
_ALONE = "urn:pulumi:uat::orgkey::salesforce:index:JwtGrant::"


def _run(*names: str, prefix: str = _IN_COMPONENT, with_apps: bool = True) -> Run:
    run = Run()
    for name in names:
        key = f"key of {name}"
        note_read(run, f"{prefix}{name}", "JwtGrant", {"consumerKey": key, "username": "ci@acme.com", "userId": "005"})
        if with_apps:
            note_read(run, "urn", "ExternalClientApp", {"consumerKey": key, "name": f"App of {name}", "label": "App"})
    return run


@pytest.mark.parametrize(
    ("in_state", "checked", "declared", "retired"),
    [
        (["a-grant"], "a-grant", None, []),  # a stack without generations, also one of an earlier version
        (["a-grant"], "a-grant-2", [2], [1]),
        (["a-grant"], "a-grant-2", [2, 1], []),
        (["a-grant", "a-grant-2"], "a-grant-2", [2], [1]),
        (["a-grant", "a-grant-2"], "a-grant-2", [2, 1], []),
        (["a-grant", "a-grant-2"], "a-grant", None, [2]),  # back to the first
        (["a-grant", "a-grant-2", "a-grant-3"], "a-grant-3", [3, 1], [2]),
        (["a-grant", "a-grant-10", "a-grant-12"], "a-grant-12", [12, 10], [1]),
        (["a-grant", "a-grant-2", "a-grant-3"], "a-grant-2", [3, 2], []),  # only the current one tells
        (["a-grant", "a-grant-2", "a-grant-12"], "a-grant-12", [2, 12], []),
        (["b-grant", "ab-grant"], "a-grant-2", [2], []),  # other components
        (["a-grant-x", "a-grant-1", "a-grant-02", "a-grant--1"], "a-grant-2", [2], []),  # names of nothing of ours
    ],
)
def test_a_generation_that_is_in_state_and_not_declared_goes(
    in_state: list[str], checked: str, declared: list[int] | None, retired: list[int]
) -> None:
    inputs: dict[str, Any] = {} if declared is None else {"generations": declared}
    found = list(retired_by(_run(*in_state), f"{_IN_COMPONENT}{checked}", inputs))
    assert [each.number for each in found] == retired


def test_proofs_outside_a_component_and_apps_that_are_gone_are_no_generations() -> None:
    inputs = {"generations": [2]}
    assert list(retired_by(_run("a-grant", prefix=_ALONE), f"{_ALONE}a-grant-2", inputs)) == []
    assert list(retired_by(_run("a-grant", with_apps=False), f"{_IN_COMPONENT}a-grant-2", inputs)) == []


@pytest.mark.parametrize(
    ("in_state", "checked", "declared", "says"),
    [
        (["a-grant"], "a-grant-2", [2, 1], "Clients of generation 1 log in as before"),
        (["a-grant", "a-grant-2"], "a-grant-3", [3, 2, 1], "Clients of generations 2, 1 log in as before"),
        (["a-grant", "a-grant-2"], "a-grant-2", [2, 1], ""),  # which is in state already
        (["a-grant"], "a-grant-2", [2], ""),  # nobody goes on
        ([], "a-grant-2", [2, 1], ""),  # both are new
        (["a-grant"], "a-grant-3", [2, 3, 1], ""),  # only the current one tells
        ([], "a-grant", None, ""),
    ],
)
def test_a_new_generation_says_what_it_means_for_clients(
    in_state: list[str], checked: str, declared: list[int] | None, says: str
) -> None:
    inputs: dict[str, Any] = {} if declared is None else {"generations": declared}
    told = going_on(_run(*in_state), f"{_IN_COMPONENT}{checked}", inputs)
    assert says in told
    assert bool(says) is bool(told)


@pytest.mark.parametrize(
    ("blocked", "says", "says_not"),
    [
        ({1}, "Clients of generation 1 are cut off: it is blocked", "Clients of generation 1 log in as before"),
        ({1, 2}, "Clients of generations 2, 1 are cut off: they are blocked", "as before"),
        ({2}, "Clients of generation 1 log in as before", "generations 2, 1"),
        ({2}, "Clients of generation 2 are cut off", "generation 2 log in"),
        ({3}, "generation 3 is new, and blocked", "handed out"),
    ],
)
def test_nobody_is_said_to_log_in_through_a_generation_that_is_blocked(
    blocked: set[int], says: str, says_not: str
) -> None:
    run = _run("a-grant", "a-grant-2")
    for number, part in ((1, "a-key"), (2, "a-key-2"), (3, "a-key-3")):
        note_key(run, _IN_COMPONENT.replace("JwtGrant", "KeyPair") + part, "", blocked=number in blocked)
    note_key(run, _IN_COMPONENT.replace("JwtGrant", "KeyPair") + "b-key", "", blocked=True)  # of another component
    inputs: dict[str, Any] = {"generations": [3, 2, 1]} | ({"blocked": True} if 3 in blocked else {})
    told = going_on(run, f"{_IN_COMPONENT}a-grant-3", inputs)
    assert says in told
    assert says_not not in told


@pytest.mark.parametrize(
    ("in_state", "declared", "says"),
    [
        ({}, True, "this `up` blocks the app: its clients are cut off, and the sessions"),
        (None, True, "this `up` blocks the app"),  # taken over and blocked at once
        ({"blocked": True, "verified": True}, True, "this `up` blocks the app"),  # somebody undid it
        ({"blocked": True, "verified": False}, True, ""),
        ({"blocked": True, "verified": False}, False, "this `up` lets the app in again"),
        ({}, False, ""),
        (None, False, ""),
    ],
)
def test_a_block_and_its_end_say_what_they_mean_for_clients(
    in_state: dict[str, Any] | None,
    declared: bool,  # noqa: FBT001 — a column of the table
    says: str,
) -> None:
    run, urn = Run(), f"{_IN_COMPONENT}a-grant-2"
    if in_state is not None:
        note_read(run, urn, "JwtGrant", {"consumerKey": "key", "verified": True, **in_state})
    for generations in ({}, {"generations": [3, 2]}):
        inputs = {"blocked": declared, **generations}
        told = block_of(run, urn, inputs)
        expected = says.replace("the app", "generation 2") if generations else says
        assert expected in told
        assert bool(says) is bool(told)

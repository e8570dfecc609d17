"""Which generations a program declares no more: by the names of the proofs in state, and the numbers that the current one is given."""

from __future__ import annotations

from typing import Any

import pytest

from orgkey.provider.handler import Run
from orgkey.provider.retired import going_on, note_read, retired_by

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

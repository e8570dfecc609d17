"""What a doctor advises for a stack's login: by the settings which that stack has, and never one that it has not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orgkey.doctor.causes import CAUSES
from orgkey.doctor.facts import Failure
from tests.doctor.model import World, facts_of

_RIGHT: dict[str, Any] = {
    "app.isEnabled": True,
    "app.isOauthPluginEnabled": True,
    "app.scopes": ["Api", "RefreshToken"],
    "app.permittedUsers": "AdminApprovedPreAuthorized",
    "app.requiredSessionLevel": "STANDARD",
    "permissionSet.userPermissions": ["ApiEnabled"],
}
_UP = "run `pulumi up`: it puts back what the stack declares"
_BY_CODE = {each.code: each for each in CAUSES}


def _remedy(code: str, declared: dict[str, Any], *, blocked_by: str = "", stack: str = "uat") -> str:
    facts = facts_of(World(), Failure("invalid_grant", ""))
    login = replace(facts.login, stack=stack, declared=declared, blocked_by=blocked_by)
    return _BY_CODE[code].remedy_for(replace(facts, login=login))


@pytest.mark.parametrize(
    ("code", "setting"),
    [
        ("app.disabled", {"app.isEnabled": False}),
        ("app.disabled", {"app.isOauthPluginEnabled": False}),
        ("scopes.noRefreshToken", {"app.scopes": ["Api"]}),
        ("scopes.none", {"app.scopes": ["RefreshToken", "Full"]}),
        ("scopes.noApi", {"app.scopes": ["Web", "RefreshToken"]}),
        ("policy.noConsent", {"app.permittedUsers": "AllSelfAuthorized"}),
        ("policy.highAssurance", {"app.requiredSessionLevel": "HIGH_ASSURANCE"}),
        ("preauthorization.ended", {"assignments.expiration": "2026-11-01T00:00:00Z"}),
        ("preauthorization.licensedSet", {"permissionSet.license": "Salesforce API Integration"}),
        ("user.noApi", {"permissionSet.userPermissions": []}),
    ],
)
def test_a_setting_is_named_where_the_stack_has_set_it_and_an_up_where_somebody_else_changed_the_org(
    code: str, setting: dict[str, Any]
) -> None:
    by_setting = _BY_CODE[code].stack_remedy
    assert "orgkey:" in by_setting
    assert _remedy(code, {**_RIGHT, **setting}) == by_setting
    assert _remedy(code, _RIGHT) == _UP
    assert _remedy(code, {}) == by_setting  # what the stack declares is not known
    assert _remedy(code, _RIGHT, stack="") == _BY_CODE[code].remedy


def test_every_remedy_that_takes_back_a_setting_asks_whether_the_stack_has_it() -> None:
    backed_out = [
        each.code
        for each in CAUSES
        if each.declared is None
        and any(each.stack_remedy.startswith(begin) for begin in ("leave ", "move or remove ", "add Api"))
    ]
    assert backed_out == ["audience.refused"]  # which goes by the audiences that were tried


@pytest.mark.parametrize("code", ["app.disabled", "preauthorization.noLinks"])
def test_an_app_that_its_own_stack_blocks_is_let_in_by_taking_that_out(code: str) -> None:
    declared = {**_RIGHT, "app.isEnabled": False, "app.permissionSets": []}
    told = _remedy(code, declared, blocked_by="orgkey:app.blocked")
    assert told == "this stack blocks it: take out orgkey:app.blocked, then run `pulumi up`"

"""What is due in a fleet: from the states alone, what is first at the top."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orgkey.fleet.formats.renewals import FORMATS
from orgkey.fleet.renewals import Due, RenewalsReport, UnreadStack, renewals_in

_NOW = datetime(2026, 11, 26, tzinfo=UTC)
_PROJECT = "urn:pulumi:uat::orgkey::"
_PARENT = f"{_PROJECT}orgkey:index:JwtBearerAccess::access"


def _state(*keys: dict[str, Any], retiring: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    accepted = [{"generation": 1, "consumerKey": key} for key in retiring]
    rows: list[dict[str, Any]] = [
        {
            "urn": _PARENT,
            "type": "orgkey:index:JwtBearerAccess",
            "outputs": {"generation": 2, "retiring": accepted},
        }
    ]
    for number, outputs in enumerate(keys):
        child = f"{_PROJECT}orgkey:index:JwtBearerAccess$salesforce:index:"
        own = {"privateKeyPem": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}}
        rows += [
            {
                "urn": f"{child}KeyPair::access-key-{number}",
                "type": "salesforce:index:KeyPair",
                "parent": _PARENT,
                "inputs": own if outputs.pop("own", False) else {},
                "outputs": outputs,
            },
            {
                "urn": f"{child}ExternalClientApp::access-app-{number}",
                "type": "salesforce:index:ExternalClientApp",
                "parent": _PARENT,
                "outputs": {"consumerKey": outputs["consumerKey"], "name": f"App_{outputs['consumerKey']}"},
            },
        ]
    return rows


def _key(name: str, renew_in: int, ends_in: int, **more: Any) -> dict[str, Any]:
    dates = {"renewAt": renew_in, "notAfter": ends_in}
    return {
        "consumerKey": name,
        **{key: (_NOW + timedelta(days=days)).isoformat() for key, days in dates.items()},
        **more,
    }


@pytest.mark.parametrize(
    ("key", "due", "in_days"),
    [
        (_key("A", 10, 100), Due.LATER, 10),
        (_key("A", -1, 100), Due.NOW, -1),
        (_key("A", 0, 100), Due.NOW, 0),
        (_key("A", -1, 100, own=True), Due.BY_HAND, 100),  # which no `up` renews
    ],
)
def test_a_certificate_is_due_when_its_renewal_is_and_ones_own_when_it_ends(
    key: dict[str, Any], due: Due, in_days: int
) -> None:
    (found,) = renewals_in(_state(key), "uat", _NOW)
    assert (found.due, found.at, found.app, found.component) == (due, _NOW + timedelta(days=in_days), "App_A", "access")


def test_every_generation_has_a_line_and_a_state_without_a_key_none() -> None:
    found = renewals_in(_state(_key("A", 10, 100), _key("B", 20, 100), retiring=("A",)), "uat", _NOW)
    assert [(each.app, each.generation, each.retiring) for each in found] == [("App_A", 1, True), ("App_B", 2, False)]
    assert renewals_in([], "uat", _NOW) == []
    assert renewals_in(_state({"consumerKey": "A"}), "uat", _NOW) == []  # a create that did not come to its end


def test_ones_own_key_is_orgkey_keys_where_its_generation_is_current_and_none_to_renew_where_it_retires() -> None:
    keys = (_key("A", -1, 50, own=True), _key("B", -1, 100, own=True))
    found = renewals_in(_state(*keys, retiring=("A",)), "uat", _NOW)
    assert [(each.app, each.due, each.at == each.not_after) for each in found] == [
        ("App_A", Due.NEVER, True),
        ("App_B", Due.BY_HAND, True),
    ]
    assert "orgkey:retiring" in Due.NEVER.value
    assert "orgkey:key" not in Due.NEVER.value


def test_the_table_says_what_is_due_when_and_what_could_not_be_read() -> None:
    found = renewals_in(_state(_key("A", 10, 100), _key("B", -1, 100), _key("C", 10, 100)), "uat", _NOW)
    report = RenewalsReport(
        project="orgkey",
        made_at=_NOW,
        renewals=tuple(sorted(found, key=lambda each: each.at)),
        unread=(UnreadStack(stack="qa", reason="the state is locked"),),
    )
    text = FORMATS["text"](report)
    assert "3 certificates, 1 due now, at most 2 on one day (2026-12-06), 1 could not tell" in text
    assert "Could not tell: qa: the state is locked" in text
    assert text.index("App_B") < text.index("App_A") < text.index("App_C")
    assert [each.app for each in report.within(5).renewals] == ["App_B"]
    assert RenewalsReport.model_validate(json.loads(FORMATS["json"](report))) == report

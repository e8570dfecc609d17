"""The last use of a retiring generation, from what the login history showed a drift check."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orgkey.fleet.components import Component
from orgkey.fleet.digest import Step
from orgkey.fleet.formats import FORMATS
from orgkey.fleet.formats.words import retiring
from orgkey.fleet.provider import SeenLogins
from orgkey.fleet.report import Component as Access
from orgkey.fleet.report import Report, RetiringUse, StackReport, Verdict
from orgkey.fleet.retiring import retiring_uses
from orgkey.salesforce.app_logins import AppLogin, AppLogins

_NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
_RUN = (_NOW - timedelta(seconds=20), _NOW)
_PREFIX = "urn:pulumi:uat::orgkey::orgkey:index:JwtBearerAccess$salesforce:index:"
_GRANT = f"{_PREFIX}JwtGrant::access-grant"


def _step(urn: str, **inputs: object) -> Step:
    return Step(urn, urn.split("$")[1].split("::", maxsplit=1)[0], False, (), inputs, {}, inputs, inputs)  # noqa: FBT003


_COMPONENT = Component(
    "access",
    (
        _step(_GRANT, consumerKey="A", username="ci@acme.com", unusedAfterDays=3),
        _step(f"{_PREFIX}ExternalClientApp::access-app", consumerKey="A", name="CI", label="CI label"),
        _step(f"{_PREFIX}JwtGrant::access-grant-2", consumerKey="B", username="ci@acme.com"),
        _step(f"{_PREFIX}ExternalClientApp::access-app-2", consumerKey="B", name="CI_2", label="CI label 2"),
    ),
    deployed=True,
)


def _login(days_ago: float, address: str, *, label: str = "CI label", status: str = "Success") -> AppLogin:
    return AppLogin(_NOW - timedelta(days=days_ago), "005", "ci@acme.com", label, address, status)


def _use(*logins: AppLogin) -> RetiringUse:
    since = _NOW - timedelta(days=183)
    (found,) = retiring_uses(_COMPONENT, {_GRANT: SeenLogins(AppLogins(logins, since, since), _RUN)})
    return found


_OWN = _login(0.0001, "10.0.0.1")  # within the run


@pytest.mark.parametrize(
    ("logins", "address", "elsewhere", "unused"),
    [
        ([_OWN], "", False, True),
        ([_OWN, _login(1, "10.0.0.1")], "10.0.0.1", False, True),  # a proof of yesterday, or a client here
        ([_OWN, _login(1, "10.0.0.2")], "10.0.0.2", True, False),
        ([_OWN, _login(4, "10.0.0.2")], "10.0.0.2", True, True),
        ([_OWN, _login(1, "10.0.0.1"), _login(2, "10.0.0.2")], "10.0.0.2", True, False),
        ([_OWN, _login(1, "10.0.0.2", label="CI label 2")], "", False, True),  # the generation that is handed out
        ([_OWN, _login(1, "10.0.0.2", status="Failed: Not approved for access")], "", False, True),
        (
            [_OWN, _login(0.0001, "10.0.0.2")],
            "10.0.0.1",
            True,
            False,
        ),  # a client beside the proof: nothing is concluded
    ],
)
def test_the_last_use_is_one_from_elsewhere_if_there_is_one(
    logins: list[AppLogin],
    address: str,
    elsewhere: bool,  # noqa: FBT001 — a column of the table
    unused: bool,  # noqa: FBT001
) -> None:
    use = _use(*logins)
    assert (use.generation, use.app, use.address, use.elsewhere, use.unused) == (1, "CI", address, elsewhere, unused)


@pytest.mark.parametrize(
    ("use", "says"),
    [
        (_use(_OWN, _login(1, "10.0.0.2")), "last used 2026-11-25 12:00:00Z by ci@acme.com from 10.0.0.2"),
        (
            _use(_OWN, _login(4, "10.0.0.1")),
            "from 10.0.0.1, which is where this check runs, as earlier ones may have. It counts",
        ),
        (
            _use(_OWN),
            "no login through it is seen since 2026-05-27 but this check's own. It counts as unused by now, and can",
        ),
        (
            RetiringUse(generation=1, app="CI", unseen="Use a login with Manage Users."),
            "is not shown: Use a login with Manage",
        ),
    ],
)
def test_a_report_says_it_in_a_line(use: RetiringUse, says: str) -> None:
    stack = StackReport(
        project="orgkey", stack="uat", verdict=Verdict.IN_SYNC, components=(Access(name="access", retiring=(use,)),)
    )
    report = Report(made_at=_NOW, seconds=1.0, stacks=(stack,))
    (line,) = retiring(report)
    assert "is retiring" in FORMATS["text"](report)
    assert "is retiring" in FORMATS["markdown"](report)
    assert line.startswith("uat: generation 1 (CI) is retiring; ")
    assert says in line

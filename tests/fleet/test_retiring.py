"""The last use of a retiring generation, from what the login history showed a drift check."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from orgkey.fleet.components import Component
from orgkey.fleet.digest import Step
from orgkey.fleet.drift_check import commands_of
from orgkey.fleet.findings import Code, Severity
from orgkey.fleet.formats import FORMATS
from orgkey.fleet.formats.words import retiring
from orgkey.fleet.provider import SeenLogins
from orgkey.fleet.report import Component as Access
from orgkey.fleet.report import (
    GenerationCertificate,
    Report,
    RetiringUse,
    StackReport,
    Verdict,
    parse_report,
    verdict_of,
)
from orgkey.fleet.retiring import retiring_findings, retiring_uses
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
            "from 10.0.0.1, which is where this check runs, as earlier ones may have. It can be retired",
        ),
        (
            _use(_OWN),
            "no login through it is seen since 2026-05-27. It can be retired",
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


def _report(*uses: RetiringUse) -> Report:
    access = Access(
        name="access",
        retiring=uses,
        certificates=tuple(
            GenerationCertificate(
                generation=number,
                retiring=number == 1,
                not_after=_NOW + timedelta(days=30 * number),
                renew_at=_NOW + timedelta(days=20 * number),
                fingerprint="AB",
            )
            for number in (2, 1)
        ),
    )
    found = tuple(retiring_findings("access", uses))
    stack = StackReport(
        project="orgkey", stack="uat", verdict=verdict_of(found, ()), components=(access,), findings=found
    )
    return Report(made_at=_NOW, seconds=1.0, stacks=(stack,))


def test_a_generation_that_nobody_uses_can_be_retired_which_is_no_drift() -> None:
    report = _report(_use(_OWN, _login(4, "10.0.0.1")))
    (stack,) = report.stacks
    (found,) = stack.findings
    assert (found.code, found.severity, found.component) == (Code.CAN_BE_RETIRED, Severity.INFO, "access")
    assert found.summary == "generation 1 (CI) was not used in the last 3 days"
    assert "where this check runs" in found.details[0]
    assert "keeps its token" in found.details[1]
    assert stack.verdict is Verdict.IN_SYNC
    for fail_on in Severity:
        assert report.exit_code(fail_on) == 0
    assert parse_report(FORMATS["json"](report), source="x") == report
    for name in ("text", "markdown", "html", "junit"):
        told = FORMATS[name](report)
        assert "was not used in the last 3 days" in " ".join(told.split()), name
        assert "last used 2026-11-22 12:00:00Z by ci@acme.com from 10.0.0.1" in " ".join(told.split()), name
    assert "in sync" in FORMATS["text"](report)
    assert "<failure" not in FORMATS["junit"](report)
    assert commands_of(SimpleNamespace(name="uat"), stack.findings, ()) == ()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "use",
    [
        _use(_OWN, _login(1, "10.0.0.2")),
        RetiringUse(generation=1, app="CI", unseen="Use a login with Manage Users."),
    ],
)
def test_a_generation_that_is_used_or_whose_use_is_not_shown_is_no_finding(use: RetiringUse) -> None:
    assert list(retiring_findings("access", [use])) == []


def test_the_address_of_this_check_is_told_by_its_login_through_the_current_generation() -> None:
    """Through a retiring one a check does not log in; an earlier one did, when that was current."""
    use = _use(_login(0.0001, "10.0.0.1", label="CI label 2"), _login(4, "10.0.0.1"), _login(5, "10.0.0.2"))
    assert (use.address, use.elsewhere) == ("10.0.0.2", True)
    use = _use(_login(0.0001, "10.0.0.1", label="CI label 2"), _login(1, "10.0.0.1"))
    assert (use.elsewhere, use.unused) == (False, True)


def test_the_calendar_has_the_dates_of_each_generation() -> None:
    page = FORMATS["html"](_report())
    assert "uat: generation 2" in page
    assert page.count("uat: generation 1 (retiring)") == 2  # its renewal and its end

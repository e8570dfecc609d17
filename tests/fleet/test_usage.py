"""Whose logins are whose: the address that updates run at, from the login history and the times of updates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orgkey.fleet.accepted import AcceptedApp
from orgkey.fleet.usage import Origin, usage_of
from orgkey.salesforce.app_logins import AppLogin, AppLogins, addresses_of_runs

_NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
_RUN = (_NOW - timedelta(hours=1), _NOW - timedelta(hours=1) + timedelta(seconds=20))
_APP = AcceptedApp(
    "access",
    1,
    retiring=True,
    kind="external",
    name="CI",
    label="CI",
    username="ci@acme.com",
    users={},
    connection=None,
)


def _login(seconds_after_start: float, address: str, *, user: str = "ci@acme.com", status: str = "Success") -> AppLogin:
    return AppLogin(_RUN[0] + timedelta(seconds=seconds_after_start), "005", user, "CI", address, status)


@pytest.mark.parametrize(
    ("logins", "addresses"),
    [
        ([], set()),
        ([_login(5, "10.0.0.1"), _login(9, "10.0.0.1")], {"10.0.0.1"}),
        ([_login(5, "10.0.0.1"), _login(9, "10.0.0.2")], set()),  # a client was there too: nothing is concluded
        ([_login(300, "10.0.0.2")], set()),
        ([_login(-0.5, "10.0.0.1")], {"10.0.0.1"}),  # the history has whole seconds
        ([_login(20.5, "10.0.0.1")], {"10.0.0.1"}),
        ([_login(21, "10.0.0.1")], set()),
    ],
)
def test_updates_run_where_all_logins_of_one_come_from(logins: list[AppLogin], addresses: set[str]) -> None:
    assert addresses_of_runs(logins, [_RUN]) == addresses


@pytest.mark.parametrize(
    ("logins", "origins", "last", "last_elsewhere"),
    [
        ([_login(5, "10.0.0.1")], [Origin.UPDATE], None, None),
        ([_login(99, "10.0.0.1"), _login(5, "10.0.0.1")], [Origin.SAME_ADDRESS, Origin.UPDATE], 99, None),
        ([_login(99, "10.0.0.2"), _login(5, "10.0.0.1")], [Origin.ELSEWHERE, Origin.UPDATE], 99, 99),
        ([_login(6, "10.0.0.2"), _login(5, "10.0.0.1")], [Origin.ELSEWHERE, Origin.ELSEWHERE], 6, 6),
        (
            [_login(7, "10.0.0.1", user="other@acme.com"), _login(5, "10.0.0.1")],
            [Origin.ELSEWHERE, Origin.UPDATE],
            7,
            7,
        ),
        ([_login(99, "10.0.0.2", status="Failed: Not approved for access")], [Origin.ELSEWHERE], None, None),
    ],
)
def test_an_apps_last_use_is_what_no_update_accounts_for(
    logins: list[AppLogin], origins: list[Origin], last: float | None, last_elsewhere: float | None
) -> None:
    since = _NOW - timedelta(days=30)
    found = usage_of(_APP, AppLogins(tuple(logins), since, since), [_RUN], since, shared=False)
    assert [each.origin for each in found.logins] == origins
    for told, seconds in ((found.last_use, last), (found.last_use_elsewhere, last_elsewhere)):
        assert told == (None if seconds is None else _RUN[0] + timedelta(seconds=seconds))


def test_what_was_not_looked_at_is_said() -> None:
    since = _NOW - timedelta(days=30)
    seen = AppLogins((), _NOW - timedelta(days=1), _NOW - timedelta(hours=2), tokens_unseen="INVALID_TYPE")
    says = " ".join(usage_of(_APP, seen, [], since, shared=True).limits)
    for words in ("since 2026-11-25 12:00 UTC", "since 2026-11-26 10:00 UTC", "INVALID_TYPE", "called CI too"):
        assert words in says

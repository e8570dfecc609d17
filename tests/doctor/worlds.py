"""Logins that fail, each for one cause that is made in the local org: what is arranged, and who logs in how."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.doctor.hand_made import APP, KEY, SET, make_login, pair, settle
from tests.landscape import Landscape, Org
from tests.login import refused

Arrange = Callable[[Org, Landscape], None]
_HEX_SECRET = "0F" * 32
_API_INTEGRATION = "SalesforceAPIIntegrationPsl"


@dataclass(frozen=True)
class Case:
    """One world: `code` is the cause, `login` are fields of the login that differ; `certain` is whether it can be proved."""

    code: str
    arrange: Arrange
    login: Mapping[str, str] = field(default_factory=dict)
    alias: str = "ci"
    seconds_ahead: float = 0.0
    certain: bool = True
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.code


def _made(**settings: Any) -> Arrange:
    """The app as it is made, an hour ago."""

    def arrange(org: Org, landscape: Landscape) -> None:
        make_login(org, **settings)
        settle(landscape)

    return arrange


def _after(*steps: Arrange, **settings: Any) -> Arrange:
    """The same, and then something happens."""

    def arrange(org: Org, landscape: Landscape) -> None:
        _made(**settings)(org, landscape)
        for step in steps:
            step(org, landscape)

    return arrange


def _knob(**knobs: Any) -> Arrange:
    return lambda _org, landscape: landscape.admin("PATCH", "/knobs", **knobs)


def _admin(method: str, path: str, **body: Any) -> Arrange:
    return lambda org, landscape: landscape.admin(method, path, org=org.name, **body)


def _user(alias: str, **changes: Any) -> Arrange:
    return lambda org, landscape: landscape.admin("PATCH", "/users", org=org.name, username=org.user(alias), **changes)


def _fault(name: str) -> Arrange:
    return lambda org, landscape: landscape.admin(
        "POST", "/faults", operation="jwtGrant", faults=[name] * 3, org=org.name
    )


def _lock(org: Org, landscape: Landscape) -> None:
    landscape.admin("PATCH", f"/orgs/{org.name}", state="locked")


def _new_app_that_is_not_seen_yet(org: Org, landscape: Landscape) -> None:
    landscape.admin("PATCH", "/knobs", propagation_delay=600)
    make_login(org)


def _new_certificate_that_is_not_seen_yet(org: Org, landscape: Landscape) -> None:
    make_login(org, certificate=pair(2).certificate)
    settle(landscape)
    landscape.admin("PATCH", "/knobs", propagation_delay=600)
    make_login(org, users=())


def _copied_without_oauth(_org: Org, landscape: Landscape) -> None:
    make_login(landscape.org("acme"))
    try:
        landscape.admin("PATCH", "/knobs", refresh_breaks_eca=True)
        landscape.admin("POST", "/orgs/uat/refresh")
    finally:
        landscape.org("acme").deploy({}, destroy={"ExternalClientApplication": [APP], "PermissionSet": [SET]})
    settle(landscape)


def _ended_assignment(org: Org, landscape: Landscape) -> None:
    make_login(org)
    row = org.query(f"SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.Name = '{SET}'")[0]
    ends = landscape.admin("GET", "/clock")["now"] + 600
    answer = org.call(
        "PATCH",
        f"/services/data/v67.0/sobjects/PermissionSetAssignment/{row['Id']}",
        json={"ExpirationDate": _iso(ends)},
    )
    assert answer.status_code == 204, answer.text
    settle(landscape)


def _iso(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S.000+0000}"


def _many_logins(org: Org, landscape: Landscape) -> None:
    make_login(org)
    landscape.admin("PATCH", "/knobs", login_rate=1)
    landscape.admin("DELETE", "/login-rate")
    own = {"privateKeyPem": pair(1).key, "consumerKey": KEY, "username": org.user("ci")}
    assert not refused({**own, "audience": org.url, "instanceUrl": org.url}, org)


def _open_at_another_time(org: Org, landscape: Landscape) -> None:
    now = datetime.fromtimestamp(landscape.admin("GET", "/clock")["now"], UTC)
    start = (now.hour + 12) % 24 * 60
    hours = {day.lower(): [start, start + 1] for day in calendar.day_name}
    landscape.admin("PUT", "/login-hours", org=org.name, profile="Standard User", hours=hours)


def _connected(**settings: Any) -> Arrange:
    """The same as a Connected App, which new orgs let nobody make."""

    def arrange(org: Org, landscape: Landscape) -> None:
        landscape.admin("PATCH", "/knobs", connected_app_creation=True)
        _made(kind="connected", **settings)(org, landscape)

    return arrange


CASES = [
    Case("certificate.other", _made(), {"private_key": pair(2).key}),
    Case(
        "certificate.other",
        _after(_knob(foreign_signature="invalid_grant")),
        {"private_key": pair(2).key},
        name="certificate.other, told as invalid assertion",
    ),
    Case("certificate.none", _made(certificate=""), certain=False),
    Case("certificate.notReplicated", _new_certificate_that_is_not_seen_yet),
    Case("certificate.ended", _after(_knob(refuse_expired_certificate=True), certificate=pair(1, days=30).certificate)),
    Case("app.notReplicated", _new_app_that_is_not_seen_yet),
    Case("clock.behind", _made(), seconds_ahead=-600.0),
    Case("clock.ahead", _after(_knob(strict_exp=True)), seconds_ahead=600.0),
    Case("audience.refused", _made(), {"audience": "https://test.salesforce.com"}),
    Case("audience.refused", _made(), {"audience": "https://example.com"}, name="audience.refused, of a stranger"),
    Case("consumerKey.malformed", _made(), {"consumer_key": _HEX_SECRET}),
    Case("consumerKey.malformed", _made(), {"consumer_key": KEY + " "}, name="consumerKey.malformed, with a blank"),
    Case("consumerKey.unknown", _made(), {"consumer_key": KEY[:-1] + "x"}),
    Case("consumerKey.other", _made(), {"consumer_key": KEY[:-1] + "x", "app_name": APP}),
    Case("app.missing", _made(), {"consumer_key": KEY[:-1] + "x", "app_name": "Gone"}),
    Case("app.lostOauth", _copied_without_oauth, {"app_name": APP}),
    Case(
        "app.refreshed", _made(), {"consumer_key": KEY[:-1] + "x", "app_name": "Gone", "org_id": "00DLo0000000ZZZZZZ"}
    ),
    Case("app.disabled", _made(enabled="false")),
    Case(
        "app.accessControl",
        _after(_admin("PUT", "/api-access-control", on=True), policy="AllSelfAuthorized", linked=""),
    ),
    Case("app.blocked", _after(_admin("PUT", "/blocked-apps", name=APP, blocked=True))),
    Case("app.otherOrgs", _after(_fault("OAUTH_AUTHORIZATION_BLOCKED"))),
    Case("app.senderBound", _made(flags="<isDPopEnabled>true</isDPopEnabled>", version="68.0")),
    Case(
        "app.senderBound",
        _made(flags="<isMtlsEnabled>true</isMtlsEnabled>", version="68.0"),
        name="app.senderBound, mutual TLS",
    ),
    Case("user.unknown", _made(), {"username": "ci@acme.com"}),
    Case("user.inactive", _after(_user("ci", active=False))),
    Case(
        "user.inactive",
        _after(_user("ci", active=False), _knob(inactive_user_form="invalid_grant")),
        name="user.inactive, the other form",
    ),
    Case("user.frozen", _after(_user("ci", frozen=True))),
    Case("user.locked", _after(_user("ci", passwordLocked=True))),
    Case("user.loginRate", _many_logins),
    Case("user.loginHours", _after(_open_at_another_time)),
    Case(
        "user.address", _after(_admin("PUT", "/ip-ranges", profile="Standard User", ranges=[["10.0.0.1", "10.0.0.9"]]))
    ),
    Case("user.noApi", _made(api_enabled=False, users=("noapi",)), alias="noapi"),
    Case("scopes.noRefreshToken", _made(scopes="Api")),
    Case("scopes.none", _made(scopes="RefreshToken")),
    Case("policy.noConsent", _made(policy="AllSelfAuthorized", linked="")),
    Case("policy.highAssurance", _made(level="HIGH_ASSURANCE")),
    Case("preauthorization.noLinks", _made(linked="")),
    Case("preauthorization.ended", _ended_assignment),
    Case("preauthorization.notHeld", _made(users=("devops",))),
    Case("preauthorization.licensedSet", _made(license=_API_INTEGRATION, users=("integration",)), alias="integration"),
    Case("certificate.other", _connected(), {"private_key": pair(2).key}, name="certificate.other, Connected App"),
    Case("preauthorization.notHeld", _connected(users=("devops",)), name="preauthorization.notHeld, Connected App"),
    Case("policy.noConsent", _connected(policy="AllSelfAuthorized", linked=""), name="policy.noConsent, Connected App"),
    Case(
        "consumerKey.unknown", _connected(), {"consumer_key": KEY[:-1] + "x"}, name="consumerKey.unknown, Connected App"
    ),
    Case("org.locked", _after(_lock)),
    Case("org.failed", _after(_fault("unknown_error"))),
    Case("org.requestLimit", _after(_knob(daily_requests=0))),
]
"""Every cause that an org's state, a key, a clock or an address can bring about."""

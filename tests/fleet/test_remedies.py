"""What to do about findings: no remedy contradicts what another finding of the same report says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgkey.fleet.components import components_of
from orgkey.fleet.digest import parse_digest
from orgkey.fleet.drift_check import commands_of, unknown_of
from orgkey.fleet.findings import BY_UP, REMEDIES, STOPS_UP, Action, Code, contradict
from orgkey.fleet.judge import judge
from orgkey.fleet.project import Stack
from orgkey.fleet.provider import Reading
from orgkey.fleet.report import Finding, StackReport, Unknown, verdict_of
from orgkey.salesforce.error_table import GRANT
from orgkey.salesforce.errors import PartialReadError, UnreachableError
from tests.fleet.digests import ORG, OTHER_ORG, digest, together

NOW = datetime(2026, 11, 24, tzinfo=UTC)
OWN_KEY = {"privateKeyPem": "[secret]", "certificatePem": "PEM"}
ENDING = {"notAfter": "2026-12-01T00:00:00+00:00"}
Case = tuple[str, Mapping[str, Any]]

CASES: Mapping[str, Mapping[str, Any]] = {
    "label": {"changes": {"app": {"label": "Other"}}},
    "looser": {"changes": {"app": {"ipRelaxation": "Bypass"}}},
    "link lost": {"changes": {"app": {"permissionSets": []}}},
    "link more": {"changes": {"app": {"permissionSets": ["CI_Access", "Other"]}}},
    "other owner": {"changes": {"permissionSet": {"managedBy": "them/uat"}}},
    "taken over": {"changes": {"app": {"claimFound": "2"}}, "changed": {"app": ["claimFound"]}},
    "app gone": {"changes": {"app": None}},
    "set gone": {"changes": {"permissionSet": None, "assignments": None}},
    "grants more": {"changes": {"permissionSet": {"userPermissions": ["ApiEnabled"]}}},
    "user lost": {"changes": {"assignments": {"users": []}}},
    "user more": {"changes": {"assignments": {"users": ["ci@acme.com.uat", "devops@acme.com.uat"]}}},
    "renewal due": {"changes": {"key": {"renewalDue": True}}, "old": {"key": {"renewAt": "2026-11-01T00:00:00+00:00"}}},
    "ends, due": {"old": {"key": {**ENDING, "renewAt": "2026-11-01T00:00:00+00:00"}}},
    "ends, not due": {"old": {"key": {**ENDING, "renewAt": "2026-11-30T00:00:00+00:00"}}},
    "own pair ends": {"old": {"key": {**ENDING, **OWN_KEY, "renewAt": "2026-11-01T00:00:00+00:00"}}},
    "own pair ended": {
        "old": {"key": {**OWN_KEY, "notAfter": "2026-11-20T00:00:00+00:00", "renewAt": "2026-11-01T00:00:00+00:00"}}
    },
    "own pair of a retiring one ends": {
        "old": {
            "key": {**ENDING, **OWN_KEY, "renewAt": "2026-11-01T00:00:00+00:00"},
            "grant": {"generations": [2, 1]},
        }
    },
    "own pair of a retiring one ended": {
        "old": {
            "key": {**OWN_KEY, "notAfter": "2026-11-20T00:00:00+00:00", "renewAt": "2026-11-01T00:00:00+00:00"},
            "grant": {"generations": [2, 1]},
        }
    },
    "assignments over": {
        "changes": {"assignments": {"users": []}},
        "old": {"assignments": {"expiration": "2026-11-20T00:00:00+00:00"}},
    },
    "assignment of somebody else over": {
        "changes": {
            "assignments": {
                "users": [],
                "managedExpirationIds": [],
                "assignments": [
                    {"username": "ci@acme.com.uat", "id": "0Pa", "expires": "2026-11-20T00:00:00.000+0000"}
                ],
            }
        },
        "changed": {"assignments": ["users"]},
    },
    "not deployed": {"left_out": ("grant",)},
    "refreshed": {"changes": {"app": {"orgId": OTHER_ORG}}, "changed": {"app": []}},
    "app unread": {"unread": ("app",)},
    "set unread": {"unread": ("permissionSet",)},
    "links unseen": {"partly_read": ("app",)},
    **{
        f"refused: {row.code} {row.contains}": {
            "changes": {"grant": {"verified": False, "reasonCode": row.code, "reason": row.contains, "orgId": ORG}},
            "changed": {"grant": ["verified"]},
        }
        for row in GRANT
    },
}


def merged(*names: str, component: str = "access") -> tuple[str, dict[str, Any]]:
    """A digest in which all of the cases are so, and what could not be read, by URN."""
    made: dict[str, dict[str, Any]] = {"changes": {}, "changed": {}, "old": {}}
    left_out: list[str] = []
    unread: dict[str, list[str]] = {"unread": [], "partly_read": []}
    for name in names:
        case = CASES[name]
        for key, parts in made.items():
            for part, values in case.get(key, {}).items():
                before = parts.get(part, {})
                parts[part] = None if values is None or before is None else _both(before, values)
        left_out += case.get("left_out", ())
        for key in unread:
            unread[key] += case.get(key, ())
    for part, paths in list(made["changed"].items()):  # what one case says nothing of is what its values are
        values = made["changes"].get(part)
        made["changed"][part] = sorted({*paths, *(set(values or ()) - {"orgId", "verified", "reasonCode", "reason"})})
    text = digest(**made, left_out=left_out, component=component)
    urns = {step.urn.rsplit("-", 1)[-1]: step.urn for step in parse_digest(text).steps}
    return text, {key: [urns[part] for part in parts if part in urns] for key, parts in unread.items()}


def _both(before: Any, values: Any) -> Any:
    return [*before, *values] if isinstance(values, list) else {**before, **values}


def report_of(*parts: tuple[str, dict[str, Any]]) -> StackReport:
    """What `orgkey drift` makes of it."""
    read = parse_digest(together(*(text for text, _ in parts)))
    components = components_of(read)
    reading = Reading(
        {urn: UnreachableError("no way in") for _, unread in parts for urn in unread["unread"]},
        {
            urn: PartialReadError("not shown", ("permissionSets",))
            for _, unread in parts
            for urn in unread["partly_read"]
        },
    )
    found = judge(
        read,
        components,
        now=NOW,
        expiring_within=timedelta(days=30),
        unread=reading.failed.keys(),
        partly_read=reading.partly_read.keys(),
    )
    unknown = unknown_of(read, components, reading, late="")
    up_fails = bool(reading.failed or read.errors)
    commands = commands_of(Stack("p", "uat", Path()), found, unknown, up_fails=up_fails)
    return StackReport(
        project="p",
        stack="uat",
        verdict=verdict_of(found, unknown),
        findings=found,
        unknown=unknown,
        commands=commands,
    )


def agrees(report: StackReport) -> None:
    """No two of the report's remedies contradict each other, and the commands do what they say."""
    asked: list[tuple[str, Action]] = [(each.component, _action(each)) for each in report.findings]
    asked += [
        (each.component, Action.MEND_READING)
        for each in report.unknown
        if each.reason != "not shown" or not each.component
    ]
    for (component, one), (other_component, other) in combinations(asked, 2):
        same = component == other_component
        assert not contradict(one, other, same_component=same), (one, other, report.findings, report.unknown)
    up = f"pulumi up --stack {report.stack}"
    if stops := [
        each for each in report.findings if each.action in STOPS_UP
    ]:  # and nobody else is sent to an `up` of now
        others = [each for each in report.findings if each not in stops and each.action is not Action.RENEW_LATER]
        waiting = REMEDIES[Action.SETTINGS_THEN_UP].format(remedy="")
        assert [each for each in others if "`pulumi up`" in each.remedy and waiting not in each.remedy] == []
        assert report.commands[:1] != (up,)
    if any(action is Action.MEND_READING for _, action in asked):
        assert up not in report.commands
    if any(each.action in BY_UP for each in report.findings):
        assert up in report.commands
    for each in report.findings:
        if each.action in {Action.MEND_USER, Action.MEND_ACCESS} and up in report.commands:
            assert any(each.remedy in command for command in report.commands[: report.commands.index(up)])


def _action(each: Finding) -> Action:
    assert each.action is not None
    return each.action


@pytest.mark.parametrize("name", CASES)
def test_each_case_is_a_finding_or_an_unknown_with_something_to_do(name: str) -> None:
    report = report_of(merged(name))
    assert report.findings or report.unknown
    assert all(each.remedy and "{" not in each.remedy for each in report.findings)
    agrees(report)


@pytest.mark.parametrize("first", CASES)
def test_no_two_findings_of_a_component_contradict_each_other(first: str) -> None:
    for second in CASES:
        agrees(report_of(merged(first, second)))


@pytest.mark.parametrize("first", CASES)
def test_no_finding_contradicts_one_of_another_component(first: str) -> None:
    for second in CASES:
        agrees(report_of(merged(first, component="one"), merged(second, component="team::two")))


@given(st.lists(st.sampled_from(list(CASES)), max_size=6), st.lists(st.sampled_from(list(CASES)), max_size=6))
@settings(max_examples=200, deadline=None)
def test_no_report_of_many_findings_contradicts_itself(one: list[str], two: list[str]) -> None:
    agrees(report_of(merged(*one, component="one"), merged(*two, component="two")))


@pytest.mark.parametrize("stops", ["own pair ended", "assignments over"])
@pytest.mark.parametrize("beside", [name for name in CASES if name != "set gone"])
def test_what_an_up_stops_on_is_told_beside_every_other_finding(stops: str, beside: str) -> None:
    report = report_of(merged(beside, stops))
    wanted = {"own pair ended": "new certificate of your own key", "assignments over": "orgkey:assignments.expiration"}
    if "retiring" in beside:  # the same key pair, of a retiring generation
        wanted["own pair ended"] = "take the generation out of orgkey:retiring"
    assert any(wanted[stops] in each.remedy for each in report.findings)


def remedies(*names: str) -> dict[Code, str]:
    return {each.code: each.remedy for each in report_of(merged(*names)).findings}


REFUSED = "refused: invalid_app_access "


def test_a_user_who_lost_the_set_is_one_cause_with_one_remedy() -> None:
    told = remedies("user lost", REFUSED)
    assert told[Code.MISSING_ASSIGNEE] == REMEDIES[Action.UP]
    assert told[Code.LOGIN_FAILS] == REMEDIES[Action.UP_THEN_TRY]
    assert "orgkey:users" not in " ".join(told.values())


def test_an_up_is_not_advised_while_it_would_fail_as_the_check_did() -> None:
    told = remedies("label", "set unread")
    assert told[Code.SETTING_CHANGED].startswith("mend first what could not be read")
    assert report_of(merged("label", "set unread")).commands == ("orgkey drift --stack uat",)


def test_what_the_login_may_not_see_keeps_no_up_from_putting_the_rest_back() -> None:
    report = report_of(merged("user lost", "links unseen"))
    assert [each.remedy for each in report.findings] == [REMEDIES[Action.UP]]
    assert report.commands == ("pulumi up --stack uat", "orgkey drift --stack uat")


def test_another_owner_is_found_before_anything_is_written_over() -> None:
    report = report_of(merged("other owner", "label"))
    assert {each.code: each.action for each in report.findings} == {
        Code.OWNER_CHANGED: Action.FIND_OWNER,
        Code.SETTING_CHANGED: Action.OWNER_THEN_UP,
    }
    assert report.commands[0].startswith("# uat: find out who else manages it")


def test_a_refreshed_sandbox_and_what_could_not_be_read_do_not_send_anybody_to_an_up() -> None:
    (found,) = report_of(merged("refreshed", "set unread")).findings
    assert (found.code, found.action) == (Code.SANDBOX_REFRESHED, Action.READ_THEN_UP)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("ends, due", "`pulumi up` renews it"),
        ("ends, not due", "nothing yet: from 2026-11-30 on `pulumi up` renews it"),
        ("own pair ends", "put a new certificate of your own key into orgkey:key.certificatePem"),
        ("own pair of a retiring one ends", "the generation retires with your own key, and its certificate stays"),
        ("own pair of a retiring one ended", "take the generation out of orgkey:retiring, or make it current again"),
    ],
)
def test_a_certificate_that_ends_is_renewed_as_its_kind_is(name: str, remedy: str) -> None:
    assert remedies(name)[Code.CERTIFICATE_EXPIRES].startswith(remedy)


def test_a_certificate_that_is_not_to_be_renewed_yet_needs_no_command() -> None:
    assert report_of(merged("ends, not due")).commands == ()


def test_a_user_who_is_inactive_is_activated_before_the_up_that_proves_the_login() -> None:
    report = report_of(merged("user lost", "refused: inactive_user "))
    assert report.commands == ("# uat: activate the user in the org; then:", "pulumi up --stack uat")


def test_a_user_who_is_inactive_is_told_first_beside_everything_that_an_up_would_put_back() -> None:
    told = remedies("label", "refused: inactive_user ")
    assert told[Code.SETTING_CHANGED].startswith("let the login in first")
    assert told[Code.LOGIN_FAILS] == "activate the user in the org"


def test_an_own_certificate_that_has_ended_survives_a_sandbox_refresh_and_comes_first() -> None:
    report = report_of(merged("refreshed", "label", "own pair ended"))
    assert {each.code: each.action for each in report.findings} == {
        Code.SANDBOX_REFRESHED: Action.SETTINGS_THEN_UP,
        Code.CERTIFICATE_EXPIRES: Action.REPLACE_ENDED_CERTIFICATE,
    }
    assert report.commands == (
        "# uat: put a new certificate of your own key into orgkey:key.certificatePem; then:",
        "pulumi up --stack uat",
    )


def test_the_own_key_of_a_retiring_generation_gets_no_certificate_and_stops_an_up_once_its_own_has_ended() -> None:
    assert report_of(merged("own pair of a retiring one ends")).commands == ()
    ended = report_of(merged("own pair of a retiring one ended", "label"))
    assert {each.action for each in ended.findings} == {Action.RETIRE_ENDED, Action.SETTINGS_THEN_UP}
    assert ended.commands == (
        "# uat: take the generation out of orgkey:retiring, or make it current again, with a new certificate; then:",
        "pulumi up --stack uat",
    )


def test_a_login_that_another_certificate_keeps_out_is_let_in_by_the_up_itself() -> None:
    report = report_of(merged("refused: invalid_client "))
    assert [each.action for each in report.findings] == [Action.UP_FOR_LOGIN]
    assert report.commands == ("pulumi up --stack uat",)
    stopped = report_of(merged("refused: invalid_client ", "own pair ended"))
    assert {each.action for each in stopped.findings} == {Action.SETTINGS_THEN_UP, Action.REPLACE_ENDED_CERTIFICATE}


def test_who_is_to_keep_a_set_is_declared_before_the_up_that_takes_it() -> None:
    assert report_of(merged("user more")).commands == (
        "# uat: declare in orgkey:users whoever is to keep the permission set; then:",
        "pulumi up --stack uat",
    )


def test_an_unknown_of_the_whole_stack_counts_for_every_component() -> None:
    broken = digest({"app": {"label": "Other"}}, errors=["the state is locked"])
    report = report_of((broken, {"unread": [], "partly_read": []}))
    assert report.unknown == (Unknown(path="", reason="the state is locked"),)
    assert [each.action for each in report.findings] == [Action.READ_THEN_UP]

"""Exit codes, and reports of several machines put together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orgkey.fleet.findings import Code, Severity
from orgkey.fleet.report import (
    Exit,
    Finding,
    Report,
    ReportError,
    StackReport,
    Verdict,
    could_not_tell,
    merge,
    parse_report,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def found(severity: Severity) -> Finding:
    return Finding(code=Code.SETTING_CHANGED, severity=severity, path="app.label", summary="s", remedy="r")


def stack(name: str, *severities: Severity) -> StackReport:
    verdict = Verdict.DRIFT if severities else Verdict.IN_SYNC
    return StackReport(project="orgkey", stack=name, verdict=verdict, findings=tuple(map(found, severities)))


def report(*stacks: StackReport, made_at: datetime = NOON) -> Report:
    return Report(made_at=made_at, seconds=1, stacks=stacks)


UNKNOWN = could_not_tell("orgkey", "dev", "down")


@pytest.mark.parametrize(
    ("stacks", "fail_on", "code"),
    [
        ([stack("uat")], Severity.LOW, Exit.IN_SYNC),
        ([stack("uat", Severity.LOW)], Severity.LOW, Exit.DRIFT),
        ([stack("uat", Severity.LOW)], Severity.MEDIUM, Exit.IN_SYNC),
        ([stack("uat", Severity.LOW, Severity.CRITICAL)], Severity.CRITICAL, Exit.DRIFT),
        ([stack("uat", Severity.CRITICAL), UNKNOWN], Severity.LOW, Exit.COULD_NOT_TELL),
        ([stack("uat"), UNKNOWN], Severity.CRITICAL, Exit.COULD_NOT_TELL),
        ([], Severity.LOW, Exit.IN_SYNC),
    ],
)
def test_what_could_not_be_told_wins_over_drift_and_drift_counts_from_a_severity_on(
    stacks: list[StackReport], fail_on: Severity, code: Exit
) -> None:
    assert report(*stacks).exit_code(fail_on) is code


def test_reports_of_several_machines_become_one_and_the_youngest_of_a_stack_counts() -> None:
    older = report(stack("uat", Severity.HIGH), stack("dev"))
    younger = report(stack("uat"), made_at=NOON + timedelta(hours=1))
    for order in ((older, younger), (younger, older)):
        merged = merge(order)
        assert merged.stacks == (stack("dev"), stack("uat"))
        assert merged.made_at == younger.made_at


def test_a_stack_whose_report_never_came_could_not_be_told() -> None:
    merged = merge([report(stack("uat"))], expected=[("orgkey", "uat"), ("orgkey", "dev")])
    assert [(each.stack, each.verdict) for each in merged.stacks] == [
        ("dev", Verdict.COULD_NOT_TELL),
        ("uat", Verdict.IN_SYNC),
    ]
    assert merged.exit_code() is Exit.COULD_NOT_TELL


def test_where_no_report_came_at_all_no_stack_could_be_told() -> None:
    merged = merge([], expected=[("orgkey", "uat"), ("orgkey", "dev")], now=lambda: NOON)
    assert [(each.stack, each.verdict) for each in merged.stacks] == [
        ("dev", Verdict.COULD_NOT_TELL),
        ("uat", Verdict.COULD_NOT_TELL),
    ]
    assert merged.made_at == NOON


def test_without_any_report_there_is_nothing_to_merge() -> None:
    with pytest.raises(ReportError, match="no report"):
        merge([])


def test_a_report_of_an_older_orgkey_is_read_and_put_together_with_others() -> None:
    old = parse_report(
        """{"version": 1, "made_at": "2026-11-24T12:00:00Z", "seconds": 1, "stacks": [{
        "project": "orgkey", "stack": "uat", "verdict": "drift", "instance_url": "https://a.my.salesforce.com", "org_id": "00D1",
        "findings": [{"code": "missing", "severity": "critical", "path": "app", "summary": "gone", "remedy": "up", "declared": null,
        "found": null, "details": []}], "unknown": [], "certificate": null, "commands": [], "seconds": 1}]}""",
        source="old.json",
    )
    merged = merge([old, report(stack("dev"))])
    assert merged.version == 2
    assert [each.stack for each in merged.stacks] == ["dev", "uat"]


def test_a_report_reads_back_as_it_was_written() -> None:
    written = report(stack("uat", Severity.HIGH), UNKNOWN)
    assert parse_report(written.model_dump_json(), source="a.json") == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "[" * 200_000,
        '{"a":' * 200_000,
        '{"version": 3, "made_at": "2026-11-24T12:00:00Z", "seconds": 1, "stacks": []}',
    ],
)
def test_another_file_is_refused_with_its_name(text: str) -> None:
    with pytest.raises(
        ReportError, match=r"a\.json is no report of `orgkey drift --format json` of version 2 or older"
    ):
        parse_report(text, source="a.json")

"""JSON and JUnit XML, judged by schemas: the one that is published here, and the one that Jenkins publishes."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator
from lxml import etree

from orgkey.fleet.findings import KINDS, Severity
from orgkey.fleet.formats.junit import junit
from orgkey.fleet.report import Report, parse_report
from tests.fleet.checkers import junit_schema
from tests.fleet.made_up import NOW, landscape, many

REPORTS = pytest.mark.parametrize(
    "report",
    [landscape(), many(100), Report(made_at=NOW, seconds=0, stacks=())],
    ids=["every kind and hostile words", "100 stacks", "no stack"],
)


@REPORTS
def test_the_json_form_is_as_its_schema_says_and_reads_back_as_it_was(report: Report) -> None:
    schema = json.loads(Report.json_schema_page())
    Draft202012Validator.check_schema(schema)
    assert [error.message for error in Draft202012Validator(schema).iter_errors(json.loads(report.as_json()))] == []
    assert parse_report(report.as_json(), source="drift.json") == report


def test_the_schema_takes_nothing_else() -> None:
    validator = Draft202012Validator(json.loads(Report.json_schema_page()))
    good = landscape().model_dump(mode="json")
    assert validator.is_valid(good)
    assert not validator.is_valid({**good, "version": 3})
    assert not validator.is_valid({**good, "more": 1})
    assert not validator.is_valid({**good, "stacks": [{**good["stacks"][0], "verdict": "fine"}]})


@REPORTS
def test_the_junit_form_is_as_jenkins_publishes_it(report: Report) -> None:
    schema = junit_schema()
    schema.validate(etree.fromstring(junit(report).encode()))
    assert [error.message for error in schema.error_log] == []


@REPORTS
def test_junit_counts_what_it_lists(report: Report) -> None:
    root = etree.fromstring(junit(report).encode())
    for element in (root, *root):
        listed = [len(list(element.iter(name))) for name in ("testcase", "failure", "error")]
        assert [int(element.get(name, "")) for name in ("tests", "failures", "errors")] == listed
    assert [suite.get("name") for suite in root] == [f"{each.project}/{each.stack}" for each in report.stacks]


def test_a_finding_is_a_failure_and_what_could_not_be_told_is_an_error() -> None:
    root = etree.fromstring(junit(landscape()).encode())
    for each in landscape().stacks[:-1]:
        [suite] = [suite for suite in root if suite.get("name") == f"{each.project}/{each.stack}"]
        failed = {case.get("name") for case in suite if case.find("failure") is not None}
        assert failed == {KINDS[found.code].title for found in each.findings if found.severity is not Severity.INFO}
        assert len(suite.findall("testcase/error")) == len(each.unknown)

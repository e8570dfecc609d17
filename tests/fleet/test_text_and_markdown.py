"""What people read in a terminal and in a pull request."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from orgkey.fleet.findings import Code, Severity
from orgkey.fleet.formats.markdown import markdown
from orgkey.fleet.formats.text import show, text
from orgkey.fleet.report import Finding, Report, StackReport, Verdict, could_not_tell

EXTRA = Finding(
    code=Code.EXTRA_ASSIGNEE,
    severity=Severity.HIGH,
    path="assignments.users",
    summary="devops@acme.com.uat holds CI_Access",
    remedy="`pulumi up` puts it back",
    details=("and may log in",),
)
DRIFT = StackReport(
    project="orgkey",
    stack="uat",
    verdict=Verdict.DRIFT,
    instance_url="https://acme--uat.sandbox.my.salesforce.com",
    findings=(EXTRA,),
    commands=("pulumi up --stack uat",),
)
QUIET = StackReport(project="orgkey", stack="dev", verdict=Verdict.IN_SYNC)
DOWN = could_not_tell("orgkey", "qa", "localhost:1 cannot be reached.\nCheck it.")
REPORT = Report(made_at=datetime(2026, 11, 24, tzinfo=UTC), seconds=2.04, stacks=(QUIET, DOWN, DRIFT))


def test_the_table_names_each_finding_then_what_to_do_then_what_to_type() -> None:
    assert text(REPORT).splitlines() == [
        "orgkey drift: 3 stacks: 1 in sync, 1 drift, 1 could not tell, in 2.0 s",
        "",
        "stack   org                                  what",
        "─" * 100,
        "dev                         in sync",
        "qa                          could not tell   the stack: localhost:1 cannot be reached.",
        "                                             Check it.",
        "uat     acme--uat.sandbox   high             extra assignee: assignments.users: devops@acme.com.uat",
        "                                             holds CI_Access",
        "                                             and may log in",
        "",
        "What to do:",
        "  extra assignee: `pulumi up` puts it back",
        "",
        "Commands:",
        "  orgkey drift --stack qa",
        "  pulumi up --stack uat",
    ]


@given(st.text(max_size=300), st.text(min_size=1, max_size=120))
def test_no_text_of_an_org_breaks_the_hundred_columns_or_colours_anything(summary: str, name: str) -> None:
    found = EXTRA.model_copy(update={"summary": summary, "details": (summary,)})
    stack = DRIFT.model_copy(update={"stack": name, "findings": (found,), "instance_url": f"https://{name}"})
    shown = text(REPORT.model_copy(update={"stacks": (stack,)}))
    assert "\x1b" not in shown
    table = shown.split("What to do:")[0]
    assert all(cell_len(line) <= 100 for line in table.splitlines())


def test_colours_are_for_terminals() -> None:
    buffer = io.StringIO()
    show(REPORT, Console(file=buffer, force_terminal=True, color_system="standard", width=200))
    assert "\x1b[31m" in buffer.getvalue()


def test_markdown_is_a_table_of_what_needs_somebody_and_one_line_for_the_rest() -> None:
    said = r"assignments.users: devops@acme.com.uat holds CI\_Access · and may log in"
    assert markdown(REPORT).splitlines() == [
        "### orgkey drift: 3 stacks: 1 in sync, 1 drift, 1 could not tell",
        "",
        "| | stack | org | severity | finding | what was found |",
        "| --- | --- | --- | --- | --- | --- |",
        "| ❔ | `qa` |  | | could not tell | the stack: localhost:1 cannot be reached.<br>Check it. |",
        f"| ❌ | `uat` | acme--uat.sandbox.my.salesforce.com | high | `extra-assignee` | {said} |",
        "",
        "✅ in sync: `dev`",
        "",
        "<details><summary>What to type</summary>",
        "",
        "```sh",
        "orgkey drift --stack qa",
        "pulumi up --stack uat",
        "```",
        "",
        "</details>",
    ]


def test_markdown_of_a_hostile_org_marks_nothing_up_and_mentions_nobody() -> None:
    found = EXTRA.model_copy(update={"summary": "| <img src=x> [a](b) *b* @team `c`", "details": ()})
    report = REPORT.model_copy(update={"stacks": (DRIFT.model_copy(update={"findings": (found,)}),)})
    row = markdown(report).splitlines()[4]
    assert row.endswith(r"\| \<img src=x\> \[a\](b) \*b\* @<!-- -->team \`c\` |")

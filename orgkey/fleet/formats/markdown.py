"""GitHub-flavoured Markdown, for a job summary or a comment on a pull request."""

from __future__ import annotations

import re

from orgkey.fleet.formats.words import commands, headline, org_of, orgs_of, place_of, rest_of, retiring, whose
from orgkey.fleet.report import Finding, Report, StackReport, Unknown, Verdict
from orgkey.model.printable import printable

_MARK = {Verdict.IN_SYNC: "✅", Verdict.DRIFT: "❌", Verdict.COULD_NOT_TELL: "❔"}


def markdown(report: Report) -> str:
    """The report as Markdown: a table of the stacks that need somebody, the others in one line."""
    lines = [f"### orgkey drift: {headline(report)}", ""]
    troubled = [each for each in report.stacks if each.verdict is not Verdict.IN_SYNC or each.findings]
    if troubled:
        lines += ["| | stack | org | severity | finding | what was found |", "| --- | --- | --- | --- | --- | --- |"]
        lines += [row for each in troubled for row in _rows(each)]
        lines.append("")
    quiet = [f"`{each.stack}`" for each in report.stacks if each.verdict is Verdict.IN_SYNC]
    if quiet:
        lines += [f"✅ in sync: {', '.join(quiet)}", ""]
    if uses := retiring(report):
        lines += [*(f"- {_cell(use)}" for use in uses), ""]
    if typed := commands(report):
        lines += ["<details><summary>What to type</summary>", "", "```sh", *typed, "```", "", "</details>", ""]
    return "\n".join(lines)


def _rows(each: StackReport) -> list[str]:
    rows = [
        f"{_head(each, found)} {found.severity} | `{found.code}` | "
        f"{_cell(' · '.join([whose(each, found) + place_of(found) + found.summary, *found.details]))} |"
        for found in each.findings
    ]
    return rows + [
        f"{_head(each, unknown)} | could not tell | {_cell(f'{whose(each, unknown)}{rest_of(unknown)}: {unknown.reason}')} |"
        for unknown in each.unknown
    ]


def _head(each: StackReport, item: Finding | Unknown) -> str:
    org = org_of(each, item.component) if item.component else ", ".join(orgs_of(each))
    return f"| {_MARK[each.verdict]} | `{each.stack}` | {_cell(org)} |"


def _cell(text: str) -> str:
    """Text that stays within its cell, and in which nothing marks up, links or mentions somebody."""
    escaped = re.sub(r"([\\`*_{}\[\]<>|~#])", r"\\\1", printable(text))
    return re.sub(r"(?<!\w)@", "@<!-- -->", escaped).replace("\n", "<br>")

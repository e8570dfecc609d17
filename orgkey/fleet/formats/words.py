"""Words that several formats share."""

from __future__ import annotations

from orgkey.fleet.report import Report, StackReport, Verdict

UNKNOWN_REST = "the stack"
"""What an unknown without a path is called."""


def headline(report: Report) -> str:
    """One line: how many stacks, and how they are."""
    counted = [(verdict, report.count(verdict)) for verdict in Verdict]
    parts = ", ".join(f"{number} {verdict}" for verdict, number in counted if number)
    stacks = "1 stack" if len(report.stacks) == 1 else f"{len(report.stacks)} stacks"
    return f"{stacks}: {parts or 'none'}"


def org_of(each: StackReport) -> str:
    """The org's host, as people know it."""
    return each.instance_url.removeprefix("https://")


def commands(report: Report) -> list[str]:
    """What to type, for all stacks, each once."""
    return list(dict.fromkeys(command for each in report.stacks for command in each.commands))

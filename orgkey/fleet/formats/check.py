"""The forms of a check: text for people, what is wrong first with its remedy on the next line, and JSON for machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from orgkey.fleet.check_report import CheckReport, Outcome, StackCheck
from orgkey.fleet.formats.console import WIDTH, printed
from orgkey.salesforce.preflight_table import State

_MARKS = {
    State.WRONG: ("✗", "red"),
    State.UNKNOWN: ("?", "magenta"),
    State.RIGHT: ("✓", "green"),
    State.NOTE: ("-", ""),
}
_VERDICTS = {Outcome.RIGHT: "green", Outcome.WRONG: "red", Outcome.COULD_NOT_TELL: "magenta"}


def text(report: CheckReport) -> str:
    """The report as plain text."""
    return printed(show, report)


def show(report: CheckReport, console: Console) -> None:
    """Print the report on a console."""
    console.width = min(console.width, WIDTH)
    counted = ", ".join(f"{number} {verdict}" for verdict in Outcome if (number := report.count(verdict)))
    stacks = "1 stack" if len(report.stacks) == 1 else f"{len(report.stacks)} stacks"
    console.print(Text(f"orgkey check: {stacks}: {counted}, in {report.seconds:.1f} s", style="bold"))
    for each in report.stacks:
        console.print()
        _show_stack(each, console)


def _show_stack(each: StackCheck, console: Console) -> None:
    host = each.instance_url.removeprefix("https://")
    heading = Text.assemble(
        (each.stack, "bold"), f"  {host}  " if host else "  ", (each.verdict.value, _VERDICTS[each.verdict])
    )
    console.print(heading)
    for check in each.checks:
        mark, colour = _MARKS[check.state]
        console.print(Padding(Text.assemble((f"{mark} ", colour), check.says), (0, 0, 0, 2)))
        for line in check.remedy.splitlines():
            console.print(Padding(Text(line, style="dim"), (0, 0, 0, 4)))


FORMATS: Mapping[str, Callable[[CheckReport], str]] = {"text": text, "json": CheckReport.as_json}

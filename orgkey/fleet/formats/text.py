"""Text for people: a table of at most 100 columns, then what to do. Colours are the terminal's business, not the file's."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from orgkey.fleet.findings import KINDS, Severity
from orgkey.fleet.formats.console import WIDTH, printed
from orgkey.fleet.formats.words import commands, headline, orgs_of, place_of, rest_of, retiring, whose
from orgkey.fleet.report import Finding, Report, StackReport, Verdict
from orgkey.model.printable import printable

_MY_DOMAIN = ".my.salesforce.com"  # the same for nearly all orgs, and a column is dear
_COLOURS = {
    Severity.INFO: "dim",
    Severity.LOW: "cyan",
    Severity.MEDIUM: "yellow",
    Severity.HIGH: "red",
    Severity.CRITICAL: "bold red",
}
_VERDICTS = {Verdict.IN_SYNC: "green", Verdict.DRIFT: "red", Verdict.COULD_NOT_TELL: "magenta"}


def text(report: Report) -> str:
    """The report as plain text."""
    return printed(show, report)


def show(report: Report, console: Console) -> None:
    """Print the report on a console."""
    console.width = min(console.width, WIDTH)
    console.print(Text(f"orgkey drift: {headline(report)}, in {report.seconds:.1f} s", style="bold"))
    console.print()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    table.add_column("stack", overflow="fold", max_width=16)
    table.add_column("org", overflow="fold", max_width=26)
    table.add_column("", no_wrap=True)
    table.add_column("what", overflow="fold")
    for each in report.stacks:
        for row in _rows(each):
            table.add_row(*row)
    console.print(table)
    remedies = dict.fromkeys(
        (KINDS[found.code].title, found.remedy) for each in report.stacks for found in each.findings
    )
    if remedies:
        console.print("\nWhat to do:", style="bold", highlight=False)
        for title, remedy in remedies:
            console.print(Padding(Text(f"{title}: {remedy}"), (0, 0, 0, 2)))
    if uses := retiring(report):
        console.print("\nRetiring generations:", style="bold", highlight=False)
        for use in uses:
            console.print(Padding(Text(printable(use)), (0, 0, 0, 2)))
    if typed := commands(report):
        console.print("\nCommands:", style="bold", highlight=False)
        for command in typed:
            console.print(Text(f"  {printable(command)}"), soft_wrap=True)


def _rows(each: StackReport) -> list[tuple[Text, ...]]:
    """One row per finding and per thing that could not be read; the stack's name stands in the first."""
    in_sync = [(_verdict(each.verdict), Text())] if each.verdict is Verdict.IN_SYNC else []
    cells = (
        in_sync
        + [_found(each, found) for found in each.findings]
        + [
            (
                _verdict(Verdict.COULD_NOT_TELL),
                Text(printable(f"{whose(each, unknown)}{rest_of(unknown)}: {unknown.reason}")),
            )
            for unknown in each.unknown
        ]
    )
    hosts = "\n".join(host.removesuffix(_MY_DOMAIN) for host in orgs_of(each))
    names = (Text(printable(each.stack)), Text(printable(hosts)))
    return [(*(names if index == 0 else (Text(), Text())), *cell) for index, cell in enumerate(cells)]


def _found(each: StackReport, found: Finding) -> tuple[Text, Text]:
    lines = [f"{KINDS[found.code].title}: {whose(each, found)}{place_of(found)}{found.summary}", *found.details]
    return Text(found.severity.value, style=_COLOURS[found.severity]), Text(printable("\n".join(lines)))


def _verdict(verdict: Verdict) -> Text:
    return Text(verdict.value, style=_VERDICTS[verdict])

"""The forms of a renewals report: a table for people, JSON for machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orgkey.fleet.formats.console import WIDTH, printed
from orgkey.fleet.renewals import Due, Renewal, RenewalsReport
from orgkey.model.printable import printable

_COLOURS = {Due.NOW: "yellow", Due.LATER: "", Due.BY_HAND: "red", Due.NEVER: "red"}


def text(report: RenewalsReport) -> str:
    """The report as plain text."""
    return printed(show, report)


def show(report: RenewalsReport, console: Console) -> None:
    """Print the report on a console."""
    console.width = min(console.width, WIDTH)
    console.print(Text(f"orgkey renewals: {_headline(report)}", style="bold"))
    if report.renewals:
        console.print()
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
        for name, most in (("due", None), ("in", None), ("stack", 20), ("app", 30), ("ends", None), ("what", None)):
            table.add_column(name, overflow="fold", max_width=most)
        for each in report.renewals:
            table.add_row(*_row(each, report.made_at))
        console.print(table)
    for unread in report.unread:
        console.print(Text(printable(f"\nCould not tell: {unread.stack}: {unread.reason}"), style="magenta"))


def _headline(report: RenewalsReport) -> str:
    number = len(report.renewals)
    parts = ["1 certificate" if number == 1 else f"{number} certificates"]
    parts += [f"{due} due now"] if (due := sum(each.due is Due.NOW for each in report.renewals)) else []
    busiest = report.busiest()
    parts += [f"at most {busiest[1]} on one day ({busiest[0]})"] if busiest and number > 1 else []
    parts += [f"{len(report.unread)} could not tell"] if report.unread else []
    return ", ".join(parts)


def _row(each: Renewal, now: datetime) -> tuple[Text, ...]:
    days = (each.at - now).days
    retiring = f" (generation {each.generation}, retiring)" if each.retiring else ""
    return (
        Text(f"{each.at:%Y-%m-%d}"),
        Text("now" if each.at <= now else f"{days} day{'' if days == 1 else 's'}"),
        Text(printable(each.stack)),
        Text(printable(f"{each.app or each.component}{retiring}")),
        Text(f"{each.not_after:%Y-%m-%d}"),
        Text(each.due.value, style=_COLOURS[each.due]),
    )


FORMATS: Mapping[str, Callable[[RenewalsReport], str]] = {"text": text, "json": RenewalsReport.as_json}

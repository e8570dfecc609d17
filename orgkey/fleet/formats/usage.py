"""The forms of a usage report: text for people, JSON for machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from orgkey.fleet.formats.console import WIDTH, printed
from orgkey.fleet.usage import AppUsage, Origin, UsageReport
from orgkey.model.printable import printable

_ORIGINS = {
    Origin.UPDATE: "an update of this stack (its own proof)",
    Origin.SAME_ADDRESS: "where updates run: a client there, or orgkey's drift checks",
    Origin.ELSEWHERE: "elsewhere: a client, or a drift check that runs there",
}
_ORIGINS_OF_RETIRING = {
    Origin.UPDATE: _ORIGINS[Origin.UPDATE],
    Origin.SAME_ADDRESS: "where updates run: a client there",
    Origin.ELSEWHERE: "elsewhere: a client",
}


def text(report: UsageReport) -> str:
    """The report as plain text."""
    return printed(show, report)


def show(report: UsageReport, console: Console) -> None:
    """Print the report on a console."""
    console.width = min(console.width, WIDTH)
    console.print(Text(printable(f"orgkey usage: {report.stack}, logins since {moment(report.since)}"), style="bold"))
    for each in report.apps:
        console.print()
        _show_app(each, console)
    console.print("\nWhat the org's data cannot show:", style="bold", highlight=False)
    for limit in report.limits:
        console.print(Padding(Text(limit), (0, 0, 0, 2)))


def _show_app(each: AppUsage, console: Console) -> None:
    state = "retiring" if each.retiring else "current"
    host = each.instance_url.removeprefix("https://")
    heading = f"{each.component}, generation {each.generation} ({state}): {each.name or 'no app in state'} in {host}"
    console.print(Text(printable(heading), style="bold"))
    for line in says(each):
        console.print(Padding(Text(printable(line)), (0, 0, 0, 2)))
    if each.logins:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
        for name in ("last login", "user", "address", "logins", "outcome", "from"):
            table.add_column(name, overflow="fold")
        for row in each.logins:
            origin = (_ORIGINS_OF_RETIRING if each.retiring else _ORIGINS)[row.origin]
            cells = (moment(row.last), row.username, row.address, str(row.count), row.status, origin)
            table.add_row(*(Text(printable(cell)) for cell in cells))
        console.print(Padding(table, (0, 0, 0, 2)))
    for token in each.tokens:
        used = f"last used {moment(token.last_used)}" if token.last_used else "never used"
        line = f"{token.username} has a stored token: {used}, {token.use_count} uses in all"
        console.print(Padding(Text(printable(line)), (0, 0, 0, 2)))
    for limit in each.limits:
        console.print(Padding(Text(printable(f"Note: {limit}"), style="dim"), (0, 0, 0, 2)))


def says(each: AppUsage) -> list[str]:
    """What the logins of an app come to, in words."""
    if each.unseen:
        return [f"Could not tell: {each.unseen}"]
    if each.last_use is None:
        return ["No login is seen but those while this stack was updated, which its own proofs are."]
    if each.last_use == each.last_use_elsewhere:
        return [f"Last used {moment(each.last_use)}."]
    if each.last_use_elsewhere is None:
        return [f"Last used {moment(each.last_use)}, where this stack's updates run; from elsewhere no login is seen."]
    return [
        f"Last used {moment(each.last_use)}, where this stack's updates run, and {moment(each.last_use_elsewhere)} from elsewhere."
    ]


def moment(at: datetime) -> str:
    """A moment as people read it, to the second, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


FORMATS: Mapping[str, Callable[[UsageReport], str]] = {"text": text, "json": UsageReport.as_json}

"""The table of a run: cases run and converged by scenario, kind of app and fault, and every exception by name with its reason."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.matrix.cases import Outcome

PROPERTY = "matrix"


@dataclass(frozen=True)
class Row:
    """What happened with one fault in one scenario."""

    scenario: str
    kind: str
    fault: str
    level: str
    run: int
    converged: int
    at_once: int
    """Of the converged: the faulted command itself ended well."""
    after_one: int
    after_two: int
    exceptions: tuple[str, ...] = ()


def row_of(level: str, outcomes: Sequence[Outcome], *, fault: str = "") -> Row:
    """Sum up the outcomes of one fault in one scenario; those whose fault never fired are no cases."""
    fired = [each for each in outcomes if each.fired]
    good = [each for each in fired if not each.problems]
    first = outcomes[0]
    return Row(
        first.scenario,
        first.kind,
        fault or first.fault,
        level,
        len(fired),
        len(good),
        *(sum(each.tries == tries for each in good) for tries in (0, 1, 2)),
        tuple(
            f"{each.scenario}, {each.kind}, {each.fault} at request {each.request} ({each.operation}): {'; '.join(each.problems)}"
            for each in fired
            if each.problems
        ),
    )


def as_property(row: Row) -> str:
    """A row as text that crosses from a test process to the one that prints."""
    return json.dumps(asdict(row))


def rows_of(reports: Iterable[Any]) -> list[Row]:
    """The rows that tests have recorded."""
    texts = [value for report in reports for name, value in report.user_properties if name == PROPERTY]
    return [Row(**{**(values := json.loads(text)), "exceptions": tuple(values["exceptions"])}) for text in texts]


def table(rows: Sequence[Row]) -> list[str]:
    """Lines to print."""
    head = ("level", "scenario", "app", "fault", "cases", "converged", "at once", "again", "twice")
    body = [
        (r.level, r.scenario, r.kind, r.fault, r.run, r.converged, r.at_once, r.after_one, r.after_two)
        for r in sorted(rows, key=lambda row: (row.level, row.scenario, row.kind, row.fault))
    ]
    total = ("", "", "", "all", *(sum(int(line[index]) for line in body) for index in range(4, 9)))
    cells = [[str(cell) for cell in line] for line in (head, *body, total)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    exceptions = [exception for row in rows for exception in row.exceptions]
    return [
        *lines,
        "",
        f"{len(exceptions)} exceptions" + (":" if exceptions else ""),
        *(f"  - {e}" for e in exceptions),
    ]

"""THE TABLE OF TARGETS: one row per number that `make bench` holds us to, with what it is measured beside; and the verdict on them.

Targets are our own. What is slower than its target is told, not failed: machines differ, and ratios count more than seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum


class Bound(Enum):
    """How a limit is meant."""

    AT_MOST = "at most"
    AT_LEAST = "at least"
    TIMES_PEER = "times the peer's, at most"


@dataclass(frozen=True, slots=True)
class Target:
    """One number: what it is, its limit in `unit`, and what it is measured beside in the same run (its peer), if anything is."""

    name: str
    limit: float
    unit: str
    peer: str = ""
    bound: Bound = Bound.AT_MOST

    @property
    def in_words(self) -> str:
        """The target, as the table shows it."""
        if self.bound is Bound.TIMES_PEER:
            return f"<= {self.limit:g} x peer"
        return f"{'>=' if self.bound is Bound.AT_LEAST else '<='} {self.limit:g} {self.unit}"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run saw: the value, and its peer's in the same unit."""

    value: float
    peer: float | None = None


_EMPTY = "an empty program"
_SF = "sf: login, deploy, assign"
_LOOP = "a shell loop of pulumi refresh"
_PYTHON = "python that does nothing"

TARGETS: Mapping[str, Target] = {
    each.name: each
    for each in (
        Target("first up, deploys take no time", 2.0, "s", _EMPTY),
        Target("first up: requests", 22, ""),
        Target("up with nothing to change", 2.0, "s", _EMPTY, Bound.TIMES_PEER),
        Target("up with nothing to change: requests", 13, ""),
        Target("first up beside sf, a deploy takes 0.0 s", 1.0, "s", _SF, Bound.TIMES_PEER),
        Target("first up beside sf, a deploy takes 0.3 s", 1.0, "s", _SF, Bound.TIMES_PEER),
        Target("first up beside sf, a deploy takes 2.5 s", 1.0, "s", _SF, Bound.TIMES_PEER),
        Target("first up: longest chain", 13, "requests"),
        Target("up with nothing to change: longest chain", 4, "requests"),
        Target("drift check: longest chain", 4, "requests"),
        Target("orgkey --help", 0.2, "s", _PYTHON),
        Target("import of an app with 500 users", 3.0, "s", _EMPTY),
        Target("import of an app with 500 users: requests", 28, ""),
        Target("first up with 2,000 users", 5.0, "s", _EMPTY),
        Target("first up with 2,000 users: requests", 31, ""),
        Target("drift of 50 orgs", 12.0, "s", _LOOP),
        Target("drift of 50 orgs: memory", 600, "MB"),
        Target("drift of 50 orgs: requests an org", 13, ""),
        Target("drift of 200 orgs: an org, beside one of 50", 1.1, "s", "an org of 50", Bound.TIMES_PEER),
        Target("localorg start", 1.0, "s"),
        Target("localorg: memory of three orgs", 120, "MB"),
        Target("localorg: token grants", 300, "/s", bound=Bound.AT_LEAST),
        Target("localorg: token grants, p99", 100, "ms"),
        Target("localorg: queries", 200, "/s", bound=Bound.AT_LEAST),
        Target("localorg: queries, p99", 100, "ms"),
        Target("localorg: memory after 50,000 requests", 1.1, "MB", "before them", Bound.TIMES_PEER),
    )
}


class Results:
    """What the benchmarks of one run measured, by the names of the table."""

    def __init__(self) -> None:
        self.seen: dict[str, Measured] = {}

    def note(self, name: str, value: float, peer: float | None = None) -> None:
        """Note a number of the table, and its peer's; raises KeyError for a name that the table does not have."""
        self.seen[TARGETS[name].name] = Measured(value, peer)


def is_met(target: Target, measured: Measured) -> bool:
    """Whether a number reaches its target; one that goes by a peer that was not measured does not."""
    if target.bound is Bound.AT_LEAST:
        return measured.value >= target.limit
    if target.bound is Bound.AT_MOST:
        return measured.value <= target.limit
    return measured.peer is not None and measured.value <= target.limit * measured.peer


def verdict(seen: Mapping[str, Measured]) -> list[str]:
    """The table of what was measured, in the table's order, and at its end a line that says which targets are missed."""
    rows = [_row(TARGETS[name], seen[name]) for name in TARGETS if name in seen]
    missed = [name for name in TARGETS if name in seen and not is_met(TARGETS[name], seen[name])]
    unseen = [name for name in TARGETS if name not in seen]
    lines = _aligned([("", "measured", "target", "", "peer"), *rows]) if rows else []
    if unseen:
        lines.append(f"not measured in this run: {'; '.join(unseen)}")
    return [*lines, f"targets missed: {'; '.join(missed) or 'none'}"]


def _row(target: Target, measured: Measured) -> tuple[str, ...]:
    peer = ""
    if measured.peer is not None:
        times = f" ({measured.value / measured.peer:.2f} x)" if measured.peer else ""
        peer = f"{_number(measured.peer, target.unit)}, {target.peer}{times}"
    said = "met" if is_met(target, measured) else "MISSED"
    return target.name, _number(measured.value, target.unit), target.in_words.strip(), said, peer


def _number(value: float, unit: str) -> str:
    return f"{value:.2f} {unit}" if unit == "s" else f"{value:.4g} {unit}".strip()


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]

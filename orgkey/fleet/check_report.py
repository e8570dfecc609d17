"""The result of `orgkey check`: what is right and what is wrong with each stack file and its org, before anything is written.

The models are the JSON form itself; its schema is `docs/reference/check-report.schema.json`. No secret is ever in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime

from orgkey.fleet.report import Exit
from orgkey.model.printable import printable
from orgkey.model.report_model import ReportModel
from orgkey.model.secret_texts import without
from orgkey.salesforce.preflight_table import Code, Part, State, Verdict


class Outcome(StrEnum):
    """What is known of one stack."""

    RIGHT = "right"
    WRONG = "something is wrong"
    COULD_NOT_TELL = "could not tell"


class Check(ReportModel):
    """The answer to one question. `remedy` says what to do where something is wrong."""

    code: Code
    part: Part
    state: State
    says: str
    remedy: str = ""


class StackCheck(ReportModel):
    """One stack file: every answer, what is wrong first. `seconds` is how long the check took."""

    project: str
    stack: str
    verdict: Outcome
    instance_url: str = ""
    org_id: str = ""
    checks: tuple[Check, ...] = ()
    seconds: float = 0.0


class CheckReport(ReportModel):
    """All stack files of a run, by name."""

    version: Literal[1] = 1
    made_at: AwareDatetime
    seconds: float
    stacks: tuple[StackCheck, ...]

    def count(self, verdict: Outcome) -> int:
        """How many stacks have a verdict."""
        return sum(each.verdict is verdict for each in self.stacks)

    def exit_code(self) -> Exit:
        """0 right, 1 something is wrong, 2 could not tell for at least one stack."""
        if self.count(Outcome.COULD_NOT_TELL):
            return Exit.COULD_NOT_TELL
        return Exit.DRIFT if self.count(Outcome.WRONG) else Exit.IN_SYNC


_ORDER = (State.WRONG, State.UNKNOWN, State.RIGHT, State.NOTE)


def stack_check(
    project: str,
    stack: str,
    verdicts: Iterable[Verdict],
    *,
    instance_url: str = "",
    org_id: str = "",
    seconds: float = 0.0,
    hidden: Iterable[str] = (),
) -> StackCheck:
    """The check of a stack by its verdicts, without the `hidden` texts; the same sentence is told once."""
    texts = frozenset(hidden)
    checks = dict.fromkeys(
        Check(
            code=each.code,
            part=each.part,
            state=each.state,
            says=printable(without(each.says, texts)),
            remedy=printable(without(each.remedy, texts)) if each.state is not State.RIGHT else "",
        )
        for each in verdicts
    )
    ordered = tuple(sorted(checks, key=lambda each: _ORDER.index(each.state)))
    return StackCheck(
        project=project,
        stack=stack,
        verdict=_outcome(ordered),
        instance_url=without(instance_url, texts),
        org_id=without(org_id, texts),
        checks=ordered,
        seconds=round(seconds, 3),
    )


def _outcome(checks: Sequence[Check]) -> Outcome:
    """What could not be told wins over what is wrong, as in a drift report."""
    states = {each.state for each in checks}
    if State.UNKNOWN in states:
        return Outcome.COULD_NOT_TELL
    return Outcome.WRONG if State.WRONG in states else Outcome.RIGHT

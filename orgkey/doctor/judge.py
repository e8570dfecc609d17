"""From facts to a verdict, by the cause table. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from orgkey.doctor.causes import CAUSES
from orgkey.doctor.causes.access import WITHOUT_REASON
from orgkey.doctor.causes.cause import Cause
from orgkey.doctor.facts import Facts


class Outcome(StrEnum):
    """How it stands with the login."""

    WORKS = "works"
    CAUSE_FOUND = "cause found"
    COULD_NOT_TELL = "could not tell"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`causes` are what is proved, or what is possible, the likeliest first; `also` is what would stop the login next."""

    outcome: Outcome
    causes: tuple[Cause, ...] = ()
    also: tuple[Cause, ...] = ()


def judge(facts: Facts) -> Verdict:
    """Say why the login fails. Only what the evidence proves is a cause that is found; the rest is possible."""
    if facts.failure is None:
        return Verdict(Outcome.WORKS)
    fitting = [each for each in CAUSES if each.fits(facts.failure)]
    proved = _first_of_each([each for each in fitting if each.proof(facts)])
    also = _first_of_each([each for each in CAUSES if each.alone and each not in fitting and each.proof(facts)])
    possible = [each for each in fitting if each.proof(facts) is None]
    if (
        not proved and also and not set(possible) - {WITHOUT_REASON}
    ):  # an unknown answer, and something that stops any login
        proved, also = also, ()
    if proved:
        about = {each.about for each in proved}
        return Verdict(Outcome.CAUSE_FOUND, proved, tuple(each for each in also if each.about not in about))
    possible.sort(key=lambda each: each.likelihood(facts))  # stable: else as in the table
    return Verdict(Outcome.COULD_NOT_TELL, tuple(possible) or (WITHOUT_REASON,), also)


def _first_of_each(causes: list[Cause]) -> tuple[Cause, ...]:
    """Of causes that are about the same thing, the first: it hides the others."""
    return tuple({each.about: each for each in reversed(causes)}.values())[::-1]

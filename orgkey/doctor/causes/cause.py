"""One row of the cause table, and what its rows have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from orgkey.doctor.facts import UNREACHABLE, UNUSABLE_KEY, Facts, Failure
from orgkey.doctor.three_values import Seen
from orgkey.salesforce.error_table import CATCH_ALL, GRANT, find_row

NOTES = "platform notes"
CREDENTIALS = "administrator credentials"
NOT_APPROVED = "invalid_grant/hasn't approved this consumer"
UNKNOWN_APP = ("invalid_client_id", "app_not_found", "OAUTH_EC_APP_NOT_FOUND*")
SIGNATURE = ("invalid_client", "invalid_grant/invalid assertion")
BLOCKED, DENIED = "OAUTH_APP_BLOCKED*", "OAUTH_APP_ACCESS_DENIED*"
UNHEARD_OF, ANY = "?", "*"
"""Failures that several causes share; the last two are any answer that the error table does not know, and any at all."""


def by_the_answer(_facts: Facts) -> Seen:
    """The failure says it itself."""
    return True


def not_to_be_proved(_facts: Facts) -> Seen:
    """Nothing that can be asked would prove it."""
    return None


def blocked_by_stack(facts: Facts) -> Seen:
    """True where the stack whose login it is blocks the app."""
    return bool(facts.login.blocked_by) or None


def nothing(_facts: Facts) -> str:
    """Nothing to add."""
    return ""


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause.

    `shows_as` are failures: `code`, or `code/a part of the text` in lower case; a code that ends with `*` stands for a family, and `?`
    for whatever the error table does not know.
    `seldom_as` are those by which it shows itself too, and others more often: then it is told after them.
    `proof` is True where the evidence proves it, False where it excludes it, None where it was not seen. `told` adds what was seen.
    `alone` says that it stops a login by itself, whatever else fails first. `asks` is what would tell whether it is this one.
    `declared` says whether a stack's own settings, by path, bring it about, which `stack_remedy` is for; None where no setting does.
    `of_a_block` says that a stack brings it about by blocking the app.
    `hint` is True where the evidence points to it without proving it: then it is told before others that are possible.
    """

    code: str
    title: str
    shows_as: tuple[str, ...]
    proof: Callable[[Facts], Seen]
    remedy: str
    source: str
    asks: str = ""
    stack_remedy: str = ""
    told: Callable[[Facts], str] = nothing
    alone: bool = False
    hint: Callable[[Facts], Seen] = not_to_be_proved
    seldom_as: tuple[str, ...] = ()
    declared: Callable[[Mapping[str, Any]], bool] | None = None
    of_a_block: bool = False

    @property
    def about(self) -> str:
        """What it is about: the first word of its code."""
        return self.code.partition(".")[0]

    def fits(self, failure: Failure) -> bool:
        """Whether it can show itself by this failure."""
        return any(matches(pattern, failure) for pattern in (*self.shows_as, *self.seldom_as))

    def likelihood(self, facts: Facts) -> tuple[bool, bool]:
        """What causes that are possible are sorted by: those that the evidence points to first, those that seldom show so last."""
        usual = facts.failure is not None and any(matches(pattern, facts.failure) for pattern in self.shows_as)
        return self.hint(facts) is not True, not usual

    def remedy_for(self, facts: Facts) -> str:
        """What to do: by `pulumi up` where the app is a stack's, and by its settings where they bring the cause about."""
        login = facts.login
        if not (self.stack_remedy and login.stack):
            return self.remedy
        if self.of_a_block and login.blocked_by:
            return f"this stack blocks it: take out {login.blocked_by}, then run `pulumi up`"
        if self.declared and login.declared and not self.declared(login.declared):
            return "run `pulumi up`: it puts back what the stack declares"
        return login.settings.told(self.stack_remedy)


def matches(pattern: str, failure: Failure) -> bool:
    """Whether a failure is one of those that a pattern stands for."""
    if pattern == UNHEARD_OF:
        row = find_row(GRANT, failure.code, failure.text)
        return failure.code not in (UNUSABLE_KEY, UNREACHABLE) and (
            row is None or (row.code, row.contains) == CATCH_ALL
        )
    code, _, part = pattern.partition("/")
    same = failure.code.startswith(code[:-1]) if code.endswith("*") else failure.code == code
    return same and part in failure.text.lower()


def shortened(key: str) -> str:
    """A consumer key so that people recognize it and nobody can use it."""
    return f"{key[:8]}…{key[-4:]}" if len(key) > 16 else "…"  # noqa: PLR2004 — twelve of them are shown

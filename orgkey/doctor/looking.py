"""Looking at an org by one login: what that login may not see is noted, and the rest is looked at all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from orgkey.doctor.facts import Unseen
from orgkey.salesforce.errors import CredentialsError, RefusedError, SalesforceError

if TYPE_CHECKING:
    from orgkey.salesforce.answers import Rows
    from orgkey.salesforce.read import Snapshot

T = TypeVar("T")


class Look:
    """Questions to one org; `unseen` is what it did not tell."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.unseen: list[Unseen] = []

    def at(self, what: str, question: Callable[[], T]) -> T | None:
        """An answer, or None and a note of why there is none; raises CredentialsError where the login itself does not work."""
        try:
            return question()
        except CredentialsError:
            raise
        except SalesforceError as error:
            why = error.in_short if isinstance(error, RefusedError) else str(error).split("\n", maxsplit=1)[0]
            self.unseen.append(Unseen(what, why))
            return None

    def is_unseen(self, what: str) -> bool:
        """Whether that was looked at in vain."""
        return any(each.what == what for each in self.unseen)

    def rows(self, question: str) -> Rows:
        """Answer a SOQL query."""
        return self.snapshot.rows(question)[0]

    def all_rows(self, questions: list[str]) -> Rows:
        """Answer a SOQL query that comes in several parts."""
        return [row for part in self.snapshot.rows(*questions) for row in part] if questions else []

    def ahead(self, *questions: str) -> None:
        """Ask several questions in one request; refusals are for whoever looks at the answers."""
        try:
            self.snapshot.prefetch(*questions)
        except CredentialsError:
            raise
        except SalesforceError:
            pass

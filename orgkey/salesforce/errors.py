"""What can go wrong between us and an org, as exceptions: one class for each thing that the caller can do next.

What an org's own answers mean is in `error_table.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from urllib.parse import urlsplit

from orgkey.salesforce.error_table import API, DEPLOY, GRANT, Retry, Row, find_row


def host_of(url: str) -> str:
    """Host and port of a URL, for messages; empty for what is none."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


LONGEST_TEXT = 1000
"""Characters of an org's own words that a message repeats."""

LARGEST_SKEW = 120.0
"""Seconds by which two clocks may differ before that is said: an assertion is valid for three minutes."""

CANCELED = "Stopped because the operation was canceled.\nRun the same command again: it goes on from here."


class SalesforceError(Exception):
    """Something went wrong between us and an org. `str()` says what happened, then what to do."""


class CredentialsError(SalesforceError):
    """The bootstrap credentials cannot be used: fix them. Nothing was changed in the org."""


class SettingError(SalesforceError):
    """A setting of this machine is wrong: correct it. Nothing was contacted."""


class UnusableKeyError(SalesforceError):
    """A private key that cannot sign; its text finishes the sentence "the key …". Nothing was contacted."""


class WrongOrgError(SalesforceError):
    """The org is not the one that the settings describe: fix the settings. Nothing was changed in it."""


def _add_retry_hint(error: SalesforceError, tries: int, seconds: float | None) -> None:
    asked = "It was asked once" if tries == 1 else f"It was asked {tries} times"
    when = f"in {seconds:.0f} seconds, as it says itself" if seconds else "in a minute"
    error.args = (f"{error}\n{asked}; run the same command again {when}.",)


class Unreachable(StrEnum):
    """Why no answer came that is an org's."""

    NAME = "the host name is not known"
    REFUSED = "the connection was refused"
    TIMEOUT = "no answer came in time"
    UNTRUSTED = "its TLS certificate is not trusted"
    TLS = "TLS could not be agreed on"
    PROXY = "the proxy did not let us through"
    BROKEN = "the connection broke"
    ELSEWHERE = "it sends us to another host"
    WEB_PAGE = "it answered with a web page"
    UNWELL = "it answered that it is not well"
    STRANGE = "it answered with something that no org sends"
    MACHINE = "this machine's own settings are in the way"


class UnreachableError(SalesforceError):
    """The org gave no answer that could be understood: wait, or fix the network. A write may have reached it.

    `why` says which of the ways it was, where that is known.
    """

    def __init__(self, message: str, *, why: Unreachable | None = None) -> None:
        self.why = why
        super().__init__(message)


class TransientError(UnreachableError):
    """The same question may well be answered in a moment: a broken connection, no answer in time, a busy org.

    `retry_after` are the seconds after which the org asks to come back, where it does.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, why: Unreachable | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message, why=why)


class StrangeAnswerError(UnreachableError):
    """An answer of no documented form: something between us and the org gave it, or the org changed. A write may be done."""

    def __init__(self, url: str, what: str, *, status: int | None = None) -> None:
        answered = f"HTTP {status} with" if status else "with"
        super().__init__(
            f"{host_of(url) or url} answered {answered} something that is no {what}.\n"
            "If this was a change, it may have been made. Run the same command again; if it stays so, check the proxy between, if any.",
            why=Unreachable.STRANGE,
        )


class SilentError(TransientError):
    """The request was sent and no answer came in time: the org may take it up at any later moment."""


class DeadlineExceededError(UnreachableError):
    """The verb's own time was over: allow more, or find out why the org is slow. A write may have reached it."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"The time that this step may take was over before {host_of(url) or url} answered.\n"
            "Run the same command again: it goes on from here. orgkey:timeouts allows more time.",
            why=Unreachable.TIMEOUT,
        )


class RefusedError(SalesforceError):
    """The org answered with an error of its own: `code` and `text` are its words, `row` what we know of it.

    `retry_after` are the seconds after which it asks to come back, where it does.
    """

    def __init__(
        self, code: str, text: str, *, where: str, table: Sequence[Row] = API, retry_after: float | None = None
    ) -> None:
        text = text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + " …"
        self.code, self.text, self.retry_after = code, text, retry_after
        self.where = where
        self.row = find_row(table, code, text)
        super().__init__(self._told(self.row.remedy if self.row else ""))

    def _told(self, remedy: str) -> str:
        answered = f"{self.where} answered {self.code}: {self.text}" if self.code else f"{self.where}: {self.text}"
        return f"{answered}\n{_sentence(self.row.meaning)} What to do: {remedy}." if self.row else answered

    @property
    def transient(self) -> bool:
        """Whether the same request may succeed in a moment: by what we know of the answer, or else by the org's own word."""
        return self.row.retry in {Retry.SOON, Retry.READS_ONLY} if self.row else self.retry_after is not None

    @property
    def in_short(self) -> str:
        """The org's words alone."""
        return f"{self.code}: {self.text}"

    def add_retry_hint(self, tries: int) -> None:
        """Add how often it was asked, and when to ask again."""
        _add_retry_hint(self, tries, self.retry_after)

    def name_login(self, login: str) -> None:
        """Add whose login lacks a permission."""
        self.args = (f"{self}\n{whose(login)}",)


class GrantRefusedError(RefusedError):
    """The token endpoint refused a grant.

    `clock_ahead` is by how many seconds this machine's clock is ahead of the org's; behind where it is negative, None where it did not
    tell. `said` are the org's own words alone.
    """

    def __init__(
        self, code: str, text: str, *, where: str, table: Sequence[Row] = GRANT, clock_ahead: float | None = None
    ) -> None:
        row = find_row(table, code, text)
        self.clock_ahead, self.said = clock_ahead, text
        if row and row.assertion and clock_ahead is not None and abs(clock_ahead) >= LARGEST_SKEW:
            side = "ahead of" if clock_ahead > 0 else "behind"
            text += f" (this machine's clock is {abs(clock_ahead) / 60:.0f} minutes {side} the org's)"
        super().__init__(code, text, where=where, table=table)

    @property
    def of_own_login(self) -> str:
        """The same, with what to do where the administrator's own login met it."""
        return self._told((self.row.own_login or self.row.remedy) if self.row else "")


def whose(login: str) -> str:
    """A sentence that says whose login it is; `login` is a user name, empty where the org does not tell."""
    return f"The login is {login}." if login else "The login is the one that salesforce:credentials lead to."


def _sentence(meaning: str) -> str:
    return f"{meaning[0].upper()}{meaning[1:]}."


class SessionExpiredError(SalesforceError):
    """The org does not accept the session; a new one may do. Never leaves `org.py`. The text is the org's own."""


class DeployFailedError(SalesforceError):
    """The org rejected a bundle; `problems` are its own words, one per component. Nothing was changed in the org.

    `transient` where the same bundle may do in a moment. `broken_app` where the org gives no other reason than one that an app without its
    OAuth settings may give.
    """

    retry_after: float | None = None

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        self.problems = tuple(problems)
        rows = [find_row(DEPLOY, "", problem) for problem in problems]
        self.transient = bool(rows) and all(row is not None and row.retry is Retry.SOON for row in rows)
        self.broken_app = bool(rows) and all(row is None or row.broken_app for row in rows)
        super().__init__(message)

    @property
    def in_short(self) -> str:
        """The org's words alone."""
        return "; ".join(self.problems)

    def add_retry_hint(self, tries: int) -> None:
        """Add how often it was tried, and when to try again."""
        _add_retry_hint(self, tries, self.retry_after)


class DeployUnfinishedError(SalesforceError):
    """We stopped waiting for a deploy; the org may still finish it. `job_id` finds it again."""

    def __init__(self, message: str, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(message)


class CanceledError(SalesforceError):
    """Somebody asked us to stop; run the same command again to go on."""


class PartialReadError(SalesforceError):
    """The org does not show this login `properties` of something; the rest of it was read."""

    def __init__(self, message: str, properties: Sequence[str]) -> None:
        self.properties = tuple(properties)
        super().__init__(message)


class UnreadableError(SalesforceError):
    """The org has it and does not show it: what it is cannot be read. Nothing was changed."""


class ConflictError(SalesforceError):
    """Something of that name is in the org and is not ours: import it, or choose another name. Nothing was changed."""


class UnknownUsersError(SalesforceError):
    """Users cannot be given the permission set or its groups: `problems` names each with its reason. Nothing was changed by what failed."""

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__(message)

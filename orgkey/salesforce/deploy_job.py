"""A Metadata API deploy as a job: start, watch, cancel (platform notes 5.2-5.5).

The server's `done` and `success` decide, not a list of status names. Transport trouble while polling does not fail the job, up to a
number of errors in a row; the overall deadline is a separate limit. A job can be made from an id, so a wait can be taken up again.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from orgkey.metadata.bundle import Bundle
from orgkey.salesforce import answers
from orgkey.salesforce.error_table import DEPLOY, find_row
from orgkey.salesforce.errors import (
    CanceledError,
    CredentialsError,
    DeployFailedError,
    DeployUnfinishedError,
    RefusedError,
    SilentError,
    UnreachableError,
    host_of,
    whose,
)
from orgkey.salesforce.org import Org
from orgkey.salesforce.retry import Backoff, retry, retry_refused
from orgkey.salesforce.soql import LATEST_DEPLOYS

_PATH = "metadata/deployRequest"
_ERRORS_IN_A_ROW = 5
_FIRST_PAUSE, _LONGEST_PAUSE, _LONGEST_QUEUE_PAUSE = 0.2, 2.0, 15.0  # seconds
_AFTER_TROUBLE = Backoff(first=_FIRST_PAUSE, longest=_LONGEST_PAUSE, growth=2.0)
_WHAT = "state of a deploy"
_DEPLOYS = 4  # of one bundle, while another change holds a record
_GROWTH = 1.2  # so that a wait lasts at most a fifth longer than the deploy


class Status(StrEnum):
    """Where a deploy is; names that we do not know are OTHER and mean nothing by themselves."""

    PENDING = "Pending"
    IN_PROGRESS = "InProgress"
    FINALIZING = "Finalizing"
    SUCCEEDED = "Succeeded"
    SUCCEEDED_PARTIAL = "SucceededPartial"
    FAILED = "Failed"
    CANCELING = "Canceling"
    CANCELED = "Canceled"
    OTHER = "other"

    @classmethod
    def _missing_(cls, value: object) -> Status:  # noqa: ARG003 — whatever it is, it is OTHER
        return cls.OTHER


_UNFINISHED = {Status.PENDING, Status.IN_PROGRESS, Status.FINALIZING, Status.CANCELING}


@dataclass(frozen=True, slots=True)
class ComponentResult:
    """What happened to one component of the bundle."""

    type: str
    full_name: str
    file_name: str
    problem: str
    line: int | None
    record_id: str

    def __str__(self) -> str:
        place = f"{self.file_name}:{self.line}" if self.line else self.file_name
        return f"{self.type or 'package'} {self.full_name} ({place}): {self.problem}"


@dataclass(frozen=True, slots=True)
class DeployStatus:
    """The state of a deploy when it was asked."""

    status: Status
    done: bool
    success: bool
    components_done: int
    components_total: int
    error: str
    failures: tuple[ComponentResult, ...]
    successes: tuple[ComponentResult, ...]

    def summary(self) -> str:
        """One line for people."""
        counted = f", {self.components_done} of {self.components_total} components" if self.components_total else ""
        return f"{self.status}{counted}"


@dataclass(frozen=True, slots=True)
class DeployJob:
    """One deploy in one org."""

    org: Org
    id: str

    @classmethod
    def start(cls, org: Org, bundle: Bundle, *, check_only: bool = False, ignore_warnings: bool = False) -> DeployJob:
        """Send a bundle. All or nothing (`rollbackOnError`); the test level is the org's own default (platform notes 5.2)."""
        options = {
            "singlePackage": True,
            "rollbackOnError": True,
            "ignoreWarnings": ignore_warnings,
            "checkOnly": check_only,
        }
        files = {
            "json": (None, json.dumps({"deployOptions": options}), "application/json"),
            "file": ("deploy.zip", bundle.content, "application/zip"),
        }
        return cls(org, answers.deploy_id(org.post_files(_PATH, files), org.url))

    def status(self) -> DeployStatus:
        """Ask how it stands."""
        return parse_status(self.org.get(f"{_PATH}/{self.id}", params={"includeDetails": "true"}), self.org.url)

    def watch(self, *, deadline: float) -> Iterator[DeployStatus]:
        """Yield each new status until the deploy is done; poll at once, then at growing intervals.

        `deadline` is on the clock's monotonic scale. Raises DeployUnfinishedError when it passes, UnreachableError after too many
        errors in a row, CanceledError when somebody cancels (the org is asked to cancel too).
        """
        pause, last = _FIRST_PAUSE, ""
        try:
            while True:
                status = retry(
                    self.status,
                    clock=self.org.clock,
                    when=lambda error: isinstance(error, UnreachableError),
                    backoff=_AFTER_TROUBLE,
                    attempts=_ERRORS_IN_A_ROW,
                    seconds=deadline - self.org.clock.monotonic(),
                )
                if status.summary() != last:
                    last = status.summary()
                    yield status
                if status.done:
                    return
                if self.org.clock.monotonic() + pause > deadline:
                    raise DeployUnfinishedError(
                        f"The deploy {self.id} to {host_of(self.org.url)} was still {last} when the time was over.\n"
                        "The org may still finish it: run the same command again, or allow more with orgkey:timeouts.",
                        self.id,
                    )
                self.org.clock.wait(pause)
                longest = _LONGEST_QUEUE_PAUSE if status.status is Status.PENDING else _LONGEST_PAUSE
                pause = min(pause * _GROWTH, longest)
        except CanceledError:
            self.cancel()
            raise

    def cancel(self) -> None:
        """Ask the org to stop the deploy; it may have finished already, and that is no error."""
        with contextlib.suppress(RefusedError, UnreachableError, CanceledError):
            self.org.send_after_cancel("PATCH", f"{_PATH}/{self.id}", json={"deployResult": {"status": "Canceling"}})


def deploy(
    org: Org,
    bundle: Bundle,
    *,
    seconds: float,
    check_only: bool = False,
    ignore_warnings: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> DeployStatus:
    """Deploy a bundle and wait for the end, at most `seconds`; raises DeployFailedError with the org's own words.

    A deploy that was rolled back because another change held a record is sent again.
    """
    deadline = org.clock.monotonic() + seconds

    def once() -> DeployStatus:
        try:
            job = DeployJob.start(org, bundle, check_only=check_only, ignore_warnings=ignore_warnings)
        except UnreachableError as error:
            patience = org.transport.patience if isinstance(error, SilentError) else 0.0
            _wait_for_lost_deploy(org, deadline, progress, patience=patience)
            raise
        return _end_of(job, deadline=deadline, progress=progress)

    with org.clock.holding(org.writing, host=org.host):
        return retry_refused(
            once, clock=org.clock, on=DeployFailedError, attempts=_DEPLOYS, seconds=seconds, tell=progress
        )


def _end_of(job: DeployJob, *, deadline: float, progress: Callable[[str], None]) -> DeployStatus:
    org, status = job.org, None
    try:
        for status in job.watch(deadline=deadline):
            if not status.done:
                progress(f"deploy: {status.summary()}")
    except (RefusedError, CredentialsError, UnreachableError) as error:  # the job goes on without us
        raise DeployUnfinishedError(str(error), job.id) from error
    if status is None or not status.success:
        raise _failure(org, status)
    return status


def _wait_for_lost_deploy(org: Org, deadline: float, progress: Callable[[str], None], *, patience: float) -> None:
    """Wait for the deploy that the org has under way: whoever looks next must see all of it, or would send it again behind the first.

    An org that gave no answer in time may not have taken it up yet: then it is looked for as long as its answer was waited for
    (`patience`, in seconds). It is not taken for ours; another's would hold up the next one of ours all the same (platform notes 5.6).
    """
    clock = org.clock
    until, pause = min(clock.monotonic() + patience, deadline), _FIRST_PAUSE
    known: set[str] | None = None
    with contextlib.suppress(RefusedError, UnreachableError, CredentialsError):  # the lost answer is what is told
        while True:
            rows = {row.text("Id"): Status(row.text("Status")) for row in org.tooling_query(LATEST_DEPLOYS)}
            running = next((job_id for job_id, status in rows.items() if status in _UNFINISHED), "")
            if running:
                _wait_for_end(DeployJob(org, running), deadline, progress)
                return
            known = set(rows) if known is None else known
            if rows.keys() - known or clock.monotonic() + pause > until:
                return
            progress("the answer was lost; looking whether the org takes the deploy up")
            clock.wait(pause)
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)


def _wait_for_end(job: DeployJob, deadline: float, progress: Callable[[str], None]) -> None:
    clock, pause = job.org.clock, _FIRST_PAUSE
    while not (status := job.status()).done and clock.monotonic() + pause < deadline:
        progress(f"the answer was lost; waiting for the deploy under way: {status.summary()}")
        clock.wait(pause)
        pause = min(pause * _GROWTH, _LONGEST_PAUSE)


def _failure(org: Org, status: DeployStatus | None) -> DeployFailedError:
    host = host_of(org.url)
    if status is not None and status.status is Status.CANCELED:
        return DeployFailedError(
            f"The deploy to {host} was canceled in the org; nothing was changed.\nRun the same command again."
        )
    problems = [str(failure) for failure in status.failures] if status else []
    if status and status.error:
        problems.append(status.error)
    lines = [
        f"{host} rejected the deploy; nothing was changed in it:",
        *(f"  - {problem}" for problem in problems or ["no reason given"]),
    ]
    rows = [row for problem in problems if (row := find_row(DEPLOY, "", problem))]
    advice = dict.fromkeys(f"What to do: {row.remedy}. ({row.meaning[0].upper()}{row.meaning[1:]}.)" for row in rows)
    login = [whose(org.whose())] if any(row.rights for row in rows) else []
    return DeployFailedError("\n".join([*lines, *advice, *login]), problems)


def parse_status(content: Any, url: str) -> DeployStatus:
    """What the org answers to the question how a deploy stands; raises StrangeAnswerError for anything else."""
    raw = answers.fields(answers.fields(content, url, _WHAT).get("deployResult"), url, _WHAT)
    details = answers.fields(raw.get("details") or {}, url, _WHAT)
    return DeployStatus(
        status=Status(answers.word(raw, "status")),
        done=answers.flag(raw.get("done"), url, "done"),
        success=answers.flag(raw.get("success"), url, "success"),
        components_done=answers.number(raw.get("numberComponentsDeployed"), url, "numberComponentsDeployed"),
        components_total=answers.number(raw.get("numberComponentsTotal"), url, "numberComponentsTotal"),
        error=": ".join(text for name in ("errorStatusCode", "errorMessage") if (text := answers.word(raw, name))),
        failures=_components(details.get("componentFailures"), url),
        successes=_components(details.get("componentSuccesses"), url),
    )


def _components(raw: Any, url: str) -> tuple[ComponentResult, ...]:
    """Component messages; one alone may come without its list (platform notes 5.3)."""
    return tuple(
        ComponentResult(
            type=answers.word(item, "componentType"),
            full_name=answers.word(item, "fullName"),
            file_name=answers.word(item, "fileName"),
            problem=answers.word(item, "problem"),
            line=answers.number(item.get("lineNumber"), url, "lineNumber") or None,
            record_id=answers.word(item, "id"),
        )
        for item in answers.items(raw, url, _WHAT)
    )

"""The result of one run over all stacks: what every format shows, and what `--merge` puts together again.

The models are the JSON form itself; its schema is `docs/reference/drift-report.schema.json`. No secret is ever in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Any, Literal, Self

from pydantic import AwareDatetime, ValidationError, model_validator

from orgkey.fleet.findings import Action, Code, Severity
from orgkey.model.report_model import ReportModel

VERSION: Literal[2] = 2
"""Of the JSON form. 1 had no components: it is read, and written no more."""


class ReportError(Exception):
    """A report of another machine cannot be used; `str()` says which and why."""


class Verdict(StrEnum):
    """What is known of one stack."""

    IN_SYNC = "in sync"
    DRIFT = "drift"
    COULD_NOT_TELL = "could not tell"


class Exit(IntEnum):
    """Exit codes of `orgkey drift`."""

    IN_SYNC = 0
    DRIFT = 1
    COULD_NOT_TELL = 2


class Finding(ReportModel):
    """One thing that is not as declared.

    `path` is a property path as `orgkey:ignore` takes it. `declared` and `found` are its values, where it has some; `details` say what
    else follows from it. `component` is the name of the one it was found in; `action` is what the remedy asks for.
    """

    code: Code
    severity: Severity
    path: str
    summary: str
    remedy: str
    declared: Any = None
    found: Any = None
    details: tuple[str, ...] = ()
    component: str = ""
    action: Action | None = None


class Unknown(ReportModel):
    """Something that could not be judged: `path` names it, or is empty where nothing of the component could be.

    Without a component it is the whole stack that could not be judged, or something that is none of a component's.
    """

    path: str
    reason: str
    component: str = ""


class Certificate(ReportModel):
    """The certificate that the app trusts, as far as the state knows it."""

    not_after: AwareDatetime
    renew_at: AwareDatetime
    fingerprint: str


class GenerationCertificate(Certificate):
    """The certificate of one generation among several."""

    generation: int
    retiring: bool


class RetiringUse(ReportModel):
    """A generation that is still accepted, and its last use: a good login that is not this check's own.

    `elsewhere` says that it came from another address than this check's; `unused` that none came from there for `unused_after_days`,
    after which the stack takes a generation for unused. Logins before `seen_since` were not looked at; `unseen` says why none could be.
    """

    generation: int
    app: str
    last_use: AwareDatetime | None = None
    username: str = ""
    address: str = ""
    elsewhere: bool = False
    unused: bool = False
    unused_after_days: int = 7
    seen_since: AwareDatetime | None = None
    unseen: str = ""


class Component(ReportModel):
    """One access among those of a stack: an app with its key, users and proof, in one org. `name` is unique within the stack.

    Where there are several generations, `certificates` has that of each, and `certificate` is the one that ends first.
    """

    name: str
    instance_url: str = ""
    org_id: str = ""
    certificate: Certificate | None = None
    certificates: tuple[GenerationCertificate, ...] = ()
    retiring: tuple[RetiringUse, ...] = ()


class StackReport(ReportModel):
    """One stack: everything that is known of it.

    The verdict follows from findings and unknowns. Most stacks have one component; where there are several, `instance_url` and `org_id`
    are those of the first, and `certificate` is the one that ends first. `commands` are what to type, in order; `seconds` is how long
    the check took.
    """

    project: str
    stack: str
    verdict: Verdict
    instance_url: str = ""
    org_id: str = ""
    findings: tuple[Finding, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    certificate: Certificate | None = None
    components: tuple[Component, ...] = ()
    commands: tuple[str, ...] = ()
    seconds: float = 0.0

    @model_validator(mode="after")
    def _verdict_follows(self) -> Self:
        if self.verdict is not verdict_of(self.findings, self.unknown):
            raise ValueError("the verdict does not follow from findings and unknown")
        return self

    @property
    def severity(self) -> Severity | None:
        """That of the worst finding."""
        return max((finding.severity for finding in self.findings), key=lambda each: each.rank, default=None)


def verdict_of(findings: Sequence[Finding], unknown: Sequence[Unknown]) -> Verdict:
    """What could not be read wins over drift; what is only worth knowing is none."""
    is_drift = any(each.severity is not Severity.INFO for each in findings)
    return Verdict.COULD_NOT_TELL if unknown else Verdict.DRIFT if is_drift else Verdict.IN_SYNC


class Report(ReportModel):
    """All stacks of a run, by name."""

    version: Literal[1, 2] = VERSION
    made_at: AwareDatetime
    seconds: float
    stacks: tuple[StackReport, ...]

    def count(self, verdict: Verdict) -> int:
        """How many stacks have a verdict."""
        return sum(each.verdict is verdict for each in self.stacks)

    def exit_code(self, fail_on: Severity = Severity.LOW) -> Exit:
        """The exit code: findings below `fail_on`, or only worth knowing, are shown and do not fail; what could not be read always does."""
        if self.count(Verdict.COULD_NOT_TELL):
            return Exit.COULD_NOT_TELL
        worst = [each.severity.rank for each in self.stacks if each.severity]
        return Exit.DRIFT if worst and max(worst) >= max(fail_on.rank, Severity.LOW.rank) else Exit.IN_SYNC


def could_not_tell(
    project: str, stack: str, reason: str, *, instance_url: str = "", seconds: float = 0.0
) -> StackReport:
    """The report of a stack of which nothing is known."""
    return StackReport(
        project=project,
        stack=stack,
        verdict=Verdict.COULD_NOT_TELL,
        instance_url=instance_url,
        unknown=(Unknown(path="", reason=reason),),
        commands=(f"orgkey drift --stack {stack}",),
        seconds=seconds,
    )


def parse_report(text: str, *, source: str) -> Report:
    """Read a JSON report; raises ReportError naming `source`."""
    try:
        return Report.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise ReportError(
            f"{source} is no report of `orgkey drift --format json` of version {VERSION} or older: {place}: {first['msg']}"
        ) from None


def merge(
    reports: Iterable[Report],
    *,
    expected: Iterable[tuple[str, str]] = (),
    unusable: Iterable[tuple[str, str]] = (),
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Report:
    """Put reports of several machines together; of a stack that is in several the youngest counts.

    `expected` are (project, stack) that must be there: one without a report counts as "could not tell". `unusable` are (file, reason): each
    stands in the result as "could not tell". Raises ReportError where there is none of the three.
    """
    ordered = sorted(reports, key=lambda each: each.made_at)
    by_name = {(each.project, each.stack): each for report in ordered for each in report.stacks}
    for project, stack in expected:
        if (project, stack) not in by_name:
            by_name[project, stack] = could_not_tell(project, stack, "No report of this stack has arrived.")
    projects = {project for project, _ in by_name}
    whose = projects.pop() if len(projects) == 1 else ""
    bad = [
        StackReport(
            project=whose, stack=file, verdict=Verdict.COULD_NOT_TELL, unknown=(Unknown(path="", reason=reason),)
        )
        for file, reason in unusable
    ]
    if not ordered and not by_name and not bad:
        raise ReportError("There is no report to merge.")
    return Report(
        made_at=ordered[-1].made_at if ordered else now(),
        seconds=max((report.seconds for report in ordered), default=0.0),
        stacks=tuple(sorted([*by_name.values(), *bad], key=lambda each: (each.project, each.stack))),
    )

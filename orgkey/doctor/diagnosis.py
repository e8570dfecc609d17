"""What a doctor says of one login: the JSON form itself, of which text and Markdown are functions. No secret is ever in it."""

from __future__ import annotations

from typing import Literal

from orgkey.doctor.causes.cause import CREDENTIALS, Cause, shortened
from orgkey.doctor.facts import Facts
from orgkey.doctor.judge import Outcome, Verdict, judge
from orgkey.doctor.shown import Mark, evidence_lines
from orgkey.model.report_model import ReportModel
from orgkey.salesforce.errors import host_of

VERSION: Literal[1] = 1
"""Of the JSON form."""


class FoundCause(ReportModel):
    """One cause: by its code in the cause table. `seen` is what was seen of it, `asks` what would tell whether it is this one."""

    code: str
    title: str
    seen: str
    remedy: str
    source: str
    asks: str


class Evidence(ReportModel):
    """One thing that was seen."""

    about: str
    mark: Mark
    text: str


class NotSeen(ReportModel):
    """One thing that could not be seen, and why."""

    what: str
    why: str


class Diagnosis(ReportModel):
    """How it stands with one login.

    `causes` are proved where the outcome is "cause found", and possible ones, the likeliest first, where it is "could not tell".
    `also` would stop the login next. `failure` are the org's own words, or why there are none.
    """

    version: Literal[1] = VERSION
    stack: str
    instance_url: str
    username: str
    consumer_key: str
    outcome: Outcome
    failure: str
    audience: str
    org_id: str
    causes: tuple[FoundCause, ...]
    also: tuple[FoundCause, ...]
    evidence: tuple[Evidence, ...]
    not_seen: tuple[NotSeen, ...]

    @property
    def title(self) -> str:
        """Whose login it is, and how it stands, in one line."""
        name = f"{self.stack}: " if self.stack else ""
        who = f"{name}the login of {self.username} at {host_of(self.instance_url)}"
        if self.outcome is Outcome.WORKS:
            return f"{who} works (audience {self.audience}, org {self.org_id})"
        if self.outcome is Outcome.CAUSE_FOUND:
            return f"{who} fails: {self.causes[0].title}"
        if len(self.causes) == 1:
            return f"{who} fails, most likely because {self.causes[0].title}"
        return f"{who} fails, and why could not be told for certain"


def diagnose(facts: Facts) -> Diagnosis:
    """Judge the facts, and put them down."""
    verdict = judge(facts)
    return Diagnosis(
        stack=facts.login.stack,
        instance_url=facts.login.instance_url,
        username=facts.login.username,
        consumer_key=shortened(facts.login.consumer_key),
        outcome=verdict.outcome,
        failure=facts.failure.in_short if facts.failure else "",
        audience=facts.proof.audience if facts.proof else "",
        org_id=facts.proof.org_id if facts.proof else facts.org.org_id if facts.org else "",
        causes=tuple(_found(each, facts) for each in verdict.causes),
        also=tuple(_found(each, facts) for each in verdict.also),
        evidence=tuple(Evidence(about=about, mark=mark, text=text) for about, mark, text in evidence_lines(facts)),
        not_seen=tuple(_not_seen(facts)),
    )


def in_one_line(facts: Facts, verdict: Verdict) -> str:
    """The verdict in one sentence, for whoever tells of a failed login already."""
    if verdict.outcome is Outcome.CAUSE_FOUND:
        return "; ".join(_told(each, facts) for each in verdict.causes)
    if verdict.causes:
        first, *others = verdict.causes
        rest = f", or {len(others)} other {'cause' if len(others) == 1 else 'causes'}" if others else ""
        return f"most likely {_told(first, facts)}{rest}"
    return ""


def _told(cause: Cause, facts: Facts) -> str:
    told = cause.told(facts)
    return f"{cause.title} ({told})" if told else cause.title


def _found(cause: Cause, facts: Facts) -> FoundCause:
    return FoundCause(
        code=cause.code,
        title=cause.title,
        seen=cause.told(facts),
        remedy=cause.remedy_for(facts),
        source=cause.source,
        asks=cause.asks,
    )


def _not_seen(facts: Facts) -> list[NotSeen]:
    if facts.failure is None or facts.unreachable is not None:
        return []
    if facts.credentials_problem is None:
        why = "no administrator's credentials were given"
        return [NotSeen(what="the app, its certificate and policy, the user, the login history", why=why)]
    lines = [NotSeen(what=each.what, why=each.why) for each in facts.unseen]
    if facts.credentials_problem:
        lines.insert(0, NotSeen(what=f"whatever takes {CREDENTIALS}", why=facts.credentials_problem))
    return lines

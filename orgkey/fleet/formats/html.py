"""HTML for people: one self-contained file, nothing from elsewhere, no script.

What stands where is decided here; how it is said and looks is in `html.jinja` and `html.css` beside this file.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from importlib import resources
from itertools import groupby
from typing import TYPE_CHECKING, Any

from orgkey.fleet.findings import KINDS, Code, Severity
from orgkey.fleet.formats.words import can_be_ignored, org_of, orgs_of, rest_of, use_of
from orgkey.fleet.report import Certificate, Finding, GenerationCertificate, Report, StackReport, Verdict
from orgkey.model.printable import printable

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup


def html(report: Report) -> str:
    """The report as one HTML file; the same report always makes the same file."""
    entries = [_Entry(index, each) for index, each in enumerate(report.stacks, start=1)]
    style = _read("html.css")
    return _template().render(
        report=report,
        made_at=_utc(report.made_at),
        entries=sorted(entries, key=_Entry.urgency),
        projects=sorted({each.project for each in report.stacks}),
        kinds=[code for code in Code if any(entry.of(code) for entry in entries)],
        months=_months(entries, _utc(report.made_at).date()),
        style=style,
        style_hash=b64encode(sha256(style.encode()).digest()).decode(),
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    """A stack on the page. Anchors are numbers: a stack's name may hold anything."""

    index: int
    stack: StackReport

    @property
    def anchor(self) -> str:
        """Something inside the stack's <details>, so that a browser which follows a link there opens them."""
        return f"stack-{self.index}"

    def anchor_of(self, finding: Finding) -> str:
        number = next(index for index, each in enumerate(self.stack.findings, start=1) if each is finding)
        return f"{self.anchor}-finding-{number}"

    def of(self, code: Code) -> list[Finding]:
        """The findings of one kind, the worst first."""
        return sorted((each for each in self.stack.findings if each.code is code), key=lambda each: -each.severity.rank)

    def counts(self) -> list[tuple[Severity, int]]:
        """How many findings there are of each severity, the worst first."""
        severities = [each.severity for each in self.stack.findings]
        return [(each, severities.count(each)) for each in reversed(Severity) if each in severities]

    @property
    def several(self) -> bool:
        """Whether the stack has several components, so that each thing must say of which it is."""
        return len(self.stack.components) > 1

    def certificates(self) -> list[tuple[str, Certificate]]:
        """The certificates, by component and generation where there are several."""
        found: list[tuple[str, Certificate]] = []
        for each in self.stack.components:
            name = each.name if self.several else ""
            if each.certificates:
                found += [(", ".join(filter(None, (name, _generation(of)))), of) for of in each.certificates]
            elif each.certificate:
                found.append((name, each.certificate))
        return found or ([("", self.stack.certificate)] if self.stack.certificate else [])

    def urgency(self) -> tuple[int, int]:
        """The worst first, then what could not be read, then by name as the report has them."""
        worst = self.stack.severity
        rank = -worst.rank if worst and worst.rank else 0 if self.stack.verdict is Verdict.COULD_NOT_TELL else 1
        return rank, self.index


@dataclass(frozen=True, slots=True)
class _Date:
    """A day of the calendar: what happens to the certificates of which stacks, and of which of their components where there are several."""

    day: date
    ends: bool  # the certificate's end, else its renewal
    distance: int  # days from the report to it
    entries: tuple[tuple[_Entry, str], ...]


def _months(entries: Sequence[_Entry], today: date) -> list[tuple[date, list[_Date]]]:
    """The months in which a certificate ends or is to be renewed, soonest first, each by its first day."""
    dates = sorted(_certificate_dates(entries), key=lambda each: (each[0], not each[1], each[2][0].index, each[2][1]))
    days = [
        _Date(day, ends, (day - today).days, tuple(entry for *_, entry in group))
        for (day, ends), group in groupby(dates, key=lambda each: each[:2])
    ]
    return [(month, list(group)) for month, group in groupby(days, key=lambda each: each.day.replace(day=1))]


def _certificate_dates(entries: Sequence[_Entry]) -> Iterator[tuple[date, bool, tuple[_Entry, str]]]:
    for entry in entries:
        for component, certificate in entry.certificates():
            yield _utc(certificate.not_after).date(), True, (entry, component)
            yield _utc(certificate.renew_at).date(), False, (entry, component)


def _generation(of: GenerationCertificate) -> str:
    return f"generation {of.generation}{' (retiring)' if of.retiring else ''}"


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _value(value: Any) -> list[str]:
    """A declared or found value, a line per item."""
    match value:
        case None | "" | [] | ():
            return ["nothing"]
        case str():
            return [value]
        case list() | tuple():
            return [line for item in value for line in _value(item)]
    return [json.dumps(value, ensure_ascii=False, sort_keys=True)]


def _printable(value: Any) -> Any:
    """Jinja2 asks this for every value; what is markup already was printable before."""
    return value if not isinstance(value, str) or hasattr(value, "__html__") else printable(value)


def _code(text: str) -> Markup:
    """Text with what stands in backticks as code; everything else in it is escaped."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(printable(text)))))  # noqa: S704  # escaped first


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, finalize=_printable, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.filters |= {
        "can_be_ignored": can_be_ignored,
        "code": _code,
        "orgs": orgs_of,
        "rest": rest_of,
        "utc": _utc,
        "value": _value,
    }
    environment.globals |= {
        "KINDS": KINDS,
        "SEVERITIES": tuple(reversed(Severity)),
        "org_of": org_of,
        "use_of": use_of,
        "Verdict": Verdict,
    }
    return environment.from_string(_read("html.jinja"))


def _read(name: str) -> str:
    return resources.files("orgkey.fleet.formats").joinpath(name).read_text(encoding="utf-8")

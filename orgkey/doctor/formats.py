"""A diagnosis as text for people, as Markdown for a ticket, as JSON for machines: the verdict first, then the evidence."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping

from orgkey.doctor.diagnosis import Diagnosis, FoundCause
from orgkey.doctor.judge import Outcome
from orgkey.doctor.shown import Mark
from orgkey.model.printable import printable

WIDTH = 100  # columns
_MARKS = {Mark.RIGHT: "✓", Mark.WRONG: "✗", Mark.NOTE: "·"}
_MOST_POSSIBLE = 5


def text(diagnosis: Diagnosis) -> str:
    """The diagnosis as plain text; one line where the login works."""
    lines = [f"orgkey doctor: {diagnosis.title}"]
    if diagnosis.outcome is Outcome.WORKS:
        return printable(lines[0]) + "\n"
    lines += ["", f"The answer: {diagnosis.failure}"] if diagnosis.failure else []
    certain = diagnosis.outcome is Outcome.CAUSE_FOUND
    if diagnosis.causes:
        lines += ["", "Cause:" if certain else "Possible causes, the likeliest first:"]
        lines += [line for each in diagnosis.causes[:_MOST_POSSIBLE] for line in _cause(each, certain=certain)]
        if more := diagnosis.causes[_MOST_POSSIBLE:]:
            lines.append(f"  and {len(more)} more: {', '.join(each.code for each in more)}")
    if diagnosis.also:
        lines += ["", "Also wrong; it would stop the login next:"]
        lines += [line for each in diagnosis.also for line in _cause(each, certain=True)]
    lines += ["", "Seen:"]
    lines += [f"  {_MARKS[each.mark]} {each.about}: {each.text}" for each in diagnosis.evidence]
    if diagnosis.not_seen:
        lines += ["", "Not seen:"]
        lines += [f"  ? {each.what}: {_first(each.why)}" for each in diagnosis.not_seen]
    return "\n".join(_wrapped(printable(line)) for line in lines) + "\n"


def markdown(diagnosis: Diagnosis) -> str:
    """The diagnosis as GitHub-flavoured Markdown."""
    mark = {Outcome.WORKS: "✅", Outcome.CAUSE_FOUND: "❌", Outcome.COULD_NOT_TELL: "❔"}[diagnosis.outcome]
    lines = [f"### {mark} {_inline(diagnosis.title)}", ""]
    if diagnosis.failure:
        lines += [f"The answer: {_inline(diagnosis.failure)}", ""]
    certain = diagnosis.outcome is Outcome.CAUSE_FOUND
    for heading, causes in (
        ("Cause" if certain else "Possible causes, the likeliest first", diagnosis.causes),
        ("Also wrong", diagnosis.also),
    ):
        if causes:
            lines += [f"**{heading}**", ""]
            lines += [line for each in causes for line in _cause_item(each, certain=certain)]
            lines.append("")
    if diagnosis.evidence:
        lines += ["| | | seen |", "| --- | --- | --- |"]
        lines += [
            f"| {_MARKS[each.mark]} | {_inline(each.about)} | {_inline(each.text)} |" for each in diagnosis.evidence
        ]
        lines += [
            f"| ? | {_inline(each.what)} | not seen: {_inline(_first(each.why))} |" for each in diagnosis.not_seen
        ]
        lines.append("")
    return "\n".join(lines)


FORMATS: Mapping[str, Callable[[Diagnosis], str]] = {"text": text, "json": Diagnosis.as_json, "markdown": markdown}
"""One function per form."""


def _cause(each: FoundCause, *, certain: bool) -> list[str]:
    lines = [f"  {each.title} [{each.code}]"]
    lines += [f"    seen: {each.seen}"] if each.seen else []
    lines += [f"    what to do: {each.remedy}"]
    return lines + ([f"    what would tell: {each.asks}"] if each.asks and not certain else [])


def _cause_item(each: FoundCause, *, certain: bool) -> list[str]:
    told = f" ({_inline(each.seen)})" if each.seen else ""
    asks = f" What would tell: {_inline(each.asks)}." if each.asks and not certain else ""
    return [f"- `{each.code}`: {_inline(each.title)}{told}. What to do: {_inline(each.remedy)}.{asks}"]


def _wrapped(line: str) -> str:
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return (
        textwrap.fill(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        if line
        else ""
    )


def _first(text: str) -> str:
    return text.split("\n", maxsplit=1)[0]


def _inline(text: str) -> str:
    """Text in which nothing marks up, links or mentions somebody."""
    escaped = re.sub(r"([\\`*_{}\[\]<>|~#])", r"\\\1", printable(text))
    return re.sub(r"(?<!\w)@", "@<!-- -->", escaped).replace("\n", " ")

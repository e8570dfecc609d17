"""What each form of a report says: the codes of its findings by stack, read from the form itself."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping

from lxml import etree
from lxml import html as markup

from orgkey.fleet.findings import KINDS, Severity

Shown = dict[str, set[str]]
_CODES = {kind.title: code.value for code, kind in KINDS.items()}


def in_text(text: str) -> Shown:
    """Rows of the table: a stack's name stands in the first of its rows only, a severity in the first line of each."""
    shown: Shown = defaultdict(set)
    table = text.split("\n\nWhat to do:", maxsplit=1)[0].splitlines()[4:]
    name = ""
    for line in table:
        name = line.split(" ")[0] or name
        found = re.search(rf" (?:{'|'.join(Severity)}) +(.+?): ", line)
        if found:
            shown[name].add(_CODES[found[1]])
        else:
            shown.setdefault(name, set())
    return dict(shown)


def in_markdown(text: str) -> Shown:
    """Rows of the table, and the line of what is in sync."""
    shown: Shown = defaultdict(set)
    for name, code in re.findall(r"^\| . \| `([^`]+)` \|[^|]*\| \w+ \| `([^`]+)` \|", text, re.MULTILINE):
        shown[name].add(code)
    quiet = re.search(r"^✅ in sync: (.+)$", text, re.MULTILINE)
    return {**shown, **{name: set() for name in re.findall(r"`([^`]+)`", quiet[1] if quiet else "")}}


def in_html(text: str) -> Shown:
    """The details of each stack."""
    return {
        details.findtext("summary/h3", "").strip(): {
            code.text or "" for code in details.iterfind(".//article/h4/code[@class='code']")
        }
        for details in markup.document_fromstring(text).iter("details")
    }


def in_junit(text: str) -> Shown:
    """Types of the failures."""
    return {
        suite.get("name", "").split("/")[-1]: {failure.get("type", "") for failure in suite.iter("failure")}
        for suite in etree.fromstring(text.encode())
    }


READERS: Mapping[str, Callable[[str], Shown]] = {
    "text": in_text,
    "markdown": in_markdown,
    "html": in_html,
    "junit": in_junit,
}

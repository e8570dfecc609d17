"""One file per form of a report; each is a function from a report to text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orgkey.fleet.formats.html import html
from orgkey.fleet.formats.junit import junit
from orgkey.fleet.formats.markdown import markdown
from orgkey.fleet.formats.text import text
from orgkey.fleet.report import Report

FORMATS: Mapping[str, Callable[[Report], str]] = {
    "text": text,
    "json": Report.as_json,
    "junit": junit,
    "markdown": markdown,
    "html": html,
}

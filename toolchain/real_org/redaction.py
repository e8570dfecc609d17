"""What leaves the machine in the file of answers: no name of a host, person or org, no id beyond its prefix, and nothing secret.

What is known of the org (its host, its users, its keys) is replaced wherever it stands; after that everything that has the form of a
token, an id, a key or an address goes too, so that a value nobody thought of is not told either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_FORMS = (
    (re.compile(r"-----BEGIN [^-]+-----.*?(?:-----END [^-]+-----|$)", re.DOTALL), "<PEM block>"),
    (re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"), "<JWT>"),
    (re.compile(r"\b00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?![A-Za-z0-9._]+"), "<access token>"),
    (re.compile(r"\b3MVG9[A-Za-z0-9._+/=-]{20,}"), "<consumer key>"),
    (re.compile(r"[A-Za-z0-9+/=\s]{120,}"), "<long base64>"),
    (re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b"), "<address>"),
    (re.compile(r"https?://(?!(?:login|test)\.salesforce\.com\b)[\w.-]+(?::\d+)?"), "<url>"),
    (re.compile(r"\b(?=[A-Za-z]*\d)([0-9a-zA-Z]{3})(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?\b"), r"\1<id>"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b"), "<IP address>"),
)
"""What looks like something that is the org's own. Of an id the first three characters stay: they say of what kind it is."""


def redacted(value: Any, known: Mapping[str, str]) -> Any:
    """The same value with every text in it redacted; `known` maps what is known of the org to what stands there instead."""
    match value:
        case str():
            return _text(value, known)
        case dict():
            return {_text(str(name), known): redacted(item, known) for name, item in value.items()}
        case list() | tuple():
            return [redacted(item, known) for item in value]
    return value


def _text(text: str, known: Mapping[str, str]) -> str:
    for word in sorted((word for word in known if word), key=len, reverse=True):
        text = re.sub(re.escape(word), known[word], text, flags=re.IGNORECASE)
    for form, instead in _FORMS:
        text = form.sub(instead, text)
    return text

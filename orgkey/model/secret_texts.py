"""Messages without secrets: the texts in a secret value, in the spellings that a message may give them, and how they are taken out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from orgkey.model.my_domain import as_my_domain

HIDDEN = "[secret]"
_UNKNOWN = ("is not a setting", "is not a property")
_IN_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_XML_ATTRIBUTE = str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})
_SPELLED_OTHERWISE = re.compile(r'[^ -~]|[&<>"\\]')
"""What JSON or XML writes in another way somewhere."""
_SHORTEST = 5  # characters; a shorter text is in too many others by chance


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a value that is long enough to be looked for; a structure may come as JSON, and a message names a URL by its host."""
    match value:
        case str():
            yield from (text for text in _spellings(value) if len(text) >= _SHORTEST)
            if value.startswith(("{", "[")):
                try:
                    yield from texts_of(json.loads(value))
                except (ValueError, RecursionError):
                    return
        case Mapping():
            for item in value.values():
                yield from texts_of(item)
        case list() | tuple():
            for item in value:
                yield from texts_of(item)


def without(message: str, texts: Iterable[str]) -> str:
    """A message without these texts, in whatever case; the longest first, since one may be within another."""
    for text in sorted(texts, key=len, reverse=True):
        if text.isascii() and message.isascii() and text.lower() not in message.lower():
            continue  # quicker than a pattern for each, of which hardly one is found
        message = re.sub(re.escape(text), HIDDEN, message, flags=re.IGNORECASE)
    return message


def place_of(path: str, reason: str, *, secret: bool) -> str:
    """A problem's path; a name in a secret that is no known one is a part of the secret, and is left out."""
    return path.rpartition(".")[0] if secret and reason.startswith(_UNKNOWN) and "." in path else path


@lru_cache(maxsize=256)
def _written(text: str) -> tuple[str, ...]:
    """A text as it is, with the line ends that XML has, and as it stands within JSON and within XML: a command meets each many times."""
    return tuple(dict.fromkeys(_spelled(text))) if _SPELLED_OTHERWISE.search(text) else (text,)


def _spelled(text: str) -> Iterator[str]:
    for each in (text, text.replace("\r\n", "\n").replace("\r", "\n")):
        yield each
        yield json.dumps(each, ensure_ascii=False)[1:-1]
        yield json.dumps(each)[1:-1]
        in_xml = each.translate(_IN_XML)
        yield in_xml
        yield in_xml.encode("ascii", "xmlcharrefreplace").decode()
        yield in_xml.translate(_IN_XML_ATTRIBUTE)
        yield in_xml.translate(_IN_XML_ATTRIBUTE).encode("ascii", "xmlcharrefreplace").decode()


def _spellings(text: str) -> Iterator[str]:
    stripped = text.strip()
    yield from dict.fromkeys(spelled for each in (text, stripped) for spelled in _written(each))
    for url in dict.fromkeys((stripped, as_my_domain(stripped))):
        if "://" in url:
            try:
                parts = urlsplit(url)
                found = (url.rstrip("/"), parts.netloc, parts.hostname or "")
            except ValueError:
                continue
            yield from (each for each in dict.fromkeys(found) if each and each != text)

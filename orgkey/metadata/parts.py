"""Parts of an app that the field table does not know, as far as they say who may log in through it and how.

`metadata/other-elements.toml` has their names: flows besides the JWT bearer grant, whom these run as, what binds tokens to one client,
and what is never kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from orgkey.metadata.render import UnknownPart
from orgkey.metadata.tables import FOLDER, Tables

ELEMENTS_KEYS = ("meaning", "elements")
_GROUPS = ("loosens-when-true", "loosens-when-false", "runs-as", "stops-jwt-login", "restricts-tokens", "never-carried")


def load(folder: Path = FOLDER) -> Mapping[str, frozenset[str]]:
    """Read the names of the elements by their group; raises TableError with every mistake."""
    tables = Tables(folder)
    groups = {}
    for row in tables.rows("other-elements.toml", ELEMENTS_KEYS, needed=_GROUPS):
        row.text("meaning", needed=True)
        groups[row.name] = frozenset(row.texts("elements", needed=True))
        if row.name not in _GROUPS:
            row.wrong("", f"is no group; the groups are {', '.join(_GROUPS)}")
    tables.judge()
    return groups


_ELEMENTS = load()
LOOSENS_WHEN_TRUE, LOOSENS_WHEN_FALSE = _ELEMENTS["loosens-when-true"], _ELEMENTS["loosens-when-false"]
RUNS_AS, STOPS_JWT_LOGIN = _ELEMENTS["runs-as"], _ELEMENTS["stops-jwt-login"]
RESTRICTS_TOKENS, NEVER_CARRIED = _ELEMENTS["restricts-tokens"], _ELEMENTS["never-carried"]


def switched_off(present: Iterable[UnknownPart], known: Iterable[UnknownPart]) -> Iterator[UnknownPart]:
    """What to send beside the `known` parts, so that a flow or binding that somebody switched on is off again.

    A part that a deploy does not mention may stay as it is.
    """
    mentioned = {(part.member, part.path, _tag(part)) for part in known}
    for part in present:
        tag = _tag(part)
        on = tag in LOOSENS_WHEN_TRUE | STOPS_JWT_LOGIN and ">true<" in part.xml
        if on and (part.member, part.path, tag) not in mentioned:
            yield replace(part, xml=part.xml.replace(">true<", ">false<"))


def named_in(text: str, parts: Iterable[UnknownPart]) -> list[UnknownPart]:
    """Those parts that a message about a deploy speaks of: by their element, or by a name in them."""
    return [part for part in parts if any(word in text for word in (_tag(part), *_texts(part)))]


def described(part: UnknownPart) -> str:
    """A part for a message: its element, and what it names."""
    return " ".join([_tag(part), *_texts(part)[:2]])


def _tag(part: UnknownPart) -> str:
    from lxml import etree

    return etree.QName(etree.fromstring(part.xml)).localname


def _texts(part: UnknownPart) -> list[str]:
    from lxml import etree

    texts = ((element.text or "").strip() for element in etree.fromstring(part.xml).iter())
    return [text for text in texts if text and text not in {"true", "false"}]

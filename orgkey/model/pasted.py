"""Credentials that were pasted where none belongs: a key as a description, an auth URL as a user name.

Such a value would be sent to an org, stand in clear in state, or be shown in a message, so every text that somebody wrote is looked
through before anything else is done with it. Only shapes that nothing else has count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orgkey.metadata.check import Problem, shown

_SHAPES = {
    "a private key": r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|MII[A-Za-z0-9+/]{2}[AQgw]IBA[A-D]",
    "an auth URL": r"force://[^\s@]*:[^\s@]+@",
    "an access token": r"00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?![A-Za-z0-9._]{8}",
    "a refresh token": r"\b5Aep[A-Za-z0-9]{3}[A-Za-z0-9._]{20}",
    "a signed token (JWT)": r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4}",
}
"""Shape by what it is. The second form of a key is base64 of DER without its PEM frame: a SEQUENCE that begins with the version 0."""


def credential(text: str) -> str | None:
    """What kind of credential stands in a text, or None."""
    return next((what for what, shape in _SHAPES.items() if re.search(shape, text)), None)


def pasted(values: Mapping[str, Any], *, except_for: Iterable[str] = (), prefix: str = "") -> list[Problem]:
    """A problem for each place in some values that holds a credential, by its path; `except_for` are paths where one belongs."""
    allowed = {f"{prefix}{path}" for path in except_for}
    return list(_look(values, prefix, allowed, top=True))


def _look(value: Any, path: str, allowed: set[str], *, top: bool = False) -> Iterator[Problem]:
    if path in allowed and not top:
        return
    match value:
        case str():
            if what := credential(value):
                yield Problem(
                    path, f"holds {what}, which does not belong there; take it out, and renew it if others saw it"
                )
        case Mapping():
            for name, item in value.items():
                here = f"{path}{shown(name)}" if top else f"{path}.{shown(name)}"
                if isinstance(name, str) and (what := credential(name)):
                    yield Problem(here, f"is {what} in the place of a name; take it out, and renew it if others saw it")
                yield from _look(item, here, allowed)
        case list() | tuple():
            for index, item in enumerate(value):
                yield from _look(item, f"{path}[{index}]", allowed)

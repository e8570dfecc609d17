"""Results of Metadata API calls as the WSDL of an API version has them: its elements, in its order (results.json)."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import Any, NamedTuple

_FILE: dict[str, dict[str, str]] = json.loads(
    resources.files("localorg.endpoints").joinpath("results.json").read_text()
)


class _Part(NamedTuple):
    name: str
    type: str
    optional: bool


def in_wsdl(type_name: str, value: dict[str, Any], version: float) -> dict[str, Any]:
    """Return a result with the elements of a version's WSDL, in its order; optional ones that have nothing to say are absent."""
    shown: dict[str, Any] = {}
    for part in _parts(type_name, version):
        item = value.get(part.name)
        if item is None and (part.optional or part.name not in value):
            continue
        if part.type in _FILE and item is not None:
            items = [in_wsdl(part.type, each, version) for each in (item if isinstance(item, list) else [item])]
            item = items if isinstance(item, list) else items[0]
        shown[part.name] = item
    return shown


def known_in(type_name: str, value: dict[str, Any], version: float) -> dict[str, Any]:
    """Return a result without the elements that a version's WSDL does not have yet; what no WSDL has stays (REST)."""
    present = {part.name for part in _parts(type_name, version)}
    return {name: item for name, item in value.items() if name in present or name not in _FILE[type_name]}


@lru_cache(maxsize=256)
def _parts(type_name: str, version: float) -> tuple[_Part, ...]:
    found = []
    for name, row in _FILE[type_name].items():
        kind, _, versions = row.partition(" ")
        since, _, until = versions.partition("-")
        if float(since or 0) <= version <= float(until or 999):
            found.append(_Part(name, kind.rstrip("?*!"), "?" in kind or "*" in kind))
    return tuple(found)

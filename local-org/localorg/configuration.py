"""The landscape file (YAML) and the options of `localorg start`: which orgs to make, with which knobs and people."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localorg.errors import LandscapeError
from localorg.population import PEOPLE, Person

_NAME = re.compile(r"[a-z][a-z0-9]{0,9}")
_SANDBOXES = ("uat", "dev")
_KEYS = {"production", "sandboxes", "people", "knobs", "portBase"}


@dataclass(frozen=True)
class Configuration:
    """What a first start makes. `port_base` 0: any free ports."""

    production: str = "acme"
    label: str = "Acme Corporation"
    sandboxes: tuple[str, ...] = _SANDBOXES
    people: tuple[Person, ...] = PEOPLE
    knobs: dict[str, object] = field(default_factory=dict)
    port_base: int = 0


def sandbox_names(count: int) -> tuple[str, ...]:
    """Return names for a number of sandboxes: uat, dev, sb03 and so on."""
    return tuple(_SANDBOXES[n] if n < len(_SANDBOXES) else f"sb{n + 1:02d}" for n in range(count))


def read_configuration(path: Path) -> Configuration:
    """Read a landscape file. Raises LandscapeError with what is wrong."""
    import yaml

    try:
        given = yaml.safe_load(path.read_text()) or {}
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise LandscapeError(f"{path} cannot be read: {error}") from None
    if not isinstance(given, dict):
        raise LandscapeError(f"{path} holds no mapping")
    if unknown := set(given) - _KEYS:
        raise LandscapeError(
            f"{path}: unknown {', '.join(sorted(map(str, unknown)))}; known: {', '.join(sorted(_KEYS))}"
        )
    production = given.get("production", {})
    production = {"name": production} if isinstance(production, str) else production
    sandboxes = given.get("sandboxes", list(_SANDBOXES))
    sandboxes = sandbox_names(sandboxes) if isinstance(sandboxes, int) else tuple(map(str, sandboxes))
    default = Configuration()
    made = Configuration(
        production=production.get("name", default.production),
        label=production.get("label", default.label),
        sandboxes=sandboxes,
        people=(*PEOPLE, *(_person(each) for each in given.get("people", []))),
        knobs=dict(given.get("knobs", {})),
        port_base=int(given.get("portBase", 0)),
    )
    for name in (made.production, *made.sandboxes):
        if not _NAME.fullmatch(name):
            raise LandscapeError(f"{path}: an org's name is 1 to 10 small letters and digits, not {name!r}")
    if len({made.production, *made.sandboxes}) <= len(made.sandboxes):
        raise LandscapeError(f"{path}: two orgs have the same name")
    return made


def _person(given: Any) -> Person:
    try:
        return Person(**given)
    except TypeError:
        raise LandscapeError("a person has: alias, name, and if wanted profile, active, frozen, title") from None

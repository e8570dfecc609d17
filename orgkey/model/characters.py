"""Texts that cannot be sent: a control character, half of a surrogate pair, a noncharacter.

No XML carries one, and no name, address or key has one, so every text that somebody wrote is looked through before anything is made of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orgkey.metadata.check import Problem, character_problem, shown


def unwritable(values: Mapping[str, Any], *, prefix: str = "") -> list[Problem]:
    """A problem for each text in some values, and for each name, that holds such a character, by its path."""
    return [problem for name, value in values.items() for problem in _named(name, value, f"{prefix}{shown(name)}")]


def each_place_once(first: Iterable[Problem], others: Iterable[Problem]) -> list[Problem]:
    """Problems of which those in `first` are told alone at their place: what else is wrong there follows from them."""
    told = list(dict.fromkeys(first))
    places = {problem.path for problem in told}
    return [*told, *(problem for problem in others if problem.path not in places)]


def _named(name: object, value: Any, path: str) -> Iterator[Problem]:
    if isinstance(name, str) and (problem := character_problem(path, name)):
        yield problem
    yield from _look(value, path)


def _look(value: Any, path: str) -> Iterator[Problem]:
    match value:
        case str():
            if problem := character_problem(path, value):
                yield problem
        case Mapping():
            for name, item in value.items():
                yield from _named(name, item, f"{path}.{shown(name)}")
        case list() | tuple():
            for index, item in enumerate(value):
                yield from _look(item, f"{path}[{index}]")

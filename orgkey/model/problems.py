"""What pydantic found wrong with what somebody wrote, as problems with a path: the same kind that the field table reports."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError

from metadata.check import Problem as Problem  # noqa: PLC0414 — handed on
from metadata.check import suggestion


def from_validation(error: ValidationError, *, known: Iterable[str] = (), prefix: str = "") -> list[Problem]:
    """Turn pydantic's findings into problems, one each; `known` names help with misspelt ones."""
    return [
        _problem(detail["loc"], detail["type"], detail["msg"], detail.get("input"), tuple(known), prefix)
        for detail in error.errors()
    ]


def _problem(
    location: tuple[str | int, ...], kind: str, message: str, value: object, known: tuple[str, ...], prefix: str
) -> Problem:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in _without_tags(location))
    path = prefix + "".join(parts).lstrip(".")
    text = message.removeprefix("Value error, ").replace("Input should be", "must be", 1)
    match kind:
        case "missing":
            return Problem(path, "is required")
        case "extra_forbidden":
            return Problem(path, "is not a setting" + suggestion(str(location[-1]), known))
        case _:
            shown = f", not {value!r}" if isinstance(value, bool | int | float) else ""
            return Problem(path, text[0].lower() + text[1:] + shown)


def _without_tags(location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Drop what pydantic puts in for the chosen form of a union: `credentials.jwt.jwt.username` loses one `jwt`."""
    return tuple(part for index, part in enumerate(location) if index == 0 or part != location[index - 1])

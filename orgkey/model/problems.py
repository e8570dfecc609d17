"""What pydantic found wrong with what somebody wrote, as problems with a path: the same kind that the field table reports.

Like there, a problem never shows the value.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from orgkey.metadata.check import Problem as Problem  # noqa: PLC0414 — handed on
from orgkey.metadata.check import shown, suggestion

_SAYS = {
    "missing": "is required",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "tuple_type": "must be a list",
    "model_type": "must be a mapping",
    "dict_type": "must be a mapping",
    "string_type": "must be text",
    "string_unicode": "holds half of a character, which no text has",
}
"""Findings that pydantic words for Python programmers."""


def from_validation(error: ValidationError, *, known: Iterable[str] = (), prefix: str = "") -> list[Problem]:
    """Turn pydantic's findings into problems, one each; `known`, the names on the outermost level, help with misspelt ones."""
    return [_problem(detail, tuple(known), prefix) for detail in error.errors()]


def _problem(detail: ErrorDetails, known: tuple[str, ...], prefix: str) -> Problem:
    # What stands in parentheses is no part of the path: the chosen form of a union (credentials.py).
    location = [part for part in detail["loc"] if not str(part).startswith("(")]
    parts = (f"[{part}]" if isinstance(part, int) else f".{shown(part)}" for part in location)
    path = prefix + "".join(parts).lstrip(".")
    if detail["type"] == "extra_forbidden":
        return Problem(path, "is not a setting" + (suggestion(str(location[0]), known) if len(location) == 1 else ""))
    if detail["type"] in {"too_short", "string_too_short"} and detail["ctx"]["min_length"] == 1:
        return Problem(path, "must not be empty")
    text = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be", 1)
    return Problem(path, _SAYS.get(detail["type"], text[0].lower() + text[1:]))

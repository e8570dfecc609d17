"""Check and compare for the resources whose inputs are pydantic models (`orgkey/model`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, get_args, get_origin

from pydantic import ValidationError

from orgkey.metadata.check import Problem
from orgkey.model.input_model import InputModel
from orgkey.model.problems import from_validation
from orgkey.provider.handler import Values
from orgkey.provider.wire import UNKNOWN, has_unknown

_SEQUENCES: frozenset[Any] = frozenset({list, tuple})

W = TypeVar("W", bound=InputModel)


def check_model(model: type[InputModel], values: Values) -> tuple[dict[str, Any], list[Problem]]:
    """Validate what is known of some inputs and fill in defaults; what a preview cannot know yet is left as it is."""
    lists = _lists(model)
    unknown = {name: value if name in lists else UNKNOWN for name, value in values.items() if has_unknown(value)}
    known = {name: value for name, value in values.items() if name not in unknown and value is not None}
    try:
        checked = model.model_validate(known).model_dump(mode="json", by_alias=True, exclude_none=True)
    except ValidationError as error:
        problems = [problem for problem in from_validation(error, known=model.names()) if not _about(problem, unknown)]
        return {**values, **unknown}, problems
    return {**checked, **unknown}, []


def as_args(model: type[W], values: Values) -> W:
    """Read checked inputs back into their model."""
    return model.model_validate({name: values[name] for name in model.names() if values.get(name) is not None})


def changed(names: Iterable[str], before: Values, after: Values) -> list[str]:
    """Names whose value differs, in order; a value that is not known yet counts as different."""
    return [name for name in names if has_unknown(after.get(name)) or before.get(name) != after.get(name)]


def replacing(model: type[InputModel], names: Iterable[str]) -> list[str]:
    """Those of the names whose change needs a new resource."""
    rows = {field.alias or name: field.json_schema_extra for name, field in model.model_fields.items()}
    return [name for name in names if isinstance(extra := rows.get(name), dict) and extra.get("replaces")]


def _lists(model: type[InputModel]) -> set[str]:
    """Names of the inputs that are lists: of those a part may be known. Of any other, nothing is known while a part is not."""
    return {
        field.alias or name
        for name, field in model.model_fields.items()
        if any(origin in _SEQUENCES for origin in map(get_origin, (field.annotation, *get_args(field.annotation))))
    }


def _about(problem: Problem, unknown: Values) -> bool:
    """A problem that only says that an unknown value is not there yet."""
    return problem.path in unknown or (not problem.path and bool(unknown))

"""`orgkey:app` and `orgkey:permissionSet`: checked by the field table, with the names that follow from others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from orgkey.metadata.check import Problem, field_problems, shown, suggestion
from orgkey.metadata.fields import APP_FIELDS, inputs_of
from orgkey.metadata.fields import Field as Row
from orgkey.metadata.members import APP_KINDS, Resource
from orgkey.model.connection import DEFAULT_API_VERSION
from orgkey.model.jwt_flow import jwt_flow_problems, permission_set_problems
from orgkey.model.names import label_of, permission_set_of
from orgkey.model.problems import from_validation
from orgkey.stack_file.models import AppChoice

MADE_BY_US = frozenset({"certificatePem", "consumerKey"})
"""Settings of an app that come from the key pair."""


def app_settings(raw: Any, *, version: float) -> tuple[AppChoice, dict[str, Any], list[Problem]]:
    """Read `orgkey:app`: what is no setting of the app itself, its settings with the label by its name, and every problem."""
    if not isinstance(raw, Mapping):
        return (
            AppChoice.model_validate({}),
            {},
            [Problem("orgkey:app", "must be a mapping: {name: …, contactEmail: …}")],
        )
    chosen = {key: value for key, value in raw.items() if key in AppChoice.names()}
    problems: list[Problem] = []
    try:
        choice = AppChoice.model_validate(chosen)
    except ValidationError as error:
        problems += from_validation(error, prefix="orgkey:app.")
        choice = AppChoice.model_validate({})
    resource = APP_KINDS[choice.kind]
    rows = [row for row in inputs_of(resource) if row.name not in MADE_BY_US]
    app = {key: value for key, value in raw.items() if key not in AppChoice.names()}
    problems += _unknown(
        "orgkey:app", app, rows, APP_FIELDS, f"a setting of the {choice.kind} kind", extra=AppChoice.names()
    )
    app.setdefault("label", label_of(str(app.get("name") or "App")))
    problems += _field_problems("orgkey:app", resource, rows, app, version=version)
    problems += [Problem(f"orgkey:app.{problem.path}", problem.reason) for problem in jwt_flow_problems(app)]
    return choice, app, problems


def permission_set_settings(raw: Any, app: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Read `orgkey:permissionSet`: its settings, with the names that follow from those of the app, and every problem."""
    if not isinstance(raw, Mapping):
        return {"name": ""}, [Problem("orgkey:permissionSet", "must be a mapping: {name: …}")]
    values = {"name": permission_set_of(str(app.get("name") or "App")), **raw}
    values.setdefault("label", label_of(str(values["name"])))
    known = [
        row for row in inputs_of(Resource.PERMISSION_SET) if row.name != "generations"
    ]  # the component counts them
    rows = known if "name" in raw else known[1:]  # a derived name is wrong only with the app's
    problems = _unknown("orgkey:permissionSet", values, known, (), "a setting of a permission set")
    problems += _field_problems(
        "orgkey:permissionSet", Resource.PERMISSION_SET, rows, values, version=float(DEFAULT_API_VERSION)
    )
    problems += [
        Problem(f"orgkey:permissionSet.{problem.path}", problem.reason) for problem in permission_set_problems(values)
    ]
    return values, problems


def _unknown(
    path: str,
    values: Mapping[str, Any],
    rows: Iterable[Row],
    all_rows: Iterable[Row],
    what: str,
    extra: Iterable[str] = (),
) -> list[Problem]:
    known = {row.name for row in rows}
    elsewhere = {row.name for row in all_rows} - known
    problems = []
    for key in values:
        if key in MADE_BY_US:
            problems.append(Problem(f"{path}.{key}", f"comes from the key pair: set orgkey:key.{key} instead"))
        elif key in elsewhere:
            problems.append(Problem(f"{path}.{key}", f"is not {what}"))
        elif key not in known:
            problems.append(Problem(f"{path}.{shown(key)}", "is not a setting" + suggestion(key, (*known, *extra))))
    return problems


def _field_problems(
    path: str, resource: Resource, rows: Iterable[Row], values: Mapping[str, Any], *, version: float
) -> list[Problem]:
    found = (problem for row in rows for problem in field_problems(resource, row, values, api_version=version))
    return [Problem(f"{path}.{problem.path}", problem.reason) for problem in found]

"""Inputs of the resources that are metadata: checked and compared by the field table; pure."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from orgkey.metadata.check import Problem, problems, suggestion
from orgkey.metadata.compare import differences, in_words_of
from orgkey.metadata.fields import WAYS, fields_of, inputs_of
from orgkey.metadata.identifiers import name_key
from orgkey.metadata.members import Resource
from orgkey.metadata.ownership import MANAGER
from orgkey.provider.handler import Values
from orgkey.provider.owner import MANAGED_BY
from orgkey.provider.wire import has_unknown


def check_inputs(resource: Resource, values: Values, api_version: float) -> tuple[Values, list[Problem]]:
    """Inputs with their defaults, and every problem with what is known of them by then."""
    rows = inputs_of(resource)
    names = [row.name for row in rows] + [MANAGED_BY]
    found = [
        Problem(name, "is not a property" + suggestion(name, tuple(names))) for name in values if name not in names
    ]
    unknown = {name for name, value in values.items() if has_unknown(value)}
    known = {name: value for name, value in values.items() if name not in unknown and value is not None}
    found += [
        problem
        for problem in problems(resource, known, api_version=api_version)
        if problem.path.split("[")[0] not in unknown
    ]
    inputs = {
        row.name: values[row.name] if row.name in unknown else known.get(row.name, row.default_for(resource))
        for row in rows
    }
    manager = values.get(MANAGED_BY, "")
    inputs[MANAGED_BY] = "" if manager is None else manager
    if MANAGED_BY not in unknown and manager not in (None, "") and not _is_manager(manager):
        found.append(Problem(MANAGED_BY, "must be owner/stack, without spaces and of at most 64 characters"))
    return {name: list(value) if isinstance(value, tuple) else value for name, value in inputs.items()}, found


def _is_manager(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(MANAGER, value))


def changed_inputs(resource: Resource, old_inputs: Values, inputs: Values) -> list[str]:
    """Paths of the inputs that differ, by what they mean; one that is not known yet counts as different."""
    unknown = [name for name, value in inputs.items() if has_unknown(value)]
    known = {name: value for name, value in inputs.items() if name not in unknown}
    old = {name: value for name, value in old_inputs.items() if name not in unknown}
    different = [difference.path for difference in differences(resource, old, known)]
    if old_inputs.get(MANAGED_BY, "") != inputs.get(MANAGED_BY, ""):
        different.append(MANAGED_BY)
    different += [row.name for row in WAYS[resource] if row.value_in(old, resource) != row.value_in(known, resource)]
    return [*different, *(name for name in unknown if name in old_inputs)]


def in_terms_of_inputs(resource: Resource, seen: Values, inputs: Values) -> dict[str, Any]:
    """What was found, in the words of the inputs where they mean the same: no order or synonym shows as a change."""
    if not inputs:
        return {**seen}
    rows = {row.name: row for row in fields_of(resource)}
    seen = {
        name: in_words_of(rows[name], value, inputs.get(name)) if name in rows else value
        for name, value in seen.items()
    }
    different = {difference.path for difference in differences(resource, inputs, seen)}
    return {
        name: value if name in different or name not in inputs or name == MANAGED_BY else inputs[name]
        for name, value in seen.items()
    }


def names_collide(old_inputs: Values, inputs: Values) -> bool:
    """Whether old and new cannot stand side by side: one name is one of a kind, one key one app (platform notes 1.8)."""
    old, new = old_inputs.get("name"), inputs.get("name")
    same_name = isinstance(old, str) and isinstance(new, str) and name_key(old) == name_key(new)
    return same_name or ("consumerKey" in inputs and old_inputs.get("consumerKey") == inputs["consumerKey"])


def revision_of(inputs: Values) -> str:
    """A digest of what was deployed; the certificate is in it, no secret is."""
    return hashlib.sha256(repr(sorted((name, str(value)) for name, value in inputs.items())).encode()).hexdigest()[:16]

"""Which properties may be left as the org has them (`orgkey:ignore`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from orgkey.metadata.check import Problem, suggestion
from orgkey.metadata.fields import PERMISSION_SET_FIELDS, fields_of
from orgkey.metadata.members import Resource
from orgkey.model.assignments import PermissionSetAssignmentsArgs
from orgkey.model.key_pair import KeyPairArgs


def ignorable(app: Resource) -> Mapping[str, Sequence[str]]:
    """Names of the properties that can be ignored, by the part of the component: those that a stack declares."""
    return {
        "app": [row.name for row in fields_of(app)],
        "permissionSet": [row.name for row in PERMISSION_SET_FIELDS],
        "assignments": PermissionSetAssignmentsArgs.names(),
        "key": KeyPairArgs.names(),
    }


def ignore_problems(paths: Iterable[str], app: Resource, at: str) -> Iterable[Problem]:
    """Paths that name nothing: a typo there would silently watch what should be left alone. `at` is where the list stands."""
    known = ignorable(app)
    for index, path in enumerate(paths):
        part, _, name = path.partition(".")
        if part not in known:
            yield Problem(f"{at}[{index}]", f"must begin with one of {', '.join(known)}")
        elif name not in known[part]:
            yield Problem(f"{at}[{index}]", f"is not a property{suggestion(name, tuple(known[part]))}")

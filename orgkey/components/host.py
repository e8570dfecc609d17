"""`pulumi-resource-orgkey`: serves the components to programs in any Pulumi language, by Pulumi's own component host."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from pulumi import InputPropertiesError, Inputs, Output, ResourceOptions
from pulumi.errors import InputPropertyErrorDetails
from pulumi.provider import ConstructResult
from pulumi.provider import main as serve
from pulumi.provider.experimental.analyzer import PropertyType
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

from orgkey.components.check import BY_ITS_FIELDS, ArgumentsError
from orgkey.components.jwt_bearer_access import JwtBearerAccess
from orgkey.metadata.check import Problem
from orgkey.metadata.nulls import without_nulls
from orgkey.version import VERSION

PACKAGE = "orgkey"


class Components(ComponentProvider):
    """The SDK's provider of components, which takes outputs for whole numbers too, and tells every wrong argument by its name."""

    def __init__(self) -> None:
        super().__init__([JwtBearerAccess], PACKAGE, version=VERSION)

    def construct(
        self, name: str, resource_type: str, inputs: Inputs, options: ResourceOptions | None = None
    ) -> ConstructResult:
        """Make a component; raises InputPropertiesError with every argument that is wrong."""
        expected = self._component_defs[resource_type.rsplit(":", maxsplit=1)[-1]].inputs
        known = without_nulls(inputs)
        if whole := list(self._no_objects(known, expected)):
            raise _refusal(name, whole)
        try:
            return super().construct(name, resource_type, known, options)
        except ComponentInitError as error:
            if isinstance(error.inner, ArgumentsError):
                raise _refusal(name, error.inner.problems) from None
            raise

    def _no_objects(self, inputs: Any, expected: Any, path: str = "") -> Iterator[Problem]:
        """Yield a problem for each value that is no object where one is expected: the SDK takes it for an empty one, or breaks off."""
        for key, value in inputs.items():
            described = expected.get(key)
            items = described and described.items and described.items.ref and isinstance(value, list)
            for where, each in ((f"{path}{key}[{index}]", each) for index, each in enumerate(value)) if items else ():
                yield from self._no_object(each, described.items, where)
            if described and described.ref:
                yield from self._no_object(value, described, f"{path}{key}")

    def _no_object(self, value: Any, described: Any, path: str) -> Iterator[Problem]:
        definition = self.get_type_definition(described)
        if definition is None or definition.enum:
            return
        if isinstance(value, dict):
            yield from self._no_objects(value, definition.properties, f"{path}.")
        else:
            yield Problem(path, BY_ITS_FIELDS)

    def map_input_properties(
        self, inputs: Inputs, properties: Any, mapping: Any, component_name: str, property_path: str
    ) -> Inputs:
        """Leave whole numbers that are outputs as they are: the SDK would take them for numbers."""
        later = {
            name: value
            for name, value in inputs.items()
            if isinstance(value, Output) and name in properties and properties[name].type is PropertyType.INTEGER
        }
        now = {name: value for name, value in inputs.items() if name not in later}
        taken = dict(super().map_input_properties(now, properties, mapping, component_name, property_path))
        return taken | {mapping[name]: value for name, value in later.items()}


def _refusal(component: str, problems: Iterable[Problem]) -> InputPropertiesError:
    listed: list[InputPropertyErrorDetails] = [
        {"property_path": problem.path, "reason": problem.reason} for problem in problems
    ]
    return InputPropertiesError(f"{component} has wrong arguments; nothing of it was registered", listed)


def main() -> None:
    """Serve one engine, until it is gone."""
    if "--version" in sys.argv[1:]:
        sys.stdout.write(f"pulumi-resource-{PACKAGE} {VERSION}\n")
        return
    serve(Components(), sys.argv[1:])

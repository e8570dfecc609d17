"""`pulumi-resource-orgkey`: serves the components to programs in any Pulumi language, by Pulumi's own component host."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

from pulumi import InputPropertiesError, Inputs, Output, ResourceOptions
from pulumi.errors import InputPropertyErrorDetails
from pulumi.provider import ConstructResult
from pulumi.provider import main as serve
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

from orgkey.components.arguments import ArgumentsError
from orgkey.components.jwt_bearer_access import JwtBearerAccess
from orgkey.version import VERSION

PACKAGE = "orgkey"


class Components(ComponentProvider):
    """The SDK's provider of components, for which an argument may also be an output as a whole, and wrong ones are told by name."""

    def __init__(self) -> None:
        super().__init__([JwtBearerAccess], PACKAGE, version=VERSION)

    def construct(
        self, name: str, resource_type: str, inputs: Inputs, options: ResourceOptions | None = None
    ) -> ConstructResult:
        """Make a component; raises InputPropertiesError with every argument that is wrong."""
        try:
            return super().construct(name, resource_type, inputs, options)
        except ComponentInitError as error:
            if not isinstance(error.inner, ArgumentsError):
                raise
            listed: list[InputPropertyErrorDetails] = [
                {"property_path": problem.path, "reason": problem.reason} for problem in error.inner.problems
            ]
            raise InputPropertiesError(f"{name} has wrong arguments; nothing of it was registered", listed) from None

    def map_input_properties(
        self, inputs: Inputs, properties: Any, mapping: Any, component_name: str, property_path: str
    ) -> Inputs:
        """Take an object that came as one output (a secret in it makes all of it one) apart into outputs of its properties."""
        taken = {
            name: _apart(value, self.get_type_definition(properties[name]))
            if isinstance(value, Output) and name in properties and properties[name].ref
            else value
            for name, value in inputs.items()
        }
        return super().map_input_properties(taken, properties, mapping, component_name, property_path)


def _apart(value: Output[Any], described: Any) -> Any:
    if described is None or described.enum:
        return value
    return {name: value.apply(partial(_property, name)) for name in described.properties}


def _property(name: str, whole: Mapping[str, Any]) -> Any:
    return whole.get(name)


def main() -> None:
    """Serve one engine, until it is gone."""
    if "--version" in sys.argv[1:]:
        sys.stdout.write(f"pulumi-resource-{PACKAGE} {VERSION}\n")
        return
    serve(Components(), sys.argv[1:])

"""`orgkey/resources.py`: typed provider, argument classes and resources, from the provider's schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orgkey.generate.python_code import ROOT, annotation, docstring, formatted
from orgkey.model.input_model import python_name
from orgkey.provider.registry import PACKAGE
from orgkey.provider.schema import resource_names, schema

TARGET = ROOT / "orgkey" / "resources.py"
_HEAD = '''"""The resources of `pulumi-resource-salesforce`, typed. Written by `make generate` from the provider's schema: do not edit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import ClassVar

import pulumi
from pulumi import Input, Output


class _Resource(pulumi.CustomResource):
    """Translates between Python's names and the provider's."""

    _names: ClassVar[Mapping[str, str]] = {}
    """Provider's name by Python's."""

    def translate_input_property(self, prop: str) -> str:
        """The provider's name of an argument."""
        return self._names.get(prop, prop)

    def translate_output_property(self, prop: str) -> str:
        """Python's name of an output."""
        return next((name for name, translated in self._names.items() if translated == prop), prop)


def _inputs(args: object) -> dict[str, object]:
    return {field.name: getattr(args, field.name) for field in fields(args)}  # type: ignore[arg-type] # each is one of the classes below


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _object(args: object) -> dict[str, object]:
    """What is given of some arguments, by the provider's names."""
    given = ((_camel(field.name), getattr(args, field.name)) for field in fields(args))  # type: ignore[arg-type] # as above
    return {name: _object(value) if is_dataclass(value) else value for name, value in given if value is not None}


def _as_text(value: object) -> object:
    """A provider's settings are text to the engine: all else as JSON."""
    return Output.from_input(value).apply(lambda known: known if isinstance(known, str) else json.dumps(known))
'''


def resources_source() -> str:
    """The text of the typed resources, formatted as the rest of the repository."""
    whole = schema()
    resources = whole["resources"]
    text = _HEAD + _provider_classes(whole)
    text += "".join(_classes(name, resources[f"{PACKAGE}:index:{name}"]) for name in resource_names())
    return formatted(text, TARGET)


def _provider_classes(whole: Mapping[str, Any]) -> str:
    """The provider's class and its arguments, with the types that these are made of first."""
    nested = [
        _nested_class(token.rsplit(":", 1)[-1], described)
        for token, described in reversed(list(whole["types"].items()))
    ]
    properties, required = whole["provider"]["inputProperties"], whole["provider"]["requiredInputs"]
    arguments = _nested_class(
        "Provider", {"description": "Which org, and how it is reached.", "properties": properties, "required": required}
    )
    return (
        "".join(nested)
        + arguments
        + f"""

class Provider(pulumi.ProviderResource):
    \"""One org; resources and components get it by `ResourceOptions(provider=...)`.\"""

    def __init__(self, resource_name: str, args: ProviderArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        given = {{name: _as_text(value) for name, value in _object(args).items()}}
        super().__init__("{PACKAGE}", resource_name, given, opts)
"""
    )


def _nested_class(name: str, described: Mapping[str, Any]) -> str:
    """A dataclass that `_object` turns into the provider's names."""
    lines = [
        "",
        "",
        "@dataclass(frozen=True, kw_only=True)",
        f"class {name}Args:",
        *docstring(described["description"]),
        "",
    ]
    properties, required = described["properties"], described.get("required", ())
    for key in (*required, *(key for key in properties if key not in required)):
        lines.append(
            f"    {python_name(key)}: {_input(properties[key])}" + ("" if key in required else " | None = None")
        )
        lines += docstring(properties[key]["description"])
    return "\n".join(lines) + "\n"


def _input(described: Mapping[str, Any]) -> str:
    if "$ref" in described:
        return f"{described['$ref'].rsplit(':', 1)[-1]}Args"
    return f"Input[{annotation(described)}]"


def _classes(name: str, resource: Mapping[str, Any]) -> str:
    inputs, outputs = resource["inputProperties"], resource["properties"]
    required = resource["requiredInputs"]
    ordered = [*required, *(key for key in inputs if key not in required)]
    lines = [
        "",
        "",
        "@dataclass(frozen=True, kw_only=True)",
        f"class {name}Args:",
        f'    """Arguments of {name}."""',
        "",
    ]
    for key in ordered:
        annotated = f"Input[{annotation(inputs[key], item='Input[{}]')}]"
        lines.append(f"    {python_name(key)}: {annotated}" + ("" if key in required else " | None = None"))
        lines += docstring(inputs[key]["description"])
    only_outputs = [key for key in outputs if key not in inputs]
    nothing = ", ".join(f'"{python_name(key)}": None' for key in only_outputs)
    lines += ["", "", f"class {name}(_Resource):", f'    """{resource["description"]}"""', ""]
    lines += [
        f"    _names: ClassVar[Mapping[str, str]] = { ({python_name(key): key for key in outputs if python_name(key) != key})!r}",
        "",
    ]
    lines += [
        f"    def __init__(self, resource_name: str, args: {name}Args, opts: pulumi.ResourceOptions | None = None) -> None:"
    ]
    lines += [f"        outputs = {{{nothing}}}"]
    lines += [
        f'        super().__init__("{PACKAGE}:index:{name}", resource_name, {{**_inputs(args), **outputs}}, opts)'
    ]
    for key, described in outputs.items():
        optional = "" if key in resource["required"] else " | None"
        lines += [
            "",
            "    @property",
            f'    @pulumi.getter(name="{key}")',
            f"    def {python_name(key)}(self) -> Output[{annotation(described)}{optional}]:",
        ]
        lines += [
            f'        """{described["description"]}"""',
            f'        return pulumi.get(self, "{python_name(key)}")  # type: ignore[no-any-return]',
        ]
    return "\n".join(lines) + "\n"

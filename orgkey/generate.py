"""Write what is derived from the schema, the field table and the error table, so that names stand once (`make generate`).

`orgkey/resources.py`: typed provider, argument classes and resources. `orgkey/components/settings.py`: what a component takes of
them. `docs/reference/`: settings, errors, findings, the report's JSON Schema.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orgkey.fleet.formats.json import json_schema_page
from orgkey.fleet.reference import findings_page
from orgkey.provider.reference import errors_page, settings_page
from orgkey.provider.registry import PACKAGE
from orgkey.provider.schema import resource_names, schema

_ROOT = Path(__file__).parents[1]
_RESOURCES = _ROOT / "orgkey" / "resources.py"
_SETTINGS = _ROOT / "orgkey" / "components" / "settings.py"
_PAGES = _ROOT / "docs" / "reference"
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


_SETTINGS_HEAD = '''"""What a component takes of the resources' inputs, typed. Written by `make generate` from the schema: do not edit.

Annotations are real objects here, not text: Pulumi's component host makes the component's schema from them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import Input
'''
_OF_THE_COMPONENT = {"certificatePem", "consumerKey", "managedBy"}
"""Inputs of apps and sets that the component makes itself."""


def resources_source() -> str:
    """The text of the typed resources, formatted as the rest of the repository."""
    whole = schema()
    resources = whole["resources"]
    text = _HEAD + _provider_classes(whole)
    text += "".join(_classes(name, resources[f"{PACKAGE}:index:{name}"]) for name in resource_names())
    return _formatted(text, _RESOURCES)


def settings_source() -> str:
    """The text of the component's settings."""
    resources = {name: schema()["resources"][f"{PACKAGE}:index:{name}"]["inputProperties"] for name in resource_names()}
    external, connected = resources["ExternalClientApp"], resources["ConnectedApp"]
    app = {
        "name": external["name"],
        "contactEmail": external["contactEmail"],
        "kind": _plain("string", "external (default) or connected."),
        "protect": _plain(
            "boolean",
            "Whether Pulumi refuses to delete the app; default: for a Connected App, which most orgs let nobody make.",
        ),
        **{
            name: described | {"description": f"{described['description']}{_alone_in(name, external, connected)}"}
            for name, described in {**external, **connected}.items()
            if name not in {"name", "contactEmail", *_OF_THE_COMPONENT}
        },
    }
    own_set = {name: each for name, each in resources["PermissionSet"].items() if name not in _OF_THE_COMPONENT}
    assignments, grant = resources["PermissionSetAssignments"], resources["JwtGrant"]
    classes = [
        _settings_class("AppSettings", "The app.", app, required=("name", "contactEmail")),
        _settings_class(
            "PermissionSetSettings", "The permission set; its name is made from the app's where none is given.", own_set
        ),
        _settings_class("KeySettings", "Key pair, certificate and consumer key.", resources["KeyPair"]),
        _settings_class(
            "AssignmentSettings",
            "Who else may hold the permission set, for how long, and what comes with it.",
            {name: assignments[name] for name in ("authoritative", "groups", "expiration")},
        ),
        _settings_class(
            "GrantSettings",
            "The proof of the login.",
            {name: grant[name] for name in ("propagationMinutes", "audience", "revoke")},
        ),
    ]
    return _formatted(_SETTINGS_HEAD + "".join(classes), _SETTINGS)


def _formatted(text: str, target: Path) -> str:
    formatter = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(target), "-"]
    return subprocess.run(formatter, input=text, capture_output=True, text=True, check=True, timeout=120).stdout


def _plain(kind: str, description: str) -> dict[str, Any]:
    return {"type": kind, "description": description, "plain": True}


def _alone_in(name: str, external: Mapping[str, Any], connected: Mapping[str, Any]) -> str:
    if name in external and name in connected:
        return ""
    return f" ({'External Client Apps' if name in external else 'Connected Apps'} only.)"


def _settings_class(name: str, doc: str, properties: Mapping[str, Any], required: Sequence[str] = ()) -> str:
    lines = ["", "", "@dataclass(frozen=True, kw_only=True)", f"class {name}:", f'    """{doc}"""', ""]
    for key, described in properties.items():
        item = _type(described, item="Input[{}]")
        annotation = item if described.get("plain") else f"Input[{item}]"
        lines.append(f"    {_snake(key)}: {annotation}" + ("" if key in required else " | None = None"))
        lines += _doc(described["description"])
    return "\n".join(lines) + "\n"


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
    lines = ["", "", "@dataclass(frozen=True, kw_only=True)", f"class {name}Args:", *_doc(described["description"]), ""]
    properties, required = described["properties"], described.get("required", ())
    for key in (*required, *(key for key in properties if key not in required)):
        lines.append(f"    {_snake(key)}: {_input(properties[key])}" + ("" if key in required else " | None = None"))
        lines += _doc(properties[key]["description"])
    return "\n".join(lines) + "\n"


def _input(described: Mapping[str, Any]) -> str:
    if "$ref" in described:
        return f"{described['$ref'].rsplit(':', 1)[-1]}Args"
    return f"Input[{_type(described)}]"


def main() -> int:
    """Write the files, or with `--check` say which are stale (exit code 1)."""
    files = {
        _RESOURCES: resources_source(),
        _SETTINGS: settings_source(),
        _PAGES / "settings.md": settings_page(),
        _PAGES / "errors.md": errors_page(),
        _PAGES / "findings.md": findings_page(),
        _PAGES / "drift-report.schema.json": json_schema_page(),
    }
    stale = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv:
        for path in stale:
            sys.stderr.write(f"{path.relative_to(_ROOT)} is stale: run `make generate`\n")
        return int(bool(stale))
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path])
    return 0


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
        annotation = f"Input[{_type(inputs[key], item='Input[{}]')}]"
        lines.append(f"    {_snake(key)}: {annotation}" + ("" if key in required else " | None = None"))
        lines += _doc(inputs[key]["description"])
    only_outputs = [key for key in outputs if key not in inputs]
    nothing = ", ".join(f'"{_snake(key)}": None' for key in only_outputs)
    lines += ["", "", f"class {name}(_Resource):", f'    """{resource["description"]}"""', ""]
    lines += [
        f"    _names: ClassVar[Mapping[str, str]] = { ({_snake(key): key for key in outputs if _snake(key) != key})!r}",
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
            f"    def {_snake(key)}(self) -> Output[{_type(described)}{optional}]:",
        ]
        lines += [
            f'        """{described["description"]}"""',
            f'        return pulumi.get(self, "{_snake(key)}")  # type: ignore[no-any-return]',
        ]
    return "\n".join(lines) + "\n"


def _doc(text: str) -> list[str]:
    return [f'    """{text}"""'] if text else []


def _type(described: Mapping[str, Any], *, item: str = "{}") -> str:
    match described["type"]:
        case "array":
            return f"Sequence[{item.format(_type(described['items']))}]"
        case "object":
            return f"Mapping[str, {_type(described['additionalProperties'])}]"
        case other:
            return {"string": "str", "boolean": "bool", "integer": "int", "number": "float"}[other]


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


if __name__ == "__main__":
    sys.exit(main())

"""Write what is derived from the schema, the field table and the error table, so that names stand once (`make generate`).

`orgkey/resources.py`: typed argument classes and resources. `docs/reference/`: settings, errors, findings, the report's JSON Schema.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orgkey.fleet.formats.json import json_schema_page
from orgkey.fleet.reference import findings_page
from orgkey.provider.reference import errors_page, settings_page
from orgkey.provider.registry import PACKAGE
from orgkey.provider.schema import resource_names, schema

_ROOT = Path(__file__).parents[1]
_TARGET = _ROOT / "orgkey" / "resources.py"
_PAGES = _ROOT / "docs" / "reference"
_HEAD = '''"""The resources of `pulumi-resource-salesforce`, typed. Written by `make generate` from the provider's schema: do not edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
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
        return next((ours for ours, theirs in self._names.items() if theirs == prop), prop)


def _inputs(args: object) -> dict[str, object]:
    return {field.name: getattr(args, field.name) for field in fields(args)}  # type: ignore[arg-type] # each is one of the classes below
'''


def source() -> str:
    """The module's text, formatted as the rest of the repository."""
    resources = schema()["resources"]
    text = _HEAD + "".join(_classes(name, resources[f"{PACKAGE}:index:{name}"]) for name in resource_names())
    formatter = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(_TARGET), "-"]
    return subprocess.run(formatter, input=text, capture_output=True, text=True, check=True, timeout=120).stdout


def main() -> int:
    """Write the files, or with `--check` say which are stale (exit code 1)."""
    files = {
        _TARGET: source(),
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

"""The reference page of every key of a stack file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from orgkey.generate.tables import NOTE
from orgkey.stack_file.schema import keys

_MOST_VALUES = 8
_TYPES = {
    "string": "text",
    "boolean": "true or false",
    "integer": "whole number",
    "number": "number",
    "object": "mapping",
    "array": "list",
}
_ABOUT = (
    "Every key of `Pulumi.<stack>.yaml`, from the models and [the field table](../../metadata/README.md) that check it. "
    "[The stack file](stack-file.md) tells how they work together; as a schema for editors: "
    "[stack-file.schema.json](stack-file.schema.json). `[]` is each item of a list."
)


def keys_page() -> str:
    """The page: one row for each key."""
    lines = ["# Keys of the stack file", "", NOTE, _ABOUT]
    for namespace, about in (("salesforce:", "which org, and how it is reached"), ("orgkey:", "what is to be in it")):
        lines += ["", f"## `{namespace}*`: {about}", "", *_table(namespace)]
    return "\n".join([*lines, ""])


def _table(namespace: str) -> Iterator[str]:
    yield "| key | type | default | unit | example | meaning |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for path, schema, required in keys():
        if path.startswith(namespace):
            cells = (
                f"`{path}`",
                _type(schema),
                _default(schema, required=required),
                schema.get("unit", ""),
                example(schema),
            )
            yield f"| {' | '.join(cells)} | {schema.get('description', '')} |"


def _type(schema: Mapping[str, Any]) -> str:
    inner = schema.get("items", {}) if schema.get("type") == "array" else schema
    kind = _TYPES.get(schema.get("type", "object"), "")
    if values := inner.get("enum"):
        shown = ", ".join(f"`{value}`" for value in values[:_MOST_VALUES])
        more = f" and {len(values) - _MOST_VALUES} more" if len(values) > _MOST_VALUES else ""
        return f"{'list of ' if inner is not schema else ''}{shown}{more}"
    if inner is not schema and inner.get("type") in _TYPES:
        return f"list of {'mappings' if inner['type'] == 'object' else _TYPES[inner['type']] + 's'}"
    return kind


def _default(schema: Mapping[str, Any], *, required: bool) -> str:
    if required:
        return "required"
    defaults = schema.get("defaults") or {"": schema.get("default")}
    if len({json.dumps(value) for value in defaults.values()}) == 1:
        return _shown(next(iter(defaults.values())))
    return ", ".join(f"{kind}: {_shown(value)}" for kind, value in defaults.items())


def example(schema: Mapping[str, Any]) -> str:
    """A value that may stand there, as YAML of one line; empty for a mapping, whose keys have their own."""
    if examples := schema.get("examples"):
        return _shown(examples[0])
    inner = schema.get("items", {}) if schema.get("type") == "array" else schema
    if values := inner.get("enum"):
        return _shown(values[:1] if inner is not schema else schema.get("default", values[0]))
    if schema.get("type") == "boolean":
        return _shown(schema.get("default", True))
    return _shown(schema["default"]) if "default" in schema else ""


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"

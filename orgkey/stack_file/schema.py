"""The JSON schema of a stack file, for editors: made of the models and the field table that check the file.

It says less than they do. What one value alone does not show (a user that is none of the users, an expiration that is over), what needs
another API version, and empty values are for `orgkey check` and the program. Draft 7, which editors know.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from orgkey.metadata.fields import Field, inputs_of
from orgkey.metadata.members import APP_KINDS, Resource
from orgkey.metadata.place import Type
from orgkey.model.connection import Connection
from orgkey.model.input_model import InputModel
from orgkey.stack_file.metadata_settings import MADE_BY_US
from orgkey.stack_file.models import AppChoice, OtherSettings
from orgkey.stack_file.secrets import NEVER_SECRET, why_never_secret

DIALECT = "http://json-schema.org/draft-07/schema#"
_REQUIRED = ("salesforce:instanceUrl", "salesforce:credentials", "orgkey:app", "orgkey:users")
_DERIVED = frozenset({"label"})
"""Required settings of an app or a set that follow from its name where nobody writes them."""
_LEFT_OUT = {"type": "null"}
"""A key whose value is commented out."""
_SECRET = {
    "type": "object",
    "description": "A secret: `pulumi config set --secret --stack STACK --path KEY`.",
    "properties": {"secure": {"type": "string"}},
    "required": ["secure"],
    "additionalProperties": False,
}
_RANGE = {
    "type": "object",
    "properties": {
        "start": {"type": "string", "description": "First address, IPv4 or IPv6.", "examples": ["10.0.0.1"]},
        "end": {"type": "string", "description": "Last address.", "examples": ["10.0.0.9"]},
        "description": {"type": "string", "description": "What the range is.", "examples": ["office"]},
    },
    "required": ["start", "end"],
    "additionalProperties": False,
}
_TYPES: Mapping[Type, Mapping[str, Any]] = {
    Type.STRING: {"type": "string"},
    Type.BOOLEAN: {"type": "boolean"},
    Type.INTEGER: {"type": "integer", "minimum": 1},
    Type.STRINGS: {"type": "array"},
    Type.RANGES: {"type": "array", "items": _RANGE, "examples": [[{"start": "10.0.0.1", "end": "10.0.0.9"}]]},
}
_KEPT = (
    *("type", "description", "default", "enum", "examples", "unit", "pattern", "minLength", "maxLength", "minimum"),
    *(
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "items",
        "properties",
        "required",
        "additionalProperties",
        "dependencies",
    ),
)


def stack_file_schema() -> dict[str, Any]:
    """The schema of `Pulumi.<stack>.yaml`."""
    config = {
        "type": "object",
        "description": "Settings of the stack: which org (`salesforce:*`), and what is to be in it (`orgkey:*`).",
        "properties": {path: _as_engine_takes(path, each) for path, each in settings().items()},
        "patternProperties": {"^pulumi:": {}},
        "additionalProperties": False,
    }
    return {
        "$schema": DIALECT,
        "title": "Stack file of orgkey",
        "type": "object",
        "properties": {"config": config},
        "if": {"not": {"required": ["environment"]}},  # where settings may come from elsewhere
        "then": {"required": ["config"], "properties": {"config": {"required": list(_REQUIRED)}}},
        "definitions": {"secret": _SECRET},
    }


def schema_page() -> str:
    """The schema as the file in docs/reference."""
    return json.dumps(stack_file_schema(), indent=2, ensure_ascii=False) + "\n"


def settings() -> dict[str, dict[str, Any]]:
    """The schema of every setting by its key, `orgkey:users`, each as people write it and nothing of it a secret."""
    connection, others = _of_model(Connection), _of_model(OtherSettings)
    return {
        **{f"salesforce:{name}": each for name, each in connection["properties"].items()},
        "orgkey:app": _app(),
        "orgkey:permissionSet": {
            **_of_rows(Resource.PERMISSION_SET, needed=()),
            "description": "The permission set by which users are admitted. Left out: one by the app's name.",
        },
        **{f"orgkey:{name}": each for name, each in others["properties"].items()},
    }


def _app() -> dict[str, Any]:
    """The settings of the kind that `kind` names."""
    choice = _of_model(AppChoice)["properties"]
    kinds = {kind: _of_rows(resource, needed=("name",), more=choice) for kind, resource in APP_KINDS.items()}
    return {
        "type": "object",
        "description": "The app: an External Client App or a Connected App.",
        "if": {"properties": {"kind": {"const": "connected"}}, "required": ["kind"]},
        "then": kinds["connected"],
        "else": kinds["external"],
    }


def _of_rows(resource: Resource, *, needed: tuple[str, ...], more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    rows = [row for row in inputs_of(resource) if row.name not in MADE_BY_US]
    required = [
        row.name for row in rows if row.required and (row.name in needed or row.name not in {"name", *_DERIVED})
    ]
    return {
        "type": "object",
        "properties": {
            **(more or {}),
            **{row.name: _of_row(row, resource, derived=row.required and row.name not in required) for row in rows},
        },
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _of_row(row: Field, resource: Resource, *, derived: bool) -> dict[str, Any]:
    """One row of the field table; the rules of a text are those of a list's items."""
    text: dict[str, Any] = {"type": "string"}
    if row.values:
        text["enum"] = list(row.values)
    if row.pattern:
        text["pattern"] = f"^(?:{row.pattern})$"
    if longest := row.longest_in.get(resource, row.longest):
        text["maxLength"] = longest
    meaning = f"{row.meaning} Left out: made from the name of the app." if derived else row.meaning
    described: dict[str, Any] = {**_TYPES[row.type], "description": meaning}
    if row.type is Type.STRING:
        described |= text
    elif row.type is Type.STRINGS:
        described["items"] = text
    if not row.required and (default := row.default_for(resource)) not in ("", None, [], ()):
        described["default"] = list(default) if isinstance(default, tuple) else default
    if row.unit:
        described["unit"] = row.unit
    if row.example is not None:
        described["examples"] = [list(row.example) if isinstance(row.example, tuple) else row.example]
    return described


def _of_model(model: type[InputModel]) -> dict[str, Any]:
    made = model.model_json_schema()
    return _plain(made, made.get("$defs", {}))


def _plain(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Pydantic's schema without references, titles and what only fills a gap (null)."""
    if reference := schema.get("$ref"):
        named = _plain(definitions[reference.rpartition("/")[2]], definitions)
        return {**named, "description": schema.get("description", named.get("description", ""))}
    options = [_plain(each, definitions) for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    if options:
        (only,) = options
        return {**only, **_plain({key: value for key, value in schema.items() if key != "anyOf"}, definitions)}
    found = {key: schema[key] for key in _KEPT if key in schema}
    if found.get("default", 0) is None or isinstance(found.get("default"), dict) or found.get("default") == []:
        del found["default"]
    if found.get("type") == "array" and "minLength" in found:
        found["minItems"] = found.pop("minLength")  # pydantic takes a validated list for a text
    if "properties" in found:
        found["properties"] = {name: _plain(each, definitions) for name, each in found["properties"].items()}
    if "items" in found:
        found["items"] = _plain(found["items"], definitions)
    if "oneOf" in schema:
        found["oneOf"] = [_plain(each, definitions) for each in schema["oneOf"]]
    return found


def _as_engine_takes(path: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """A setting as it may stand in the file: a text may look like a number to YAML, a structure may be JSON, each may be a secret."""
    kinds = schema.get("type")
    about: dict[str, Any] = {key: schema[key] for key in ("description", "default", "examples") if key in schema}
    options: list[dict[str, Any]] = [_sealable(path, schema)]
    if kinds in {"object", "array"} or "oneOf" in schema:
        options.append({"type": "string", "pattern": "^[\\[{]"})
    elif kinds == "boolean":
        options.append({"enum": ["true", "false"]})
    elif kinds == "string" and "enum" not in schema:
        options.append({"type": "number"})
    if not why_never_secret(path) and not any(each.startswith(f"{path}.") for each in NEVER_SECRET):
        options.append({"$ref": "#/definitions/secret"})
    if path.startswith("orgkey:") and path not in _REQUIRED:
        options.append(_LEFT_OUT)
    return {**about, "anyOf": options}


def _sealable(path: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema in which every value within it may be a secret, and which says units in words."""
    made = {key: value for key, value in schema.items() if key != "unit"}
    if unit := schema.get("unit"):
        made["description"] = f"{made.get('description', '')} ({unit})".strip()
    if "properties" in made:
        made["properties"] = {
            name: _or_secret(f"{path}.{name}", each, needed=name in made.get("required", ()))
            for name, each in made["properties"].items()
        }
    if "items" in made:
        made["items"] = _or_secret(f"{path}[]", made["items"], needed=True)
    for key in ("then", "else"):
        if key in made:
            made[key] = _sealable(path, made[key])
    if "oneOf" in made:
        made["oneOf"] = [_sealable(path, each) for each in made["oneOf"]]
    return made


def _or_secret(path: str, schema: Mapping[str, Any], *, needed: bool) -> dict[str, Any]:
    inner = _sealable(path, schema)
    others = [*([] if why_never_secret(path) else [{"$ref": "#/definitions/secret"}]), *([] if needed else [_LEFT_OUT])]
    if not others:
        return inner
    about: dict[str, Any] = {key: inner[key] for key in ("description", "default", "examples") if key in inner}
    return {**about, "anyOf": [inner, *others]}


def keys() -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Every key, `orgkey:key.bits`, with its schema and whether it must be there, for the reference page."""
    for path, each in settings().items():
        yield path, each, path in _REQUIRED
        yield from _within(path, each)


def _within(path: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    for option in schema.get("oneOf", ()):
        for name, each, _ in _within(path, option):
            yield name, each, False
    if schema.get("type") == "array" and "properties" in schema.get("items", {}):
        yield from _within(f"{path}[]", schema["items"])
    branches = {kind: schema[key] for key, kind in (("else", "external"), ("then", "connected")) if key in schema}
    for name in dict.fromkeys(
        name for branch in (branches or {"": schema}).values() for name in branch.get("properties", ())
    ):
        having = {kind: branch for kind, branch in (branches or {"": schema}).items() if name in branch["properties"]}
        first = next(iter(having.values()))
        each = dict(first["properties"][name])
        if branches and len(having) < len(branches):
            each["description"] += f" Kind `{next(iter(having))}` alone."
        each["defaults"] = {kind: branch["properties"][name].get("default") for kind, branch in having.items()}
        yield f"{path}.{name}", each, name in first.get("required", ())
        yield from _within(f"{path}.{name}", each)

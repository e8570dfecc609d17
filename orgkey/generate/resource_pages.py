"""`docs/reference/resources/`: a page for the provider, the component and each resource, from the two schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic_core import PydanticUndefined

from orgkey.components.host import Components
from orgkey.generate.examples import python_of, yaml_of
from orgkey.generate.tables import NOTE, default
from orgkey.metadata.fields import inputs_of
from orgkey.metadata.members import Resource
from orgkey.model.assignments import PermissionSetAssignmentsArgs
from orgkey.model.connection import Connection
from orgkey.model.grant import JwtGrantArgs
from orgkey.model.input_model import InputModel
from orgkey.model.key_pair import KeyPairInputs
from orgkey.provider.key_pair import REKEY, RENEW
from orgkey.provider.registry import PACKAGE
from orgkey.provider.schema import resource_names, schema
from orgkey.provider.setting_places import SETTINGS_AT

_COMPONENT = "JwtBearerAccess"
_IMPORTED = (
    "Python: `orgkey.components` and `orgkey.resources`. YAML and others: the types `orgkey:JwtBearerAccess` and "
    "`salesforce:<resource>` ([other languages](../../guides/other-languages.md))."
)
_MODELS: Mapping[str, type[InputModel]] = {
    "Provider": Connection,
    "KeyPair": KeyPairInputs,
    "PermissionSetAssignments": PermissionSetAssignmentsArgs,
    "JwtGrant": JwtGrantArgs,
}
_SPECIAL_DEFAULTS = {
    ("PermissionSetAssignments", "authoritative"): "see its meaning",
    ("AssignmentSettings", "authoritative"): "see its meaning",
    ("AppSettings", "label"): "made of the name",
    ("AppSettings", "kind"): "`external`",
    ("AppSettings", "permissionSets"): "none beside its own",
    ("PermissionSetSettings", "name"): "`<app>_Access`",
    ("PermissionSetSettings", "label"): "made of the name",
    ("KeySettings", "subject"): "`CN=<app>`",
    ("KeySettings", "consumerKey"): "made once",
    ("KeyPair", "consumerKey"): "made once",
    ("AppSettings", "protect"): "true for a Connected App",
}
_A_FEW = 8
_MADE_OF: Mapping[str, str] = {
    "AppSettings": "ExternalClientApp",
    "PermissionSetSettings": "PermissionSet",
    "KeySettings": "KeyPair",
    "AssignmentSettings": "PermissionSetAssignments",
    "GrantSettings": "JwtGrant",
}
"""The resource whose inputs an object of the component's arguments becomes."""

_INTRODUCTIONS: Mapping[str, str] = {
    "Provider": """\
Resources and the component take the org from an explicit provider (`provider`, in YAML and for components `providers`), or from the stack's
settings `salesforce:instanceUrl`, `salesforce:credentials` and so on, where there is none. `credentials` names where a credential is
(an alias, a file, a variable) and never is one, so state holds no credential. [Which form for whom](../../guides/first-login.md).""",
    "JwtBearerAccess": """\
It makes a [KeyPair](key-pair.md), a [PermissionSet](permission-set.md), [PermissionSetAssignments](permission-set-assignments.md), an
[ExternalClientApp](external-client-app.md) or [ConnectedApp](connected-app.md), and a [JwtGrant](jwt-grant.md), in the order that locks
nobody out. It is in the package `orgkey` (plugin `pulumi-resource-orgkey`); the resources are in the package `salesforce`. Fields of the
objects may be outputs of other resources, except `app.kind`, `app.protect`, `app.blocked` and the fields of `timeouts` and `imports`.
`generation`, `retiring` (the fields of its `key` excepted) and `ignore` are plain, and so is the name of what is imported.""",
    "KeyPair": """\
It is kept in state and nowhere else, and contacts no org. After `renewAt` the next `up` makes a new certificate for the same key. It
cannot be imported; give your own key as `privateKeyPem` and `certificatePem`. A destroy forgets the key.""",
    "PermissionSet": """\
It has no licence and no permissions unless you set them. What others hold, a group contains or another app uses is left in place by a
destroy. Import id: the API name.""",
    "PermissionSetAssignments": """\
One resource for the whole list. With `authoritative: true` an update takes the set from everybody who is not on it, and the preview names
them. Membership in `groups` is only ever added, and taken back where it was given here. Import id: the API name of the permission set.""",
    "ExternalClientApp": """\
Five metadata members in one deploy. Only holders of `permissionSets` and `profiles` may use it. Consumer key and name are fixed once it
exists. What other tools set beside these inputs is kept (`carryOver`).
[Every input's element in the Metadata API, and which change loosens access](../settings.md). Import id: the developer name.""",
    "ConnectedApp": """\
For orgs that may still create Connected Apps, and for existing ones. The component protects it, because a deleted one may be impossible to
make again. Consumer key and name are fixed once it exists. [Every input's element in the Metadata API, and which change loosens
access](../settings.md). Import id: the developer name.""",
    "JwtGrant": """\
It signs an assertion, asks the org for a token and makes one API call with it. Every change of an input is followed by a new proof,
`propagationMinutes` excepted; `revisions` makes changes of app and assignments such a change. A login that fails fails the
`up`; the resource stays in state and the next `up` tries again. Every refresh tries the login once. It
cannot be imported; a destroy does nothing in the org.""",
}


def pages() -> dict[str, str]:
    """Each page's text by its file name."""
    provider, component = schema(), json.loads(Components().schema or "")
    schemas = {PACKAGE: provider, "orgkey": component}
    resources = {name: provider["resources"][f"{PACKAGE}:index:{name}"] for name in resource_names()}
    found = {"Provider": provider["provider"], _COMPONENT: component["resources"][f"orgkey:index:{_COMPONENT}"]}
    found |= resources
    types = {"Provider": provider["types"], _COMPONENT: component["types"]}
    texts = {
        _file(name): "\n".join(_page(name, described, types.get(name, {}), resources, schemas))
        for name, described in found.items()
    }
    return {"README.md": _index(found), **texts}


def _index(found: Mapping[str, Any]) -> str:
    rows = [f"| [{name}]({_file(name)}) | {described['description']} |" for name, described in found.items()]
    return "\n".join(
        [
            "# Resources",
            "",
            NOTE,
            _IMPORTED,
            "",
            "| page | what it is |",
            "| --- | --- |",
            *rows,
            "",
        ]
    )


def _file(name: str) -> str:
    return "".join(f"-{char.lower()}" if char.isupper() else char for char in name).lstrip("-") + ".md"


def _page(
    name: str,
    described: Mapping[str, Any],
    types: Mapping[str, Any],
    resources: Mapping[str, Any],
    schemas: Mapping[str, Mapping[str, Any]],
) -> Iterator[str]:
    yield from (f"# {name}", "", NOTE, described["description"], "", _INTRODUCTIONS[name], "", "## Example", "")
    yield from ("```python", python_of(name, schemas).rstrip(), "```", "", "```yaml", yaml_of(name).rstrip(), "```", "")
    yield from ("## Inputs", "")
    changes = name in resources
    yield from _table(
        name, described["inputProperties"], described.get("requiredInputs", ()), resources, changes=changes
    )
    for token, nested in types.items():
        title = token.rsplit(":", 1)[-1]
        yield from (f"### {title}", "", nested["description"], "")
        inherited = title in _MADE_OF
        yield from _table(title, nested["properties"], nested.get("required", ()), resources, changes=inherited)
    if outputs := {
        key: each for key, each in described.get("properties", {}).items() if _is_output(name, key, described)
    }:
        more = "" if name == _COMPONENT else " Inputs are outputs too."
        yield from (
            "## Outputs",
            "",
            f"Python has them in snake_case.{more}",
            "",
            "| output | type | meaning |",
            "| --- | --- | --- |",
        )
        for key, each in outputs.items():
            absent = "" if key in described["required"] else " May be absent."
            secret = " A secret." if each.get("secret") else ""
            yield f"| `{key}` | {_type(each)} | {each['description']}{secret}{absent} |"
        yield ""


def _is_output(name: str, key: str, described: Mapping[str, Any]) -> bool:
    given = described["inputProperties"].get(key)
    return name == _COMPONENT or given is None or given["description"] != described["properties"][key]["description"]


def _table(
    name: str,
    properties: Mapping[str, Any],
    required: Any,
    resources: Mapping[str, Any],
    *,
    changes: bool,
) -> Iterator[str]:
    yield f"| input | type | default | meaning |{' a change is |' if changes else ''}"
    yield f"| --- | --- | --- | --- |{' --- |' if changes else ''}"
    for key in sorted(properties, key=lambda each: each not in required):  # required ones first, else as in the schema
        each = properties[key]
        secret = (
            " Give it as a secret." if each.get("secret") or (name, key) == ("KeySettings", "privateKeyPem") else ""
        )
        standard = "required" if key in required else _default(name, key)
        change = f" {_change(name, key, resources)} |" if changes else ""
        yield f"| `{key}` | {_type(each)} | {standard} | {each['description']}{_values(name, key)}{secret} |{change}"
    yield ""


def _type(described: Mapping[str, Any]) -> str:
    if "$ref" in described:
        title = described["$ref"].rsplit(":", 1)[-1]
        return f"[{title}](#{title.lower()})"
    match described["type"]:
        case "array":
            return f"list of {_type(described['items'])}"
        case "object":
            return "map"
        case other:
            return str(other)


def _default(name: str, key: str) -> str:
    if special := _SPECIAL_DEFAULTS.get((name, key)):
        return special
    made_of = _MADE_OF.get(name, name)
    if made_of in set(Resource):
        rows = {row.name: row for row in inputs_of(Resource(made_of))}
        if key in rows:
            return _default_of_kinds(name, key, default(rows[key], Resource(made_of)))
    if model := _MODELS.get(made_of):
        fields = {field.alias or each: field for each, field in model.model_fields.items()}
        found = fields[key].default if key in fields else PydanticUndefined
        if found not in (PydanticUndefined, None, ()):
            return f"`{json.dumps(found) if not isinstance(found, str) else found}`"
    return "none"


def _default_of_kinds(name: str, key: str, standard: str) -> str:
    """The default of an External Client App, and that of a Connected App where a component's app may be either and they differ."""
    connected = {row.name: row for row in inputs_of(Resource.CONNECTED_APP)}
    if (
        name != "AppSettings"
        or key not in connected
        or standard == (other := default(connected[key], Resource.CONNECTED_APP))
    ):
        return standard
    return f"{standard}, for a Connected App {other}"


def _values(name: str, key: str) -> str:
    """The values that an input may have, where they are a few."""
    made_of = _MADE_OF.get(name, name)
    values: tuple[object, ...] = ()
    if made_of in set(Resource):
        values = next((row.values for row in inputs_of(Resource(made_of)) if row.name == key), ())
    elif model := _MODELS.get(made_of):
        annotations = {field.alias or each: field.annotation for each, field in model.model_fields.items()}
        parts = (annotations.get(key), *get_args(annotations.get(key)))
        values = next((get_args(part) for part in parts if get_origin(part) is Literal), ())
    return f" One of {', '.join(f'`{value}`' for value in values)}." if 0 < len(values) <= _A_FEW else ""


def _change(name: str, key: str, resources: Mapping[str, Any]) -> str:
    made_of = _MADE_OF.get(name, name)
    if (name, key) == ("AppSettings", "kind"):
        return "[another app](../../guides/moving-a-stack.md#another-kind-of-app)"
    if (name, key) == ("AppSettings", "protect"):
        return "an update in state alone"
    if (name, key) == ("KeySettings", "consumerKey"):
        return "a replacement of the app"
    if (name, key) == ("KeyPair", SETTINGS_AT):
        return "none"
    if made_of == "KeyPair" and key in REKEY | RENEW:
        return "an update: a new key" if key in REKEY else "an update: a new certificate"
    found = resources[made_of]["inputProperties"].get(key) or resources["ConnectedApp"]["inputProperties"].get(key)
    return "a replacement" if found and found.get("replaceOnChanges") else "an update"

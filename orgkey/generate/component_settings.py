"""`orgkey/components/settings.py`: what a component takes of the resources' inputs, from the provider's schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orgkey.generate.python_code import ROOT, annotation, docstring, formatted
from orgkey.model.input_model import python_name
from orgkey.provider.registry import PACKAGE
from orgkey.provider.schema import resource_names, schema
from orgkey.provider.setting_places import SETTINGS_AT

TARGET = ROOT / "orgkey" / "components" / "settings.py"
_HEAD = '''"""What a component takes of the resources' inputs, typed. Written by `make generate` from the schema: do not edit.

Annotations are real objects here, not text: Pulumi's component host makes the component's schema from them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import Input
'''
_OF_THE_COMPONENT = {"certificatePem", "consumerKey", "generations", "managedBy"}
"""Inputs of apps and sets that the component makes itself."""


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
        "blocked": _plain(
            "boolean",
            "Whether the app gives out no tokens any more; the sessions that it gave are ended, and the refusal is proved.",
        ),
        **{
            name: described | {"description": f"{described['description']}{_alone_in(name, external, connected)}"}
            for name, described in {**external, **connected}.items()
            if name not in {"name", "contactEmail", *_OF_THE_COMPONENT}
        },
    }
    own_set = {name: each for name, each in resources["PermissionSet"].items() if name not in _OF_THE_COMPONENT}
    own_key = {name: each for name, each in resources["KeyPair"].items() if name not in {"blocked", SETTINGS_AT}}
    assignments, grant = resources["PermissionSetAssignments"], resources["JwtGrant"]
    classes = [
        _settings_class("AppSettings", "The app.", app, required=("name", "contactEmail")),
        _settings_class(
            "PermissionSetSettings", "The permission set; its name is made from the app's where none is given.", own_set
        ),
        _settings_class("KeySettings", "Key pair, certificate and consumer key.", own_key),
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
    return formatted(_HEAD + "".join(classes), TARGET)


def _plain(kind: str, description: str) -> dict[str, Any]:
    return {"type": kind, "description": description, "plain": True}


def _alone_in(name: str, external: Mapping[str, Any], connected: Mapping[str, Any]) -> str:
    if name in external and name in connected:
        return ""
    return f" ({'External Client Apps' if name in external else 'Connected Apps'} only.)"


def _settings_class(name: str, doc: str, properties: Mapping[str, Any], required: Sequence[str] = ()) -> str:
    lines = ["", "", "@dataclass(frozen=True, kw_only=True)", f"class {name}:", f'    """{doc}"""', ""]
    for key, described in properties.items():
        item = annotation(described, item="Input[{}]")
        annotated = item if described.get("plain") else f"Input[{item}]"
        lines.append(f"    {python_name(key)}: {annotated}" + ("" if key in required else " | None = None"))
        lines += docstring(described["description"])
    return "\n".join(lines) + "\n"

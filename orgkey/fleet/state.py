"""A stack's state as `pulumi stack export` prints it: its resources, and values without the marks of secrets in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from orgkey.fleet.engine import Engine
from orgkey.fleet.project import Project, Stack
from orgkey.model.setting_place import CURRENT, FIRST, RETIRING, SettingPlace, Written

_SIGNATURE, _SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
"""How a deployment marks a secret (Pulumi SDK, resource.SigKey and resource.SecretSig)."""


def resources_of(project: Project, stack: Stack, engine: Engine, *, secrets: bool) -> list[dict[str, Any]]:
    """The resources in a stack's state, without those that only wait for their deletion; with `secrets` decrypted by the engine.

    Raises EngineError where the state cannot be read, a missing passphrase for one.
    """
    command = ["stack", "export", "--stack", stack.name, *(["--show-secrets"] if secrets else [])]
    exported = json.loads(engine.answer(command, folder=project.folder))
    return [row for row in (exported.get("deployment") or {}).get("resources") or () if not row.get("delete")]


def opened(value: Any) -> Any:
    """A value without the marks of secrets in it."""
    if isinstance(value, Mapping):
        if value.get(_SIGNATURE) == _SECRET:
            return json.loads(value["plaintext"]) if isinstance(value.get("plaintext"), str) else None
        return {name: opened(item) for name, item in value.items()}
    return [opened(item) for item in value] if isinstance(value, list) else value


def kind_of(row: Mapping[str, Any]) -> str:
    """The kind of one of our resources, `JwtGrant`; empty for any other."""
    kind = str(row.get("type", ""))
    return kind.rpartition(":")[2] if kind.startswith("salesforce:") else ""


def name_of(row: Mapping[str, Any]) -> str:
    """The name of a resource: the last part of its URN."""
    return str(row["urn"]).rpartition("::")[2]


def provider_of(row: Mapping[str, Any]) -> str:
    """The URN of a resource's provider: what stands before its id."""
    return str(row.get("provider") or "").rpartition("::")[0]


def generation_of(consumer_key: str, component: Mapping[str, Any]) -> tuple[int, bool]:
    """Number of the generation with a consumer key, and whether it is a retiring one, by the outputs of its component."""
    for each in component.get("retiring") or ():
        if isinstance(each, Mapping) and each.get("consumerKey") == consumer_key:
            return _number(each.get("generation")), True
    return _number(component.get("generation")), False


def place_of(consumer_key: str, component: Mapping[str, Any], written: Written) -> SettingPlace:
    """Where the settings of the generation with a consumer key are, by the outputs of its component; of no component it is the inputs."""
    if "consumerKey" not in component:
        return SettingPlace(Written.INPUTS)
    number, retiring = generation_of(consumer_key, component)
    if not retiring:
        return SettingPlace(written, FIRST if number == 1 else CURRENT, number)
    keys = [each.get("consumerKey") if isinstance(each, Mapping) else "" for each in component["retiring"]]
    return SettingPlace(written, f"{RETIRING}[{keys.index(consumer_key)}]", number)


def _number(value: Any) -> int:
    return int(value) if isinstance(value, int | float) else 1

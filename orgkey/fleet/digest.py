"""What `pulumi refresh --preview-only --json` prints at its end, as data: one step per resource of the stack.

Source: facts of the engine in docs/engine-notes.md 6. Secrets stand in it as `[secret]`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orgkey.provider.state_version import upgraded
from orgkey.provider.urn import Urn

PARTS: Mapping[str, str] = {
    "KeyPair": "key",
    "PermissionSet": "permissionSet",
    "PermissionSetAssignments": "assignments",
    "ConnectedApp": "app",
    "ExternalClientApp": "app",
    "JwtGrant": "grant",
}
"""What property paths begin with, by resource; the same words as in `orgkey:ignore`."""


class DigestError(Exception):
    """The engine printed something else."""


@dataclass(frozen=True, slots=True)
class Step:
    """One resource: what the state has, what the refresh found, and the property paths that differ.

    `gone` says that the org does not have it. Inputs and outputs are values by name. `parent` is a URN, `provider` the reference of the
    provider instance, `needs` the URNs of the resources whose outputs are among the inputs. `custom` is false of a component.
    """

    urn: str
    type: str
    gone: bool
    changed: tuple[str, ...]
    old_inputs: Mapping[str, Any]
    old_outputs: Mapping[str, Any]
    new_inputs: Mapping[str, Any]
    new_outputs: Mapping[str, Any]
    parent: str = ""
    provider: str = ""
    needs: tuple[str, ...] = ()
    custom: bool = True

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return Urn.parse(self.urn).name


@dataclass(frozen=True, slots=True)
class Digest:
    """A whole refresh. `errors` are the engine's error messages."""

    steps: tuple[Step, ...]
    errors: tuple[str, ...]


def parse_digest(text: str) -> Digest:
    """Read the engine's answer; raises DigestError when it is none."""
    try:
        raw = json.loads(text)
        steps = tuple(_step(item) for item in raw.get("steps") or ())
        errors = _errors(raw.get("diagnostics") or ())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DigestError(f"the engine's answer cannot be read ({type(error).__name__})") from error
    return Digest(steps, errors)


def _errors(diagnostics: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Each error once: the engine repeats a provider's error for every resource, and closes with one that says nothing."""
    messages = [
        str(item["message"]).strip().removeprefix("error: ").removeprefix("Preview failed: ").strip()
        for item in diagnostics
        if item.get("severity") == "error"
    ]
    return tuple(dict.fromkeys(text for text in messages if text != "preview failed")) or tuple(messages[:1])


def _step(raw: Mapping[str, Any]) -> Step:
    old, new = raw.get("oldState") or {}, raw.get("newState") or {}
    state = old or new
    resource = str(state.get("type", "")).rpartition(":")[2]
    return Step(
        urn=_urn(raw["urn"]),
        type=str(state.get("type", "")),
        gone=raw["op"] == "delete",
        changed=tuple(raw.get("detailedDiff") or ()),
        old_inputs=old.get("inputs") or {},
        old_outputs=upgraded(resource, old.get("outputs") or {}),
        new_inputs=new.get("inputs") or {},
        new_outputs=upgraded(resource, new.get("outputs") or {}),
        parent=_urn(state["parent"]) if state.get("parent") else "",
        provider=str(state.get("provider") or ""),
        custom=state.get("custom") is not False,
        needs=tuple(
            dict.fromkeys(urn for urns in (state.get("propertyDependencies") or {}).values() for urn in urns or ())
        ),
    )


def _urn(text: str) -> str:
    Urn.parse(text)
    return text


def path_of(urn: str) -> str:
    """What a resource is called in property paths: its part, or its own name where it is none of ours."""
    resource = Urn.parse(urn)
    return PARTS.get(resource.type_name, resource.name)

"""What the Pulumi program registers for a stack file, as data: the same resources, inputs and order as `components/access.py`.

The stack file is read by the project's own settings; only the registrations are written again here, because the component can be
run by a Pulumi language host alone. A test holds the two against each other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from components.settings import Settings, load

Outputs = Mapping[str, Any]
APPS = {"external": "ExternalClientApp", "connected": "ConnectedApp"}
PROJECT, STACK = "orgkey", "t"


@dataclass(frozen=True)
class Registration:
    """One resource of the program; `inputs` makes its inputs from the outputs of those it needs."""

    part: str
    kind: str
    needs: tuple[str, ...]
    inputs: Callable[[Mapping[str, Outputs]], dict[str, Any]]


@dataclass(frozen=True)
class Declaration:
    """A stack file as the engine sees it: the provider's settings, and the resources in the order of their needs."""

    provider: Mapping[str, str]
    registrations: tuple[Registration, ...]


def declare(config: Mapping[str, Any]) -> Declaration:
    """Read a stack file."""
    text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    settings = load(text, project=PROJECT, stack=STACK)
    provider = {key.removeprefix("salesforce:"): value for key, value in text.items() if key.startswith("salesforce:")}
    return Declaration(provider, _registrations(settings))


def _registrations(settings: Settings) -> tuple[Registration, ...]:
    key = settings.key.model_dump(mode="json", by_alias=True, exclude_unset=True)
    managed = {"managedBy": settings.managed_by}
    return (
        Registration("key", "KeyPair", (), lambda _: key),
        Registration("set", "PermissionSet", (), lambda _: {**settings.permission_set, **managed}),
        Registration("assignments", "PermissionSetAssignments", ("set",), lambda made: _assignments(settings, made)),
        Registration(
            "app", APPS[settings.kind], ("key", "assignments"), lambda made: {**_app(settings, made), **managed}
        ),
        Registration("grant", "JwtGrant", ("key", "assignments", "app"), lambda made: _grant(settings, made)),
    )


def _assignments(settings: Settings, made: Mapping[str, Outputs]) -> dict[str, Any]:
    return {
        "permissionSet": made["set"]["name"],
        "users": list(settings.users),
        "authoritative": settings.authoritative,
        "managedBy": settings.managed_by,
    }


def _app(settings: Settings, made: Mapping[str, Outputs]) -> dict[str, Any]:
    return {
        **settings.app,
        "permissionSets": [made["assignments"]["permissionSet"], *settings.app["permissionSets"][1:]],
        "certificatePem": made["key"]["certificatePem"],
        "consumerKey": made["key"]["consumerKey"],
    }


def _grant(settings: Settings, made: Mapping[str, Outputs]) -> dict[str, Any]:
    app = made["app"]
    inputs = {
        "consumerKey": app["consumerKey"],
        "username": settings.integration_user,
        "privateKeyPem": made["key"]["privateKeyPem"],
        "instanceUrl": settings.connection.instance_url,
        "appKind": settings.kind,
        "audience": settings.grant.audience,
        "revisions": [app["revision"], made["assignments"]["revision"]],
        "deployedAt": app.get("deployedAt"),
        "propagationMinutes": settings.grant.propagation_minutes,
        "revoke": settings.grant.revoke,
    }
    return {name: value for name, value in inputs.items() if value is not None}

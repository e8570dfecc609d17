"""What the Pulumi program registers for a stack file, as data: the same resources, inputs and order as `JwtBearerAccess`.

The stack file is read by the project's own settings; only the registrations are written again here, because the component can be
run by a Pulumi language host alone. A test holds the two against each other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orgkey.stack_file.settings import Settings, load

Outputs = Mapping[str, Any]
APPS = {"external": "ExternalClientApp", "connected": "ConnectedApp"}
PROJECT = "orgkey"


@dataclass(frozen=True)
class Registration:
    """One resource of the program; `inputs` makes its inputs from the outputs of those it needs.

    `property_needs` says of whose outputs an input is made; `import_id` is set where the program takes over what is there.
    """

    part: str
    kind: str
    needs: tuple[str, ...]
    inputs: Callable[[Mapping[str, Outputs]], dict[str, Any]]
    property_needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    import_id: str = ""
    delete_before_replace: bool | None = None


@dataclass(frozen=True)
class Declaration:
    """A stack file as the engine sees it: the provider's settings, and the resources in the order of their needs."""

    provider: Mapping[str, str]
    registrations: tuple[Registration, ...]


def declare(config: Mapping[str, Any], *, stack: str = "t") -> Declaration:
    """Read a stack's file."""
    text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    settings = load(text, project=PROJECT, stack=stack)
    provider = {key.removeprefix("salesforce:"): value for key, value in text.items() if key.startswith("salesforce:")}
    return Declaration(provider, _registrations(settings))


def stack_outputs(made: Mapping[str, Outputs]) -> dict[str, Any]:
    """What the program exports of its resources' outputs, as far as a client needs it to log in."""
    key, app, grant = made["key"], made["app"], made["grant"]
    is_trusted = app["certificatePem"] == key["certificatePem"]
    return {
        "consumerKey": app["consumerKey"],
        "username": grant["username"],
        "instanceUrl": grant["instanceUrl"],
        "audience": grant.get("audience"),
        "privateKeyPem": (key if is_trusted else grant)["privateKeyPem"],
    }


def _registrations(settings: Settings) -> tuple[Registration, ...]:
    key = settings.key.model_dump(mode="json", by_alias=True, exclude_unset=True)
    managed = {"managedBy": settings.managed_by}
    name, imports = settings.permission_set["name"], settings.imports
    return (
        Registration("key", "KeyPair", (), lambda _: key),
        Registration(
            "set",
            "PermissionSet",
            ("key",),
            lambda _: {**settings.permission_set, **managed},
            import_id=name if imports.permission_set else "",
        ),
        Registration(
            "assignments",
            "PermissionSetAssignments",
            ("set",),
            lambda made: _assignments(settings, made),
            {"permissionSet": ("set",)},
            import_id=name if imports.assignments else "",
        ),
        Registration(
            "app",
            APPS[settings.kind],
            ("key", "assignments"),
            lambda made: {**_app(settings, made), **managed},
            {"permissionSets": ("assignments",), "certificatePem": ("key",), "consumerKey": ("key",)},
            import_id=settings.app["name"] if imports.app else "",
        ),
        Registration(
            "grant",
            "JwtGrant",
            ("key", "assignments", "app"),
            lambda made: _grant(settings, made),
            {
                "consumerKey": ("app",),
                "privateKeyPem": ("key",),
                "revisions": ("app", "assignments"),
                "deployedAt": ("app",),
            },
        ),
    )


def _assignments(settings: Settings, made: Mapping[str, Outputs]) -> dict[str, Any]:
    inputs = {
        "permissionSet": made["set"]["name"],
        "users": list(settings.users),
        "authoritative": settings.authoritative,
        "groups": list(settings.groups),
        "expiration": settings.expiration,
        "managedBy": settings.managed_by,
    }
    return {name: value for name, value in inputs.items() if value is not None}


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
        "revisions": [app.get("revision"), made["assignments"].get("revision")],
        "deployedAt": app.get("deployedAt"),
        "propagationMinutes": settings.grant.propagation_minutes,
        "revoke": settings.grant.revoke,
    }
    return {name: value for name, value in inputs.items() if value is not None}

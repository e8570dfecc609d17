"""What the Pulumi program registers for a stack file, as data: the same resources, inputs and order as `JwtBearerAccess`.

The stack file is read by the project's own settings; only the registrations are written again here, because the component can be
run by a Pulumi language host alone. A test holds the two against each other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from pydantic.alias_generators import to_camel

from orgkey.model.generations import RetiringGeneration, app_label, app_name, part_name
from orgkey.model.key_pair import KeyPairArgs
from orgkey.stack_file.settings import Settings, load

Outputs = Mapping[str, Any]
APPS = {"external": "ExternalClientApp", "connected": "ConnectedApp"}
PROJECT = "orgkey"
_OF_ITS_OWN = {"privateKeyPem", "certificatePem", "consumerKey", "generation"}
"""What of a key is one generation's own."""


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
    ignored: tuple[str, ...] = ()
    """Inputs whose changes are ignored."""


@dataclass(frozen=True)
class Declaration:
    """A stack file as the engine sees it: the provider's settings, and the resources in the order of their needs.

    `current` is the number of the generation that is handed out.
    """

    provider: Mapping[str, str]
    registrations: tuple[Registration, ...]
    current: int


def declare(config: Mapping[str, Any], *, stack: str = "t") -> Declaration:
    """Read a stack's file."""
    text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    settings = load(text, project=PROJECT, stack=stack)
    provider = {key.removeprefix("salesforce:"): value for key, value in text.items() if key.startswith("salesforce:")}
    return Declaration(provider, _registrations(settings), settings.generation.number)


def stack_outputs(made: Mapping[str, Outputs], number: int = 1) -> dict[str, Any]:
    """What the program exports of a generation's outputs, as far as a client needs it to log in."""
    key, app, grant = (made[part_name(part, number)] for part in ("key", "app", "grant"))
    is_trusted = app["certificatePem"] == key["certificatePem"]
    return {
        "consumerKey": app["consumerKey"],
        "username": grant["username"],
        "instanceUrl": grant["instanceUrl"],
        "audience": grant.get("audience"),
        "privateKeyPem": (key if is_trusted else grant)["privateKeyPem"],
    }


def has_lost_its_key(made: Mapping[str, Outputs], number: int) -> bool:
    """Whether the program fails at its outputs: neither the key pair nor the proof has the private key that the app trusts."""
    parts = [part_name(part, number) for part in ("key", "app", "grant")]
    if not set(parts) <= set(made):
        return False
    key, app, grant = (made[part] for part in parts)
    if app["certificatePem"] == key["certificatePem"] or not app["certificatePem"]:
        return False
    trusted = x509.load_pem_x509_certificate(str(app["certificatePem"]).encode()).public_key()
    proved = serialization.load_pem_private_key(str(grant["privateKeyPem"]).encode(), None).public_key()
    return trusted != proved


def _registrations(settings: Settings) -> tuple[Registration, ...]:
    managed = {"managedBy": settings.managed_by}
    name, imports = settings.permission_set["name"], settings.imports
    current, *retiring = _generations(settings)
    counted = {"generations": 1 + len(retiring)} if retiring else {}
    return (
        *(_key_pair(settings, each) for each in retiring),
        _key_pair(settings, current, after=tuple(part_name("key", each.number) for each in retiring)),
        Registration(
            "set",
            "PermissionSet",
            (part_name("key", current.number),),
            lambda _: {**settings.permission_set, **counted, **managed},
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
        *(part for each in retiring for part in _generation(settings, each, managed)),
        *_generation(settings, current, managed),
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


@dataclass(frozen=True)
class _Generation:
    """One generation: its number, its app's kind and name, and whether it gives out tokens."""

    number: int
    kind: str
    name: str
    blocked: bool
    imported: bool
    retiring: RetiringGeneration | None = None


def _generations(settings: Settings) -> list[_Generation]:
    """The current generation, then the retiring ones."""
    first, current = settings.app["name"], settings.generation
    return [
        _Generation(
            current.number,
            settings.kind,
            current.name or app_name(first, current.number),
            settings.blocked,
            settings.imports.app,
        ),
        *(
            _Generation(
                each.number,
                each.kind or settings.kind,
                each.name or app_name(first, each.number),
                each.blocked,
                each.imported,
                each,
            )
            for each in settings.retiring
        ),
    ]


def _key_pair(settings: Settings, each: _Generation, after: tuple[str, ...] = ()) -> Registration:
    """That of a retiring generation stays as it was made; the current one is compared with them before anything comes of it."""
    part, inputs = part_name("key", each.number), _dumped(settings.key)
    blocked = {"blocked": True} if each.blocked else {}
    if each.retiring is None:
        return Registration(part, "KeyPair", after, lambda _: inputs | blocked)
    own = {name: value for name, value in inputs.items() if name not in _OF_ITS_OWN} | _dumped(each.retiring.key)
    own |= blocked
    return Registration(part, "KeyPair", (), lambda _: own, ignored=tuple(map(to_camel, KeyPairArgs.model_fields)))


def _dumped(key: KeyPairArgs | None) -> dict[str, Any]:
    return {} if key is None else key.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _generation(settings: Settings, each: _Generation, managed: Mapping[str, Any]) -> tuple[Registration, Registration]:
    """App and proof of a generation."""
    its_key, its_app = part_name("key", each.number), part_name("app", each.number)
    return (
        Registration(
            its_app,
            APPS[each.kind],
            (its_key, "assignments"),
            lambda made: {**_app(settings, each, made), **managed},
            {"permissionSets": ("assignments",), "certificatePem": (its_key,), "consumerKey": (its_key,)},
            import_id=each.name if each.imported else "",
        ),
        Registration(
            part_name("grant", each.number),
            "JwtGrant",
            (its_key, "assignments", its_app),
            lambda made: _grant(settings, each, made),
            {
                "consumerKey": (its_app,),
                "privateKeyPem": (its_key,),
                "revisions": (its_app, "assignments"),
                "deployedAt": (its_app,),
            },
        ),
    )


def _app(settings: Settings, each: _Generation, made: Mapping[str, Outputs]) -> dict[str, Any]:
    key = made[part_name("key", each.number)]
    admitted = [made["assignments"]["permissionSet"], *settings.app["permissionSets"][1:]]
    app = {
        **settings.app,
        "name": each.name,
        "label": app_label(settings.app["label"], each.number),
        "permissionSets": admitted,
        "certificatePem": key["certificatePem"],
        "consumerKey": key["consumerKey"],
    }
    if each.blocked:
        app |= {"isEnabled": False} if each.kind == "external" else {"permissionSets": [], "profiles": []}
    return app


def _grant(settings: Settings, each: _Generation, made: Mapping[str, Outputs]) -> dict[str, Any]:
    app = made[part_name("app", each.number)]
    numbers = [settings.generation.number, *(other.number for other in settings.retiring)]
    inputs = {
        "consumerKey": app["consumerKey"],
        "username": settings.integration_user,
        "privateKeyPem": made[part_name("key", each.number)]["privateKeyPem"],
        "instanceUrl": settings.connection.instance_url,
        "appKind": each.kind,
        "audience": settings.grant.audience,
        "revisions": [app.get("revision"), made["assignments"].get("revision")],
        "deployedAt": app.get("deployedAt"),
        "propagationMinutes": settings.grant.propagation_minutes,
        "revoke": settings.grant.revoke,
        "blocked": each.blocked or None,
        "appLabel": app["label"] if each.blocked else None,
        "generations": None if numbers == [1] else numbers,
        "unusedAfterDays": settings.generation.unused_after_days,
    }
    return {name: value for name, value in inputs.items() if value is not None}

"""A stack's settings as the arguments of its component; what is a secret in the stack file goes in as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pydantic.alias_generators import to_camel

from orgkey.components.arguments import (
    GenerationSettings,
    ImportSettings,
    JwtBearerAccessArgs,
    RetiringSettings,
    TimeoutSettings,
)
from orgkey.components.settings import (
    AppSettings,
    AssignmentSettings,
    GrantSettings,
    KeySettings,
    PermissionSetSettings,
)
from orgkey.model.generations import RetiringGeneration
from orgkey.model.input_model import python_name
from orgkey.model.setting_place import NAMESPACE
from orgkey.stack_file.settings import Settings


class StackFileArguments(JwtBearerAccessArgs):
    """Arguments that a stack file gives: messages name its settings."""

    namespace = NAMESPACE


def arguments_of(settings: Settings) -> StackFileArguments:
    """The arguments of the JwtBearerAccess that a stack file describes."""
    user_path = "orgkey:users" if settings.secrets.touch("orgkey:users") else "orgkey:integrationUser"
    app = {**settings.app, "permissionSets": settings.app["permissionSets"][1:]}  # the component names its own first
    assignments = {
        "authoritative": settings.authoritative,
        "groups": list(settings.groups),
        "expiration": settings.expiration,
    }
    key = settings.key.model_dump(exclude_unset=True)
    return StackFileArguments(
        app=AppSettings(
            **_sealed(settings, "orgkey:app", app),
            kind=settings.kind,
            protect=settings.protect,
            blocked=settings.blocked,
        ),
        users=_seal(settings, "orgkey:users", list(settings.users)),
        integration_user=_seal(settings, user_path, settings.integration_user),
        permission_set=PermissionSetSettings(**_sealed(settings, "orgkey:permissionSet", settings.permission_set)),
        key=KeySettings(**_sealed(settings, "orgkey:key", key)),
        assignments=AssignmentSettings(**_sealed(settings, "orgkey:assignments", assignments)),
        grant=GrantSettings(**_sealed(settings, "orgkey:grant", settings.grant.model_dump())),
        timeouts=TimeoutSettings(**settings.timeouts.model_dump()),
        owner=_seal(settings, "orgkey:owner", settings.owner),
        imports=ImportSettings(**settings.imports.model_dump()),
        generation=GenerationSettings(**settings.generation.model_dump()),
        retiring=[
            _retiring(settings, f"orgkey:retiring[{index}]", each) for index, each in enumerate(settings.retiring)
        ],
        ignore=settings.ignore,
    )


def _retiring(settings: Settings, path: str, each: RetiringGeneration) -> RetiringSettings:
    key = each.key and KeySettings(**_sealed(settings, f"{path}.key", each.key.model_dump(exclude_unset=True)))
    return RetiringSettings(**{**each.model_dump(exclude={"key"}), "key": key})


def _seal(settings: Settings, path: str, value: Any) -> Any:
    """The value, as a Pulumi secret where the stack has it as one."""
    return pulumi.Output.secret(value) if value is not None and settings.secrets.touch(path) else value


def _sealed(settings: Settings, path: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings below a path as arguments, those that are secret as secrets."""
    return {python_name(name): _seal(settings, f"{path}.{to_camel(name)}", value) for name, value in values.items()}

"""JwtBearerAccess: everything one org needs for a login without a human, in the order that locks nobody out.

Key pair, permission set, assignments, app, proof. Order comes from outputs handed on, not from `depends_on`: the app waits for the
assignments because it takes the set's name from them, and the proof takes in every revision, so that each change is followed by one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pulumi
from pydantic.alias_generators import to_camel

from orgkey.model.grant import longest_propagation
from orgkey.model.timeouts import Timeouts
from orgkey.resources import (
    ConnectedApp,
    ConnectedAppArgs,
    ExternalClientApp,
    ExternalClientAppArgs,
    JwtGrant,
    JwtGrantArgs,
    KeyPair,
    KeyPairArgs,
    PermissionSet,
    PermissionSetArgs,
    PermissionSetAssignments,
    PermissionSetAssignmentsArgs,
)
from orgkey.stack_file.settings import Settings

_PROOF = 120  # seconds for the proof itself, beside the time that a change may take to be effective
_APPS = {"external": (ExternalClientApp, ExternalClientAppArgs), "connected": (ConnectedApp, ConnectedAppArgs)}


class JwtBearerAccess(pulumi.ComponentResource):
    """The access of one stack. Its outputs are the stack's outputs."""

    consumer_key: pulumi.Output[str]
    username: pulumi.Output[str]
    instance_url: pulumi.Output[str]
    audience: pulumi.Output[str]
    certificate_pem: pulumi.Output[str]
    certificate_fingerprint: pulumi.Output[str]
    not_after: pulumi.Output[str]
    verified: pulumi.Output[bool]
    private_key_pem: pulumi.Output[str]

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("orgkey:index:JwtBearerAccess", name, None, opts)
        for note in settings.notes:
            pulumi.log.warn(note, self)
        managed_by = _seal(settings, "orgkey:owner", settings.managed_by)
        given = settings.key.model_dump(exclude_unset=True)
        user_path = "orgkey:users" if settings.secrets.touch("orgkey:users") else "orgkey:integrationUser"
        key = KeyPair(
            f"{name}-key",
            KeyPairArgs(**_sealed(settings, "orgkey:key", given)),
            self._options("key", settings),
        )
        permission_set = PermissionSet(
            f"{name}-set",
            PermissionSetArgs(
                **_sealed(settings, "orgkey:permissionSet", settings.permission_set), managed_by=managed_by
            ),
            self._options(
                "permissionSet",
                settings,
                adopt=settings.imports.permission_set,
                id_=settings.permission_set["name"],
                after=key,  # no output to hand on: the org is not touched before the key pair is checked and in state
            ),
        )
        assignments = PermissionSetAssignments(
            f"{name}-assignments",
            PermissionSetAssignmentsArgs(
                permission_set=permission_set.name,
                users=_seal(settings, "orgkey:users", list(settings.users)),
                **_sealed(
                    settings,
                    "orgkey:assignments",
                    {
                        "authoritative": settings.authoritative,
                        "groups": list(settings.groups),
                        "expiration": settings.expiration,
                    },
                ),
                managed_by=managed_by,
            ),
            self._options(
                "assignments", settings, adopt=settings.imports.assignments, id_=settings.permission_set["name"]
            ),
        )
        app_class, args_class = _APPS[settings.kind]
        sets: list[Any] = [assignments.permission_set, *settings.app["permissionSets"][1:]]
        app = app_class(
            f"{name}-app",
            args_class(
                **_sealed(settings, "orgkey:app", {**settings.app, "permissionSets": sets}),
                certificate_pem=key.certificate_pem,
                consumer_key=key.consumer_key,
                managed_by=managed_by,
            ),
            self._options(
                "app", settings, adopt=settings.imports.app, id_=settings.app["name"], protect=settings.protect
            ),
        )
        grant = JwtGrant(
            f"{name}-grant",
            JwtGrantArgs(
                consumer_key=app.consumer_key,
                username=_seal(settings, user_path, settings.integration_user),
                private_key_pem=key.private_key_pem,
                instance_url=_seal(settings, "salesforce:instanceUrl", settings.connection.instance_url),
                app_kind=settings.kind,
                revisions=[app.revision, assignments.revision],
                deployed_at=app.deployed_at,
                **_sealed(settings, "orgkey:grant", settings.grant.model_dump()),
            ),
            self._options(
                "grant",
                settings,
                timeouts=settings.timeouts.at_least(
                    longest_propagation(settings.kind, settings.grant.propagation_minutes) * 60 + _PROOF
                ),
            ),
        )
        self.consumer_key, self.username, self.instance_url = app.consumer_key, grant.username, grant.instance_url
        self.audience, self.verified = grant.audience, grant.verified
        self.certificate_pem, self.certificate_fingerprint = app.certificate_pem, key.certificate_fingerprint
        self.not_after, self.private_key_pem = key.not_after, _key_of(app, key, grant)
        self.register_outputs(self.outputs())

    def outputs(self) -> dict[str, pulumi.Output[Any]]:
        """The stack outputs by their names."""
        return {
            "consumerKey": self.consumer_key,
            "username": self.username,
            "instanceUrl": self.instance_url,
            "audience": self.audience,
            "certificatePem": self.certificate_pem,
            "certificateFingerprint": self.certificate_fingerprint,
            "notAfter": self.not_after,
            "verified": self.verified,
            "privateKeyPem": self.private_key_pem,
        }

    def _options(
        self,
        part: str,
        settings: Settings,
        *,
        adopt: bool = False,
        id_: str = "",
        protect: bool | None = None,
        after: pulumi.Resource | None = None,
        timeouts: Timeouts | None = None,
    ) -> pulumi.ResourceOptions:
        ignored = [path.removeprefix(f"{part}.") for path in settings.ignore if path.startswith(f"{part}.")]
        return pulumi.ResourceOptions(
            parent=self,
            protect=protect,
            depends_on=after,
            ignore_changes=ignored or None,
            import_=id_ if adopt else None,
            custom_timeouts=pulumi.CustomTimeouts(**(timeouts or settings.timeouts).model_dump()),
        )


def _key_of(app: ConnectedApp | ExternalClientApp, key: KeyPair, grant: JwtGrant) -> pulumi.Output[str]:
    """The private key for the app as it is: under `--target` a new key pair may be there, and the app still trust the one before."""
    return pulumi.Output.all(
        trusted=app.certificate_pem, newest=key.certificate_pem, key=key.private_key_pem, proved=grant.private_key_pem
    ).apply(lambda of: of["key"] if of["trusted"] == of["newest"] else of["proved"])


def _seal(settings: Settings, path: str, value: Any) -> Any:
    """The value, as a Pulumi secret where the stack has it as one."""
    return pulumi.Output.secret(value) if value is not None and settings.secrets.touch(path) else value


def _sealed(settings: Settings, path: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings below a path as arguments, those that are secret as secrets."""
    return {_snake(name): _seal(settings, f"{path}.{to_camel(name)}", value) for name, value in values.items()}


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()

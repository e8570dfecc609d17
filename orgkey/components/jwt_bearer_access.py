"""JwtBearerAccess: everything one org needs for a login without a human, in the order that locks nobody out.

Key pair, permission set, assignments, app, proof. Order comes from outputs handed on, not from `depends_on`: the app waits for the
assignments because it takes the set's name from them, and the proof takes in every revision, so that each change is followed by one.

Annotations are real objects here, not text: Pulumi's component host makes the component's schema from them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi
from pulumi import Output

from orgkey.components.arguments import JwtBearerAccessArgs
from orgkey.components.check import ArgumentsError, given, problems_of
from orgkey.model.grant import longest_propagation
from orgkey.model.names import label_of, permission_set_of, subject_of
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

_PROOF = 120.0  # seconds for the proof itself, beside the time that a change may take to be effective
_LONGEST_PROPAGATION = 60.0  # minutes, where the setting is not known before the run
_APPS = {"external": (ExternalClientApp, ExternalClientAppArgs), "connected": (ConnectedApp, ConnectedAppArgs)}


class JwtBearerAccess(pulumi.ComponentResource):
    """A login without a human: an app that trusts a key, the permission set it admits, who holds it, and the proof that it works."""

    consumer_key: Output[str]
    """OAuth client id of the app: `iss` of an assertion."""
    username: Output[str]
    """The integration user: `sub` of an assertion."""
    instance_url: Output[str]
    """My Domain of the org: where the token is asked for."""
    audience: Output[str]
    """`aud` of an assertion: the one that worked."""
    certificate_pem: Output[str]
    """The certificate that the app trusts."""
    certificate_fingerprint: Output[str]
    """SHA-256 of the certificate, hex."""
    not_after: Output[str]
    """End of the certificate's life, ISO 8601."""
    renew_at: Output[str]
    """From when on an `up` renews the certificate, ISO 8601."""
    generation: Output[int]
    """Generation of the key."""
    org_id: Output[str]
    """Id of the org."""
    org_kind: Output[str | None]
    """Kind of the org: production, sandbox, scratch or developer."""
    app_name: Output[str]
    """Developer name of the app."""
    permission_set: Output[str]
    """API name of the permission set."""
    verified: Output[bool]
    """Whether the login works."""
    private_key_pem: Output[str]
    """The private key (a secret)."""

    def __init__(self, name: str, args: JwtBearerAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        arguments = given(args)
        if problems := list(problems_of(arguments)):
            raise ArgumentsError(name, problems)
        super().__init__("orgkey:index:JwtBearerAccess", name, None, opts)
        self._ignored = tuple(arguments.get("ignore", ()))
        self._timeouts = Timeouts.model_validate(given(arguments.get("timeouts")))
        imports = given(arguments.get("imports"))
        users, app = arguments["users"], given(arguments["app"])
        kind, protect = app.pop("kind", "external"), app.pop("protect", None)
        app_name, managed_by = app["name"], _managed_by(arguments.get("owner"))
        key = KeyPair(
            f"{name}-key",
            KeyPairArgs(**{"subject": _made(subject_of, app_name), **given(arguments.get("key"))}),
            self._options("key"),
        )
        own_set = given(arguments.get("permission_set"))
        own_set.setdefault("name", _made(permission_set_of, app_name))
        own_set.setdefault("label", _made(label_of, own_set["name"]))
        permission_set = PermissionSet(
            f"{name}-set",
            PermissionSetArgs(**own_set, managed_by=managed_by),
            self._options(
                "permissionSet",
                adopt=own_set["name"] if imports.get("permission_set") else None,
                after=key,  # no output to hand on: the org is not touched before the key pair is checked and in state
            ),
        )
        assignments = PermissionSetAssignments(
            f"{name}-assignments",
            PermissionSetAssignmentsArgs(
                permission_set=permission_set.name,
                users=users,
                **given(arguments.get("assignments")),
                managed_by=managed_by,
            ),
            self._options("assignments", adopt=own_set["name"] if imports.get("assignments") else None),
        )
        app_class, args_class = _APPS[kind]
        app.setdefault("label", _made(label_of, app_name))
        self._app = app_class(
            f"{name}-app",
            args_class(
                **{**app, "permission_sets": _together(assignments.permission_set, app.get("permission_sets"))},
                certificate_pem=key.certificate_pem,
                consumer_key=key.consumer_key,
                managed_by=managed_by,
            ),
            self._options(
                "app",
                adopt=app_name if imports.get("app") else None,
                protect=True if protect is None and kind == "connected" else protect,
            ),
        )
        proof = given(arguments.get("grant"))
        grant = JwtGrant(
            f"{name}-grant",
            JwtGrantArgs(
                consumer_key=self._app.consumer_key,
                username=arguments.get("integration_user") or Output.from_input(users).apply(_first),
                private_key_pem=key.private_key_pem,
                app_kind=kind,
                revisions=[self._app.revision, assignments.revision],
                deployed_at=self._app.deployed_at,
                **proof,
            ),
            self._options("grant", timeouts=self._timeouts.at_least(_propagation(kind, proof) * 60 + _PROOF)),
        )
        self.consumer_key, self.username, self.instance_url = self._app.consumer_key, grant.username, grant.instance_url
        self.audience, self.verified = grant.audience, grant.verified
        self.certificate_pem, self.certificate_fingerprint = self._app.certificate_pem, key.certificate_fingerprint
        self.not_after, self.renew_at, self.generation = key.not_after, key.renew_at, key.generation
        self.org_id, self.org_kind = grant.org_id, grant.org_kind
        self.app_name, self.permission_set = self._app.name, permission_set.name
        self.private_key_pem = _key_of(self._app, key, grant)
        self.register_outputs(self.outputs())

    def outputs(self) -> dict[str, Output[Any]]:
        """All outputs by their names, as a stack exports them."""
        return {
            "consumerKey": self.consumer_key,
            "username": self.username,
            "instanceUrl": self.instance_url,
            "audience": self.audience,
            "certificatePem": self.certificate_pem,
            "certificateFingerprint": self.certificate_fingerprint,
            "notAfter": self.not_after,
            "renewAt": self.renew_at,
            "generation": self.generation,
            "orgId": self.org_id,
            "orgKind": self.org_kind,
            "appName": self.app_name,
            "permissionSet": self.permission_set,
            "verified": self.verified,
            "privateKeyPem": self.private_key_pem,
        }

    def _options(
        self,
        part: str,
        *,
        adopt: str | None = None,
        protect: bool | None = None,
        after: pulumi.Resource | None = None,
        timeouts: Timeouts | None = None,
    ) -> pulumi.ResourceOptions:
        ignored = [path.removeprefix(f"{part}.") for path in self._ignored if path.startswith(f"{part}.")]
        return pulumi.ResourceOptions(
            parent=self,
            protect=protect,
            depends_on=after,
            ignore_changes=ignored or None,
            import_=adopt,
            custom_timeouts=pulumi.CustomTimeouts(**(timeouts or self._timeouts).model_dump()),
        )


def _made(make: Callable[[str], str], name: Any) -> Any:
    """Something made of a name, which may be an output."""
    return make(name) if isinstance(name, str) else Output.from_input(name).apply(make)


def _first(users: Sequence[str]) -> str:
    return users[0] if users else ""  # which the assignments refuse


def _managed_by(owner: Any) -> Any:
    stack = pulumi.get_stack()
    return _made(lambda name: f"{name}/{stack}", pulumi.get_project() if owner is None else owner)


def _together(own: Output[str], more: Any) -> Any:
    """The permission sets that the app admits, each once: our own first, and those that somebody names."""
    return (
        Output.all(own=own, more=more or []).apply(lambda of: list(dict.fromkeys([of["own"], *(of["more"] or ())])))
        if more
        else [own]
    )


def _propagation(kind: str, proof: Mapping[str, Any]) -> float:
    """Minutes that a change may take to be effective."""
    minutes = proof.get("propagation_minutes")
    known = minutes is None or isinstance(minutes, int | float)
    return longest_propagation(kind, minutes) if known else _LONGEST_PROPAGATION


def _key_of(app: ConnectedApp | ExternalClientApp, key: KeyPair, grant: JwtGrant) -> Output[str]:
    """The private key for the app as it is: under `--target` a new key pair may be there, and the app still trust the one before."""
    return Output.all(
        trusted=app.certificate_pem, newest=key.certificate_pem, key=key.private_key_pem, proved=grant.private_key_pem
    ).apply(lambda of: of["key"] if of["trusted"] == of["newest"] else of["proved"])

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
from orgkey.components.generations import AppGeneration, generations_of
from orgkey.metadata.identifiers import name_key
from orgkey.model.generations import part_name
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

_OF_A_KEY = (
    *("bits", "subject", "validityDays", "renewAfter", "renewJitter", "generation"),
    *("privateKeyPem", "certificatePem"),
)
"""Inputs of a KeyPair by the schema's names, but for the consumer key: the provider knows when a wrong one may still be put right."""
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
    """Number of the app's current generation."""
    retiring: Output[Sequence[Mapping[str, Any]]]
    """The generations that are still accepted: `generation`, `appName`, `consumerKey`, `verified` of each."""
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
        self._namespace = getattr(args, "namespace", "")
        self._timeouts = Timeouts.model_validate(given(arguments.get("timeouts")))
        imports = given(arguments.get("imports"))
        users = arguments["users"]
        self._user = arguments.get("integration_user") or Output.from_input(users).apply(_first)
        self._proof = given(arguments.get("grant"))
        self._managed_by = _managed_by(arguments.get("owner"))
        current, *retiring = generations_of(arguments)
        declared = [current.number, *(each.number for each in retiring)]
        self._generations = None if declared == [1] else declared
        self._unused_after_days = given(arguments.get("generation")).get("unused_after_days")
        keys = [self._key_pair(name, each) for each in retiring]
        key = self._key_pair(name, current, after=keys)  # which is compared with theirs before anything comes of it
        own_set = given(arguments.get("permission_set"))
        own_set.setdefault("name", _made(permission_set_of, given(arguments["app"])["name"]))
        own_set.setdefault("label", _made(label_of, own_set["name"]))
        if retiring:
            own_set["generations"] = 1 + len(retiring)
        permission_set = PermissionSet(
            f"{name}-set",
            PermissionSetArgs(**own_set, managed_by=self._managed_by),
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
                managed_by=self._managed_by,
            ),
            self._options("assignments", adopt=own_set["name"] if imports.get("assignments") else None),
        )
        app = self._app_of(name, current, key, assignments)
        grant = self._grant_of(name, current, key, app, assignments)
        others = []
        for each, its_key in zip(retiring, keys, strict=True):
            its_app = self._app_of(name, each, its_key, assignments)
            its_grant = self._grant_of(name, each, its_key, its_app, assignments)
            others.append(_described(each, its_app, its_grant))
        self.consumer_key, self.username, self.instance_url = app.consumer_key, grant.username, grant.instance_url
        self.audience, self.verified = grant.audience, grant.verified
        self.certificate_pem, self.certificate_fingerprint = app.certificate_pem, key.certificate_fingerprint
        self.not_after, self.renew_at = key.not_after, key.renew_at
        self.generation, self.retiring = Output.from_input(current.number), Output.all(*others)
        self.org_id, self.org_kind = grant.org_id, grant.org_kind
        self.app_name, self.permission_set = app.name, permission_set.name
        self.private_key_pem = _key_of(app, key, grant)
        self.register_outputs(self.outputs())

    def _key_pair(self, name: str, each: AppGeneration, after: Sequence[KeyPair] = ()) -> KeyPair:
        """The key pair of a generation; that of a retiring one stays as it was made, whatever is said of keys by now.

        Its consumer key too, by the provider, unless there is no app of it yet.
        """
        args = KeyPairArgs(
            **{"subject": _made(subject_of, each.name), **each.key},
            blocked=each.blocked or None,
            settings_at=f"{self._namespace}{each.path}",
        )
        options = self._options("key", after=after)
        if each.retiring:
            options.ignore_changes = list(_OF_A_KEY)
        return KeyPair(f"{name}-{part_name('key', each.number)}", args, options)

    def _app_of(
        self, name: str, each: AppGeneration, key: KeyPair, assignments: PermissionSetAssignments
    ) -> ConnectedApp | ExternalClientApp:
        app_class, args_class = _APPS[each.kind]
        made: ConnectedApp | ExternalClientApp = app_class(
            f"{name}-{part_name('app', each.number)}",
            args_class(
                **{**each.app, "permission_sets": _admitted(each, assignments)},
                certificate_pem=key.certificate_pem,
                consumer_key=key.consumer_key,
                managed_by=self._managed_by,
            ),
            self._options("app", adopt=each.name if each.imported else None, protect=each.protect),
        )
        return made

    def _grant_of(
        self,
        name: str,
        each: AppGeneration,
        key: KeyPair,
        app: ConnectedApp | ExternalClientApp,
        assignments: PermissionSetAssignments,
    ) -> JwtGrant:
        return JwtGrant(
            f"{name}-{part_name('grant', each.number)}",
            JwtGrantArgs(
                consumer_key=app.consumer_key,
                username=self._user,
                private_key_pem=key.private_key_pem,
                app_kind=each.kind,
                revisions=[app.revision, assignments.revision],
                deployed_at=app.deployed_at,
                blocked=each.blocked or None,
                app_label=each.app["label"] if each.blocked else None,
                generations=self._generations,
                unused_after_days=self._unused_after_days,
                **self._proof,
            ),
            self._options(
                "grant", timeouts=self._timeouts.at_least(_propagation(each.kind, self._proof) * 60 + _PROOF)
            ),
        )

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
            "retiring": self.retiring,
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
        after: pulumi.Resource | Sequence[pulumi.Resource] = (),
        timeouts: Timeouts | None = None,
    ) -> pulumi.ResourceOptions:
        ignored = [path.removeprefix(f"{part}.") for path in self._ignored if path.startswith(f"{part}.")]
        return pulumi.ResourceOptions(
            parent=self,
            protect=protect,
            depends_on=after or None,
            ignore_changes=ignored or None,
            import_=adopt,
            custom_timeouts=pulumi.CustomTimeouts(**(timeouts or self._timeouts).model_dump()),
        )


def _described(each: AppGeneration, app: ConnectedApp | ExternalClientApp, grant: JwtGrant) -> Output[dict[str, Any]]:
    return Output.all(
        generation=each.number, appName=app.name, consumerKey=app.consumer_key, verified=grant.verified
    ).apply(dict)


def _made(make: Callable[[str], str], name: Any) -> Any:
    """Something made of a name, which may be an output."""
    return make(name) if isinstance(name, str) else Output.from_input(name).apply(make)


def _first(users: Sequence[str]) -> str:
    return users[0] if users else ""  # which the assignments refuse


def _managed_by(owner: Any) -> Any:
    """Owner and stack; of an owner that turns out to be no text it is that, for the resources to refuse."""
    project, stack = pulumi.get_project(), pulumi.get_stack()

    def manager(name: Any) -> Any:
        known = project if name is None else name
        return f"{known}/{stack}" if isinstance(known, str) else known

    return owner.apply(manager) if isinstance(owner, Output) else manager(owner)


def _admitted(each: AppGeneration, assignments: PermissionSetAssignments) -> Any:
    """The permission sets whose holders the app admits: none where it is blocked and has no other way to be."""
    if each.blocked and each.kind == "connected":
        return assignments.permission_set.apply(lambda _: list[str]())  # after the assignments, as always
    return _together(assignments.permission_set, each.app.get("permission_sets"))


def _together(own: Output[str], more: Any) -> Any:
    """The permission sets that the app admits, each once: our own first, and those that somebody names."""
    return (
        Output.all(own=own, more=more or []).apply(lambda of: _own_first(of["own"], of["more"] or ()))
        if more
        else [own]
    )


def _own_first(own: str, more: Sequence[str]) -> list[str]:
    """Our own set, and the others as they are given: a name in two spellings is for the provider to refuse."""
    return [own, *(name for name in dict.fromkeys(more) if name_key(name) != name_key(own))]


def _propagation(kind: str, proof: Mapping[str, Any]) -> float:
    """Minutes that a change may take to be effective."""
    minutes = proof.get("propagation_minutes")
    known = minutes is None or (isinstance(minutes, int | float) and 0 <= minutes <= _LONGEST_PROPAGATION)
    return longest_propagation(kind, minutes) if known else _LONGEST_PROPAGATION


def _key_of(app: ConnectedApp | ExternalClientApp, key: KeyPair, grant: JwtGrant) -> Output[str]:
    """The private key for the app as it is: under `--target` a new key pair may be there, and the app still trust the one before."""
    return Output.all(
        trusted=app.certificate_pem, newest=key.certificate_pem, key=key.private_key_pem, proved=grant.private_key_pem
    ).apply(_trusted_key)


def _trusted_key(of: Mapping[str, Any]) -> str:
    """The key pair's or the proof's, whichever the app trusts. Raises RunError where it is known to trust neither."""
    if of["trusted"] == of["newest"]:
        return str(of["key"])
    if _are_strangers(str(of["trusted"]), str(of["proved"])):
        raise pulumi.RunError(
            "The app trusts a key pair that this stack has no more: it was replaced by order (--replace, a taint) where --target or "
            "--exclude left out the app or the proof of its login. Who has the old key still logs in with it; the outputs were "
            "left as they were.\nRun a plain `pulumi up`: it gives the app the certificate of the present key pair, and proves the login."
        )
    return str(of["proved"])


def _are_strangers(certificate_pem: str, private_key_pem: str) -> bool:
    """Whether a certificate is certainly another key's; of what cannot be read nothing is certain."""
    from orgkey.identity.key_pair import certificate_public_key_sha256, public_key_sha256

    try:
        return certificate_public_key_sha256(certificate_pem) != public_key_sha256(private_key_pem)
    except ValueError:
        return False

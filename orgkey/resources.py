"""The resources of `pulumi-resource-salesforce`, typed. Written by `make generate` from the provider's schema: do not edit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import ClassVar

import pulumi
from pulumi import Input, Output


class _Resource(pulumi.CustomResource):
    """Translates between Python's names and the provider's."""

    _names: ClassVar[Mapping[str, str]] = {}
    """Provider's name by Python's."""

    def translate_input_property(self, prop: str) -> str:
        """The provider's name of an argument."""
        return self._names.get(prop, prop)

    def translate_output_property(self, prop: str) -> str:
        """Python's name of an output."""
        return next((name for name, translated in self._names.items() if translated == prop), prop)


def _inputs(args: object) -> dict[str, object]:
    return {field.name: getattr(args, field.name) for field in fields(args)}  # type: ignore[arg-type] # each is one of the classes below


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _object(args: object) -> dict[str, object]:
    """What is given of some arguments, by the provider's names."""
    given = ((_camel(field.name), getattr(args, field.name)) for field in fields(args))  # type: ignore[arg-type] # as above
    return {name: _object(value) if is_dataclass(value) else value for name, value in given if value is not None}


def _as_text(value: object) -> object:
    """A provider's settings are text to the engine: all else as JSON."""
    return Output.from_input(value).apply(lambda known: known if isinstance(known, str) else json.dumps(known))


@dataclass(frozen=True, kw_only=True)
class JwtLoginArgs:
    """Consumer key and user of that app, and where its private key is."""

    consumer_key: Input[str]
    """Consumer key of that app."""
    username: Input[str]
    """The user who logs in."""
    private_key_env: Input[str] | None = None
    """The environment variable that holds the private key: this or privateKeyFile."""
    private_key_file: Input[str] | None = None
    """The file that holds the private key: this or privateKeyEnv."""


@dataclass(frozen=True, kw_only=True)
class ClientCredentialsLoginArgs:
    """Consumer key of that app, and the variable that holds its secret."""

    client_secret_env: Input[str]
    """The environment variable that holds its consumer secret."""
    consumer_key: Input[str]
    """Consumer key of that app."""


@dataclass(frozen=True, kw_only=True)
class CredentialsArgs:
    """How the org is reached before a login of orgkey's own works: exactly one form."""

    sf_alias: Input[str] | None = None
    """An alias or user name that the Salesforce CLI on this machine knows."""
    access_token_env: Input[str] | None = None
    """An access token (session id) in an environment variable."""
    sfdx_auth_url_file: Input[str] | None = None
    """A file that holds an auth URL: `force://<client id>:<client secret>:<refresh token>@<host>`."""
    sfdx_auth_url_env: Input[str] | None = None
    """An auth URL in an environment variable."""
    client_credentials: ClientCredentialsLoginArgs | None = None
    """The client credentials flow of another app of this org."""
    jwt: JwtLoginArgs | None = None
    """The JWT bearer flow of another app of this org."""


@dataclass(frozen=True, kw_only=True)
class ProviderArgs:
    """Which org, and how it is reached."""

    credentials: CredentialsArgs
    """A reference to admin credentials: sfAlias, accessTokenEnv, sfdxAuthUrlFile, sfdxAuthUrlEnv, clientCredentials, jwt."""
    instance_url: Input[str]
    """My Domain of the org."""
    expected_kind: Input[str] | None = None
    """Guard: refuse to touch an org of another kind."""
    expected_org_id: Input[str] | None = None
    """Guard: refuse to touch another org."""
    api_version: Input[str] | None = None
    """Metadata and REST API version."""
    ca_bundle: Input[str] | None = None
    """File of CA certificates to trust instead of the usual ones."""
    check_on_preview: Input[bool] | None = None
    """Ask the org in previews of a change what would stand in the way of an `up`; reads only."""
    validate_on_preview: Input[bool] | None = None
    """Send a check-only deploy in previews of a change."""


class Provider(pulumi.ProviderResource):
    """One org; resources and components get it by `ResourceOptions(provider=...)`."""

    def __init__(self, resource_name: str, args: ProviderArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        given = {name: _as_text(value) for name, value in _object(args).items()}
        super().__init__("salesforce", resource_name, given, opts)


@dataclass(frozen=True, kw_only=True)
class KeyPairArgs:
    """Arguments of KeyPair."""

    bits: Input[int] | None = None
    """Size of the RSA key."""
    subject: Input[str] | None = None
    """Subject of the certificate, RFC 4514: CN=CI Integration,O=Acme."""
    validity_days: Input[int] | None = None
    """Life of the certificate in days."""
    renew_after: Input[float] | None = None
    """Share of the certificate's life after which an `up` renews it: same key, new certificate."""
    renew_jitter: Input[float] | None = None
    """Share of that time by which a renewal may come earlier, another for each key; default 0.05, for your own key 0."""
    generation: Input[int] | None = None
    """Another number makes a new key: every client must change."""
    private_key_pem: Input[str] | None = None
    """Your own RSA key, PEM, unencrypted."""
    certificate_pem: Input[str] | None = None
    """The certificate of your own key, PEM."""
    consumer_key: Input[str] | None = None
    """Consumer key of the app; made once where none is given."""
    blocked: Input[bool] | None = None
    """Whether the key's app is blocked: then no other generation that gives out tokens may have the same key pair."""
    settings_at: Input[str] | None = None
    """Where messages find the settings of the key's generation: orgkey:retiring[0] in a stack file. Kept nowhere."""


class KeyPair(_Resource):
    """RSA key, certificate and consumer key, made once and kept as encrypted state."""

    _names: ClassVar[Mapping[str, str]] = {
        "validity_days": "validityDays",
        "renew_after": "renewAfter",
        "renew_jitter": "renewJitter",
        "private_key_pem": "privateKeyPem",
        "certificate_pem": "certificatePem",
        "consumer_key": "consumerKey",
        "settings_at": "settingsAt",
        "public_key_sha256": "publicKeySha256",
        "certificate_fingerprint": "certificateFingerprint",
        "csr_pem": "csrPem",
        "not_before": "notBefore",
        "not_after": "notAfter",
        "renew_at": "renewAt",
        "renewal_due": "renewalDue",
        "state_version": "stateVersion",
    }

    def __init__(self, resource_name: str, args: KeyPairArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        outputs = {
            "public_key_sha256": None,
            "certificate_fingerprint": None,
            "csr_pem": None,
            "serial": None,
            "not_before": None,
            "not_after": None,
            "renew_at": None,
            "renewal_due": None,
            "state_version": None,
        }
        super().__init__("salesforce:index:KeyPair", resource_name, {**_inputs(args), **outputs}, opts)

    @property
    @pulumi.getter(name="bits")
    def bits(self) -> Output[int | None]:
        """Size of the RSA key."""
        return pulumi.get(self, "bits")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="subject")
    def subject(self) -> Output[str | None]:
        """Subject of the certificate, RFC 4514: CN=CI Integration,O=Acme."""
        return pulumi.get(self, "subject")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="validityDays")
    def validity_days(self) -> Output[int | None]:
        """Life of the certificate in days."""
        return pulumi.get(self, "validity_days")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="renewAfter")
    def renew_after(self) -> Output[float | None]:
        """Share of the certificate's life after which an `up` renews it: same key, new certificate."""
        return pulumi.get(self, "renew_after")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="renewJitter")
    def renew_jitter(self) -> Output[float | None]:
        """Share of that time by which a renewal may come earlier, another for each key; default 0.05, for your own key 0."""
        return pulumi.get(self, "renew_jitter")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="generation")
    def generation(self) -> Output[int]:
        """Another number makes a new key: every client must change."""
        return pulumi.get(self, "generation")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="privateKeyPem")
    def private_key_pem(self) -> Output[str]:
        """The private key, PKCS #8 PEM."""
        return pulumi.get(self, "private_key_pem")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="certificatePem")
    def certificate_pem(self) -> Output[str]:
        """The self-signed certificate, PEM."""
        return pulumi.get(self, "certificate_pem")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="consumerKey")
    def consumer_key(self) -> Output[str]:
        """Consumer key for the app: the given one, or one made with the key pair."""
        return pulumi.get(self, "consumer_key")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="blocked")
    def blocked(self) -> Output[bool | None]:
        """Whether the key's app is blocked: then no other generation that gives out tokens may have the same key pair."""
        return pulumi.get(self, "blocked")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="settingsAt")
    def settings_at(self) -> Output[str | None]:
        """Where messages find the settings of the key's generation: orgkey:retiring[0] in a stack file. Kept nowhere."""
        return pulumi.get(self, "settings_at")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="publicKeySha256")
    def public_key_sha256(self) -> Output[str]:
        """SHA-256 of the public key (SubjectPublicKeyInfo), hex."""
        return pulumi.get(self, "public_key_sha256")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="certificateFingerprint")
    def certificate_fingerprint(self) -> Output[str]:
        """SHA-256 of the certificate, hex."""
        return pulumi.get(self, "certificate_fingerprint")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="csrPem")
    def csr_pem(self) -> Output[str]:
        """A certificate signing request for the same key and subject, PEM."""
        return pulumi.get(self, "csr_pem")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="serial")
    def serial(self) -> Output[str]:
        """Serial number of the certificate, hex."""
        return pulumi.get(self, "serial")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="notBefore")
    def not_before(self) -> Output[str]:
        """Start of the certificate's life, ISO 8601."""
        return pulumi.get(self, "not_before")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="notAfter")
    def not_after(self) -> Output[str]:
        """End of the certificate's life, ISO 8601."""
        return pulumi.get(self, "not_after")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="renewAt")
    def renew_at(self) -> Output[str]:
        """From when on an `up` renews the certificate, ISO 8601."""
        return pulumi.get(self, "renew_at")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="renewalDue")
    def renewal_due(self) -> Output[bool]:
        """Whether that time has come."""
        return pulumi.get(self, "renewal_due")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="stateVersion")
    def state_version(self) -> Output[int | None]:
        """Form of these outputs, for the versions of orgkey that read them."""
        return pulumi.get(self, "state_version")  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True)
class PermissionSetArgs:
    """Arguments of PermissionSet."""

    label: Input[str]
    """Name shown in Setup."""
    name: Input[str]
    """API name of the permission set: the name of its metadata file and the id of the resource."""
    description: Input[str] | None = None
    """What the set is for; the ownership marker is a line of its own below it."""
    has_activation_required: Input[bool] | None = None
    """The set counts only in sessions that activate it."""
    license: Input[str] | None = None
    """Licence the set is bound to. Leave it out: a licence keeps integration users or the pre-authorization away."""
    user_permissions: Input[Sequence[Input[str]]] | None = None
    """Permissions the set grants. None by default: the set exists for the pre-authorization alone."""
    take_from_others: Input[bool] | None = None
    """A destroy takes the set from others who hold it. Groups that contain it and apps it admits to are an error then."""
    generations: Input[int] | None = None
    """How many generations of an app of this program it admits the users of; default 1."""
    managed_by: Input[str] | None = None
    """Owner and stack, `acme-platform/uat`, for the ownership marker in the description."""


class PermissionSet(_Resource):
    """A permission set that an app pre-authorizes."""

    _names: ClassVar[Mapping[str, str]] = {
        "has_activation_required": "hasActivationRequired",
        "user_permissions": "userPermissions",
        "take_from_others": "takeFromOthers",
        "managed_by": "managedBy",
        "org_id": "orgId",
        "instance_url": "instanceUrl",
        "claim_found": "claimFound",
        "other_parts": "otherParts",
        "carried_over": "carriedOver",
        "not_kept": "notKept",
        "permission_set_id": "permissionSetId",
        "state_version": "stateVersion",
    }

    def __init__(self, resource_name: str, args: PermissionSetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        outputs = {
            "org_id": None,
            "instance_url": None,
            "claim": None,
            "claim_found": None,
            "members": None,
            "other_parts": None,
            "carried_over": None,
            "adopted": None,
            "not_kept": None,
            "revision": None,
            "permission_set_id": None,
            "state_version": None,
        }
        super().__init__("salesforce:index:PermissionSet", resource_name, {**_inputs(args), **outputs}, opts)

    @property
    @pulumi.getter(name="name")
    def name(self) -> Output[str]:
        """API name of the permission set: the name of its metadata file and the id of the resource."""
        return pulumi.get(self, "name")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="label")
    def label(self) -> Output[str]:
        """Name shown in Setup."""
        return pulumi.get(self, "label")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="description")
    def description(self) -> Output[str | None]:
        """What the set is for; the ownership marker is a line of its own below it."""
        return pulumi.get(self, "description")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="hasActivationRequired")
    def has_activation_required(self) -> Output[bool | None]:
        """The set counts only in sessions that activate it."""
        return pulumi.get(self, "has_activation_required")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="license")
    def license(self) -> Output[str | None]:
        """Licence the set is bound to. Leave it out: a licence keeps integration users or the pre-authorization away."""
        return pulumi.get(self, "license")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="userPermissions")
    def user_permissions(self) -> Output[Sequence[str] | None]:
        """Permissions the set grants. None by default: the set exists for the pre-authorization alone."""
        return pulumi.get(self, "user_permissions")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="takeFromOthers")
    def take_from_others(self) -> Output[bool | None]:
        """A destroy takes the set from others who hold it. Groups that contain it and apps it admits to are an error then."""
        return pulumi.get(self, "take_from_others")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="generations")
    def generations(self) -> Output[int | None]:
        """How many generations of an app of this program it admits the users of; default 1."""
        return pulumi.get(self, "generations")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="managedBy")
    def managed_by(self) -> Output[str | None]:
        """Owner and stack, `acme-platform/uat`, for the ownership marker in the description."""
        return pulumi.get(self, "managed_by")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="orgId")
    def org_id(self) -> Output[str]:
        """Id of the org it is in."""
        return pulumi.get(self, "org_id")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="instanceUrl")
    def instance_url(self) -> Output[str | None]:
        """My Domain of that org at the last read."""
        return pulumi.get(self, "instance_url")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="claim")
    def claim(self) -> Output[int | None]:
        """Which of the stack's resources this is that made it or took it over, by the marker: the last one deletes it."""
        return pulumi.get(self, "claim")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="claimFound")
    def claim_found(self) -> Output[int | None]:
        """The claim that the marker had at the last read."""
        return pulumi.get(self, "claim_found")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="members")
    def members(self) -> Output[Mapping[str, str]]:
        """Full name of each metadata member by its type."""
        return pulumi.get(self, "members")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="otherParts")
    def other_parts(self) -> Output[Sequence[Mapping[str, str]]]:
        """Parts of it that the field table does not know, as they are in the org."""
        return pulumi.get(self, "other_parts")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="carriedOver")
    def carried_over(self) -> Output[Sequence[Mapping[str, str]] | None]:
        """Those of them that are kept as they are."""
        return pulumi.get(self, "carried_over")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="adopted")
    def adopted(self) -> Output[bool | None]:
        """Whether it was taken over by an import: then it is never recreated."""
        return pulumi.get(self, "adopted")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="notKept")
    def not_kept(self) -> Output[Sequence[Mapping[str, str]] | None]:
        """Settings that the org does not keep, each with what was sent and what it holds instead, as JSON."""
        return pulumi.get(self, "not_kept")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="revision")
    def revision(self) -> Output[str]:
        """Digest of what was deployed."""
        return pulumi.get(self, "revision")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="permissionSetId")
    def permission_set_id(self) -> Output[str]:
        """Id of the permission set."""
        return pulumi.get(self, "permission_set_id")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="stateVersion")
    def state_version(self) -> Output[int | None]:
        """Form of these outputs, for the versions of orgkey that read them."""
        return pulumi.get(self, "state_version")  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True)
class PermissionSetAssignmentsArgs:
    """Arguments of PermissionSetAssignments."""

    permission_set: Input[str]
    """API name of the permission set."""
    users: Input[Sequence[Input[str]]] | None = None
    """User names of those who must hold it."""
    authoritative: Input[bool] | None = None
    """Take the set away from everybody else. Left out: as it was; true for a new one, false where others hold it already."""
    groups: Input[Sequence[Input[str]]] | None = None
    """Permission set groups that every one of the users is assigned to as well."""
    expiration: Input[str] | None = None
    """When the assignments end by themselves, a date and time with zone, ISO 8601; unset: never, but as others decided."""
    managed_by: Input[str] | None = None
    """Owner and stack, `acme-platform/uat`: where the set's ownership marker names another, its holders are left alone."""


class PermissionSetAssignments(_Resource):
    """Who holds a permission set."""

    _names: ClassVar[Mapping[str, str]] = {
        "permission_set": "permissionSet",
        "managed_by": "managedBy",
        "group_assignment_ids": "groupAssignmentIds",
        "managed_expiration_ids": "managedExpirationIds",
        "undeclared_users": "undeclaredUsers",
        "by_group": "byGroup",
        "org_id": "orgId",
        "instance_url": "instanceUrl",
        "state_version": "stateVersion",
    }

    def __init__(
        self, resource_name: str, args: PermissionSetAssignmentsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        outputs = {
            "assignments": None,
            "group_assignment_ids": None,
            "managed_expiration_ids": None,
            "undeclared_users": None,
            "by_group": None,
            "revision": None,
            "org_id": None,
            "instance_url": None,
            "claim": None,
            "state_version": None,
        }
        super().__init__("salesforce:index:PermissionSetAssignments", resource_name, {**_inputs(args), **outputs}, opts)

    @property
    @pulumi.getter(name="permissionSet")
    def permission_set(self) -> Output[str]:
        """API name of the permission set."""
        return pulumi.get(self, "permission_set")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="users")
    def users(self) -> Output[Sequence[str] | None]:
        """User names of those who must hold it."""
        return pulumi.get(self, "users")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="authoritative")
    def authoritative(self) -> Output[bool | None]:
        """Take the set away from everybody else. Left out: as it was; true for a new one, false where others hold it already."""
        return pulumi.get(self, "authoritative")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="groups")
    def groups(self) -> Output[Sequence[str] | None]:
        """Permission set groups that every one of the users is assigned to as well."""
        return pulumi.get(self, "groups")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="expiration")
    def expiration(self) -> Output[str | None]:
        """When the assignments end by themselves, a date and time with zone, ISO 8601; unset: never, but as others decided."""
        return pulumi.get(self, "expiration")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="managedBy")
    def managed_by(self) -> Output[str | None]:
        """Owner and stack, `acme-platform/uat`: where the set's ownership marker names another, its holders are left alone."""
        return pulumi.get(self, "managed_by")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="assignments")
    def assignments(self) -> Output[Sequence[Mapping[str, str]]]:
        """Which users hold the set and, with the group's name, are in groups: username, userId, id, group, expires."""
        return pulumi.get(self, "assignments")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="groupAssignmentIds")
    def group_assignment_ids(self) -> Output[Sequence[str] | None]:
        """Ids of the assignments to groups that were made here; they end with it."""
        return pulumi.get(self, "group_assignment_ids")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="managedExpirationIds")
    def managed_expiration_ids(self) -> Output[Sequence[str] | None]:
        """Ids of the assignments to the set whose end is this stack's: it made them, or changed their end."""
        return pulumi.get(self, "managed_expiration_ids")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="undeclaredUsers")
    def undeclared_users(self) -> Output[Sequence[str] | None]:
        """Users who hold the set and are not on the list."""
        return pulumi.get(self, "undeclared_users")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="byGroup")
    def by_group(self) -> Output[Sequence[str] | None]:
        """Users of the list who hold the set by a group that contains it alone."""
        return pulumi.get(self, "by_group")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="revision")
    def revision(self) -> Output[str]:
        """Digest of the assignments' records."""
        return pulumi.get(self, "revision")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="orgId")
    def org_id(self) -> Output[str]:
        """Id of the org it is in."""
        return pulumi.get(self, "org_id")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="instanceUrl")
    def instance_url(self) -> Output[str | None]:
        """My Domain of that org at the last read."""
        return pulumi.get(self, "instance_url")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="claim")
    def claim(self) -> Output[str | None]:
        """What tells it from another resource for the same set."""
        return pulumi.get(self, "claim")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="stateVersion")
    def state_version(self) -> Output[int | None]:
        """Form of these outputs, for the versions of orgkey that read them."""
        return pulumi.get(self, "state_version")  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True)
class ConnectedAppArgs:
    """Arguments of ConnectedApp."""

    certificate_pem: Input[str]
    """The certificate whose key signs assertions, as PEM. Sent with every deploy; compared as DER where the org gives it back."""
    consumer_key: Input[str]
    """The OAuth client id. Sent while the app has none and never after: the platform keeps the first one."""
    contact_email: Input[str]
    """Whom Salesforce may write to about the app."""
    label: Input[str]
    """Name shown in Setup."""
    name: Input[str]
    """Developer name of the app: the name of its metadata file and the id of the resource."""
    contact_phone: Input[str] | None = None
    """Telephone number of the contact."""
    description: Input[str] | None = None
    """What the app is for; the ownership marker is a line of its own below it."""
    info_url: Input[str] | None = None
    """Page that tells about the app."""
    logo_url: Input[str] | None = None
    """Logo, at most 200 by 125 pixels."""
    callback_urls: Input[Sequence[Input[str]]] | None = None
    """Callback URLs. The platform requires one even where only the JWT bearer flow is used."""
    scopes: Input[Sequence[Input[str]]] | None = None
    """OAuth scopes, by their Metadata API names. Api and RefreshToken are what the JWT bearer flow needs."""
    permitted_users: Input[str] | None = None
    """Who may use the app: only pre-authorized users, or everybody who consents."""
    permission_sets: Input[Sequence[Input[str]]] | None = None
    """Permission sets whose holders are pre-authorized, by API name."""
    profiles: Input[Sequence[Input[str]]] | None = None
    """Profiles whose users are pre-authorized."""
    ip_relaxation: Input[str] | None = None
    """Whether the IP ranges of the user's profile hold for logins through the app."""
    refresh_token_policy: Input[str] | None = None
    """How long refresh tokens live: zero, infinite, specific_inactivity:N:UNIT or specific_lifetime:N:UNIT."""
    is_pkce_required: Input[bool] | None = None
    """Web flows must use PKCE."""
    is_consumer_secret_optional: Input[bool] | None = None
    """Web flows may leave the consumer secret out."""
    is_secret_required_for_refresh_token: Input[bool] | None = None
    """The refresh token flow needs the consumer secret."""
    is_introspect_all_tokens: Input[bool] | None = None
    """The app may introspect every token in the org."""
    is_client_credentials_enabled: Input[bool] | None = None
    """The client credentials flow is on."""
    is_refresh_token_rotation_enabled: Input[bool] | None = None
    """Refresh tokens are replaced at each use."""
    is_named_user_jwt_enabled: Input[bool] | None = None
    """Access tokens are issued in JWT format (not the same thing as the JWT bearer grant)."""
    session_timeout_minutes: Input[int] | None = None
    """Life of the app's sessions in minutes; unset: the profile's or the org's."""
    required_session_level: Input[str] | None = None
    """Session level the app asks for. HIGH_ASSURANCE blocks JWT logins: the flow cannot raise a level."""
    trusted_ip_ranges: Input[Sequence[Input[Mapping[str, str]]]] | None = None
    """Addresses from which the app's logins are trusted."""
    carry_over: Input[str] | None = None
    """Which parts that no setting names are sent: those it had when made or taken over, those it has now, or none."""
    managed_by: Input[str] | None = None
    """Owner and stack, `acme-platform/uat`, for the ownership marker in the description."""


class ConnectedApp(_Resource):
    """A Connected App that trusts a certificate. Since 2026 most orgs do not let anybody make one."""

    _names: ClassVar[Mapping[str, str]] = {
        "contact_email": "contactEmail",
        "contact_phone": "contactPhone",
        "info_url": "infoUrl",
        "logo_url": "logoUrl",
        "callback_urls": "callbackUrls",
        "certificate_pem": "certificatePem",
        "consumer_key": "consumerKey",
        "permitted_users": "permittedUsers",
        "permission_sets": "permissionSets",
        "ip_relaxation": "ipRelaxation",
        "refresh_token_policy": "refreshTokenPolicy",
        "is_pkce_required": "isPkceRequired",
        "is_consumer_secret_optional": "isConsumerSecretOptional",
        "is_secret_required_for_refresh_token": "isSecretRequiredForRefreshToken",
        "is_introspect_all_tokens": "isIntrospectAllTokens",
        "is_client_credentials_enabled": "isClientCredentialsEnabled",
        "is_refresh_token_rotation_enabled": "isRefreshTokenRotationEnabled",
        "is_named_user_jwt_enabled": "isNamedUserJwtEnabled",
        "session_timeout_minutes": "sessionTimeoutMinutes",
        "required_session_level": "requiredSessionLevel",
        "trusted_ip_ranges": "trustedIpRanges",
        "carry_over": "carryOver",
        "managed_by": "managedBy",
        "org_id": "orgId",
        "instance_url": "instanceUrl",
        "claim_found": "claimFound",
        "other_parts": "otherParts",
        "carried_over": "carriedOver",
        "not_kept": "notKept",
        "app_id": "appId",
        "copied_from": "copiedFrom",
        "deployed_at": "deployedAt",
        "deployed_certificate": "deployedCertificate",
        "certificate_returned": "certificateReturned",
        "state_version": "stateVersion",
    }

    def __init__(self, resource_name: str, args: ConnectedAppArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        outputs = {
            "org_id": None,
            "instance_url": None,
            "claim": None,
            "claim_found": None,
            "members": None,
            "other_parts": None,
            "carried_over": None,
            "adopted": None,
            "not_kept": None,
            "revision": None,
            "app_id": None,
            "copied_from": None,
            "deployed_at": None,
            "deployed_certificate": None,
            "certificate_returned": None,
            "state_version": None,
        }
        super().__init__("salesforce:index:ConnectedApp", resource_name, {**_inputs(args), **outputs}, opts)

    @property
    @pulumi.getter(name="name")
    def name(self) -> Output[str]:
        """Developer name of the app: the name of its metadata file and the id of the resource."""
        return pulumi.get(self, "name")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="label")
    def label(self) -> Output[str]:
        """Name shown in Setup."""
        return pulumi.get(self, "label")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="contactEmail")
    def contact_email(self) -> Output[str]:
        """Whom Salesforce may write to about the app."""
        return pulumi.get(self, "contact_email")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="contactPhone")
    def contact_phone(self) -> Output[str | None]:
        """Telephone number of the contact."""
        return pulumi.get(self, "contact_phone")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="description")
    def description(self) -> Output[str | None]:
        """What the app is for; the ownership marker is a line of its own below it."""
        return pulumi.get(self, "description")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="infoUrl")
    def info_url(self) -> Output[str | None]:
        """Page that tells about the app."""
        return pulumi.get(self, "info_url")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="logoUrl")
    def logo_url(self) -> Output[str | None]:
        """Logo, at most 200 by 125 pixels."""
        return pulumi.get(self, "logo_url")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="callbackUrls")
    def callback_urls(self) -> Output[Sequence[str] | None]:
        """Callback URLs. The platform requires one even where only the JWT bearer flow is used."""
        return pulumi.get(self, "callback_urls")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="certificatePem")
    def certificate_pem(self) -> Output[str]:
        """The certificate whose key signs assertions, as PEM. Sent with every deploy; compared as DER where the org gives it back."""
        return pulumi.get(self, "certificate_pem")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="consumerKey")
    def consumer_key(self) -> Output[str]:
        """The OAuth client id. Sent while the app has none and never after: the platform keeps the first one."""
        return pulumi.get(self, "consumer_key")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="scopes")
    def scopes(self) -> Output[Sequence[str] | None]:
        """OAuth scopes, by their Metadata API names. Api and RefreshToken are what the JWT bearer flow needs."""
        return pulumi.get(self, "scopes")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="permittedUsers")
    def permitted_users(self) -> Output[str | None]:
        """Who may use the app: only pre-authorized users, or everybody who consents."""
        return pulumi.get(self, "permitted_users")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="permissionSets")
    def permission_sets(self) -> Output[Sequence[str] | None]:
        """Permission sets whose holders are pre-authorized, by API name."""
        return pulumi.get(self, "permission_sets")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="profiles")
    def profiles(self) -> Output[Sequence[str] | None]:
        """Profiles whose users are pre-authorized."""
        return pulumi.get(self, "profiles")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="ipRelaxation")
    def ip_relaxation(self) -> Output[str | None]:
        """Whether the IP ranges of the user's profile hold for logins through the app."""
        return pulumi.get(self, "ip_relaxation")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="refreshTokenPolicy")
    def refresh_token_policy(self) -> Output[str | None]:
        """How long refresh tokens live: zero, infinite, specific_inactivity:N:UNIT or specific_lifetime:N:UNIT."""
        return pulumi.get(self, "refresh_token_policy")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="isPkceRequired")
    def is_pkce_required(self) -> Output[bool | None]:
        """Web flows must use PKCE."""
        return pulumi.get(self, "is_pkce_required")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="isConsumerSecretOptional")
    def is_consumer_secret_optional(self) -> Output[bool | None]:
        """Web flows may leave the consumer secret out."""
        return pulumi.get(self, "is_consumer_secret_optional")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="isSecretRequiredForRefreshToken")
    def is_secret_required_for_refresh_token(self) -> Output[bool | None]:
        """The refresh token flow needs the consumer secret."""
        return pulumi.get(self, "is_secret_required_for_refresh_token")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="isIntrospectAllTokens")
    def is_introspect_all_tokens(self) -> Output[bool | None]:
        """The app may introspect every token in the org."""
        return pulumi.get(self, "is_introspect_all_tokens")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="isClientCredentialsEnabled")
    def is_client_credentials_enabled(self) -> Output[bool | None]:
        """The client credentials flow is on."""
        return pulumi.get(self, "is_client_credentials_enabled")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="isRefreshTokenRotationEnabled")
    def is_refresh_token_rotation_enabled(self) -> Output[bool | None]:
        """Refresh tokens are replaced at each use."""
        return pulumi.get(self, "is_refresh_token_rotation_enabled")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="isNamedUserJwtEnabled")
    def is_named_user_jwt_enabled(self) -> Output[bool | None]:
        """Access tokens are issued in JWT format (not the same thing as the JWT bearer grant)."""
        return pulumi.get(self, "is_named_user_jwt_enabled")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="sessionTimeoutMinutes")
    def session_timeout_minutes(self) -> Output[int | None]:
        """Life of the app's sessions in minutes; unset: the profile's or the org's."""
        return pulumi.get(self, "session_timeout_minutes")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="requiredSessionLevel")
    def required_session_level(self) -> Output[str | None]:
        """Session level the app asks for. HIGH_ASSURANCE blocks JWT logins: the flow cannot raise a level."""
        return pulumi.get(self, "required_session_level")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="trustedIpRanges")
    def trusted_ip_ranges(self) -> Output[Sequence[Mapping[str, str]] | None]:
        """Addresses from which the app's logins are trusted."""
        return pulumi.get(self, "trusted_ip_ranges")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="carryOver")
    def carry_over(self) -> Output[str | None]:
        """Which parts that no setting names are sent: those it had when made or taken over, those it has now, or none."""
        return pulumi.get(self, "carry_over")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="managedBy")
    def managed_by(self) -> Output[str | None]:
        """Owner and stack, `acme-platform/uat`, for the ownership marker in the description."""
        return pulumi.get(self, "managed_by")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="orgId")
    def org_id(self) -> Output[str]:
        """Id of the org it is in."""
        return pulumi.get(self, "org_id")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="instanceUrl")
    def instance_url(self) -> Output[str | None]:
        """My Domain of that org at the last read."""
        return pulumi.get(self, "instance_url")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="claim")
    def claim(self) -> Output[int | None]:
        """Which of the stack's resources this is that made it or took it over, by the marker: the last one deletes it."""
        return pulumi.get(self, "claim")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="claimFound")
    def claim_found(self) -> Output[int | None]:
        """The claim that the marker had at the last read."""
        return pulumi.get(self, "claim_found")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="members")
    def members(self) -> Output[Mapping[str, str]]:
        """Full name of each metadata member by its type."""
        return pulumi.get(self, "members")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="otherParts")
    def other_parts(self) -> Output[Sequence[Mapping[str, str]]]:
        """Parts of it that the field table does not know, as they are in the org."""
        return pulumi.get(self, "other_parts")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="carriedOver")
    def carried_over(self) -> Output[Sequence[Mapping[str, str]] | None]:
        """Those of them that are kept as they are."""
        return pulumi.get(self, "carried_over")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="adopted")
    def adopted(self) -> Output[bool | None]:
        """Whether it was taken over by an import: then it is never recreated."""
        return pulumi.get(self, "adopted")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="notKept")
    def not_kept(self) -> Output[Sequence[Mapping[str, str]] | None]:
        """Settings that the org does not keep, each with what was sent and what it holds instead, as JSON."""
        return pulumi.get(self, "not_kept")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="revision")
    def revision(self) -> Output[str]:
        """Digest of what was deployed."""
        return pulumi.get(self, "revision")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="appId")
    def app_id(self) -> Output[str]:
        """Id of the app's record."""
        return pulumi.get(self, "app_id")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="copiedFrom")
    def copied_from(self) -> Output[str | None]:
        """The org whose app a sandbox refresh copied here, where it kept its consumer key."""
        return pulumi.get(self, "copied_from")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="deployedAt")
    def deployed_at(self) -> Output[str]:
        """When it was last deployed by us, ISO 8601."""
        return pulumi.get(self, "deployed_at")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="deployedCertificate")
    def deployed_certificate(self) -> Output[str | None]:
        """SHA-256 of the certificate that was last deployed by us, hex."""
        return pulumi.get(self, "deployed_certificate")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="certificateReturned")
    def certificate_returned(self) -> Output[bool | None]:
        """Whether the org gives the certificate back, as of the last read."""
        return pulumi.get(self, "certificate_returned")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="stateVersion")
    def state_version(self) -> Output[int | None]:
        """Form of these outputs, for the versions of orgkey that read them."""
        return pulumi.get(self, "state_version")  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True)
class ExternalClientAppArgs:
    """Arguments of ExternalClientApp."""

    certificate_pem: Input[str]
    """The certificate whose key signs assertions, as PEM. Sent with every deploy; compared as DER where the org gives it back."""
    consumer_key: Input[str]
    """The OAuth client id. Sent while the app has none and never after: the platform keeps the first one."""
    contact_email: Input[str]
    """Whom Salesforce may write to about the app."""
    label: Input[str]
    """Name shown in Setup."""
    name: Input[str]
    """Developer name of the app: the name of its metadata file and the id of the resource."""
    contact_phone: Input[str] | None = None
    """Telephone number of the contact."""
    description: Input[str] | None = None
    """What the app is for; the ownership marker is a line of its own below it."""
    info_url: Input[str] | None = None
    """Page that tells about the app."""
    logo_url: Input[str] | None = None
    """Logo, at most 200 by 125 pixels."""
    callback_urls: Input[Sequence[Input[str]]] | None = None
    """Callback URLs. The platform requires one even where only the JWT bearer flow is used."""
    scopes: Input[Sequence[Input[str]]] | None = None
    """OAuth scopes, by their Metadata API names. Api and RefreshToken are what the JWT bearer flow needs."""
    permitted_users: Input[str] | None = None
    """Who may use the app: only pre-authorized users, or everybody who consents."""
    permission_sets: Input[Sequence[Input[str]]] | None = None
    """Permission sets whose holders are pre-authorized, by API name."""
    profiles: Input[Sequence[Input[str]]] | None = None
    """Profiles whose users are pre-authorized."""
    ip_relaxation: Input[str] | None = None
    """Whether the IP ranges of the user's profile hold for logins through the app."""
    refresh_token_policy: Input[str] | None = None
    """How long refresh tokens live: zero, infinite, specific_inactivity:N:UNIT or specific_lifetime:N:UNIT."""
    is_pkce_required: Input[bool] | None = None
    """Web flows must use PKCE."""
    is_consumer_secret_optional: Input[bool] | None = None
    """Web flows may leave the consumer secret out."""
    is_secret_required_for_refresh_token: Input[bool] | None = None
    """The refresh token flow needs the consumer secret."""
    is_introspect_all_tokens: Input[bool] | None = None
    """The app may introspect every token in the org."""
    is_client_credentials_enabled: Input[bool] | None = None
    """The client credentials flow is on."""
    is_refresh_token_rotation_enabled: Input[bool] | None = None
    """Refresh tokens are replaced at each use."""
    is_named_user_jwt_enabled: Input[bool] | None = None
    """Access tokens are issued in JWT format (not the same thing as the JWT bearer grant)."""
    session_timeout_minutes: Input[int] | None = None
    """Life of the app's sessions in minutes; unset: the profile's or the org's."""
    required_session_level: Input[str] | None = None
    """Session level the app asks for. HIGH_ASSURANCE blocks JWT logins: the flow cannot raise a level."""
    trusted_ip_ranges: Input[Sequence[Input[Mapping[str, str]]]] | None = None
    """Addresses from which the app's logins are trusted."""
    is_enabled: Input[bool] | None = None
    """The app is on."""
    is_oauth_plugin_enabled: Input[bool] | None = None
    """OAuth is on for the app."""
    distribution_state: Input[str] | None = None
    """Whether the app is for this org alone or packaged."""
    carry_over: Input[str] | None = None
    """Which parts that no setting names are sent: those it had when made or taken over, those it has now, or none."""
    managed_by: Input[str] | None = None
    """Owner and stack, `acme-platform/uat`, for the ownership marker in the description."""


class ExternalClientApp(_Resource):
    """An External Client App that trusts a certificate."""

    _names: ClassVar[Mapping[str, str]] = {
        "contact_email": "contactEmail",
        "contact_phone": "contactPhone",
        "info_url": "infoUrl",
        "logo_url": "logoUrl",
        "callback_urls": "callbackUrls",
        "certificate_pem": "certificatePem",
        "consumer_key": "consumerKey",
        "permitted_users": "permittedUsers",
        "permission_sets": "permissionSets",
        "ip_relaxation": "ipRelaxation",
        "refresh_token_policy": "refreshTokenPolicy",
        "is_pkce_required": "isPkceRequired",
        "is_consumer_secret_optional": "isConsumerSecretOptional",
        "is_secret_required_for_refresh_token": "isSecretRequiredForRefreshToken",
        "is_introspect_all_tokens": "isIntrospectAllTokens",
        "is_client_credentials_enabled": "isClientCredentialsEnabled",
        "is_refresh_token_rotation_enabled": "isRefreshTokenRotationEnabled",
        "is_named_user_jwt_enabled": "isNamedUserJwtEnabled",
        "session_timeout_minutes": "sessionTimeoutMinutes",
        "required_session_level": "requiredSessionLevel",
        "trusted_ip_ranges": "trustedIpRanges",
        "is_enabled": "isEnabled",
        "is_oauth_plugin_enabled": "isOauthPluginEnabled",
        "distribution_state": "distributionState",
        "carry_over": "carryOver",
        "managed_by": "managedBy",
        "org_id": "orgId",
        "instance_url": "instanceUrl",
        "claim_found": "claimFound",
        "other_parts": "otherParts",
        "carried_over": "carriedOver",
        "not_kept": "notKept",
        "app_id": "appId",
        "copied_from": "copiedFrom",
        "deployed_at": "deployedAt",
        "deployed_certificate": "deployedCertificate",
        "certificate_returned": "certificateReturned",
        "state_version": "stateVersion",
    }

    def __init__(
        self, resource_name: str, args: ExternalClientAppArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        outputs = {
            "org_id": None,
            "instance_url": None,
            "claim": None,
            "claim_found": None,
            "members": None,
            "other_parts": None,
            "carried_over": None,
            "adopted": None,
            "not_kept": None,
            "revision": None,
            "app_id": None,
            "copied_from": None,
            "deployed_at": None,
            "deployed_certificate": None,
            "certificate_returned": None,
            "state_version": None,
        }
        super().__init__("salesforce:index:ExternalClientApp", resource_name, {**_inputs(args), **outputs}, opts)

    @property
    @pulumi.getter(name="name")
    def name(self) -> Output[str]:
        """Developer name of the app: the name of its metadata file and the id of the resource."""
        return pulumi.get(self, "name")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="label")
    def label(self) -> Output[str]:
        """Name shown in Setup."""
        return pulumi.get(self, "label")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="contactEmail")
    def contact_email(self) -> Output[str]:
        """Whom Salesforce may write to about the app."""
        return pulumi.get(self, "contact_email")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="contactPhone")
    def contact_phone(self) -> Output[str | None]:
        """Telephone number of the contact."""
        return pulumi.get(self, "contact_phone")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="description")
    def description(self) -> Output[str | None]:
        """What the app is for; the ownership marker is a line of its own below it."""
        return pulumi.get(self, "description")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="infoUrl")
    def info_url(self) -> Output[str | None]:
        """Page that tells about the app."""
        return pulumi.get(self, "info_url")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="logoUrl")
    def logo_url(self) -> Output[str | None]:
        """Logo, at most 200 by 125 pixels."""
        return pulumi.get(self, "logo_url")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="callbackUrls")
    def callback_urls(self) -> Output[Sequence[str] | None]:
        """Callback URLs. The platform requires one even where only the JWT bearer flow is used."""
        return pulumi.get(self, "callback_urls")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="certificatePem")
    def certificate_pem(self) -> Output[str]:
        """The certificate whose key signs assertions, as PEM. Sent with every deploy; compared as DER where the org gives it back."""
        return pulumi.get(self, "certificate_pem")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="consumerKey")
    def consumer_key(self) -> Output[str]:
        """The OAuth client id. Sent while the app has none and never after: the platform keeps the first one."""
        return pulumi.get(self, "consumer_key")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="scopes")
    def scopes(self) -> Output[Sequence[str] | None]:
        """OAuth scopes, by their Metadata API names. Api and RefreshToken are what the JWT bearer flow needs."""
        return pulumi.get(self, "scopes")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="permittedUsers")
    def permitted_users(self) -> Output[str | None]:
        """Who may use the app: only pre-authorized users, or everybody who consents."""
        return pulumi.get(self, "permitted_users")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="permissionSets")
    def permission_sets(self) -> Output[Sequence[str] | None]:
        """Permission sets whose holders are pre-authorized, by API name."""
        return pulumi.get(self, "permission_sets")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="profiles")
    def profiles(self) -> Output[Sequence[str] | None]:
        """Profiles whose users are pre-authorized."""
        return pulumi.get(self, "profiles")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="ipRelaxation")
    def ip_relaxation(self) -> Output[str | None]:
        """Whether the IP ranges of the user's profile hold for logins through the app."""
        return pulumi.get(self, "ip_relaxation")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="refreshTokenPolicy")
    def refresh_token_policy(self) -> Output[str | None]:
        """How long refresh tokens live: zero, infinite, specific_inactivity:N:UNIT or specific_lifetime:N:UNIT."""
        return pulumi.get(self, "refresh_token_policy")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="isPkceRequired")
    def is_pkce_required(self) -> Output[bool | None]:
        """Web flows must use PKCE."""
        return pulumi.get(self, "is_pkce_required")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="isConsumerSecretOptional")
    def is_consumer_secret_optional(self) -> Output[bool | None]:
        """Web flows may leave the consumer secret out."""
        return pulumi.get(self, "is_consumer_secret_optional")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="isSecretRequiredForRefreshToken")
    def is_secret_required_for_refresh_token(self) -> Output[bool | None]:
        """The refresh token flow needs the consumer secret."""
        return pulumi.get(self, "is_secret_required_for_refresh_token")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="isIntrospectAllTokens")
    def is_introspect_all_tokens(self) -> Output[bool | None]:
        """The app may introspect every token in the org."""
        return pulumi.get(self, "is_introspect_all_tokens")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="isClientCredentialsEnabled")
    def is_client_credentials_enabled(self) -> Output[bool | None]:
        """The client credentials flow is on."""
        return pulumi.get(self, "is_client_credentials_enabled")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="isRefreshTokenRotationEnabled")
    def is_refresh_token_rotation_enabled(self) -> Output[bool | None]:
        """Refresh tokens are replaced at each use."""
        return pulumi.get(self, "is_refresh_token_rotation_enabled")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="isNamedUserJwtEnabled")
    def is_named_user_jwt_enabled(self) -> Output[bool | None]:
        """Access tokens are issued in JWT format (not the same thing as the JWT bearer grant)."""
        return pulumi.get(self, "is_named_user_jwt_enabled")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="sessionTimeoutMinutes")
    def session_timeout_minutes(self) -> Output[int | None]:
        """Life of the app's sessions in minutes; unset: the profile's or the org's."""
        return pulumi.get(self, "session_timeout_minutes")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="requiredSessionLevel")
    def required_session_level(self) -> Output[str | None]:
        """Session level the app asks for. HIGH_ASSURANCE blocks JWT logins: the flow cannot raise a level."""
        return pulumi.get(self, "required_session_level")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="trustedIpRanges")
    def trusted_ip_ranges(self) -> Output[Sequence[Mapping[str, str]] | None]:
        """Addresses from which the app's logins are trusted."""
        return pulumi.get(self, "trusted_ip_ranges")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="isEnabled")
    def is_enabled(self) -> Output[bool | None]:
        """The app is on."""
        return pulumi.get(self, "is_enabled")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="isOauthPluginEnabled")
    def is_oauth_plugin_enabled(self) -> Output[bool | None]:
        """OAuth is on for the app."""
        return pulumi.get(self, "is_oauth_plugin_enabled")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="distributionState")
    def distribution_state(self) -> Output[str | None]:
        """Whether the app is for this org alone or packaged."""
        return pulumi.get(self, "distribution_state")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="carryOver")
    def carry_over(self) -> Output[str | None]:
        """Which parts that no setting names are sent: those it had when made or taken over, those it has now, or none."""
        return pulumi.get(self, "carry_over")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="managedBy")
    def managed_by(self) -> Output[str | None]:
        """Owner and stack, `acme-platform/uat`, for the ownership marker in the description."""
        return pulumi.get(self, "managed_by")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="orgId")
    def org_id(self) -> Output[str]:
        """Id of the org it is in."""
        return pulumi.get(self, "org_id")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="instanceUrl")
    def instance_url(self) -> Output[str | None]:
        """My Domain of that org at the last read."""
        return pulumi.get(self, "instance_url")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="claim")
    def claim(self) -> Output[int | None]:
        """Which of the stack's resources this is that made it or took it over, by the marker: the last one deletes it."""
        return pulumi.get(self, "claim")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="claimFound")
    def claim_found(self) -> Output[int | None]:
        """The claim that the marker had at the last read."""
        return pulumi.get(self, "claim_found")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="members")
    def members(self) -> Output[Mapping[str, str]]:
        """Full name of each metadata member by its type."""
        return pulumi.get(self, "members")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="otherParts")
    def other_parts(self) -> Output[Sequence[Mapping[str, str]]]:
        """Parts of it that the field table does not know, as they are in the org."""
        return pulumi.get(self, "other_parts")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="carriedOver")
    def carried_over(self) -> Output[Sequence[Mapping[str, str]] | None]:
        """Those of them that are kept as they are."""
        return pulumi.get(self, "carried_over")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="adopted")
    def adopted(self) -> Output[bool | None]:
        """Whether it was taken over by an import: then it is never recreated."""
        return pulumi.get(self, "adopted")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="notKept")
    def not_kept(self) -> Output[Sequence[Mapping[str, str]] | None]:
        """Settings that the org does not keep, each with what was sent and what it holds instead, as JSON."""
        return pulumi.get(self, "not_kept")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="revision")
    def revision(self) -> Output[str]:
        """Digest of what was deployed."""
        return pulumi.get(self, "revision")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="appId")
    def app_id(self) -> Output[str]:
        """Id of the app's record."""
        return pulumi.get(self, "app_id")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="copiedFrom")
    def copied_from(self) -> Output[str | None]:
        """The org whose app a sandbox refresh copied here, where it kept its consumer key."""
        return pulumi.get(self, "copied_from")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="deployedAt")
    def deployed_at(self) -> Output[str]:
        """When it was last deployed by us, ISO 8601."""
        return pulumi.get(self, "deployed_at")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="deployedCertificate")
    def deployed_certificate(self) -> Output[str | None]:
        """SHA-256 of the certificate that was last deployed by us, hex."""
        return pulumi.get(self, "deployed_certificate")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="certificateReturned")
    def certificate_returned(self) -> Output[bool | None]:
        """Whether the org gives the certificate back, as of the last read."""
        return pulumi.get(self, "certificate_returned")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="stateVersion")
    def state_version(self) -> Output[int | None]:
        """Form of these outputs, for the versions of orgkey that read them."""
        return pulumi.get(self, "state_version")  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True)
class JwtGrantArgs:
    """Arguments of JwtGrant."""

    consumer_key: Input[str]
    """`iss` of the assertion."""
    private_key_pem: Input[str]
    """RSA key that signs, PEM."""
    username: Input[str]
    """`sub` of the assertion: the integration user."""
    instance_url: Input[str] | None = None
    """My Domain of the provider's org, which is asked for the token; comes from the provider."""
    app_kind: Input[str] | None = None
    """Kind of the app: decides the audience's second try."""
    audience: Input[str] | None = None
    """`aud` of the assertion; default My Domain, one step down on an audience error."""
    revisions: Input[Sequence[Input[str]]] | None = None
    """Revisions of what the login depends on."""
    deployed_at: Input[str] | None = None
    """When the app was last deployed, ISO 8601: the propagation window's start."""
    propagation_minutes: Input[float] | None = None
    """How long a new or changed app may take until it works, in minutes; default 30 for a new External Client App, else 10."""
    revoke: Input[bool] | None = None
    """Revoke the proof's token. It may end other sessions of that user and app."""
    blocked: Input[bool] | None = None
    """The app is to give out no tokens: that the login is refused is proved, and sessions that it gave are ended."""
    app_label: Input[str] | None = None
    """Label of the app, by which the org lists its sessions; with `blocked`."""
    generations: Input[Sequence[Input[int]]] | None = None
    """Numbers of the generations that are declared, the current one first; of others in state a preview says who used them."""
    unused_after_days: Input[int] | None = None
    """How many days back it looks; default 7."""


class JwtGrant(_Resource):
    """The proof that the JWT bearer login works, made by every `up`."""

    _names: ClassVar[Mapping[str, str]] = {
        "consumer_key": "consumerKey",
        "private_key_pem": "privateKeyPem",
        "instance_url": "instanceUrl",
        "app_kind": "appKind",
        "deployed_at": "deployedAt",
        "propagation_minutes": "propagationMinutes",
        "app_label": "appLabel",
        "unused_after_days": "unusedAfterDays",
        "reason_code": "reasonCode",
        "org_id": "orgId",
        "org_kind": "orgKind",
        "user_id": "userId",
        "state_version": "stateVersion",
    }

    def __init__(self, resource_name: str, args: JwtGrantArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        outputs = {
            "verified": None,
            "reason_code": None,
            "reason": None,
            "diagnosis": None,
            "org_id": None,
            "org_kind": None,
            "user_id": None,
            "scopes": None,
            "state_version": None,
        }
        super().__init__("salesforce:index:JwtGrant", resource_name, {**_inputs(args), **outputs}, opts)

    @property
    @pulumi.getter(name="consumerKey")
    def consumer_key(self) -> Output[str]:
        """`iss` of the assertion."""
        return pulumi.get(self, "consumer_key")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="username")
    def username(self) -> Output[str]:
        """`sub` of the assertion: the integration user."""
        return pulumi.get(self, "username")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="privateKeyPem")
    def private_key_pem(self) -> Output[str]:
        """RSA key that signs, PEM."""
        return pulumi.get(self, "private_key_pem")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="instanceUrl")
    def instance_url(self) -> Output[str]:
        """My Domain of the provider's org, which is asked for the token; comes from the provider."""
        return pulumi.get(self, "instance_url")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="appKind")
    def app_kind(self) -> Output[str | None]:
        """Kind of the app: decides the audience's second try."""
        return pulumi.get(self, "app_kind")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="audience")
    def audience(self) -> Output[str]:
        """The audience that worked."""
        return pulumi.get(self, "audience")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="revisions")
    def revisions(self) -> Output[Sequence[str] | None]:
        """Revisions of what the login depends on."""
        return pulumi.get(self, "revisions")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="deployedAt")
    def deployed_at(self) -> Output[str | None]:
        """When the app was last deployed, ISO 8601: the propagation window's start."""
        return pulumi.get(self, "deployed_at")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="propagationMinutes")
    def propagation_minutes(self) -> Output[float | None]:
        """How long a new or changed app may take until it works, in minutes; default 30 for a new External Client App, else 10."""
        return pulumi.get(self, "propagation_minutes")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="revoke")
    def revoke(self) -> Output[bool | None]:
        """Revoke the proof's token. It may end other sessions of that user and app."""
        return pulumi.get(self, "revoke")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="blocked")
    def blocked(self) -> Output[bool | None]:
        """The app is to give out no tokens: that the login is refused is proved, and sessions that it gave are ended."""
        return pulumi.get(self, "blocked")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="appLabel")
    def app_label(self) -> Output[str | None]:
        """Label of the app, by which the org lists its sessions; with `blocked`."""
        return pulumi.get(self, "app_label")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="generations")
    def generations(self) -> Output[Sequence[int] | None]:
        """Numbers of the generations that are declared, the current one first; of others in state a preview says who used them."""
        return pulumi.get(self, "generations")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="unusedAfterDays")
    def unused_after_days(self) -> Output[int | None]:
        """How many days back it looks; default 7."""
        return pulumi.get(self, "unused_after_days")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="verified")
    def verified(self) -> Output[bool]:
        """Whether the login works."""
        return pulumi.get(self, "verified")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="reasonCode")
    def reason_code(self) -> Output[str | None]:
        """The org's error code where it does not."""
        return pulumi.get(self, "reason_code")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="reason")
    def reason(self) -> Output[str]:
        """The org's description of that error."""
        return pulumi.get(self, "reason")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="diagnosis")
    def diagnosis(self) -> Output[str | None]:
        """Why it fails, as far as the evidence tells (`orgkey doctor`)."""
        return pulumi.get(self, "diagnosis")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="orgId")
    def org_id(self) -> Output[str]:
        """Id of the org it is in."""
        return pulumi.get(self, "org_id")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="orgKind")
    def org_kind(self) -> Output[str | None]:
        """Kind of the org: production, sandbox, scratch or developer."""
        return pulumi.get(self, "org_kind")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="userId")
    def user_id(self) -> Output[str]:
        """Id of the integration user."""
        return pulumi.get(self, "user_id")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="scopes")
    def scopes(self) -> Output[Sequence[str]]:
        """Scopes of the token."""
        return pulumi.get(self, "scopes")  # type: ignore[no-any-return]

    @property
    @pulumi.getter(name="stateVersion")
    def state_version(self) -> Output[int | None]:
        """Form of these outputs, for the versions of orgkey that read them."""
        return pulumi.get(self, "state_version")  # type: ignore[no-any-return]

"""What a component takes of the resources' inputs, typed. Written by `make generate` from the schema: do not edit.

Annotations are real objects here, not text: Pulumi's component host makes the component's schema from them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import Input


@dataclass(frozen=True, kw_only=True)
class AppSettings:
    """The app."""

    name: Input[str]
    """Developer name of the app: the name of its metadata file and the id of the resource."""
    contact_email: Input[str]
    """Whom Salesforce may write to about the app."""
    kind: str | None = None
    """external (default) or connected."""
    protect: bool | None = None
    """Whether Pulumi refuses to delete the app; default: for a Connected App, which most orgs let nobody make."""
    blocked: bool | None = None
    """Whether the app gives out no tokens any more; the sessions that it gave are ended, and the refusal is proved."""
    label: Input[str] | None = None
    """Name shown in Setup."""
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
    """The app is on. (External Client Apps only.)"""
    is_oauth_plugin_enabled: Input[bool] | None = None
    """OAuth is on for the app. (External Client Apps only.)"""
    distribution_state: Input[str] | None = None
    """Whether the app is for this org alone or packaged. (External Client Apps only.)"""
    carry_over: Input[str] | None = None
    """Which parts that no setting names are sent: those it had when made or taken over, those it has now, or none."""


@dataclass(frozen=True, kw_only=True)
class PermissionSetSettings:
    """The permission set; its name is made from the app's where none is given."""

    name: Input[str] | None = None
    """API name of the permission set: the name of its metadata file and the id of the resource."""
    label: Input[str] | None = None
    """Name shown in Setup."""
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


@dataclass(frozen=True, kw_only=True)
class KeySettings:
    """Key pair, certificate and consumer key."""

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


@dataclass(frozen=True, kw_only=True)
class AssignmentSettings:
    """Who else may hold the permission set, for how long, and what comes with it."""

    authoritative: Input[bool] | None = None
    """Take the set away from everybody else. Left out: as it was; true for a new one, false where others hold it already."""
    groups: Input[Sequence[Input[str]]] | None = None
    """Permission set groups that every one of the users is assigned to as well."""
    expiration: Input[str] | None = None
    """When the assignments end by themselves, a date and time with zone, ISO 8601; unset: never, but as others decided."""


@dataclass(frozen=True, kw_only=True)
class GrantSettings:
    """The proof of the login."""

    propagation_minutes: Input[float] | None = None
    """How long a new or changed app may take until it works, in minutes; default 30 for a new External Client App, else 10."""
    audience: Input[str] | None = None
    """`aud` of the assertion; default My Domain, one step down on an audience error."""
    revoke: Input[bool] | None = None
    """Revoke the proof's token. It may end other sessions of that user and app."""

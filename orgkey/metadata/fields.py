"""The field table: one row per setting of an app or a permission set.

Everything that needs to know a setting reads it here: check (types, enums, patterns), render and parse (where the element stands
in each kind), compare (what counts as equal), the provider's schema and its generated argument classes, drift severity and the
reference page. A new Metadata API field is one row. Sources: platform notes 1.2-1.7 (ConnectedApp), 2.3 (External Client App), 3.1
(PermissionSet).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from orgkey.metadata.codec import (
    Codec,
    EnabledNames,
    Flag,
    Joined,
    Mapped,
    Number,
    Ranges,
    RefreshPolicy,
    Repeated,
    Text,
    Value,
)
from orgkey.metadata.members import (
    ECA,
    GLOBAL_OAUTH,
    MEMBER_TYPES,
    OAUTH,
    OAUTH_POLICIES,
    POLICIES,
    RESOURCE_MEMBERS,
    Resource,
)

CONSUMER_KEY = r"[A-Za-z0-9._+/=-]{8,256}"
CONSUMER_KEY_SAYS = "8 to 256 letters, digits and . _ - + / ="
"""What orgs have: their own keys have dots and underscores, some are base64 in either alphabet (platform notes 1.3)."""


class Type(StrEnum):
    """What a setting's value is."""

    STRING = "string"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    STRINGS = "strings"  # a set: order and repetition mean nothing
    RANGES = "ranges"  # {start, end, description?}


class OnChange(StrEnum):
    """What a changed value does to the resource."""

    UPDATE = "update"
    REPLACE = "replace"


class Looser(StrEnum):
    """Which change of a setting loosens security; drift reports it above everything else."""

    WHEN_TRUE = "when true"
    WHEN_FALSE = "when false"
    WHEN_MORE = "when something is added"
    WHEN_LESS = "when something is removed"
    BY_RANK = "when the value moves down the list of values"


_EMPTY: Mapping[Type, Value] = {
    Type.STRING: "",
    Type.BOOLEAN: False,
    Type.INTEGER: None,
    Type.STRINGS: [],
    Type.RANGES: [],
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a setting stands in one kind: metadata type, path of containing elements, codec.

    `absent` is what the platform means when the element is not there. `since` is the first API version that takes it.
    """

    member: str
    path: tuple[str, ...]
    codec: Codec
    absent: Value = None
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Field:
    """One setting. `default` None means: what the platform means by an absent element."""

    name: str
    type: Type
    doc: str
    places: Mapping[Resource, Place] = field(default_factory=dict)
    default: Value = None
    required: bool = False
    on_change: OnChange = OnChange.UPDATE
    withheld: bool = False  # an org may not show it: that it is absent then says nothing
    values: tuple[str, ...] = ()  # safest first, so that BY_RANK can tell a loosening
    value_since: Mapping[str, float] = field(
        default_factory=dict
    )  # first API version of values that are younger than the floor
    pattern: str = ""
    pattern_says: str = ""
    longest: int = 0  # characters, 0 = no rule known
    longest_in: Mapping[Resource, int] = field(default_factory=dict)  # where one kind takes less
    looser: Looser | None = None

    def default_for(self, resource: Resource) -> Value:
        """The value of a setting that nobody wrote."""
        if self.default is not None:
            return self.default
        place = self.places.get(resource)
        if place and place.absent is not None:
            return place.absent
        return _EMPTY[self.type]

    def value_in(self, settings: Mapping[str, Value], resource: Resource) -> Value:
        """The setting's value among `settings`; None and an absent name both mean that nobody wrote it."""
        value = settings.get(self.name)
        return self.default_for(resource) if value is None else value


CONNECTED, EXTERNAL, PERMISSION_SET = Resource.CONNECTED_APP, Resource.EXTERNAL_CLIENT_APP, Resource.PERMISSION_SET

DEVELOPER_NAME = r"[A-Za-z](?:_?[A-Za-z0-9])*"
DEVELOPER_NAME_SAYS = "letters, digits and single underscores, starting with a letter and not ending with an underscore"

SCOPES = tuple(
    "Basic Api Web Full Chatter CustomApplications RefreshToken OpenID Profile Email Address Phone OfflineAccess "
    "CustomPermissions Wave Eclair Pardot Lightning Content CDPIngest CDPProfile CDPQuery Chatbot CDPSegment CDPIdentityResolution "
    "CDPCalculatedInsight ForgotPassword UserRegistration SFAP Interaction CDP EinsteinGPT PwdlessLogin MCP SCRT "
    "DataCloudUserClaims A2A CmdbDiscovery SemanticLayer SFApiPlatform".split(),
)
"""The deploy enum of API 68, and the name that External Client Apps have for SFAP (platform notes 1.7, 2.3)."""

_SCOPE_SINCE = {
    "MCP": 66.0,
    "SCRT": 66.0,
    "DataCloudUserClaims": 67.0,
    "A2A": 68.0,
    "CmdbDiscovery": 68.0,
    "SemanticLayer": 68.0,
}


def _connected(path: str, codec: Codec, *, absent: Value = None, since: float = 0.0) -> tuple[Resource, Place]:
    return CONNECTED, Place("ConnectedApp", tuple(path.split("/")) if path else (), codec, absent, since)


def _external(member: str, codec: Codec, *, absent: Value = None, since: float = 0.0) -> tuple[Resource, Place]:
    return EXTERNAL, Place(member, (), codec, absent, since)


def _set(codec: Codec, *, absent: Value = None) -> tuple[Resource, Place]:
    return PERMISSION_SET, Place("PermissionSet", (), codec, absent)


def _flag(
    name: str,
    doc: str,
    connected: tuple[str, str] | None,
    external: tuple[str, str] | None,
    *,
    looser: Looser | None = None,
    on_by_default: tuple[Resource, ...] = (),
    since: tuple[float, float] = (0.0, 0.0),
) -> Field:
    """A yes/no setting: (path, tag) in ConnectedApp, (member, tag) in the ECA, each None where the kind has none."""
    places: dict[Resource, Place] = {}
    if connected:
        places |= [_connected(connected[0], Flag(connected[1]), absent=CONNECTED in on_by_default, since=since[0])]
    if external:
        places |= [_external(external[0], Flag(external[1]), absent=EXTERNAL in on_by_default, since=since[1])]
    return Field(name, Type.BOOLEAN, doc, places, looser=looser)


_IP_RELAXATION = ("Enforce", "Enforce_RelaxRefresh", "Bypass_2factor", "Bypass")
_EXTERNAL_IP_RELAXATION = {**{v: v for v in _IP_RELAXATION}, "Enforce_RelaxRefresh": "Enforce_relaxrefresh"}
"""Orgs return `Enforce_relaxrefresh`, and a deploy validator lists it so; the reference writes it as we do (platform notes 2.3)."""
_PERMITTED = ("AdminApprovedPreAuthorized", "AllSelfAuthorized")
_BOTH = (CONNECTED, EXTERNAL)

APP_FIELDS: tuple[Field, ...] = (
    Field(
        "name",
        Type.STRING,
        "Developer name of the app: the name of its metadata file and the id of the resource.",
        required=True,
        on_change=OnChange.REPLACE,
        pattern=DEVELOPER_NAME,
        pattern_says=DEVELOPER_NAME_SAYS,
        longest=80,
        longest_in={
            EXTERNAL: 80 - max(len(MEMBER_TYPES[each].satellite) for each in RESOURCE_MEMBERS[EXTERNAL])
        },  # its members' names are longer
    ),
    Field(
        "label",
        Type.STRING,
        "Name shown in Setup.",
        dict([_connected("", Text("label")), _external(ECA, Text("label"))]),
        required=True,
        longest=80,
    ),
    Field(
        "contactEmail",
        Type.STRING,
        "Whom Salesforce may write to about the app.",
        dict([_connected("", Text("contactEmail")), _external(ECA, Text("contactEmail"))]),
        required=True,
        pattern=r"[^@\s]+@[^@\s]+\.[^@\s]+",
        pattern_says="an e-mail address",
    ),
    Field(
        "contactPhone",
        Type.STRING,
        "Telephone number of the contact.",
        dict([_connected("", Text("contactPhone")), _external(ECA, Text("contactPhone"))]),
    ),
    Field(
        "description",
        Type.STRING,
        "What the app is for; the ownership marker is a line of its own below it.",
        dict([_connected("", Text("description")), _external(ECA, Text("description"))]),
    ),
    Field(
        "infoUrl",
        Type.STRING,
        "Page that tells about the app.",
        dict([_connected("", Text("infoUrl")), _external(ECA, Text("infoUrl"))]),
        pattern=r"https?://\S+",
        pattern_says="a URL",
    ),
    Field(
        "logoUrl",
        Type.STRING,
        "Logo, at most 200 by 125 pixels.",
        dict([_connected("", Text("logoUrl")), _external(ECA, Text("logoUrl"))]),
        pattern=r"https://\S+",
        pattern_says="an https URL",
    ),
    Field(
        "callbackUrls",
        Type.STRINGS,
        "Callback URLs. The platform requires one even where only the JWT bearer flow is used.",
        dict(
            [
                _connected("oauthConfig", Joined("callbackUrl", "\n")),
                _external(GLOBAL_OAUTH, Joined("callbackUrl", "\n")),
            ]
        ),
        default=("https://login.salesforce.com/services/oauth2/success",),
        pattern=r"[A-Za-z][A-Za-z0-9+.-]*:\S+",
        pattern_says="a URL without spaces",
        looser=Looser.WHEN_MORE,
    ),
    Field(
        "certificatePem",
        Type.STRING,
        "The certificate whose key signs assertions, as PEM. Sent with every deploy; compared as DER where the org gives it back.",
        dict([_connected("oauthConfig", Text("certificate")), _external(GLOBAL_OAUTH, Text("certificate"))]),
        required=True,
        withheld=True,
    ),
    Field(
        "consumerKey",
        Type.STRING,
        "The OAuth client id. Sent while the app has none and never after: the platform keeps the first one.",
        dict([_connected("oauthConfig", Text("consumerKey")), _external(GLOBAL_OAUTH, Text("consumerKey"))]),
        required=True,
        on_change=OnChange.REPLACE,
        pattern=CONSUMER_KEY,
        pattern_says=CONSUMER_KEY_SAYS,
    ),
    Field(
        "scopes",
        Type.STRINGS,
        "OAuth scopes, by their Metadata API names. Api and RefreshToken are what the JWT bearer flow needs.",
        dict(
            [
                _connected("oauthConfig", Repeated("scopes", {"SFApiPlatform": "SFAP"})),
                _external(OAUTH, Joined("commaSeparatedOauthScopes", ", ", {"SFAP": "SFApiPlatform"})),
            ]
        ),
        default=("Api", "RefreshToken"),
        values=SCOPES,
        value_since=_SCOPE_SINCE,
        looser=Looser.WHEN_MORE,
    ),
    Field(
        "permittedUsers",
        Type.STRING,
        "Who may use the app: only pre-authorized users, or everybody who consents.",
        dict(
            [
                _connected(
                    "oauthConfig",
                    Mapped("isAdminApproved", {_PERMITTED[0]: "true", _PERMITTED[1]: "false"}),
                    absent=_PERMITTED[1],
                ),
                _external(
                    OAUTH_POLICIES, Mapped("permittedUsersPolicyType", {v: v for v in _PERMITTED}), absent=_PERMITTED[1]
                ),
            ],
        ),
        default=_PERMITTED[0],
        values=_PERMITTED,
        looser=Looser.BY_RANK,
    ),
    Field(
        "permissionSets",
        Type.STRINGS,
        "Permission sets whose holders are pre-authorized, by API name.",
        dict(
            [
                _connected("", Repeated("permissionSetName")),
                _external(OAUTH_POLICIES, Joined("commaSeparatedPermissionSet", ", ")),
            ],
        ),
        looser=Looser.WHEN_MORE,
    ),
    Field(
        "profiles",
        Type.STRINGS,
        "Profiles whose users are pre-authorized.",
        dict(
            [
                _connected("", Repeated("profileName")),
                _external(OAUTH_POLICIES, Joined("commaSeparatedProfile", ", "), since=62.0),
            ]
        ),
        looser=Looser.WHEN_MORE,
    ),
    Field(
        "ipRelaxation",
        Type.STRING,
        "Whether the IP ranges of the user's profile hold for logins through the app.",
        dict(
            [
                _connected(
                    "oauthPolicy", Mapped("ipRelaxation", {v: v.upper() for v in _IP_RELAXATION}), absent="Enforce"
                ),
                _external(
                    OAUTH_POLICIES,
                    Mapped("ipRelaxationPolicyType", _EXTERNAL_IP_RELAXATION),
                    absent="Enforce",
                ),
            ],
        ),
        values=_IP_RELAXATION,
        looser=Looser.BY_RANK,
    ),
    Field(
        "refreshTokenPolicy",
        Type.STRING,
        "How long refresh tokens live: zero, infinite, specific_inactivity:N:UNIT or specific_lifetime:N:UNIT.",
        dict(
            [
                _connected("oauthPolicy", Text("refreshTokenPolicy"), absent="infinite"),
                _external(OAUTH_POLICIES, RefreshPolicy(), absent="infinite"),
            ]
        ),
        pattern=r"infinite|zero|specific_(?:lifetime|inactivity):[1-9][0-9]*:(?:HOURS|DAYS|MONTHS)",
        pattern_says="infinite, zero, specific_lifetime:N:UNIT or specific_inactivity:N:UNIT (HOURS, DAYS or MONTHS)",
        looser=Looser.BY_RANK,
    ),
    _flag(
        "isPkceRequired",
        "Web flows must use PKCE.",
        ("oauthConfig", "isPkceRequired"),
        (GLOBAL_OAUTH, "isPkceRequired"),
        looser=Looser.WHEN_FALSE,
        on_by_default=(EXTERNAL,),
    ),
    _flag(
        "isConsumerSecretOptional",
        "Web flows may leave the consumer secret out.",
        ("oauthConfig", "isConsumerSecretOptional"),
        (GLOBAL_OAUTH, "isConsumerSecretOptional"),
        looser=Looser.WHEN_TRUE,
    ),
    _flag(
        "isSecretRequiredForRefreshToken",
        "The refresh token flow needs the consumer secret.",
        ("oauthConfig", "isSecretRequiredForRefreshToken"),
        (GLOBAL_OAUTH, "isSecretRequiredForRefreshToken"),
        looser=Looser.WHEN_FALSE,
        on_by_default=_BOTH,
    ),
    _flag(
        "isIntrospectAllTokens",
        "The app may introspect every token in the org.",
        ("oauthConfig", "isIntrospectAllTokens"),
        (GLOBAL_OAUTH, "isIntrospectAllTokens"),
        looser=Looser.WHEN_TRUE,
    ),
    _flag(
        "isClientCredentialsEnabled",
        "The client credentials flow is on.",
        ("oauthConfig", "isClientCredentialEnabled"),
        (GLOBAL_OAUTH, "isClientCredentialsFlowEnabled"),
        looser=Looser.WHEN_TRUE,
    ),
    _flag(
        "isRefreshTokenRotationEnabled",
        "Refresh tokens are replaced at each use.",
        ("oauthConfig", "isRefreshTokenRotationEnabled"),
        (GLOBAL_OAUTH, "isRefreshTokenRotationEnabled"),
    ),
    _flag(
        "isNamedUserJwtEnabled",
        "Access tokens are issued in JWT format (not the same thing as the JWT bearer grant).",
        ("oauthConfig", "isNamedUserJwtEnabled"),
        (GLOBAL_OAUTH, "isNamedUserJwtEnabled"),
        since=(59.0, 61.0),
    ),
    Field(
        "sessionTimeoutMinutes",
        Type.INTEGER,
        "Life of the app's sessions in minutes; unset: the profile's or the org's.",
        dict(
            [
                _connected("sessionPolicy", Number("sessionTimeout")),
                _external(OAUTH_POLICIES, Number("sessionTimeoutInMinutes")),
            ]
        ),
    ),
    Field(
        "requiredSessionLevel",
        Type.STRING,
        "Session level the app asks for. HIGH_ASSURANCE blocks JWT logins: the flow cannot raise a level.",
        dict(
            [
                _connected("sessionPolicy", Mapped("sessionLevel", {})),
                _external(OAUTH_POLICIES, Mapped("requiredSessionLevel", {}), absent="STANDARD"),
            ]
        ),
        values=("HIGH_ASSURANCE", "STANDARD", "LOW"),
        looser=Looser.BY_RANK,
    ),
    Field(
        "trustedIpRanges",
        Type.RANGES,
        "Addresses from which the app's logins are trusted.",
        dict(
            [
                _connected("", Ranges("ipRanges", "start", "end")),
                _external(OAUTH, Ranges("trustedIpRanges", "startIpAddress", "endIpAddress")),
            ],
        ),
        looser=Looser.WHEN_MORE,
    ),
    _flag("isEnabled", "The app is on.", None, (POLICIES, "isEnabled"), on_by_default=(EXTERNAL,)),
    _flag(
        "isOauthPluginEnabled",
        "OAuth is on for the app.",
        None,
        (POLICIES, "isOauthPluginEnabled"),
        on_by_default=(EXTERNAL,),
    ),
    Field(
        "distributionState",
        Type.STRING,
        "Whether the app is for this org alone or packaged.",
        dict([_external(ECA, Mapped("distributionState", {}), absent="Local")]),
        values=("Local", "Packaged"),  # the platform's other two are its own to set
    ),
)

PERMISSION_SET_FIELDS: tuple[Field, ...] = (
    Field(
        "name",
        Type.STRING,
        "API name of the permission set: the name of its metadata file and the id of the resource.",
        required=True,
        on_change=OnChange.REPLACE,
        pattern=DEVELOPER_NAME,
        pattern_says=DEVELOPER_NAME_SAYS,
        longest=80,
    ),
    Field("label", Type.STRING, "Name shown in Setup.", dict([_set(Text("label"))]), required=True, longest=80),
    Field(
        "description",
        Type.STRING,
        "What the set is for; the ownership marker is a line of its own below it.",
        dict([_set(Text("description"))]),
        longest=150,  # 255 is the platform's limit (platform notes 3.1); the marker takes the rest
    ),
    Field(
        "hasActivationRequired",
        Type.BOOLEAN,
        "The set counts only in sessions that activate it.",
        dict([_set(Flag("hasActivationRequired"), absent=False)]),
        looser=Looser.WHEN_FALSE,
    ),
    Field(
        "license",
        Type.STRING,
        "Licence the set is bound to. Leave it out: a licence keeps integration users or the pre-authorization away.",
        dict([_set(Text("license"))]),
        on_change=OnChange.REPLACE,
    ),
    Field(
        "userPermissions",
        Type.STRINGS,
        "Permissions the set grants. None by default: the set exists for the pre-authorization alone.",
        dict([_set(EnabledNames("userPermissions"))]),
        looser=Looser.WHEN_MORE,
    ),
)


_CARRY_OVER = Field(
    "carryOver",
    Type.STRING,
    "Which parts that no setting names are sent: those it had when made or taken over, those it has now, or none.",
    default="known",
    values=("known", "present", "none"),
)
_TAKE_FROM_OTHERS = Field(
    "takeFromOthers",
    Type.BOOLEAN,
    "A destroy takes the set from others who hold it. Groups that contain it and apps it admits to are an error then.",
    default=False,
)
WAYS: Mapping[Resource, tuple[Field, ...]] = {
    PERMISSION_SET: (_TAKE_FROM_OTHERS,),
    CONNECTED: (_CARRY_OVER,),
    EXTERNAL: (_CARRY_OVER,),
}
"""How orgkey goes about it, by resource: inputs that no org holds."""


def inputs_of(resource: Resource) -> tuple[Field, ...]:
    """What somebody may write of one resource: its settings, and how to go about it."""
    return (*fields_of(resource), *WAYS[resource])


def fields_of(resource: Resource) -> tuple[Field, ...]:
    """The rows that concern one resource, in the table's order."""
    if resource is PERMISSION_SET:
        return PERMISSION_SET_FIELDS
    return tuple(row for row in APP_FIELDS if row.name == "name" or resource in row.places)

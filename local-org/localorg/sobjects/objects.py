"""The objects that an org of this landscape has (platform notes 1.9, 2.5, 3; fields that clients ask for)."""

from __future__ import annotations

from localorg.sobjects.reference import OWN_PERMISSIONS, PERMISSIONS
from localorg.sobjects.schema import Field, SObject, flag, moment, number, reference, text


def _permission_flags(*, write: bool) -> tuple[Field, ...]:
    return tuple(flag(f"Permissions{name}", write=write) for name in PERMISSIONS)


_ORGANIZATION = SObject(
    "Organization",
    "00D",
    (
        text("Name"),
        text("InstanceName"),
        text("OrganizationType"),
        text("NamespacePrefix"),
        flag("IsSandbox"),
        moment("TrialExpirationDate"),
        text("LanguageLocaleKey"),
        text("TimeZoneSidKey"),
        text("PrimaryContact"),
        text("Country"),
    ),
)
_USER = SObject(
    "User",
    "005",
    (
        text("Username", write=True, required=True),
        text("LastName", write=True, required=True),
        text("FirstName", write=True),
        text("Name"),
        text("Email", write=True, required=True, kind="email"),
        text("Alias", write=True, required=True),
        text("CommunityNickname", write=True),
        flag("IsActive", write=True, default=True),
        reference("ProfileId", "Profile", create=True, update=True, required=True),
        text("UserType"),
        text("TimeZoneSidKey", write=True),
        text("LocaleSidKey", write=True),
        text("LanguageLocaleKey", write=True),
        text("EmailEncodingKey", write=True),
        text("FederationIdentifier", write=True),
        reference("ManagerId", "User", create=True, update=True),
        moment("LastLoginDate"),
        text("Title", write=True),
        text("Department", write=True),
    ),
    createable=True,
    updateable=True,
)
_USER_LICENSE = SObject(
    "UserLicense",
    "100",
    (
        text("Name"),
        text("MasterLabel"),
        text("LicenseDefinitionKey"),
        text("Status"),
        number("TotalLicenses"),
        number("UsedLicenses"),
    ),
    label="User License",
)
_PROFILE = SObject(
    "Profile",
    "00e",
    (
        text("Name", write=True, required=True),
        text("Description", write=True),
        reference("UserLicenseId", "UserLicense", create=True, required=True),
        text("UserType"),
    ),
    createable=True,
    updateable=True,
    deletable=True,
)
_USER_LOGIN = SObject(
    "UserLogin",
    "0Yw",
    (
        reference("UserId", "User"),
        Field("IsFrozen", "boolean", nillable=False, updateable=True, default=False),
        Field("IsPasswordLocked", "boolean", nillable=False, updateable=True, default=False),
    ),
    updateable=True,
)
_PERMISSION_SET = SObject(
    "PermissionSet",
    "0PS",
    (
        text("Name", write=True, required=True, length=80),
        text("Label", write=True, required=True, length=80),
        text("Description", write=True),
        Field("LicenseId", "reference", createable=True, refers="PermissionSetLicense", relationship="License"),
        reference("ProfileId", "Profile"),
        flag("IsOwnedByProfile"),
        flag("IsCustom", default=True),
        text("Type"),
        text("NamespacePrefix"),
        flag("HasActivationRequired", write=True),
        reference("PermissionSetGroupId", "PermissionSetGroup"),
        *_permission_flags(write=True),
    ),
    createable=True,
    updateable=True,
    deletable=True,
)
_ASSIGNMENT = SObject(
    "PermissionSetAssignment",
    "0Pa",
    (
        reference("AssigneeId", "User", create=True, required=True, children="PermissionSetAssignments"),
        reference("PermissionSetId", "PermissionSet", create=True, children="Assignments"),
        reference("PermissionSetGroupId", "PermissionSetGroup", create=True),
        moment("ExpirationDate", write=True),
        Field(
            "IsActive",
            "boolean",
            nillable=False,
            computed="{row}.ExpirationDate IS NULL OR {row}.ExpirationDate > landscape_now()",
        ),
        flag("IsRevoked"),
        moment("SystemModstamp"),
    ),
    createable=True,
    updateable=True,
    deletable=True,
    audited=False,
)
_GROUP = SObject(
    "PermissionSetGroup",
    "0PG",
    (
        text("DeveloperName", write=True, required=True),
        text("MasterLabel", write=True, required=True),
        text("Description", write=True),
        text("Status"),
        text("NamespacePrefix"),
    ),
    createable=True,
    updateable=True,
    deletable=True,
)
_GROUP_COMPONENT = SObject(
    "PermissionSetGroupComponent",
    "0PH",
    (
        reference("PermissionSetGroupId", "PermissionSetGroup", create=True, required=True),
        reference("PermissionSetId", "PermissionSet", create=True, required=True),
    ),
    createable=True,
    deletable=True,
)
_LICENSE = SObject(
    "PermissionSetLicense",
    "0PL",
    (text("DeveloperName"), text("MasterLabel"), text("Status"), number("TotalLicenses"), number("UsedLicenses")),
)
_LICENSE_ASSIGN = SObject(
    "PermissionSetLicenseAssign",
    "2LA",
    (
        reference("AssigneeId", "User", create=True, required=True, children="PermissionSetLicenseAssignments"),
        reference("PermissionSetLicenseId", "PermissionSetLicense", create=True, required=True),
    ),
    createable=True,
    deletable=True,
)
_ACCESS = SObject(
    "SetupEntityAccess",
    "0J0",
    (
        reference("ParentId", "PermissionSet", create=True, required=True, children="SetupEntityAccessItems"),
        Field("SetupEntityId", "reference", nillable=False, createable=True),
        Field("SetupEntityType", "picklist"),
    ),
    createable=True,
    deletable=True,
)
_CONNECTED_APP = SObject(
    "ConnectedApplication",
    "0H4",
    (
        text("Name"),
        text("DeveloperName"),
        text("ContactEmail"),
        text("ContactPhone"),
        text("Description"),
        flag("OptionsAllowAdminApprovedUsersOnly"),
        flag("OptionsRefreshTokenValidityMetric"),
        flag("OptionsHasSessionLevelPolicy"),
        flag("OptionsTokenExchangeManageBitEnabled"),
        number("RefreshTokenValidityPeriod"),
        reference("ExecutionUserId", "User"),
        text("StartUrl"),
        text("SessionTimeout"),
    ),
)
_EXTERNAL_CLIENT_APP = SObject(
    "ExternalClientApplication",
    "0xI",
    (
        text("DeveloperName"),
        text("MasterLabel"),
        text("Language"),
        text("NamespacePrefix"),
        text("ContactEmail"),
        text("ContactPhone"),
        text("Description"),
        text("IconUrl"),
        text("InfoUrl"),
        text("LogoUrl"),
        text("ManagedType"),
        text("DistributionState"),
        text("OrgScopedExternalApp"),
    ),
)
_POLICY_CONFIG = SObject(
    "ExtlClntAppOauthPlcyCnfg",
    "0yu",
    (
        text("DeveloperName"),
        text("MasterLabel"),
        text("Language"),
        reference("ExternalClientApplicationId", "ExternalClientApplication"),
        text("PermittedUsersPolicyType"),
        text("IpRelaxationPolicyType"),
        text("RefreshTokenPolicyType"),
        number("RefreshTokenValidityPeriod"),
        text("RefreshTokenValidityUnit"),
        text("RequiredSessionLevel"),
        number("SessionTimeoutInMinutes"),
        text("ClientCredentialsFlowUser"),
        flag("IsClientCredentialsFlowEnabled"),
        flag("IsGuestCodeCredFlowEnabled"),
        flag("IsNamedUserJwtEnabled"),
        flag("IsTokenExchangeFlowEnabled"),
    ),
)
_MENU_ITEM = SObject(
    "AppMenuItem",
    "0DS",
    (
        text("Name"),
        text("Label"),
        text("Type"),
        Field("ApplicationId", "reference"),
        flag("IsUsingAdminAuthorization"),
        flag("IsAccessible", default=True),
    ),
)
_OAUTH_TOKEN = SObject(
    "OauthToken",
    "0CQ",
    (
        text("AppName"),
        reference("AppMenuItemId", "AppMenuItem"),
        reference("UserId", "User"),
        text("DeleteToken"),
        number("UseCount"),
        moment("LastUsedDate"),
        text("_ConsumerKey"),
        text("_Scope"),
        moment("CreatedDate"),
    ),
    deletable=True,
    audited=False,
)
_LOGIN = SObject(
    "LoginHistory",
    "0Ya",
    (
        reference("UserId", "User"),
        moment("LoginTime"),
        text("LoginType"),
        text("SourceIp"),
        text("LoginUrl"),
        text("Application"),
        text("ClientVersion"),
        text("ApiType"),
        text("ApiVersion"),
        text("Status"),
    ),
    audited=False,
)

_AUTH_SESSION = SObject(
    "AuthSession",
    "0Ak",
    (
        reference("UsersId", "User"),
        reference("LoginHistoryId", "LoginHistory"),
        text("LoginType"),
        text("SessionType"),
        text("SessionSecurityLevel"),
        text("SourceIp"),
        text("UserType"),
        number("NumSecondsValid"),
        text("_Token"),
        moment("CreatedDate"),
        moment("LastModifiedDate"),
    ),
    deletable=True,
    audited=False,
)

_SCRATCH_ORG = SObject(
    "ScratchOrgInfo",
    "2SR",
    (text("OrgName"), text("Status"), text("SignupUsername"), text("LoginUrl"), moment("ExpirationDate")),
    production_only=True,
)

_DEPLOY_REQUEST = SObject(
    "DeployRequest",
    "0Af",
    (text("Status"), flag("CheckOnly"), moment("StartDate"), moment("CompletedDate")),
)

_OWN_PERMISSIONS = SObject(
    OWN_PERMISSIONS, "0uP", (moment("LastCacheUpdate"), *_permission_flags(write=False)), audited=False
)

OBJECTS: dict[str, SObject] = {
    each.name: each
    for each in (
        _ORGANIZATION,
        _USER,
        _USER_LICENSE,
        _PROFILE,
        _USER_LOGIN,
        _PERMISSION_SET,
        _ASSIGNMENT,
        _GROUP,
        _GROUP_COMPONENT,
        _LICENSE,
        _LICENSE_ASSIGN,
        _ACCESS,
        _CONNECTED_APP,
        _EXTERNAL_CLIENT_APP,
        _POLICY_CONFIG,
        _MENU_ITEM,
        _OAUTH_TOKEN,
        _LOGIN,
        _AUTH_SESSION,
        _SCRATCH_ORG,
        _DEPLOY_REQUEST,
        _OWN_PERMISSIONS,
    )
}
BY_LOWER_NAME: dict[str, SObject] = {name.lower(): each for name, each in OBJECTS.items()}


def find_object(name: str) -> SObject | None:
    """Return the object of that name, in any case."""
    return BY_LOWER_NAME.get(name.lower())

"""ConnectedApp's elements, in WSDL order (platform notes 1.2, 1.3, 1.5, 1.7)."""

from __future__ import annotations

from localorg.metadata.elements import Element, MetadataType, choice, flags, struct, text

SCOPES = (
    "Basic Api Web Full Chatter CustomApplications RefreshToken OpenID Profile Email Address Phone OfflineAccess "
    "CustomPermissions Wave Eclair Pardot Lightning Content CDPIngest CDPProfile CDPQuery Chatbot CDPSegment "
    "CDPIdentityResolution CDPCalculatedInsight ForgotPassword UserRegistration SFAP Interaction CDP EinsteinGPT "
    "PwdlessLogin MCP SCRT DataCloudUserClaims A2A CmdbDiscovery SemanticLayer"
).split()

OAUTH_STRINGS = {
    "Basic": "id",
    "Api": "api",
    "Web": "web",
    "Full": "full",
    "Chatter": "chatter_api",
    "CustomApplications": "visualforce",
    "RefreshToken": "refresh_token",
    "OpenID": "openid",
    "CustomPermissions": "custom_permissions",
    "Wave": "wave_api",
    "Eclair": "eclair_api",
    "Pardot": "pardot_api",
    "Lightning": "lightning",
    "Content": "content",
    "Chatbot": "chatbot_api",
    "SFAP": "sfap_api",
    "Interaction": "interaction_api",
    "EinsteinGPT": "einstein_gpt_api",
    "MCP": "mcp_api",
    "SCRT": "scrt_api",
    "PwdlessLogin": "pwdless_login_api",
    "ForgotPassword": "forgot_password",
    "UserRegistration": "user_registration_api",
    "CDP": "cdp_api",
    "CDPIngest": "cdp_ingest_api",
    "CDPProfile": "cdp_profile_api",
    "CDPQuery": "cdp_query_api",
    "CDPSegment": "cdp_segment_api",
    "CDPIdentityResolution": "cdp_identityresolution_api",
    "CDPCalculatedInsight": "cdp_calculated_insight_api",
}
_NORMAL = {"Address": "Basic", "Email": "Basic", "Phone": "Basic", "Profile": "Basic", "OfflineAccess": "RefreshToken"}
IP_RELAXATION = ("ENFORCE", "BYPASS_2FACTOR", "BYPASS", "ENFORCE_RELAXREFRESH")


def normalize_scopes(scopes: list[str]) -> list[str]:
    """Return scopes as a retrieve shows them: Address, Email, Phone, Profile, OfflineAccess never come back (1.7)."""
    return list(dict.fromkeys(_NORMAL.get(scope, scope) for scope in scopes))


_ID_TOKEN = struct(
    "idTokenConfig",
    Element("idTokenAudience"),
    *flags("idTokenIncludeAttributes", "idTokenIncludeCustomPerms", "idTokenIncludeStandardClaims"),
    Element("idTokenValidity", "int"),
)
_OAUTH_CONFIG = struct(
    "oauthConfig",
    struct(
        "assetTokenConfig",
        Element("assetAudiences", required=True),
        *flags("assetIncludeAttributes", "assetIncludeCustomPerms"),
        Element("assetSigningCertId", required=True),
        Element("assetValidityPeriod", "int", required=True),
    ),
    Element("callbackUrl", required=True),
    Element("certificate", returned="certificate_returned"),
    Element("consumerKey"),
    Element("consumerSecret", write_only=True),
    _ID_TOKEN,
    *flags(
        "isAdminApproved",
        "isClientCredentialEnabled",
        "isCodeCredentialEnabled",
        "isCodeCredentialPostOnly",
        "isConsumerSecretOptional",
        "isDPopEnabled",
        "isDeviceFlowEnabled",
        "isEnforceRefreshTokenTTL",
        "isIntrospectAllTokens",
        "isIpBindingEnabled",
        "isNamedUserJwtEnabled",
        "isPKImTLSEnabled",
        "isPkceRequired",
        "isRefreshTokenRotationEnabled",
        "isSecretRequiredForRefreshToken",
        "isSecretRequiredForTokenExchange",
        "isTokenExchangeEnabled",
    ),
    *text("oauthClientCredentialUser"),
    choice("scopes", *SCOPES, many=True, enum="ConnectedAppOauthAccessScope"),
    *text("singleLogoutUrl"),
)

CONNECTED_APP = MetadataType(
    "ConnectedApp",
    "connectedApps",
    "connectedApp",
    "0H4",
    (
        struct("attributes", Element("formula", required=True), Element("key", required=True), many=True),
        struct(
            "canvas",
            *text("accessMethod", "canvasOptions", "canvasUrl", "lifecycleClass", "locationOptions"),
            *text("samlInitiationMethod"),
        ),
        struct(
            "canvasConfig",
            *text("accessMethod", "canvasUrl", "lifecycleClass"),
            Element("locations", many=True),
            Element("options", many=True),
            *text("samlInitiationMethod"),
        ),
        Element("contactEmail", required=True),
        *text("contactPhone", "description", "iconUrl", "infoUrl"),
        struct(
            "ipRanges",
            Element("description"),
            Element("end", required=True),
            Element("start", required=True),
            many=True,
        ),
        Element("label", required=True),
        *text("logoUrl"),
        struct(
            "mobileAppConfig",
            *text("applicationBinaryFile", "applicationBinaryFileName", "applicationBundleIdentifier"),
            Element("applicationFileLength", "int"),
            *text(
                "applicationIconFile",
                "applicationIconFileName",
                "applicationInstallUrl",
                "devicePlatform",
                "deviceType",
                "minimumOsVersion",
            ),
            Element("privateApp", "boolean"),
            *text("version"),
        ),
        *text("mobileStartUrl"),
        _OAUTH_CONFIG,
        struct(
            "oauthPolicy",
            choice("ipRelaxation", *IP_RELAXATION, required=True),
            Element("isTokenExchangeFlowEnabled", "boolean"),
            Element("refreshTokenPolicy", required=True),
            *text("singleLogoutUrl"),
        ),
        Element("permissionSetName", many=True),
        *text("plugin", "pluginExecutionUser"),
        Element("profileName", many=True),
        struct(
            "samlConfig",
            *text(
                "acsUrl",
                "certificate",
                "encryptionCertificate",
                "encryptionType",
                "entityUrl",
                "issuer",
                "samlIdpSLOBindingEnum",
                "samlNameIdFormat",
                "samlSigningAlgoType",
                "samlSloUrl",
                "samlSubjectCustomAttr",
                "samlSubjectType",
            ),
        ),
        struct(
            "sessionPolicy",
            choice("policyAction", "Block", "RaiseSessionLevel"),
            choice("sessionLevel", "LOW", "STANDARD", "HIGH_ASSURANCE"),
            Element("sessionTimeout", "int"),
        ),
        *text("startUrl"),
    ),
)

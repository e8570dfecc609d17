"""The External Client App types, elements in WSDL order (platform notes 2.2, 2.3)."""

from __future__ import annotations

from localorg.metadata.elements import Element, MetadataType, choice, flags, struct, text

NO_PARENT = "Enter the name of the parent external client app."
_PARENT = Element("externalClientApplication", required=True, missing=NO_PARENT)
_ID_TOKEN = struct(
    "idTokenConfig",
    Element("idTokenAudience"),
    *flags("idTokenIncludeAttributes", "idTokenIncludeCustomPermissions", "idTokenIncludeStandardClaims"),
    Element("idTokenValidityInMinutes", "int"),
)
_ATTRIBUTES = struct("customAttributes", Element("formula", required=True), Element("key", required=True), many=True)

EXTERNAL_CLIENT_APP = MetadataType(
    "ExternalClientApplication",
    "externalClientApps",
    "eca",
    "0xI",
    (
        Element("contactEmail"),
        *text("contactPhone", "description"),
        choice("distributionState", "Local", "Packaged", "Managed", "AutoInstalled"),
        *text("iconUrl", "infoUrl"),
        *flags("isProtected"),
        *text("label", "logoUrl"),
        choice("managedType", "Local", "Global"),
        *text("orgScopedExternalApp"),
    ),
)
GLOBAL_OAUTH = MetadataType(
    "ExtlClntAppGlobalOauthSettings",
    "extlClntAppGlobalOauthSets",
    "ecaGlblOauth",
    "0xG",
    (
        *text("callbackUrl"),
        Element("certificate", returned="certificate_returned", since=60.0),
        Element("consumerKey"),
        Element("consumerSecret", write_only=True),
        _PARENT,
        _ID_TOKEN,
        Element("isClientCredentialsFlowEnabled", "boolean", since=60.0),
        Element("isCodeCredFlowEnabled", "boolean", since=61.0),
        Element("isCodeCredPostOnly", "boolean", since=61.0),
        *flags("isConsumerSecretOptional", "isDPopEnabled"),
        Element("isDeviceFlowEnabled", "boolean", since=60.0),
        *flags("isEnforceRefreshTokenTTL", "isIntrospectAllTokens", "isMtlsEnabled"),
        Element("isNamedUserJwtEnabled", "boolean", since=61.0),
        *flags("isPkceRequired"),
        Element("isRefreshTokenRotationEnabled", "boolean", since=60.0),
        *flags("isSecretRequiredForRefreshToken", "isSecretRequiredForTokenExchange", "isTokenExchangeEnabled"),
        *text("label"),
        Element("shouldRotateConsumerKey", "boolean", write_only=True),
        Element("shouldRotateConsumerSecret", "boolean", write_only=True),
    ),
)
OAUTH_SETTINGS = MetadataType(
    "ExtlClntAppOauthSettings",
    "extlClntAppOauthSettings",
    "ecaOauth",
    "0xO",
    (
        *flags("areAttributesIncludedInAssetToken", "areCustomPermsIncludedInAssetToken"),
        *text("assetTokenAudiences"),
        *text("assetTokenSigningCertificate"),
        Element("assetTokenValidity", "int"),
        Element("clientAssertionCertificate"),
        *text("commaSeparatedCustomScopes", "commaSeparatedOauthScopes"),
        _ATTRIBUTES,
        _PARENT,
        *flags("isFirstPartyAppEnabled"),
        *text("label", "oauthLink", "singleLogoutUrl"),
        struct("trustedIpRanges", *text("description", "endIpAddress", "startIpAddress"), many=True),
    ),
)
OAUTH_POLICIES = MetadataType(
    "ExtlClntAppOauthConfigurablePolicies",
    "extlClntAppOauthPolicies",
    "ecaOauthPlcy",
    "0yu",
    (
        *text(
            "apexHandler",
            "clientCredentialsFlowUser",
            "commaSeparatedCustomScopes",
            "commaSeparatedPermissionSet",
            "commaSeparatedProfile",
        ),
        _ATTRIBUTES,
        *text("executeHandlerAs"),
        _PARENT,
        *flags("guestJwtEnabled"),
        Element("guestJwtTimeout", "int"),
        choice("ipRelaxationPolicyType", "Enforce", "Bypass", "Bypass_2factor", "Enforce_RelaxRefresh"),
        *flags("isClientCredentialsFlowEnabled", "isGuestCodeCredFlowEnabled"),
        Element("isNamedUserJwtEnabled", "boolean", since=61.0, until=63.0),
        *flags("isTokenExchangeFlowEnabled"),
        *text("label"),
        choice("namedUserJwtSessionTimeoutType", "UserSession", "Custom"),
        Element("namedUserJwtTimeout", "int"),
        choice("permittedUsersPolicyType", "AllSelfAuthorized", "AdminApprovedPreAuthorized"),
        choice("policyAction", "Block", "RaiseSessionLevel", "StepUpMFA"),
        choice("refreshTokenPolicyType", "Infinite", "Zero", "SpecificLifetime", "SpecificInactivity"),
        Element("refreshTokenValidityPeriod", "int"),
        choice("refreshTokenValidityUnit", "Days", "Hours", "Months"),
        choice("requiredSessionLevel", "LOW", "STANDARD", "HIGH_ASSURANCE"),
        Element("sessionTimeoutInMinutes", "int"),
        *text("singleLogoutUrl", "startUrl"),
    ),
)
POLICIES = MetadataType(
    "ExtlClntAppConfigurablePolicies",
    "extlClntAppPolicies",
    "ecaPlcy",
    "0yp",
    (
        _PARENT,
        *flags("isAttestPluginEnabled", "isCanvasPluginEnabled"),
        Element("isEnabled", "boolean", required=True),
        *flags(
            "isMobilePluginEnabled",
            "isNotificationPluginEnabled",
            "isOauthPluginEnabled",
            "isPushPluginEnabled",
            "isSamlPluginEnabled",
        ),
        *text("label"),
        choice("startPage", "None", "Custom", "OAuth", "SAML"),
        *text("startUrl"),
    ),
)
SATELLITES = (GLOBAL_OAUTH, OAUTH_SETTINGS, OAUTH_POLICIES, POLICIES)

"""OAuth scopes: what each kind of app may name, how the token endpoint writes them (platform notes 1.7)."""

from __future__ import annotations

CONNECTED_APP_STRINGS = {
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
OAUTH_STRINGS = {**CONNECTED_APP_STRINGS, "SFApiPlatform": "sfap_api"}
EXTERNAL_CLIENT_APP_SCOPES = (
    "Basic OfflineAccess DataCloudUserClaims Email Address CDPSegment Chatbot CustomApplications Full Profile CDP "
    "CDPProfile RefreshToken Phone PwdlessLogin Interaction Pardot CDPIngest CDPIdentityResolution CustomPermissions "
    "ForgotPassword UserRegistration OpenID Chatter Wave SFApiPlatform SCRT Web EinsteinGPT Lightning Content "
    "CDPCalculatedInsight Eclair Api MCP CDPQuery"
).split()
"""In the order in which a deploy's refusal lists them (Summer '26)."""

_NORMAL = {"Address": "Basic", "Email": "Basic", "Phone": "Basic", "Profile": "Basic", "OfflineAccess": "RefreshToken"}


def normalize_scopes(scopes: list[str]) -> list[str]:
    """Return scopes as a retrieve shows them: Address, Email, Phone, Profile, OfflineAccess never come back (1.7)."""
    return list(dict.fromkeys(_NORMAL.get(scope, scope) for scope in scopes))

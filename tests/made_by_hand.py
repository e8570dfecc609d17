"""Apps as somebody made them in Setup years ago, with names and settings of their own; nothing of orgkey's has a part."""

from __future__ import annotations

from tests.landscape import Org

SET, OTHER_SET, APP, KEY = "Robots", "More_Robots", "By_Hand", "MadeByHand0123456789"
LABEL = 'Größe: "by" hand'
NS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
SWITCHED_ON = (
    "<isPkceRequired>true</isPkceRequired><isSecretRequiredForRefreshToken>true</isSecretRequiredForRefreshToken>"
)
"""As Setup makes an app."""


def made_external(
    org: Org,
    certificate: str = "",
    *,
    app: str = APP,
    key: str = KEY,
    permission_set: str = SET,
    label: str = LABEL,
    scopes: str = "Api, RefreshToken, Web",
    description: str = "Nightly: yes",
) -> None:
    """An External Client App whose satellites have names of their own, and the set that it admits; a certificate may be missing."""
    parent = f"<externalClientApplication>{app}</externalClientApplication>"
    described = f"<description>{description}</description>" if description else ""
    trusted = f"<certificate>{certificate}</certificate>" if certificate else ""
    org.deploy(
        {
            f"permissionsets/{permission_set}.permissionset": (
                f"<PermissionSet {NS}><hasActivationRequired>false</hasActivationRequired>"
                f"<label>{permission_set.replace('_', ' ')}</label></PermissionSet>"
            ),
            f"externalClientApps/{app}.eca": (
                f"<ExternalClientApplication {NS}><contactEmail>hand@acme.com</contactEmail>{described}"
                f"<distributionState>Local</distributionState><isProtected>false</isProtected><label>{label}</label>"
                "</ExternalClientApplication>"
            ),
            "extlClntAppGlobalOauthSets/HandGlobal.ecaGlblOauth": (
                f"<ExtlClntAppGlobalOauthSettings {NS}><callbackUrl>https://hand.example/cb</callbackUrl>{trusted}"
                f"<consumerKey>{key}</consumerKey>{parent}{SWITCHED_ON}<label>HandGlobal</label></ExtlClntAppGlobalOauthSettings>"
            ),
            "extlClntAppOauthSettings/HandOauth.ecaOauth": (
                f"<ExtlClntAppOauthSettings {NS}><commaSeparatedOauthScopes>{scopes}</commaSeparatedOauthScopes>"
                f"{parent}<label>HandOauth</label></ExtlClntAppOauthSettings>"
            ),
            "extlClntAppOauthPolicies/HandPolicy.ecaOauthPlcy": (
                f"<ExtlClntAppOauthConfigurablePolicies {NS}><commaSeparatedPermissionSet>{permission_set}"
                f"</commaSeparatedPermissionSet>{parent}<ipRelaxationPolicyType>Enforce</ipRelaxationPolicyType>"
                "<label>HandPolicy</label><permittedUsersPolicyType>AdminApprovedPreAuthorized</permittedUsersPolicyType>"
                "<refreshTokenPolicyType>Infinite</refreshTokenPolicyType></ExtlClntAppOauthConfigurablePolicies>"
            ),
            "extlClntAppPolicies/HandPlugins.ecaPlcy": (
                f"<ExtlClntAppConfigurablePolicies {NS}>{parent}<isEnabled>true</isEnabled>"
                "<isOauthPluginEnabled>true</isOauthPluginEnabled><label>HandPlugins</label></ExtlClntAppConfigurablePolicies>"
            ),
        },
        {
            "PermissionSet": [permission_set],
            "ExternalClientApplication": [app],
            "ExtlClntAppGlobalOauthSettings": ["HandGlobal"],
            "ExtlClntAppOauthSettings": ["HandOauth"],
            "ExtlClntAppOauthConfigurablePolicies": ["HandPolicy"],
            "ExtlClntAppConfigurablePolicies": ["HandPlugins"],
        },
    )


def made_connected(org: Org, certificate: str) -> None:
    """A Connected App that admits two sets by their labels."""
    sets = {name: f"<PermissionSet {NS}><label>{name} label</label></PermissionSet>" for name in (SET, OTHER_SET)}
    org.deploy(
        {f"permissionsets/{name}.permissionset": xml for name, xml in sets.items()}, {"PermissionSet": [SET, OTHER_SET]}
    )
    org.deploy(
        {
            f"connectedApps/{APP}.connectedApp": (
                f"<ConnectedApp {NS}><contactEmail>hand@acme.com</contactEmail><label>{LABEL}</label><oauthConfig>"
                f"<callbackUrl>https://hand.example/cb</callbackUrl><certificate>{certificate}</certificate>"
                f"<consumerKey>{KEY}</consumerKey><isAdminApproved>true</isAdminApproved>"
                "<scopes>Api</scopes><scopes>RefreshToken</scopes></oauthConfig><oauthPolicy><ipRelaxation>BYPASS</ipRelaxation>"
                "<refreshTokenPolicy>specific_lifetime:30:DAYS</refreshTokenPolicy></oauthPolicy>"
                f"<permissionSetName>{SET} label</permissionSetName><permissionSetName>{OTHER_SET} label</permissionSetName>"
                "<sessionPolicy><sessionTimeout>60</sessionTimeout></sessionPolicy></ConnectedApp>"
            )
        },
        {"ConnectedApp": [APP]},
    )
    org.assign(OTHER_SET, org.user("anna.keller"))

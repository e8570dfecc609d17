"""Shapes of metadata as real orgs give it out: elements, values and order of public retrieves, with the names changed.

Made in Setup, deployed by other tools, half made, packaged names, in other languages. `{certificate}` stands for base64 of a certificate in
lines of 64 characters without header lines, as orgs return it (platform notes 1.4), `{key}` for a consumer key, `{user}` for a user name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ECA = "ExternalClientApplication"
GLOBAL = "ExtlClntAppGlobalOauthSettings"
OAUTH = "ExtlClntAppOauthSettings"
POLICY = "ExtlClntAppOauthConfigurablePolicies"
GENERAL = "ExtlClntAppConfigurablePolicies"
SECURITY = "ExtlClntAppOauthSecuritySettings"
CONNECTED, SET = "ConnectedApp", "PermissionSet"

KEY = "3MVG9" + "aB.3_x" * 13 + "Zz"
"""85 characters with dots and underscores, as an org makes it."""
KEY_119 = "3MVG9" + "aB+3/x" * 18 + "QzRtW="
"""Some orgs have longer ones of the base64 alphabet."""


@dataclass(frozen=True)
class Shape:
    """What stands in an org: body of each member by type and full name. `missing`: a first `up` adds members that are not there."""

    name: str
    members: Mapping[tuple[str, str], str]
    key: str = KEY
    missing: bool = False
    sets: Mapping[str, str] = field(default_factory=dict)
    """Permission sets that it names, with their labels."""


def e(**elements: str) -> str:
    """Elements in their order, which is the order of the WSDL."""
    return "".join(f"<{tag}>{text}</{tag}>" for tag, text in elements.items())


def flags(*names: str, on: tuple[str, ...] = ()) -> dict[str, str]:
    return {name: "true" if name in on else "false" for name in names}


_GLOBAL_FLAGS = (
    "isClientCredentialsFlowEnabled",
    "isCodeCredFlowEnabled",
    "isCodeCredPostOnly",
    "isConsumerSecretOptional",
    "isIntrospectAllTokens",
    "isNamedUserJwtEnabled",
    "isPkceRequired",
    "isRefreshTokenRotationEnabled",
    "isSecretRequiredForRefreshToken",
    "isSecretRequiredForTokenExchange",
    "isTokenExchangeEnabled",
)
_SETUP_ON = ("isNamedUserJwtEnabled", "isPkceRequired", "isSecretRequiredForRefreshToken")


def secrets(
    app: str,
    *on: str,
    callback: str = "https://login.salesforce.com/services/oauth2/success",
    certificate: bool = True,
    label: str = "",
) -> str:
    """Global OAuth settings, every flag aloud."""
    return e(
        callbackUrl=callback,
        **({"certificate": "{certificate}"} if certificate else {}),
        consumerKey="{key}",
        externalClientApplication=app,
        **flags(*_GLOBAL_FLAGS, on=on or _SETUP_ON),
        label=label or f"{app}_glbloauth",
        shouldRotateConsumerKey="false",
        shouldRotateConsumerSecret="false",
    )


def settings(app: str, scopes: str = "Api, RefreshToken", more: str = "", label: str = "") -> str:
    return (
        e(
            commaSeparatedOauthScopes=scopes,
            externalClientApplication=app,
            isFirstPartyAppEnabled="false",
            label=label or f"{app}_oauth",
        )
        + more
    )


def policy(
    app: str,
    *,
    sets: str = "",
    profiles: str = "",
    relaxation: str = "Enforce",
    permitted: str = "AdminApprovedPreAuthorized",
    refresh: Mapping[str, str] | None = None,
    more: Mapping[str, str] | None = None,
    label: str = "",
) -> str:
    """OAuth policies as Setup leaves them."""
    elements = {
        **({"commaSeparatedPermissionSet": sets} if sets else {}),
        **({"commaSeparatedProfile": profiles} if profiles else {}),
        "externalClientApplication": app,
        "ipRelaxationPolicyType": relaxation,
        **flags("isClientCredentialsFlowEnabled", "isGuestCodeCredFlowEnabled", "isTokenExchangeFlowEnabled"),
        "label": label or f"{app}_oauthPlcy",
        "permittedUsersPolicyType": permitted,
        **(refresh or {"refreshTokenPolicyType": "Infinite"}),
        "requiredSessionLevel": "STANDARD",
        **(more or {}),
    }
    return e(**dict(sorted(elements.items())))


def general(app: str, more: Mapping[str, str] | None = None, label: str = "") -> str:
    elements = {
        "externalClientApplication": app,
        "isEnabled": "true",
        "isOauthPluginEnabled": "true",
        "label": label or f"{app}_plcy",
        "startPage": "None",
        **(more or {}),
    }
    return e(**dict(sorted(elements.items())))


def header(label: str, more: Mapping[str, str] | None = None) -> str:
    elements = {
        "contactEmail": "ops@acme.com",
        "distributionState": "Local",
        "isProtected": "false",
        "label": label,
        **(more or {}),
    }
    return e(**dict(sorted(elements.items())))


def external(
    app: str,
    *,
    head: str = "",
    glob: str = "",
    oauth: str = "",
    pol: str = "",
    gen: str = "",
    names: Mapping[str, str] | None = None,
    without: tuple[str, ...] = (),
    also: Mapping[tuple[str, str], str] | None = None,
) -> dict[tuple[str, str], str]:
    """All five members of an External Client App under the names that Setup gives."""
    usual = {
        GLOBAL: f"{app}_glbloauth",
        OAUTH: f"{app}_oauth",
        POLICY: f"{app}_oauthPlcy",
        GENERAL: f"{app}_plcy",
        **(names or {}),
    }
    bodies = {
        OAUTH: oauth or settings(app),
        GLOBAL: glob or secrets(app),
        POLICY: pol or policy(app, permitted="AllSelfAuthorized"),
        GENERAL: gen or general(app),
    }
    satellites = {(kind, usual[kind]): body for kind, body in bodies.items() if kind not in without}
    return {(ECA, app): head or header(app.replace("_", " ")), **satellites, **(also or {})}


_CONNECTED_FLAGS = (
    "isAdminApproved",
    "isClientCredentialEnabled",
    "isCodeCredentialEnabled",
    "isCodeCredentialPostOnly",
    "isConsumerSecretOptional",
    "isIntrospectAllTokens",
    "isNamedUserJwtEnabled",
    "isPkceRequired",
    "isRefreshTokenRotationEnabled",
    "isSecretRequiredForRefreshToken",
    "isSecretRequiredForTokenExchange",
    "isTokenExchangeEnabled",
)


def oauth_config(
    *on: str,
    scopes: tuple[str, ...] = ("Api", "RefreshToken"),
    callback: str = "http://localhost:1717/OauthRedirect",
    certificate: bool = True,
) -> str:
    inner = e(
        callbackUrl=callback,
        **({"certificate": "{certificate}"} if certificate else {}),
        consumerKey="{key}",
        **flags(*_CONNECTED_FLAGS, on=(*on, "isSecretRequiredForRefreshToken")),
    )
    return f"<oauthConfig>{inner}{''.join(f'<scopes>{scope}</scopes>' for scope in scopes)}</oauthConfig>"


def oauth_policy(relaxation: str = "ENFORCE", refresh: str = "infinite", more: str = "") -> str:
    return f"<oauthPolicy>{e(ipRelaxation=relaxation, refreshTokenPolicy=refresh)}{more}</oauthPolicy>"


def connected(app: str, *parts: str, label: str = "", before: str = "") -> dict[tuple[str, str], str]:
    """A Connected App: `before` are the elements before its label, `parts` those after it."""
    head = before or e(contactEmail="ops@acme.com")
    return {(CONNECTED, app): f"{head}<label>{label or app}</label>{''.join(parts)}"}


TRAVIS = {"sfdx_travis_ci": "sfdx travis ci"}
TEN_RANGES = "".join(
    f"<ipRanges>{e(description=f'office {n}', end=f'10.0.{n}.255', start=f'10.0.{n}.0')}</ipRanges>" for n in range(10)
)
SAML = "<samlConfig>" + (
    e(
        acsUrl="https://app.example/acs",
        encryptionType="AES_256",
        entityUrl="https://app.example",
        issuer="https://acme.my.salesforce.com",
        samlIdpSLOBindingEnum="PostBinding",
        samlNameIdFormat="Unspecified",
        samlSigningAlgoType="SHA256",
        samlSubjectType="Username",
    )
    + "</samlConfig>"
)
LONG = "Integration_of_the_northern_data_warehouse_with_nightly_loads_and_all0"

EXTERNAL_SHAPES: Mapping[str, Shape] = {
    "made in Setup, JWT tokens on": Shape(
        "Devops_JWT",
        external(
            "Devops_JWT", pol=policy("Devops_JWT", relaxation="Enforce_relaxrefresh", permitted="AllSelfAuthorized")
        ),
    ),
    "made in Setup, PKCE off": Shape(
        "SOLU_CI_CD",
        external("SOLU_CI_CD", glob=secrets("SOLU_CI_CD", "isNamedUserJwtEnabled", "isSecretRequiredForRefreshToken")),
    ),
    "for Postman: three scopes, no certificate": Shape(
        "Postman",
        external(
            "Postman",
            glob=secrets("Postman", callback="https://oauth.pstmn.io/v1/callback", certificate=False),
            oauth=settings("Postman", "Api, Full, RefreshToken"),
        ),
    ),
    "two callbacks, a line each": Shape(
        "Lines", external("Lines", glob=secrets("Lines", callback="https://a.example/cb\nhttps://b.example/cb"))
    ),
    "deployed without policies, which the org then made": Shape(
        "Deployed", external("Deployed", without=(POLICY, GENERAL))
    ),
    "deployed by a script, every part named like the app": Shape(
        "Script", external("Script", names=dict.fromkeys((GLOBAL, OAUTH, POLICY, GENERAL), "Script"))
    ),
    "deployed by a tool with names of its own": Shape(
        "Tool",
        external(
            "Tool",
            names={GLOBAL: "Tool_Global", OAUTH: "Tool_OAuth_Settings", POLICY: "Tool_Policies", GENERAL: "Tool_Conf"},
        ),
    ),
    "half made: no OAuth settings at all": Shape(
        "Half", external("Half", without=(GLOBAL, OAUTH, POLICY)), missing=True
    ),
    "half made: the global OAuth settings are not there": Shape(
        "NoGlobal", external("NoGlobal", without=(GLOBAL,)), missing=True
    ),
    "half made: the header alone": Shape("Bare", {(ECA, "Bare"): header("Bare")}, missing=True),
    "two sets admitted, without blanks": Shape(
        "Viz",
        external("Viz", pol=policy("Viz", sets="VizVoice_Access,Viz_Other")),
        sets={"VizVoice_Access": "Viz voice access", "Viz_Other": "Viz other"},
    ),
    "a profile admitted": Shape(
        "ByProfile", external("ByProfile", pol=policy("ByProfile", profiles="System Administrator"))
    ),
    "scopes that only this kind has": Shape(
        "Agents", external("Agents", oauth=settings("Agents", "Api, RefreshToken, Chatbot, SFApiPlatform"))
    ),
    "scopes that come back under another name": Shape(
        "Normal", external("Normal", oauth=settings("Normal", "Basic, Api, RefreshToken, OpenID"))
    ),
    "accents and quotes in its label": Shape(
        "Accents",
        external(
            "Accents",
            head=header("Intégration &amp; Größe “ñ”", {"description": "Schnittstelle für das CI — nicht löschen"}),
        ),
    ),
    "Japanese": Shape("Denki", external("Denki", head=header("電気 連携アプリ", {"description": "夜間バッチ用"}))),
    "a description of several lines": Shape(
        "Story", external("Story", head=header("Story", {"description": "first line\n\nsecond: &lt;b&gt;\n  indented"}))
    ),
    "client credentials with a run-as user": Shape(
        "Machine",
        external(
            "Machine",
            glob=secrets("Machine", *_SETUP_ON, "isClientCredentialsFlowEnabled"),
            pol=policy(
                "Machine",
                permitted="AllSelfAuthorized",
                more={"clientCredentialsFlowUser": "{user}", "isClientCredentialsFlowEnabled": "true"},
            ),
        ),
    ),
    "token exchange and code-and-credentials on": Shape(
        "Exchange",
        external(
            "Exchange",
            glob=secrets(
                "Exchange", *_SETUP_ON, "isTokenExchangeEnabled", "isCodeCredFlowEnabled", "isCodeCredPostOnly"
            ),
            pol=policy("Exchange", permitted="AllSelfAuthorized", more={"isTokenExchangeFlowEnabled": "true"}),
        ),
    ),
    "tokens bound to addresses": Shape(
        "Bound",
        external(
            "Bound",
            also={
                (SECURITY, "Bound_oauthSecurity"): e(externalClientApplication="Bound", label="Bound_oauthSecurity")
                + f"<tokenIpRanges>{e(description='office', endIpAddress='10.0.0.255', startIpAddress='10.0.0.0')}</tokenIpRanges>"
            },
        ),
    ),
    "other plug-ins and a start page": Shape(
        "Plugins",
        external(
            "Plugins",
            gen=general(
                "Plugins",
                {
                    "isCanvasPluginEnabled": "false",
                    "isSamlPluginEnabled": "false",
                    "startPage": "OAuth",
                    "startUrl": "https://app.example/start",
                },
            ),
        ),
    ),
    "trusted addresses": Shape(
        "Ranges",
        external(
            "Ranges",
            oauth=settings(
                "Ranges",
                more=f"<trustedIpRanges>{e(description='office', endIpAddress='10.0.0.255', startIpAddress='10.0.0.0')}</trustedIpRanges>",
            ),
        ),
    ),
    "made to be packaged": Shape(
        "Partner", external("Partner", head=header("Partner", {"distributionState": "Packaged"}))
    ),
    "a consumer key of 119 characters": Shape("LongKey", external("LongKey"), key=KEY_119),
    "a name of seventy characters": Shape(
        LONG,
        external(
            LONG,
            names={GLOBAL: "L_glbloauth", OAUTH: "L_oauth", POLICY: "L_oauthPlcy", GENERAL: "L_plcy"},
            head=header("Long"),
        ),
    ),
    "refresh tokens that end by disuse": Shape(
        "Idle",
        external(
            "Idle",
            pol=policy(
                "Idle",
                permitted="AllSelfAuthorized",
                refresh={
                    "refreshTokenPolicyType": "SpecificInactivity",
                    "refreshTokenValidityPeriod": "30",
                    "refreshTokenValidityUnit": "Days",
                },
            ),
        ),
    ),
    "sessions of a length and level of their own": Shape(
        "Session",
        external(
            "Session",
            pol=policy(
                "Session",
                permitted="AllSelfAuthorized",
                more={"requiredSessionLevel": "HIGH_ASSURANCE", "sessionTimeoutInMinutes": "120"},
            ),
        ),
    ),
    "addresses of people and pages": Shape(
        "Pages",
        external(
            "Pages",
            head=header(
                "Pages",
                {
                    "contactPhone": "+49 30 1234",
                    "infoUrl": "https://acme.com/info",
                    "logoUrl": "https://acme.com/logo.png",
                    "iconUrl": "https://acme.com/icon.png",
                },
            ),
        ),
    ),
    "switched off": Shape("Off", external("Off", gen=general("Off", {"isEnabled": "false"}))),
}

CONNECTED_SHAPES: Mapping[str, Shape] = {
    "a CI app that shows labels of sets and profiles": Shape(
        "sfdx_travis_ci",
        connected(
            "sfdx_travis_ci",
            oauth_config("isAdminApproved", scopes=("Web", "Api", "RefreshToken")),
            oauth_policy(),
            e(permissionSetName="sfdx travis ci", profileName="System Administrator"),
            label="sfdx travis ci",
        ),
        sets=TRAVIS,
    ),
    "an integration with nine scopes": Shape(
        "Workato",
        connected(
            "Workato",
            oauth_config(
                scopes=(
                    "Basic",
                    "Api",
                    "Web",
                    "Full",
                    "Chatter",
                    "CustomApplications",
                    "RefreshToken",
                    "OpenID",
                    "SFAP",
                ),
                certificate=False,
            ),
            oauth_policy("BYPASS", "specific_inactivity:90:DAYS"),
            label="Hamilton | Workato Integrations",
        ),
    ),
    "a build server, everybody who consents": Shape(
        "Jenkins",
        connected("Jenkins", oauth_config(scopes=("Api", "Web", "RefreshToken")), oauth_policy("BYPASS_2FACTOR")),
    ),
    "packaged: three elements": Shape(
        "PROD_KEY",
        connected(
            "PROD_KEY",
            "<oauthConfig><callbackUrl>https://localhost</callbackUrl><consumerKey>{key}</consumerKey><scopes>Api</scopes></oauthConfig>",
        ),
    ),
    "no OAuth part": Shape("NoOauth", connected("NoOauth"), missing=True),
    "no policies": Shape("NoPolicy", connected("NoPolicy", oauth_config())),
    "SAML beside OAuth": Shape("Portal", connected("Portal", oauth_config(), oauth_policy(), SAML)),
    "canvas": Shape(
        "Canvas",
        connected(
            "Canvas",
            oauth_config(),
            oauth_policy(),
            before="<canvasConfig>"
            + e(accessMethod="Get", canvasUrl="https://app.example/canvas", locations="Publisher")
            + "</canvasConfig>"
            + e(contactEmail="ops@acme.com"),
        ),
    ),
    "attributes and pages": Shape(
        "Attributes",
        connected(
            "Attributes",
            oauth_config(),
            oauth_policy(),
            e(startUrl="https://app.example"),
            before="<attributes>"
            + e(formula="$User.Username", key="user")
            + "</attributes>"
            + e(
                contactEmail="ops@acme.com",
                contactPhone="+1 555",
                description="two\nlines",
                iconUrl="https://acme.com/i.png",
                infoUrl="https://acme.com",
            ),
        ),
    ),
    "ten ranges of addresses": Shape(
        "Office",
        connected("Office", oauth_config(), oauth_policy(), before=e(contactEmail="ops@acme.com") + TEN_RANGES),
    ),
    "sessions that ask for more": Shape(
        "Strict",
        connected(
            "Strict",
            oauth_config(),
            oauth_policy(),
            "<sessionPolicy>"
            + e(policyAction="RaiseSessionLevel", sessionLevel="HIGH_ASSURANCE", sessionTimeout="60")
            + "</sessionPolicy>",
        ),
    ),
    "sessions with a length alone": Shape(
        "Timed",
        connected(
            "Timed",
            oauth_config(),
            oauth_policy(refresh="specific_lifetime:12:HOURS"),
            "<sessionPolicy>" + e(sessionTimeout="15") + "</sessionPolicy>",
        ),
    ),
    "Japanese, with a set of that label": Shape(
        "Renkei",
        connected(
            "Renkei",
            oauth_config("isAdminApproved"),
            oauth_policy(),
            e(permissionSetName="夜間バッチ 権限"),
            label="連携アプリ",
        ),
        sets={"Nightly": "夜間バッチ 権限"},
    ),
    "a consumer key of 119 characters": Shape(
        "LongKeyed", connected("LongKeyed", oauth_config(), oauth_policy()), key=KEY_119
    ),
    "client credentials": Shape(
        "Robot",
        connected(
            "Robot",
            oauth_config("isClientCredentialEnabled").replace(
                "<scopes>", "<oauthClientCredentialUser>{user}</oauthClientCredentialUser><scopes>", 1
            ),
            oauth_policy(),
        ),
    ),
}

_PERMISSIONS = "".join(
    f"<userPermissions>{e(enabled='true', name=name)}</userPermissions>"
    for name in ("ApiEnabled", "ViewEncryptedData", "ViewSetup")
)
_OBJECT = e(
    allowCreate="true",
    allowDelete="false",
    allowEdit="true",
    allowRead="true",
    modifyAllRecords="false",
    object="Account",
    viewAllRecords="false",
)


def permission_set(name: str, before: str = "", after: str = "", **elements: str) -> Shape:
    body = before + e(**{"hasActivationRequired": "false", "label": name.replace("_", " "), **elements}) + after
    return Shape(name, {(SET, name): body})


PERMISSION_SET_SHAPES: Mapping[str, Shape] = {
    "label alone": Shape("Plain", {(SET, "Plain"): e(label="Plain")}),
    "as a retrieve of a bare one": permission_set("Bare_Set"),
    "German, with description": permission_set(
        "Zugriff", e(description="Zugriff für das CI — nicht löschen"), label="Zugriff auf die Oberfläche"
    ),
    "needs activation": permission_set("Stepped", hasActivationRequired="true"),
    "with permissions": permission_set("Powers", after=_PERMISSIONS),
    "with a licence": permission_set("Licensed", license="Salesforce"),
    "with access to everything that one can have access to": permission_set(
        "Wide",
        f"<applicationVisibilities>{e(application='standard__Sales', visible='true')}</applicationVisibilities>"
        f"<classAccesses>{e(apexClass='Loader', enabled='true')}</classAccesses>"
        f"<customMetadataTypeAccesses>{e(enabled='true', name='Route__mdt')}</customMetadataTypeAccesses>"
        f"<customPermissions>{e(enabled='true', name='Bypass_Rules')}</customPermissions>"
        f"<description>Für alles</description>"
        f"<fieldPermissions>{e(editable='true', field='Account.Code__c', readable='true')}</fieldPermissions>"
        f"<flowAccesses>{e(enabled='true', flow='Nightly')}</flowAccesses>",
        f"<objectPermissions>{_OBJECT}</objectPermissions>"
        f"<pageAccesses>{e(apexPage='Console', enabled='true')}</pageAccesses>"
        f"<recordTypeVisibilities>{e(recordType='Account.Partner', visible='true')}</recordTypeVisibilities>"
        f"<tabSettings>{e(tab='standard-Account', visibility='Visible')}</tabSettings>" + _PERMISSIONS,
    ),
}

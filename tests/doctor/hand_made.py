"""A JWT login made by hand in an org, as somebody made it in Setup years ago: app, permission set, user. Nothing of orgkey's has a part."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.landscape import Landscape, Org

APP, SET = "Legacy_CI", "Legacy_CI_Users"
KEY = "3MVG9legacy.CI_1234567890abcdefghijklmnop"
_HEAD = '<{0} xmlns="http://soap.sforce.com/2006/04/metadata">{1}</{0}>'
_PARENT = f"<externalClientApplication>{APP}</externalClientApplication>"


@dataclass(frozen=True)
class Pair:
    """A private key and its certificate, PEM."""

    key: str = field(repr=False)
    certificate: str


@lru_cache(maxsize=8)
def pair(number: int, days: int = 365) -> Pair:
    """The same pair for the same number: making one takes long."""
    key = _key(number)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"legacy {number}")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(number)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Pair(pem.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode())


@lru_cache(maxsize=8)
def _key(number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def make_login(
    org: Org,
    *,
    kind: str = "external",
    certificate: str | None = None,
    consumer_key: str = KEY,
    scopes: str = "Api, RefreshToken",
    policy: str = "AdminApprovedPreAuthorized",
    linked: str = SET,
    level: str = "STANDARD",
    relaxation: str = "Enforce",
    enabled: str = "true",
    flags: str = "",
    version: str = "67.0",
    api_enabled: bool = True,
    users: tuple[str, ...] = ("ci",),
    license: str = "",  # noqa: A002 — the element's own name
) -> None:
    """Deploy the app with its set, and give the set to `users` (aliases)."""
    pem = pair(1).certificate if certificate is None else certificate
    permission = (
        "<userPermissions><enabled>true</enabled><name>ApiEnabled</name></userPermissions>" if api_enabled else ""
    )
    licensed = f"<license>{license}</license>" if license else ""
    permission_set = _HEAD.format(
        "PermissionSet",
        f"<hasActivationRequired>false</hasActivationRequired><label>Legacy CI users</label>{licensed}{permission}",
    )
    files = {f"permissionsets/{SET}.permissionset": permission_set}
    org.deploy(files, {"PermissionSet": [SET]})
    for alias in users:
        org.assign(SET, org.user(alias))
    if kind == "connected":
        _deploy_connected(org, pem, consumer_key, scopes, policy, linked, level, relaxation)
        return
    parts = {
        "ExternalClientApplication": (
            f"externalClientApps/{APP}.eca",
            "<contactEmail>ops@acme.com</contactEmail><distributionState>Local</distributionState><label>Legacy CI</label>",
        ),
        "ExtlClntAppGlobalOauthSettings": (
            f"extlClntAppGlobalOauthSets/{APP}_glbloauth.ecaGlblOauth",
            (
                f"<callbackUrl>https://localhost/callback</callbackUrl>{f'<certificate>{pem}</certificate>' if pem else ''}"
                f"<consumerKey>{consumer_key}</consumerKey>{_PARENT}{flags}<label>Legacy CI</label>"
            ),
        ),
        "ExtlClntAppOauthSettings": (
            f"extlClntAppOauthSettings/{APP}_oauth.ecaOauth",
            f"<commaSeparatedOauthScopes>{scopes}</commaSeparatedOauthScopes>{_PARENT}<label>Legacy CI</label>",
        ),
        "ExtlClntAppOauthConfigurablePolicies": (
            f"extlClntAppOauthPolicies/{APP}_oauthPlcy.ecaOauthPlcy",
            (f"<commaSeparatedPermissionSet>{linked}</commaSeparatedPermissionSet>" if linked else "")
            + f"{_PARENT}<ipRelaxationPolicyType>{relaxation}</ipRelaxationPolicyType><label>Legacy CI</label>"
            f"<permittedUsersPolicyType>{policy}</permittedUsersPolicyType>"
            f"<refreshTokenPolicyType>Infinite</refreshTokenPolicyType><requiredSessionLevel>{level}</requiredSessionLevel>",
        ),
        "ExtlClntAppConfigurablePolicies": (
            f"extlClntAppPolicies/{APP}_plcy.ecaPlcy",
            f"{_PARENT}<isEnabled>{enabled}</isEnabled><isOauthPluginEnabled>true</isOauthPluginEnabled><label>Legacy CI</label>",
        ),
    }
    org.deploy(
        {path: _HEAD.format(kind, xml) for kind, (path, xml) in parts.items()},
        {kind: [path.rpartition("/")[2].rpartition(".")[0]] for kind, (path, _) in parts.items()},
        version=version,
    )


def _deploy_connected(
    org: Org, pem: str, consumer_key: str, scopes: str, policy: str, linked: str, level: str, relaxation: str
) -> None:
    listed = "".join(f"<scopes>{scope}</scopes>" for scope in sorted(scopes.split(", ")))
    approved = "true" if policy == "AdminApprovedPreAuthorized" else "false"
    session = f"<sessionPolicy><policyAction>Block</policyAction><sessionLevel>{level}</sessionLevel></sessionPolicy>"
    xml = (
        "<contactEmail>ops@acme.com</contactEmail><label>Legacy CI</label>"
        f"<oauthConfig><callbackUrl>https://localhost/callback</callbackUrl>{f'<certificate>{pem}</certificate>' if pem else ''}"
        f"<consumerKey>{consumer_key}</consumerKey><isAdminApproved>{approved}</isAdminApproved>{listed}</oauthConfig>"
        f"<oauthPolicy><ipRelaxation>{relaxation.upper()}</ipRelaxation><refreshTokenPolicy>infinite</refreshTokenPolicy></oauthPolicy>"
        + (f"<permissionSetName>{linked}</permissionSetName>" if linked else "")
        + (session if level == "HIGH_ASSURANCE" else "")
    )
    org.deploy({f"connectedApps/{APP}.connectedApp": _HEAD.format("ConnectedApp", xml)}, {"ConnectedApp": [APP]})


def settle(landscape: Landscape) -> None:
    """Let an hour pass, so that nothing was changed a moment ago."""
    landscape.admin("PATCH", "/clock", advance=3600)

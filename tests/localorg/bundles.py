"""Metadata bundles and assertions for the local org's tests, written by hand in the wire format."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import os
import time
import zipfile
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

_counter = itertools.count()
NAMESPACE = "http://soap.sforce.com/2006/04/metadata"


@dataclass(frozen=True)
class Keys:
    """A key pair with its self-signed certificate."""

    private: Any
    certificate: str

    @classmethod
    def generate(cls, *, bits: int = 2048, elliptic: bool = False, days: int = 365) -> Keys:
        private = ec.generate_private_key(ec.SECP256R1()) if elliptic else rsa.generate_private_key(65537, bits)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localorg test")])
        now = dt.datetime.now(dt.UTC)
        start = now + dt.timedelta(days=min(days, 0) - 1)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(now + dt.timedelta(days=days))
            .sign(private, hashes.SHA256())
        )
        return cls(private, certificate.public_bytes(serialization.Encoding.PEM).decode())

    @property
    def lines(self) -> str:
        """The certificate as the platform returns it: base64 in lines of 64 characters, without armour."""
        return "\n".join(line for line in self.certificate.splitlines() if not line.startswith("-----"))

    @property
    def bare(self) -> str:
        """The certificate as base64 without armour or line breaks."""
        return "".join(line for line in self.certificate.splitlines() if not line.startswith("-----"))

    def sign(self, key: str, username: str, audience: str, *, algorithm: str = "RS256", **claims: Any) -> str:
        given = {"iss": key, "sub": username, "aud": audience, "exp": int(time.time()) + 120, **claims}
        return jwt.encode({name: value for name, value in given.items() if value is not None}, self.private, algorithm)


def unique(prefix: str = "App") -> str:
    """A developer name that no other test has used, in any process."""
    return f"{prefix}_{os.getpid()}x{next(_counter)}"


def xml(kind: str, body: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{kind} xmlns="{NAMESPACE}">\n{body}\n</{kind}>\n'


def manifest(members: dict[str, list[str]], version: str = "67.0") -> str:
    types = "".join(
        f"<types>{''.join(f'<members>{name}</members>' for name in names)}<name>{kind}</name></types>"
        for kind, names in members.items()
    )
    return xml("Package", f"{types}<version>{version}</version>")


def zipped(files: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return buffer.getvalue()


def permission_set(name: str, body: str = "") -> dict[str, str]:
    inner = (
        body
        or f"<description>for a test</description><hasActivationRequired>false</hasActivationRequired><label>{name}</label>"
    )
    return {f"permissionsets/{name}.permissionset": xml("PermissionSet", inner)}


@dataclass
class ExternalApp:
    """An External Client App with its four satellites and a permission set."""

    keys: Keys
    name: str = field(default_factory=lambda: unique("Eca"))
    key: str = ""
    scopes: str = "Api, RefreshToken"
    policy: str = "AdminApprovedPreAuthorized"
    certificate: str | None = None
    sets: str | None = None
    policy_extra: str = ""
    global_extra: str = ""

    def __post_init__(self) -> None:
        self.key = self.key or f"key{self.name.replace('_', '')}{'0' * 40}"
        self.certificate = self.keys.certificate if self.certificate is None else self.certificate
        self.sets = self.set_name if self.sets is None else self.sets

    @property
    def set_name(self) -> str:
        return f"{self.name}_Access"

    def files(self) -> dict[str, str]:
        parent = f"<externalClientApplication>{self.name}</externalClientApplication>"
        certificate = f"<certificate>{self.certificate}</certificate>" if self.certificate else ""
        sets = (
            f"<commaSeparatedPermissionSet>{self.sets}</commaSeparatedPermissionSet>" if self.sets != "absent" else ""
        )
        return {
            **permission_set(self.set_name),
            f"externalClientApps/{self.name}.eca": xml(
                "ExternalClientApplication",
                "<contactEmail>ops@acme.com</contactEmail><description>d</description>"
                f"<distributionState>Local</distributionState><isProtected>false</isProtected><label>{self.name}</label>",
            ),
            f"extlClntAppGlobalOauthSets/{self.name}_glbloauth.ecaGlblOauth": xml(
                "ExtlClntAppGlobalOauthSettings",
                f"<callbackUrl>https://localhost/callback</callbackUrl>{certificate}<consumerKey>{self.key}</consumerKey>"
                f"{parent}{self.global_extra}<label>{self.name}</label>",
            ),
            f"extlClntAppOauthSettings/{self.name}_oauth.ecaOauth": xml(
                "ExtlClntAppOauthSettings",
                f"<commaSeparatedOauthScopes>{self.scopes}</commaSeparatedOauthScopes>{parent}<label>{self.name}</label>",
            ),
            f"extlClntAppOauthPolicies/{self.name}_oauthPlcy.ecaOauthPlcy": xml(
                "ExtlClntAppOauthConfigurablePolicies",
                f"{sets}{parent}<ipRelaxationPolicyType>Enforce</ipRelaxationPolicyType><label>{self.name}</label>"
                f"<permittedUsersPolicyType>{self.policy}</permittedUsersPolicyType>"
                f"<refreshTokenPolicyType>Infinite</refreshTokenPolicyType>{self.policy_extra}",
            ),
            f"extlClntAppPolicies/{self.name}_plcy.ecaPlcy": xml(
                "ExtlClntAppConfigurablePolicies",
                f"{parent}<isEnabled>true</isEnabled><isOauthPluginEnabled>true</isOauthPluginEnabled><label>{self.name}</label>",
            ),
        }

    def members(self) -> dict[str, list[str]]:
        return {
            "PermissionSet": [self.set_name],
            "ExternalClientApplication": [self.name],
            "ExtlClntAppGlobalOauthSettings": [f"{self.name}_glbloauth"],
            "ExtlClntAppOauthSettings": [f"{self.name}_oauth"],
            "ExtlClntAppOauthConfigurablePolicies": [f"{self.name}_oauthPlcy"],
            "ExtlClntAppConfigurablePolicies": [f"{self.name}_plcy"],
        }

    def package(self) -> bytes:
        return zipped({"package.xml": manifest(self.members()), **self.files()})

    def assertion(self, username: str, audience: str, **claims: Any) -> str:
        return self.keys.sign(self.key, username, audience, **claims)


@dataclass
class ConnectedApp:
    """A Connected App with a permission set."""

    keys: Keys
    name: str = field(default_factory=lambda: unique("Ca"))
    key: str | None = None
    scopes: tuple[str, ...] = ("Api", "RefreshToken")
    admin_approved: bool = True
    certificate: str | None = None
    links: str | None = None
    label: str = ""

    def __post_init__(self) -> None:
        self.key = f"key{self.name.replace('_', '')}{'0' * 40}" if self.key is None else self.key
        self.links = f"<permissionSetName>{self.set_name}</permissionSetName>" if self.links is None else self.links

    @property
    def set_name(self) -> str:
        return f"{self.name}_Access"

    def body(self) -> str:
        scopes = "".join(f"<scopes>{scope}</scopes>" for scope in self.scopes)
        key = f"<consumerKey>{self.key}</consumerKey>" if self.key else ""
        return (
            f"<contactEmail>ops@acme.com</contactEmail><label>{self.label or self.name}</label><oauthConfig>"
            f"<callbackUrl>https://localhost/callback</callbackUrl>"
            f"<certificate>{self.certificate or self.keys.certificate}</certificate>{key}"
            f"<isAdminApproved>{str(self.admin_approved).lower()}</isAdminApproved>{scopes}</oauthConfig>"
            "<oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation><refreshTokenPolicy>infinite</refreshTokenPolicy>"
            f"</oauthPolicy>{self.links}"
        )

    def package(self) -> bytes:
        files = {
            "package.xml": manifest({"ConnectedApp": [self.name], "PermissionSet": [self.set_name]}),
            f"connectedApps/{self.name}.connectedApp": xml("ConnectedApp", self.body()),
            **permission_set(self.set_name),
        }
        return zipped(files)

    def assertion(self, username: str, audience: str, **claims: Any) -> str:
        return self.keys.sign(str(self.key), username, audience, **claims)


def destruction(members: dict[str, list[str]], when: str = "") -> bytes:
    return zipped({"package.xml": manifest({}), f"destructiveChanges{when}.xml": manifest(members)})

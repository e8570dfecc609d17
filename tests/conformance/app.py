"""An app with a known key, as files: what these tests deploy themselves, with any client, and never through orgkey."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
VERSION = "67.0"
_numbers = itertools.count()


def unique(prefix: str) -> str:
    """A developer name that no other test has used."""
    return f"{prefix}_{os.getpid()}x{next(_numbers)}"


@dataclass(frozen=True)
class Key:
    """A private key and its self-signed certificate, both PEM."""

    private: str = field(repr=False)
    certificate: str

    @classmethod
    def generate(cls) -> Key:
        private = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "conformance")])
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=30))
            .sign(private, hashes.SHA256())
        )
        form = (
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        return cls(private.private_bytes(*form).decode(), certificate.public_bytes(serialization.Encoding.PEM).decode())


@dataclass(frozen=True)
class Source:
    """Metadata in the org's own layout: path in the package -> XML, and the members by type."""

    files: Mapping[str, str]
    members: Mapping[str, Sequence[str]]

    @property
    def manifest(self) -> str:
        lines = [""]  # lines of their own: CumulusCI cuts the first one off
        for kind, names in self.members.items():
            members = "".join(f"<members>{name}</members>" for name in names)
            lines.append(f"<types>{members}<name>{kind}</name></types>")
        return xml("Package", "\n".join([*lines, f"<version>{VERSION}</version>", ""]))

    def write_package(self, folder: Path) -> Path:
        """Write the metadata format: the files with their package.xml."""
        return _write(folder, {**self.files, "package.xml": self.manifest})

    def write_zip(self, file: Path) -> Path:
        """Write the metadata format as a zip with package.xml at its root."""
        with zipfile.ZipFile(file, "w") as archive:
            for path, text in {**self.files, "package.xml": self.manifest}.items():
                archive.writestr(path, text)
        return file

    def write_source(self, folder: Path) -> Path:
        """Write the source format, in which every file has `-meta.xml` after its name."""
        return _write(folder, {f"{path}-meta.xml": text for path, text in self.files.items()})


def _write(folder: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def xml(kind: str, body: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{kind} xmlns="{NAMESPACE}">{body}</{kind}>\n'


def _elements(given: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{text}</{name}>" for name, text in given.items())


def permission_set(name: str, label: str = "") -> Source:
    body = f"<hasActivationRequired>false</hasActivationRequired><label>{label or name}</label>"
    return Source({f"permissionsets/{name}.permissionset": xml("PermissionSet", body)}, {"PermissionSet": [name]})


@dataclass(frozen=True)
class ExternalApp:
    """An External Client App in five members, with the permission set that pre-authorizes its users."""

    key: Key
    name: str = field(default_factory=lambda: unique("App"))

    @property
    def set_name(self) -> str:
        return f"{self.name}_Access"

    @property
    def consumer_key(self) -> str:
        return f"conformance{self.name.replace('_', '')}"

    @cached_property
    def source(self) -> Source:
        of_app = {"externalClientApplication": self.name}
        label = {"label": self.name}
        parts: dict[str, tuple[str, dict[str, str]]] = {  # type -> file, and elements in the WSDL's order
            "ExternalClientApplication": (
                f"externalClientApps/{self.name}.eca",
                {"contactEmail": "ops@acme.com", "distributionState": "Local", "isProtected": "false", **label},
            ),
            "ExtlClntAppGlobalOauthSettings": (
                f"extlClntAppGlobalOauthSets/{self.name}_glbloauth.ecaGlblOauth",
                {
                    "callbackUrl": "https://localhost/callback",
                    "certificate": self.key.certificate,
                    "consumerKey": self.consumer_key,
                    **of_app,
                    **label,
                },
            ),
            "ExtlClntAppOauthSettings": (
                f"extlClntAppOauthSettings/{self.name}_oauth.ecaOauth",
                {"commaSeparatedOauthScopes": "Api, RefreshToken", **of_app, **label},
            ),
            "ExtlClntAppOauthConfigurablePolicies": (
                f"extlClntAppOauthPolicies/{self.name}_oauthPlcy.ecaOauthPlcy",
                {
                    "commaSeparatedPermissionSet": self.set_name,
                    **of_app,
                    "ipRelaxationPolicyType": "Enforce",
                    **label,
                    "permittedUsersPolicyType": "AdminApprovedPreAuthorized",
                    "refreshTokenPolicyType": "Infinite",
                },
            ),
            "ExtlClntAppConfigurablePolicies": (
                f"extlClntAppPolicies/{self.name}_plcy.ecaPlcy",
                {**of_app, "isEnabled": "true", "isOauthPluginEnabled": "true", **label},
            ),
        }
        granted = permission_set(self.set_name)
        return Source(
            {**granted.files, **{path: xml(kind, _elements(given)) for kind, (path, given) in parts.items()}},
            {**granted.members, **{kind: [Path(path).stem] for kind, (path, _) in parts.items()}},
        )


@dataclass(frozen=True)
class ConnectedApp:
    """A Connected App of the classic guide, with the permission set that pre-authorizes its users."""

    certificate: str
    name: str = field(default_factory=lambda: unique("Classic"))

    @property
    def set_name(self) -> str:
        return f"{self.name}_Access"

    @property
    def consumer_key(self) -> str:
        return f"conformance{self.name.replace('_', '')}"

    @cached_property
    def source(self) -> Source:
        granted = permission_set(self.set_name)
        app = xml(
            "ConnectedApp",
            f"<contactEmail>ops@acme.com</contactEmail><label>{self.name}</label><oauthConfig>"
            f"<callbackUrl>https://localhost/callback</callbackUrl><certificate>{self.certificate}</certificate>"
            f"<consumerKey>{self.consumer_key}</consumerKey><isAdminApproved>true</isAdminApproved>"
            "<scopes>Api</scopes><scopes>RefreshToken</scopes></oauthConfig>"
            "<oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation><refreshTokenPolicy>infinite</refreshTokenPolicy></oauthPolicy>"
            f"<permissionSetName>{self.set_name}</permissionSetName>",
        )
        return Source(
            {**granted.files, f"connectedApps/{self.name}.connectedApp": app},
            {**granted.members, "ConnectedApp": [self.name]},
        )


def assertion(key: Key, app: ExternalApp | ConnectedApp, username: str, audience: str) -> str:
    """A JWT as RFC 7523 has it, for clients that do not make their own."""
    claims = {"iss": app.consumer_key, "sub": username, "aud": audience, "exp": int(time.time()) + 120}
    return jwt.encode(claims, key.private, "RS256")

"""Apps of both kinds, and what somebody else does to them in the org, by its own APIs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from orgkey.identity.key_pair import certify, generate_key
from orgkey.metadata.members import MEMBER_TYPES
from tests.landscape import Org
from tests.provider.conftest import MANAGED_BY, Made, make
from tests.provider.protocol import Client

NS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
CONNECTED, EXTERNAL = "ConnectedApp", "ExternalClientApp"
KINDS = (CONNECTED, EXTERNAL)
GLOBAL = "ExtlClntAppGlobalOauthSettings"
SATELLITES = (
    GLOBAL,
    "ExtlClntAppOauthSettings",
    "ExtlClntAppOauthConfigurablePolicies",
    "ExtlClntAppConfigurablePolicies",
)


def own_certificate(private_key_pem: str | None = None) -> str:
    """A certificate, of another key than anybody's unless it is given."""
    key = private_key_pem or generate_key(2048)
    return certify(key, subject="CN=theirs", validity_days=90, now=datetime.now(UTC)).certificate.pem


def inputs_of(key: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "name": "App",
        "label": "App",
        "contactEmail": "ops@acme.com",
        "permissionSets": ["Access"],
        "certificatePem": key["certificatePem"],
        "consumerKey": key["consumerKey"],
        "managedBy": MANAGED_BY,
        **changes,
    }


def made_app(provider: Client, kind: str, key: dict[str, Any], **changes: Any) -> Made:
    return make(provider, kind, inputs_of(key, **changes))


def replace_certificate(org: Org, kind: str, certificate: str, *, name: str = "App", member: str = "") -> None:
    """As in Setup: another certificate, or none."""
    element = f"<certificate>{certificate}</certificate>"
    if kind == EXTERNAL:
        full_name = member or f"{name}_glbloauth"
        body = (
            f"<callbackUrl>https://login.salesforce.com/services/oauth2/success</callbackUrl>{element if certificate else ''}"
            f"<externalClientApplication>{name}</externalClientApplication><isPkceRequired>true</isPkceRequired>"
            f"<isSecretRequiredForRefreshToken>true</isSecretRequiredForRefreshToken><label>{full_name}</label>"
        )
        put(org, GLOBAL, full_name, body)
        return
    put(
        org,
        kind,
        name,
        f"<contactEmail>ops@acme.com</contactEmail><description>managed by orgkey {MANAGED_BY} in {org.org_id}</description>"
        f"<label>{name}</label><oauthConfig>"
        "<callbackUrl>https://login.salesforce.com/services/oauth2/success</callbackUrl>"
        f"{element}<isAdminApproved>true</isAdminApproved><isSecretRequiredForRefreshToken>true</isSecretRequiredForRefreshToken>"
        "<scopes>Api</scopes><scopes>RefreshToken</scopes></oauthConfig>",
    )


def put(org: Org, type_name: str, full_name: str, body: str) -> None:
    """Deploy one member, as any other tool would."""
    xml = f"<{type_name} {NS}>{body}</{type_name}>"
    org.deploy({MEMBER_TYPES[type_name].path(full_name): xml}, {type_name: [full_name]})


def app_record(org: Org, name: str = "App") -> str:
    """Id of the External Client App's record."""
    return str(org.query(f"SELECT Id FROM ExternalClientApplication WHERE DeveloperName = '{name}'")[0]["Id"])

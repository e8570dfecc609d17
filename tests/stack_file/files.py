"""Stack files as people write them, handed over as the engine does: structures as JSON, the rest as text."""

from __future__ import annotations

import json
from typing import Any

import yaml

from orgkey.stack_file.secrets import Secrets
from orgkey.stack_file.settings import Settings, load

OWN_KEY = Secrets(frozenset({"orgkey:key.privateKeyPem"}))

SMALLEST = """
config:
  salesforce:instanceUrl: https://acme--uat.sandbox.my.salesforce.com
  salesforce:credentials: {sfAlias: uat-admin}
  orgkey:app: {name: CI_Integration, contactEmail: ops@acme.com}
  orgkey:users: [ci@acme.com.uat, cd@acme.com.uat]
"""


def as_the_engine_does(value: Any) -> str:
    if isinstance(value, dict | list | bool):
        return json.dumps(value)
    return "" if value is None else str(value)


def stack(text: str) -> Settings:
    config = yaml.safe_load(text)["config"]
    handed_over = {key: as_the_engine_does(value) for key, value in config.items()}
    return load(handed_over, project="orgkey", stack="uat", secrets=OWN_KEY)


EVERY_SETTING: dict[str, Any] = {
    "salesforce:instanceUrl": "https://acme--uat.sandbox.my.salesforce.com",
    "salesforce:credentials": {
        "jwt": {"consumerKey": "3MVG9.admin_app", "username": "a@acme.com", "privateKeyEnv": "KEY"}
    },
    "salesforce:expectedKind": "sandbox",
    "salesforce:expectedOrgId": "00D000000000001AAA",
    "salesforce:apiVersion": "67.0",
    "salesforce:caBundle": "ca.pem",
    "salesforce:checkOnPreview": True,
    "salesforce:validateOnPreview": False,
    "orgkey:app": {
        "protect": False,
        "blocked": False,
        "name": "CI_Integration",
        "label": "CI Integration",
        "contactEmail": "ops@acme.com",
        "contactPhone": "+49 30 1234567",
        "description": "Nightly builds",
        "infoUrl": "https://wiki.acme.com/ci",
        "logoUrl": "https://acme.com/logo.png",
        "callbackUrls": ["https://ci.acme.com/callback"],
        "scopes": ["Api", "RefreshToken"],
        "permittedUsers": "AdminApprovedPreAuthorized",
        "permissionSets": ["Release_Managers"],
        "profiles": ["Integration User"],
        "ipRelaxation": "Enforce",
        "refreshTokenPolicy": "specific_lifetime:30:DAYS",
        "isPkceRequired": True,
        "isConsumerSecretOptional": False,
        "isSecretRequiredForRefreshToken": True,
        "isIntrospectAllTokens": False,
        "isClientCredentialsEnabled": False,
        "isRefreshTokenRotationEnabled": True,
        "sessionTimeoutMinutes": 30,
        "requiredSessionLevel": "STANDARD",
        "trustedIpRanges": [{"start": "10.0.0.1", "end": "10.0.0.9", "description": "office"}],
        "carryOver": "known",
    },
    "orgkey:permissionSet": {
        "name": "CI_Users",
        "label": "CI users",
        "description": "Who may log in",
        "hasActivationRequired": False,
        "license": "Salesforce",
        "userPermissions": ["ApiEnabled"],
        "takeFromOthers": False,
    },
    "orgkey:users": ["ci@acme.com", "cd@acme.com"],
    "orgkey:integrationUser": "ci@acme.com",
    "orgkey:key": {
        "bits": 2048,
        "subject": "CN=CI,O=Acme",
        "validityDays": 90,
        "renewAfter": 0.5,
        "renewJitter": 0.1,
        "generation": 2,
        "consumerKey": "3MVG9.ci_integration",
    },
    "orgkey:assignments": {"authoritative": False, "groups": ["Sales"], "expiration": "2099-01-31T18:00:00Z"},
    "orgkey:grant": {"propagationMinutes": 15, "audience": "https://test.salesforce.com", "revoke": False},
    "orgkey:timeouts": {"create": "30m", "update": "1h30m", "delete": "10m", "read": "90s"},
    "orgkey:owner": "acme-platform",
    "orgkey:ignore": ["app.description"],
    "orgkey:generation": {"number": 2, "name": "CI_Integration_2", "unusedAfterDays": 30},
    "orgkey:retiring": [
        {
            "number": 1,
            "name": "CI_Old",
            "kind": "external",
            "protect": False,
            "blocked": False,
            "import": False,
            "key": {"bits": 2048, "subject": "CN=Old", "validityDays": 90, "consumerKey": "3MVG9.ci_old"},
        }
    ],
    "orgkey:import": {"app": False, "permissionSet": False, "assignments": False},
}
"""A stack file with almost every setting, by key and as YAML gives it."""

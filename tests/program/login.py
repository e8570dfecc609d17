"""Whether the login works that a stack hands out, tried as a client would: signed and sent by none of our code."""

from __future__ import annotations

import time
import uuid

import requests
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.landscape import Org
from tests.program.stack import Stack

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def why_not(stack: Stack, org: Org) -> str:
    """Why the login by the stack's outputs does not work; empty where it does, API call included."""
    outputs = stack.outputs(secrets=True)
    claims = {
        "iss": outputs["consumerKey"],
        "sub": outputs["username"],
        "aud": outputs["audience"],
        "exp": int(time.time()) + 120,
        "jti": str(uuid.uuid4()),
    }
    assertion = jwt.encode({"alg": "RS256"}, claims, RSAKey.import_key(outputs["privateKeyPem"]))
    granted = requests.post(
        f"{outputs['instanceUrl']}/services/oauth2/token",
        data={"grant_type": _GRANT, "assertion": assertion},
        verify=org.ca_bundle,
        timeout=30,
    )
    if not granted.ok:
        return granted.text
    headers = {"Authorization": f"Bearer {granted.json()['access_token']}"}
    answer = requests.get(
        f"{org.url}/services/data/v67.0/query",
        params={"q": "SELECT Id FROM Organization"},
        headers=headers,
        verify=org.ca_bundle,
        timeout=30,
    )
    return "" if answer.ok else answer.text

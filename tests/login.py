"""A client's login with a stack's outputs and nothing of ours: joserfc signs, the token endpoint answers, the token is used once."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import requests
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.landscape import Org

if TYPE_CHECKING:
    from tests.program.stack import Stack

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def refused(outputs: Mapping[str, Any], org: Org) -> str:
    """Why a login at an org with a stack's outputs does not work; empty when it does."""
    if missing := [
        name
        for name in ("privateKeyPem", "consumerKey", "username", "audience", "instanceUrl")
        if not outputs.get(name)
    ]:
        return f"the stack has no {', '.join(missing)}"
    form = {"grant_type": GRANT_TYPE, "assertion": assertion_of(outputs)}
    answer = requests.post(
        f"{outputs['instanceUrl']}/services/oauth2/token", data=form, verify=org.ca_bundle, timeout=30
    )
    if not answer.ok:
        return f"the login of {outputs['username']} is refused: {answer.text}"
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    asked = requests.get(f"{org.url}/services/data/v67.0/limits", headers=headers, verify=org.ca_bundle, timeout=30)
    return "" if asked.ok else f"the token of {outputs['username']} is worth nothing: {asked.text}"


def assertion_of(outputs: Mapping[str, Any]) -> str:
    """An assertion by a stack's outputs."""
    now = int(time.time())
    claims = {
        "iss": outputs["consumerKey"],
        "sub": outputs["username"],
        "aud": outputs["audience"],
        "exp": now + 120,
        "jti": str(uuid.uuid4()),
    }
    return jwt.encode({"alg": "RS256"}, claims, _key(outputs["privateKeyPem"]))


@lru_cache(maxsize=8)
def _key(pem: str) -> RSAKey:
    """Reading one proves its primes, which takes as long as ten requests; cases of a scenario share one."""
    return RSAKey.import_key(pem)


def why_not(stack: Stack, org: Org) -> str:
    """The same of a stack that the real `pulumi` keeps."""
    return refused(stack.outputs(secrets=True), org)

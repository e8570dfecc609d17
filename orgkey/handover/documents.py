"""Formats that are documents or the key alone."""

from __future__ import annotations

import json

import yaml

from orgkey.handover.login import HandedLogin
from orgkey.handover.shell import variables


def as_json(login: HandedLogin, _prefix: str) -> str:
    """One object, by the names of the stack's outputs."""
    values = {
        "stack": login.stack,
        "instanceUrl": login.instance_url,
        "audience": login.audience,
        "username": login.username,
        "consumerKey": login.consumer_key,
        "privateKeyPem": login.private_key_pem,
        "certificatePem": login.certificate_pem,
    }
    return json.dumps(values, indent=2) + "\n"


def kubernetes(login: HandedLogin, prefix: str) -> str:
    """A Secret for `kubectl apply -f -`: its keys are for `envFrom`, its name is the prefix as Kubernetes spells names."""
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": prefix.strip("_").replace("_", "-").lower()},
        "type": "Opaque",
        "stringData": variables(login, prefix),
    }
    return yaml.safe_dump(manifest, sort_keys=False, width=4096, allow_unicode=True)


def pem(login: HandedLogin, _prefix: str) -> str:
    """The private key alone."""
    return login.private_key_pem if login.private_key_pem.endswith("\n") else f"{login.private_key_pem}\n"

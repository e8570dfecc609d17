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
    return str(value)


def stack(text: str) -> Settings:
    config = yaml.safe_load(text)["config"]
    handed_over = {key: as_the_engine_does(value) for key, value in config.items()}
    return load(handed_over, project="orgkey", stack="uat", secrets=OWN_KEY)

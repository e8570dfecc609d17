"""A made-up login, and the state of a stack that hands it out."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from orgkey.handover.login import HandedLogin
from orgkey.identity.key_pair import KeyPair, certify, generate_key

HOST, AUDIENCE = "https://acme--uat.sandbox.my.salesforce.com", "https://test.salesforce.com"
USERNAME = "o'brien+ci@acme.com.uat"
CONSUMER_KEY = "3MVG9.uat_key=="


def pair(number: int = 1) -> KeyPair:
    """A key pair by its number, the same one each time."""
    return _made(number)


@lru_cache
def _made(number: int) -> KeyPair:
    made = certify(generate_key(2048), subject=f"CN=Number {number}", validity_days=30, now=datetime.now(UTC))
    assert made.private_key_pem.count("\n") > 20
    return made


def login(**other: str) -> HandedLogin:
    made = pair()
    values = {
        "stack": "uat",
        "instance_url": HOST,
        "audience": AUDIENCE,
        "username": USERNAME,
        "consumer_key": CONSUMER_KEY,
        "private_key_pem": made.private_key_pem,
        "certificate_pem": made.certificate.pem,
    }
    return HandedLogin(**{**values, **other})


def secret(value: str) -> dict[str, str]:
    """A secret as `pulumi stack export --show-secrets` prints it."""
    return {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        "plaintext": json.dumps(value),
    }


def component(
    name: str = "access", *, handed_out: str = CONSUMER_KEY, retiring: tuple[str, ...] = ()
) -> dict[str, Any]:
    kind = "orgkey:index:JwtBearerAccess"
    outputs = {"consumerKey": handed_out, "retiring": [{"generation": 1, "consumerKey": key} for key in retiring]}
    return {"urn": f"urn:pulumi:uat::p::{kind}::{name}", "type": kind, "outputs": outputs}


def generation(
    name: str = "access",
    number: int = 1,
    *,
    consumer_key: str = CONSUMER_KEY,
    parent: str | None = "access",
    verified: bool = True,
    trusted: int | None = None,
    blocked: bool = False,
) -> list[dict[str, Any]]:
    """Key pair, app and grant of one generation; `trusted` is the pair whose certificate the app has, default its own."""
    suffix = "" if number == 1 else f"-{number}"
    own, other = pair(number), pair(trusted or number)
    above = {"parent": f"urn:pulumi:uat::p::orgkey:index:JwtBearerAccess::{parent}"} if parent else {}

    def row(kind: str, part: str, inputs: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
        urn = f"urn:pulumi:uat::p::salesforce:index:{kind}::{name}-{part}{suffix}"
        return {"urn": urn, "type": f"salesforce:index:{kind}", "inputs": inputs, "outputs": outputs, **above}

    key, certificate = secret(own.private_key_pem), own.certificate.pem
    return [
        row("KeyPair", "key", {}, {"privateKeyPem": key, "certificatePem": certificate}),
        row("ExternalClientApp", "app", {}, {"consumerKey": consumer_key, "certificatePem": other.certificate.pem}),
        row(
            "JwtGrant",
            "grant",
            {
                "consumerKey": consumer_key,
                "username": USERNAME,
                "privateKeyPem": key,
                "instanceUrl": HOST,
                "blocked": blocked,
            },
            {"audience": AUDIENCE, "instanceUrl": HOST, "verified": verified, "reasonCode": "" if verified else "x_y"},
        ),
    ]


def project(folder: Path, resources: list[dict[str, Any]]) -> dict[str, str]:
    """A project whose `pulumi` is a program that prints this state; returns the environment that has it on PATH.

    The program notes what it was started with in `asked`.
    """
    (folder / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (folder / "state.json").write_text(json.dumps({"deployment": {"resources": resources}}))
    (folder / "bin").mkdir()
    program = folder / "bin/pulumi"
    program.write_text(
        f"""#!/bin/sh
echo "$@" >> {folder}/asked
case "$1 $2" in
  "stack ls") echo '[{{"name": "uat"}}]' ;;
  "stack export") cat {folder}/state.json ;;
esac
"""
    )
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}

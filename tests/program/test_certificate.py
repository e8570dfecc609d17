"""A certificate that somebody replaced in Setup, and an app whose satellites bear its own name, by the real `pulumi`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from orgkey.identity.key_pair import KeyPair, certify, generate_key
from tests.landscape import Landscape, Org
from tests.program.stack import Stack, ok
from tests.provider.apps import EXTERNAL, app_record, put, replace_certificate
from tests.provider.test_import import OWN, by_hand

APP = "CI_Integration"


def own_pair() -> KeyPair:
    return certify(generate_key(2048), subject="CN=own", validity_days=90, now=datetime.now(UTC))


@pytest.mark.parametrize("shown", [True, False], ids=["an org that shows certificates", "one that does not"])
def test_a_certificate_replaced_in_setup_is_drift_and_a_plain_up_puts_ours_back(
    stack: Stack, org: Org, landscape: Landscape, *, shown: bool
) -> None:
    landscape.admin("PATCH", "/knobs", certificate_returned=shown, foreign_signature="invalid_client")
    ok(stack.up())
    theirs = own_pair().certificate
    replace_certificate(org, EXTERNAL, theirs.pem, name=APP)
    drift = stack.drift()
    assert drift.code == 7, drift.text
    assert (theirs.fingerprint in drift.text) is shown
    assert "invalid_client" in drift.text
    repaired = ok(stack.up())
    assert ("deploying the app CI_Integration again" in repaired.text) is not shown
    assert stack.outputs()["verified"] is True
    assert "7 unchanged" in ok(stack.up()).text


def test_an_app_whose_satellites_bear_its_own_name_is_taken_over_in_place(
    stack: Stack, config: dict[str, Any], org: Org
) -> None:
    pair = own_pair()
    put(org, "PermissionSet", "Access", "<hasActivationRequired>false</hasActivationRequired><label>Access</label>")
    by_hand(org, {"certificatePem": pair.certificate.pem, "consumerKey": "MadeByHand1"}, OWN)
    record = app_record(org)
    config |= {
        "orgkey:import": {"app": True, "permissionSet": True},
        "orgkey:permissionSet": {"name": "Access"},
        "orgkey:app": {"name": "App", "contactEmail": "ops@acme.com"},
        "orgkey:key": {"consumerKey": "MadeByHand1", "certificatePem": pair.certificate.pem},
    }
    stack.configure(config)
    stack.set_secret("orgkey:key.privateKeyPem", pair.private_key_pem)
    text = ok(stack.pulumi("preview", "--diff", "--stack", "t")).text
    _, update = text.split("salesforce:index:ExternalClientApp: (update)")
    changed = re.findall(r"^\s+[~+-] (\w+)\s*:", update.split("salesforce:index:JwtGrant")[0], re.MULTILINE)
    assert changed == ["managedBy"], text
    ok(stack.up())
    assert app_record(org) == record
    assert "7 unchanged" in ok(stack.up()).text

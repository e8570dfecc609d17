"""Renewal and rekey with the real engine: who notices, and who does not."""

from __future__ import annotations

from typing import Any

from tests.landscape import Org
from tests.program.clients import LoggingInAllTheTime
from tests.program.stack import Stack, ok


def test_a_renewal_is_noticed_by_no_client_and_a_rekey_by_every_one(
    deployed: Stack, config: dict[str, Any], org: Org
) -> None:
    before = deployed.outputs(secrets=True)
    with LoggingInAllTheTime(before, org) as client:
        config["orgkey:key"] = {"validityDays": 730}
        deployed.configure(config)
        ok(deployed.up())
    assert len(client.answers) > 5
    assert set(client.answers) == {200}
    renewed = deployed.outputs(secrets=True)
    assert renewed["certificateFingerprint"] != before["certificateFingerprint"]
    assert renewed["notAfter"] > before["notAfter"]
    assert (renewed["privateKeyPem"], renewed["consumerKey"]) == (before["privateKeyPem"], before["consumerKey"])

    config["orgkey:key"] |= {"generation": 2}
    deployed.configure(config)
    ok(deployed.up())
    rekeyed = deployed.outputs(secrets=True)
    assert rekeyed["privateKeyPem"] != before["privateKeyPem"]
    assert rekeyed["consumerKey"] == before["consumerKey"]
    assert client.log_in() == 400


def test_a_certificate_past_its_renewal_date_is_drift_and_the_next_up_renews_it(
    stack: Stack, config: dict[str, Any]
) -> None:
    config["orgkey:key"] = {"renewAfter": 0.00000001}
    stack.configure(config)
    ok(stack.up())
    before = stack.outputs()
    look = stack.drift()
    assert look.code == 7
    assert "renewalDue" in look.text
    config["orgkey:key"] = {"renewAfter": 0.5}
    stack.configure(config)
    ok(stack.up())
    assert stack.outputs()["certificateFingerprint"] != before["certificateFingerprint"]
    assert stack.drift().code == 0

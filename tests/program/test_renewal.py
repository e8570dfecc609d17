"""Renewal and rekey with the real engine: who notices, and who does not."""

from __future__ import annotations

import threading
import time
from typing import Any

import requests

from orgkey.identity.assertion import sign_assertion
from tests.landscape import Org
from tests.program.stack import Stack, ok
from tests.waiting import join


class LoggingInAllTheTime:
    """A client that keeps logging in with the key it was given once."""

    def __init__(self, outputs: dict[str, Any], org: Org) -> None:
        self.outputs, self.org = outputs, org
        self.answers: list[int] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep_on)

    def log_in(self) -> int:
        assertion = sign_assertion(
            self.outputs["privateKeyPem"],
            consumer_key=self.outputs["consumerKey"],
            username=self.outputs["username"],
            audience=self.outputs["audience"],
            now=time.time(),
            jti=str(len(self.answers)),
        )
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
        url = f"{self.org.url}/services/oauth2/token"
        return requests.post(url, data=form, verify=self.org.ca_bundle, timeout=30).status_code

    def __enter__(self) -> LoggingInAllTheTime:  # noqa: PYI034 — nobody derives from it
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        join(self._thread)

    def _keep_on(self) -> None:
        while not self._over.wait(0.05):
            self.answers.append(self.log_in())


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

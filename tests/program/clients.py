"""A client of a stack's login that never stops, so that a moment without one is noticed."""

from __future__ import annotations

import threading
import time
from typing import Any

import requests

from orgkey.identity.assertion import sign_assertion
from tests.landscape import Org
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

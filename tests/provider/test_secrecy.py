"""What goes to the wrong place is not shown: a key or token pasted into any property of any resource, or into the provider's settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from orgkey.identity.key_pair import generate_key
from orgkey.provider.schema import schema
from tests.provider.conftest import NOWHERE
from tests.provider.protocol import Client

AUTH_URL = "force://PlatformCLI::5Aep861planted_refresh_token@acme.my.salesforce.com"
ACCESS_TOKEN = "00D000000000001!AQplanted.access.token"
PLANTED = "planted"


@pytest.fixture(scope="module")
def pasted() -> list[Any]:
    """Credentials as people have them in the clipboard, and shapes that hold one."""
    pem = generate_key(2048)
    texts = [AUTH_URL, ACCESS_TOKEN, "eyJhbGciOiJSUzI1NiJ9.planted", pem, pem.replace("\n", "\\n")]
    return [
        *texts,
        *([text] for text in texts),
        *({text: text} for text in texts),
        *({"planted": text} for text in texts),
    ]


def places() -> Iterator[tuple[str, str]]:
    for token, described in schema()["resources"].items():
        for name in (*described["inputProperties"], "unknownProperty"):
            yield token.rsplit(":", 1)[-1], name


@pytest.mark.parametrize(("kind", "name"), list(places()))
def test_a_credential_in_any_property_is_in_no_failure_and_no_failure_lets_the_engine_show_it(
    offline: Client, pasted: list[Any], kind: str, name: str
) -> None:
    for value in pasted:
        _, failures = offline.check(kind, {name: value})  # the client refuses failures that name a property
        text = "\n".join(reason for _, reason in failures)
        assert PLANTED not in text
        assert "MII" not in text


@pytest.mark.parametrize(
    "name", ["instanceUrl", "credentials", "expectedKind", "expectedOrgId", "apiVersion", "caBundle", "x"]
)
def test_a_credential_in_any_setting_of_the_provider_is_in_no_failure(
    offline: Client, pasted: list[Any], name: str
) -> None:
    for value in pasted:
        text = "\n".join(reason for _, reason in offline.check_config({**NOWHERE, name: value}))
        assert PLANTED not in text
        assert "MII" not in text

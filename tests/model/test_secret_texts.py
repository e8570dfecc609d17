"""What of a secret is looked for in messages, and what a message is without it."""

from __future__ import annotations

from typing import Any

import pytest

from orgkey.model.secret_texts import texts_of, without

HOST = "acme--uat.sandbox.my.salesforce.com"


@pytest.mark.parametrize(
    ("secret", "message", "told"),
    [
        (f"https://{HOST}", f"{HOST} did not answer", "[secret] did not answer"),
        (f"https://{HOST}/", f"https://{HOST} did not answer", "[secret] did not answer"),
        (f" HTTPS://{HOST.upper()} ", f"{HOST} did not answer", "[secret] did not answer"),
        ("https://acme--uat.sandbox.lightning.force.com/lightning/setup", f"at {HOST}", "at [secret]"),
        ("https://localhost:8443", "localhost:8443 refused", "[secret] refused"),
        ("CI@acme.com", "ci@acme.com: no such user", "[secret]: no such user"),
        ({"a": ["planted", {"b": "inside"}]}, "planted inside", "[secret] [secret]"),
        ('{"sfAlias": "planted"}', "planted", "[secret]"),
        ("planted-longer", "planted-longer, planted", "[secret], planted"),
        ("uat", "the stack uat", "the stack uat"),  # too short to be told from other words
        ("https://[", "nothing of it", "nothing of it"),
        ("{" * 100_000, "nothing of it", "nothing of it"),
        (7, "7", "7"),
        (None, "None", "None"),
    ],
)
def test_a_message_is_without_a_secret_in_every_spelling(secret: Any, message: str, told: str) -> None:
    assert without(message, texts_of(secret)) == told

"""What of a secret is looked for in messages, and what a message is without it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

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
        ('say "planted"', 'sent: ["say \\"planted\\""]', 'sent: ["[secret]"]'),
        ("C:\\planted", '{"sent": "C:\\\\planted"}', '{"sent": "[secret]"}'),
        ("two\nlines", '"two\\nlines"', '"[secret]"'),
        ("two\r\nlines", "<a>two\nlines</a>", "<a>[secret]</a>"),
        ("plänted", '"pl\\u00e4nted"', '"[secret]"'),
        ("a <b> & c", "<d>a &lt;b&gt; &amp; c</d>", "<d>[secret]</d>"),
        ('a "quoted" word', '<d e="a &quot;quoted&quot; word"/>', '<d e="[secret]"/>'),
        (7, "7", "7"),
        (None, "None", "None"),
    ],
)
def test_a_message_is_without_a_secret_in_every_spelling(secret: Any, message: str, told: str) -> None:
    assert without(message, texts_of(secret)) == told


XML_TEXTS = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], include_characters="\r\n\t\"'<>&\\"), min_size=5
).filter(lambda text: len(text.strip()) >= 5 and "\ufffe" not in text and "\uffff" not in text)


@given(XML_TEXTS)
def test_a_secret_is_found_however_it_was_written_down(secret: str) -> None:
    element = etree.Element("a")
    element.text = secret
    element.set("b", secret)
    for written in (
        json.dumps({"sent": secret}),
        json.dumps([[secret.strip()]], ensure_ascii=False),
        etree.tostring(element, encoding="unicode"),
        etree.tostring(element).decode(),
    ):
        assert any(text in written for text in texts_of(secret))

"""The text of a stack file reads back as it was meant, whatever names and values are, and is taken by the schema."""

from __future__ import annotations

import json
from typing import Any

import hypothesis
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from orgkey.stack_file.schema import settings, stack_file_schema
from orgkey.start.stack_text import stack_file_text

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    [
        "yes",
        "No",
        "~",
        "null",
        "0o17",
        "1_000",
        "12:30:45",
        "2026-11-26",
        "1e3",
        ".inf",
        "007",
        "a: b",
        "- a",
        "#x",
        "{a}",
        "|",
        "y",
        "=",
        "<<",
    ]
)
VALUES = st.recursive(
    TEXTS | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.from_regex("[a-zA-Z]{1,8}", fullmatch=True), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(list(settings()))


@hypothesis.settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(KEYS, VALUES, min_size=1, max_size=6),
    st.lists(TEXTS, max_size=3),
    st.dictionaries(KEYS, st.lists(TEXTS, max_size=2), max_size=3),
    st.lists(st.tuples(KEYS, VALUES, TEXTS), max_size=2),
)
def test_whatever_is_written_reads_back_and_no_comment_ends_early(
    config: dict[str, Any], about: list[str], notes: dict[str, list[str]], possible: list[tuple[str, Any, str]]
) -> None:
    text = stack_file_text(config, schema="s.json", about=about, notes=notes, possible=possible)
    assert yaml.safe_load(text) == {"config": config}
    assert text.startswith("# yaml-language-server: $schema=s.json\n")


@pytest.mark.parametrize(
    "text", ["yes", "n", "0o17", "1_0", "12:30", "2026-11-26", "1e3", "007", "", "null", "0x1f", ".5"]
)
def test_text_that_another_reader_might_take_for_something_else_is_quoted(text: str) -> None:
    assert f'name: "{text}"' in stack_file_text({"orgkey:app": {"name": text}})


def test_pem_is_written_line_by_line_and_every_key_has_its_meaning() -> None:
    pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    text = stack_file_text({"orgkey:key": {"certificatePem": pem}, "orgkey:users": ["ci@acme.com"]})
    assert "    certificatePem: |\n      -----BEGIN CERTIFICATE-----\n      AAAA\n" in text
    for comment in (
        "# Key and certificate.",
        "# The certificate of your own key, PEM.",
        "# Who holds the permission set",
    ):
        assert comment in text


def test_a_setting_is_told_as_its_kind_of_app_has_it() -> None:
    text = stack_file_text({"orgkey:app": {"kind": "connected", "name": "A", "contactEmail": "a@b.cd"}})
    assert "# Developer name of the app" in text
    config = {
        "salesforce:instanceUrl": "https://a.my.salesforce.com",
        "salesforce:credentials": {"sfAlias": "x"},
        "orgkey:app": {"name": "A", "contactEmail": "a@b.cd", "label": "Größe: \"S\" 'x'"},
        "orgkey:users": ["ci@acme.com"],
    }
    read = yaml.safe_load(stack_file_text(config, possible=[("salesforce:expectedOrgId", "00D000000000001", "Guard.")]))
    Draft7Validator(json.loads(json.dumps(stack_file_schema()))).validate(read)

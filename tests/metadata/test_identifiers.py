"""Record ids and names, as the platform compares them."""

from __future__ import annotations

import pytest

from orgkey.metadata.identifiers import name_key, same_id, short_id


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("00D000000000001AAA", "00D000000000001AAA", True),
        ("00D000000000001", "00D000000000001AAA", True),
        ("00D000000000001AAA", "00D000000000001", True),
        ("00D00000000000a", "00D00000000000A", False),
        ("00D000000000001AAA", "00D000000000002AAA", False),
        ("", "00D000000000001", False),
    ],
)
def test_ids_of_either_length_are_compared_by_the_first_15_characters_with_their_case(
    one: str,
    other: str,
    same: bool,  # noqa: FBT001 — a column of the table
) -> None:
    assert same_id(one, other) is same
    assert (short_id(one) == short_id(other)) is same


def test_names_are_compared_without_their_case() -> None:
    assert name_key("CI@Acme.com") == name_key("ci@acme.COM")
    assert name_key("Sales") != name_key("Sales2")

"""The line in a description that tells who manages a thing, and what it means to one stack in one org."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkey.metadata.ownership import Marker, Ownership, judge, mark, unmark

UAT = "00D000000000001AAA"
PRODUCTION = "00D000000000009AAA"

words = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="/"), min_size=1, max_size=20)
org_ids = st.text(string.ascii_letters + string.digits, min_size=18, max_size=18) | st.text(
    string.ascii_letters + string.digits, min_size=15, max_size=15
)
claims = st.integers(1, 3) | st.integers(1, 999_999_999)


def _marker(manager: str, org_id: str, claim: int) -> Marker:
    return Marker(manager, org_id if claim == 1 else org_id[:15], claim)  # a later claim has the short form of the id


markers = st.builds(_marker, st.builds("{}/{}".format, words, words), org_ids, claims)
descriptions = st.lists(st.text() | st.just("\n") | markers.map(Marker.line)).map("".join)


@given(descriptions, markers)
def test_a_marked_description_gives_back_its_text_and_its_marker(description: str, marker: Marker) -> None:
    assert unmark(mark(description, marker)) == (description.strip(), marker)


@given(descriptions, markers)
def test_the_marker_is_the_last_line_in_plain_sight(description: str, marker: Marker) -> None:
    claim = f"#{marker.claim}" if marker.claim > 1 else ""
    assert mark(description, marker).split("\n")[-1] == f"managed by orgkey {marker.manager} in {marker.org_id}{claim}"


def test_the_longest_description_and_marker_fit_into_a_permission_set() -> None:
    for claim in (1, 2, 99):
        assert len(mark("d" * 150, Marker("o" * 31 + "/" + "s" * 32, UAT, claim))) <= 255


@given(st.text())
def test_a_description_without_a_marker_stays_as_it_is(description: str) -> None:
    assert mark(description, None) == description
    assert unmark(description) == (description.strip(), None)


MARKED = {
    "alone": ("managed by orgkey acme/uat in 00D000000000001AAA", ""),
    "on the last line": ("Nightly\nmanaged by orgkey acme/uat in 00D000000000001AAA", "Nightly"),
    "with an org's white space": ("Nightly \r\n managed by orgkey acme/uat in 00D000000000001AAA \r\n", "Nightly"),
    "on the same line": ("Nightly managed by orgkey acme/uat in 00D000000000001AAA", "Nightly"),
    "with text added below": ("A\nmanaged by orgkey acme/uat in 00D000000000001AAA\nB", "A\nB"),
    "on the first line": ("managed by orgkey acme/uat in 00D000000000001AAA\nB", "B"),
    "below another one": (
        "managed by orgkey x/y in 00D000000000009AAA\nmanaged by orgkey acme/uat in 00D000000000001AAA",
        "managed by orgkey x/y in 00D000000000009AAA",
    ),
}


@pytest.mark.parametrize(("description", "text"), MARKED.values(), ids=MARKED)
def test_a_marker_is_found_wherever_an_org_or_a_person_left_it(description: str, text: str) -> None:
    assert unmark(description) == (text, Marker("acme/uat", UAT))


@pytest.mark.parametrize(
    "description",
    [
        "managed by orgkey",
        "managed by orgkey acme in 00D000000000001AAA",
        "managed by orgkey acme/uat in 00D1",
        "managed by orgkey acme/uat in 00D000000000001AAAxyz",
        "managed by orgkey acme/uat in 00D1#2",
        "Managed By Orgkey acme/uat in 00D000000000001AAA",
    ],
)
def test_what_only_resembles_a_marker_is_text(description: str) -> None:
    assert unmark(description) == (description, None)


JUDGED = [
    (None, Ownership.UNMARKED),
    (Marker("acme/uat", UAT), Ownership.OURS),
    (Marker("acme/uat", UAT[:15]), Ownership.OURS),
    (Marker("acme/uat", UAT[:15], 2), Ownership.OURS),
    (Marker("acme/prod", UAT), Ownership.ANOTHERS),
    (Marker("acme/prod", PRODUCTION), Ownership.COPY),
    (Marker("acme/uat", PRODUCTION), Ownership.COPY),
    (Marker("other/uat", UAT), Ownership.ANOTHERS),
    (Marker("other/uat", PRODUCTION), Ownership.ANOTHERS),
    (Marker("acme-2/uat", UAT), Ownership.ANOTHERS),
]


@pytest.mark.parametrize(("marker", "ownership"), JUDGED)
def test_a_thing_is_judged_by_who_marked_it_and_in_which_org(marker: Marker | None, ownership: Ownership) -> None:
    assert judge(marker, manager="acme/uat", org_id=UAT) is ownership
    assert judge(marker, manager="acme/uat", org_id=UAT[:15]) is ownership

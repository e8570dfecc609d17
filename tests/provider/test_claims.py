"""Claims: numbers that tell which resource of a stack has a thing, and whether it was there before the stack."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkey.metadata.ownership import Marker
from orgkey.provider.claims import claims, claims_of_copy, next_above, next_claim, says_taken_over

ORG, ANOTHER = "00DLo00000000HpMAI", "00DLo00000000HqMAI"
numbers = st.integers(1, 99)


def marker(claim: int, org_id: str = ORG) -> Marker:
    return Marker("acme/uat", org_id, claim)


@pytest.mark.parametrize(
    ("claim", "taken_over", "following"),
    [
        (0, False, 1),
        (1, False, 3),
        (2, False, 3),
        (3, False, 5),
        (0, True, 2),
        (1, True, 2),
        (2, True, 4),
        (3, True, 4),
    ],
)
def test_the_next_claim_is_odd_for_what_a_stack_made_and_even_for_what_was_there_before(
    claim: int, following: int, *, taken_over: bool
) -> None:
    assert next_above(claim, taken_over=taken_over) == following


@given(claim=numbers, taken_over=st.booleans())
def test_a_marker_tells_where_the_thing_came_from_and_goes_up(claim: int, *, taken_over: bool) -> None:
    following = next_above(claim, taken_over=taken_over)
    assert claim < following <= claim + 2
    assert says_taken_over(marker(following), ORG) is taken_over


def test_what_has_no_marker_says_nothing() -> None:
    assert not says_taken_over(None, ORG)


@given(found=st.none() | numbers)
def test_an_import_claims_a_thing_as_one_that_was_there_before(found: int | None) -> None:
    claimed = claims(marker(found) if found else None, {}, ORG)
    assert claimed["claim"] > (found or 1)
    assert says_taken_over(marker(claimed["claim"]), ORG)


@given(own=numbers, found=numbers, adopted=st.booleans())
def test_an_update_keeps_its_claim_or_goes_above_a_later_one_and_tells_the_same_origin(
    own: int, found: int, *, adopted: bool
) -> None:
    outputs = {"claim": own, "revision": "1", "adopted": adopted}
    claim = next_claim(outputs, marker(found), ORG)
    assert claim >= found
    if found > own:
        assert says_taken_over(marker(claim), ORG) is adopted
    else:
        assert claim == own
    assert next_claim(outputs, marker(found, ANOTHER), ORG) == own  # production's copy says nothing against ours


@given(claim=numbers)
def test_a_copys_marker_says_nothing_of_what_was_there_before_in_this_org(claim: int) -> None:
    assert not says_taken_over(marker(claim, ANOTHER), ORG)


@given(lower=numbers, higher=numbers)
def test_claims_to_a_copy_are_those_of_what_a_stack_makes_and_keep_their_order(lower: int, higher: int) -> None:
    one, other = (claims_of_copy({"claim": claim})["claim"] for claim in sorted((lower, higher)))
    assert one % 2 == other % 2 == 1
    assert one <= other

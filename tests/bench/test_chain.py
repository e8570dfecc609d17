"""The longest chain of requests that wait for each other, from when each began and ended."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.chain import Asked, in_words, longest_chain

MOMENTS = st.integers(0, 12)
REQUESTS = st.lists(
    st.builds(lambda begin, length: Asked("query", begin, begin + length), MOMENTS, st.integers(1, 6)), max_size=9
)


def overlap(one: Asked, other: Asked) -> bool:
    return one.begin < other.end and other.begin < one.end


@given(REQUESTS)
def test_no_set_of_requests_that_do_not_overlap_is_larger_than_the_chain(requests: list[Asked]) -> None:
    sizes = (
        size
        for size in range(len(requests), -1, -1)
        if any(not any(overlap(*pair) for pair in combinations(chosen, 2)) for chosen in combinations(requests, size))
    )
    assert len(longest_chain(requests)) == next(sizes)


@given(REQUESTS)
def test_each_request_of_the_chain_begins_after_the_one_before_it_has_ended(requests: list[Asked]) -> None:
    chain = longest_chain(requests)
    assert all(one.request.end <= other.request.begin for one, other in pairwise(chain))


@given(REQUESTS)
def test_every_request_is_in_the_chain_or_beside_one_that_it_overlaps(requests: list[Asked]) -> None:
    chain = longest_chain(requests)
    assert sorted(map(str, requests)) == sorted(str(each) for link in chain for each in (link.request, *link.beside))
    assert all(overlap(link.request, other) for link in chain for other in link.beside)


@given(st.data(), REQUESTS)
def test_the_order_in_which_the_log_has_the_requests_does_not_matter(
    data: st.DataObject, requests: list[Asked]
) -> None:
    shuffled = data.draw(st.permutations(requests))
    assert len(longest_chain(shuffled)) == len(longest_chain(requests))


@given(REQUESTS, st.integers(-100, 100), st.sampled_from([0.5, 2, 16]))
def test_neither_the_start_of_the_clock_nor_its_pace_matters(requests: list[Asked], start: int, pace: float) -> None:
    moved = [Asked(each.operation, start + pace * each.begin, start + pace * each.end) for each in requests]
    assert len(longest_chain(moved)) == len(longest_chain(requests))


@pytest.mark.parametrize(
    ("requests", "words"),
    [
        ([], ""),
        ([Asked("jwtGrant", 0, 1), Asked("query", 1, 2)], "jwtGrant > query"),
        ([Asked("query", 0, 1), Asked("query", 2, 3), Asked("deploy", 3, 9)], "2 x query > deploy"),
        (
            [Asked("query", 0, 4), Asked("composite", 0, 1), Asked("query", 0.5, 3), Asked("query", 4, 5)],
            "composite (beside it: 2 query) > query",
        ),
    ],
)
def test_a_reader_sees_what_waits_for_what(requests: list[Asked], words: str) -> None:
    assert in_words(longest_chain(requests)) == words

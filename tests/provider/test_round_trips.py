"""How many requests wait for each other: on a real org a round trip takes 150 to 300 ms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bench.chain import Link, asked, in_words, longest_chain
from tests.landscape import Landscape, Org
from tests.provider.conftest import APP, GRANT, HOLDERS, SET, Made, app_inputs, grant_inputs, make
from tests.provider.protocol import Client, plain
from tests.provider.test_app_links import later

LATENCY = 0.1  # seconds a request: what can overlap does
LOOKS = 4


@pytest.fixture
def slow(landscape: Landscape) -> Iterator[Landscape]:
    """The landscape, once what a test needs is made: far away, nothing asked yet."""
    landscape.admin("PATCH", "/knobs", latency=LATENCY)
    landscape.admin("DELETE", "/requests")
    yield landscape
    landscape.admin("PATCH", "/knobs", latency=0)


def chain(landscape: Landscape) -> list[Link]:
    return longest_chain(asked(landscape.admin("GET", "/requests?org=uat")["requests"]))


def asked_in(links: list[Link]) -> int:
    """How many requests a chain and those beside it are."""
    return sum(1 + len(link.beside) for link in links)


def at_best(look: Callable[[], list[Link]]) -> list[Link]:
    """The shortest of a few looks: on a busy machine a thread may come late, which makes a chain longer and never shorter."""
    return min((look() for _ in range(LOOKS)), key=lambda links: (len(links), asked_in(links)))


@pytest.fixture
def grant(provider: Client, app: Made, key: dict[str, Any], org: Org) -> Made:
    return make(provider, GRANT, grant_inputs(key, org))


def test_a_look_at_a_whole_stack_is_three_round_trips(
    provider: Client, permission_set: Made, holders: Made, app: Made, grant: Made, org: Org, slow: Landscape
) -> None:
    made = {SET: permission_set, HOLDERS: holders, APP: app, GRANT: grant}

    def look() -> list[Link]:
        slow.admin("DELETE", "/requests")
        looking = later(provider, org)
        with ThreadPoolExecutor(len(made)) as pool:
            seen = dict(zip(made, pool.map(lambda each: looking.read(each[0], *each[1]), made.items()), strict=True))
        assert {
            kind: looking.diff(kind, plain(each.inputs), plain(each.properties), made[kind][1]).diffs
            for kind, each in seen.items()
        } == {kind: [] for kind in made}
        return chain(slow)

    links = at_best(look)
    assert len(links) == 3, in_words(links)
    assert asked_in(links) <= 12, in_words(links)


def test_a_proof_is_a_login_and_then_both_of_what_is_done_with_it(
    provider: Client, app: Made, key: dict[str, Any], org: Org, slow: Landscape
) -> None:
    make(provider, GRANT, grant_inputs(key, org))
    links = chain(slow)
    assert in_words(links) in {
        "jwtGrant > userinfo (beside it: 1 query)",
        "jwtGrant > query (beside it: 1 userinfo)",
    }


def test_a_new_app_is_looked_for_in_one_round_trip_and_deployed(
    provider: Client, holders: Made, key: dict[str, Any], slow: Landscape
) -> None:
    make(provider, APP, app_inputs(key))
    links = chain(slow)
    assert len(links) == 4, in_words(links)  # the look, the deploy, its status, the look at what came of it
    assert links[1].request.operation == "deploy"

"""The org snapshot: one request for what is asked at the same time, one answer for all who ask the same, nothing after a write."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.chain import asked, longest_chain
from orgkey.salesforce.clock import Clock
from orgkey.salesforce.errors import RefusedError, WrongOrgError
from orgkey.salesforce.org import Org as Client
from orgkey.salesforce.read import Snapshot
from tests.landscape import Landscape, Org

USERS = "SELECT Username FROM User WHERE Username LIKE 'ci@%'"
SETS = "SELECT Name FROM PermissionSet WHERE Name = 'None'"


class Gathering(Clock):
    """A clock by which questions are gathered until a test has had enough."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.over = threading.Event(), threading.Event()

    def wait(self, seconds: float) -> None:
        self.begun.set()
        assert self.over.wait(10)


def composites(landscape: Landscape) -> int:
    return int(landscape.admin("GET", "/requests?org=uat")["counts"].get("composite", 0))


def test_questions_of_the_same_moment_travel_in_one_request(snapshot: Snapshot, landscape: Landscape) -> None:
    ready = threading.Barrier(4)

    def ask(soql: str) -> int:
        ready.wait(timeout=10)
        return len(snapshot.rows(soql)[0])

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, [USERS, SETS, USERS, SETS])) == [1, 0, 1, 0]
    assert composites(landscape) == 1


def test_the_same_question_is_asked_once_until_something_is_written(snapshot: Snapshot, landscape: Landscape) -> None:
    snapshot.rows(USERS)
    snapshot.rows(USERS, SETS)
    assert composites(landscape) == 2
    snapshot.rows(USERS, SETS)
    assert composites(landscape) == 2
    snapshot.drop()
    snapshot.rows(USERS)
    assert composites(landscape) == 3


def test_a_write_during_a_question_leaves_nobody_waiting(snapshot: Snapshot, client: Client) -> None:
    client.log_in()
    snapshot.gather = 0.1
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(snapshot.rows, USERS)
        snapshot.drop()
        assert len(answer.result(timeout=10)[0]) == 1


def test_trouble_is_told_to_all_who_wait_and_asked_again_by_the_next(snapshot: Snapshot, landscape: Landscape) -> None:
    landscape.admin("POST", "/faults", operation="composite", org="uat", faults=["REQUEST_LIMIT_EXCEEDED"])
    snapshot.gather = 0.3  # so that both wait for the same answer
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(snapshot.rows, USERS) for _ in range(2)]
        for answer in answers:
            with pytest.raises(RefusedError, match="REQUEST_LIMIT_EXCEEDED"):
                answer.result(timeout=10)
    assert len(snapshot.rows(USERS)[0]) == 1


def test_one_question_that_the_org_refuses_does_not_spoil_the_others(client: Client) -> None:
    with pytest.raises(RefusedError) as refused:
        client.queries([USERS, "SELECT Nope FROM User"])
    assert refused.value.code == "INVALID_FIELD"


def test_a_read_that_was_gathered_with_a_refused_question_still_gets_its_answer(snapshot: Snapshot) -> None:
    ready = threading.Barrier(2)

    def ask(soql: str) -> int:
        ready.wait(timeout=10)
        return len(snapshot.rows(soql)[0])

    with ThreadPoolExecutor(2) as pool:
        good, bad = pool.submit(ask, USERS), pool.submit(ask, "SELECT Id FROM NoSuchThing")
        assert good.result(timeout=10) == 1
        with pytest.raises(RefusedError, match="INVALID_TYPE"):
            bad.result(timeout=10)


def test_a_question_that_is_asked_again_after_a_write_leaves_the_first_asker_not_waiting(
    snapshot: Snapshot, client: Client
) -> None:
    client.log_in()
    client.clock = clock = Gathering()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(snapshot.rows, USERS)
        assert clock.begun.wait(10)
        snapshot.drop()
        second = pool.submit(snapshot.rows, USERS)
        clock.over.set()
        assert first.result(timeout=10) == second.result(timeout=10)


def test_long_answers_are_read_to_the_last_page(client: Client, landscape: Landscape, org: Org) -> None:
    landscape.admin("PATCH", "/knobs", query_page=3)
    everybody = client.query("SELECT Username FROM User")
    landscape.admin("PATCH", "/knobs", query_page=2000)
    assert sorted(row["Username"] for row in everybody) == sorted(
        row["Username"] for row in org.query("SELECT Username FROM User")
    )


@pytest.mark.parametrize(
    ("guard", "says"),
    [
        ({"expected_kind": "production"}, "is a sandbox org"),
        ({"expected_org_id": "00D000000000009"}, "salesforce:expectedOrgId is 00D000000000009"),
    ],
)
def test_another_org_than_the_settings_describe_answers_nothing(
    client: Client, guard: dict[str, str], says: str
) -> None:
    client.connection = client.connection.model_copy(update=guard)
    with pytest.raises(WrongOrgError, match=says):
        client.query(USERS)


def test_more_questions_than_one_request_carries_travel_in_several_side_by_side(
    snapshot: Snapshot, landscape: Landscape
) -> None:
    snapshot.identity()
    landscape.admin("DELETE", "/requests")
    landscape.admin("PATCH", "/knobs", latency=0.1)
    questions = [f"SELECT Username FROM User WHERE Username LIKE '{alias}@%'" for alias in [*"abcdefghij", "ci"]]
    assert [len(rows) for rows in snapshot.rows(*questions)] == [*[0] * 10, 1]
    assert composites(landscape) == 3
    assert len(longest_chain(asked(landscape.admin("GET", "/requests?org=uat")["requests"]))) == 1

"""What an org refuses for a reason that passes is asked again, a lost answer never; and the last word says when to come back."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from orgkey.model.assignments import PermissionSetAssignmentsArgs
from orgkey.salesforce import soql
from orgkey.salesforce.access import set_holders
from orgkey.salesforce.clock import Clock
from orgkey.salesforce.deploy_job import deploy
from orgkey.salesforce.errors import (
    CanceledError,
    DeployFailedError,
    RefusedError,
    TransientError,
    UnreachableError,
)
from orgkey.salesforce.http_errors import retry_after
from orgkey.salesforce.org import Org as Client
from orgkey.salesforce.read import Snapshot
from orgkey.salesforce.retry import ATTEMPTS, Backoff, retry, retry_refused
from orgkey.salesforce.soap import read_metadata
from orgkey.salesforce.transport import Transport
from tests.landscape import Landscape, Org
from tests.salesforce.conftest import Host, client_of
from tests.salesforce.test_deploy_job import bundle

SOON = ["ALREADY_IN_PROCESS", "UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE"]
Answering = Callable[[int, dict[str, str], bytes], Host]


class QuickClock(Clock):
    """A clock on which pauses take no time."""

    def wait(self, seconds: float) -> None:
        self.check()


@pytest.fixture
def clock() -> Clock:
    return QuickClock()


def requests_of(landscape: Landscape, operation: str) -> int:
    return int(landscape.admin("GET", "/requests?org=uat")["counts"].get(operation, 0))


@pytest.mark.parametrize("code", SOON)
def test_a_refused_write_is_sent_again_until_the_org_takes_it(client: Client, landscape: Landscape, code: str) -> None:
    landscape.admin("POST", "/faults", operation="deploy", org="uat", faults=[code, code])
    assert deploy(client, bundle(), seconds=30).success
    assert requests_of(landscape, "deploy") == 3


@pytest.mark.parametrize("code", [*SOON, "UNKNOWN_EXCEPTION"])
def test_a_refused_question_is_asked_again_at_every_endpoint(client: Client, landscape: Landscape, code: str) -> None:
    for operation in ("composite", "readMetadata"):
        landscape.admin("POST", "/faults", operation=operation, org="uat", faults=[code])
    assert client.query(soql.ORGANIZATION)
    assert read_metadata(client, "PermissionSet", ["Missing"]) == {}
    assert landscape.admin("GET", "/faults")["unused"] == []


def test_records_that_another_change_holds_are_written_and_deleted_at_a_later_try(
    client: Client, org: Org, landscape: Landscape
) -> None:
    deploy(client, bundle(), seconds=30)
    for operation in ("createRecords", "updateRecords", "deleteRecords"):
        landscape.admin("POST", "/faults", operation=operation, org="uat", faults=["lock-record", "lock-record"])
    users = [org.user("ci"), org.user("devops")]
    for wanted in (
        {"users": users},
        {"users": users, "expiration": "2099-01-01T00:00:00Z"},
        {"users": [], "expiration": "2099-01-01T00:00:00Z"},
    ):
        set_holders(Snapshot(client), PermissionSetAssignmentsArgs.model_validate({"permissionSet": "Set", **wanted}))
    assert org.holders("Set") == []
    assert [requests_of(landscape, name) for name in ("createRecords", "updateRecords", "deleteRecords")] == [3, 3, 3]


def test_a_deploy_that_was_rolled_back_for_a_lock_is_sent_again_and_says_so(
    client: Client, landscape: Landscape
) -> None:
    landscape.admin("POST", "/faults", operation="deploy", org="uat", faults=["lock-record"])
    said: list[str] = []
    assert deploy(client, bundle(), seconds=30, progress=said.append).success
    assert [line for line in said if line.endswith("trying again")] == [
        "PermissionSet Set (permissionsets/Set.permissionset): unable to obtain exclusive access to this record; trying again"
    ]


def test_a_deploy_that_is_locked_for_good_ends_with_what_to_do(client: Client, landscape: Landscape) -> None:
    landscape.admin("POST", "/faults", operation="deploy", org="uat", faults=["lock-record"] * ATTEMPTS)
    with pytest.raises(DeployFailedError, match="Another change holds a record") as failed:
        deploy(client, bundle(), seconds=30)
    assert str(failed.value).endswith("times; run the same command again in a minute.")


def test_a_deploy_with_a_mistake_in_it_is_sent_once(client: Client, landscape: Landscape) -> None:
    with pytest.raises(DeployFailedError):
        deploy(client, bundle(label=""), seconds=30)
    assert requests_of(landscape, "deploy") == 1


@pytest.mark.parametrize("fault", ["INSUFFICIENT_ACCESS", "REQUEST_LIMIT_EXCEEDED"])
def test_a_write_that_is_refused_for_good_is_sent_once(client: Client, landscape: Landscape, fault: str) -> None:
    landscape.admin("POST", "/faults", operation="deploy", org="uat", faults=[fault])
    with pytest.raises(RefusedError, match=fault):
        deploy(client, bundle(), seconds=30)
    assert requests_of(landscape, "deploy") == 1


@pytest.mark.parametrize(
    "fault", ["reset-after", "return-500", "return-502", "return-503", "return-504", "UNKNOWN_EXCEPTION"]
)
def test_a_write_of_which_nobody_knows_whether_it_was_done_is_sent_once_and_waited_for(
    client: Client, landscape: Landscape, fault: str
) -> None:
    landscape.admin("POST", "/faults", operation="deploy", org="uat", faults=[fault])
    with pytest.raises(UnreachableError):
        deploy(client, bundle(), seconds=30)
    assert (requests_of(landscape, "deploy"), requests_of(landscape, "query")) == (1, 1)


def test_an_org_that_goes_on_refusing_is_told_with_the_number_of_tries(client: Client, landscape: Landscape) -> None:
    landscape.admin("POST", "/faults", operation="composite", org="uat", faults=["UNABLE_TO_LOCK_ROW"] * 100)
    with pytest.raises(RefusedError) as refused:
        client.query(soql.ORGANIZATION)
    assert str(refused.value).endswith(f"It was asked {ATTEMPTS} times; run the same command again in a minute.")


def refuse(code: str = "UNABLE_TO_LOCK_ROW", wait: float | None = None) -> Any:
    tried: list[str] = []

    def call() -> None:
        tried.append(code)
        raise RefusedError(code, "held", where="acme", retry_after=wait)

    return call, tried


def test_a_cancel_is_heard_between_two_tries(clock: Clock) -> None:
    call, tried = refuse()

    def canceled_meanwhile() -> None:
        clock.canceled.set()
        call()

    with pytest.raises(CanceledError):
        retry_refused(canceled_meanwhile, clock=clock)
    assert len(tried) == 1


def test_a_cancel_ends_a_pause_at_once() -> None:
    clock, (call, tried) = Clock(), refuse("HTTP 503", 20.0)
    threading.Timer(0.1, clock.canceled.set).start()
    started = time.monotonic()
    with pytest.raises(CanceledError):
        retry_refused(call, clock=clock)
    assert time.monotonic() - started < 2
    assert len(tried) == 1


def test_nothing_is_printed_while_something_is_tried_again(clock: Clock, capfd: pytest.CaptureFixture[str]) -> None:
    call, _ = refuse()
    with pytest.raises(RefusedError):
        retry_refused(call, clock=clock)
    assert capfd.readouterr() == ("", "")


def test_a_verb_whose_time_is_over_tries_once(clock: Clock) -> None:
    def run() -> None:
        clock.set_deadline(clock.monotonic())
        call, tried = refuse()
        with pytest.raises(RefusedError, match="It was asked once"):
            retry_refused(call, clock=clock)
        assert len(tried) == 1

    copy_context().run(run)


@given(
    backoff=st.builds(
        Backoff,
        first=st.floats(0.01, 10),
        longest=st.floats(0.01, 100),
        growth=st.floats(1, 4),
        spread=st.floats(0, 1),
    ),
    jitter=st.floats(0, 1),
    attempts=st.integers(1, 30),
    seconds=st.floats(0, 1000),
)
def test_the_loop_keeps_to_its_attempts_and_its_time(
    backoff: Backoff, jitter: float, attempts: int, seconds: float
) -> None:
    clock, tried, told, last = SteppedClock(), [], [], []

    def call() -> None:
        tried.append(clock.monotonic())
        raise RefusedError("X", "no", where="acme")

    with pytest.raises(RefusedError):
        retry(
            call,
            clock=clock,
            when=lambda _: True,
            backoff=backoff,
            attempts=attempts,
            seconds=seconds,
            tell=lambda _error, elapsed: told.append(elapsed),
            give_up=lambda _error, tries: last.append(tries),
            jitter=lambda: jitter,
        )
    assert len(tried) <= attempts
    assert last == [len(tried)]
    assert len(told) == len(tried) - 1
    assert tried[-1] <= seconds
    longest = max(backoff.first, backoff.longest) * (1 + backoff.spread / 2)
    assert all(after - before <= longest + 1e-9 for before, after in itertools.pairwise(tried))


class SteppedClock(Clock):
    """A clock that goes on by its pauses alone."""

    at = 0.0

    def monotonic(self) -> float:
        return self.at

    def wait(self, seconds: float) -> None:
        self.at += seconds


@pytest.mark.parametrize(
    ("code", "wait", "tries", "end"),
    [
        ("HTTP 503", 0.001, ATTEMPTS, "again in 0 seconds, as it says itself."),
        ("HTTP 503", 3600.0, 1, "It was asked once; run the same command again in 3600 seconds, as it says itself."),
        ("UNABLE_TO_LOCK_ROW", 3600.0, 1, "again in 3600 seconds, as it says itself."),
        ("HTTP 503", None, 1, "acme answered HTTP 503: held"),
    ],
)
def test_an_org_that_names_a_time_is_asked_then_and_not_before(
    clock: Clock, code: str, wait: float | None, tries: int, end: str
) -> None:
    call, tried = refuse(code, wait)
    with pytest.raises(RefusedError) as refused:
        retry_refused(call, clock=clock)
    assert len(tried) == tries
    assert str(refused.value).endswith(end)


def test_a_busy_org_that_names_a_long_time_is_left_alone_until_then(answering: Answering) -> None:
    host = answering(503, {"Retry-After": "3600", "Content-Type": "text/plain"}, b"")
    with pytest.raises(TransientError, match="Try again in 3600 seconds"):
        Transport(ca_bundle=host.ca_bundle).read("GET", host.url)
    assert len(host.headers) == 1


@pytest.mark.parametrize("wait", ["0", "3600"])
@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_write_that_a_gateway_answers_is_sent_once_whatever_it_says_of_coming_back(
    answering: Answering, status: int, wait: str
) -> None:
    host = answering(status, {"Retry-After": wait, "Content-Type": "application/json"}, b"[]")
    with pytest.raises(UnreachableError, match=f"HTTP {status}") as lost:
        client_of(host).rest("POST", "composite/sobjects", json={})
    assert len(host.headers) == 1
    if status == 503:
        assert isinstance(lost.value, TransientError)
        assert lost.value.retry_after == float(wait)


def test_one_question_of_several_that_meets_a_lock_is_asked_again(answering: Answering, clock: Clock) -> None:
    refused = [{"httpStatusCode": 400, "body": [{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "held"}]}]
    host = answering(200, {"Content-Type": "application/json"}, json.dumps({"compositeResponse": refused}).encode())
    with pytest.raises(RefusedError, match="Another change holds the record"):
        client_of(host, clock).query(soql.ORGANIZATION)
    assert len(host.headers) == ATTEMPTS


@pytest.mark.parametrize(("value", "seconds"), [("7", 7), ("", None), ("soon", None), ("-1", None)])
def test_a_time_to_come_back_is_seconds(value: str, seconds: float | None) -> None:
    assert retry_after(saying(value)) == seconds


def test_a_time_to_come_back_may_be_a_date() -> None:
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert retry_after(saying(in_an_hour)) == pytest.approx(3600, abs=60)


def saying(value: str) -> requests.Response:
    response = requests.Response()
    response.headers["Retry-After"] = value
    return response

"""Where an end is declared, the assignments made here end by themselves; an end that somebody moved is drift."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from tests.landscape import Org
from tests.provider.conftest import HOLDERS, Made, MovedClock, again, make
from tests.provider.protocol import Client, VerbFailedError, plain

SUMMER, IN_ZULU, WINTER = "2099-07-01T02:00:00+02:00", "2099-07-01T00:00:00.000+0000", "2099-12-31T00:00:00Z"


def expirations(org: Org, *, group: bool = False) -> list[str | None]:
    condition = "PermissionSetGroup.DeveloperName = 'Sales'" if group else "PermissionSet.Name = 'Access'"
    rows = org.query(f"SELECT ExpirationDate FROM PermissionSetAssignment WHERE {condition} ORDER BY Assignee.Username")
    return [row["ExpirationDate"] for row in rows]


@pytest.fixture
def expiring(provider: Client, grouped: Made) -> Made:
    """The same as `grouped`, with an end."""
    resource_id, inputs, outputs = grouped
    news, problems = provider.check(HOLDERS, {**inputs, "expiration": SUMMER})
    assert problems == []
    assert list(provider.diff(HOLDERS, inputs, outputs, news).diffs) == ["expiration"]
    return resource_id, news, provider.update(HOLDERS, resource_id, (inputs, outputs), news)


def test_assignments_get_their_end_in_place_and_those_that_somebody_else_made_do_not(
    expiring: Made, grouped: Made, org: Org
) -> None:
    assert expirations(org) == [IN_ZULU, IN_ZULU]
    assert expirations(org, group=True) == [IN_ZULU, None, None]
    assert [item["id"] for item in expiring[2]["assignments"]] == [item["id"] for item in grouped[2]["assignments"]]


def test_assignments_are_made_with_their_end(provider: Client, permission_set: Made, org: Org) -> None:
    make(provider, HOLDERS, {"permissionSet": "Access", "users": [org.user("ci")], "expiration": SUMMER})
    assert expirations(org) == [IN_ZULU]


def test_an_end_in_another_zones_words_is_the_same(provider: Client, expiring: Made, org: Org) -> None:
    resource_id, inputs, outputs = expiring
    seen = again(provider, org).read(HOLDERS, resource_id, inputs, outputs)
    assert plain(seen.inputs) == inputs
    other_words = {**inputs, "expiration": "2099-07-01T00:00:00Z"}
    assert list(provider.diff(HOLDERS, inputs, outputs, other_words).diffs) == []


def test_an_end_that_is_no_longer_declared_is_cleared(provider: Client, expiring: Made, org: Org) -> None:
    resource_id, inputs, outputs = expiring
    news = {name: value for name, value in inputs.items() if name != "expiration"}
    after = provider.update(HOLDERS, resource_id, (inputs, outputs), news)
    assert expirations(org) == [None, None]
    assert expirations(org, group=True) == [None, None, None]
    assert [item for item in after["assignments"] if "expires" in item] == []


@pytest.mark.parametrize("moved_to", [WINTER, None])
def test_an_end_that_somebody_moved_is_drift_and_an_update_puts_it_back_without_taking_the_assignment_away(
    provider: Client, expiring: Made, org: Org, moved_to: str | None
) -> None:
    resource_id, inputs, outputs = expiring
    record = outputs["assignments"][0]["id"]
    path = f"/services/data/v67.0/sobjects/PermissionSetAssignment/{record}"
    assert org.call("PATCH", path, json={"ExpirationDate": moved_to}).status_code == 204
    seen = again(provider, org).read(HOLDERS, resource_id, inputs, outputs)
    before = (plain(seen.inputs), plain(seen.properties))
    assert before[0].get("expiration") == (moved_to and "2099-12-31T00:00:00.000+0000")
    assert list(provider.diff(HOLDERS, *before, inputs).diffs) == ["expiration"]
    after = provider.update(HOLDERS, resource_id, before, inputs)
    assert expirations(org) == [IN_ZULU, IN_ZULU]
    assert [item["id"] for item in after["assignments"]] == [item["id"] for item in outputs["assignments"]]


@pytest.mark.parametrize("passed", [False, True], ids=["to come", "passed"])
def test_an_end_that_somebody_set_where_none_is_declared_is_drift_and_an_update_clears_it(
    provider: Client, grouped: Made, org: Org, clock: MovedClock, *, passed: bool
) -> None:
    resource_id, inputs, outputs = grouped
    record = next(item["id"] for item in outputs["assignments"] if item["username"] == org.user("deploy"))
    path = f"/services/data/v67.0/sobjects/PermissionSetAssignment/{record}"
    assert org.call("PATCH", path, json={"ExpirationDate": WINTER}).status_code == 204
    if passed:
        clock.ahead = datetime(2100, 1, 1, tzinfo=UTC).timestamp() - time.time()
    seen = again(provider, org).read(HOLDERS, resource_id, inputs, outputs)
    before = (plain(seen.inputs), plain(seen.properties))
    assert before[0]["users"] == [user for user in inputs["users"] if not passed or user != org.user("deploy")]
    assert list(provider.diff(HOLDERS, *before, inputs).diffs) == ["expiration", *(["users"] if passed else [])]
    provider.update(HOLDERS, resource_id, before, inputs)
    assert expirations(org) == [None, None]


def test_an_assignment_that_has_ended_is_drift_and_a_later_end_renews_it(
    provider: Client, expiring: Made, org: Org, clock: MovedClock
) -> None:
    resource_id, inputs, outputs = expiring
    clock.ahead = datetime(2099, 7, 2, tzinfo=UTC).timestamp() - time.time()
    seen = again(provider, org).read(HOLDERS, resource_id, inputs, outputs)
    assert (plain(seen.inputs)["users"], plain(seen.inputs)["groups"]) == ([], [])
    _, problems = provider.check(HOLDERS, inputs)
    assert [path for path, _ in problems] == ["expiration"]
    renewed = {**inputs, "expiration": WINTER}
    provider.update(HOLDERS, resource_id, (plain(seen.inputs), plain(seen.properties)), renewed)
    assert expirations(org) == ["2099-12-31T00:00:00.000+0000"] * 2


@pytest.mark.parametrize("passed", [False, True], ids=["to come", "passed"])
def test_somebody_elses_assignment_counts_as_a_holder_until_it_has_ended_and_is_left_alone_then(
    provider: Client, grouped: Made, org: Org, clock: MovedClock, *, passed: bool
) -> None:
    resource_id, inputs, outputs = grouped
    assert inputs["authoritative"] is True
    org.assign("Access", org.user("devops"))
    (row,) = org.query(
        "SELECT Id FROM PermissionSetAssignment "
        f"WHERE PermissionSet.Name = 'Access' AND Assignee.Username = '{org.user('devops')}'"
    )
    path = f"/services/data/v67.0/sobjects/PermissionSetAssignment/{row['Id']}"
    assert org.call("PATCH", path, json={"ExpirationDate": WINTER}).status_code == 204
    if passed:
        clock.ahead = datetime(2100, 1, 1, tzinfo=UTC).timestamp() - time.time()
    others = [] if passed else [org.user("devops")]
    seen = again(provider, org).read(HOLDERS, resource_id, inputs, outputs)
    before = (plain(seen.inputs), plain(seen.properties))
    assert before[0]["users"] == [*inputs["users"], *others]
    assert before[1]["undeclaredUsers"] == others
    assert list(provider.diff(HOLDERS, *before, inputs).diffs) == (["users"] if others else [])
    provider.update(HOLDERS, resource_id, before, inputs)
    assert (org.user("devops") in org.holders("Access")) is passed


def test_somebody_elses_assignment_to_a_group_that_has_ended_is_named_as_theirs(
    provider: Client, grouped: Made, org: Org, clock: MovedClock
) -> None:
    resource_id, inputs, outputs = grouped
    (theirs,) = {item["id"] for item in outputs["assignments"] if item.get("group")} - set(
        outputs["groupAssignmentIds"]
    )
    path = f"/services/data/v67.0/sobjects/PermissionSetAssignment/{theirs}"
    assert org.call("PATCH", path, json={"ExpirationDate": WINTER}).status_code == 204
    seen = again(provider, org).read(HOLDERS, resource_id, inputs, outputs)
    before = (plain(seen.inputs), plain(seen.properties))
    assert list(provider.diff(HOLDERS, *before, inputs).diffs) == []
    clock.ahead = datetime(2100, 1, 1, tzinfo=UTC).timestamp() - time.time()
    seen = again(provider, org).read(HOLDERS, resource_id, *before)
    before = (plain(seen.inputs), plain(seen.properties))
    assert list(provider.diff(HOLDERS, *before, inputs).diffs) == ["groups"]
    with pytest.raises(VerbFailedError) as failed:
        provider.update(HOLDERS, resource_id, before, inputs)
    assert f"{org.user('deploy')} in the group sales: somebody else's assignment to it ended" in failed.value.message

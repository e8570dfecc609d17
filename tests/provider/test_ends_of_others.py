"""An end that somebody else decided is moved by a declared one alone, and a preview names the user and both ends before it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.landscape import Org
from tests.provider.conftest import HOLDERS, Made, MovedClock, again, make
from tests.provider.protocol import UNKNOWN, Client, VerbFailedError, plain

THEIRS, OURS, LATER = "2099-01-31T00:00:00Z", "2099-07-01T00:00:00Z", "2099-12-31T00:00:00Z"
SHOWN = {THEIRS: "2099-01-31T00:00:00.000+0000", OURS: "2099-07-01T00:00:00.000+0000"}
State = tuple[dict[str, Any], dict[str, Any]]


def end_at(org: Org, alias: str, end: str | None) -> None:
    """Somebody lets a user's assignment end."""
    (row,) = org.query(
        "SELECT Id FROM PermissionSetAssignment "
        f"WHERE PermissionSet.Name = 'Access' AND Assignee.Username = '{org.user(alias)}'"
    )
    path = f"/services/data/v67.0/sobjects/PermissionSetAssignment/{row['Id']}"
    assert org.call("PATCH", path, json={"ExpirationDate": end}).status_code == 204


def ends(org: Org) -> dict[str, str | None]:
    rows = org.query(
        "SELECT ExpirationDate, Assignee.Username FROM PermissionSetAssignment WHERE PermissionSet.Name = 'Access'"
    )
    return {row["Assignee"]["Username"].split("@")[0]: row["ExpirationDate"] for row in rows}


def imported(provider: Client) -> State:
    found = provider.read(HOLDERS, "Access")
    return plain(found.inputs), plain(found.properties)


def read(provider: Client, org: Org, state: State) -> State:
    found = again(provider, org).read(HOLDERS, "Access", *state)
    return plain(found.inputs), plain(found.properties)


def declared(provider: Client, org: Org, *aliases: str, before: State | None = None, **more: Any) -> dict[str, Any]:
    wanted = {"permissionSet": "Access", "users": [org.user(alias) for alias in aliases], **more}
    news, problems = provider.check(HOLDERS, wanted, before[0] if before else {})
    assert problems == []
    return news


def previewed_and_done(provider: Client, org: Org, state: State, news: dict[str, Any], heard: list[str]) -> State:
    """A preview and then an `up`, each a run of its own; what the preview told stays in `heard`."""
    provider = again(provider, org)
    state = read(provider, org, state)
    heard.clear()
    provider.diff(HOLDERS, *state, news)
    provider.update(HOLDERS, "Access", state, news, preview=True)
    told = list(heard)
    state = read(provider, org, state)
    outputs = provider.update(HOLDERS, "Access", state, news)
    heard[:] = told
    return news, outputs


@pytest.fixture
def theirs(permission_set: Made, org: Org) -> Org:
    """`ci` holds the set until an end, and `deploy` for good, both by somebody else's decision."""
    for alias in ("ci", "deploy"):
        org.assign("Access", org.user(alias))
    end_at(org, "ci", THEIRS)
    return org


def test_taking_over_leaves_the_ends_of_assignments_as_they_are_and_finds_no_difference_afterwards(
    provider: Client, theirs: Org, heard: list[str]
) -> None:
    state = imported(provider)
    news = declared(provider, theirs, "ci", "deploy", before=state, managedBy="acme/t")
    state = previewed_and_done(provider, theirs, state, news, heard)
    assert ends(theirs) == {"ci": SHOWN[THEIRS], "deploy": None}
    assert [text for text in heard if "end of" in text] == []
    seen = read(provider, theirs, state)
    assert (seen[0], list(provider.diff(HOLDERS, *seen, news).diffs)) == (news, [])
    assert [item.get("expires") for item in seen[1]["assignments"]] == [SHOWN[THEIRS], None]
    assert seen[1]["managedExpirationIds"] == []


def test_a_create_over_those_who_hold_the_set_already_leaves_their_ends_as_they_are(
    provider: Client, theirs: Org, heard: list[str]
) -> None:
    news = declared(provider, theirs, "ci", "deploy", "release")
    provider.create(HOLDERS, news, preview=True)
    _, outputs = provider.create(HOLDERS, news)
    assert ends(theirs) == {"ci": SHOWN[THEIRS], "deploy": None, "release": None}
    assert [text for text in heard if "end of" in text] == []
    seen = read(provider, theirs, (news, outputs))
    assert list(provider.diff(HOLDERS, *seen, news).diffs) == []
    (own,) = seen[1]["managedExpirationIds"]
    assert own == next(item["id"] for item in seen[1]["assignments"] if item["username"] == theirs.user("release"))


def test_one_who_is_declared_later_and_holds_the_set_already_keeps_the_end(
    provider: Client, permission_set: Made, org: Org, heard: list[str]
) -> None:
    _, inputs, outputs = make(provider, HOLDERS, declared(provider, org, "ci"))
    org.assign("Access", org.user("deploy"))
    end_at(org, "deploy", THEIRS)
    state = previewed_and_done(provider, org, (inputs, outputs), declared(provider, org, "ci", "deploy"), heard)
    assert ends(org) == {"ci": None, "deploy": SHOWN[THEIRS]}
    seen = read(provider, org, state)
    assert list(provider.diff(HOLDERS, *seen, state[0]).diffs) == []


@pytest.mark.parametrize("how", ["an import", "a create", "users who are declared later", "a change"])
def test_a_declared_end_is_everybodys_and_whose_it_moves_is_named_with_both_ends_before(
    provider: Client, theirs: Org, heard: list[str], how: str
) -> None:
    wanted = {"expiration": OURS}
    if how == "a create":
        news = declared(provider, theirs, "ci", "deploy", **wanted)
        provider.create(HOLDERS, news, preview=True)
        told = list(heard)
        _, outputs = again(provider, theirs).create(HOLDERS, news)
        state = (news, outputs)
    else:
        state = imported(provider)
        if how == "a change":
            state = previewed_and_done(
                provider, theirs, state, declared(provider, theirs, "ci", "deploy", before=state), heard
            )
        elif how == "users who are declared later":
            state = previewed_and_done(
                provider, theirs, state, declared(provider, theirs, "release", before=state, **wanted), heard
            )
        news = declared(provider, theirs, "ci", "deploy", before=state, **wanted)
        state = previewed_and_done(provider, theirs, state, news, heard)
        told = list(heard)
    (says,) = (text for text in told if "moves the end of" in text)
    named = f"{theirs.user('ci')} (from {SHOWN[THEIRS]}), {theirs.user('deploy')} (from no end)"
    assert says.endswith(f"did not make to {OURS}: {named}")
    assert set(ends(theirs).values()) == {SHOWN[OURS]}
    seen = read(provider, theirs, state)
    assert list(provider.diff(HOLDERS, *seen, news).diffs) == []


def test_what_the_stack_set_itself_it_moves_without_a_word_and_clears_when_it_is_declared_no_more(
    provider: Client, theirs: Org, heard: list[str]
) -> None:
    end_at(theirs, "deploy", OURS)  # as the stack declares it by chance: nothing is set, and it stays somebody else's
    state = imported(provider)
    for expiration, is_ in ((OURS, SHOWN[OURS]), (None, None)):
        news = declared(provider, theirs, "ci", "deploy", "release", before=state, expiration=expiration)
        state = previewed_and_done(provider, theirs, state, news, heard)
        assert ends(theirs) == {"ci": is_, "deploy": SHOWN[OURS], "release": is_}
        seen = read(provider, theirs, state)
        assert list(provider.diff(HOLDERS, *seen, news).diffs) == []
    assert [text for text in heard if "end of" in text] == []


def test_an_end_that_somebody_sets_later_on_what_somebody_else_made_is_left_alone_and_is_no_drift(
    provider: Client, theirs: Org, heard: list[str]
) -> None:
    state = imported(provider)
    news = declared(provider, theirs, "ci", "deploy", before=state)
    state = previewed_and_done(provider, theirs, state, news, heard)
    end_at(theirs, "deploy", OURS)
    seen = read(provider, theirs, state)
    assert list(provider.diff(HOLDERS, *seen, news).diffs) == []
    previewed_and_done(provider, theirs, seen, declared(provider, theirs, "ci", "deploy", "release"), heard)
    assert ends(theirs) == {"ci": SHOWN[THEIRS], "deploy": SHOWN[OURS], "release": None}


@pytest.mark.parametrize("verb", ["create", "update"])
def test_one_that_has_ended_by_somebody_elses_decision_is_renewed_by_a_declared_end_alone(
    provider: Client, theirs: Org, clock: MovedClock, heard: list[str], verb: str
) -> None:
    state = imported(provider)
    news = declared(provider, theirs, "ci", "deploy", before=state)
    state = previewed_and_done(provider, theirs, state, news, heard)
    clock.ahead = datetime(2099, 2, 1, tzinfo=UTC).timestamp() - time.time()
    seen = read(provider, theirs, state)
    assert list(provider.diff(HOLDERS, *seen, news).diffs) == ["users"]

    def do(*, preview: bool) -> None:
        if verb == "create":
            provider.create(HOLDERS, news, preview=preview)
        else:
            provider.update(HOLDERS, "Access", seen, news, preview=preview)

    says = f"{theirs.user('ci')}: the assignment of the permission set Access that somebody else made ended at {SHOWN[THEIRS]}"
    heard.clear()
    do(preview=True)
    assert [text for text in heard if says in text]
    with pytest.raises(VerbFailedError) as failed:
        do(preview=False)
    assert says in failed.value.message
    assert ends(theirs)["ci"] == SHOWN[THEIRS]
    news = declared(provider, theirs, "ci", "deploy", before=state, expiration=OURS)
    previewed_and_done(provider, theirs, seen, news, heard)
    assert ends(theirs) == {"ci": SHOWN[OURS], "deploy": SHOWN[OURS]}


def test_what_is_replaced_by_order_clears_the_ends_that_the_one_before_had_set(
    provider: Client, permission_set: Made, org: Org
) -> None:
    state = make(provider, HOLDERS, declared(provider, org, "ci", expiration=OURS))[1:]
    read(provider, org, state)
    provider.create(HOLDERS, declared(provider, org, "ci"))
    assert ends(org) == {"ci": None}


def test_a_state_from_before_ends_were_told_apart_has_its_own_as_it_had_them(
    provider: Client, permission_set: Made, org: Org
) -> None:
    inputs, outputs = make(provider, HOLDERS, declared(provider, org, "ci", expiration=OURS))[1:]
    old = {name: value for name, value in outputs.items() if name != "managedExpirationIds"}
    news = declared(provider, org, "ci", before=(inputs, old))
    seen = read(provider, org, (inputs, old))
    assert list(provider.diff(HOLDERS, *seen, news).diffs) == ["expiration"]
    provider.update(HOLDERS, "Access", seen, news)
    assert ends(org) == {"ci": None}


@pytest.mark.parametrize("unknown", [{"expiration": UNKNOWN}, {"users": UNKNOWN}])
def test_what_is_not_known_yet_moves_no_end_in_a_preview(
    provider: Client, theirs: Org, heard: list[str], unknown: dict[str, Any]
) -> None:
    wanted = {"permissionSet": "Access", "users": [theirs.user("ci")], "expiration": OURS, **unknown}
    news, _ = provider.check(HOLDERS, wanted)
    provider.create(HOLDERS, news, preview=True)
    assert [text for text in heard if "end of" in text] == []

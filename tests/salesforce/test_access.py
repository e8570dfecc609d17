"""Who holds a permission set: batches, users who got it in the meantime, and every user named who cannot be given it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

import pytest

from orgkey.model.assignments import PermissionSetAssignmentsArgs
from orgkey.salesforce.access import PartlyDoneError, read_holders, set_holders
from orgkey.salesforce.errors import RefusedError, UnknownUsersError
from orgkey.salesforce.read import Snapshot
from tests.landscape import Landscape, Org
from tests.localorg.bundles import manifest, permission_set, zipped
from tests.salesforce.conftest import Body, Host, client_of
from tests.salesforce.stub import ORGANIZATION


def wanted(users: list[str], **more: Any) -> PermissionSetAssignmentsArgs:
    return PermissionSetAssignmentsArgs.model_validate({"permissionSet": "Crowd", "users": users, **more})


@pytest.fixture
def crowd(org: Org, landscape: Landscape) -> list[str]:
    """A permission set `Crowd`, and 230 users to hold it: more than one batch takes."""
    return _crowd(org, landscape, 230)


@pytest.fixture
def few(org: Org, landscape: Landscape) -> list[str]:
    """The same with three users, for what one batch shows as well."""
    return _crowd(org, landscape, 3)


def _crowd(org: Org, landscape: Landscape, size: int) -> list[str]:
    org.deploy_zip(zipped({"package.xml": manifest({"PermissionSet": ["Crowd"]}), **permission_set("Crowd")}))
    names = [f"crowd{number}" for number in range(size)]
    for name in names:
        landscape.admin("POST", "/users", org="uat", alias=name, name=name)
    return [org.user(name) for name in names]


def test_hundreds_of_users_are_given_the_set_in_batches_of_two_hundred(
    snapshot: Snapshot, crowd: list[str], org: Org, landscape: Landscape
) -> None:
    holders, _ = set_holders(snapshot, wanted(crowd))
    assert len(holders.assignments) == 230
    assert len(org.holders("Crowd")) == 230
    assert landscape.admin("GET", "/requests?org=uat")["counts"]["createRecords"] == 2
    set_holders(snapshot, wanted(crowd[:5]))
    assert org.holders("Crowd") == sorted(crowd[:5])


def test_a_user_who_got_the_set_in_the_meantime_keeps_nobody_else_from_it(
    snapshot: Snapshot, few: list[str], org: Org
) -> None:
    assert read_holders(snapshot, "Crowd").assignments == ()
    org.assign("Crowd", few[1])  # the snapshot was read before
    _, made = set_holders(snapshot, wanted(few))
    assert len(made) == 2
    assert org.holders("Crowd") == sorted(few)


def test_every_user_who_cannot_be_given_the_set_is_named_and_nothing_is_changed(
    snapshot: Snapshot, few: list[str], org: Org
) -> None:
    with pytest.raises(UnknownUsersError) as refused:
        set_holders(snapshot, wanted([few[0], "nobody@acme.com", org.user("former")]))
    assert [problem.split(":")[0] for problem in refused.value.problems] == ["nobody@acme.com", org.user("former")]
    assert org.holders("Crowd") == []


def test_a_refusal_in_a_later_batch_says_how_many_were_given_the_set(
    snapshot: Snapshot, crowd: list[str], org: Org, landscape: Landscape
) -> None:
    org.deploy_zip(
        zipped(
            {
                "package.xml": manifest({"PermissionSet": ["Crowd"]}),
                **permission_set(
                    "Crowd",
                    "<hasActivationRequired>false</hasActivationRequired><label>Crowd</label><license>Salesforce</license>",
                ),
            }
        )
    )
    of_another_licence = org.user("integration")
    with pytest.raises(PartlyDoneError) as refused:
        set_holders(snapshot, wanted([*crowd[:210], of_another_licence], authoritative=False))
    assert len(refused.value.made) == 200
    assert "Of 211 assignments to the permission set Crowd or its groups the first 200 were made" in str(refused.value)
    assert len(org.holders("Crowd")) == 200


@pytest.mark.parametrize(
    ("operation", "fault", "skip", "made"),
    [("createRecords", "reset-before", 1, 200), ("composite", "REQUEST_LIMIT_EXCEEDED", 1, 230)],
    ids=["the second batch is lost", "what is there now is not told"],
)
def test_what_was_made_before_the_trouble_is_told(
    snapshot: Snapshot,
    crowd: list[str],
    landscape: Landscape,
    operation: str,
    fault: str,
    skip: int,
    made: int,
) -> None:
    landscape.admin("POST", "/faults", operation=operation, org="uat", faults=[fault], skip=skip)
    with pytest.raises(PartlyDoneError) as failed:
        set_holders(snapshot, wanted(crowd))
    assert len({item.assignment_id for item in failed.value.made}) == made
    assert {item.username for item in failed.value.made} <= set(crowd)


USER = {"Id": "005000000000001AAA", "Username": "ci@acme.com", "IsActive": True}
CROWD = {"Id": "0PS000000000001AAA", "Name": "Crowd", "Label": "Crowd", "Description": None, "LicenseId": None}
HOLDS = {
    "Id": "0Pa000000000001AAA",
    "AssigneeId": USER["Id"],
    "Assignee": {"Username": "ci@acme.com"},
    "PermissionSetId": CROWD["Id"],
}


def answers(asked: bytes, *, assignments: list[dict[str, Any]], shows_ends: bool = True) -> bytes:
    """What an org with one user and one set answers to a composite of queries."""
    rows = {
        "Organization": [ORGANIZATION],
        "PermissionSet": [CROWD],
        "PermissionSetAssignment": assignments,
        "User": [USER],
    }
    refused = [{"errorCode": "INVALID_FIELD", "message": "No such column 'ExpirationDate'"}]
    parts: list[dict[str, Any]] = []
    for part in json.loads(asked)["compositeRequest"]:
        fields, _, source = unquote_plus(part["url"]).partition(" FROM ")
        if " ExpirationDate" in fields and not shows_ends:
            parts.append({"httpStatusCode": 400, "body": refused})
        else:
            parts.append({"httpStatusCode": 200, "body": {"records": rows[source.split()[0]]}})
    return json.dumps({"compositeResponse": parts}).encode()


Answering = Callable[[int, dict[str, str], Body], Host]
JSON = {"Content-Type": "application/json"}


def test_an_org_that_does_not_show_when_assignments_end_is_asked_without_it(answering: Answering) -> None:
    host = answering(200, JSON, lambda asked: answers(asked, assignments=[HOLDS], shows_ends=False))
    holders, made = set_holders(Snapshot(client_of(host)), wanted(["ci@acme.com"]))
    assert [item.username for item in holders.assignments] == ["ci@acme.com"]
    assert made == ()


@pytest.mark.parametrize("there", [[], [HOLDS]], ids=["made", "renewed"])
def test_an_end_is_sent_in_the_one_form_that_the_platform_takes(
    answering: Answering, there: list[dict[str, Any]]
) -> None:
    sent: list[str] = []

    def answer(asked: bytes) -> bytes:
        if "records" not in json.loads(asked):
            return answers(asked, assignments=there)
        sent.extend(record["ExpirationDate"] for record in json.loads(asked)["records"])
        return json.dumps([{"success": True, "id": HOLDS["Id"], "errors": []}]).encode()

    host = answering(200, JSON, answer)
    set_holders(Snapshot(client_of(host)), wanted(["ci@acme.com"], expiration="2099-07-01 02:00+02:00"))
    assert sent == ["2099-07-01T00:00:00Z"]


def test_a_batch_that_is_rolled_back_without_a_cause_is_an_error(answering: Answering) -> None:
    rolled_back = {"success": False, "errors": [{"statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK", "message": "x"}]}

    def answer(asked: bytes) -> bytes:
        records = json.loads(asked).get("records")
        return answers(asked, assignments=[]) if records is None else json.dumps([rolled_back] * len(records)).encode()

    host = answering(200, JSON, answer)
    with pytest.raises(RefusedError, match="nothing was changed, and no record says why"):
        set_holders(Snapshot(client_of(host)), wanted(["ci@acme.com"]))
    renewed = answering(
        200, JSON, lambda asked: answer(asked) if b"records" in asked else answers(asked, assignments=[HOLDS])
    )
    with pytest.raises(RefusedError, match="nothing was changed, and no record says why"):
        set_holders(Snapshot(client_of(renewed)), wanted(["ci@acme.com"], expiration="2099-07-01T00:00:00Z"))


def test_an_assignment_that_a_policy_revoked_is_no_holder_and_is_named_where_it_is_in_the_way(
    answering: Answering,
) -> None:
    revoked = {**HOLDS, "ExpirationDate": None, "IsActive": False}
    duplicate = {"success": False, "errors": [{"statusCode": "DUPLICATE_VALUE", "message": "there"}]}

    def answer(asked: bytes) -> bytes:
        records = json.loads(asked).get("records")
        return answers(asked, assignments=[revoked]) if records is None else json.dumps([duplicate]).encode()

    host = answering(200, JSON, answer)
    snapshot = Snapshot(client_of(host))
    assert read_holders(snapshot, "Crowd").others([], snapshot.org.clock.now()) == ()
    with pytest.raises(UnknownUsersError, match="revoked by a user access policy"):
        set_holders(snapshot, wanted(["ci@acme.com"]))


def test_an_assignment_of_somebody_else_that_has_ended_is_no_holder(answering: Answering) -> None:
    ended = {**HOLDS, "ExpirationDate": "2020-01-01T00:00:00.000+0000", "IsActive": False}
    host = answering(200, JSON, lambda asked: answers(asked, assignments=[ended]))
    snapshot = Snapshot(client_of(host))
    assert read_holders(snapshot, "Crowd").others(["devops@acme.com"], snapshot.org.clock.now()) == ()

"""Faults fire where they were ordered, once, in order; wrong orders are refused; unused ones are reported."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.localorg.bundles import manifest, permission_set, unique, zipped
from tests.localorg.landscape_client import Landscape, OrgClient
from tests.waiting import until


def test_faults_of_an_operation_fire_in_order_and_are_used_up(landscape: Landscape, org: OrgClient) -> None:
    landscape.fault("query", "return-503", "html", "UNABLE_TO_LOCK_ROW")
    answers = [org.data("GET", "/query", params={"q": "SELECT Id FROM Organization"}) for _ in range(4)]
    assert [each.status_code for each in answers] == [503, 503, 400, 200]
    assert "Data Not Available" in answers[1].text
    assert answers[2].json()[0]["errorCode"] == "UNABLE_TO_LOCK_ROW"
    assert landscape.admin("GET", "/faults")["unused"] == []


def test_a_fault_waits_for_its_org_and_its_turn(landscape: Landscape, org: OrgClient) -> None:
    landscape.fault("limits", "return-500", org="uat", skip=1)
    dev = landscape.org("dev")
    assert [each.data("GET", "/limits").status_code for each in (dev, org, org, org)] == [200, 200, 500, 200]


def test_any_request_can_be_hit_by_its_number(landscape: Landscape, org: OrgClient) -> None:
    landscape.fault("*", "return-500", skip=2)
    assert [org.data("GET", path).status_code for path in ("/limits", "/sobjects", "/limits", "/limits")] == [
        200,
        200,
        500,
        200,
    ]


def test_the_soap_api_shows_an_error_code_as_a_fault(landscape: Landscape, org: OrgClient) -> None:
    landscape.fault("describeMetadata", "ALREADY_IN_PROCESS")
    answer = org.soap("<describeMetadata/>")
    assert (answer.status_code, "<faultcode>sf:ALREADY_IN_PROCESS</faultcode>" in answer.text) == (500, True)


@pytest.mark.parametrize(("fault", "kept"), [("reset-before", False), ("reset-after", True)])
def test_a_reset_cuts_the_connection_before_or_after_the_work(
    landscape: Landscape, org: OrgClient, fault: str, *, kept: bool
) -> None:
    name = unique("Set")
    landscape.fault("createRecord", fault)
    with pytest.raises(requests.ConnectionError):
        org.data("POST", "/sobjects/PermissionSet", json={"Name": name, "Label": "l"})
    assert bool(org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'")) is kept


def test_a_stalled_request_is_answered_late(landscape: Landscape, org: OrgClient) -> None:
    landscape.fault("limits", "stall-0.1")
    assert org.data("GET", "/limits").elapsed.total_seconds() >= 0.1


def test_a_request_that_nobody_waits_for_any_more_is_under_way_until_it_is_handled(
    landscape: Landscape, org: OrgClient
) -> None:
    landscape.admin("DELETE", "/requests")
    landscape.fault("limits", "stall-0.3")
    with pytest.raises(requests.ReadTimeout):
        org.data("GET", "/limits", timeout=0.1)
    seen = landscape.admin("GET", "/requests?org=uat")
    assert (seen["underWay"], seen["requests"]) == (1, [])
    until(lambda: not landscape.admin("GET", "/requests?org=uat")["underWay"], "the request is handled")
    assert [each["operation"] for each in landscape.admin("GET", "/requests?org=uat")["requests"]] == ["limits"]


def test_a_lost_answer_leaves_the_deploy_to_be_found(landscape: Landscape, org: OrgClient) -> None:
    name = unique("Set")
    landscape.fault("deploy", "reset-after")
    with pytest.raises(requests.ConnectionError):
        org.start_deploy(zipped({"package.xml": manifest({"PermissionSet": [name]}), **permission_set(name)}))
    assert org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'")


def test_a_token_request_shows_an_error_in_the_oauth_form(landscape: Landscape, org: OrgClient) -> None:
    landscape.fault("jwtGrant", "return-502")
    assert org.grant("x").status_code == 502


@pytest.mark.parametrize(
    "wrong",
    [
        {"operation": "qery", "faults": ["return-500"]},
        {"operation": "query", "faults": ["explode"]},
        {"operation": "query", "faults": []},
        {"operation": "query", "faults": "return-500"},
        {"operation": "query", "faults": ["return-200"]},
        {"operation": "query", "faults": ["return-500"], "skip": -1},
        {"operation": "query", "faults": ["return-500"], "org": "nowhere"},
        {"operation": "query", "faults": ["return-500"], "when": "later"},
        {"operation": ["query"], "faults": ["return-500"]},
        ["query"],
    ],
)
def test_a_malformed_order_is_refused(landscape: Landscape, wrong: object) -> None:
    landscape.admin("POST", "/faults", wrong, status=400)
    assert landscape.admin("GET", "/faults")["faults"] == []


def test_what_never_fired_is_reported(landscape: Landscape) -> None:
    landscape.fault("revoke", "return-500")
    assert [each["operation"] for each in landscape.admin("DELETE", "/faults")["unused"]] == ["revoke"]


def test_requests_are_counted_by_operation(landscape: Landscape, org: OrgClient) -> None:
    landscape.admin("DELETE", "/requests")
    org.data("GET", "/limits")
    org.soap("<describeMetadata/>")
    org.grant("x")
    org.data("GET", "/nowhere")
    seen = landscape.admin("GET", "/requests?org=uat")
    assert seen["counts"] == {"describeMetadata": 1, "jwtGrant": 1, "limits": 1, "notFound": 1}
    assert [each["status"] for each in seen["requests"]] == [200, 200, 400, 404]


def test_the_log_tells_requests_side_by_side_from_requests_one_after_the_other(
    landscape: Landscape, org: OrgClient
) -> None:
    landscape.knob(latency=0.1)
    landscape.admin("DELETE", "/requests")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda path: org.data("GET", path), ["/limits", "/sobjects"]))
    org.data("GET", "/limits")
    one, other, last = landscape.admin("GET", "/requests?org=uat")["requests"]
    assert all(each["end"] - each["begin"] >= 0.1 for each in (one, other, last))
    assert max(one["begin"], other["begin"]) < min(one["end"], other["end"])
    assert last["begin"] > max(one["end"], other["end"])


def test_knobs_are_checked_and_hold_for_one_org_or_for_all(landscape: Landscape) -> None:
    landscape.admin("PATCH", "/knobs", {"org": "uat", "deploy_time": 3})
    assert landscape.admin("GET", "/knobs?org=uat")["values"]["deploy_time"] == 3
    assert landscape.admin("GET", "/knobs?org=dev")["values"]["deploy_time"] == 0
    for wrong in ({"nope": 1}, {"deploy_time": -1}, {"deploy_time": "long"}, {"strict_exp": 1}, {"org": "nowhere"}):
        landscape.admin("PATCH", "/knobs", wrong, status=400)

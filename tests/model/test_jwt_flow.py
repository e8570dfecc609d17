"""Settings with which the flow can hardly work."""

from __future__ import annotations

from typing import Any

import pytest

from orgkey.model.jwt_flow import jwt_flow_problems, permission_set_problems


@pytest.mark.parametrize(
    ("app", "expected"),
    [
        ({"permittedUsers": "AllSelfAuthorized"}, ["permittedUsers must be AdminApprovedPreAuthorized, or left out"]),
        ({"requiredSessionLevel": "HIGH_ASSURANCE"}, ["requiredSessionLevel must not be HIGH_ASSURANCE"]),
        ({"scopes": ["Api"]}, ["scopes must hold RefreshToken"]),
        ({"scopes": ["RefreshToken", "Web"]}, ["scopes must hold Api (or Full)"]),
        ({"scopes": ["Web"]}, ["scopes must hold RefreshToken", "scopes must hold Api (or Full)"]),
    ],
)
def test_what_stands_against_the_flow_is_told_in_one_sentence_each(app: dict[str, Any], expected: list[str]) -> None:
    assert [f"{problem.path} {problem.reason}".split(":")[0] for problem in jwt_flow_problems(app)] == expected


@pytest.mark.parametrize(
    "app",
    [
        {},
        {"permittedUsers": "AdminApprovedPreAuthorized", "requiredSessionLevel": "STANDARD"},
        {"scopes": ["Api", "RefreshToken"]},
        {"scopes": ["Full", "OfflineAccess"]},
        {"scopes": []},
        {"scopes": "Api"},
        {"scopes": ["RefreshTokn"]},
        {"scopes": [1, {}]},
    ],
)
def test_what_works_and_what_others_find_wrong_is_left_alone(app: dict[str, Any]) -> None:
    assert list(jwt_flow_problems(app)) == []


@pytest.mark.parametrize(
    "licence", ["Salesforce API Integration", " salesforce api integration ", "SalesforceAPIIntegrationPsl"]
)
def test_a_set_that_can_pre_authorize_nobody_is_told_before_anything_is_made(licence: str) -> None:
    (problem,) = permission_set_problems({"name": "Access", "license": licence})
    assert (problem.path, problem.reason.split(":")[0]) == ("license", "must be left out")


@pytest.mark.parametrize("permission_set", [{}, {"license": ""}, {"license": "Salesforce"}, {"license": 1}])
def test_any_other_licence_is_the_orgs_to_judge(permission_set: dict[str, Any]) -> None:
    assert list(permission_set_problems(permission_set)) == []

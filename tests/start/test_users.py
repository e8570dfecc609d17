"""Which users look like integration users, and which one nobody need be asked about."""

from __future__ import annotations

import pytest

from orgkey.start.users import Sign, UserSeen, candidates, the_one

INTEGRATION = {"license": "Salesforce Integration", "profile": "Minimum Access - API Only Integrations"}


@pytest.mark.parametrize(
    ("user", "sign", "says"),
    [
        (
            UserSeen("x@acme.com", **INTEGRATION, api_license=True),
            Sign.LICENSE,
            "has the licence Salesforce Integration",
        ),
        (
            UserSeen("x@acme.com", profile="Robots", api_only=True),
            Sign.API_ONLY,
            "its profile Robots allows the API alone",
        ),
        (UserSeen("ci@acme.com.uat"), Sign.NAME, "`ci`"),
        (UserSeen("sfdc.ci-2@acme.com"), Sign.NAME, "`ci`"),
        (UserSeen("svc_mulesoft@acme.com"), Sign.NAME, "`svc`"),
        (UserSeen("x@acme.com", "Nightly Deployment"), Sign.NAME, "`deployment`"),
    ],
)
def test_licence_profile_and_name_speak_for_an_integration_user(user: UserSeen, sign: Sign, says: str) -> None:
    (found,) = candidates([user])
    assert (found.sign, found.obstacle) == (sign, "")
    assert says in found.why


@pytest.mark.parametrize(
    "user",
    [
        UserSeen("lucia@acme.com", "Lucia Capi"),
        UserSeen("apia.botero@acme.com", "Robotica Person"),
        UserSeen("devops@acme.com", "Dmitri Okafor", "System Administrator", "Salesforce"),
        UserSeen(
            "integration@00d1.com",
            "Integration User",
            "Analytics Cloud Integration User",
            "Analytics Cloud Integration User",
        ),
        UserSeen(
            "insights@x.com",
            "Insights Integration",
            "Sales Insights Integration User",
            "Sales Insights Integration User",
        ),
        UserSeen("cloud@00d.ext", "Platform Integration User", "Cloud Integration User", "Cloud Integration User"),
    ],
)
def test_people_and_users_that_salesforce_itself_logs_in_as_are_none(user: UserSeen) -> None:
    assert candidates([user]) == []


def test_what_stands_against_a_login_is_said_and_comes_last() -> None:
    cold = UserSeen("ci@acme.com", frozen=True)
    bare = UserSeen("erp@acme.com", **INTEGRATION, api_license=False)
    ready = UserSeen("deploy@acme.com")
    found = candidates([cold, bare, ready])
    assert [each.username for each in found] == ["deploy@acme.com", "erp@acme.com", "ci@acme.com"]
    assert "SalesforceAPIIntegrationPsl" in found[1].why
    assert "frozen" in found[2].why
    assert candidates([UserSeen("erp@acme.com", **INTEGRATION, api_license=None)])[0].obstacle == ""


def test_one_is_taken_without_asking_only_where_no_other_has_a_sign_as_strong() -> None:
    strong, other = (UserSeen(f"{name}@acme.com", **INTEGRATION, api_license=True) for name in ("x", "y"))
    weak, cold = UserSeen("ci@acme.com"), UserSeen("z@acme.com", **INTEGRATION, api_license=True, frozen=True)
    assert (the_one(candidates([weak, strong, cold])) or weak).username == "x@acme.com"
    assert the_one(candidates([strong, other])) is None
    assert the_one(candidates([cold])) is None
    assert the_one([]) is None

"""What a preview asks of the org before anything is written, and under which resource it tells what stands in the way."""

from __future__ import annotations

from typing import Any

import pytest

from orgkey.provider.servicer import SalesforceProvider
from tests.landscape import Landscape, Org
from tests.provider.conftest import APP, GRANT, HOLDERS, MANAGED_BY, SET, Made, Serve, app_inputs, grant_inputs, make
from tests.provider.protocol import UNKNOWN, Client, VerbFailedError, open_secrets
from tests.provider.rights import may_only

NEW_SET = {"name": "Access", "label": "Access", "managedBy": MANAGED_BY}
LABELS = {
    "ViewSetup": "View Setup and Configuration",
    "ModifyMetadata": "Modify Metadata Through Metadata API Functions",
    "AssignPermissionSets": "Assign Permission Sets",
    "ExternalClientAppDeveloper": "Create, edit, and delete External Client Apps",
}
ALL = ("ApiEnabled", *LABELS)


def preview(provider: Client, key: dict[str, Any], org: Org, **users: Any) -> tuple[list[str], str]:
    """Preview all resources of a component; which verbs failed, and how the grant's check ended."""
    failed = []
    for kind, news in (
        (SET, NEW_SET),
        (HOLDERS, {"permissionSet": "Access", "users": [org.user("ci")], "managedBy": MANAGED_BY, **users}),
        (APP, app_inputs(key)),
    ):
        inputs, problems = provider.check(kind, news)
        assert problems == []
        try:
            provider.create(kind, inputs, preview=True)
        except VerbFailedError as error:
            failed.append(error.message)
    _, problems = provider.check(GRANT, grant_inputs(key, org))
    return failed, " ".join(reason for _, reason in problems)


@pytest.mark.parametrize("lacking", LABELS)
def test_a_missing_permission_is_told_once_by_the_name_that_setup_shows_with_whose_login_it_is(
    provider: Client, key: dict[str, Any], org: Org, heard: list[str], lacking: str
) -> None:
    may_only(org, *(each for each in ALL if each != lacking))
    failed, end = preview(provider, key, org)
    told = [text for text in [*heard, *failed] if "lacks the permission" in text]
    assert [LABELS[lacking] in text for text in told] == [True]
    assert f"{org.username} lacks" in told[0]
    assert "Nothing was changed" in told[0]
    assert bool(end) is (lacking != "ExternalClientAppDeveloper")  # told of the app itself


@pytest.mark.parametrize("instead", [{"ModifyMetadata": "ModifyAllData"}, {"AssignPermissionSets": "ManageUsers"}, {}])
def test_a_login_that_may_do_what_is_needed_by_this_or_that_permission_has_nothing_in_its_way(
    provider: Client, key: dict[str, Any], org: Org, heard: list[str], instead: dict[str, str]
) -> None:
    may_only(org, *(instead.get(each, each) for each in ALL))
    assert preview(provider, key, org) == ([], "")
    assert [text for text in heard if "lacks" in text] == []


def test_users_and_groups_that_cannot_be_given_the_set_are_all_told_and_the_grant_ends_the_preview(
    provider: Client, key: dict[str, Any], org: Org, heard: list[str]
) -> None:
    users = [org.user("ci"), "nobody@acme.com", org.user("former"), org.user("erp"), org.user("integration")]
    failed, end = preview(provider, key, org, users=users, groups=["Nowhere"])
    assert failed == []
    told = [text for text in heard if "Nothing was changed" in text]
    for what in (
        "nobody@acme.com: no such user",
        f"{org.user('former')}: the user is inactive",
        f"{org.user('erp')}: the user's licence Salesforce Integration",
        "Nowhere: no such permission set group",
    ):
        assert [what in text for text in told].count(True) == 1, heard
    assert len(told) == 4
    assert end.startswith("4 problems stand in the way")


def test_a_set_of_somebody_else_is_told_under_the_set_and_one_of_ours_is_taken_over(
    provider: Client, key: dict[str, Any], org: Org, heard: list[str]
) -> None:
    make(provider, SET, {**NEW_SET, "managedBy": "others/t"})
    _, end = preview(provider, key, org)
    assert [
        text for text in heard if "already has a permission set Access, and it is managed by orgkey others/t" in text
    ]
    assert "A problem stands in the way" in end


def test_what_is_ours_already_is_no_problem(
    provider: Client, app: Made, key: dict[str, Any], org: Org, heard: list[str]
) -> None:
    assert preview(provider, key, org) == ([], "")


def test_an_app_of_ours_with_another_key_that_is_not_in_state_is_told(
    provider: Client, app: Made, key: dict[str, Any], org: Org, serving: Serve
) -> None:
    tokens = {"ADMIN_TOKEN": org.access_token}
    again = serving(SalesforceProvider(environment=tokens))
    again.configure(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )
    with pytest.raises(VerbFailedError, match="with another consumer key"):
        again.create(APP, app_inputs(key, consumerKey="Another12345"), preview=True)
    again.create(APP, app_inputs(key, consumerKey=UNKNOWN), preview=True)
    again.read(APP, "App", app[1], app[2])  # now it is in state: the other key replaces it
    again.create(APP, app_inputs(key, consumerKey="Another12345"), preview=True)


def test_a_licence_that_the_org_does_not_have_is_told_under_the_set(
    provider: Client, org: Org, heard: list[str]
) -> None:
    provider.create(SET, {**NEW_SET, "license": "No Such Licence"}, preview=True)
    assert [text for text in heard if "has no licence No Such Licence" in text]
    provider.create(SET, {**NEW_SET, "license": "Salesforce"}, preview=True)
    provider.create(HOLDERS, {"permissionSet": "Access", "users": [org.user("otto.berg")]}, preview=True)
    assert [text for text in heard if f"{org.user('otto.berg')}: the user's licence Chatter Free" in text]


@pytest.mark.parametrize("name", ["name", "license", "managedBy", "label"])
def test_what_is_not_known_yet_is_not_judged(provider: Client, heard: list[str], name: str) -> None:
    provider.create(SET, {**NEW_SET, name: UNKNOWN}, preview=True)
    for unknown in ("permissionSet", "users", "groups", "managedBy"):
        news = {"permissionSet": "Access", "users": [], "groups": [], "managedBy": MANAGED_BY, unknown: UNKNOWN}
        provider.create(HOLDERS, news, preview=True)
    provider.create(HOLDERS, {"permissionSet": "Access", "users": [UNKNOWN]}, preview=True)
    assert [text for text in heard if "Nothing was changed" in text] == []


def test_an_update_is_asked_about_whom_it_adds_alone(
    provider: Client, holders: Made, org: Org, heard: list[str]
) -> None:
    resource_id, inputs, outputs = holders
    news = {**inputs, "users": [*inputs["users"], "nobody@acme.com"]}
    provider.update(HOLDERS, resource_id, (inputs, outputs), news, preview=True)
    assert [text for text in heard if "nobody@acme.com: no such user" in text]


def test_a_resource_that_is_none_of_a_components_fails_itself(provider: Client) -> None:
    provider.component = ""
    with pytest.raises(VerbFailedError) as failed:
        provider.create(HOLDERS, {"permissionSet": "A", "users": ["no@body", "some@body"]}, preview=True)
    assert failed.value.message.count("no such user") == 2


def test_a_refused_login_and_another_org_end_the_preview_at_once(org: Org, serving: Serve) -> None:
    settings = {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    for token, more, says in (
        ("00Dnone", {}, "salesforce:credentials.accessTokenEnv"),
        (org.access_token, {"expectedKind": "production"}, "salesforce:expectedKind is production"),
        (org.access_token, {"expectedOrgId": "00D000000000001"}, "salesforce:expectedOrgId is 00D000000000001"),
    ):
        client = serving(SalesforceProvider(environment={"ADMIN_TOKEN": token}))
        client.configure({**settings, **more})
        with pytest.raises(VerbFailedError, match=says):
            client.create(SET, NEW_SET, preview=True)


def test_a_create_without_a_preview_tells_a_missing_permission_before_the_first_write(
    provider: Client, org: Org, landscape: Landscape
) -> None:
    may_only(org, *(each for each in ALL if each != "AssignPermissionSets"))
    landscape.admin("DELETE", "/requests")
    with pytest.raises(VerbFailedError, match="lacks the permission Assign Permission Sets"):
        provider.create(SET, NEW_SET)
    assert "deploy" not in landscape.admin("GET", "/requests?org=uat")["counts"]
    provider.component = ""  # nothing tells that users are to be given it
    provider.create(SET, NEW_SET)


def test_a_consumer_key_of_another_app_is_told(provider: Client, app: Made, key: dict[str, Any]) -> None:
    with pytest.raises(VerbFailedError, match="the app App has the consumer key"):
        provider.create(APP, app_inputs(key, name="Other"), preview=True)
    provider.create(APP, app_inputs(key, name="Other", consumerKey="Another12345"), preview=True)


def test_an_org_that_does_not_answer_is_asked_once_and_warned_of_once(
    provider: Client, key: dict[str, Any], org: Org, heard: list[str], landscape: Landscape
) -> None:
    landscape.admin("POST", "/faults", operation="*", org="uat", faults=["REQUEST_LIMIT_EXCEEDED"] * 20)
    assert preview(provider, key, org) == ([], "")
    assert len([text for text in heard if "the org was not asked" in text]) == 1
    assert sum(landscape.admin("GET", "/requests?org=uat")["counts"].values()) <= 2


def test_one_switch_asks_nothing(org: Org, serving: Serve, landscape: Landscape) -> None:
    client = serving(SalesforceProvider(environment={"ADMIN_TOKEN": "00Dnone"}))
    settings = {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    client.configure({**settings, "checkOnPreview": "false"})
    client.create(SET, NEW_SET, preview=True)
    client.create(HOLDERS, {"permissionSet": "Access", "users": ["no@body"]}, preview=True)
    assert landscape.admin("GET", "/requests?org=uat")["counts"] == {}


def test_a_preview_says_once_what_only_a_deploy_tells(
    provider: Client, key: dict[str, Any], org: Org, heard: list[str]
) -> None:
    preview(provider, key, org)
    provider.create(APP, app_inputs(key, name="Other"), preview=True)
    assert len([text for text in heard if "salesforce:validateOnPreview" in text]) == 1


@pytest.mark.parametrize(
    ("kind", "news", "unknown"),
    [
        (SET, {"name": "Access", "label": "Access"}, ["permissionSetId", "orgId", "revision"]),
        (HOLDERS, {"permissionSet": "Access", "users": [UNKNOWN]}, ["assignments", "revision"]),
        (
            APP,
            {"name": "A", "label": "A", "contactEmail": "a@b.cd", "certificatePem": UNKNOWN, "consumerKey": UNKNOWN},
            ["appId", "revision", "deployedAt", "certificatePem", "consumerKey"],
        ),
        (
            GRANT,
            {"consumerKey": UNKNOWN, "username": "a@b", "privateKeyPem": UNKNOWN, "instanceUrl": "https://x"},
            ["verified", "consumerKey"],
        ),
    ],
)
def test_a_preview_of_a_create_writes_nothing_and_leaves_unknown_what_it_cannot_know(
    provider: Client, landscape: Landscape, kind: str, news: dict[str, Any], unknown: list[str]
) -> None:
    inputs, problems = provider.check(kind, news)
    assert problems == []
    resource_id, outputs = provider.create(kind, inputs, preview=True)
    assert resource_id == ""
    assert [name for name in unknown if open_secrets(outputs)[name] != UNKNOWN] == []
    asked = set(landscape.admin("GET", "/requests?org=uat")["counts"])
    assert asked <= ({"query", "composite", "readMetadata"} if kind in {SET, APP, HOLDERS} else set())


def test_a_preview_goes_on_where_the_org_does_not_answer(
    provider: Client, key: dict[str, Any], landscape: Landscape
) -> None:
    landscape.admin("POST", "/faults", operation="*", org="uat", faults=["REQUEST_LIMIT_EXCEEDED"] * 20)
    provider.create(APP, app_inputs(key), preview=True)

"""The proof of a login: whom it speaks for, what a refusal says, and what is no verdict on the login."""

from __future__ import annotations

from typing import Any

import pytest

from tests.landscape import Landscape, Org
from tests.provider.conftest import APP, GRANT, Made, app_inputs, grant_inputs, make
from tests.provider.protocol import Client, VerbFailedError, plain


def test_a_proof_says_who_it_speaks_for_and_keeps_the_key_secret(
    provider: Client, app: Made, key: dict[str, Any], org: Org
) -> None:
    _, _, outputs = make(provider, GRANT, grant_inputs(key, org))
    assert outputs["verified"] is True
    assert outputs["orgId"] == org.org_id
    assert outputs["userId"] == org.query(f"SELECT Id FROM User WHERE Username = '{org.user('ci')}'")[0]["Id"]
    assert outputs["audience"] == org.url
    assert set(outputs["scopes"]) >= {"api"}
    assert set(outputs["privateKeyPem"]) == {"4dabf18193072939515e22adb298388d", "value"}


def test_a_refused_proof_is_a_partial_failure_with_the_orgs_words_what_they_mean_and_what_to_do(
    provider: Client, app: Made, key: dict[str, Any], org: Org
) -> None:
    inputs, _ = provider.check(GRANT, grant_inputs(key, org, username=org.user("devops")))
    with pytest.raises(VerbFailedError) as failed:
        provider.create(GRANT, inputs)
    partial = failed.value.init_failed
    assert partial is not None
    assert partial["id"] == org.user("devops")
    assert partial["properties"]["verified"] is False
    assert partial["properties"]["reasonCode"] == "invalid_app_access"
    assert partial["properties"]["reason"] == "user is not admin approved to access this app"
    assert "add the user to orgkey:users" in partial["reasons"][0]
    assert partial["refresh_before_update"]


def test_a_look_tries_once_and_a_healed_login_is_quiet(
    provider: Client, app: Made, key: dict[str, Any], org: Org, landscape: Landscape
) -> None:
    resource_id, inputs, outputs = make(provider, GRANT, grant_inputs(key, org, propagationMinutes=10))
    landscape.admin("PATCH", "/users", org="uat", username=org.user("ci"), active=False)
    landscape.admin("DELETE", "/requests")
    read = provider.read(GRANT, resource_id, inputs, outputs)
    seen = {"inputs": plain(read.inputs), "properties": plain(read.properties)}
    assert seen["properties"]["verified"] is False
    assert landscape.admin("GET", "/requests?org=uat")["counts"]["jwtGrant"] == 1
    assert list(provider.diff(GRANT, seen["inputs"], seen["properties"], inputs).diffs) == ["reason", "verified"]
    landscape.admin("PATCH", "/users", org="uat", username=org.user("ci"), active=True)
    healed = provider.read(GRANT, resource_id, inputs, seen["properties"])
    assert list(provider.diff(GRANT, plain(healed.inputs), plain(healed.properties), inputs).diffs) == []


def test_a_failing_administrators_login_is_never_blamed_on_the_grant(
    provider: Client, app: Made, key: dict[str, Any], org: Org, landscape: Landscape
) -> None:
    resource_id, inputs, outputs = make(provider, GRANT, grant_inputs(key, org))
    provider.configure({"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "NONE"}'})
    with pytest.raises(VerbFailedError) as failed:
        provider.read(GRANT, resource_id, inputs, outputs)
    assert failed.value.init_failed is None
    assert "The environment variable NONE is not set" in failed.value.message


def test_a_user_without_api_access_gets_a_token_and_is_no_proof(
    provider: Client, holders: Made, key: dict[str, Any], org: Org
) -> None:
    make(provider, APP, app_inputs(key))
    org.assign("Access", org.user("noapi"))
    inputs, _ = provider.check(GRANT, grant_inputs(key, org, username=org.user("noapi")))
    with pytest.raises(VerbFailedError) as failed:
        provider.create(GRANT, inputs)
    assert failed.value.init_failed is not None
    assert failed.value.init_failed["properties"]["verified"] is False
    assert "API" in failed.value.message


@pytest.mark.parametrize(("operation", "fault"), [("query", "REQUEST_LIMIT_EXCEEDED"), ("jwtGrant", "return-503")])
def test_a_limit_or_a_busy_org_is_no_verdict_on_the_login(
    provider: Client, app: Made, key: dict[str, Any], org: Org, landscape: Landscape, operation: str, fault: str
) -> None:
    resource_id, inputs, outputs = make(provider, GRANT, grant_inputs(key, org))
    landscape.admin("POST", "/faults", operation=operation, org="uat", faults=[fault])
    with pytest.raises(VerbFailedError) as failed:
        provider.read(GRANT, resource_id, inputs, outputs)
    assert failed.value.init_failed is None


def test_an_audience_that_the_org_does_not_take_is_followed_by_the_next_one_and_by_no_third(
    provider: Client, app: Made, key: dict[str, Any], org: Org, landscape: Landscape
) -> None:
    landscape.admin("PATCH", "/knobs", classic_aud=True)
    _, _, outputs = make(provider, GRANT, grant_inputs(key, org))
    assert outputs["audience"] == "https://login.salesforce.com"
    assert landscape.admin("GET", "/requests?org=uat")["counts"]["jwtGrant"] == 2


def test_the_token_of_a_proof_is_revoked_only_on_request(
    provider: Client, app: Made, key: dict[str, Any], org: Org, landscape: Landscape
) -> None:
    make(provider, GRANT, grant_inputs(key, org))
    assert "revoke" not in landscape.admin("GET", "/requests?org=uat")["counts"]
    make(provider, GRANT, grant_inputs(key, org, revoke=True))
    assert landscape.admin("GET", "/requests?org=uat")["counts"]["revoke"] == 1

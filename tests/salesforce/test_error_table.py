"""What each answer means and what to do about it, in the state it is given in."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest

from orgkey.salesforce import oauth
from orgkey.salesforce.clock import Clock
from orgkey.salesforce.deploy_job import DeployJob, deploy
from orgkey.salesforce.error_table import API, DEPLOY, GRANT, RIGHTS, SECRET_GRANT, Retry, find_row
from orgkey.salesforce.errors import CredentialsError, DeployFailedError, GrantRefusedError, RefusedError
from orgkey.salesforce.grant import LOGIN, TEST, audiences, prove_within, token_by_ladder
from orgkey.salesforce.soap import read_metadata
from tests.salesforce.stub import Answer, Request, Says, any_login, as_json, refusal, serving
from tests.salesforce.test_deploy_job import bundle

NEVER, PROPAGATION, CERTIFICATE, SOON, READS_ONLY, LATER = (
    Retry.NEVER, Retry.PROPAGATION, Retry.CERTIFICATE, Retry.SOON, Retry.READS_ONLY, Retry.LATER,
)  # fmt: skip


@pytest.mark.parametrize(
    ("code", "text", "retry", "says"),
    [
        (
            "invalid_client",
            "invalid client credentials",
            CERTIFICATE,
            "the signature does not match the app's certificate",
        ),
        ("invalid_grant", "invalid assertion", CERTIFICATE, "the signature does not match the app's certificate"),
        ("invalid_grant", "no valid scopes defined", NEVER, "scope Api"),
        ("invalid_grant", "no description", PROPAGATION, "login history"),
        ("invalid_grant", "something that nobody knows", NEVER, "login history"),
        ("invalid_grant", "audience is invalid", NEVER, "audience"),
        ("app_not_found", "External client app is not installed in this org", PROPAGATION, "External Client App"),
        ("OAUTH_EC_APP_NOT_FOUND", "", PROPAGATION, "External Client App"),
        ("OAUTH_APP_BLOCKED", "this app is blocked by admin", NEVER, "API Access Control"),
        ("OAUTH_APP_ACCESS_DENIED", "", NEVER, "API Access Control"),
        ("OAUTH_AUTHORIZATION_BLOCKED", "Cross-org OAuth flows are not supported", NEVER, "another org"),
        ("unknown_error", "retry your request", SOON, "in a minute"),
        (
            "invalid_app_access",
            "user is not admin approved to access this app",
            NEVER,
            "for a user who is there already run `pulumi up`",
        ),
    ],
)
def test_an_answer_of_the_token_endpoint(code: str, text: str, retry: Retry, says: str) -> None:
    row = find_row(GRANT, code, text)
    assert row is not None
    assert row.retry is retry
    assert says in f"{row.meaning} {row.remedy}"


@pytest.mark.parametrize(
    ("code", "text", "retry", "says"),
    [
        ("INSUFFICIENT_ACCESS", "", NEVER, RIGHTS),
        ("INSUFFICIENT_ACCESS_OR_READONLY", "", NEVER, RIGHTS),
        ("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "", NEVER, RIGHTS),
        ("INSUFFICIENT_ACCESS_FOR_UPSERT", "", NEVER, RIGHTS),
        ("INVALID_TYPE", "sObject type 'PermissionSet' is not supported.", NEVER, RIGHTS),
        ("INVALID_TYPE", "sObject type 'ExternalClientApplication' is not supported.", NEVER, "External Client Apps"),
        ("API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.", NEVER, "API Enabled"),
        ("INVALID_SESSION_ID", "This session is not valid for use with the REST API", NEVER, "browser session"),
        ("INVALID_SESSION_ID", "Session expired or invalid", NEVER, "log in again"),
        ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", LATER, "24 hour"),
        ("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", SOON, "moment"),
        ("UNABLE_TO_LOCK_ROW", "", SOON, "moment"),
        ("UNABLE_TO_LOCK_RECORD", "", SOON, "moment"),
        ("UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId", READS_ONLY, "ErrorId"),
        ("LICENSE_LIMIT_EXCEEDED", "", NEVER, "licence"),
    ],
)
def test_an_answer_of_the_api(code: str, text: str, retry: Retry, says: str) -> None:
    row = find_row(API, code, text)
    assert row is not None
    assert row.retry is retry
    assert says in f"{row.meaning} {row.remedy}"


@pytest.mark.parametrize(
    ("text", "retry", "says"),
    [
        ("An unexpected error occurred. Please include this ErrorId if you contact support: 1-2 (3)", SOON, "ErrorId"),
        ("duplicate value found: ExternalClientApplicationId duplicates value on App_oauthPlcy", NEVER, "import"),
        ("Invalid plugin settings", NEVER, "makes it again"),
        ("There's a problem with your scope(s): McpApi", NEVER, "orgkey:app.scopes"),
        ("In field: profile - no Profile named Nobody found", NEVER, "in the org's language"),
        ("In field: permissionSet - no PermissionSet named X found", NEVER, "orgkey:app.permissionSets"),
        ("Property 'isDPopEnabled' not valid in version 67.0", NEVER, "salesforce:apiVersion"),
        ("INSUFFICIENT_ACCESS: insufficient access rights on cross-reference id", NEVER, RIGHTS),
    ],
)
def test_a_fault_of_a_deploy(text: str, retry: Retry, says: str) -> None:
    row = find_row(DEPLOY, "", text)
    assert row is not None
    assert row.retry is retry
    assert says in f"{row.meaning} {row.remedy}"


def test_a_secret_that_is_wrong_is_told_as_a_secret_and_a_key_as_a_key() -> None:
    secret = GrantRefusedError("invalid_client", "invalid client credentials", where="acme", table=SECRET_GRANT)
    assert "check the consumer key and the secret" in str(secret)
    key = GrantRefusedError("invalid_client", "invalid client credentials", where="acme")
    assert "secret" not in str(key)


@pytest.mark.parametrize(("code", "text"), [("invalid_grant", "invalid assertion"), ("invalid_client", "x")])
def test_the_administrators_own_login_is_never_told_to_renew_the_stacks_certificate(code: str, text: str) -> None:
    refused = GrantRefusedError(code, text, where="acme")
    assert "pulumi up" in str(refused)
    assert "orgkey:" not in refused.of_own_login
    assert "the private key whose certificate the app has" in refused.of_own_login


@pytest.mark.parametrize(
    ("ahead", "retry", "says"),
    [
        (-600.0, NEVER, "this machine's clock is 10 minutes behind the org's"),
        (600.0, CERTIFICATE, "this machine's clock is 10 minutes ahead of the org's"),
        (-30.0, CERTIFICATE, "does not match"),
    ],
)
def test_a_refused_assertion_names_clocks_that_are_apart(tmp_path: Path, ahead: float, retry: Retry, says: str) -> None:
    class Off(Clock):
        def now(self) -> float:
            return super().now() + ahead

    said = as_json(400, {"error": "invalid_grant", "error_description": "invalid assertion"})
    with serving(tmp_path, lambda _: said) as stub:
        client = stub.client(Off())
        with pytest.raises(GrantRefusedError) as refused:
            oauth.jwt_bearer(client.transport, client.url, "a.b.c")
    assert says in str(refused.value)
    assert oauth.retry_of(refused.value) is retry
    assert ("NTP" in str(refused.value)) == (retry is NEVER)


@pytest.mark.parametrize(
    ("app", "org", "ladder"),
    [
        ("external", "production", ("https://x", LOGIN)),
        ("external", "developer", ("https://x", LOGIN)),
        ("external", "sandbox", ("https://x", LOGIN, TEST)),
        ("external", "scratch", ("https://x", LOGIN, TEST)),
        ("connected", "sandbox", ("https://x", TEST)),
        ("connected", "production", ("https://x", LOGIN)),
    ],
)
def test_the_audiences_of_an_app(app: str, org: str, ladder: tuple[str, ...]) -> None:
    assert audiences("https://x", app, org, None) == ladder
    assert audiences("https://x", app, org, "https://given") == ("https://given",)


AUDIENCE = ("invalid_grant", "audience is invalid")
NOT_FOUND = ("app_not_found", "External client app is not installed in this org")
OTHER = ("invalid_app_access", "no")


@pytest.mark.parametrize(
    ("refusals", "asked", "ends"),
    [
        ({}, 1, ""),
        ({"a": AUDIENCE}, 2, ""),
        ({"a": AUDIENCE, "b": NOT_FOUND}, 3, ""),
        ({"a": NOT_FOUND, "b": AUDIENCE, "c": AUDIENCE}, 3, "app_not_found"),
        ({"a": AUDIENCE, "b": AUDIENCE, "c": AUDIENCE}, 3, "audience is invalid"),
        ({"a": OTHER}, 1, "invalid_app_access"),
        ({"a": AUDIENCE, "b": OTHER}, 2, "invalid_app_access"),
    ],
)
def test_the_ladder_goes_on_at_an_audience_error_only(
    tmp_path: Path, refusals: Mapping[str, tuple[str, str]], asked: int, ends: str
) -> None:
    def respond(request: Request) -> Answer:
        assertion = request.body.decode().rpartition("assertion=")[2]
        audience = jwt.decode(assertion, options={"verify_signature": False})["aud"]
        if audience in refusals:
            code, text = refusals[audience]
            return as_json(400, {"error": code, "error_description": text})
        return as_json(200, {"access_token": "t", "id": "https://x/id/00D/005"})

    login = any_login()
    with serving(tmp_path, respond) as stub:
        transport = stub.client().transport
        if ends:
            with pytest.raises(GrantRefusedError, match=ends):
                token_by_ladder(transport, stub.url, login, ("a", "b", "c"))
        else:
            token, _ = token_by_ladder(transport, stub.url, login, ("a", "b", "c"))
            assert token.user_id == "005"
        assert len(stub.seen) == asked


def test_a_refusal_that_no_waiting_mends_is_not_waited_for() -> None:
    tried = []

    def attempt() -> Any:
        tried.append(1)
        raise GrantRefusedError("invalid_grant", "something that nobody knows", where="acme")

    clock = Clock()
    with pytest.raises(GrantRefusedError):
        prove_within(attempt, clock=clock, until=clock.now() + 600, certificate_changed=True, progress=lambda _: None)
    assert len(tried) == 1


class Administered(Says):
    """An org that tells whose login it is."""

    def __call__(self, request: Request) -> Answer:
        if request.path.endswith("/userinfo"):
            return as_json(200, {"preferred_username": "deploy@acme.com"})
        if "deployRequest" in request.path:
            if request.method == "POST":
                return as_json(201, {"id": "0Af1"})
            failure = {"componentType": "PermissionSet", "problem": "INSUFFICIENT_ACCESS: insufficient access rights"}
            result = {"id": "0Af1", "status": "Failed", "done": True, "success": False}
            return as_json(200, {"deployResult": {**result, "details": {"componentFailures": [failure]}}})
        return super().__call__(request)


def test_a_login_without_the_permissions_is_named_with_those_it_lacks(tmp_path: Path) -> None:
    refused = refusal(400, "INVALID_TYPE", "sObject type 'PermissionSet' is not supported.")
    with serving(tmp_path, Administered(rows={"FROM PermissionSet": refused})) as stub:
        client = stub.client()
        with pytest.raises(RefusedError) as told:
            client.query("SELECT Id FROM PermissionSet")
        for part in ("The login is deploy@acme.com.", "View Setup and Configuration", "Assign Permission Sets"):
            assert part in str(told.value)
        with pytest.raises(DeployFailedError, match=r"The login is deploy@acme\.com\."):
            deploy(client, bundle(), seconds=30)
        with pytest.raises(RefusedError, match="NOT_FOUND") as other:
            client.get("elsewhere")
        assert "The login is" not in str(other.value)
        assert DeployJob(client, "0Af1").status().done


def in_jwt_form() -> str:
    head = base64.urlsafe_b64encode(json.dumps({"alg": "RS256"}).encode()).decode().rstrip("=")
    return f"{head}.e30.c2ln"


@pytest.mark.parametrize(
    ("token", "served", "version"),
    [
        ("00D000000000001!AQ.x.y", ["67.0", "68.0"], "67.0"),
        (in_jwt_form(), ["66.0", "67.0", "68.0", "69.0"], "68.0"),
        (in_jwt_form(), ["67.0", "70.0"], "70.0"),
        (in_jwt_form(), ["66.0", "67.0"], ""),
    ],
)
def test_a_session_in_jwt_form_uses_a_soap_version_that_takes_it(
    tmp_path: Path, token: str, served: list[str], version: str
) -> None:
    class Versions(Says):
        def __call__(self, request: Request) -> Answer:
            if request.path == "/services/data/":
                return as_json(200, [{"version": each} for each in served])
            return super().__call__(request)

    with serving(tmp_path, Versions()) as stub:
        client = stub.client(token=token)
        if not version:
            with pytest.raises(CredentialsError, match="JSON Web Token"):
                read_metadata(client, "PermissionSet", ["X"])
            return
        read_metadata(client, "PermissionSet", ["X"])
        read_metadata(client, "PermissionSet", ["Y"])
        soap = [request.path for request in stub.seen if "/Soap/" in request.path]
        assert soap == [f"/services/Soap/m/{version}"] * 2
        assert len([request for request in stub.seen if request.path == "/services/data/"]) <= 1
        client.query("SELECT Id FROM User")
        assert stub.seen[-1].path.startswith("/services/data/v67.0/")


def test_an_orgs_own_words_on_a_session_that_no_login_mends_are_told(tmp_path: Path) -> None:
    said = refusal(401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API")
    with serving(tmp_path, lambda _: said) as stub, pytest.raises(CredentialsError, match="not valid for use with"):
        stub.client().query("SELECT Id FROM User")


@pytest.mark.parametrize("body", [b"Bad_OAuth_Token", b""])
def test_a_refusal_of_userinfo_is_no_web_page_whatever_its_media_type(tmp_path: Path, body: bytes) -> None:
    with serving(tmp_path, lambda _: (403, "text/html;charset=UTF-8", body)) as stub:
        client = stub.client()
        with pytest.raises(GrantRefusedError, match="the token is not accepted"):
            oauth.user_info(client.transport, client.url, "t")
        oauth.revoke(client.transport, client.url, "t")


def test_what_a_newer_version_reads_is_not_carried_into_a_deploy_of_the_older_one(tmp_path: Path) -> None:
    kind = "ExtlClntAppGlobalOauthSettings"
    parts = "<isDPopEnabled>false</isDPopEnabled><isPkceRequired>true</isPkceRequired>"
    records = f'<result><records xsi:type="{kind}"><fullName>App_glbloauth</fullName>{parts}</records></result>'
    with serving(tmp_path, Says(soap={kind: records})) as stub:
        read = read_metadata(stub.client(), kind, ["App_glbloauth"])["App_glbloauth"]
    tags = [str(each.tag).rpartition("}")[2] for each in read]
    assert tags == ["fullName", "isPkceRequired"]

"""Whatever answers in an org's place, or however an org changes: nothing but our own errors comes out of the client."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orgkey.metadata.members import Resource
from orgkey.model.assignments import PermissionSetAssignmentsArgs
from orgkey.salesforce import answers, oauth, records, soql
from orgkey.salesforce.access import read_holders, set_holders
from orgkey.salesforce.apps import read_app
from orgkey.salesforce.clock import Clock
from orgkey.salesforce.deploy_job import DeployJob, deploy, parse_status
from orgkey.salesforce.errors import RefusedError, SalesforceError, StrangeAnswerError, UnreachableError
from orgkey.salesforce.grant import prove
from orgkey.salesforce.org import Org as Client
from orgkey.salesforce.read import Snapshot
from orgkey.salesforce.soap import list_metadata, read_metadata
from tests.salesforce.stub import ORGANIZATION, Answer, Request, Stub, any_login, serving
from tests.salesforce.test_deploy_job import bundle

URL = "https://acme.my.salesforce.com"
NAMES = (
    "compositeResponse", "httpStatusCode", "body", "records", "nextRecordsUrl", "deployResult", "done", "success", "status",
    "details", "componentFailures", "componentSuccesses", "lineNumber", "id", "errors", "statusCode", "message", "errorCode",
    "access_token", "instance_url", "scope", "error", "error_description", "organization_id", "user_id", "Id", "Username",
    "Name", "IsActive", "Assignee", "AssigneeId", "PermissionSetId", "numberComponentsTotal", "version",
)  # fmt: skip
LEAF = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.sampled_from(["true", "false", "200", "400", "/services/data/v67.0/query/x", "\ud800", "https://[", "x\r\ny"]),
)
JSON = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
PARSERS: dict[str, Callable[[Any], Any]] = {
    "composite": lambda content: answers.composite(content, 1, URL),
    "page": lambda content: answers.page(content, URL),
    "saved": lambda content: answers.saved(content, 1, URL),
    "token": lambda content: answers.token(content, URL),
    "grant error": lambda content: answers.grant_error(content, 400, URL),
    "user info": lambda content: answers.user_info(content, URL),
    "deploy id": lambda content: answers.deploy_id(content, URL),
    "deploy status": lambda content: parse_status(content, URL),
    "versions": lambda content: answers.versions(content, URL),
    "error": answers.error_of,
}


@pytest.mark.parametrize("parser", PARSERS)
@FUZZ
@given(content=st.one_of(JSON, st.builds(lambda inner: {"deployResult": inner}, JSON), st.lists(JSON, max_size=1)))
def test_every_answer_is_parsed_or_told_to_be_strange(parser: str, content: Any) -> None:
    with contextlib.suppress(StrangeAnswerError):
        PARSERS[parser](content)


class QuickClock(Clock):
    def wait(self, seconds: float) -> None:
        self.check()

    def seconds_left(self) -> float:
        return 5.0


def _wanted() -> PermissionSetAssignmentsArgs:
    return PermissionSetAssignmentsArgs.model_validate({"permissionSet": "Set", "users": ["ci@acme.com"]})


ENDPOINTS: dict[str, Callable[[Client], Any]] = {
    "a question": lambda client: client.query(soql.ORGANIZATION),
    "who holds a set": lambda client: read_holders(Snapshot(client), "Set", users=["a@b.c"], groups=["G"]),
    "who is to hold it": lambda client: set_holders(Snapshot(client), _wanted()),
    "an app": lambda client: read_app(Snapshot(client), Resource.EXTERNAL_CLIENT_APP, "App", known_id="0xI"),
    "a Connected App": lambda client: read_app(Snapshot(client), Resource.CONNECTED_APP, "App"),
    "Tooling": lambda client: client.tooling_query("SELECT Id FROM DeployRequest"),
    "insert": lambda client: records.insert(client, [{}]),
    "delete": lambda client: records.delete(client, ["x"]),
    "deploy": lambda client: deploy(client, bundle(), seconds=0.1),
    "its state": lambda client: DeployJob(client, "0Af").status(),
    "readMetadata": lambda client: read_metadata(client, "PermissionSet", ["Set"]),
    "listMetadata": lambda client: list_metadata(client, ["ConnectedApp"]),
    "grant": lambda client: oauth.jwt_bearer(client.transport, client.url, "a.b.c"),
    "userinfo": lambda client: oauth.user_info(client.transport, client.url, "t"),
    "proof": lambda client: prove(
        client.transport,
        client.url,
        any_login(),
        ladder=("x",),
        api_version="67.0",
        revoke=True,
    ),
}


@dataclass
class Answers:
    """What the host says next."""

    says: Answer = (200, "application/json", b"{}")
    organization: bool = False

    def __call__(self, request: Request) -> Answer:
        if self.organization and b"FROM+Organization" in request.body:
            rows = {"totalSize": 1, "done": True, "records": [ORGANIZATION]}
            parts = json.loads(request.body)["compositeRequest"]
            strange = json.loads(self.says[2])
            listed = [
                {
                    "httpStatusCode": 200,
                    "body": rows if "FROM+Organization" in part["url"] else strange,
                    "referenceId": "x",
                }
                for part in parts
            ]
            return 200, "application/json", json.dumps({"compositeResponse": listed}).encode()
        return self.says


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stub, Answers]]:
    said = Answers()
    with serving(tmp_path_factory.mktemp("host"), said) as stub:
        yield stub, said


RECORD = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=8)
ROWS = st.builds(
    lambda records: {"totalSize": len(records), "done": True, "records": records}, st.lists(RECORD, max_size=2)
)
STATUS = st.sampled_from([200, 201, 200, 400, 401, 403, 404, 500, 503])
READ = (
    "<Envelope><Body><readMetadataResponse><result><records><fullName>Set</fullName></records></result>"
    "</readMetadataResponse></Body></Envelope>"
)
XML = st.sampled_from(
    ["", "<a/>", "no", "<soapenv:Envelope/>", READ, "<Envelope><Body><Fault/></Body></Envelope>", "\x00", "[]"]
)  # fmt: skip


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_nothing_but_our_own_errors_comes_out_of_any_endpoint(host: tuple[Stub, Answers], endpoint: str) -> None:
    stub, said = host
    client = stub.client(QuickClock())

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        status=STATUS,
        body=st.one_of(JSON.map(json.dumps), ROWS.map(json.dumps), RECORD.map(json.dumps), XML),
        kind=st.sampled_from(["application/json", "text/html", "text/xml"]),
    )
    def try_it(status: int, body: str, kind: str) -> None:
        said.says, said.organization = (status, kind, body.encode("utf-8", "replace")), False
        with contextlib.suppress(json.JSONDecodeError):
            json.loads(body)
            said.organization = True
        try:
            ENDPOINTS[endpoint](client)
        except SalesforceError as error:
            str(error).encode()

    try_it()


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b"[" * 100_000, b'{"deployResult": null}', b"\xff\xfe", b'{"deployResult": []}'],
)
def test_a_deploy_of_which_something_strange_is_told_may_have_arrived(host: tuple[Stub, Answers], body: bytes) -> None:
    stub, said = host
    said.says, said.organization = (200, "application/json", body), False
    client = stub.client(QuickClock())
    with pytest.raises(UnreachableError, match="something that is no"):
        DeployJob.start(client, bundle())
    with pytest.raises(UnreachableError, match="something that is no"):
        DeployJob(client, "0Af").status()


def test_a_next_page_is_never_asked_of_another_host() -> None:
    for address in ("@elsewhere.example/x", "https://elsewhere.example", ".elsewhere.example/", 7, ["x"]):
        with pytest.raises(StrangeAnswerError):
            answers.page({"records": [], "nextRecordsUrl": address}, URL)


@pytest.mark.parametrize(
    ("told", "means"), [(True, True), ("true", True), ("False", False), (False, False), (None, False)]
)
def test_a_boolean_of_a_deploy_may_come_as_text(told: Any, means: bool) -> None:  # noqa: FBT001 — a row of the table
    state = parse_status({"deployResult": {"id": "0Af", "status": "Succeeded", "done": told, "success": told}}, URL)
    assert (state.done, state.success) == (means, means)


def test_the_words_of_an_org_are_repeated_to_a_length() -> None:
    assert len(str(RefusedError("X", "x" * 100_000, where="acme"))) < 2000

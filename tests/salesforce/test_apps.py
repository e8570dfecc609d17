"""Which app is ours, whatever an org shows of its apps: packaged ones, refused questions, names with the org's own namespace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from orgkey.metadata.members import Resource
from orgkey.salesforce.apps import is_there, read_app, record_id
from orgkey.salesforce.errors import RefusedError, UnreadableError
from orgkey.salesforce.read import Snapshot
from tests.clocks import BriskClock
from tests.salesforce.stub import ORGANIZATION, Says, refusal, serving

CONNECTED, EXTERNAL = Resource.CONNECTED_APP, Resource.EXTERNAL_CLIENT_APP
APPS, LINKS, TOOLING = "FROM ExternalClientApplication", "FROM SetupEntityAccess", "FROM ConnectedApplication"
OURS, PACKAGED = "0xI000000000001AAA", "0xI000000000002AAA"
CONNECTED_ID = "0H4000000000001AAA"


def record(kind: str, name: str) -> str:
    return f'<result><records xsi:type="{kind}"><fullName>{name}</fullName><label>App</label></records></result>'


def listing(name: str, app_id: str, namespace: str = "") -> str:
    prefix = f"<namespacePrefix>{namespace}</namespacePrefix>" if namespace else ""
    return f"<result><fullName>{name}</fullName><id>{app_id}</id>{prefix}<type>ConnectedApp</type></result>"


@pytest.fixture
def org(tmp_path: Path) -> Any:
    @contextmanager
    def start(**says: Any) -> Iterator[Snapshot]:
        with serving(tmp_path, Says(**says)) as stub:
            yield Snapshot(stub.client(BriskClock()))

    return start


def app(app_id: str, namespace: str | None = None) -> dict[str, Any]:
    return {"Id": app_id, "DeveloperName": "App", "NamespacePrefix": namespace}


HEADER = {">ExternalClientApplication<": record("ExternalClientApplication", "App")}
CONNECTED_APP = {"readMetadata": record("ConnectedApp", "App")}


def test_an_app_of_a_package_is_never_taken_for_ours(org: Any) -> None:
    with org(rows={APPS: [app(PACKAGED, "vendor"), app(OURS)]}, soap=HEADER) as snapshot:
        found = read_app(snapshot, EXTERNAL, "App")
        assert found is not None
        assert found.record_id == OURS
    with org(rows={APPS: [app(PACKAGED, "vendor")]}, soap=HEADER) as snapshot:
        assert read_app(snapshot, EXTERNAL, "App") is None
        assert not is_there(snapshot, EXTERNAL, "App")


def test_an_app_that_carries_the_orgs_own_namespace_is_ours(org: Any) -> None:
    soap = {"acme__App": record("ExternalClientApplication", "acme__App")}
    organization = {**ORGANIZATION, "NamespacePrefix": "acme"}
    with org(rows={APPS: [app(OURS, "acme")]}, soap=soap, organization=organization) as snapshot:
        found = read_app(snapshot, EXTERNAL, "App")
        assert found is not None
        assert found.record_id == OURS
        assert found.found.names["ExternalClientApplication"] == "acme__App"


@pytest.mark.parametrize(
    ("tooling", "listed", "expected"),
    [
        ([{"Id": CONNECTED_ID, "DeveloperName": "App"}], "", CONNECTED_ID),
        (refusal(400, "INVALID_TYPE"), listing("App", CONNECTED_ID), CONNECTED_ID),
        (refusal(403, "INSUFFICIENT_ACCESS"), listing("App", CONNECTED_ID), CONNECTED_ID),
        (
            [{"Id": "0H4000000000009AAA"}, {"Id": CONNECTED_ID}],
            listing("vendor__App", "0H4000000000009AAA", "vendor") + listing("App", CONNECTED_ID),
            CONNECTED_ID,
        ),
        (refusal(400, "INVALID_TYPE"), "", ""),
    ],
)
def test_a_connected_apps_id_comes_from_tooling_or_else_from_the_listing(
    org: Any, tooling: Any, listed: str, expected: str
) -> None:
    with org(tooling={TOOLING: tooling}, soap={**CONNECTED_APP, "listMetadata": listed}) as snapshot:
        found = read_app(snapshot, CONNECTED, "App")
        assert found is not None
        assert (found.record_id, record_id(snapshot, CONNECTED, "App")) == (expected, expected)


def test_whether_a_connected_app_is_there_is_asked_of_the_metadata_api_alone(org: Any) -> None:
    refused = {"ConnectedApplication": refusal(400, "INVALID_FIELD")}
    with org(rows=refused, soap=CONNECTED_APP) as snapshot:
        assert is_there(snapshot, CONNECTED, "App")
        assert read_app(snapshot, CONNECTED, "App") is not None
    with org(rows=refused) as snapshot:
        assert not is_there(snapshot, CONNECTED, "App")
        assert read_app(snapshot, CONNECTED, "App") is None


def test_an_org_that_refuses_the_question_about_the_other_kind_counts_as_having_none(org: Any) -> None:
    with org(rows={APPS: refusal(400, "INVALID_TYPE")}) as snapshot:
        assert not is_there(snapshot, EXTERNAL, "App")


def test_an_org_that_does_not_list_external_client_apps_is_believed_where_it_shows_the_app(org: Any) -> None:
    refused = {APPS: refusal(400, "INVALID_TYPE", "sObject type 'ExternalClientApplication' is not supported.")}
    with org(rows=refused, soap=HEADER) as snapshot:
        assert read_app(snapshot, EXTERNAL, "App") is not None
    with org(rows=refused) as snapshot, pytest.raises(RefusedError, match="External Client App"):
        read_app(snapshot, EXTERNAL, "App")


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (EXTERNAL, {"rows": {APPS: [app(OURS)]}}),
        (CONNECTED, {"tooling": {TOOLING: [{"Id": CONNECTED_ID}]}, "soap": {"listMetadata": listing("App", "0H4")}}),
    ],
)
def test_an_app_that_is_listed_and_not_shown_is_not_told_as_gone(
    org: Any, kind: Resource, says: Mapping[str, Any]
) -> None:
    with org(**says) as snapshot, pytest.raises(UnreadableError, match="lists the app App, but"):
        read_app(snapshot, kind, "App")


def test_who_may_use_an_app_is_asked_of_the_app_that_is_there_now(org: Any) -> None:
    rows = {APPS: [app(OURS)], f"'{PACKAGED}'": [{"Id": "old"}], f"'{OURS}'": [{"Id": "new"}]}
    for known in ("", OURS, PACKAGED):
        with org(rows=rows, soap=HEADER) as snapshot:
            found = read_app(snapshot, EXTERNAL, "App", known_id=known)
            assert found is not None
            assert not isinstance(found.links, RefusedError)
            assert [row["Id"] for row in found.links] == ["new"]


def test_a_login_that_may_not_see_who_may_use_an_app_sees_the_app(org: Any) -> None:
    for code, shown in (("INVALID_TYPE", True), ("INSUFFICIENT_ACCESS", True), ("QUERY_TIMEOUT", False)):
        with org(rows={APPS: [app(OURS)], LINKS: refusal(400, code)}, soap=HEADER) as snapshot:
            if shown:
                found = read_app(snapshot, EXTERNAL, "App", known_id=OURS)
                assert found is not None
                assert isinstance(found.links, RefusedError)
            else:
                with pytest.raises(RefusedError, match=code):
                    read_app(snapshot, EXTERNAL, "App", known_id=OURS)

"""Every SOQL question that the client can ask, at the endpoint it goes to: the local org has the fields that the object reference lists.

A question that is new in `soql.py` and has no sample here fails the first test; a field that the endpoint does not have fails the second.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from orgkey.salesforce import soql
from tests.landscape import Org

TOOLING = {"LATEST_DEPLOYS", "connected_app", "profile"}
"""What goes to the Tooling API; all else is asked by the data API."""
SAMPLES: dict[str, Any] = {
    "name": "O'Brien \\ 50%",
    "names": ["CI_Access", "acme__Other"],
    "label": "Löwe, Söhne's",
    "labels": ["CI Access", "Löwe, Söhne"],
    "permission_set_name": "CI_Access",
    "permission_set_ids": ["0PS000000000001"],
    "usernames": ["ci@acme.com", "o'brien@acme.com"],
    "username_starts": ["ci@", "svc_"],
    "name_parts": ["O'Brien", "integration"],
    "licenses": ["Salesforce Integration"],
    "group_names": ["CI_Group", "acme__Group"],
    "username": "o'brien@acme.com",
    "permissions": ["ApiEnabled", "ViewSetup", "ModifyMetadata"],
    "developer_name": "SalesforceAPIIntegrationPsl",
    "user_id": "005000000000001",
    "user_ids": ["005000000000001"],
    "profile_id": "00e000000000001",
    "group_ids": ["0PG000000000001"],
    "since": datetime(2026, 11, 1, tzinfo=UTC),
    "app_id": "0xI000000000001",
    "ids": ["0H4000000000001"],
}
SKIPPED = {"LONGEST_QUESTION", "MOST_LOGINS"}


def questions() -> Iterator[tuple[str, str]]:
    """Name and text of every question."""
    for name, value in sorted(vars(soql).items()):
        if name.startswith("_") or name in SKIPPED:
            continue
        if name.isupper() and isinstance(value, str):
            yield name, value
        elif inspect.isfunction(value) and value.__module__ == soql.__name__:
            parameters = inspect.signature(value).parameters.values()
            options = (
                [{"with_expiration": True}, {"with_expiration": False}]
                if any(each.name == "with_expiration" for each in parameters)
                else [{}]
            )
            for option in options:
                made = value(
                    *(SAMPLES[each.name] for each in parameters if each.kind is not each.KEYWORD_ONLY), **option
                )
                yield from ((name, text) for text in ([made] if isinstance(made, str) else made))


def test_every_question_has_a_sample() -> None:
    assert {name for name, _ in questions()} >= TOOLING
    assert len({name for name, _ in questions()}) > 15


@pytest.mark.parametrize("version", ["60.0", "62.0", "64.0", "66.0", "67.0", "68.0"])
def test_every_question_asks_for_what_its_endpoint_has(shared_org: Org, version: str) -> None:
    refused = {}
    for name, text in questions():
        endpoint = "tooling/query" if name in TOOLING else "query"
        answer = shared_org.call("GET", f"/services/data/v{version}/{endpoint}", params={"q": text})
        if not answer.ok:
            refused[text] = answer.text
    assert refused == {}


def test_the_endpoints_differ_so_that_a_question_at_the_wrong_one_is_refused(shared_org: Org) -> None:
    answer = shared_org.call("GET", "/services/data/v67.0/query", params={"q": soql.connected_app("CI")})
    assert answer.status_code == 400
    assert "No such column 'DeveloperName' on entity 'ConnectedApplication'" in answer.text

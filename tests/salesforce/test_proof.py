"""The proof of a login: who the token speaks for, and one API call with it, side by side where the token's answer tells the user."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from orgkey.salesforce.errors import GrantRefusedError
from orgkey.salesforce.grant import Proof, prove
from tests.salesforce.stub import Answer, Request, any_login, as_json, refusal, serving

ORG_ID, USER_ID = "00D000000000001AAA", "005000000000001AAA"
IDENTITY = f"https://login.salesforce.com/id/{ORG_ID}/{USER_ID}"
USERNAME = any_login().username
WHO = {"organization_id": ORG_ID, "user_id": USER_ID, "preferred_username": USERNAME}
ROWS = as_json(200, {"totalSize": 0, "done": True, "records": []})


@dataclass
class Says:
    """An org that gives out a token."""

    identity: str = IDENTITY
    who: Answer = field(default_factory=lambda: as_json(200, WHO))
    call: Answer = ROWS

    def __call__(self, request: Request) -> Answer:
        if request.path.endswith("/token"):
            token: dict[str, Any] = {
                "access_token": "t",
                "scope": "api",
                "instance_url": "https://acme.my.salesforce.com",
            }
            return as_json(200, {**token, **({"id": self.identity} if self.identity else {})})
        return self.who if request.path.endswith("/userinfo") else self.call


def proof(folder: Path, says: Says) -> tuple[Proof, list[str]]:
    """The proof, and the user ids that the API call was made for."""
    with serving(folder, says) as stub:
        client = stub.client()
        proved = prove(client.transport, stub.url, any_login(), ladder=("x",), api_version="67.0")
        return proved, [request.soql for request in stub.seen if request.soql]


@pytest.mark.parametrize("identity", [IDENTITY, ""])
def test_a_login_is_proved_by_who_it_is_and_one_call(tmp_path: Path, identity: str) -> None:
    proved, asked = proof(tmp_path, Says(identity))
    assert (proved.org_id, proved.user_id, proved.username) == (ORG_ID, USER_ID, USERNAME)
    (question,) = asked
    assert USER_ID in question


def test_an_app_without_an_identity_scope_tells_the_user_by_its_token_alone(tmp_path: Path) -> None:
    proved, asked = proof(tmp_path, Says(who=(403, "text/html", b"Bad_OAuth_Token")))
    assert (proved.user_id, len(asked)) == (USER_ID, 1)


@pytest.mark.parametrize("identity", [IDENTITY, ""])
@pytest.mark.parametrize("call", [ROWS, refusal(403, "API_DISABLED_FOR_ORG"), refusal(503, "SERVER_UNAVAILABLE")])
def test_another_user_is_told_before_whatever_becomes_of_the_call(tmp_path: Path, identity: str, call: Answer) -> None:
    other = as_json(200, {**WHO, "preferred_username": "other@acme.com"})
    with pytest.raises(GrantRefusedError) as refused:
        proof(tmp_path, Says(identity, who=other, call=call))
    assert refused.value.code == "wrong_user"


@pytest.mark.parametrize("identity", [IDENTITY, ""])
def test_a_call_that_is_refused_is_a_login_that_does_not_work(tmp_path: Path, identity: str) -> None:
    with pytest.raises(GrantRefusedError) as refused:
        proof(tmp_path, Says(identity, call=refusal(403, "INSUFFICIENT_ACCESS")))
    assert refused.value.code == "api_call_refused"

"""Ending what an app gave out: what the org refuses is told and the rest ended; where nobody knows, it is no success."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from orgkey.salesforce.app_sessions import EndedSessions, end_sessions
from orgkey.salesforce.errors import SalesforceError
from tests.clocks import BriskClock
from tests.salesforce.stub import Answer, Request, Says, as_json, refusal, serving

LABEL = "CI Integration"
LOGIN, SESSION, TOKEN = "0Ya000000000001AAA", "0Ak000000000001AAA", "5Aep861.secret"
ROWS: Mapping[str, Any] = {
    "FROM UserPermissionAccess": [{"PermissionsManageUsers": True}],
    "FROM ExternalClientApplication": [{"Id": "0xI000000000001AAA"}],
    "FROM LoginHistory": [{"Id": LOGIN, "Application": LABEL, "Status": "Success"}],
    "FROM AuthSession": [{"Id": SESSION, "LoginHistoryId": LOGIN}],
    "FROM OauthToken": [{"AppName": LABEL, "DeleteToken": TOKEN}],
}
FORM = "application/x-www-form-urlencoded"
ENDED = as_json(200, [{"id": SESSION, "success": True, "errors": []}])
GONE = as_json(
    200, [{"id": SESSION, "success": False, "errors": [{"statusCode": "ENTITY_IS_DELETED", "message": "gone"}]}]
)
REVOKED = (200, "text/html", b"")


@dataclass
class AppsOrg:
    """An org where one app gave out a session and a refresh token, and how it answers to their end."""

    deletion: Answer = ENDED
    revocation: Answer = REVOKED
    rows: Mapping[str, Any] = field(default_factory=lambda: ROWS)

    def __call__(self, request: Request) -> Answer:
        if request.path.endswith("/oauth2/revoke"):
            return self.revocation
        if request.method == "DELETE":
            return self.deletion
        if request.path.endswith("/query"):
            found = next((rows for part, rows in self.rows.items() if part in request.soql), [])
            return as_json(200, {"totalSize": len(found), "done": True, "records": found})
        return Says(rows=self.rows)(request)


def test_session_and_refresh_token_are_ended(tmp_path: Path) -> None:
    with serving(tmp_path, AppsOrg()) as stub:
        ended = end_sessions(stub.client(BriskClock()), LABEL)
    assert (ended.sessions, ended.tokens, ended.left) == (1, 1, ())


@pytest.mark.parametrize(
    ("org", "ended", "told"),
    [
        (
            AppsOrg(deletion=refusal(403, "INSUFFICIENT_ACCESS")),
            (0, 1),
            "1 session could not be ended (INSUFFICIENT_ACCESS: no)",
        ),
        (AppsOrg(deletion=GONE), (0, 1), "1 session could not be ended (ENTITY_IS_DELETED: gone)"),
        (
            AppsOrg(revocation=(400, FORM, b"error=unsupported_token_type&error_description=not+this+one")),
            (1, 0),
            "1 refresh token could not be ended (unsupported_token_type: not this one)",
        ),
        (
            AppsOrg(revocation=as_json(400, {"error": "invalid_token", "error_description": "unknown"})),
            (1, 0),
            "1 refresh token could not be ended (invalid_token: unknown)",
        ),
        (
            AppsOrg(revocation=(403, "application/json", b"")),
            (1, 0),
            "1 refresh token could not be ended (403: no description)",
        ),
    ],
)
def test_what_the_org_refuses_to_end_is_told_and_the_rest_is_ended(
    org: AppsOrg, ended: tuple[int, int], told: str, tmp_path: Path
) -> None:
    with serving(tmp_path, org) as stub:
        result = end_sessions(stub.client(BriskClock()), LABEL)
    assert (result.sessions, result.tokens) == ended
    assert result.left == (told,)
    assert TOKEN not in result.in_words


@pytest.mark.parametrize(
    "org",
    [
        AppsOrg(deletion=refusal(503, "SERVER_UNAVAILABLE")),
        AppsOrg(deletion=(200, "text/html", b"<html>maintenance</html>")),
        AppsOrg(revocation=refusal(503, "SERVER_UNAVAILABLE")),
        AppsOrg(revocation=(500, "text/html", b"")),
    ],
)
def test_an_org_that_is_not_well_has_ended_nothing(org: AppsOrg, tmp_path: Path) -> None:
    with serving(tmp_path, org) as stub, pytest.raises(SalesforceError) as raised:
        end_sessions(stub.client(BriskClock()), LABEL)
    assert TOKEN not in str(raised.value)


@pytest.mark.parametrize(
    ("sessions", "tokens", "words"),
    [
        (0, 0, "0 sessions and 0 refresh tokens of the app were ended"),
        (1, 2, "1 session and 2 refresh tokens of the app were ended"),
        (2, 1, "2 sessions and 1 refresh token of the app were ended"),
    ],
)
def test_what_was_ended_is_counted_in_words(sessions: int, tokens: int, words: str) -> None:
    assert EndedSessions(sessions, tokens, ()).in_words == words

"""Sessions and tokens that an app gave out, ended where the org lets one.

A session is told apart by the login that began it (AuthSession.LoginHistoryId), and a login by the app's label (LoginHistory.Application):
the org links neither to the app itself. Needs Manage Users (object reference AuthSession, LoginHistory, OauthToken).
"""

from __future__ import annotations

from dataclasses import dataclass

from orgkey.metadata.identifiers import short_id
from orgkey.salesforce import oauth, records, soql
from orgkey.salesforce.answers import Rows
from orgkey.salesforce.app_logins import MAY_SEE
from orgkey.salesforce.errors import RefusedError
from orgkey.salesforce.org import Org


@dataclass(frozen=True, slots=True)
class EndedSessions:
    """How many sessions and tokens were ended, and what could not be, in words."""

    sessions: int
    tokens: int
    left: tuple[str, ...]

    @property
    def in_words(self) -> str:
        """Both in one sentence, without its full stop."""
        ended = (
            f"{_counted(self.sessions, 'session')} and {_counted(self.tokens, 'refresh token')} of the app were ended"
        )
        return "; ".join([ended, *self.left])


def end_sessions(org: Org, label: str) -> EndedSessions:
    """End what an app of that label gave out; what the org refuses to show or to end is told, and the rest is ended all the same.

    Raises SalesforceError where the org did not answer, or not now: the same call again goes on from there.
    """
    if (apps := _apps_labelled(org, label)) > 1:
        why = f"{apps} apps have the label {label}, so whose a session is cannot be told: end them in Setup > Session Management"
        return EndedSessions(0, 0, (why,))
    left: list[str] = []
    may_see = _rows(org, soql.own_permissions([MAY_SEE]), "its own permissions", left)
    if may_see and not may_see[0].flag(
        f"Permissions{MAY_SEE}"
    ):  # an org shows it its own lines alone, and does not say so
        left.append(
            "this login lacks Manage Users and is shown its own sessions alone: end the others in Setup > Session Management"
        )
    logins, sessions, tokens = (
        _rows(org, question, what, left)
        for question, what in (
            (soql.RECENT_LOGINS, "which logins came through the app"),
            (soql.AUTH_SESSIONS, "which sessions there are"),
            (soql.APP_TOKENS, "which refresh tokens there are"),
        )
    )
    of_the_app = {
        short_id(row.text("Id"))
        for row in logins
        if row.text("Application") == label and row.text("Status") == "Success"
    }
    tokens = [row for row in tokens if row.text("AppName") == label]
    ids = [row.text("Id") for row in sessions if short_id(row.text("LoginHistoryId")) in of_the_app]
    return EndedSessions(_delete(org, ids, left), _revoke(org, tokens, left), tuple(left))


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _apps_labelled(org: Org, label: str) -> int:
    """How many apps the org shows with a label; a kind that it does not show counts as none."""
    answers = org.answers([soql.external_client_apps_labelled(label), soql.connected_apps_labelled(label)])
    return sum(len(each) for each in answers if not isinstance(each, RefusedError))


def _rows(org: Org, question: str, what: str, left: list[str]) -> Rows:
    try:
        return org.query(question)
    except RefusedError as refusal:
        if refusal.transient:
            raise
        left.append(
            f"the org does not show this login {what} ({' '.join(refusal.in_short.split())}): end them in Setup > Session Management"
        )
        return []


def _delete(org: Org, ids: list[str], left: list[str]) -> int:
    try:
        saved = records.delete(org, ids) if ids else []
    except RefusedError as refusal:
        if refusal.transient:
            raise
        left.append(f"{_counted(len(ids), 'session')} could not be ended ({refusal.in_short})")
        return 0
    failed = [each for each in saved if not each.success]
    if failed:
        left.append(f"{_counted(len(failed), 'session')} could not be ended ({failed[0].code}: {failed[0].text})")
    return len(saved) - len(failed)


def _revoke(org: Org, tokens: Rows, left: list[str]) -> int:
    refused = list[RefusedError]()
    for row in tokens:
        try:
            oauth.end_token(org.transport, org.url, row.text("DeleteToken"))
        except RefusedError as refusal:
            if refusal.transient:
                raise
            refused.append(refusal)
    if refused:
        left.append(f"{_counted(len(refused), 'refresh token')} could not be ended ({refused[0].in_short})")
    return len(tokens) - len(refused)

"""Who logs in through an app, by the org's login history and its stored tokens (platform notes 4.5).

The history has no consumer key: an app goes by its label. It keeps six months. A login without Manage Users is shown its own lines
alone, and not told so (LoginHistory, Special Access Rules): so the permission is asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orgkey.metadata.identifiers import short_id
from orgkey.salesforce import soql
from orgkey.salesforce.answers import Record, Rows
from orgkey.salesforce.errors import RefusedError, UnreadableError, host_of
from orgkey.salesforce.read import Snapshot, rows_of

KEPT_DAYS = 183
"""How long an org keeps its login history."""
_WHOLE_SECOND = timedelta(seconds=1)  # which is all that both histories, the org's and Pulumi's, tell of a moment
MAY_SEE = "ManageUsers"
"""The permission without which a login is shown its own lines alone."""


@dataclass(frozen=True, slots=True)
class AppLogin:
    """One line of the login history: good, or refused as `status` says."""

    at: datetime
    user_id: str
    username: str
    application: str
    address: str
    status: str

    @property
    def good(self) -> bool:
        """Whether the login worked."""
        return self.status == "Success"


@dataclass(frozen=True, slots=True)
class StoredTokens:
    """What an org has stored of a user's tokens of an app."""

    application: str
    username: str
    last_used: datetime | None
    use_count: int


@dataclass(frozen=True, slots=True)
class AppLogins:
    """Logins through apps, newest first. `seen_since`: older ones of these users were not looked at; `others_since`: those of others."""

    logins: tuple[AppLogin, ...]
    seen_since: datetime
    others_since: datetime
    tokens: tuple[StoredTokens, ...] = ()
    tokens_unseen: str = ""
    """Why the stored tokens were not seen; empty where they were."""

    def of(self, labels: Collection[str]) -> list[AppLogin]:
        """The logins through the apps with one of these labels."""
        return [each for each in self.logins if each.application in labels]


def read_app_logins(
    snapshot: Snapshot, user_ids: Collection[str], since: datetime, *, with_tokens: bool = False
) -> AppLogins:
    """Ask for the logins of some users, and of whoever else gets tokens, since a moment; two requests where all users are known.

    Raises UnreadableError for a login that may not see them.
    """
    ids = sorted(user_ids)
    known = soql.users_by_id(ids) if ids else []
    tokens = soql.tokens_of_users(ids) if with_tokens and ids else []
    of_users, of_all, may_see = (
        soql.logins_of_users(ids, since),
        soql.oauth_logins(since),
        soql.own_permissions([MAY_SEE]),
    )
    asked = [may_see, *known, *of_users, of_all, *tokens]
    answers = dict(zip(asked, snapshot.ask(*asked), strict=True))
    _refuse_unseen(snapshot, answers[may_see], [answers[each] for each in (*of_users, of_all)])
    parts = rows_of([answers[each] for each in of_users])
    (others,) = rows_of([answers[of_all]])
    names = _names([row for rows in rows_of([answers[each] for each in known]) for row in rows])
    strangers = sorted(
        {short: row.text("UserId") for row in others if (short := short_id(row.text("UserId"))) not in names}.values()
    )
    if strangers:
        names |= _names([row for rows in snapshot.rows(*soql.users_by_id(strangers)) for row in rows])
    found = {
        (
            row.text("LoginTime"),
            row.text("UserId"),
            row.text("Application"),
            row.text("SourceIp"),
            row.text("Status"),
            number,
        ): row
        for rows in (*parts, others)
        for number, row in _numbered(rows)
    }
    token_rows = [answers[each] for each in tokens]
    refusal = next((each for each in token_rows if isinstance(each, RefusedError)), None)
    return AppLogins(
        logins=tuple(sorted((_login(row, names) for row in found.values()), key=lambda each: each.at, reverse=True)),
        seen_since=max((_reached(rows, since) for rows in parts), default=since),
        others_since=_reached(others, since),
        tokens=tuple(_token(row, names) for rows in token_rows if not isinstance(rows, RefusedError) for row in rows),
        tokens_unseen=refusal.in_short if refusal else "",
    )


def addresses_of_runs(logins: Iterable[AppLogin], runs: Sequence[tuple[datetime, datetime]]) -> frozenset[str]:
    """The addresses that runs of orgkey log in from: where all logins within a run come from one, it is that of the run's own proof.

    Where they come from several, a client was there too, and nothing is concluded.
    """
    lines, found = list(logins), set()
    for run in runs:
        inside = {each.address for each in lines if is_within(each, run)}
        if len(inside) == 1:
            found |= inside
    return frozenset(found)


def is_within(login: AppLogin, run: tuple[datetime, datetime]) -> bool:
    """Whether a login falls into a run; where the org's clock is far from ours it does not, and counts as a client's."""
    return run[0] - _WHOLE_SECOND <= login.at < run[1] + _WHOLE_SECOND


def _refuse_unseen(snapshot: Snapshot, may_see: Rows | RefusedError, histories: Sequence[Rows | RefusedError]) -> None:
    host = host_of(snapshot.org.url)
    for answer in histories:
        if isinstance(answer, RefusedError):
            if answer.transient:
                raise answer
            raise UnreadableError(
                f"{host} does not show this login the login history ({answer.in_short}).\nUse a login with Manage Users."
            )
    if not isinstance(may_see, RefusedError) and may_see and not may_see[0].flag(f"Permissions{MAY_SEE}"):
        raise UnreadableError(f"{host} shows this login only its own login history.\nUse a login with Manage Users.")


def _numbered(rows: Rows) -> list[tuple[int, Record]]:
    """Rows with a number that tells those apart which look alike: several logins in a second."""
    seen: dict[tuple[str, ...], int] = {}
    numbered = []
    for row in rows:
        key = tuple(row.text(name) for name in ("LoginTime", "UserId", "Application", "SourceIp", "Status"))
        seen[key] = seen.get(key, 0) + 1
        numbered.append((seen[key], row))
    return numbered


def _reached(rows: Rows, since: datetime) -> datetime:
    """How far back an answer reaches: to its last line where it is as long as one may be."""
    return since if len(rows) < soql.MOST_LOGINS else datetime.fromisoformat(rows[-1].text("LoginTime"))


def _names(rows: Rows) -> dict[str, str]:
    return {short_id(row.text("Id")): row.text("Username") for row in rows}


def _login(row: Record, names: dict[str, str]) -> AppLogin:
    user_id = row.text("UserId")
    return AppLogin(
        at=datetime.fromisoformat(row.text("LoginTime")),
        user_id=user_id,
        username=names.get(short_id(user_id)) or user_id,
        application=row.text("Application"),
        address=row.text("SourceIp"),
        status=row.text("Status"),
    )


def _token(row: Record, names: dict[str, str]) -> StoredTokens:
    used, user_id = row.text("LastUsedDate"), row.text("UserId")
    return StoredTokens(
        application=row.text("AppName"),
        username=names.get(short_id(user_id)) or user_id,
        last_used=datetime.fromisoformat(used) if used else None,
        use_count=int(row.text("UseCount") or 0),
    )

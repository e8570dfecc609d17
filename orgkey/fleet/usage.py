"""Who still logs in through a stack's apps: the result of `orgkey usage`, whose models are the JSON form itself.

Its schema is `docs/reference/usage-report.schema.json`. No secret is ever in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime

from orgkey.fleet.accepted import AcceptedApp
from orgkey.metadata.identifiers import name_key
from orgkey.model.report_model import ReportModel
from orgkey.salesforce.app_logins import KEPT_DAYS, AppLogin, AppLogins, addresses_of_runs, is_within

Run = tuple[datetime, datetime]


class Origin(StrEnum):
    """What may have logged in, as far as the org's data and Pulumi's history tell."""

    UPDATE = "an update"
    SAME_ADDRESS = "where updates run"
    ELSEWHERE = "elsewhere"


class Logins(ReportModel):
    """Logins of one user through one app, of one origin, from one address and with one outcome, as the org words it."""

    username: str
    origin: Origin
    address: str
    status: str
    count: int
    first: AwareDatetime
    last: AwareDatetime


class Tokens(ReportModel):
    """What the org has stored of a user's tokens of an app: refresh tokens and approvals."""

    username: str
    use_count: int
    last_used: AwareDatetime | None = None


class AppUsage(ReportModel):
    """One app. `last_use` is the last good login that no update of the stack accounts for; none where there is none.

    `unseen` says why the logins could not be looked at; then nothing else is known.
    """

    component: str
    generation: int
    retiring: bool
    kind: str
    name: str
    label: str
    instance_url: str = ""
    last_use: AwareDatetime | None = None
    last_use_elsewhere: AwareDatetime | None = None
    """The same from an address that no update runs at."""
    logins: tuple[Logins, ...] = ()
    tokens: tuple[Tokens, ...] = ()
    limits: tuple[str, ...] = ()
    """What the org's data cannot show here."""
    unseen: str = ""


class UsageReport(ReportModel):
    """The apps of one stack."""

    version: Literal[1] = 1
    project: str
    stack: str
    made_at: AwareDatetime
    since: AwareDatetime
    apps: tuple[AppUsage, ...]
    limits: tuple[str, ...] = ()
    """What no org's data can show."""


LIMITS = (
    "The login history knows an app by its label alone: it may have another app of the same label, or the same one under another.",
    "Logins of orgkey's own drift checks, previews and doctor are in it as a client's are; those of updates are told by Pulumi's history.",
    "Through a retiring generation neither drift checks nor previews log in: lines of theirs are from before it retired.",
    "A client that uses an access token for long logs in seldom: no login for a day is no proof that nobody uses the app.",
    "A login with an unknown user, consumer key or a wrong signature leaves no line.",
    f"An org keeps its login history for six months ({KEPT_DAYS} days).",
)


def usage_of(app: AcceptedApp, seen: AppLogins, runs: Sequence[Run], since: datetime, *, shared: bool) -> AppUsage:
    """What the logins say of an app; `shared`: another app of the stack in this org has the same label."""
    own = seen.of({app.label})
    proofs = [each for each in own if name_key(each.username) == name_key(app.username)]
    addresses = addresses_of_runs(proofs, runs)
    told = [(each, _origin(each, app, addresses, runs)) for each in own]
    used = [(each.at, origin) for each, origin in told if each.good and origin is not Origin.UPDATE]
    return unseen(app, "").model_copy(
        update={
            "last_use": max((at for at, _ in used), default=None),
            "last_use_elsewhere": max((at for at, origin in used if origin is Origin.ELSEWHERE), default=None),
            "logins": _counted(told),
            "tokens": tuple(
                Tokens(username=each.username, use_count=each.use_count, last_used=each.last_used)
                for each in seen.tokens
                if each.application == app.label
            ),
            "limits": tuple(_limits(app, seen, since, shared=shared)),
        }
    )


def unseen(app: AcceptedApp, why: str) -> AppUsage:
    """An app whose org does not show its logins, or cannot be asked."""
    return AppUsage(
        component=app.component,
        generation=app.generation,
        retiring=app.retiring,
        kind=app.kind,
        name=app.name,
        label=app.label,
        instance_url=app.connection.instance_url if app.connection else "",
        unseen=why,
    )


def _origin(login: AppLogin, app: AcceptedApp, addresses: frozenset[str], runs: Sequence[Run]) -> Origin:
    if name_key(login.username) != name_key(app.username) or login.address not in addresses:
        return Origin.ELSEWHERE
    return Origin.UPDATE if any(is_within(login, run) for run in runs) else Origin.SAME_ADDRESS


def _counted(told: Sequence[tuple[AppLogin, Origin]]) -> tuple[Logins, ...]:
    """Logins that differ in nothing but their time as one, the latest first."""
    groups: dict[tuple[str, Origin, str, str], list[datetime]] = {}
    for each, origin in told:
        groups.setdefault((each.username, origin, each.address, each.status), []).append(each.at)
    made = [
        Logins(
            username=username,
            origin=origin,
            address=address,
            status=status,
            count=len(times),
            first=min(times),
            last=max(times),
        )
        for (username, origin, address, status), times in groups.items()
    ]
    return tuple(sorted(made, key=lambda each: each.last, reverse=True))


def _limits(app: AcceptedApp, seen: AppLogins, since: datetime, *, shared: bool) -> list[str]:
    found = []
    if seen.seen_since > since:
        found.append(f"The users log in so often that only logins since {_day(seen.seen_since)} were looked at.")
    if shared:
        found.append(f"Another app of this stack is called {app.label} too: the logins of both are counted for each.")
    if not app.label:
        found.append("The state does not say what the app is called: none of its logins can be found.")
    if seen.others_since > max(since, seen.seen_since):
        found.append(
            f"Of users who do not hold the permission set only logins since {_day(seen.others_since)} were looked at."
        )
    if seen.tokens_unseen:
        found.append(f"The org does not show stored tokens ({seen.tokens_unseen}).")
    return found


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"

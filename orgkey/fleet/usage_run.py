"""One look at who uses a stack's apps: its state, Pulumi's history of it, and one question to each org. Reads, never writes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from orgkey.fleet.accepted import AcceptedApp, accepted_apps, runs_of
from orgkey.fleet.engine import Engine, EngineError
from orgkey.fleet.project import Project, Stack
from orgkey.fleet.usage import LIMITS, AppUsage, Run, UsageReport, unseen, usage_of
from orgkey.model.connection import Connection
from orgkey.salesforce.app_logins import read_app_logins
from orgkey.salesforce.clock import Countdown
from orgkey.salesforce.errors import SalesforceError
from orgkey.salesforce.org import Org
from orgkey.salesforce.read import Snapshot


def look_at_usage(
    project: Project,
    stack: Stack,
    engine: Engine,
    *,
    days: int,
    seconds: float,
    tell: Callable[[str], None] = lambda _: None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> UsageReport:
    """Who logged in through a stack's apps in the last days, within so many seconds for each org.

    Raises EngineError where the state cannot be read; an org that cannot be asked is told in the report.
    """
    made_at = now()
    since = made_at - timedelta(days=days)
    tell("reading the state")
    apps = accepted_apps(project, stack, engine)
    limits: tuple[str, ...] = LIMITS
    try:
        runs = [run for run in runs_of(project, stack, engine) if run[1] >= since]
    except (EngineError, ValueError, KeyError, TypeError):
        runs, limits = (
            [],
            (*LIMITS, "Pulumi does not show when this stack was updated: logins of updates are not told apart."),
        )
    found: list[AppUsage] = [
        unseen(each, "\n".join(("Its org cannot be reached:", *each.problems)))
        for each in apps
        if each.connection is None
    ]
    for url in dict.fromkeys(each.connection.instance_url for each in apps if each.connection):
        of_org = [each for each in apps if each.connection and each.connection.instance_url == url]
        tell(f"asking {url.removeprefix('https://')}")
        found += _of_org(of_org, since, runs, seconds)
    order = {(each.component, each.generation, each.name): index for index, each in enumerate(apps)}
    found.sort(key=lambda each: order[each.component, each.generation, each.name])
    return UsageReport(
        project=stack.project, stack=stack.name, made_at=made_at, since=since, apps=tuple(found), limits=limits
    )


def _of_org(apps: list[AcceptedApp], since: datetime, runs: list[Run], seconds: float) -> list[AppUsage]:
    users = {user_id for each in apps for user_id in each.users}
    connection = next(each.connection for each in apps if each.connection)
    try:
        seen = read_app_logins(_snapshot(connection, seconds), users, since, with_tokens=True)
    except SalesforceError as error:
        return [unseen(each, str(error)) for each in apps]
    labels = Counter(each.label for each in apps)
    return [usage_of(each, seen, runs, since, shared=labels[each.label] > 1) for each in apps]


def _snapshot(connection: Connection, seconds: float) -> Snapshot:
    return Snapshot(Org(connection, clock=Countdown(seconds=seconds), environment=os.environ), gather=0.0)

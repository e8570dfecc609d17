"""What is due in a fleet, and when: the certificates of all stacks by the states alone, no org asked.

The models are the JSON form itself; its schema is `docs/reference/renewals-report.schema.json`. No secret is ever in it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from pydantic import AwareDatetime

from orgkey.fleet.engine import Engine, EngineError
from orgkey.fleet.logins import KIND_OF
from orgkey.fleet.project import Project, Stack
from orgkey.fleet.state import generation_of, kind_of, opened, resources_of
from orgkey.model.report_model import ReportModel
from orgkey.provider.urn import Urn


class Due(StrEnum):
    """What is to be done for a certificate, and whether now."""

    NOW = "renewed by the next `pulumi up`"
    LATER = "renewed by `pulumi up` from then on"
    BY_HAND = "your own key: put a new certificate into orgkey:key.certificatePem"
    NEVER = "your own key, which stays as it is: take the generation out of orgkey:retiring by then"


class Renewal(ReportModel):
    """One certificate. `at` is when it is to be renewed; for a key of one's own, which no `up` renews, when it ends."""

    stack: str
    component: str
    generation: int
    retiring: bool
    app: str
    due: Due
    at: AwareDatetime
    not_after: AwareDatetime


class UnreadStack(ReportModel):
    """A stack whose state could not be read."""

    stack: str
    reason: str


class RenewalsReport(ReportModel):
    """The certificates of all stacks, what is due first at the top."""

    version: Literal[1] = 1
    project: str
    made_at: AwareDatetime
    renewals: tuple[Renewal, ...]
    unread: tuple[UnreadStack, ...] = ()

    def within(self, days: int) -> RenewalsReport:
        """The same with what is due within so many days alone."""
        end = self.made_at + timedelta(days=days)
        return self.model_copy(update={"renewals": tuple(each for each in self.renewals if each.at <= end)})

    def busiest(self) -> tuple[date, int] | None:
        """The day on which most is due, the first of several, and how much; None where nothing is."""
        days = Counter(each.at.astimezone(UTC).date() for each in self.renewals)
        return min(days.items(), key=lambda each: (-each[1], each[0]), default=None)


def look_at_renewals(
    project: Project, stacks: Sequence[Stack], engine: Engine, *, jobs: int, now: datetime
) -> RenewalsReport:
    """Read the states of stacks, several at a time; one that cannot be read is told in the report."""

    def read(stack: Stack) -> list[Renewal] | UnreadStack:
        try:
            return renewals_in(resources_of(project, stack, engine, secrets=False), stack.name, now)
        except (EngineError, json.JSONDecodeError) as error:
            return UnreadStack(stack=stack.name, reason=str(error))

    with ThreadPoolExecutor(max_workers=jobs) as pool:
        answers = list(pool.map(read, stacks))
    found = [each for answer in answers if not isinstance(answer, UnreadStack) for each in answer]
    return RenewalsReport(
        project=project.name,
        made_at=now,
        renewals=tuple(sorted(found, key=lambda each: (each.at, each.stack, each.component, each.generation))),
        unread=tuple(answer for answer in answers if isinstance(answer, UnreadStack)),
    )


def renewals_in(resources: Sequence[dict[str, Any]], stack: str, now: datetime) -> list[Renewal]:
    """The certificates in a stack's state."""
    by_urn = {str(row["urn"]): row for row in resources}
    apps = {
        str(values.get("consumerKey")): str(values.get("name") or "")
        for row in resources
        if kind_of(row) in KIND_OF
        for values in [opened(row.get("outputs") or {})]
    }
    found = []
    for row in resources:
        outputs = opened(row.get("outputs") or {})
        if kind_of(row) != "KeyPair" or not (outputs.get("renewAt") and outputs.get("notAfter")):
            continue
        parent = by_urn.get(str(row.get("parent") or ""), {})
        key = str(outputs.get("consumerKey") or "")
        number, retiring = generation_of(key, opened(parent.get("outputs") or {}))
        renew_at, not_after = (datetime.fromisoformat(str(outputs[name])) for name in ("renewAt", "notAfter"))
        own = "privateKeyPem" in (row.get("inputs") or {})
        is_component = str(parent.get("type") or "").endswith(":JwtBearerAccess")
        found.append(
            Renewal(
                stack=stack,
                component=Urn.parse(str(parent["urn"] if is_component else row["urn"])).name,
                generation=number,
                retiring=retiring,
                app=apps.get(key, ""),
                due=_due(own=own, retiring=retiring, is_due=renew_at <= now),
                at=not_after if own else renew_at,
                not_after=not_after,
            )
        )
    return found


def _due(*, own: bool, retiring: bool, is_due: bool) -> Due:
    """A retiring generation keeps its key pair as it is (docs/guides/rotation.md): nothing gives one's own another certificate."""
    if own:
        return Due.NEVER if retiring else Due.BY_HAND
    return Due.NOW if is_due else Due.LATER

"""The last use of each retiring generation, for the drift report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from orgkey.fleet.components import Component
from orgkey.fleet.digest import Step, path_of
from orgkey.fleet.provider import SeenLogins
from orgkey.fleet.report import RetiringUse
from orgkey.model.grant import UNUSED_AFTER_DAYS
from orgkey.provider.retired import uses_of
from orgkey.salesforce.app_logins import AppLogin


def retiring_uses(component: Component, logins: Mapping[str, SeenLogins | str]) -> tuple[RetiringUse, ...]:
    """What was seen of a component's retiring generations, by number; `logins` are by the URN of their proofs."""
    apps = {
        str(step.old_inputs.get("consumerKey") or ""): step for step in component.steps if path_of(step.urn) == "app"
    }
    found = []
    for step in component.steps:
        seen = logins.get(step.urn)
        app = apps.get(str(step.old_inputs.get("consumerKey") or ""))
        if seen is not None and app is not None:
            found.append(_use(step, app, seen))
    return tuple(sorted(found, key=lambda each: each.generation))


def _use(grant: Step, app: Step, seen: SeenLogins | str) -> RetiringUse:
    number = int(tail) if (tail := grant.name.rpartition("-")[2]).isdecimal() else 1
    name = str(app.old_inputs.get("name") or "")
    if isinstance(seen, str):
        return RetiringUse(generation=number, app=name, unseen=seen)
    label = str((app.new_outputs or app.old_outputs).get("label") or app.old_inputs.get("label") or name)
    username = str(grant.old_inputs.get("username") or "")
    uses = uses_of(seen.logins, label, username, seen.run)
    last = _last(uses.logins)
    last_elsewhere = _last([each for each in uses.logins if not uses.is_here(each, username)])
    shown = last_elsewhere or last
    days = timedelta(days=int(grant.old_inputs.get("unusedAfterDays") or UNUSED_AFTER_DAYS))
    unused_since = last_elsewhere.at if last_elsewhere else seen.logins.seen_since
    return RetiringUse(
        generation=number,
        app=name,
        last_use=shown.at if shown else None,
        username=shown.username if shown else "",
        address=shown.address if shown else "",
        elsewhere=last_elsewhere is not None,
        unused=seen.run[1] - unused_since > days,
        seen_since=seen.logins.seen_since,
    )


def _last(logins: list[AppLogin] | tuple[AppLogin, ...]) -> AppLogin | None:
    return max(logins, key=lambda each: each.at, default=None)

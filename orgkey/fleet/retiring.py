"""Retiring generations in the drift report: the last use of each, and whether it can go."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta

from orgkey.fleet.components import Component
from orgkey.fleet.digest import Step, path_of
from orgkey.fleet.findings import Action, Code
from orgkey.fleet.provider import SeenLogins
from orgkey.fleet.remedies import finding
from orgkey.fleet.report import Finding, RetiringUse
from orgkey.model.generations import number_of
from orgkey.model.grant import UNUSED_AFTER_DAYS
from orgkey.provider.retired import uses_of
from orgkey.salesforce.app_logins import AppLogin

_NOT_SHOWN = (
    "A client that keeps its token logs in seldom, and the login history knows an app by its label: ask its owners too."
)


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
            found.append(_use(step, app, seen, {_label(each) for each in apps.values()}))
    return tuple(sorted(found, key=lambda each: each.generation))


def retiring_findings(component: str, uses: Sequence[RetiringUse]) -> Iterator[Finding]:
    """Which generations can be retired, as far as the org shows."""
    for use in uses:
        if not use.unused:
            continue
        days = use.unused_after_days
        says = f"generation {use.generation} ({use.app}) was not used in the last {days} day{'' if days == 1 else 's'}"
        found = finding(Code.CAN_BE_RETIRED, "", says, Action.RETIRE, details=(_last_seen(use), _NOT_SHOWN))
        yield found.model_copy(update={"component": component})


def _last_seen(use: RetiringUse) -> str:
    if use.last_use is None:
        return (
            f"No login through it is seen since {use.seen_since:%Y-%m-%d}." if use.seen_since else "No login is seen."
        )
    where = "" if use.elsewhere else ", which is where this check runs, as earlier ones may have"
    return f"The last login was on {use.last_use:%Y-%m-%d} by {use.username} from {use.address}{where}."


def _label(app: Step) -> str:
    return str((app.new_outputs or app.old_outputs).get("label") or app.old_inputs.get("label") or _name(app))


def _name(app: Step) -> str:
    return str(app.old_inputs.get("name") or "")


def _use(grant: Step, app: Step, seen: SeenLogins | str, labels: Collection[str]) -> RetiringUse:
    number = number_of(grant.name)
    name = _name(app)
    if isinstance(seen, str):
        return RetiringUse(generation=number, app=name, unseen=seen)
    username = str(grant.old_inputs.get("username") or "")
    uses = uses_of(seen.logins, _label(app), username, seen.run, labels)
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
        unused_after_days=days.days,
        seen_since=seen.logins.seen_since,
    )


def _last(logins: list[AppLogin] | tuple[AppLogin, ...]) -> AppLogin | None:
    return max(logins, key=lambda each: each.at, default=None)

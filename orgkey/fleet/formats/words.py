"""Words that several formats share."""

from __future__ import annotations

from orgkey.fleet.report import Finding, Report, RetiringUse, StackReport, Unknown, Verdict
from orgkey.metadata.members import Resource
from orgkey.model.ignore import ignorable

_REST, _REST_OF_COMPONENT = "the stack", "all of it"


def headline(report: Report) -> str:
    """One line: how many stacks, and how they are."""
    counted = [(verdict, report.count(verdict)) for verdict in Verdict]
    parts = ", ".join(f"{number} {verdict}" for verdict, number in counted if number)
    stacks = "1 stack" if len(report.stacks) == 1 else f"{len(report.stacks)} stacks"
    return f"{stacks}: {parts or 'none'}"


def org_of(each: StackReport, component: str = "") -> str:
    """The host of a stack's org, or of a component's, as people know it."""
    url = next((access.instance_url for access in each.components if access.name == component), "")
    return (url or each.instance_url).removeprefix("https://")


def orgs_of(each: StackReport) -> list[str]:
    """The hosts of a stack's orgs, each once."""
    return list(dict.fromkeys([org_of(each, access.name) for access in each.components] or [org_of(each)]))


def whose(each: StackReport, item: Finding | Unknown) -> str:
    """Which component something is of, as a sentence begins with it, and its org where there are several; empty in a stack of one."""
    if len(each.components) < 2 or not item.component:  # noqa: PLR2004 — several
        return ""
    where = f" in {org_of(each, item.component)}" if len(orgs_of(each)) > 1 else ""
    return f"{item.component}{where}: "


def rest_of(item: Unknown) -> str:
    """What could not be read: a path, or the whole component or stack."""
    return item.path or (_REST_OF_COMPONENT if item.component else _REST)


def place_of(found: Finding) -> str:
    """The property path as a sentence begins with it; empty where the summary says it better."""
    return "" if found.path.endswith(".otherParts") or not found.path else f"{found.path}: "


def commands(report: Report) -> list[str]:
    """What to type, for all stacks, each once."""
    return list(dict.fromkeys(command for each in report.stacks for command in each.commands))


def can_be_ignored(path: str) -> bool:
    """Whether `orgkey:ignore` takes this path: properties that a stack declares, and not what only the org or the state has."""
    part, _, name = path.partition(".")
    return any(name in ignorable(kind).get(part, ()) for kind in (Resource.EXTERNAL_CLIENT_APP, Resource.CONNECTED_APP))


def retiring(report: Report) -> list[str]:
    """A line for each generation that is still accepted: who used it last, as far as the org tells."""
    return [
        f"{each.stack}: {use_of(use)}"
        for each in report.stacks
        for access in each.components
        for use in access.retiring
    ]


def use_of(use: RetiringUse) -> str:
    """What is known of a retiring generation's use."""
    what = f"generation {use.generation} ({use.app}) is retiring"
    if use.unseen:
        return f"{what}; who uses it is not shown: {use.unseen}"
    end = ". It can be retired" if use.unused else ""
    if use.last_use is None:
        since = f" since {use.seen_since:%Y-%m-%d}" if use.seen_since else ""
        return f"{what}; no login through it is seen{since}{end}"
    where = "" if use.elsewhere else ", which is where this check runs, as earlier ones may have"
    return f"{what}; last used {use.last_use:%Y-%m-%d %H:%M:%S}Z by {use.username} from {use.address}{where}{end}"

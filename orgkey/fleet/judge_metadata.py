"""Findings about an app or a permission set: by the field table, and what that does not know."""

from __future__ import annotations

from collections.abc import Iterator

from orgkey.fleet.digest import Step, path_of
from orgkey.fleet.findings import Action, Code, Severity
from orgkey.fleet.judge_parts import judge_parts
from orgkey.fleet.remedies import finding
from orgkey.fleet.report import Finding
from orgkey.fleet.shown import listed, shown
from orgkey.metadata.certificate import fingerprint
from orgkey.metadata.compare import Difference, differences
from orgkey.metadata.fields import Loosens
from orgkey.metadata.members import RESOURCE_MEMBERS, Resource
from orgkey.provider.urn import type_name

_PRE_AUTHORIZATION = frozenset({"permissionSets", "profiles"})


def judge_metadata(step: Step) -> Iterator[Finding]:
    """Whose setting, owner or part differs."""
    resource, part = Resource(type_name(step.type)), path_of(step.urn)
    changed = {path.split("[")[0].split(".")[0] for path in step.changed}
    for difference in differences(resource, step.old_inputs, step.new_inputs):
        if difference.path in changed:
            yield from _judge_setting(part, difference)
    if "managedBy" in changed:
        manager = str(step.new_inputs.get("managedBy") or "")
        whose = f"names {manager}" if manager else "is gone"
        yield finding(
            Code.OWNER_CHANGED,
            f"{part}.managedBy",
            f"the ownership marker {whose}",
            Action.FIND_OWNER,
            values=(step.old_inputs.get("managedBy"), manager),
        )
    if "claimFound" in changed:
        yield finding(
            Code.OWNER_CHANGED,
            f"{part}.claim",
            "another resource of this stack has taken it over, or this one's takeover is not written yet",
            Action.TAKE_OVER,
            values=(step.old_outputs.get("claim"), step.new_outputs.get("claimFound")),
        )
    if "members" in changed:
        yield from _judge_missing_members(step, resource, part)
    if "otherParts" in changed:
        yield from judge_parts(step, resource, part)


def _judge_setting(part: str, difference: Difference) -> Iterator[Finding]:
    path = f"{part}.{difference.path}"
    if difference.path in _PRE_AUTHORIZATION:
        extra = difference.added
        for name in extra:
            yield finding(Code.EXTRA_PRE_AUTHORIZATION, path, f"{name} is pre-authorized", values=(None, name))
        lost = difference.removed
        if lost:
            yield finding(Code.SETTING_CHANGED, path, f"no longer pre-authorized: {listed(lost)}", values=(lost, None))
        return
    if difference.path == "certificatePem":
        yield _certificate_replaced(path, str(difference.before or ""), str(difference.after or ""))
        return
    values = (difference.before, difference.after)
    says = f"{difference.path} is {shown(difference.after)}, declared {shown(difference.before)}"
    if difference.loosens:
        more = difference.added if difference.field.loosens is Loosens.WHEN_MORE else []
        says = f"{difference.path} has more: {listed(more)}" if more else says
        code = Code.EXTRA_GRANT if part == "permissionSet" else Code.POLICY_LOOSENED
        yield finding(code, path, says, values=values)
    else:
        severity = Severity.LOW if difference.field.loosens is None and not difference.replaces else None
        yield finding(Code.SETTING_CHANGED, path, says, values=values, severity=severity)


def _certificate_replaced(path: str, declared: str, found: str) -> Finding:
    """Certificates are told by their fingerprints: nobody reads PEM."""
    expected, actual = fingerprint(declared), fingerprint(found)
    has = (
        f"trusts the certificate {actual}, not {expected}" if actual else f"has no certificate; {expected} is declared"
    )
    return finding(Code.CERTIFICATE_REPLACED, path, f"the app {has}", values=(expected or None, actual or None))


def _judge_missing_members(step: Step, resource: Resource, part: str) -> Iterator[Finding]:
    for name in RESOURCE_MEMBERS[resource]:
        if name not in (step.new_outputs.get("members") or ()):
            says = f"the app's {name} is not there any more"
            yield finding(Code.MISSING, f"{part}.members", says, values=(name, None))

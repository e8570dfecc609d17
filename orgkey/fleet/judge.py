"""From what a look saw to findings: pure rules over the engine's digest, the field table and the error table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from lxml import etree

from metadata.compare import Difference, differences
from metadata.fields import Looser
from metadata.members import Resource
from orgkey.fleet.digest import Digest, Step
from orgkey.fleet.findings import KINDS, Code, Severity
from orgkey.fleet.report import Certificate, Finding
from orgkey.provider.urn import Urn, type_name
from orgkey.salesforce.error_table import GRANT, find_row

PARTS: Mapping[str, str] = {
    "KeyPair": "key",
    "PermissionSet": "permissionSet",
    "PermissionSetAssignments": "assignments",
    "ConnectedApp": "app",
    "ExternalClientApp": "app",
    "JwtGrant": "grant",
}
"""What property paths begin with, by resource; the same words as in `orgkey:ignore`."""

_UP = "`pulumi up` puts it back"
_PRE_AUTHORIZATION = frozenset({"permissionSets", "profiles"})
_SHOWN = 8  # items of a list in a summary


def judge(
    digest: Digest, *, now: datetime, expiring_within: timedelta, unread: Collection[str] = ()
) -> tuple[Finding, ...]:
    """List what is not as declared, the worst first.

    `expiring_within` is how long before its end a certificate is a finding. Resources whose URN is in `unread` are not judged: what the
    digest has of them is the state's, and nobody has looked.
    """
    found = [finding for step in digest.steps if step.urn not in unread for finding in _judge_step(step, now)]
    found += _certificate_findings(digest, now, expiring_within)
    if not digest.errors and not any(_part(step) == "grant" for step in digest.steps):
        found.append(
            _finding(
                Code.NOT_DEPLOYED,
                "grant",
                "the stack has no proven login in its state",
                "run `pulumi up` for this stack",
            )
        )
    if _is_missing(found, "permissionSet"):  # nobody can hold a set that is gone: one finding says it
        found = [each for each in found if not (each.code is Code.MISSING and each.path == "assignments")]
    before, after = _org_ids(digest)
    if before and after and before[:15] != after[:15]:
        found = [_refreshed(before, after, found)]
    return tuple(sorted(found, key=lambda each: (-each.severity.rank, each.path)))


def org_of(digest: Digest) -> tuple[str, str]:
    """Instance URL and id of the org, as far as the look knows them."""
    url = next((str(step.old_inputs.get("instanceUrl") or "") for step in digest.steps if _part(step) == "grant"), "")
    before, after = _org_ids(digest)
    return url, after or before


def certificate_of(digest: Digest) -> Certificate | None:
    """The certificate in state."""
    outputs = next((step.new_outputs or step.old_outputs for step in digest.steps if _part(step) == "key"), {})
    if not all(outputs.get(name) for name in ("notAfter", "renewAt", "certificateFingerprint")):
        return None
    return Certificate(
        not_after=datetime.fromisoformat(str(outputs["notAfter"])),
        renew_at=datetime.fromisoformat(str(outputs["renewAt"])),
        fingerprint=str(outputs["certificateFingerprint"]),
    )


def path_of(urn: str) -> str:
    """What a resource is called in property paths: its part, or its own name where it is none of ours."""
    resource = Urn.parse(urn)
    return PARTS.get(resource.type_name, resource.name)


def _judge_step(step: Step, now: datetime) -> Iterator[Finding]:
    part = _part(step)
    if step.gone:
        what = (
            f"{type_name(step.type)} {step.old_inputs.get('name') or step.old_inputs.get('permissionSet') or step.name}"
        )
        yield _finding(Code.MISSING, part, f"{what} is not there any more", _UP)
        return
    judges: Mapping[str, Callable[[Step], Iterator[Finding]]] = {
        "app": _judge_metadata,
        "permissionSet": _judge_metadata,
        "assignments": partial(_judge_assignments, now=now),
        "grant": _judge_grant,
        "key": _judge_key,
    }
    yield from judges.get(part, _judge_other)(step)


def _judge_metadata(step: Step) -> Iterator[Finding]:
    resource, part = Resource(type_name(step.type)), _part(step)
    changed = {path.split("[")[0].split(".")[0] for path in step.changed}
    for difference in differences(resource, step.old_inputs, step.new_inputs):
        if difference.path in changed:
            yield from _judge_setting(part, difference)
    if "managedBy" in changed:
        theirs = str(step.new_inputs.get("managedBy") or "")
        whose = f"names {theirs}" if theirs else "is gone"
        yield _finding(
            Code.OWNER_CHANGED,
            f"{part}.managedBy",
            f"the ownership marker {whose}",
            "find out who else manages it; `pulumi up` writes this stack's marker again",
            values=(step.old_inputs.get("managedBy"), theirs),
        )
    if "claimFound" in changed:
        yield _finding(
            Code.OWNER_CHANGED,
            f"{part}.claim",
            "another resource of this stack has taken it over, or this one's takeover is not written yet",
            "`pulumi up` takes it over again; `pulumi stack` shows whether the state has two resources for it",
            values=(step.old_outputs.get("claim"), step.new_outputs.get("claimFound")),
        )
    if "otherParts" in changed:
        yield from _judge_other_parts(step, resource, part)


def _judge_setting(part: str, difference: Difference) -> Iterator[Finding]:
    path = f"{part}.{difference.path}"
    if difference.path in _PRE_AUTHORIZATION:
        extra = _added(difference.before, difference.after)
        for name in extra:
            yield _finding(Code.EXTRA_PRE_AUTHORIZATION, path, f"{name} is pre-authorized", _UP, values=(None, name))
        lost = _added(difference.after, difference.before)
        if lost:
            yield _finding(
                Code.SETTING_CHANGED, path, f"no longer pre-authorized: {_listed(lost)}", _UP, values=(lost, None)
            )
        return
    values = (difference.before, difference.after)
    says = f"{difference.path} is {_shown(difference.after)}, declared {_shown(difference.before)}"
    if difference.loosens:
        added = _added(difference.before, difference.after) if difference.field.looser is Looser.WHEN_MORE else []
        says = f"{difference.path} has more: {_listed(added)}" if added else says
        code = Code.EXTRA_GRANT if part == "permissionSet" else Code.POLICY_LOOSENED
        yield _finding(code, path, says, _UP, values=values)
    else:
        severity = Severity.LOW if difference.field.looser is None and not difference.replaces else None
        yield _finding(Code.SETTING_CHANGED, path, says, _UP, values=values, severity=severity)


def _judge_other_parts(step: Step, resource: Resource, part: str) -> Iterator[Finding]:
    """Parts that the field table does not know: on a permission set each is a grant to all its holders."""
    carried = step.new_outputs.get("carriedOver") or step.old_outputs.get("otherParts") or ()
    known = {str(item.get("xml")) for item in carried}
    there = step.new_outputs.get("otherParts") or ()
    code = Code.EXTRA_GRANT if resource is Resource.PERMISSION_SET else Code.SETTING_CHANGED
    added = [item for item in there if str(item.get("xml")) not in known]
    for item in added:
        yield _finding(code, f"{part}.otherParts", f"{_tag(item)} was added", _UP, values=(None, _tag(item)))
    if not added:
        yield _finding(Code.SETTING_CHANGED, f"{part}.otherParts", "a part that was carried over was taken away", _UP)


def _judge_assignments(step: Step, *, now: datetime) -> Iterator[Finding]:
    part, permission_set = _part(step), step.old_inputs.get("permissionSet")
    declared, found = (_users(side.get("users")) for side in (step.old_inputs, step.new_inputs))
    changed = {path.split("[")[0].split(".")[0] for path in step.changed}
    if "users" in changed or "assignments" in changed:
        for user in sorted(declared.keys() - found.keys()):
            says = f"{declared[user]} does not hold {permission_set}"
            yield _finding(Code.MISSING_ASSIGNEE, f"{part}.users", says, _UP, values=(declared[user], None))
        for user in sorted(found.keys() - declared.keys()):
            says = f"{found[user]} holds {permission_set}"
            yield _finding(
                Code.EXTRA_ASSIGNEE,
                f"{part}.users",
                says,
                "declare the user in orgkey:users, or let `pulumi up` take the set from it",
                values=(None, found[user]),
            )
    if "groups" in changed:
        yield from _missing_from_groups(step, part, now)
    for name in sorted(changed - {"users", "assignments", "groups"}):
        yield _changed(part, name, step.old_inputs.get(name), step.new_inputs.get(name))


def _missing_from_groups(step: Step, part: str, now: datetime) -> Iterator[Finding]:
    members = {
        (str(item.get("username")).lower(), str(item.get("group")).lower())
        for item in step.new_outputs.get("assignments") or ()
        if not item.get("expires") or datetime.fromisoformat(str(item["expires"])) > now
    }
    for user in step.old_inputs.get("users") or ():
        for group in step.old_inputs.get("groups") or ():
            if (user.lower(), group.lower()) not in members:
                says = f"{user} is not in the permission set group {group}"
                yield _finding(Code.MISSING_ASSIGNEE, f"{part}.groups", says, _UP, values=(user, None))


def _judge_grant(step: Step) -> Iterator[Finding]:
    if step.new_outputs.get("verified") is not False:
        return
    reason = str(step.new_outputs.get("reason") or "")
    code, _, text = reason.partition(": ")
    row = find_row(GRANT, code, text)
    yield _finding(
        Code.LOGIN_FAILS,
        _part(step),
        f"{step.old_inputs.get('username')}: the org answers {reason}",
        row.remedy if row else "look at the user's login history in the org",
        values=(True, False),
        details=(f"{row.meaning[0].upper()}{row.meaning[1:]}.",) if row else (),
    )


def _judge_key(step: Step) -> Iterator[Finding]:
    if "renewalDue" in step.changed:
        renew_at = str(step.new_outputs.get("renewAt"))[:10]
        yield _finding(
            Code.RENEWAL_DUE,
            "key.renewalDue",
            f"the certificate was to be renewed on {renew_at}",
            "`pulumi up` renews it: same key, same consumer key",
        )
    for name in sorted(set(step.changed) - {"renewalDue"}):
        yield _changed("key", name, step.old_inputs.get(name), step.new_inputs.get(name))


def _judge_other(step: Step) -> Iterator[Finding]:
    for path in step.changed:
        yield _finding(Code.SETTING_CHANGED, f"{_part(step)}.{path}", f"{path} changed", _UP)


def _certificate_findings(digest: Digest, now: datetime, within: timedelta) -> Iterator[Finding]:
    certificate = certificate_of(digest)
    if certificate is None or certificate.not_after - now > within:
        return
    days = (certificate.not_after - now).days
    ended = certificate.not_after <= now
    when = f"{'ended' if ended else 'ends'} on {certificate.not_after:%Y-%m-%d}"
    yield _finding(
        Code.CERTIFICATE_EXPIRES,
        "key.notAfter",
        f"the certificate {when}" + ("" if ended else f", in {days} day{'' if days == 1 else 's'}"),
        "renew it: `pulumi up` when the renewal is due, or a new certificate of your own in orgkey:key",
        severity=Severity.CRITICAL if ended else None,
    )


def _refreshed(before: str, after: str, found: Sequence[Finding]) -> Finding:
    return _finding(
        Code.SANDBOX_REFRESHED,
        "",
        f"the org is {after} now, before it was {before}",
        "`pulumi up` puts everything back, with the same key pair and consumer key",
        values=(before, after),
        details=tuple(f"{each.path}: {each.summary}" for each in found),
    )


def _finding(
    code: Code,
    path: str,
    summary: str,
    remedy: str,
    *,
    values: tuple[Any, Any] = (None, None),
    severity: Severity | None = None,
    details: Sequence[str] = (),
) -> Finding:
    return Finding(
        code=code,
        severity=severity or KINDS[code].severity,
        path=path,
        summary=summary,
        remedy=remedy,
        declared=values[0],
        found=values[1],
        details=tuple(details),
    )


def _changed(part: str, name: str, declared: Any, found: Any) -> Finding:
    says = f"{name} is {_shown(found)}, declared {_shown(declared)}"
    return _finding(Code.SETTING_CHANGED, f"{part}.{name}", says, _UP, values=(declared, found))


def _part(step: Step) -> str:
    return path_of(step.urn)


def _is_missing(found: Sequence[Finding], part: str) -> bool:
    return any(each.code is Code.MISSING and each.path == part for each in found)


def _org_ids(digest: Digest) -> tuple[str, str]:
    """The org's id in state, and the one that the look met: another where a sandbox was refreshed."""
    known = [
        (str(step.old_outputs.get("orgId") or ""), str(step.new_outputs.get("orgId") or "")) for step in digest.steps
    ]
    moved = [pair for pair in known if all(pair) and pair[0][:15] != pair[1][:15]]
    return next(iter([*moved, *(pair for pair in known if pair[0])]), ("", ""))


def _users(value: Any) -> dict[str, str]:
    return {str(user).lower(): str(user) for user in value or ()}


def _added(before: Any, after: Any) -> list[Any]:
    old = list(before or ()) if not isinstance(before, str) else [before]
    return [item for item in (after or ()) if item not in old] if not isinstance(after, str) else [after]


def _listed(items: Sequence[Any]) -> str:
    shown = [_shown(item) for item in items[:_SHOWN]]
    return ", ".join(shown) + (f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else "")


def _shown(value: Any) -> str:
    """A value for people."""
    match value:
        case None | "" | [] | ():
            return "nothing"
        case bool():
            return "on" if value else "off"
        case list() | tuple():
            return _listed(value)
        case Mapping():
            return "-".join(str(value[name]) for name in ("start", "end") if name in value)
    return str(value)


def _tag(part: Mapping[str, Any]) -> str:
    """What an unknown part is: its element and what it names (`userPermissions ApiEnabled`); the XML itself may be long."""
    try:
        element = etree.fromstring(str(part.get("xml") or ""), etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError:
        return str(part.get("path") or "a part")
    texts = [text for child in element.iter() if (text := (child.text or "").strip())]
    named = [text for text in texts if text not in {"true", "false"}][:2]
    return " ".join([etree.QName(element).localname, *named])

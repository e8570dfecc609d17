"""From what a check saw to findings: pure rules over the engine's digest, the field table and the error table.

Each component is judged by itself; what to do is settled over all of them, since one `pulumi up` is for the whole stack.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from orgkey.fleet.components import Component
from orgkey.fleet.digest import Digest, Step, path_of
from orgkey.fleet.findings import STOPS_UP, Action, Code, Severity
from orgkey.fleet.judge_assignments import judge_assignments
from orgkey.fleet.judge_metadata import judge_metadata
from orgkey.fleet.remedies import Unread, changed_value, finding, settle
from orgkey.fleet.report import Certificate, Finding, GenerationCertificate
from orgkey.metadata.identifiers import name_key, same_id
from orgkey.model.generations import number_of
from orgkey.model.secret_texts import HIDDEN
from orgkey.provider.login_diagnosis import command_for
from orgkey.provider.registry import PACKAGE
from orgkey.provider.urn import type_name
from orgkey.salesforce.error_table import GRANT, find_row

_HOLDS_IT = (
    "the user is declared and holds the permission set, and the app is linked to it: wait a minute and look again; "
    "if it stays, look at the user's login history in the org"
)


def judge(
    digest: Digest,
    components: Sequence[Component],
    *,
    now: datetime,
    expiring_within: timedelta,
    unread: Collection[str] = (),
    partly_read: Collection[str] = (),
) -> tuple[Finding, ...]:
    """List what is not as declared, the worst first.

    `expiring_within` is how long before its end a certificate is a finding. Resources whose URN is in `unread` are not judged: what the
    digest has of them is the state's, and nobody has looked. Of those in `partly_read` something was not shown.
    """
    found, missed = [], [Unread(None)] if digest.errors else []
    for component in components:
        judged = _judge_component(component, now, expiring_within, unread)
        if not component.deployed and not digest.errors:
            says = "the stack has no proven login in its state"
            judged.append(finding(Code.NOT_DEPLOYED, "grant", says, Action.DEPLOY))
        found += [each.model_copy(update={"component": component.name}) for each in judged]
        urns = {step.urn for step in component.steps}
        missed += [Unread(component.name)] * bool(urns.intersection(unread))
        missed += [Unread(component.name, fails_up=False)] * bool(urns.intersection(partly_read))
    for step in digest.steps:  # resources of other providers
        if step.custom and not step.type.startswith((f"{PACKAGE}:", "pulumi:")):
            found += _judge_other(step)
    return tuple(
        sorted(settle(found, missed), key=lambda each: (-each.severity.rank, each.component, each.path, each.summary))
    )


def org_of(component: Component) -> tuple[str, str]:
    """Instance URL and id of a component's org, as far as the check knows them."""
    grants = (step for step in component.steps if path_of(step.urn) == "grant")
    before, after = _org_ids(component.steps)
    return next((str(_known(step.old_inputs.get("instanceUrl")) or "") for step in grants), ""), after or before


def certificate_of(component: Component) -> Certificate | None:
    """The certificate in state; of several the one that ends first."""
    read = (_certificate_in(step) for step in component.steps if path_of(step.urn) == "key")
    return min((each for each in read if each), key=lambda each: each.not_after, default=None)


def certificates_of(component: Component) -> tuple[GenerationCertificate, ...]:
    """The certificates in state by generation, the current one first; empty where there is one generation."""
    declared = _declared(component)
    found = {
        number_of(step.name): certificate
        for step in component.steps
        if path_of(step.urn) == "key" and (certificate := _certificate_in(step))
    }
    return tuple(
        GenerationCertificate(**found[number].model_dump(), generation=number, retiring=index > 0)
        for index, number in enumerate(declared)
        if number in found and len(declared) > 1
    )


def _declared(component: Component) -> tuple[int, ...]:
    """The numbers of its declared generations, the current one first; empty where the state does not tell."""
    return next((numbers for step in component.steps if (numbers := _generations_in(step))), ())


def _generations_in(step: Step) -> tuple[int, ...]:
    """The numbers of the declared generations, as a proof has them in state."""
    given = step.old_inputs.get("generations")
    return tuple(map(int, given)) if path_of(step.urn) == "grant" and isinstance(given, list | tuple) else ()


def _judge_component(
    component: Component, now: datetime, expiring_within: timedelta, unread: Collection[str]
) -> list[Finding]:
    steps = [step for step in component.steps if step.urn not in unread]
    gone = {
        name_key(str(step.old_inputs.get("name")))
        for step in steps
        if step.gone and path_of(step.urn) == "permissionSet"
    }
    found = [
        each
        for step in steps
        if not _goes_with(step, gone)
        for each in _judge_step(step, now, holds_it=_holds_it(step, component))
    ]
    for step in component.steps:
        if path_of(step.urn) == "key":
            retiring = number_of(step.name) in _declared(component)[1:]
            found += _certificate_findings(step, now, expiring_within, retiring=retiring)
    before, after = _org_ids(steps)
    if before and after and not same_id(before, after):
        own = [each for each in found if _is_no_work_of_a_refresh(each)]
        rest = [each for each in found if each not in own]
        found = [_refreshed(before, after, sorted(rest, key=lambda each: (-each.severity.rank, each.path))), *own]
    return found


def _is_no_work_of_a_refresh(each: Finding) -> bool:
    """Whether it is no part of what a refresh did to an org, and asks for something of its own."""
    return each.path.startswith("key.") or each.action in {Action.MEND_USER, *STOPS_UP}


def _goes_with(step: Step, gone: Collection[str]) -> bool:
    """Nobody can hold a set that is gone: one finding says it."""
    return (
        step.gone and path_of(step.urn) == "assignments" and name_key(str(step.old_inputs.get("permissionSet"))) in gone
    )


def _judge_step(step: Step, now: datetime, *, holds_it: bool) -> Iterator[Finding]:
    part = path_of(step.urn)
    if step.gone:
        what = (
            f"{type_name(step.type)} {step.old_inputs.get('name') or step.old_inputs.get('permissionSet') or step.name}"
        )
        yield finding(Code.MISSING, part, f"{what} is not there any more")
        return
    judges: Mapping[str, Callable[[Step], Iterator[Finding]]] = {
        "app": judge_metadata,
        "permissionSet": judge_metadata,
        "assignments": partial(judge_assignments, now=now),
        "grant": partial(_judge_grant, holds_it=holds_it),
        "key": _judge_key,
    }
    if part in {"key", "grant"}:  # they look at no list: what a key pair hides is its own key
        yield from judges[part](step)
        return
    yield from judges.get(part, _judge_other)(_without_secrets(step))
    for name in dict.fromkeys(path.split("[")[0].split(".")[0] for path in step.changed):
        if name in _secret_names(step):
            says = f"{name} changed; what it is and was is a secret"
            yield finding(Code.SETTING_CHANGED, f"{part}.{name}", says, severity=Severity.HIGH)


def _secret_names(step: Step) -> set[str]:
    """Properties of which the engine shows that they are secret, and nothing else."""
    sides = (step.old_inputs, step.new_inputs, step.old_outputs, step.new_outputs)
    return {name for side in sides for name, value in side.items() if _is_hidden(value)}


def _known(value: object) -> object:
    return None if _is_hidden(value) else value


def _is_hidden(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_is_hidden, value.values()))
    return any(map(_is_hidden, value)) if isinstance(value, list | tuple) else value == HIDDEN


def _without_secrets(step: Step) -> Step:
    """The step as far as its values are known: `[secret]` is no list of users."""
    hidden = _secret_names(step)
    if not hidden:
        return step

    def known(values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if name not in hidden}

    return replace(
        step,
        changed=tuple(path for path in step.changed if path.split("[")[0].split(".")[0] not in hidden),
        old_inputs=known(step.old_inputs),
        old_outputs=known(step.old_outputs),
        new_inputs=known(step.new_inputs),
        new_outputs=known(step.new_outputs),
    )


def _judge_grant(step: Step, *, holds_it: bool) -> Iterator[Finding]:
    verified = step.new_outputs.get("verified")
    if step.old_inputs.get("blocked"):
        if verified is True:
            yield _not_blocked(step)
        return
    if verified is not False:
        return
    code, text = (str(step.new_outputs.get(name) or "") for name in ("reasonCode", "reason"))
    row = find_row(GRANT, code, text)
    advice = row.remedy if row else "look at the user's login history in the org"
    if code == "invalid_app_access" and holds_it:
        advice = _HOLDS_IT
    action = Action.UP_FOR_LOGIN if "`pulumi up`" in advice else Action.MEND_ACCESS
    action = Action.MEND_USER if row and row.outside else action
    yield finding(
        Code.LOGIN_FAILS,
        path_of(step.urn),
        f"{_known(step.old_inputs.get('username')) or 'the integration user'}: the org answers {f'{code}: {text}' if code else text}",
        action,
        values=(True, False),
        details=(
            *((f"{row.meaning[0].upper()}{row.meaning[1:]}.",) if row else ()),
            *((f"Why: {why}.",) if (why := str(step.new_outputs.get("diagnosis") or "")) else ()),
            f"`{command_for(step.urn)}` shows it all.",
        ),
        advice=advice,
    )


def _not_blocked(step: Step) -> Finding:
    who = _known(step.old_inputs.get("username")) or "the integration user"
    return finding(
        Code.LOGIN_FAILS,
        path_of(step.urn),
        f"{who}: the app is declared to be blocked, and the login works",
        Action.MEND_ACCESS,
        values=(False, True),
        advice="run `pulumi up`: it blocks the app again and ends its sessions",
    )


def _holds_it(step: Step, component: Component) -> bool:
    """Whether the user of a grant is declared among those who hold the permission set."""
    user = name_key(str(step.old_inputs.get("username") or ""))
    return any(
        user in {name_key(str(name)) for name in each.old_inputs.get("users") or ()}
        for each in component.steps
        if path_of(each.urn) == "assignments"
    )


def _judge_key(step: Step) -> Iterator[Finding]:
    if "renewalDue" in step.changed and not _is_own(step):
        renew_at = str(step.new_outputs.get("renewAt"))[:10]
        yield finding(
            Code.RENEWAL_DUE, "key.renewalDue", f"the certificate was to be renewed on {renew_at}", Action.RENEW
        )
    for name in sorted(set(step.changed) - {"renewalDue"}):
        yield changed_value("key", name, step.old_inputs.get(name), step.new_inputs.get(name))


def _is_own(step: Step) -> bool:
    """Whether the key pair is the user's own, which no `up` renews."""
    return bool(step.old_inputs.get("privateKeyPem"))


def _judge_other(step: Step) -> Iterator[Finding]:
    for path in step.changed:
        yield finding(Code.SETTING_CHANGED, f"{path_of(step.urn)}.{path}", f"{path} changed")


def _certificate_in(step: Step) -> Certificate | None:
    outputs = step.new_outputs or step.old_outputs
    if not all(outputs.get(name) for name in ("notAfter", "renewAt", "certificateFingerprint")):
        return None
    return Certificate(
        not_after=datetime.fromisoformat(str(outputs["notAfter"])),
        renew_at=datetime.fromisoformat(str(outputs["renewAt"])),
        fingerprint=str(outputs["certificateFingerprint"]),
    )


def _certificate_findings(step: Step, now: datetime, within: timedelta, *, retiring: bool) -> Iterator[Finding]:
    certificate = _certificate_in(step)
    if certificate is None or certificate.not_after - now > within:
        return
    days = (certificate.not_after - now).days
    ended = certificate.not_after <= now
    when = f"{'ended' if ended else 'ends'} on {certificate.not_after:%Y-%m-%d}"
    if _is_own(step) and retiring:
        action = Action.RETIRE_ENDED if ended else Action.RETIRE_BEFORE_END
    elif _is_own(step):
        action = Action.REPLACE_ENDED_CERTIFICATE if ended else Action.REPLACE_CERTIFICATE
    elif "renewalDue" in step.changed or certificate.renew_at <= now:
        action = Action.RENEW
    else:
        action = Action.RENEW_LATER
    yield finding(
        Code.CERTIFICATE_EXPIRES,
        "key.notAfter",
        f"the certificate {when}" + ("" if ended else f", in {days} day{'' if days == 1 else 's'}"),
        action,
        severity=Severity.CRITICAL if ended else None,
        renew_at=f"{certificate.renew_at:%Y-%m-%d}",
    )


def _refreshed(before: str, after: str, found: Sequence[Finding]) -> Finding:
    return finding(
        Code.SANDBOX_REFRESHED,
        "",
        f"the org is {after} now, before it was {before}",
        Action.RESTORE,
        values=(before, after),
        details=tuple(f"{each.path}: {each.summary}" for each in found),
    )


def _org_ids(steps: Sequence[Step]) -> tuple[str, str]:
    """The org's id in state, and the one that the check met: another where a sandbox was refreshed."""
    known = [(str(step.old_outputs.get("orgId") or ""), str(step.new_outputs.get("orgId") or "")) for step in steps]
    moved = [pair for pair in known if all(pair) and not same_id(pair[0], pair[1])]
    return next(iter([*moved, *(pair for pair in known if pair[0])]), ("", ""))

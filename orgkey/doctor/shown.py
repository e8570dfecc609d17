"""The evidence in lines, as people read it: what is right, what is wrong, what was not seen. Nothing secret is in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from orgkey.doctor import clocks
from orgkey.doctor import evidence as seen
from orgkey.doctor.causes.cause import shortened
from orgkey.doctor.facts import AppFacts, Facts, UserFacts
from orgkey.doctor.three_values import Seen

_LINES = 5


class Mark(StrEnum):
    """How a piece of evidence stands with the login."""

    RIGHT = "right"
    WRONG = "wrong"
    NOTE = "note"


Line = tuple[str, Mark, str]
"""What it is about, how it stands, what was seen."""


def evidence_lines(facts: Facts) -> list[Line]:
    """Everything that was seen, in the order in which a login comes by."""
    return [*_key(facts), *_host(facts), *_answers(facts), *_org(facts), *_app(facts), *_user(facts)]


def _key(facts: Facts) -> Iterator[Line]:
    key = facts.key
    if key.problem:
        yield "private key", Mark.WRONG, f"it {key.problem}"
    else:
        yield "private key", Mark.RIGHT, f"RSA, {key.bits} bits, public key SHA-256 {key.public_key_sha256[:16]}…"
    odd = seen.odd_consumer_key(facts)
    yield (
        "consumer key",
        Mark.WRONG if odd else Mark.NOTE,
        f"{shortened(facts.login.consumer_key)}{f': it {odd}' if odd else ''}",
    )


def _host(facts: Facts) -> Iterator[Line]:
    if facts.unreachable is not None:
        yield "host", Mark.WRONG, facts.unreachable.value
    if facts.host.is_salesforce is not None:
        right = facts.host.is_salesforce
        yield (
            "host",
            Mark.RIGHT if right else Mark.WRONG,
            "a Salesforce org" if right else "gives no OpenID configuration of an org",
        )
    if seen.called_otherwise(facts):
        yield "host", Mark.WRONG, f"the org calls itself {facts.host.own_address}"
    if facts.host.clock_ahead is not None:
        side = "ahead of" if facts.host.clock_ahead > 0 else "behind"
        mark = Mark.WRONG if clocks.clock_off(facts) else Mark.RIGHT
        yield "clock", mark, f"{abs(facts.host.clock_ahead):.0f} s {side} the org's"


def _answers(facts: Facts) -> Iterator[Line]:
    for each in facts.answers:
        said = f"{each.code}: {each.text}" if each.code else "a token"
        yield f"audience {each.audience}", Mark.WRONG if each.code else Mark.RIGHT, said
    if facts.failure and not any(each.code for each in facts.answers) and facts.answers:
        yield "API call", Mark.WRONG, facts.failure.in_short


def _org(facts: Facts) -> Iterator[Line]:
    org = facts.org
    if org is None:
        return
    replaced = seen.org_replaced(facts)
    yield (
        "org",
        Mark.WRONG if replaced else Mark.NOTE,
        f"{org.name}, {org.kind}, {org.org_id}" + (f" (the stack knows {facts.login.org_id})" if replaced else ""),
    )
    if org.api_access_control:
        yield "org", Mark.NOTE, "API Access Control is on"


def _app(facts: Facts) -> Iterator[Line]:
    if facts.apps is None:
        return
    app = facts.apps.app
    if app is None:
        yield "app", Mark.WRONG, _no_app(facts)
        if facts.apps.named:
            yield from _parts_of(facts, facts.apps.named)
        return
    kind = "External Client App" if app.kind == "external" else "Connected App"
    yield "app", Mark.RIGHT, f"{app.name} ({app.label}), {kind}, has the consumer key"
    if app.changed_at:
        yield "app", Mark.NOTE, f"last changed {_at(app.changed_at)}{f' by {app.changed_by}' if app.changed_by else ''}"
    yield from _parts_of(facts, app)


def _no_app(facts: Facts) -> str:
    assert facts.apps is not None  # noqa: S101 — the caller has looked
    if not facts.apps.complete:
        return "none of those that could be read has the consumer key"
    hidden = facts.apps.hidden
    of = f" (of the packages {', '.join(facts.apps.packages[:_LINES])})" if facts.apps.packages else ""
    return "no app has the consumer key" + (f"; {hidden} show theirs to nobody{of}" if hidden else "")


def _parts_of(facts: Facts, app: AppFacts) -> Iterator[Line]:
    if app.enabled is False:
        yield "app", Mark.WRONG, "it is switched off"
    if app.missing:
        yield "app", Mark.WRONG, f"it has no {', '.join(app.missing)}"
    if app.certificate:
        until = f"SHA-256 {app.certificate.fingerprint[:16]}…, until {app.certificate.not_after:%Y-%m-%d}"
        matches = seen.certificate_matches(facts)
        told = {True: "of this private key, ", False: "of another key, ", None: ""}[matches]
        mark = {True: Mark.RIGHT, False: Mark.WRONG, None: Mark.NOTE}[matches]
        if seen.certificate_ended(facts):
            yield "certificate", Mark.WRONG, "it has ended"
        yield "certificate", mark, f"{told}{until}"
    else:
        yield "certificate", Mark.NOTE, "the app has none, or the org does not show it"
    if app.scopes is not None:
        enough = "RefreshToken" in app.scopes and app.scopes - {"RefreshToken"}
        yield "scopes", Mark.RIGHT if enough else Mark.WRONG, ", ".join(sorted(app.scopes)) or "none"
    yield from _judged("policy", app.admin_approved, "admin-approved users only", "everybody who consents")
    if app.session_level == "HIGH_ASSURANCE":
        yield "policy", Mark.WRONG, "demands a high assurance session"
    if app.sender_bound:
        yield "policy", Mark.WRONG, f"demands more than a signed assertion: {', '.join(app.sender_bound)}"
    if app.links is not None:
        named = ", ".join(str(each.grantee) for each in app.links[:_LINES])
        more = f" and {len(app.links) - _LINES} more" if len(app.links) > _LINES else ""
        yield (
            "policy",
            Mark.RIGHT if app.links else Mark.WRONG,
            f"linked to {named}{more}" if named else "linked to nothing",
        )


def _user(facts: Facts) -> Iterator[Line]:
    if facts.user is None:
        return
    person = facts.user.user
    if person is None:
        similar = ", ".join(facts.user.similar[:_LINES])
        yield "user", Mark.WRONG, "the org has no user of that name" + (f"; it has {similar}" if similar else "")
        return
    yield (
        "user",
        Mark.RIGHT if person.active else Mark.WRONG,
        (f"{'active' if person.active else 'inactive'}, profile {person.profile}, licence {person.license}"),
    )
    for wrong, told in ((person.frozen, "frozen"), (person.password_locked, "locked by wrong passwords")):
        if wrong:
            yield "user", Mark.WRONG, told
    yield from _judged(
        "user", seen.preauthorized(facts), "holds what the app is linked to", "holds nothing that the app is linked to"
    )
    yield from _judged("user", person.api_enabled, "has API Enabled", "lacks API Enabled")
    yield from _limits(facts, person)
    lines = seen.lines_of_app(facts) if facts.app else person.history or ()
    for line in lines[:_LINES]:
        mark = Mark.RIGHT if line.worked else Mark.NOTE
        yield "login history", mark, f"{_time(line.time)} {line.application}: {line.status}, from {line.address}"
    if others := len(person.history or ()) - len(lines):
        yield "login history", Mark.NOTE, f"{others} newer or older lines are other apps'"


def _limits(facts: Facts, person: UserFacts) -> Iterator[Line]:
    if person.ip_ranges:
        ranges = ", ".join(f"{low} to {high}" for low, high in person.ip_ranges[:_LINES])
        outside = seen.outside_ranges(facts)
        yield "user", Mark.WRONG if outside else Mark.NOTE, f"the profile's IP ranges are {ranges}"
    if person.login_hours:
        outside = seen.outside_hours(facts)
        yield "user", Mark.WRONG if outside else Mark.NOTE, "the profile has login hours"


def _judged(about: str, right: Seen, yes: str, no: str) -> Iterator[Line]:
    if right is not None:
        yield about, Mark.RIGHT if right else Mark.WRONG, yes if right else no


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _time(text: str) -> str:
    at = seen.moment(text)
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else text

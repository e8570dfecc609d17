"""Questions that causes ask of the facts. True and False were seen; None means that it was not seen.

Kleene's three values (Introduction to Metamathematics, 64): what was not seen makes nothing certain, neither way.
"""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orgkey.doctor.facts import AppFacts, Facts, Held
from orgkey.metadata.identifiers import name_key, same_id

Seen = bool | None

SKEW = 120.0
"""Seconds by which two clocks may differ before that counts."""
CHANGE_WINDOW, NEW_WINDOW = timedelta(minutes=10), timedelta(minutes=30)
"""How long a change of an app, and a new External Client App, may take until a login sees it (platform notes 4.6)."""
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
API_INTEGRATION = "SalesforceAPIIntegrationPsl"
"""The permission set licence Salesforce API Integration, by developer name."""


def both(*seen: Seen) -> Seen:
    """All of them."""
    if any(each is False for each in seen):
        return False
    return None if any(each is None for each in seen) else True


def either(*seen: Seen) -> Seen:
    """At least one of them."""
    if any(each is True for each in seen):
        return True
    return None if any(each is None for each in seen) else False


def no(seen: Seen) -> Seen:
    """The contrary."""
    return None if seen is None else not seen


# --- key, clock, host


def clock_off(facts: Facts) -> Seen:
    """Whether this machine's clock and the org's are too far apart for an assertion of three minutes."""
    return None if facts.host.clock_ahead is None else abs(facts.host.clock_ahead) >= SKEW


def clock_behind(facts: Facts) -> Seen:
    """Whether an assertion arrives expired."""
    return None if facts.host.clock_ahead is None else facts.host.clock_ahead <= -SKEW


def another_audience_works(facts: Facts) -> bool:
    """Whether an audience that is not the configured one gave a token."""
    return facts.failure is not None and any(not each.code for each in facts.answers) and facts.proof is None


def odd_consumer_key(facts: Facts) -> str:
    """What is wrong with the consumer key as a text; empty for nothing."""
    key = facts.login.consumer_key
    if key != key.strip() or any(sign.isspace() for sign in key):
        return "has white space in it"
    if not key.isascii():
        return "has signs that no consumer key has"
    if len(key) < 8 or len(key) > 256:  # noqa: PLR2004 — the platform's limits (platform notes 1.3)
        return f"has {len(key)} characters; one has 8 to 256"
    if key.isdigit() or (len(key) == 64 and all(sign in "0123456789ABCDEFabcdef" for sign in key)):  # noqa: PLR2004
        return "looks like a consumer secret"
    return ""


# --- the app


def app_found(facts: Facts) -> Seen:
    """Whether the org has an app with the consumer key."""
    if facts.apps is None:
        return None
    if facts.apps.app is not None:
        return True
    return False if facts.apps.complete and not facts.apps.hidden else None


def certificate_matches(facts: Facts) -> Seen:
    """Whether the app's certificate is that of the private key."""
    app = facts.app
    if app is None or app.certificate is None or not facts.key.public_key_sha256:
        return None
    return app.certificate.public_key_sha256 == facts.key.public_key_sha256


def certificate_ended(facts: Facts) -> Seen:
    """Whether the app's certificate is past its end."""
    app = facts.app
    return None if app is None or app.certificate is None else app.certificate.not_after < facts.now


def changed_lately(facts: Facts) -> Seen:
    """Whether the app was changed so short a time ago that a login may not see it yet."""
    app = facts.app
    if app is None or app.changed_at is None:
        return None
    window = NEW_WINDOW if app.kind == "external" else CHANGE_WINDOW
    return facts.now - app.changed_at <= window


def admin_approved(facts: Facts) -> Seen:
    """Whether the app admits users whom an administrator approved, and nobody else."""
    return facts.app.admin_approved if facts.app else None


def app_enabled(facts: Facts) -> Seen:
    """Whether the app and its OAuth part are switched on."""
    return facts.app.enabled if facts.app else None


def has_scope(facts: Facts, *names: str) -> Seen:
    """Whether the app has one of the scopes."""
    return bool(facts.app.scopes & set(names)) if facts.app else None


def only_scopes(facts: Facts, *names: str) -> Seen:
    """Whether the app has no other scope than these."""
    return facts.app.scopes <= set(names) if facts.app else None


def sender_bound(facts: Facts) -> Seen:
    """Whether the app demands more than a bearer's assertion."""
    return None if facts.app is None or facts.app.sender_bound is None else bool(facts.app.sender_bound)


def high_assurance(facts: Facts) -> Seen:
    """Whether the app demands a session level that JWT bearer cannot reach."""
    return facts.app.session_level == "HIGH_ASSURANCE" if facts.app else None


def lost_oauth(facts: Facts) -> Seen:
    """Whether the expected app has lost its OAuth settings, as a sandbox refresh may leave it."""
    app = facts.app or (facts.apps.named if facts.apps else None)
    return None if app is None else any(part.startswith("ExtlClntAppGlobalOauth") for part in app.missing)


# --- the user


def user_found(facts: Facts) -> Seen:
    """Whether the org has a user of that name."""
    return None if facts.user is None else facts.user.user is not None


def active(facts: Facts) -> Seen:
    """Whether the user is active."""
    return facts.person.active if facts.person else None


def frozen(facts: Facts) -> Seen:
    """Whether the user is frozen."""
    return facts.person.frozen if facts.person else None


def password_locked(facts: Facts) -> Seen:
    """Whether wrong passwords have locked the user."""
    return facts.person.password_locked if facts.person else None


def linked(facts: Facts) -> Seen:
    """Whether the app is linked to any permission set or profile."""
    app = facts.app
    return None if app is None or app.links is None else bool(app.links)


def opening(facts: Facts) -> list[Held] | None:
    """What the user holds, or held, that the app is linked to."""
    app, person = facts.app, facts.person
    if app is None or app.links is None or person is None or person.held is None:
        return None
    names = {each.grantee.name.casefold() for each in app.links if not each.grantee.is_profile}
    return [each for each in person.held if each.name.casefold() in names]


def through_profile(facts: Facts) -> Seen:
    """Whether the app is linked to the user's profile."""
    app, person = facts.app, facts.person
    if app is None or app.links is None or person is None:
        return None
    return any(
        each.grantee.is_profile and name_key(each.grantee.name) == name_key(person.profile) for each in app.links
    )


def preauthorized(facts: Facts) -> Seen:
    """Whether the user holds something that the app is linked to, and it counts."""
    sets = opening(facts)
    return either(through_profile(facts), None if sets is None else any(not each.ended for each in sets))


def assignment_ended(facts: Facts) -> Seen:
    """Whether the user's only way in has ended."""
    sets = opening(facts)
    return both(no(preauthorized(facts)), None if sets is None else any(each.ended for each in sets))


def licensed_sets_only(facts: Facts) -> Seen:
    """Whether all that lets the user in carries a licence with which a set cannot hold apps (platform notes 3.1)."""
    sets = opening(facts)
    if sets is None or through_profile(facts) is None:
        return None
    counting = [each for each in sets if not each.ended]
    return bool(counting) and not through_profile(facts) and all(each.license == API_INTEGRATION for each in counting)


def consented(facts: Facts) -> Seen:
    """Whether the user has approved the app."""
    person, app = facts.person, facts.app
    if person is None or person.approved_apps is None or app is None:
        return None
    return app.label in person.approved_apps or app.name in person.approved_apps


def api_enabled(facts: Facts) -> Seen:
    """Whether the user has the permission API Enabled."""
    return facts.person.api_enabled if facts.person else None


def internal(facts: Facts) -> Seen:
    """Whether the user is one of the org's own people, not of a site."""
    return facts.person.user_type in ("", "Standard") if facts.person else None


def ip_enforced(facts: Facts) -> Seen:
    """Whether the app lets the profile's IP ranges hold."""
    return facts.app.ip_relaxation.lower().startswith("enforce") if facts.app else None


def our_address(facts: Facts) -> str:
    """The address from which the org sees us, as the newest line of the login history has it; empty where none tells."""
    person = facts.person
    lines = person.history if person and person.history else ()
    return lines[0].address if lines else ""


def outside_ranges(facts: Facts) -> Seen:
    """Whether the address from which we come is outside of the profile's ranges."""
    person = facts.person
    if person is None or person.ip_ranges is None:
        return None
    if not person.ip_ranges:
        return False
    try:
        address = ipaddress.ip_address(our_address(facts))
        ranges = [(ipaddress.ip_address(low), ipaddress.ip_address(high)) for low, high in person.ip_ranges]
    except ValueError:
        return None
    return not any(
        low.version == address.version == high.version and int(low) <= int(address) <= int(high) for low, high in ranges
    )


def outside_hours(facts: Facts) -> Seen:
    """Whether it is outside of the profile's login hours, by the org's time zone."""
    person, org = facts.person, facts.org
    if person is None or person.login_hours is None:
        return None
    if not person.login_hours:
        return False
    try:
        there = facts.now.astimezone(ZoneInfo(org.time_zone)) if org and org.time_zone else None
    except (ZoneInfoNotFoundError, ValueError):
        there = None
    if there is None:
        return None
    start, end = person.login_hours.get(_DAYS[there.weekday()], (0, 0))
    return not start <= there.hour * 60 + there.minute < end


# --- the org


def access_control(facts: Facts) -> Seen:
    """Whether API Access Control is on."""
    return facts.org.api_access_control if facts.org else None


def org_replaced(facts: Facts) -> Seen:
    """Whether the org has another id than the one that the stack knows: a sandbox was refreshed."""
    if not facts.login.org_id or facts.org is None:
        return None
    return not same_id(facts.login.org_id, facts.org.org_id)


def of_other_stack(facts: Facts) -> str:
    """The stack that has this consumer key, where it is another one's; empty where none is known."""
    return facts.login.keys_elsewhere.get(facts.login.consumer_key, "")


def all_in_order(facts: Facts) -> Seen:
    """Whether everything that a login needs was seen and is as it should be."""
    return both(
        app_found(facts),
        app_enabled(facts),
        certificate_matches(facts),
        user_found(facts),
        active(facts),
        no(frozen(facts)),
        admin_approved(facts),
        preauthorized(facts),
        no(licensed_sets_only(facts)),
        no(high_assurance(facts)),
        no(sender_bound(facts)),
        has_scope(facts, "RefreshToken"),
    )


def label_of(app: AppFacts | None) -> str:
    """How to call the app in a sentence."""
    return f"the app {app.name}" if app else "the app"

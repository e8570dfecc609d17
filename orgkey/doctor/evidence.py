"""Questions that causes ask of the facts. True and False were seen; None means that it was not seen."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orgkey.doctor.clocks import AGREE
from orgkey.doctor.facts import AppFacts, Facts, Held, LoginLine
from orgkey.doctor.three_values import Seen, both, either, no, only_if
from orgkey.metadata.identifiers import name_key, same_id

CHANGE_WINDOW, NEW_WINDOW = timedelta(minutes=10), timedelta(minutes=30)
"""How long a change of an app, and a new External Client App, may take until a login sees it (platform notes 4.6)."""
SETTLED = timedelta(minutes=45)
"""After which every login surely sees a change."""
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
IP_BINDING = "isIpBindingEnabled"
API_INTEGRATION = "SalesforceAPIIntegrationPsl"
"""The permission set licence Salesforce API Integration, by developer name."""


# --- key, clock, host


def another_audience_works(facts: Facts) -> bool:
    """Whether an audience that is not the configured one gave a token, or was refused for another reason than the audience."""
    failed = facts.failure
    refused = [each for each in facts.answers if failed and (each.code, each.text) == (failed.code, failed.text)]
    if not refused:
        return False
    about_audience = bool(refused[0].row and refused[0].row.audience)
    return any(not each.code or (about_audience and not (each.row and each.row.audience)) for each in facts.answers)


def called_otherwise(facts: Facts) -> Seen:
    """Whether the org calls itself by another address than it is asked at: its My Domain was renamed, or this is no org's own host."""
    own = facts.host.own_address
    return name_key(own) != name_key(facts.login.instance_url.rstrip("/")) if own else None


def odd_consumer_key(facts: Facts) -> str:
    """What is wrong with the consumer key as a text; empty for nothing."""
    key = facts.login.consumer_key
    if key != key.strip() or any(sign.isspace() for sign in key):
        return "has white space in it"
    if not key.isascii():
        return "has signs that no consumer key has"
    if len(key) < 8 or len(key) > 256:  # noqa: PLR2004 — the platform's limits (platform notes 1.3)
        return f"has {len(key)} characters; one has 8 to 256"
    if _like_secret(key):
        return "looks like a consumer secret"
    return ""


def malformed_key(facts: Facts) -> Seen:
    """Whether what was given cannot be the consumer key. One that only looks like a secret may have been chosen (platform notes 1.3)."""
    if not odd_consumer_key(facts):
        return False
    return no(app_found(facts)) if _like_secret(facts.login.consumer_key) else True


def _like_secret(key: str) -> bool:
    return key.isdigit() or (len(key) == 64 and all(sign in "0123456789ABCDEFabcdef" for sign in key))  # noqa: PLR2004


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


def only_the_clock(facts: Facts) -> Seen:
    """Whether nothing but a clock is left that may make an assertion with the right signature invalid."""
    return both(
        certificate_matches(facts),
        only_if(no(certificate_ended(facts))),
        only_if(no(changed_lately(facts))),
        only_if(no(sender_bound(facts))),
    )


def changed_lately(facts: Facts) -> Seen:
    """Whether the app was changed so short a time ago that a login may not see it yet."""
    app = facts.app
    if app is None or app.changed_at is None:
        return None
    window = NEW_WINDOW if app.kind == "external" else CHANGE_WINDOW
    age = facts.now - app.changed_at
    if age <= window:
        return True
    return False if age >= SETTLED else None


def admin_approved(facts: Facts) -> Seen:
    """Whether the app admits users whom an administrator approved, and nobody else."""
    return facts.app.admin_approved if facts.app else None


def app_enabled(facts: Facts) -> Seen:
    """Whether the app and its OAuth part are switched on."""
    return facts.app.enabled if facts.app else None


def has_scope(facts: Facts, *names: str) -> Seen:
    """Whether the app has one of the scopes."""
    return bool(facts.app.scopes & set(names)) if facts.app and facts.app.scopes is not None else None


def may_refresh(facts: Facts) -> Seen:
    """Whether the app has the scope RefreshToken; that OfflineAccess does as well stands nowhere."""
    return either(has_scope(facts, "RefreshToken"), None if has_scope(facts, "OfflineAccess") else False)


def scopes_suffice(facts: Facts) -> Seen:
    """Whether a token can be given: one scope besides RefreshToken, and more than Full alone (platform notes 4.5)."""
    scopes = facts.app.scopes if facts.app else None
    return None if scopes is None else bool(scopes - {"RefreshToken"}) and scopes != {"Full"}


def sender_bound(facts: Facts) -> Seen:
    """Whether the app demands more than a bearer's assertion. A token bound to an address is still given to that address."""
    bound = facts.app.sender_bound if facts.app else None
    return None if bound is None else bool(set(bound) - {IP_BINDING})


def address_bound(facts: Facts) -> Seen:
    """Whether a token works from the address alone that it was given to."""
    bound = facts.app.sender_bound if facts.app else None
    return None if bound is None else IP_BINDING in bound


def high_assurance(facts: Facts) -> Seen:
    """Whether the app demands a session level that JWT bearer cannot reach."""
    level = facts.app.session_level if facts.app else None
    return None if level is None else level == "HIGH_ASSURANCE"


def lost_oauth(facts: Facts) -> Seen:
    """Whether the expected app has lost its OAuth settings, as a sandbox refresh may leave it."""
    app = facts.app or (facts.apps.named if facts.apps else None)
    return None if app is None else any(part.startswith("ExtlClntAppGlobalOauth") for part in app.missing)


# --- the user


def user_found(facts: Facts) -> Seen:
    """Whether the org has a user of that name; only who may see every user can tell that it has none."""
    if facts.user is None:
        return None
    return True if facts.user.user else False if facts.user.complete else None


def odd_username(facts: Facts) -> bool:
    """Whether the user name has white space in it, which none has."""
    return any(sign.isspace() for sign in facts.login.username)


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
    return [
        each for each in person.held if each.set_id and any(same_id(each.set_id, link.set_id) for link in app.links)
    ]


def through_profile(facts: Facts) -> Seen:
    """Whether the app is linked to the user's profile."""
    app, person = facts.app, facts.person
    if app is None or app.links is None or person is None:
        return None
    if person.profile_set_id:
        return any(same_id(person.profile_set_id, each.set_id) for each in app.links)
    profiles = [each.grantee.name for each in app.links if each.grantee.is_profile]
    if any(name and name_key(name) == name_key(person.profile) for name in profiles):
        return True
    return None if profiles else False  # a profile's name may be hidden from who asks


def preauthorized(facts: Facts) -> Seen:
    """Whether the user holds something that the app is linked to, and it counts.

    What a group gives may be muted or not recalculated yet, and a set may count in an activated session only: those prove nothing.
    """
    sets = opening(facts)
    if sets is None:
        return either(through_profile(facts), None)
    counting = [each for each in sets if not each.ended]
    return either(through_profile(facts), *(None if each.group or each.session else True for each in counting))


def assignment_ended(facts: Facts) -> Seen:
    """Whether the user's only way in has ended."""
    sets = opening(facts)
    return both(no(preauthorized(facts)), None if sets is None else any(each.ended for each in sets))


def session_sets_only(facts: Facts) -> Seen:
    """Whether all that lets the user in counts in an activated session only, which a JWT login has none of."""
    sets = opening(facts)
    if sets is None:
        return None
    counting = [each for each in sets if not each.ended]
    return both(no(through_profile(facts)), bool(counting) and all(each.session for each in counting))


def by_group_only(facts: Facts) -> Seen:
    """Whether the user's only way in leads through permission set groups."""
    sets = opening(facts)
    if sets is None:
        return None
    counting = [each for each in sets if not each.ended]
    return both(no(through_profile(facts)), bool(counting) and all(each.group for each in counting))


def licensed_sets_only(facts: Facts) -> Seen:
    """Whether all that lets the user in carries a licence with which a set cannot hold apps (platform notes 3.1)."""
    sets = opening(facts)
    if sets is None:
        return None
    counting = [each for each in sets if not each.ended]
    carried = [None if each.license is None else each.license == API_INTEGRATION for each in counting]
    return both(no(through_profile(facts)), bool(counting), *carried)


def consented(facts: Facts) -> Seen:
    """Whether the user has approved the app. Approvals go by label, which several apps may have: one of that label proves nothing."""
    person, app = facts.person, facts.app
    if person is None or person.approved_apps is None or app is None:
        return None
    return None if {app.label, app.name} & person.approved_apps else False


def api_enabled(facts: Facts) -> Seen:
    """Whether the user has the permission API Enabled."""
    return facts.person.api_enabled if facts.person else None


def internal(facts: Facts) -> Seen:
    """Whether the user is one of the org's own people, not of a site."""
    return facts.person.user_type == "Standard" if facts.person and facts.person.user_type else None


def ip_enforced(facts: Facts) -> Seen:
    """Whether the app lets the profile's IP ranges hold."""
    relaxation = facts.app.ip_relaxation if facts.app else None
    return relaxation.lower().startswith("enforce") if relaxation else None


def lines_of_app(facts: Facts) -> list[LoginLine]:
    """The lines of the login history that are this app's; a user may log in by others too."""
    person, app = facts.person, facts.app
    if person is None or person.history is None or app is None:
        return []
    return [each for each in person.history if name_key(each.application) in (name_key(app.label), name_key(app.name))]


def our_address(facts: Facts) -> str:
    """The address from which the org sees us: that of the refusals that this app has just met; empty where they do not tell.

    Other clients may log in as the same user from elsewhere at the same time.
    """
    ours = {
        each.address
        for each in lines_of_app(facts)
        if not each.worked and (at := moment(each.time)) and at >= facts.now - timedelta(seconds=AGREE)
    }
    return ours.pop() if len(ours) == 1 else ""


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
    hours = person.login_hours.get(_DAYS[there.weekday()])
    if hours is None:
        return None  # whether a day without hours is open or closed stands nowhere
    minute = there.hour * 60 + there.minute
    if any(abs(minute - edge) <= 1 for edge in hours):
        return None
    return not hours[0] <= minute < hours[1]


# --- the org


def access_control(facts: Facts) -> Seen:
    """Whether API Access Control is on."""
    return facts.org.api_access_control if facts.org else None


def sandbox_refreshed(facts: Facts) -> Seen:
    """Whether the org is a sandbox with another id than the one that the stack knows. Only a sandbox is made anew under its address."""
    return both(org_replaced(facts), facts.org.kind == "sandbox" if facts.org else None)


def org_replaced(facts: Facts) -> Seen:
    """Whether the org has another id than the one that the stack knows."""
    if not facts.login.org_id:
        return False  # nobody knows another
    if facts.org is None:
        return None
    return not same_id(facts.login.org_id, facts.org.org_id)


def of_other_stack(facts: Facts) -> str:
    """The stack that has this consumer key, where it is another one's; empty where none is known."""
    return facts.login.keys_elsewhere.get(facts.login.consumer_key, "")


def moment(text: str) -> datetime | None:
    """An org's timestamp; None for none."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def label_of(app: AppFacts | None) -> str:
    """How to call the app in a sentence."""
    return f"the app {app.name}" if app else "the app"

"""Worlds in which a login fails, as pure data: what is wrong, what the org answers, what an examination may have seen of it.

An independent model of platform notes 4: orders of checks, forms of answers and what an org shows differ by world, as the notes say that
they do. What is drawn here is what is so; `facts_of` turns it into evidence, of which any part may be missing.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from orgkey.doctor.facts import (
    Answer,
    AppFacts,
    AppSearch,
    CertificateFacts,
    ExaminedLogin,
    Facts,
    Failure,
    Held,
    HostFacts,
    KeyFacts,
    LoginLine,
    OrgFacts,
    UserFacts,
    UserSearch,
)
from orgkey.salesforce.app_links import Grantee, Link

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
NOT_APPROVED = Failure("invalid_grant", "user hasn't approved this consumer")
BLOCKED = Failure("OAUTH_APP_BLOCKED", "this app is blocked by admin")
INVALID = Failure("invalid_grant", "invalid assertion")
FOREIGN = Failure("invalid_client", "invalid client credentials")
NO_APP, NO_KEY = Failure("app_not_found", "not installed"), Failure("invalid_client_id", "client identifier invalid")
NOT_ADMITTED = Failure("invalid_app_access", "user is not admin approved to access this app")
NEEDS_REFRESH = Failure("invalid_request", "refresh_token scope is required and the connected app should be installed")
NO_SCOPES = Failure("invalid_grant", "no valid scopes defined")
RESTRICTED = Failure("invalid_grant", "ip restricted or invalid login hours")
LOCKED = Failure("invalid_grant", "user is locked")
AUDIENCE = Failure("invalid_grant", "audience is invalid")
EXPIRED = Failure("invalid_grant", "expired authorization code")
CALL = Failure("api_call_refused", "the login works, but an API call with it is refused")
MYSTERIES = (
    *(NOT_APPROVED, NOT_ADMITTED, NEEDS_REFRESH, RESTRICTED, LOCKED, CALL),
    Failure("invalid_grant", "authentication failure"),
    Failure("invalid_grant", "something new"),
    Failure("access_denied", "end-user denied authorization"),
    Failure("OAUTH_APP_ACCESS_DENIED", "denied"),
    Failure("brand_new_code", ""),
)
"""What an org may say for a reason that nothing shows."""
MINE, PROFILE_SET, OTHER_SET = "0PS000000000001", "0PS000000000002", "0PS000000000003"
GOOD_KEY, SECRET_LIKE = "3MVG9model.key_1234567890", "0F" * 32
API_INTEGRATION = "SalesforceAPIIntegrationPsl"


@dataclass(frozen=True, repr=False)
class World:
    """What is so. Every field stands for something right by default."""

    kind: str = "external"
    app: str = "there"  # gone, packaged, other key
    key: str = GOOD_KEY
    enabled: bool = True
    blocked: bool = False
    certificate: str = "ours"  # other, none
    ended: bool = False
    refuses_ended: bool = False
    approved_only: bool = True
    scopes: frozenset[str] = frozenset({"Api", "RefreshToken"})
    bound: tuple[str, ...] = ()
    high_assurance: bool = False
    enforces_addresses: bool = True
    links: tuple[str, ...] = (MINE,)
    minutes_ago: int = 90
    lag: Failure | None = None  # how a change that the login servers do not see yet shows itself
    user: bool = True
    space: bool = False
    active: bool = True
    frozen: bool = False
    password_locked: bool = False
    external_user: bool = False
    holds: bool = True
    assignment_ended: bool = False
    by_group: bool = False
    muted: bool = False
    by_session: bool = False
    licensed: bool = False
    consented: bool = False
    label_is_shared: bool = False
    api: bool = True
    outside_addresses: bool = False
    outside_hours: bool = False
    another_client: bool = False  # logs in as the same user by the same minute from another address
    sandbox: bool = True
    replaced: bool = False
    access_control: bool = False
    clock: float = 0.0
    delay: float = 0.0
    lenient: float = 0.0
    audience: str = "right"  # another, none
    old_signature_form: bool = False
    frozen_form: Failure = LOCKED
    held_form: Failure = NOT_ADMITTED
    disabled_form: Failure = BLOCKED
    gone_form: Failure = NO_APP
    user_first: bool = False
    mystery: Failure | None = None

    def __repr__(self) -> str:
        """What is not as it is by default."""
        told = [f"{each.name}={now!r}" for each in fields(self) if (now := getattr(self, each.name)) != each.default]
        return f"World({', '.join(told)})"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:  # noqa: FBT001 — IPython's protocol, which hypothesis prints by
        printer.text(repr(self))

    @property
    def lags(self) -> bool:
        """Whether the login servers still have an older app."""
        return self.lag is not None and self.minutes_ago < (30 if self.kind == "external" else 10)

    @property
    def malformed(self) -> bool:
        """Whether the key is none."""
        return self.key != self.key.strip() or (self.key == SECRET_LIKE and self.app in ("gone", "other key"))

    @property
    def admits(self) -> bool:
        """Whether the user is pre-authorized in fact."""
        own_set = MINE in self.links and self.holds and not (self.assignment_ended or self.muted or self.by_session)
        return PROFILE_SET in self.links or own_set


Step = tuple[str, Failure]


def first(world: World) -> Step | None:
    """The first thing that stops the login, by its code in the cause table (empty: none is known), and the org's answer to it."""
    steps = [*_of_app(world), *_of_assertion(world)]
    user, use = _of_user(world), _of_use(world)
    steps += [*user, *use] if world.user_first or not world.user else [*use, *user]
    if world.mystery:
        steps.append(("", world.mystery))
    if not world.api:
        steps.append(("user.noApi", CALL))
    return steps[0] if steps else None


def _of_app(world: World) -> list[Step]:
    steps: list[Step] = []
    if world.app == "gone" or world.key != world.key.strip():
        steps.append((_gone(world), world.gone_form))
    if world.app == "other key":
        steps.append(("consumerKey.malformed" if world.malformed else "consumerKey.other", NO_KEY))
    if world.lags and world.lag is not None:
        steps.append(
            ("certificate.notReplicated" if world.lag in (INVALID, FOREIGN) else "app.notReplicated", world.lag)
        )
    if not world.enabled and world.disabled_form is NO_APP:
        steps.append(("app.disabled", NO_APP))
    if world.audience != "right":
        steps.append(("audience.refused" if world.audience == "another" else "audience.none", AUDIENCE))
    return steps


def _gone(world: World) -> str:
    if world.malformed:
        return "consumerKey.malformed"
    if world.replaced:
        return "app.refreshed" if world.sandbox else "org.another"
    return "consumerKey.unknown"


def _of_assertion(world: World) -> list[Step]:
    steps: list[Step] = []
    if world.delay - world.clock > 180 + world.lenient:
        steps.append(("clock.behind" if world.clock <= -150 else "clock.delay", EXPIRED))
    if world.certificate == "none":
        steps.append(("certificate.none", INVALID))
    if world.certificate == "other":
        steps.append(("certificate.other", INVALID if world.old_signature_form else FOREIGN))
    if world.certificate == "ours" and world.ended and world.refuses_ended:
        steps.append(("certificate.ended", INVALID))
    if "isDPopEnabled" in world.bound:
        steps.append(("app.senderBound", Failure("invalid_dpop_proof", "DPoP proof is required")))
    return steps


def _of_user(world: World) -> list[Step]:
    if not world.user:
        return [("user.whiteSpace" if world.space else "user.unknown", NOT_APPROVED)]
    steps: list[Step] = []
    if not world.active:
        steps.append(("user.inactive", Failure("inactive_user", "user is inactive")))
    if world.frozen:
        steps.append(("user.frozen", world.frozen_form))
    if world.password_locked:
        steps.append(("user.locked", LOCKED))
    if world.external_user:
        steps.append(("user.external", NOT_APPROVED))
    return steps


def _of_use(world: World) -> list[Step]:
    return [*_of_switches(world), *_of_policy(world), *_of_limits(world)]


def _of_switches(world: World) -> list[Step]:
    steps: list[Step] = []
    if not world.enabled and world.disabled_form is BLOCKED:
        steps.append(("app.disabled", BLOCKED))
    if world.blocked:
        steps.append(("app.blocked", BLOCKED))
    if world.access_control and not world.approved_only:
        steps.append(("app.accessControl", BLOCKED))
    if not world.scopes - {"RefreshToken"} or world.scopes == {"Full"}:
        steps.append(("scopes.none", NO_SCOPES))
    if "RefreshToken" not in world.scopes:
        steps.append(("scopes.noRefreshToken", NEEDS_REFRESH))
    return steps


def _of_policy(world: World) -> list[Step]:
    steps: list[Step] = []
    if world.approved_only and not world.admits:
        steps.append((_not_admitted(world), world.held_form))
    if world.approved_only and world.admits and world.licensed and PROFILE_SET not in world.links:
        steps.append(("preauthorization.licensedSet", NOT_APPROVED))
    if not world.approved_only and not world.consented:
        steps.append(("policy.noConsent", NOT_APPROVED))
    return steps


def _of_limits(world: World) -> list[Step]:
    steps: list[Step] = []
    if world.outside_hours:
        steps.append(("user.loginHours", RESTRICTED))
    if world.outside_addresses and world.enforces_addresses:
        steps.append(("user.address", RESTRICTED))
    if world.high_assurance:
        steps.append(("policy.highAssurance", NOT_APPROVED))
    return steps


def _not_admitted(world: World) -> str:
    if not world.links:
        return "preauthorization.noLinks"
    if MINE not in world.links or not world.holds:
        return "preauthorization.notHeld"
    if world.assignment_ended:
        return "preauthorization.ended"
    return "preauthorization.session" if world.by_session else "preauthorization.group"


def is_so(world: World, code: str) -> bool:
    """Whether what a cause says of a world is so."""
    gone = world.app in ("gone", "other key")
    said = {
        "consumerKey.malformed": world.malformed,
        "consumerKey.unknown": gone or world.malformed,
        "consumerKey.other": world.app == "other key",
        "app.refreshed": world.replaced and world.sandbox and world.app != "other key" and (gone or world.malformed),
        "org.another": world.replaced and not world.sandbox,
        "app.notReplicated": world.lags,
        "certificate.notReplicated": world.lags,
        "app.disabled": not world.enabled,
        "app.blocked": world.blocked,
        "app.accessControl": world.access_control and not world.approved_only,
        "audience.refused": world.audience == "another",
        "clock.behind": world.clock <= -180,
        "clock.ahead": world.clock >= 120,
        "clock.delay": world.delay > 0,
        "certificate.other": world.certificate == "other",
        "certificate.ended": world.ended and world.certificate == "ours",
        "app.senderBound": bool(set(world.bound) - {"isIpBindingEnabled"}),
        "user.unknown": not world.user and not world.space,
        "user.whiteSpace": not world.user and world.space,
        "user.inactive": world.user and not world.active,
        "user.frozen": world.user and world.frozen,
        "user.locked": world.user and world.password_locked,
        "user.loginHours": world.outside_hours,
        "user.address": world.outside_addresses and world.enforces_addresses,
        "user.noApi": not world.api,
        "scopes.none": not world.scopes - {"RefreshToken"} or world.scopes == {"Full"},
        "scopes.noRefreshToken": "RefreshToken" not in world.scopes,
        "scopes.noApi": not world.scopes & {"Api", "Full"},
        "policy.noConsent": not world.approved_only and not world.consented,
        "policy.highAssurance": world.high_assurance,
        "preauthorization.licensedSet": world.licensed and PROFILE_SET not in world.links,
    }
    if code.startswith("preauthorization.") and code not in said:
        return world.approved_only and not world.admits and _not_admitted(world) == code
    return said[code]


def facts_of(world: World, failure: Failure) -> Facts:
    """Everything that an examination with an administrator's login can see of a world."""
    then = first(replace(world, audience="right")) if world.audience == "another" else ("", failure)
    other = Answer("https://login.salesforce.com", *((then[1].code, then[1].text) if then else ("", "")))
    return Facts(
        login=ExaminedLogin(
            instance_url="https://acme.my.salesforce.com",
            consumer_key=world.key,
            username="ci@acme.com " if world.space else "ci@acme.com",
            private_key="",
            app_name="Named" if world.app == "other key" else "",
            org_id="00D000000000001",
        ),
        now=NOW,
        key=KeyFacts("", 2048, "ours"),
        answers=(Answer("https://acme.my.salesforce.com", failure.code, failure.text), other),
        failure=failure,
        host=HostFacts(is_salesforce=True, clock_ahead=world.clock, own_address="https://acme.my.salesforce.com"),
        org=OrgFacts(
            "00D000000000002" if world.replaced else "00D000000000001",
            "Acme",
            "sandbox" if world.sandbox else "production",
            "UTC",
            world.access_control,
        ),
        apps=_apps(world),
        user=_user(world),
        credentials_problem="",
    )


def _apps(world: World) -> AppSearch:
    if world.app == "packaged":
        return AppSearch(None, complete=True, hidden=1, packages=("acme",))
    if world.app == "other key":
        return AppSearch(None, complete=True, named=replace(_app(world), name="Named", consumer_key="3MVG9other"))
    found = world.app == "there" and world.key == world.key.strip()
    return AppSearch(_app(world) if found else None, complete=True)


def _app(world: World) -> AppFacts:
    grantees = {
        MINE: Grantee("Users"),
        PROFILE_SET: Grantee("Minimum Access", is_profile=True),
        OTHER_SET: Grantee("Others"),
    }
    certificate = CertificateFacts(
        "f" * 64,
        world.certificate,
        NOW - timedelta(days=400),
        NOW - timedelta(days=1) if world.ended else NOW + timedelta(days=100),
    )
    return AppFacts(
        name="Legacy",
        label="Legacy CI",
        kind=world.kind,
        consumer_key=world.key,
        admin_approved=world.approved_only,
        scopes=world.scopes,
        enabled=world.enabled,
        certificate=None if world.certificate == "none" else certificate,
        ip_relaxation="Enforce" if world.enforces_addresses else "Bypass",
        session_level="HIGH_ASSURANCE" if world.high_assurance else "STANDARD",
        sender_bound=world.bound,
        missing=(),
        changed_at=NOW - timedelta(minutes=world.minutes_ago),
        links=tuple(Link(f"0J0{each[-3:]}", grantees[each], each) for each in world.links),
    )


def _user(world: World) -> UserSearch:
    if not world.user:
        return UserSearch(None)
    ended = "2026-01-01" if world.assignment_ended else ""
    license_name = API_INTEGRATION if world.licensed else ""
    mine = Held(MINE, "Users", license_name, ended, world.by_group or world.muted, world.by_session)
    ours = "10.9.9.9" if world.outside_addresses else "10.0.0.5"
    lines = [LoginLine(NOW.isoformat(), "Restricted IP", "Legacy CI", ours)]
    if world.another_client:
        theirs = "10.0.0.6" if world.outside_addresses else "10.8.8.8"
        lines = [LoginLine(NOW.isoformat(), "Restricted IP", "Legacy CI", theirs), *lines]
    return UserSearch(
        UserFacts(
            record_id="005000000000001",
            active=world.active,
            user_type="PowerPartner" if world.external_user else "Standard",
            profile="Minimum Access",
            license="Salesforce",
            profile_set_id=PROFILE_SET,
            frozen=world.frozen,
            password_locked=world.password_locked,
            held=(mine,) if world.holds else (),
            api_enabled=world.api,
            approved_apps=frozenset({"Legacy CI"} if world.consented or world.label_is_shared else ()),
            ip_ranges=(("10.0.0.0", "10.0.0.255"),),
            login_hours={"thursday": (0, 60)} if world.outside_hours else {"thursday": (0, 1439)},
            history=tuple(lines),
        )
    )

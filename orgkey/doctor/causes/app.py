"""Causes in the app and in how it is named: audience, consumer key, the app itself, its certificate."""

from __future__ import annotations

from collections.abc import Sequence

from orgkey.doctor import evidence as seen
from orgkey.doctor.causes.cause import (
    BLOCKED,
    CREDENTIALS,
    DENIED,
    NOT_APPROVED,
    NOTES,
    SIGNATURE,
    UNKNOWN_APP,
    Cause,
    by_the_answer,
    matches,
    shortened,
)
from orgkey.doctor.evidence import Seen, both, no
from orgkey.doctor.facts import Facts

_WAIT = "wait up to 10 minutes (30 for a new External Client App), then try again"


def _blocked_by_control(facts: Facts) -> Seen:
    control, approved = seen.access_control(facts), seen.admin_approved(facts)
    if control and approved:
        return None  # whether it is admitted there stands nowhere
    return both(control, no(approved), seen.app_enabled(facts))


def _two_keys(facts: Facts) -> str:
    app = facts.app
    if app is None or app.certificate is None:
        return ""
    return (
        f"the certificate of {seen.label_of(app)} (SHA-256 {app.certificate.fingerprint[:16]}…) has the public key "
        f"{app.certificate.public_key_sha256[:16]}…, the private key's is {facts.key.public_key_sha256[:16]}…"
    )


def _last_change(facts: Facts) -> str:
    app = facts.app
    if app is None or app.changed_at is None:
        return ""
    minutes = (facts.now - app.changed_at).total_seconds() / 60
    by = f" by {app.changed_by}" if app.changed_by else ""
    return f"{seen.label_of(app)} was changed {max(0, minutes):.0f} minutes ago{by}"


def _working_audience(facts: Facts) -> str:
    works = [each.audience for each in facts.answers if not each.code]
    refused = [each.audience for each in facts.answers if each.code]
    return f"{works[0]} works, {', '.join(refused)} does not" if works and refused else ""


def _sender_bound(facts: Facts) -> Seen:
    named = facts.failure is not None and (
        facts.failure.code == "invalid_dpop_proof" or "client certificate" in facts.failure.text.lower()
    )
    return both(seen.sender_bound(facts), True if named else seen.certificate_matches(facts))


def _not_replicated(facts: Facts) -> Seen:
    unknown = facts.failure is not None and any(matches(each, facts.failure) for each in UNKNOWN_APP)
    if seen.another_audience_works(facts):
        return False
    right = seen.app_found(facts) if unknown else seen.all_in_order(facts)
    return both(right, seen.changed_lately(facts))


def _key_is_nowhere(facts: Facts) -> Seen:
    return both(
        no(seen.app_found(facts)),
        not seen.odd_consumer_key(facts),
        not (facts.apps and (facts.apps.named or facts.apps.named_is_missing)),
        not seen.another_audience_works(facts),
    )


def _named(facts: Facts) -> Seen:
    """Whether the expected app was found with another consumer key; one without any is another cause."""
    if facts.apps is None or not facts.login.app_name:
        return None if facts.login.app_name else False
    named = facts.apps.named
    return bool(named and named.consumer_key)


def _other_key_there(facts: Facts) -> str:
    named = facts.apps.named if facts.apps else None
    return f"the app {named.name} has the key {shortened(named.consumer_key)}" if named and named.consumer_key else ""


CAUSES: Sequence[Cause] = (
    # --- the audience
    Cause(
        "audience.refused",
        "the org does not take the audience that is configured",
        ("invalid_grant/audience", "app_not_found", "OAUTH_EC_APP_NOT_FOUND*", NOT_APPROVED),
        seen.another_audience_works,
        "leave the audience out, or use the one that works",
        f"{NOTES} 4.1",
        told=_working_audience,
        stack_remedy="leave orgkey:grant.audience out, or set it to the one that works, then run `pulumi up`",
    ),
    Cause(
        "audience.none",
        "the org takes none of the audiences that a login can name: the address is most likely not its My Domain",
        ("invalid_grant/audience",),
        lambda facts: False if seen.another_audience_works(facts) else None,
        "use the org's My Domain as Setup > My Domain shows it",
        f"{NOTES} 4.1",
        "Setup > My Domain",
    ),
    # --- the consumer key
    Cause(
        "consumerKey.malformed",
        "what was given as consumer key is none",
        UNKNOWN_APP,
        lambda facts: bool(seen.odd_consumer_key(facts)),
        "copy it again: the app > OAuth settings > Consumer Key and Secret",
        f"{NOTES} 1.3",
        told=lambda facts: f"it {seen.odd_consumer_key(facts)}" if seen.odd_consumer_key(facts) else "",
    ),
    Cause(
        "consumerKey.ofOtherStack",
        "the consumer key is that of another org of this project",
        UNKNOWN_APP,
        lambda facts: no(seen.app_found(facts)) if seen.of_other_stack(facts) else False,
        "use the consumer key of this org's own app",
        f"{NOTES} 1.3",
        CREDENTIALS,
        told=lambda facts: f"it is the stack {seen.of_other_stack(facts)}'s" if seen.of_other_stack(facts) else "",
        hint=lambda facts: bool(seen.of_other_stack(facts)),
    ),
    # --- the app
    Cause(
        "app.refreshed",
        "the sandbox was refreshed since, and the app is gone",
        UNKNOWN_APP,
        lambda facts: both(
            seen.org_replaced(facts),
            no(seen.app_found(facts)),
            no(seen.lost_oauth(facts)) if facts.apps and facts.apps.named else True,
        ),
        "make the app again, or deploy it",
        f"{NOTES} 1.9",
        CREDENTIALS,
        "run `pulumi up`: it makes the app again",
        told=lambda facts: (
            f"its org id was {facts.login.org_id} and is {facts.org.org_id}" if facts.org and facts.login.org_id else ""
        ),
    ),
    Cause(
        "app.lostOauth",
        "the app has lost its OAuth settings, as a sandbox refresh may leave it",
        UNKNOWN_APP,
        seen.lost_oauth,
        "delete the app and make it again",
        f"{NOTES} 1.9, 2.4",
        CREDENTIALS,
        "run `pulumi up`: it makes the app again",
    ),
    Cause(
        "app.missing",
        "the app is not in this org",
        UNKNOWN_APP,
        lambda facts: both(no(seen.app_found(facts)), facts.apps.named_is_missing if facts.apps else None),
        "make the app in this org",
        f"{NOTES} 4.5",
        CREDENTIALS,
        "run `pulumi up`: it makes the app",
    ),
    Cause(
        "consumerKey.other",
        "the app has another consumer key than the one that is used",
        UNKNOWN_APP,
        lambda facts: both(no(seen.app_found(facts)), _named(facts)),
        "use the app's own consumer key",
        f"{NOTES} 1.3, 2.4",
        CREDENTIALS,
        "run `pulumi up`; clients take the consumer key from the stack's outputs",
        told=_other_key_there,
    ),
    Cause(
        "consumerKey.unknown",
        "no app of this org has the consumer key: it is another org's, or mistyped",
        UNKNOWN_APP,
        _key_is_nowhere,
        "copy the consumer key of this org's app, or use the address of the org that has the app",
        f"{NOTES} 4.5",
        CREDENTIALS,
    ),
    Cause(
        "app.notReplicated",
        "the app was changed a moment ago, and the login servers do not see it yet",
        (*UNKNOWN_APP, NOT_APPROVED, "invalid_grant/no description"),
        _not_replicated,
        _WAIT,
        f"{NOTES} 4.6",
        "when the app last changed (administrator credentials)",
        told=_last_change,
        hint=seen.changed_lately,
    ),
    Cause(
        "app.disabled",
        "the app, or its OAuth part, is switched off",
        (BLOCKED, *UNKNOWN_APP),
        lambda facts: no(seen.app_enabled(facts)),
        "switch it on: Setup > External Client App Manager > the app > Policies",
        f"{NOTES} 2.3",
        CREDENTIALS,
        "leave orgkey:app.isEnabled and isOauthPluginEnabled out, then run `pulumi up`",
        alone=True,
    ),
    Cause(
        "app.accessControl",
        "API Access Control is on, and does not admit the app",
        (BLOCKED, DENIED, "api_call_refused"),
        _blocked_by_control,
        "admit the app: Setup > Connected Apps OAuth Usage, or have it admit admin-approved users only",
        f"{NOTES} 1.9",
        "Setup > API Access Control",
    ),
    Cause(
        "app.blocked",
        "an administrator has blocked the app",
        (BLOCKED,),
        lambda facts: both(seen.app_enabled(facts), no(seen.access_control(facts))),
        "unblock it: Setup > Connected Apps OAuth Usage, or External Client App Manager",
        f"{NOTES} 4.5",
        CREDENTIALS,
    ),
    Cause(
        "app.otherOrgs",
        "the External Client App is another org's and works in its own only",
        ("OAUTH_AUTHORIZATION_BLOCKED*",),
        by_the_answer,
        "use an app of this org",
        f"{NOTES} 4.5",
    ),
    # --- the signature
    Cause(
        "certificate.other",
        "the app has the certificate of another key",
        SIGNATURE,
        lambda facts: no(seen.certificate_matches(facts)),
        "use the private key that belongs to the app's certificate, or give the app this key's certificate",
        f"{NOTES} 4.5",
        "the app's certificate (administrator credentials)",
        "run `pulumi up`: it sends this stack's certificate again",
        told=_two_keys,
        alone=True,
    ),
    Cause(
        "certificate.notReplicated",
        "the app was changed a moment ago, and the login servers do not have its certificate yet",
        SIGNATURE,
        lambda facts: both(
            seen.certificate_matches(facts),
            seen.changed_lately(facts),
            no(seen.clock_off(facts)),
            no(seen.sender_bound(facts)),
        ),
        _WAIT,
        f"{NOTES} 4.6",
        "when the app last changed (administrator credentials)",
        told=_last_change,
        hint=seen.changed_lately,
    ),
    Cause(
        "certificate.none",
        "the app has no certificate, or the org does not show it",
        ("invalid_grant/invalid assertion",),
        lambda facts: False if facts.app and facts.app.certificate else None,
        "give the app the certificate of this key: OAuth settings > Use digital signatures, or Enable JWT Bearer Flow",
        f"{NOTES} 2.4, 4.5",
        "the app in Setup",
        "run `pulumi up`: it sends this stack's certificate again",
        hint=lambda facts: facts.app is not None,
    ),
    Cause(
        "certificate.ended",
        "the app's certificate has ended",
        SIGNATURE,
        lambda facts: both(
            seen.certificate_ended(facts),
            seen.certificate_matches(facts),
            no(seen.changed_lately(facts)),
            no(seen.clock_off(facts)),
        ),
        "make a new certificate for the same key and give it to the app",
        f"{NOTES} 1.4",
        CREDENTIALS,
        "run `pulumi up`: it renews the certificate",
        told=lambda facts: (
            f"it ended on {facts.app.certificate.not_after:%Y-%m-%d}" if facts.app and facts.app.certificate else ""
        ),
    ),
    Cause(
        "app.senderBound",
        "the app demands more than a signed assertion (DPoP, mutual TLS or IP binding), which the JWT bearer flow has not",
        ("invalid_dpop_proof", "invalid_client", "invalid_request", "invalid_grant/invalid assertion"),
        _sender_bound,
        "switch that off in the app's OAuth settings",
        "metadata WSDL 68; platform notes 2.3",
        CREDENTIALS,
        told=lambda facts: ", ".join(facts.app.sender_bound or ()) if facts.app else "",
        alone=True,
    ),
)

"""Causes in the app and in how it is named: audience, consumer key, the app itself, its certificate."""

from __future__ import annotations

from collections.abc import Sequence

from orgkey.doctor import clocks
from orgkey.doctor import evidence as seen
from orgkey.doctor.causes.cause import (
    ANY,
    BLOCKED,
    CREDENTIALS,
    DENIED,
    NOT_APPROVED,
    NOTES,
    SIGNATURE,
    UNKNOWN_APP,
    Cause,
    blocked_by_stack,
    by_the_answer,
    matches,
    shortened,
)
from orgkey.doctor.facts import Facts
from orgkey.doctor.three_values import Seen, both, no, only_if

_WAIT = "wait up to 10 minutes (30 for a new External Client App), then try again"


def _blocked_by_control(facts: Facts) -> Seen:
    control, approved = seen.access_control(facts), seen.admin_approved(facts)
    if control and approved:
        return None  # whether it is admitted there stands nowhere
    return both(control, no(approved), seen.app_enabled(facts))


def _blocked_by_hand(facts: Facts) -> Seen:
    """True where nothing else is left that blocks; where something else does, nothing tells whether this does as well."""
    return only_if(both(seen.app_enabled(facts), no(seen.access_control(facts)), no(seen.changed_lately(facts))))


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


def _two_orgs(facts: Facts) -> str:
    known, org = facts.login.org_id, facts.org
    return f"the org's id was {known} and is {org.org_id}" if org and known and seen.org_replaced(facts) else ""


def _working_audience(facts: Facts) -> str:
    if not seen.another_audience_works(facts) or facts.failure is None:
        return ""
    failed = (facts.failure.code, facts.failure.text)
    refused = [each.audience for each in facts.answers if (each.code, each.text) == failed]
    others = [each for each in facts.answers if (each.code, each.text) != failed]
    best = min(others, key=lambda each: bool(each.code))
    told = f"is refused for another reason ({best.code}: {best.text})" if best.code else "works"
    return f"{best.audience} {told}; refused: {', '.join(refused)}"


def _sender_bound(facts: Facts) -> Seen:
    named = facts.failure is not None and (
        facts.failure.code == "invalid_dpop_proof" or "client certificate" in facts.failure.text.lower()
    )
    if named:
        return seen.sender_bound(facts)
    ended = only_if(no(seen.certificate_ended(facts)))  # where an org refuses that, it shows likewise
    return both(seen.sender_bound(facts), seen.certificate_matches(facts), ended)


def _not_replicated(facts: Facts) -> Seen:
    if seen.another_audience_works(facts):
        return False
    lately = seen.changed_lately(facts)
    if lately is False or not (facts.failure and any(matches(each, facts.failure) for each in UNKNOWN_APP)):
        return False if lately is False else None  # other answers have causes that nothing shows
    whole = None if seen.org_replaced(facts) else True  # a copy's app may look whole and be broken (platform notes 2.4)
    return both(lately, seen.app_found(facts), seen.app_enabled(facts), no(seen.lost_oauth(facts)), whole)


def _key_is_nowhere(facts: Facts) -> Seen:
    return both(
        no(seen.app_found(facts)),
        no(seen.malformed_key(facts)),
        not (facts.apps and (facts.apps.named or facts.apps.named_is_missing)),
        not seen.another_audience_works(facts),
    )


def _named(facts: Facts) -> Seen:
    """Whether the expected app was found with another consumer key; one without any is another cause."""
    if facts.apps is None or not facts.login.app_name:
        return None if facts.login.app_name else False
    named = facts.apps.named
    if named is None and not facts.apps.named_is_missing:
        return None
    return bool(named and named.consumer_key)


def _other_key_there(facts: Facts) -> str:
    named = facts.apps.named if facts.apps else None
    return f"the app {named.name} has the key {shortened(named.consumer_key)}" if named and named.consumer_key else ""


CAUSES: Sequence[Cause] = (
    # --- the audience
    Cause(
        "audience.refused",
        "the org does not take the audience that is configured",
        (ANY,),
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
    Cause(
        "audience.renamed",
        "the org calls itself by another address: its My Domain was renamed, or this is not its own host",
        ("invalid_grant/audience", *UNKNOWN_APP, NOT_APPROVED),
        lambda facts: None if seen.called_otherwise(facts) and not seen.another_audience_works(facts) else False,
        "use the address by which the org calls itself",
        f"{NOTES} 4.1",
        "the same login at that address",
        "set salesforce:instanceUrl to the address by which the org calls itself, then run `pulumi up`",
        told=lambda facts: f"it calls itself {facts.host.own_address}" if seen.called_otherwise(facts) else "",
        hint=seen.called_otherwise,
    ),
    # --- the consumer key
    Cause(
        "consumerKey.malformed",
        "what was given as consumer key is none",
        UNKNOWN_APP,
        seen.malformed_key,
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
            seen.sandbox_refreshed(facts),
            no(seen.app_found(facts)),
            facts.apps.named is None if facts.apps else None,
        ),
        "make the app again, or deploy it",
        f"{NOTES} 1.9",
        CREDENTIALS,
        "run `pulumi up`: it makes the app again",
        told=_two_orgs,
    ),
    Cause(
        "org.another",
        "another org answers at this address than the one that the stack knows",
        UNKNOWN_APP,
        lambda facts: both(seen.org_replaced(facts), no(seen.sandbox_refreshed(facts)), no(seen.app_found(facts))),
        "use the address of the org that has the app",
        f"{NOTES} 1.9",
        CREDENTIALS,
        "set salesforce:instanceUrl back to the stack's org, or give the new org a stack of its own",
        told=_two_orgs,
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
        hint=lambda facts: not facts.login.stack or None,  # a stack's key was right once
    ),
    Cause(
        "app.notReplicated",
        "the app was changed a moment ago, and the login servers do not see it yet",
        (
            *UNKNOWN_APP,
            NOT_APPROVED,
            "invalid_grant/no description",
        ),
        _not_replicated,
        _WAIT,
        f"{NOTES} 4.6",
        "when the app last changed (administrator credentials)",
        told=_last_change,
        hint=seen.changed_lately,
        seldom_as=(
            "invalid_app_access",
            "invalid_request/refresh_token scope is required",
            "invalid_grant/no valid scopes",
            "invalid_grant/ip restricted",
            "invalid_dpop_proof",
            "api_call_refused",
            BLOCKED,
            DENIED,
        ),
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
        hint=blocked_by_stack,
        declared=lambda settings: False in (settings.get("app.isEnabled"), settings.get("app.isOauthPluginEnabled")),
        of_a_block=True,
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
        _blocked_by_hand,
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
            only_if(no(seen.certificate_ended(facts))),
            only_if(no(clocks.clock_off(facts))),
            only_if(no(seen.sender_bound(facts))),
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
        hint=lambda facts: facts.app is not None and facts.app.certificate is None,
        seldom_as=("invalid_client",),
    ),
    Cause(
        "certificate.ended",
        "the app's certificate has ended",
        SIGNATURE,
        lambda facts: both(
            seen.certificate_ended(facts),
            seen.certificate_matches(facts),
            only_if(no(seen.changed_lately(facts))),
            only_if(no(clocks.clock_off(facts))),
            only_if(no(seen.sender_bound(facts))),
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
        "the app demands more than a signed assertion (DPoP or mutual TLS), which the JWT bearer flow has not",
        ("invalid_dpop_proof", "invalid_client", "invalid_request", "invalid_grant/invalid assertion"),
        _sender_bound,
        "switch that off in the app's OAuth settings",
        "metadata WSDL 68; platform notes 2.3",
        CREDENTIALS,
        told=lambda facts: ", ".join(facts.app.sender_bound or ()) if facts.app else "",
        alone=True,
    ),
)

"""Causes in the org and its users: the org as a whole, the user, who may use the app, what a token may do."""

from __future__ import annotations

from collections.abc import Sequence

from orgkey.doctor import evidence as seen
from orgkey.doctor.causes.cause import (
    CREDENTIALS,
    DENIED,
    NOT_APPROVED,
    NOTES,
    UNHEARD_OF,
    Cause,
    blocked_by_stack,
    by_the_answer,
    not_to_be_proved,
)
from orgkey.doctor.facts import Facts
from orgkey.doctor.three_values import both, either, no

_IP = "invalid_grant/ip restricted"
_NOT_ADMITTED = ("invalid_app_access", NOT_APPROVED, DENIED, "invalid_request/refresh_token scope is required")


def _similar_users(facts: Facts) -> str:
    similar = facts.user.similar if facts.user else ()
    return f"the org has {', '.join(similar[:5])}" if similar else ""


def _links(facts: Facts) -> str:
    app = facts.app
    if app is None or not app.links:
        return ""
    return f"{seen.label_of(app)} admits " + ", ".join(str(each.grantee) for each in app.links[:5])


def _ended(facts: Facts) -> str:
    ended = [each for each in seen.opening(facts) or () if each.ended]
    return f"{ended[0].name}: {ended[0].ended}" if ended else ""


def _profile(facts: Facts) -> str:
    person = facts.person
    if person is None:
        return ""
    ranges = ", ".join(f"{low} to {high}" for low, high in person.ip_ranges or ())
    address = seen.our_address(facts)
    return f"the profile {person.profile} allows {ranges}; the org sees us at {address}" if ranges and address else ""


def _hours(facts: Facts) -> str:
    person = facts.person
    zone = facts.org.time_zone if facts.org else ""
    return f"the profile {person.profile} has login hours, in the org's time zone {zone}" if person and zone else ""


CAUSES: Sequence[Cause] = (
    # --- the org as a whole
    Cause(
        "org.locked",
        "the org is locked, closed or suspended",
        ("inactive_org",),
        by_the_answer,
        "ask its administrator, or Salesforce",
        f"{NOTES} 4.5",
    ),
    Cause(
        "org.failed",
        "the org failed inside",
        ("unknown_error",),
        by_the_answer,
        "try again in a minute",
        f"{NOTES} 4.5",
    ),
    Cause(
        "org.requestLimit",
        "the org's API requests are used up, or too many run at once",
        ("REQUEST_LIMIT_EXCEEDED*",),
        by_the_answer,
        "wait until the 24 hour window has moved on (Setup > Company Information)",
        f"{NOTES} 8",
    ),
    Cause(
        "org.busy",
        "the login works, and the org is too busy to answer an API call",
        (
            "SERVER_UNAVAILABLE",
            "SERVICE_UNAVAILABLE",
            "QUERY_TIMEOUT",
            "UNKNOWN_EXCEPTION*",
            "UNABLE_TO_LOCK_*",
            "API_CURRENTLY_DISABLED",
            "HTTP 5*",
        ),
        by_the_answer,
        "try again in a moment",
        f"{NOTES} 5.7",
    ),
    Cause(
        "org.apiVersion",
        "the login works, and the org does not serve the API version that is asked for",
        ("api_call_refused/unsupported_api_version", "api_call_refused/not_found"),
        by_the_answer,
        "use an API version that the org serves (--api-version, salesforce:apiVersion)",
        f"{NOTES} 6.1, 7",
    ),
    # --- the user
    Cause(
        "user.whiteSpace",
        "the user name has white space in it",
        (NOT_APPROVED, "invalid_app_access"),
        lambda facts: both(seen.odd_username(facts), no(seen.user_found(facts))),
        "give the user name without it",
        f"{NOTES} 4.5",
        CREDENTIALS,
        "take the white space out of orgkey:integrationUser and orgkey:users",
        alone=True,
        hint=seen.odd_username,
    ),
    Cause(
        "user.unknown",
        "the org has no user of that name",
        (NOT_APPROVED,),
        lambda facts: both(no(seen.user_found(facts)), not seen.odd_username(facts)),
        "use the name of a user of this org; in a sandbox it ends with the sandbox's name",
        f"{NOTES} 4.5",
        CREDENTIALS,
        "set orgkey:integrationUser and orgkey:users to users of this org",
        told=_similar_users,
        alone=True,
        seldom_as=("invalid_app_access",),
    ),
    Cause(
        "user.inactive",
        "the user is inactive",
        ("inactive_user", "invalid_grant/inactive user"),
        lambda facts: no(seen.active(facts)),
        "activate the user in Setup > Users",
        f"{NOTES} 4.5",
        CREDENTIALS,
        alone=True,
    ),
    Cause(
        "user.frozen",
        "the user is frozen",
        (
            "invalid_grant/user is locked",
            "inactive_user",
            "invalid_grant/inactive user",
        ),
        seen.frozen,
        "unfreeze the user in Setup > Users",
        f"{NOTES} 3.4, 4.5",
        "UserLogin (administrator credentials with Manage Users)",
        alone=True,
        seldom_as=(NOT_APPROVED, "invalid_app_access", "invalid_grant/no description", DENIED, UNHEARD_OF),
    ),
    Cause(
        "user.locked",
        "wrong passwords have locked the user",
        ("invalid_grant/user is locked",),
        lambda facts: both(seen.password_locked(facts), no(seen.frozen(facts))),
        "unlock the user in Setup > Users; a user who logs in by JWT alone needs no password",
        f"{NOTES} 4.5",
        "UserLogin (administrator credentials with Manage Users)",
    ),
    Cause(
        "user.loginRate",
        "the user logged in more than 3,600 times within an hour",
        ("rate_limit_exceeded", "invalid_grant/login rate exceeded"),
        by_the_answer,
        "wait an hour; have clients keep their token until it ends",
        f"{NOTES} 8",
    ),
    Cause(
        "user.loginHours",
        "it is outside of the login hours of the user's profile",
        (_IP, DENIED),
        seen.outside_hours,
        "change the profile's login hours, or give the user a profile without",
        f"{NOTES} 4.5",
        "the profile (administrator credentials)",
        told=_hours,
        alone=True,
    ),
    Cause(
        "user.address",
        "the login comes from an address outside of the ranges of the user's profile",
        (_IP, DENIED),
        lambda facts: both(seen.ip_enforced(facts), seen.outside_ranges(facts)),
        "add the address to the profile, or relax the app's IP restrictions on purpose",
        f"{NOTES} 4.5",
        "the profile and the login history (administrator credentials)",
        "add the address to the profile, or set orgkey:app.ipRelaxation on purpose and run `pulumi up`",
        told=_profile,
    ),
    Cause(
        "user.external",
        "the user is one of a site or portal, and logs in at the site's address",
        (),
        lambda facts: False if seen.internal(facts) else None,
        "use the site's address as host and audience, or a user of the org's own",
        f"{NOTES} 4.1",
        CREDENTIALS,
        hint=lambda facts: no(seen.internal(facts)),
        seldom_as=(NOT_APPROVED, "invalid_app_access", "invalid_grant/audience"),
    ),
    # --- who may use the app
    Cause(
        "scopes.noRefreshToken",
        "the app lacks the scope RefreshToken",
        ("invalid_request/refresh_token scope is required",),
        lambda facts: no(seen.may_refresh(facts)),
        "give the app the scopes Api and RefreshToken",
        f"{NOTES} 1.7, 4.5",
        CREDENTIALS,
        "leave orgkey:app.scopes out, or add RefreshToken, then run `pulumi up`",
        declared=lambda settings: "RefreshToken" not in (settings.get("app.scopes") or ()),
        alone=True,
    ),
    Cause(
        "scopes.none",
        "the app's scopes do not suffice: a token needs one besides RefreshToken, and Full alone is none",
        ("invalid_grant/no valid scopes",),
        lambda facts: no(seen.scopes_suffice(facts)),
        "give the app the scope Api",
        f"{NOTES} 4.5",
        stack_remedy="add Api to orgkey:app.scopes, then run `pulumi up`",
        declared=lambda settings: not set(settings.get("app.scopes") or ()) - {"RefreshToken", "Full"},
    ),
    Cause(
        "scopes.refused",
        "a scope was asked for that the app does not have",
        ("invalid_scope",),
        by_the_answer,
        "give the app the scopes Api and RefreshToken",
        f"{NOTES} 4.5",
    ),
    Cause(
        "policy.noConsent",
        "the app admits everybody who consents, and the user never did",
        (NOT_APPROVED, "invalid_request/refresh_token scope is required"),
        lambda facts: both(
            no(seen.admin_approved(facts)),
            seen.user_found(facts),
            no(seen.consented(facts)),
            seen.may_refresh(facts),
        ),
        "have the app admit admin-approved users only, and link a permission set that the user holds",
        f"{NOTES} 4.3",
        CREDENTIALS,
        "leave orgkey:app.permittedUsers out, then run `pulumi up`",
        declared=lambda settings: settings.get("app.permittedUsers") != "AdminApprovedPreAuthorized",
        alone=True,
    ),
    Cause(
        "preauthorization.noLinks",
        "the app admits admin-approved users only, and no permission set or profile is linked to it",
        ("invalid_app_access", NOT_APPROVED, DENIED, "invalid_request/refresh_token scope is required"),
        lambda facts: both(seen.admin_approved(facts), no(seen.linked(facts)), seen.user_found(facts)),
        "link a permission set or profile to the app: its policies > Manage Permission Sets",
        f"{NOTES} 2.5, 3.2",
        "SetupEntityAccess (administrator credentials with View Setup and Configuration)",
        "run `pulumi up`: it links the permission set again",
        hint=blocked_by_stack,
        of_a_block=True,
        alone=True,
    ),
    Cause(
        "preauthorization.ended",
        "the user's permission set assignment has ended",
        ("invalid_app_access", NOT_APPROVED, DENIED, "invalid_request/refresh_token scope is required"),
        lambda facts: both(seen.admin_approved(facts), seen.assignment_ended(facts)),
        "assign the permission set again, without an end or with a later one",
        f"{NOTES} 3.3",
        "PermissionSetAssignment (administrator credentials)",
        "move or remove orgkey:assignments.expiration, then run `pulumi up`",
        declared=lambda settings: bool(settings.get("assignments.expiration")),
        told=_ended,
        alone=True,
    ),
    Cause(
        "preauthorization.session",
        "the only permission set that lets the user in counts in an activated session alone",
        (),
        lambda facts: False if seen.session_sets_only(facts) is False else None,
        "pre-authorize by a permission set that needs no activation",
        "object reference, PermissionSet.HasActivationRequired",
        CREDENTIALS,
        hint=seen.session_sets_only,
        seldom_as=_NOT_ADMITTED,
    ),
    Cause(
        "preauthorization.group",
        "a permission set group gives the user the permission set, and mutes it or is not recalculated yet",
        (),
        lambda facts: False if seen.by_group_only(facts) is False else None,
        "look at the group's status in Setup > Permission Set Groups, or assign the permission set itself",
        "object reference, PermissionSetGroup.Status",
        CREDENTIALS,
        hint=seen.by_group_only,
        seldom_as=_NOT_ADMITTED,
    ),
    Cause(
        "preauthorization.notHeld",
        "the user holds none of the permission sets and profiles that the app is linked to",
        ("invalid_app_access", NOT_APPROVED, DENIED, "invalid_request/refresh_token scope is required"),
        lambda facts: both(
            seen.admin_approved(facts),
            seen.linked(facts),
            seen.user_found(facts),
            no(seen.preauthorized(facts)),
            no(seen.assignment_ended(facts)),
        ),
        "assign one of them to the user, or link one that the user holds",
        f"{NOTES} 3.1, 4.5",
        "PermissionSetAssignment (administrator credentials with View Setup and Configuration)",
        "add the user to orgkey:users, then run `pulumi up`; where it is there already, `pulumi up` gives the set again",
        told=_links,
        alone=True,
    ),
    Cause(
        "preauthorization.licensedSet",
        "the only permission set that lets the user in carries the licence Salesforce API Integration, and such a set cannot hold apps",
        (NOT_APPROVED,),
        lambda facts: both(seen.admin_approved(facts), seen.user_found(facts), seen.licensed_sets_only(facts)),
        "pre-authorize by a permission set without a licence, or by the profile",
        f"{NOTES} 3.1",
        "PermissionSetAssignment (administrator credentials)",
        "leave orgkey:permissionSet.license out, then run `pulumi up`",
        declared=lambda settings: bool(settings.get("permissionSet.license")),
        alone=True,
    ),
    Cause(
        "policy.highAssurance",
        "the app demands a high assurance session, which JWT bearer cannot reach",
        (NOT_APPROVED,),
        lambda facts: both(
            seen.high_assurance(facts),
            seen.user_found(facts),
            either(no(seen.admin_approved(facts)), seen.preauthorized(facts)),
        ),
        "set the app's required session level to standard",
        f"{NOTES} 1.2",
        CREDENTIALS,
        "leave orgkey:app.requiredSessionLevel out, then run `pulumi up`",
        declared=lambda settings: settings.get("app.requiredSessionLevel") == "HIGH_ASSURANCE",
        alone=True,
    ),
    # --- a token, and what it may do
    Cause(
        "user.wrong",
        "the token speaks for another user",
        ("wrong_user",),
        by_the_answer,
        "check the user name and that no other app has this consumer key",
        f"{NOTES} 4.4",
    ),
    Cause(
        "user.noApi",
        "the login works, and the user lacks the permission API Enabled",
        ("api_call_refused",),
        lambda facts: no(seen.api_enabled(facts)),
        "give the user API Enabled by a permission set or profile",
        f"{NOTES} 4.3",
        CREDENTIALS,
        "add ApiEnabled to orgkey:permissionSet.userPermissions, then run `pulumi up`",
        declared=lambda settings: "ApiEnabled" not in (settings.get("permissionSet.userPermissions") or ()),
    ),
    Cause(
        "scopes.noApi",
        "the login works, and the app lacks the scope Api",
        ("api_call_refused",),
        lambda facts: no(seen.has_scope(facts, "Api", "Full")),
        "give the app the scope Api",
        f"{NOTES} 1.7",
        CREDENTIALS,
        "add Api to orgkey:app.scopes, then run `pulumi up`",
        declared=lambda settings: not {"Api", "Full"} & set(settings.get("app.scopes") or ()),
    ),
    # --- what says nothing
    Cause(
        "app.addressBound",
        "the login works, and its token is bound to an address that requests do not come from",
        ("api_call_refused",),
        lambda facts: False if seen.address_bound(facts) is False else None,
        "send requests from one address (a proxy may have several), or switch IP binding off",
        "metadata WSDL 68",
        CREDENTIALS,
        hint=seen.address_bound,
    ),
)

WITHOUT_REASON = Cause(
    "org.refusedWithoutReason",
    "the org refused the login for a reason that its answer does not tell, and nothing wrong was seen",
    (UNHEARD_OF, "invalid_grant/no description", DENIED),
    not_to_be_proved,
    "try again, since the answer may be older than what was seen; then look at the user's login history in Setup",
    f"{NOTES} 4.5",
    "the user's login history (administrator credentials)",
)
"""What is left where no other cause is."""

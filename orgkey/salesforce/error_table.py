"""The error table: what an org's answer means, whether to try again, where to look, what to do.

One row per answer of platform notes 1.8, 3.3, 4.5, 5.5 and 5.7. Retry, messages, drift text and docs read it. Match on the code
first and on a part of the text second: never on the text alone (4.5). A code that ends with `*` stands for a family of codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Retry(StrEnum):
    """When the same request may succeed without anybody doing anything."""

    NEVER = "never"
    PROPAGATION = "while a new or changed app propagates"
    CERTIFICATE = "while a new certificate propagates"
    SOON = "in a moment"
    READS_ONLY = "in a moment, reads only"
    LATER = "when the limit is over"


@dataclass(frozen=True, slots=True)
class Row:
    """One known answer. `code` is OAuth's `error` or the API's `errorCode`; `contains` a part of the text in lower case.

    `own_login` is what to do where the administrator's own login (`salesforce:credentials`) met it.
    """

    code: str
    contains: str
    meaning: str
    remedy: str
    retry: Retry = Retry.NEVER
    audience: bool = False  # the next audience of the ladder may do
    own_login: str = ""
    rights: bool = False  # the login lacks a permission: say whose it is
    broken_app: bool = (
        False  # as an app that lost its OAuth settings answers: it takes none again and has to be recreated
    )
    outside: bool = False  # the user, the org or this machine is why: no `pulumi up` mends it
    assertion: bool = False  # the assertion itself was refused: two clocks may be apart


RIGHTS = (
    "API Enabled, View Setup and Configuration, Assign Permission Sets, Modify Metadata Through Metadata API Functions; "
    "for External Client Apps also Create, edit, and delete External Client Apps"
)
"""What a login needs, by the names that Setup shows (object reference, guide of ExtlClntAppConfigurablePolicies)."""

_RIGHTS = f"use a login with the permissions {RIGHTS}"
_OTHER_KEY = "the signature does not match the app's certificate: another is there, a new one is not replicated yet, or the app has none"
_SEND_AGAIN = "run `pulumi up`: it sends this stack's certificate again"
_OWN_KEY = "give salesforce:credentials.jwt the private key whose certificate the app has, and check the consumer key"
_NO_APP = (
    "the org does not have this External Client App: not replicated yet (a new sandbox too), another org, or an audience that "
    "it does not take"
)
_CHECK_APP = "check that the app exists in this org and is enabled; after a sandbox refresh, `pulumi up` makes it again"
_LIMIT = (
    "the user logged in more than 3,600 times within an hour",
    "wait an hour; something logs in in a loop",
    Retry.LATER,
)
_OWN_APP = (
    "check consumerKey and that salesforce:instanceUrl is the org that has this app; "
    "after a sandbox refresh it has production's at most"
)
_UNBLOCK = "unblock the app in Setup (Connected Apps OAuth Usage, or External Client Apps); API Access Control must admit it, where on"

GRANT = (
    Row(
        "",
        "minutes behind the org's",
        "an assertion is valid for three minutes, and arrives expired from a clock that is further behind",
        "set this machine's clock (NTP), then run the same command again",
        outside=True,
    ),
    Row(
        "invalid_request",
        "refresh_token scope is required",
        "the app lacks the RefreshToken scope, or the user is not pre-authorized in it",
        "give the app the scopes Api and RefreshToken, and link the permission set that the user holds",
    ),
    Row(
        "invalid_grant",
        "hasn't approved this consumer",
        "the pre-authorization is not effective: not replicated yet, an unknown user, or a permission set that cannot pre-authorize",
        "check the user name, that the app admits admin-approved users only, and that the permission set carries no licence",
        Retry.PROPAGATION,
        own_login="check the user name, and have a permission set or profile of that user admitted by the app",
    ),
    Row(
        "invalid_app_access",
        "",
        "the app and the signature are fine, but the user does not hold a permission set or profile that the app is linked to",
        "add the user to orgkey:users, or set orgkey:integrationUser to one of them; for a user who is there already run `pulumi up`, "
        "which gives the set and links it again",
        own_login="give that user a permission set or profile that the app admits",
    ),
    Row(
        "invalid_client_id",
        "",
        "the org does not know the consumer key: not replicated yet (a new sandbox too), or another org",
        "check that the app exists in this org with this consumer key",
        Retry.PROPAGATION,
        own_login=_OWN_APP,
    ),
    Row("invalid_client", "", _OTHER_KEY, _SEND_AGAIN, Retry.CERTIFICATE, own_login=_OWN_KEY, assertion=True),
    Row(
        "invalid_grant",
        "audience",
        "the org does not take this audience",
        "leave orgkey:grant.audience out, so that the possible ones are tried in turn",
        audience=True,
        own_login="check that salesforce:instanceUrl is the org's My Domain",
    ),
    Row("app_not_found", "", _NO_APP, _CHECK_APP, Retry.PROPAGATION, audience=True, own_login=_OWN_APP),
    Row("OAUTH_EC_APP_NOT_FOUND*", "", _NO_APP, _CHECK_APP, Retry.PROPAGATION, audience=True, own_login=_OWN_APP),
    Row(
        "invalid_grant",
        "invalid assertion",
        _OTHER_KEY,
        _SEND_AGAIN,
        Retry.CERTIFICATE,
        own_login=_OWN_KEY,
        assertion=True,
    ),
    Row(
        "invalid_grant",
        "expired authorization code",
        "the assertion was expired when it arrived",
        "compare this machine's clock with the real time",
        outside=True,
        assertion=True,
    ),
    Row(
        "invalid_grant",
        "no valid scopes",
        "the app's scopes do not suffice: a token needs one besides RefreshToken, and Full alone is none",
        "give the app the scope Api (orgkey:app.scopes)",
        own_login="give the app the scope Api",
    ),
    Row(
        "invalid_scope",
        "",
        "a scope was asked for that the app does not have",
        "give the app the scopes Api and RefreshToken",
    ),
    Row(
        "invalid_grant",
        "ip restricted",
        "the login comes from an address outside the user's ranges, or outside login hours",
        "allow this address in the profile or app, or set orgkey:app.ipRelaxation on purpose",
        own_login="allow this address in the user's profile or in the app",
    ),
    Row("inactive_user", "", "the user is inactive", "activate the user in the org", outside=True),
    Row("invalid_grant", "inactive user", "the user is inactive", "activate the user in the org", outside=True),
    Row("invalid_grant", "user is locked", "the user is locked", "unlock the user in the org", outside=True),
    Row("inactive_org", "", "the org is locked, closed or suspended", "ask its administrator", outside=True),
    Row("rate_limit_exceeded", "", *_LIMIT, outside=True),
    Row("invalid_grant", "login rate exceeded", *_LIMIT, outside=True),
    Row(
        "unknown_error",
        "retry your request",
        "the org failed inside",
        "run the same command again in a minute",
        Retry.SOON,
    ),
    Row(
        "OAUTH_APP_BLOCKED*",
        "",
        "the org's administrator, or API Access Control, has blocked the app",
        _UNBLOCK,
        outside=True,
    ),
    Row(
        "OAUTH_APP_ACCESS_DENIED*",
        "",
        "the user or this address may not use the app, or API Access Control does not admit it",
        "give the user what the app admits, and where API Access Control is on, admit the app there",
    ),
    Row(
        "OAUTH_AUTHORIZATION_BLOCKED*",
        "",
        "the External Client App is of another org and works in its own only",
        "use an app of this org: a local one (distributionState Local) never works across orgs",
    ),
    Row(
        "unsupported_grant_type",
        "",
        "the org does not take this grant",
        "check that instanceUrl is a Salesforce My Domain",
    ),
    Row(
        "invalid_grant",
        "expired access/refresh token",
        "the refresh token is no longer valid",
        "log in again (`sf org login web`) and store the new auth URL; a sandbox refresh ends all of its refresh tokens",
    ),
    Row(
        "invalid_grant",
        "activation secret invalid",
        "the refresh token's session needs a new activation",
        "log in again with `sf org login web`",
    ),
    Row(
        "invalid_grant",
        "no client credentials user enabled",
        "the app has no user for the client credentials flow",
        "choose a run-as user in that app's policies",
    ),
    Row(
        "invalid_grant",
        "request not supported on this domain",
        "the client credentials flow works on the My Domain host only",
        "set salesforce:instanceUrl to the My Domain",
    ),
    Row(
        "api_call_refused",
        "",
        "the login works, and the org refuses an API call with it",
        "give the user the permission API Enabled and the app the scope Api; where API Access Control is on, admit the app there",
    ),
    Row(
        "wrong_user",
        "",
        "the token speaks for another user",
        "check orgkey:integrationUser and that no other app has this consumer key",
    ),
    Row(
        "invalid_grant",
        "no description",
        "the org refused the login without saying why: not replicated yet, most likely",
        "look at the user's login history in the org",
        Retry.PROPAGATION,
    ),
    Row("invalid_grant", "", "the org refused the login", "look at the user's login history in the org"),
)
"""Answers of the token endpoint (platform notes 4.5)."""

CATCH_ALL = ("invalid_grant", "")
"""Code and text of the row that knows nothing but OAuth's own word for a refusal."""

SECRET_GRANT = (
    Row(
        "invalid_client*",
        "",
        "the org does not know the consumer key, or the secret is not the app's",
        "check the consumer key and the secret; a secret that was rotated in Setup is another one",
    ),
    *GRANT,
)
"""The same for the flows that send a secret: refresh token and client credentials."""

API = (
    Row(
        "INVALID_SESSION_ID",
        "not valid for use with the rest api",
        "the session was not made for the API",
        "log in by another way: a token of a browser session or of Lightning is none for the API",
    ),
    Row(
        "INVALID_SESSION_ID*",
        "",
        "the session has expired or is not valid for this API",
        "log in again and run the command again",
    ),
    Row(
        "REQUEST_LIMIT_EXCEEDED",
        "concurrent",
        "too many requests run in the org at once",
        "try again in a moment",
        Retry.SOON,
    ),
    Row(
        "REQUEST_LIMIT_EXCEEDED*",
        "",
        "the org's API requests are used up",
        "wait until the 24 hour window has moved on, or free requests in Setup > Company Information",
        Retry.LATER,
    ),
    Row(
        "API_DISABLED_FOR_ORG",
        "",
        "the org has no API access, or this login lacks the permission API Enabled",
        "give the login the permission API Enabled; an edition without API access cannot be used",
        rights=True,
    ),
    Row("API_CURRENTLY_DISABLED", "", "the API is switched off for the moment", "try again later", Retry.LATER),
    Row(
        "UNSUPPORTED_API_VERSION",
        "",
        "the org does not serve this API version",
        "set salesforce:apiVersion to one it serves",
    ),
    Row("NOT_FOUND", "", "the org does not serve this path", "set salesforce:apiVersion to a version it serves"),
    Row(
        "INVALID_TYPE",
        "'externalclientapplication'",
        "the org has not switched External Client Apps on, or does not show them to this login",
        "switch them on (Setup > External Client Apps > Settings), or give the login View all External Client Apps",
        rights=True,
    ),
    Row("INVALID_TYPE*", "is not supported", "the login may not see this object", _RIGHTS, rights=True),
    Row("INSUFFICIENT_ACCESS*", "", "the administrator's login may not do this", _RIGHTS, rights=True),
    Row(
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "",
        "the org's own automation refused it",
        "look at its flows and triggers",
    ),
    Row(
        "FUNCTIONALITY_NOT_ENABLED",
        "",
        "the org has not switched this on, or the login may not use it",
        _RIGHTS,
        rights=True,
    ),
    Row("FORBIDDEN", "", "the administrator's login may not do this", _RIGHTS, rights=True),
    Row("ALREADY_IN_PROCESS", "", "another change holds the org's setup", "try again in a minute", Retry.SOON),
    Row("UNABLE_TO_LOCK_*", "", "another change holds the record", "try again in a moment", Retry.SOON),
    Row("SERVER_UNAVAILABLE", "", "the org is busy", "try again in a moment", Retry.SOON),
    Row("SERVICE_UNAVAILABLE", "", "the org is busy", "try again in a moment", Retry.SOON),
    Row("QUERY_TIMEOUT", "", "the org took too long to answer", "try again in a moment", Retry.READS_ONLY),
    Row(
        "UNKNOWN_EXCEPTION*",
        "",
        "the org failed inside",
        "try again; quote its ErrorId to Salesforce support if it stays",
        Retry.READS_ONLY,
    ),
    Row("DUPLICATE_VALUE", "", "it is there already", "nothing"),
    Row(
        "FIELD_INTEGRITY_EXCEPTION",
        "user license",
        "the user's licence does not allow what the permission set grants",
        "take the permission or licence out of the set, or the user out of orgkey:users",
    ),
    Row(
        "LICENSE_LIMIT_EXCEEDED",
        "",
        "the org has no licence of this kind left",
        "free one (Setup > Company Information), or take the user out of orgkey:users",
    ),
    Row("INACTIVE_OWNER_OR_USER", "", "the user is inactive", "activate the user or take it out of orgkey:users"),
    Row(
        "INVALID_CROSS_REFERENCE_KEY",
        "",
        "it names something that the org does not have",
        "run `pulumi refresh`, then try again",
    ),
    Row(
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "",
        "the whole batch was refused for one of its records",
        "run the same command again; if it stays so, make one of the changes by hand in Setup to see what refuses it",
    ),
)
"""Answers of the REST, SOQL and SOAP APIs (platform notes 3.3, 5.5, 5.7)."""

DEPLOY = (
    Row(
        "",
        "exclusive access to this record",
        "another change holds a record that the deploy needs",
        "run the same command again in a minute",
        Retry.SOON,
    ),
    Row(
        "", "unable_to_lock_row", "another change holds a record", "run the same command again in a minute", Retry.SOON
    ),
    Row(
        "",
        "an unexpected error occurred",
        "the org failed inside",
        "run the same command again; quote its ErrorId to Salesforce support if it stays",
        Retry.SOON,
        broken_app=True,
    ),
    Row(
        "",
        "unknown_exception",
        "the org failed inside",
        "run the same command again; quote its ErrorId to Salesforce support if it stays",
        Retry.SOON,
    ),
    Row(
        "",
        "you can't create a connected app",
        "this org does not let anybody make Connected Apps any more (the platform's default since Spring '26)",
        "set orgkey:app.kind to external; or have creation switched on: Setup > External Client Apps > Settings, or Salesforce Support",
    ),
    Row(
        "",
        "consumer key is already taken",
        "another app, in this org or any other, has this consumer key; after a change of the app's kind it is this stack's own old app",
        "set orgkey:key.consumerKey to another value, in the same change as orgkey:app.kind and orgkey:app.name",
    ),
    Row(
        "",
        "cannot provide a consumer key",
        "the app exists already and keeps its own consumer key",
        "import the app (`pulumi import`), or choose another orgkey:app.name",
    ),
    Row(
        "",
        "duplicates value on",
        "the app has a part of this kind already, under another name: made in Setup or by another tool",
        "take the app over with `pulumi import` (orgkey:import), which finds its parts by what they belong to",
    ),
    Row(
        "",
        "invalid plugin settings",
        "the app has lost its OAuth settings, as a sandbox refresh may leave it",
        "delete the app in Setup > External Client App Manager, then run `pulumi up`, which makes it again",
        broken_app=True,
    ),
    Row(
        "",
        "have a valid oauth settings configuration",
        "the app's OAuth settings are missing or of another app",
        "run `pulumi refresh`, then `pulumi up`; if it stays so, delete the app in Setup and run `pulumi up` again",
        broken_app=True,
    ),
    Row(
        "",
        "parent external client app",
        "the part names an app that the org does not have",
        "run `pulumi refresh`, then `pulumi up`",
    ),
    Row(
        "",
        "problem with your scope",
        "the org does not take one of the scopes for this kind of app",
        "take it out of orgkey:app.scopes; the message lists those that the org takes",
    ),
    Row(
        "",
        "no profile named",
        "the org has no profile of that name",
        "give profiles by the name that Setup shows, in the org's language (orgkey:app.profiles)",
    ),
    Row(
        "",
        "no permissionset named",
        "the org has no permission set of that name",
        "check orgkey:app.permissionSets",
    ),
    Row(
        "",
        "invalid_cross_reference_key",
        "it names something that the org does not have",
        "check the permission sets and profiles in orgkey:app; run `pulumi refresh`, then try again",
    ),
    Row("", "insufficient_access", "the administrator's login may not do this", _RIGHTS, rights=True),
    Row("", "insufficient access", "the administrator's login may not do this", _RIGHTS, rights=True),
    Row(
        "",
        "invalid at this location in type",
        "the org's API version does not know this element",
        "set salesforce:apiVersion to a newer one that the org serves, or leave that setting out",
    ),
    Row(
        "",
        "not valid in version",
        "the org's API version does not know this element",
        "set salesforce:apiVersion to a newer one that the org serves, or leave that setting out",
    ),
    Row(
        "",
        "license",
        "the org, or the permission set's holders, lack a licence",
        "check orgkey:permissionSet.license against Setup > Company Information",
    ),
    Row(
        "",
        "certificate",
        "the org does not take the certificate",
        "use RSA of 2048 bits or more, SHA-256, under 4 KB",
    ),
)
"""Component failures of a deploy (platform notes 1.8)."""


def find_row(table: Sequence[Row], code: str, text: str) -> Row | None:
    """Return the first row that fits an answer's code and text."""
    lowered = text.lower()
    return next((row for row in table if _fits(row.code, code) and row.contains in lowered), None)


def _fits(pattern: str, code: str) -> bool:
    return code.startswith(pattern[:-1]) if pattern.endswith("*") else pattern in ("", code)

"""The error table: what an org's answer means, whether to try again, where to look, what to do.

One row per answer of platform notes 1.8, 3.3, 4.5, 5.5 and 5.7. Retry, messages, drift text and docs read it. Match on the code
first and on a part of the text second: never on the text alone (4.5).
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
    ASKING = "in a moment, where nothing was to be changed"
    LATER = "when the limit is over"


@dataclass(frozen=True, slots=True)
class Row:
    """One known answer. `code` is OAuth's `error` or the API's `errorCode`; `contains` a part of the text in lower case."""

    code: str
    contains: str
    meaning: str
    remedy: str
    retry: Retry = Retry.NEVER
    audience: bool = False  # the next audience of the ladder may do


GRANT = (
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
    ),
    Row(
        "invalid_app_access",
        "",
        "the app and the signature are fine, but the user does not hold a permission set or profile that the app is linked to",
        "add the user to orgkey:users, or set orgkey:integrationUser to one of them",
    ),
    Row(
        "invalid_client_id",
        "",
        "the org does not know the consumer key: not replicated yet, or another org",
        "check that the app exists in this org with this consumer key",
        Retry.PROPAGATION,
    ),
    Row(
        "invalid_client",
        "",
        "the signature does not match the app's certificate: another one is there, or a new one is not replicated yet",
        "run `pulumi up`: it sends this stack's certificate again",
        Retry.CERTIFICATE,
    ),
    Row(
        "invalid_grant",
        "audience",
        "the org does not take this audience",
        "leave orgkey:grant.audience out, so that the possible ones are tried in turn",
        audience=True,
    ),
    Row(
        "app_not_found",
        "",
        "the org does not have this External Client App: not replicated yet, another org, or an audience it does not take",
        "check that the app exists in this org and is enabled",
        Retry.PROPAGATION,
    ),
    Row(
        "invalid_grant",
        "invalid assertion",
        "the signature does not match the app's certificate, or the app has none",
        "run `pulumi up`: it sends this stack's certificate again",
        Retry.CERTIFICATE,
    ),
    Row(
        "invalid_grant",
        "expired authorization code",
        "the assertion was expired when it arrived",
        "compare this machine's clock with the real time",
    ),
    Row(
        "invalid_grant",
        "ip restricted",
        "the login comes from an address outside the user's ranges, or outside login hours",
        "allow this address in the profile or app, or set orgkey:app.ipRelaxation on purpose",
    ),
    Row("inactive_user", "", "the integration user is inactive", "activate the user in the org"),
    Row("invalid_grant", "inactive user", "the integration user is inactive", "activate the user in the org"),
    Row("invalid_grant", "user is locked", "the integration user is locked", "unlock the user in the org"),
    Row("inactive_org", "", "the org is locked, closed or suspended", "ask its administrator"),
    Row(
        "rate_limit_exceeded",
        "",
        "the user logged in more than 3,600 times within an hour",
        "wait an hour; something logs in in a loop",
        Retry.LATER,
    ),
    Row(
        "invalid_grant",
        "login rate exceeded",
        "the user logged in more than 3,600 times within an hour",
        "wait an hour; something logs in in a loop",
        Retry.LATER,
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
        "log in again (`sf org login web`) and store the new auth URL",
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
        "invalid_grant",
        "",
        "the org refused the login",
        "look at the user's login history in the org",
        Retry.PROPAGATION,
    ),
)
"""Answers of the token endpoint (platform notes 4.5)."""

CREDENTIALS = (
    Row(
        "invalid_client",
        "",
        "the consumer key does not belong to the secret or private key that goes with it",
        "check the consumer key, and the secret or private key, that salesforce:credentials name",
    ),
    Row(
        "invalid_grant",
        "invalid assertion",
        "the private key is not that of the certificate in the administrator's app, or that app has none",
        "give salesforce:credentials.jwt the private key whose certificate the app has",
    ),
    *GRANT,
)
"""The same answers to the administrator's own login: nothing there is this stack's to put right."""

API = (
    Row(
        "INVALID_SESSION_ID",
        "",
        "the session has expired or is not valid for this API",
        "log in again and run the command again",
    ),
    Row(
        "REQUEST_LIMIT_EXCEEDED",
        "",
        "the org's API requests are used up",
        "wait until the 24 hour window has moved on, or free requests in Setup > Company Information",
        Retry.LATER,
    ),
    Row("API_DISABLED_FOR_ORG", "", "the org has no API access", "use an edition or licence with API access"),
    Row("API_CURRENTLY_DISABLED", "", "the API is switched off for the moment", "try again later", Retry.LATER),
    Row(
        "UNSUPPORTED_API_VERSION",
        "",
        "the org does not serve this API version",
        "set salesforce:apiVersion to one it serves",
    ),
    Row("NOT_FOUND", "", "the org does not serve this path", "set salesforce:apiVersion to a version it serves"),
    Row(
        "INSUFFICIENT_ACCESS",
        "",
        "the administrator's login may not do this",
        "use a login with Customize Application and Modify Metadata",
    ),
    Row(
        "INVALID_TYPE",
        "'externalclientapplication'",
        "the org has not switched External Client Apps on, or does not show them to this login",
        "switch them on (Setup > External Client Apps > Settings), or give the login View all External Client Apps",
    ),
    Row("ALREADY_IN_PROCESS", "", "another change holds the org's setup", "try again in a minute", Retry.SOON),
    Row("UNABLE_TO_LOCK_ROW", "", "another change holds the record", "try again in a moment", Retry.SOON),
    Row("SERVER_UNAVAILABLE", "", "the org is busy", "try again in a moment", Retry.SOON),
    Row(
        "UNKNOWN_EXCEPTION",
        "",
        "the org failed inside",
        "try again; quote its ErrorId to Salesforce support if it stays",
        Retry.ASKING,
    ),
    Row("DUPLICATE_VALUE", "", "it is there already", "nothing"),
    Row(
        "FIELD_INTEGRITY_EXCEPTION",
        "user license",
        "the user's licence does not allow what the permission set grants",
        "take the permission or licence out of the set, or the user out of orgkey:users",
    ),
    Row("INACTIVE_OWNER_OR_USER", "", "the user is inactive", "activate the user or take it out of orgkey:users"),
    Row(
        "INVALID_CROSS_REFERENCE_KEY",
        "",
        "it names something that the org does not have",
        "run `pulumi refresh`, then try again",
    ),
)
"""Answers of the REST, SOQL and SOAP doors (platform notes 3.3, 5.5, 5.7)."""

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
        "certificate",
        "the org does not take the certificate",
        "use RSA of 2048 bits or more, SHA-256, under 4 KB",
    ),
)
"""Component failures of a deploy (platform notes 1.8)."""


def find_row(table: Sequence[Row], code: str, text: str) -> Row | None:
    """Return the first row that fits an answer's code and text."""
    lowered = text.lower()
    return next((row for row in table if row.code in ("", code) and row.contains in lowered), None)

"""The finding table: what `orgkey drift` can find, by stable codes, and what can be done about it.

One row per kind of finding: how bad it is, what it means, who should care. One row per remedy, and which remedies contradict each other.
The report, its formats and the reference page read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is, the least first. INFO is worth knowing and no drift: it changes neither verdict nor exit code."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Its place, from 0."""
        return list(Severity).index(self)


class Code(StrEnum):
    """Stable names of findings, for scripts: none ever changes its meaning."""

    LOGIN_FAILS = "login-fails"
    MISSING = "missing"
    NOT_DEPLOYED = "not-deployed"
    SANDBOX_REFRESHED = "sandbox-refreshed"
    LOGIN_BLOCKED = "login-blocked"
    POLICY_LOOSENED = "policy-loosened"
    EXTRA_PRE_AUTHORIZATION = "extra-pre-authorization"
    EXTRA_ASSIGNEE = "extra-assignee"
    EXTRA_GRANT = "extra-grant"
    MISSING_ASSIGNEE = "missing-assignee"
    CERTIFICATE_REPLACED = "certificate-replaced"
    CERTIFICATE_EXPIRES = "certificate-expires"
    RENEWAL_DUE = "renewal-due"
    OWNER_CHANGED = "owner-changed"
    SETTING_CHANGED = "setting-changed"
    CAN_BE_RETIRED = "can-be-retired"


class Action(StrEnum):
    """What a remedy asks for; stable names, as those of findings are."""

    UP = "up"
    DEPLOY = "deploy"
    RESTORE = "restore"
    DECIDE = "decide"
    RENEW = "renew"
    RENEW_LATER = "renew-later"
    REPLACE_CERTIFICATE = "replace-certificate"
    REPLACE_ENDED_CERTIFICATE = "replace-ended-certificate"
    RETIRE_BEFORE_END = "retire-before-end"
    RETIRE_ENDED = "retire-ended"
    EXTEND_ASSIGNMENTS = "extend-assignments"
    SETTLE_ENDED_ASSIGNMENT = "settle-ended-assignment"
    TAKE_OVER = "take-over"
    FIND_OWNER = "find-owner"
    MEND_USER = "mend-user"
    MEND_ACCESS = "mend-access"
    UP_FOR_LOGIN = "up-for-login"
    UP_THEN_TRY = "up-then-try"
    READ_THEN_TRY = "read-then-try"
    OWNER_THEN_UP = "owner-then-up"
    USER_THEN_UP = "user-then-up"
    SETTINGS_THEN_UP = "settings-then-up"
    READ_THEN_UP = "read-then-up"
    MEND_READING = "mend-reading"
    RETIRE = "retire"


REMEDIES: Mapping[Action, str] = {
    Action.UP: "`pulumi up` puts it back",
    Action.DEPLOY: "run `pulumi up` for this stack",
    Action.RESTORE: "`pulumi up` puts everything back, with the same key pair and consumer key",
    Action.DECIDE: "declare the user in orgkey:users, or let `pulumi up` take the set from it",
    Action.RENEW: "`pulumi up` renews it: same key, same consumer key",
    Action.RENEW_LATER: "nothing yet: from {renew_at} on `pulumi up` renews it",
    Action.REPLACE_CERTIFICATE: "put a new certificate of your own key into orgkey:key.certificatePem, then run `pulumi up`",
    Action.REPLACE_ENDED_CERTIFICATE: "put a new certificate of your own key into orgkey:key.certificatePem; `pulumi up` stops before "
    "anything is done until it is there",
    Action.RETIRE_BEFORE_END: "the generation retires with your own key, and its certificate stays as it is: take it out of "
    "orgkey:retiring before that ends, or make it current again, with a new certificate in orgkey:key.certificatePem",
    Action.RETIRE_ENDED: "take the generation out of orgkey:retiring, or make it current again, with a new certificate in "
    "orgkey:key.certificatePem; `pulumi up` stops before anything is done until then",
    Action.EXTEND_ASSIGNMENTS: "give orgkey:assignments.expiration a later moment or take it out; `pulumi up` stops before anything is "
    "done until then",
    Action.SETTLE_ENDED_ASSIGNMENT: "have the assignment, which somebody else made, renewed or deleted in the org; `pulumi up` fails "
    "until then",
    Action.TAKE_OVER: "`pulumi up` takes it over again; `pulumi stack` shows whether the state has two resources for it",
    Action.FIND_OWNER: "find out who else manages it, and settle whose it is; `pulumi up` writes this stack's marker again",
    Action.MEND_USER: "{advice}",
    Action.MEND_ACCESS: "{advice}",
    Action.UP_FOR_LOGIN: "{advice}",
    Action.UP_THEN_TRY: "`pulumi up` mends what else was found here, and tries the login again",
    Action.READ_THEN_TRY: "mend what could not be read, then look again: it may be why the login fails",
    Action.OWNER_THEN_UP: "settle first who else manages it (owner changed); then: {remedy}",
    Action.USER_THEN_UP: "let the login in first (login fails), since `pulumi up` ends with it; then: {remedy}",
    Action.SETTINGS_THEN_UP: "mend first the setting that `pulumi up` stops on, as another finding says; then: {remedy}",
    Action.READ_THEN_UP: "mend first what could not be read, since `pulumi up` begins with the same questions; then: {remedy}",
    Action.MEND_READING: "mend what its reason names, then look again",
    Action.RETIRE: "take it out of orgkey:retiring once nobody needs it: the next update deletes its app, and its key is refused",
}
"""What a person reads. `advice` is the error table's remedy, `remedy` that of another row, `renew_at` a day."""

BY_UP = frozenset(
    {
        Action.UP,
        Action.DEPLOY,
        Action.RESTORE,
        Action.DECIDE,
        Action.RENEW,
        Action.TAKE_OVER,
        Action.UP_FOR_LOGIN,
        Action.UP_THEN_TRY,
    }
)
"""What `pulumi up` does, as things stand."""

STOPS_UP = frozenset(
    {
        Action.REPLACE_ENDED_CERTIFICATE,
        Action.RETIRE_ENDED,
        Action.EXTEND_ASSIGNMENTS,
        Action.SETTLE_ENDED_ASSIGNMENT,
    }
)
"""What is asked for before `pulumi up` begins at all."""

NAMES_UP = BY_UP | {Action.FIND_OWNER, Action.OWNER_THEN_UP, Action.USER_THEN_UP, Action.REPLACE_CERTIFICATE}
"""Whose remedy sends people to `pulumi up` of now, whatever it wants before."""

_IN_ONE_STACK = (
    *(
        (action, Action.FIND_OWNER) for action in (*BY_UP, Action.REPLACE_CERTIFICATE)
    ),  # one `up` writes over everything, whoever else has a hand in it
    *(
        (action, stop) for action in NAMES_UP for stop in STOPS_UP
    ),  # an `up` that stops does nothing of what it is to do
    *((action, Action.MEND_READING) for action in (*NAMES_UP, *STOPS_UP, Action.SETTINGS_THEN_UP)),
)
_IN_ONE_COMPONENT = (
    *((action, Action.MEND_USER) for action in BY_UP - {Action.DECIDE}),  # the `up` ends with a login that is refused
    *(
        (action, Action.MEND_ACCESS) for action in BY_UP - {Action.DECIDE}
    ),  # the access is declared: it is to be put back, not looked for
    *((Action.UP_FOR_LOGIN, action) for action in BY_UP - {Action.DECIDE, Action.UP_FOR_LOGIN}),  # likewise
    *(
        (action, Action.MEND_READING) for action in (Action.MEND_ACCESS, Action.UP_FOR_LOGIN)
    ),  # what was not read may be why
    (Action.RENEW, Action.RENEW_LATER),
    *(
        (action, own)
        for action in (Action.RENEW, Action.RENEW_LATER)
        for own in (Action.REPLACE_CERTIFICATE, Action.REPLACE_ENDED_CERTIFICATE)
    ),
)


def contradict(one: Action, other: Action, *, same_component: bool) -> bool:
    """Whether nobody can follow both; what could not be read counts as MEND_READING."""
    pairs = {*_IN_ONE_STACK, *(_IN_ONE_COMPONENT if same_component else ())}
    return (one, other) in pairs or (other, one) in pairs


@dataclass(frozen=True, slots=True)
class Kind:
    """One row. `severity` is the usual one: a setting that is only shown to people counts as low."""

    title: str
    severity: Severity
    meaning: str
    concerns: str


KINDS: Mapping[Code, Kind] = {
    Code.LOGIN_FAILS: Kind(
        "login fails",
        Severity.CRITICAL,
        "the JWT login was tried, and the org refused it",
        "everything that logs in through the app: CI and servers are locked out now",
    ),
    Code.MISSING: Kind(
        "missing",
        Severity.CRITICAL,
        "something declared is not in the org any more",
        "everything that logs in through the app",
    ),
    Code.NOT_DEPLOYED: Kind(
        "not deployed",
        Severity.CRITICAL,
        "the stack has no proven login yet: no `pulumi up` has come to its end",
        "whoever sets up this environment",
    ),
    Code.SANDBOX_REFRESHED: Kind(
        "sandbox refreshed",
        Severity.CRITICAL,
        "the org behind the My Domain is a new copy of production; what the stack had deployed is gone or is production's",
        "everything that logs in to this sandbox",
    ),
    Code.LOGIN_BLOCKED: Kind(
        "login blocked",
        Severity.CRITICAL,
        "the app binds tokens to a key, certificate or address of the client: a JWT bearer login is refused, or its token is",
        "everything that logs in through the app",
    ),
    Code.POLICY_LOOSENED: Kind(
        "policy loosened",
        Severity.HIGH,
        "somebody made the app easier to get in through",
        "whoever answers for the org's security",
    ),
    Code.EXTRA_PRE_AUTHORIZATION: Kind(
        "extra pre-authorization",
        Severity.HIGH,
        "holders of a permission set or profile that nobody declared may use the app",
        "whoever answers for the org's security",
    ),
    Code.EXTRA_ASSIGNEE: Kind(
        "extra assignee",
        Severity.HIGH,
        "a user whom nobody declared holds the permission set, and may use the app",
        "whoever answers for the org's security; an `up` takes the set from the user",
    ),
    Code.EXTRA_GRANT: Kind(
        "extra grant",
        Severity.HIGH,
        "the permission set grants more than was declared to everybody who holds it",
        "whoever answers for the org's security",
    ),
    Code.MISSING_ASSIGNEE: Kind(
        "missing assignee",
        Severity.HIGH,
        "a declared user does not hold the permission set any more, and cannot log in through the app",
        "whoever logs in as this user",
    ),
    Code.CERTIFICATE_REPLACED: Kind(
        "certificate replaced",
        Severity.CRITICAL,
        "the app trusts another certificate than this stack's, or none at all",
        "everything that logs in through the app with this stack's key",
    ),
    Code.CERTIFICATE_EXPIRES: Kind(
        "certificate expires",
        Severity.HIGH,
        "the certificate ends soon or has ended; Salesforce is known to let logins in all the same, what else checks it may not",
        "whoever runs `pulumi up` for this stack, and whoever checks certificates",
    ),
    Code.RENEWAL_DUE: Kind(
        "renewal due",
        Severity.MEDIUM,
        "the certificate is old enough for the next one; the next `up` renews it, and no client notices",
        "whoever runs `pulumi up` for this stack",
    ),
    Code.OWNER_CHANGED: Kind(
        "owner changed",
        Severity.MEDIUM,
        "the ownership marker in the description is not this stack's any more",
        "whoever else manages this org",
    ),
    Code.SETTING_CHANGED: Kind(
        "setting changed",
        Severity.MEDIUM,
        "a setting is not what the stack declares",
        "whoever changed it, and whoever relies on it",
    ),
    Code.CAN_BE_RETIRED: Kind(
        "can be retired",
        Severity.INFO,
        "a retiring generation has had no login for `generation.unusedAfterDays` days, as far as the org's login history shows",
        "whoever waits for clients to change to the new key",
    ),
}

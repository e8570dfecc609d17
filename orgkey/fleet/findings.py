"""The finding table: what `orgkey drift` can find, by stable codes.

One row per kind of finding: how bad it is, what it means, who should care. The report, its formats and the reference page read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is, the least first."""

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
    POLICY_LOOSENED = "policy-loosened"
    EXTRA_PRE_AUTHORIZATION = "extra-pre-authorization"
    EXTRA_ASSIGNEE = "extra-assignee"
    EXTRA_GRANT = "extra-grant"
    MISSING_ASSIGNEE = "missing-assignee"
    CERTIFICATE_EXPIRES = "certificate-expires"
    RENEWAL_DUE = "renewal-due"
    OWNER_CHANGED = "owner-changed"
    SETTING_CHANGED = "setting-changed"


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
    Code.CERTIFICATE_EXPIRES: Kind(
        "certificate expires",
        Severity.HIGH,
        "the certificate ends soon; after that no login works",
        "everything that logs in through the app",
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
}

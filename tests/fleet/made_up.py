"""A made-up report: every kind of finding, every verdict, certificates of every age, and words that nobody means well with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from orgkey.fleet.findings import KINDS, Code, Severity
from orgkey.fleet.report import Certificate, Finding, Report, StackReport, Unknown, could_not_tell, verdict_of

NOW = datetime(2026, 11, 24, 9, 30, 12, tzinfo=UTC)
PROJECT = "salesforce-jwt"
SCRIPT = "<script>alert(1)</script>"
ATTRIBUTE = '"\' onmouseover=alert(2) x="</style></title>--><img src=https://evil.example/x>'
LONG = "W" * 300
HOSTILE = (SCRIPT, ATTRIBUTE, LONG, "{{ 7 * 7 }}", "]]>&amp;\u202e\u2028", "\x0b\x1b[31mred\ufffe")
_UP = "`pulumi up` puts it back"


def certificate(ends: int, renewal: int) -> Certificate:
    """A certificate that ends and is to be renewed so many days from now."""
    return Certificate(
        not_after=NOW + timedelta(days=ends), renew_at=NOW + timedelta(days=renewal), fingerprint=":".join(["AB"] * 32)
    )


IN_A_YEAR = certificate(330, 240)


def finding(code: Code, path: str, summary: str, **others: Any) -> Finding:
    """A finding as severe as its kind, unless said otherwise."""
    return Finding(
        **{"code": code, "severity": KINDS[code].severity, "path": path, "summary": summary, "remedy": _UP} | others
    )


def stack(
    name: str,
    findings: Sequence[Finding] = (),
    *,
    unknown: Sequence[Unknown] = (),
    certificate: Certificate | None = IN_A_YEAR,
    host: str = "",
    project: str = PROJECT,
) -> StackReport:
    """A stack whose verdict and commands follow from what was found."""
    verdict = verdict_of(tuple(findings), tuple(unknown))
    return StackReport(
        project=project,
        stack=name,
        verdict=verdict,
        instance_url=f"https://{host or f'acme--{name}.sandbox.my.salesforce.com'}",
        org_id="00DAB0000000001EAA",
        findings=tuple(findings),
        unknown=tuple(unknown),
        certificate=certificate,
        commands=tuple(
            [f"pulumi up --stack {name}"] * bool(findings) + [f"orgkey drift --stack {name}"] * bool(unknown)
        ),
        seconds=1.234,
    )


def landscape() -> Report:
    """Fourteen stacks: every code of the finding table, every verdict."""
    return Report(
        made_at=NOW,
        seconds=12.345,
        stacks=(
            stack(
                "dev",
                [
                    finding(
                        Code.SETTING_CHANGED,
                        "app.description",
                        "description is CI and more, declared CI",
                        severity=Severity.LOW,
                        declared="CI",
                        found="CI and more",
                    )
                ],
            ),
            stack(
                "dev2",
                [
                    finding(
                        Code.CAN_BE_RETIRED,
                        "",
                        "generation 1 (CI_Integration) was not used in the last 7 days",
                        remedy="take it out of orgkey:retiring once nobody needs it",
                    )
                ],
            ),
            stack("hotfix", certificate=certificate(12, -78)),
            stack(
                "integration",
                [
                    finding(
                        Code.LOGIN_FAILS,
                        "grant",
                        "ci@acme.com.integration: the org answers invalid_grant: user hasn't approved this consumer",
                        remedy="wait a minute, then check that the user holds the permission set",
                        declared=True,
                        found=False,
                        details=("The user is not pre-authorized for the app, or not yet.",),
                    ),
                    finding(Code.LOGIN_BLOCKED, "app.otherParts", "isDPopEnabled was switched on", found="true"),
                    finding(
                        Code.MISSING_ASSIGNEE,
                        "assignments.users",
                        "ci@acme.com.integration does not hold Acme_CI",
                        declared="ci@acme.com.integration",
                    ),
                ],
            ),
            stack(
                "partial",
                [
                    finding(
                        Code.OWNER_CHANGED,
                        "app.managedBy",
                        "the ownership marker names salesforce-jwt/old",
                        declared="salesforce-jwt/partial",
                        found="salesforce-jwt/old",
                    )
                ],
                unknown=[Unknown(path="assignments", reason="The user may not see PermissionSetAssignment.")],
            ),
            stack(
                "perf",
                [
                    finding(
                        Code.CERTIFICATE_EXPIRES,
                        "key.notAfter",
                        "the certificate ended on 2026-11-20",
                        severity=Severity.CRITICAL,
                    ),
                    finding(Code.RENEWAL_DUE, "key.renewalDue", "the certificate was to be renewed on 2026-08-22"),
                    finding(
                        Code.CERTIFICATE_REPLACED,
                        "app.certificatePem",
                        "the app trusts the certificate 5f2a, not 77c1",
                        declared="77c1",
                        found="5f2a",
                    ),
                ],
                certificate=certificate(-4, -94),
            ),
            stack(
                "production",
                [
                    finding(
                        Code.POLICY_LOOSENED,
                        "app.scopes",
                        "scopes has more: full",
                        declared=["api", "refresh_token"],
                        found=["api", "full", "refresh_token"],
                    ),
                    finding(
                        Code.POLICY_LOOSENED,
                        "app.permittedUsers",
                        "permittedUsers is all-users, declared admin-approved",
                        declared="admin-approved",
                        found="all-users",
                    ),
                    finding(
                        Code.EXTRA_PRE_AUTHORIZATION,
                        "app.permissionSets",
                        "Marketing is pre-authorized",
                        found="Marketing",
                    ),
                    finding(
                        Code.EXTRA_ASSIGNEE,
                        "assignments.users",
                        "intern@acme.com holds Acme_CI",
                        found="intern@acme.com",
                    ),
                    finding(
                        Code.EXTRA_GRANT,
                        "permissionSet.otherParts",
                        "userPermissions ModifyAllData was added",
                        found="userPermissions ModifyAllData",
                    ),
                    finding(
                        Code.SETTING_CHANGED,
                        "app.trustedIpRanges",
                        "trustedIpRanges is nothing, declared 10.0.0.0-10.0.0.255",
                        declared=[{"start": "10.0.0.0", "end": "10.0.0.255"}],
                        found=[],
                    ),
                ],
                host="acme.my.salesforce.com",
                certificate=certificate(45, -45),
            ),
            stack(
                "qa",
                [finding(Code.MISSING, "permissionSet", "PermissionSet Acme_CI is not there any more")],
            ),
            could_not_tell(
                PROJECT,
                "sandbox7",
                "No answer within 60 s.",
                instance_url="https://acme--sandbox7.sandbox.my.salesforce.com",
            ),
            could_not_tell(
                PROJECT, "staging", "Pulumi.staging.yaml: line 3, column 9: mapping values are not allowed here"
            ),
            stack(
                "training",
                [finding(Code.NOT_DEPLOYED, "grant", "the stack has no proven login in its state")],
                certificate=None,
            ),
            stack(
                "uat",
                [
                    finding(
                        Code.SANDBOX_REFRESHED,
                        "",
                        "the org is 00D9900000000ZZEAA now, before it was 00DAB0000000001EAA",
                        declared="00DAB0000000001EAA",
                        found="00D9900000000ZZEAA",
                        details=(
                            "app: ExternalClientApp Acme_CI is not there any more",
                            "assignments: not there any more",
                        ),
                    )
                ],
            ),
            stack("ux"),
            hostile(),
        ),
    )


def hostile() -> StackReport:
    """A stack whose every word was written by somebody who means no good."""
    return stack(
        ATTRIBUTE,
        [
            finding(
                Code.SETTING_CHANGED,
                f"app.{words}",
                words,
                remedy=words,
                declared={words: [words]},
                found=[words, words],
                details=(words,),
            )
            for words in HOSTILE
        ],
        unknown=[Unknown(path=words, reason=words) for words in HOSTILE],
        host=SCRIPT,
    ).model_copy(update={"org_id": SCRIPT, "commands": HOSTILE, "instance_url": "javascript:alert(3)"})


def many(number: int) -> Report:
    """Stacks as many as a large company has orgs."""
    few = landscape().stacks[:-1]
    return Report(
        made_at=NOW,
        seconds=61.0,
        stacks=tuple(
            few[index % len(few)].model_copy(
                update={"stack": f"sandbox{index:03}", "certificate": certificate(index * 5 - 20, index * 5 - 110)}
            )
            for index in range(number)
        ),
    )

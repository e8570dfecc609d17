"""From what a refresh found to findings, as a table."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orgkey.fleet.components import components_of
from orgkey.fleet.digest import DigestError, parse_digest, path_of
from orgkey.fleet.findings import KINDS, Action, Code, Severity
from orgkey.fleet.judge import certificate_of, judge, org_of
from orgkey.fleet.report import Finding
from orgkey.metadata.members import RESOURCE_MEMBERS, Resource
from orgkey.metadata.parts import LOOSENS_WHEN_FALSE, LOOSENS_WHEN_TRUE, RUNS_AS, STOPS_JWT_LOGIN
from tests.fleet.digests import HEALTHY, ORG, OTHER_ORG, digest

NOW = datetime(2026, 11, 24, tzinfo=UTC)
MONTH = timedelta(days=30)
REFUSED = {
    "verified": False,
    "reasonCode": "invalid_app_access",
    "reason": "user is not admin approved to access this app",
}


def judged(
    text: str, *, now: datetime = NOW, within: timedelta = MONTH, unread: Collection[str] = ()
) -> tuple[Finding, ...]:
    read = parse_digest(text)
    return judge(read, components_of(read), now=now, expiring_within=within, unread=unread)


def brief(found: tuple[Finding, ...]) -> list[tuple[str, str, str]]:
    return [(each.severity.value, each.code.value, each.path) for each in found]


def test_a_stack_that_is_as_declared_has_no_finding() -> None:
    assert judged(digest()) == ()


def test_a_replaced_certificate_is_named_by_both_fingerprints_and_a_cleared_one_as_none() -> None:
    ours, theirs = (hashlib.sha256(base64.b64decode(text)).hexdigest() for text in ("MIIC", "MIID"))
    replaced, cleared = (judged(digest({"app": {"certificatePem": text}}))[0] for text in ("MIID", ""))
    assert replaced.summary == f"the app trusts the certificate {theirs}, not {ours}"
    assert (replaced.declared, replaced.found) == (ours, theirs)
    assert cleared.summary == f"the app has no certificate; {ours} is declared"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"app": {"label": "Other"}}, [("low", "setting-changed", "app.label")]),
        ({"app": {"contactEmail": "x@y.zz"}}, [("low", "setting-changed", "app.contactEmail")]),
        ({"app": {"consumerKey": "another.key"}}, [("medium", "setting-changed", "app.consumerKey")]),
        ({"app": {"ipRelaxation": "Bypass"}}, [("high", "policy-loosened", "app.ipRelaxation")]),
        (
            {"app": {"permittedUsers": "AllSelfAuthorized"}},
            [("high", "policy-loosened", "app.permittedUsers")],
        ),
        ({"app": {"scopes": ["Api", "RefreshToken", "Full"]}}, [("high", "policy-loosened", "app.scopes")]),
        ({"app": {"scopes": ["Api"]}}, [("medium", "setting-changed", "app.scopes")]),
        (
            {"app": {"permissionSets": ["CI_Access", "Other"]}},
            [("high", "extra-pre-authorization", "app.permissionSets")],
        ),
        ({"app": {"permissionSets": ["CI_ACCESS"], "name": "ci"}}, []),
        (
            {"app": {"permissionSets": ["CI_ACCESS", "Other"]}},
            [("high", "extra-pre-authorization", "app.permissionSets")],
        ),
        (
            {"app": {"profiles": ["Standard User", "System Administrator"]}},
            [("high", "extra-pre-authorization", "app.profiles")] * 2,
        ),
        ({"app": {"permissionSets": []}}, [("medium", "setting-changed", "app.permissionSets")]),
        ({"app": {"managedBy": "them/uat"}}, [("medium", "owner-changed", "app.managedBy")]),
        (
            {"app": {"otherParts": [{"member": "ConnectedApp", "path": "", "xml": "<samlConfig/>"}]}},
            [("medium", "setting-changed", "app.otherParts")],
        ),
        ({"app": {"certificatePem": "MIID"}}, [("critical", "certificate-replaced", "app.certificatePem")]),
        ({"app": {"certificatePem": ""}}, [("critical", "certificate-replaced", "app.certificatePem")]),
        (
            {"app": {"members": dict.fromkeys(RESOURCE_MEMBERS[Resource.EXTERNAL_CLIENT_APP][:-1], "CI")}},
            [("critical", "missing", "app.members")],
        ),
        ({"app": None}, [("critical", "missing", "app")]),
        (
            {"permissionSet": {"userPermissions": ["ApiEnabled"]}},
            [("high", "extra-grant", "permissionSet.userPermissions")],
        ),
        (
            {
                "permissionSet": {
                    "otherParts": [
                        {
                            "member": "PermissionSet",
                            "path": "",
                            "xml": "<objectPermissions><allowRead>true</allowRead><object>Account</object></objectPermissions>",
                        }
                    ]
                }
            },
            [("high", "extra-grant", "permissionSet.otherParts")],
        ),
        ({"permissionSet": None, "assignments": None}, [("critical", "missing", "permissionSet")]),
        ({"assignments": {"users": []}}, [("high", "missing-assignee", "assignments.users")]),
        (
            {"assignments": {"users": ["CI@acme.com.uat", "devops@acme.com.uat"]}},
            [("high", "extra-assignee", "assignments.users")],
        ),
        (
            {"assignments": {"groups": [], "assignments": []}},
            [("high", "missing-assignee", "assignments.groups")],
        ),
        (
            {
                "assignments": {
                    "groups": [],
                    "assignments": [
                        {"username": "ci@acme.com.uat", "group": "Robots", "expires": "2026-11-23T00:00:00.000+0000"}
                    ],
                }
            },
            [("high", "missing-assignee", "assignments.groups")],
        ),
        ({"grant": REFUSED}, [("critical", "login-fails", "grant")]),
        ({"key": {"renewalDue": True}}, [("medium", "renewal-due", "key.renewalDue")]),
    ],
)
def test_what_was_found_is_named_with_its_code_severity_and_path(
    changes: Mapping[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    assert brief(judged(digest(changes))) == expected


ENDED = {"username": "ci@acme.com.uat", "id": "0Pa1", "expires": "2026-11-23T00:00:00.000+0000"}


@pytest.mark.parametrize(
    ("outputs", "changed", "action"),
    [
        ({"managedExpirationIds": []}, "users", Action.SETTLE_ENDED_ASSIGNMENT),
        ({"managedExpirationIds": ["0Pa1"]}, "users", Action.UP),
        ({}, "users", Action.UP),  # a state from before ends were told apart
        ({"managedExpirationIds": [], "assignments": []}, "users", Action.UP),
        ({"assignments": [{**ENDED, "group": "ROBOTS"}]}, "groups", Action.SETTLE_ENDED_ASSIGNMENT),
        ({"assignments": [{**ENDED, "group": "ROBOTS"}], "groupAssignmentIds": ["0Pa1"]}, "groups", Action.UP),
    ],
)
def test_an_assignment_that_ended_by_somebody_elses_decision_is_theirs_to_renew(
    outputs: Mapping[str, Any], changed: str, action: Action
) -> None:
    found = {"assignments": [ENDED], **outputs, changed: []}
    (only,) = judged(digest({"assignments": found}, changed={"assignments": [changed]}))
    assert only.action is action
    assert ("somebody else's assignment ended on" in only.summary) is (action is not Action.UP)


def test_a_property_that_the_engine_was_told_to_ignore_is_no_finding() -> None:
    changes = {"app": {"label": "Other", "ipRelaxation": "Bypass"}}
    assert brief(judged(digest(changes, changed={"app": ["label"]}))) == [("low", "setting-changed", "app.label")]
    assert judged(digest(changes, changed={"app": []})) == ()


def test_what_nobody_could_look_at_is_not_judged_by_what_the_state_has_of_it() -> None:
    text = digest({"grant": REFUSED, "app": {"label": "Other"}})
    unread = {step.urn for step in parse_digest(text).steps if path_of(step.urn) == "grant"}
    assert brief(judged(text, unread=unread)) == [("low", "setting-changed", "app.label")]


def test_the_worst_comes_first() -> None:
    found = judged(digest({"app": {"label": "Other"}, "grant": REFUSED, "assignments": {"users": []}}))
    assert [each.severity for each in found] == [Severity.CRITICAL, Severity.HIGH, Severity.LOW]


def test_a_failing_login_says_the_orgs_words_what_they_mean_and_what_to_do() -> None:
    (found,) = judged(digest({"grant": REFUSED}))
    assert (
        found.summary
        == "ci@acme.com.uat: the org answers invalid_app_access: user is not admin approved to access this app"
    )
    assert "does not hold a permission set" in found.details[0]
    assert found.remedy.startswith("the user is declared and holds the permission set")


def test_a_user_who_is_not_declared_is_to_be_added() -> None:
    (found,) = judged(digest({"grant": REFUSED}, old={"grant": {"username": "deploy@acme.com.uat"}}))
    assert found.remedy.startswith("add the user to orgkey:users")


def test_a_refreshed_sandbox_is_one_finding_that_tells_what_came_of_it() -> None:
    (found,) = judged(
        digest({"app": None, "assignments": None, "permissionSet": None, "grant": {**REFUSED, "orgId": OTHER_ORG}})
    )
    assert (found.code, found.severity) == (Code.SANDBOX_REFRESHED, Severity.CRITICAL)
    assert (found.declared, found.found) == (ORG, OTHER_ORG)
    assert [detail.split(":")[0] for detail in found.details] == ["app", "grant", "permissionSet"]


@pytest.mark.parametrize(
    ("days", "severity"), [(-1, "critical"), (0, "critical"), (1, "high"), (30, "high"), (31, None)]
)
def test_a_certificate_near_its_end_is_a_finding_in_sync_or_not(days: int, severity: str | None) -> None:
    end = datetime.fromisoformat(HEALTHY["key"][1]["notAfter"])
    found = judged(digest(), now=end - timedelta(days=days))
    assert brief(found) == ([(severity, "certificate-expires", "key.notAfter")] if severity else [])


def test_a_stack_without_a_proven_login_in_its_state_is_not_deployed() -> None:
    assert brief(judged(digest(left_out=tuple(HEALTHY)))) == [("critical", "not-deployed", "grant")]
    assert brief(judged(digest(left_out=("grant",)))) == [("critical", "not-deployed", "grant")]
    assert judged(digest(left_out=("grant",), errors=["no"])) == ()  # the engine did not come that far


def test_every_code_has_a_row_and_its_texts_are_sentences_without_a_full_stop() -> None:
    assert list(KINDS) == list(Code)
    for kind in KINDS.values():
        for text in (kind.title, kind.meaning, kind.concerns):
            assert text == text.strip().rstrip(".")


def test_org_certificate_and_names_come_from_the_state() -> None:
    read = parse_digest(digest())
    (component,) = components_of(read)
    assert component.name == "access"
    assert org_of(component) == ("https://acme--uat.sandbox.my.salesforce.com", ORG)
    certificate = certificate_of(component)
    assert certificate is not None
    assert certificate.not_after == datetime(2027, 11, 24, tzinfo=UTC)
    assert path_of(read.steps[3].urn) == "app"
    assert path_of("urn:pulumi:uat::p::aws:s3/bucket:Bucket::logs") == "logs"


def test_an_error_of_the_engine_is_told_once_and_without_its_frame() -> None:
    text = digest(errors=["Preview failed: no way in", "Preview failed: no way in", "preview failed"])
    assert parse_digest(text).errors == ("no way in",)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"steps": [{}]}', '{"steps": 3}', '{"diagnostics": [1]}'])
def test_an_answer_that_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(DigestError):
        parse_digest(text)


PLCY, GLOBAL = "ExtlClntAppOauthConfigurablePolicies", "ExtlClntAppGlobalOauthSettings"


def part(xml: str, member: str = PLCY, path: str = "") -> dict[str, str]:
    return {"member": member, "path": path, "xml": xml}


def flag(name: str, value: str = "true", member: str = PLCY) -> dict[str, str]:
    return part(f'<{name} xmlns="http://soap.sforce.com/2006/04/metadata">{value}</{name}>', member)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        *(
            ([flag(name, "false")] * known, [flag(name)], [("high", "policy-loosened", f"{name} was switched on")])
            for name in sorted(LOOSENS_WHEN_TRUE)
            for known in (0, 1)
        ),
        *(
            ([flag(name)], after, [("high", "policy-loosened", f"{name} was switched off")])
            for name in sorted(LOOSENS_WHEN_FALSE)
            for after in ([], [flag(name, "false")])
        ),
        *(
            (before, [flag(name)], [("critical", "login-blocked", f"{name} was switched on")])
            for name in sorted(STOPS_JWT_LOGIN)
            for before in ([], [flag(name, "false", PLCY)])
        ),
        *(([], [flag(name, "x@y.zz")], [("high", "policy-loosened", f"{name} is x@y.zz")]) for name in sorted(RUNS_AS)),
        (
            [flag("clientCredentialsFlowUser", "a@y.zz")],
            [flag("clientCredentialsFlowUser", "b@y.zz")],
            [("high", "policy-loosened", "clientCredentialsFlowUser is b@y.zz, not a@y.zz")],
        ),
        (
            [flag("isDeviceFlowEnabled")],
            [flag("isDeviceFlowEnabled", "false")],
            [("medium", "setting-changed", "isDeviceFlowEnabled was switched off")],
        ),
        (
            [flag("isDPopEnabled")],
            [],
            [("medium", "setting-changed", "isDPopEnabled, which was kept, was taken away")],
        ),
        ([part("<samlConfig/>")], [], [("medium", "setting-changed", "samlConfig, which was kept, was taken away")]),
        ([], [part("<startUrl>x</startUrl>")], [("medium", "setting-changed", "startUrl x was added")]),
        (
            [part("<startUrl>x</startUrl>")],
            [part("<startUrl>y</startUrl>")],
            [("medium", "setting-changed", "startUrl y was changed")],
        ),
        ([], [part("<<<")], [("medium", "setting-changed", "a part was added")]),
    ],
)
def test_parts_that_no_setting_knows_are_judged_by_what_they_let_in_or_stop(
    before: list[dict[str, str]], now: list[dict[str, str]], expected: list[tuple[str, str, str]]
) -> None:
    changes = {"app": {"otherParts": now, "carriedOver": before}}
    found = judged(digest(changes, changed={"app": ["otherParts"]}))
    assert [(each.severity.value, each.code.value, each.summary) for each in found] == expected


def test_addresses_that_tokens_are_bound_to_block_logins_and_their_end_loosens() -> None:
    ranges = part(
        "<tokenIpRanges><endIpAddress>10.0.0.9</endIpAddress><startIpAddress>10.0.0.1</startIpAddress></tokenIpRanges>"
    )
    parts: list[tuple[list[Any], list[Any]]] = [([], [ranges]), ([ranges], [])]
    found = [
        brief(judged(digest({"app": {"otherParts": now, "carriedOver": was}}, changed={"app": ["otherParts"]})))
        for was, now in parts
    ]
    assert found == [[("critical", "login-blocked", "app.otherParts")], [("high", "policy-loosened", "app.otherParts")]]


def test_two_parts_of_one_name_are_told_apart() -> None:
    """A list of elements: one is there as before, and one is new."""
    one, two = (part(f"<customAttributes><key>Key{each}</key></customAttributes>") for each in "12")
    found = judged(digest({"app": {"otherParts": [one, two], "carriedOver": [one]}}, changed={"app": ["otherParts"]}))
    assert [each.summary for each in found] == ["customAttributes Key2 was added"]

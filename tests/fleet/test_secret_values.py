"""What the engine hides of a secret is no value: a change of it is told as that, and nothing is read out of `[secret]`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orgkey.fleet.components import components_of
from orgkey.fleet.digest import Digest, Step
from orgkey.fleet.findings import Code, Severity
from orgkey.fleet.judge import judge
from orgkey.fleet.project import Stack, instance_url
from orgkey.fleet.report import Finding

NOW = datetime(2026, 11, 26, tzinfo=UTC)
HIDDEN = "[secret]"
COMPONENT = "urn:pulumi:t::orgkey::orgkey:index:JwtBearerAccess::access"


def step(kind: str, changed: tuple[str, ...], **values: Any) -> Step:
    urn = f"urn:pulumi:t::orgkey::orgkey:index:JwtBearerAccess$salesforce:index:{kind}::access-x"
    made = Step(urn, f"salesforce:index:{kind}", False, changed, {}, {}, {}, {}, parent=COMPONENT)  # noqa: FBT003 — not gone
    return replace(made, old_inputs=values, old_outputs=values, new_inputs=values, new_outputs=values)


def judged(made: Step) -> list[Finding]:
    healthy = () if made.type.endswith(":JwtGrant") else (step("JwtGrant", (), verified=True),)
    digest = Digest((made, *healthy), ())
    return list(judge(digest, components_of(digest), now=NOW, expiring_within=timedelta()))


CHANGES = [
    ("PermissionSetAssignments", ("users",), {"users": HIDDEN, "permissionSet": "CI"}, "assignments.users"),
    ("PermissionSetAssignments", ("users",), {"users": [HIDDEN, "a@b.c"], "permissionSet": "CI"}, "assignments.users"),
    ("ExternalClientApp", ("profiles[0]",), {"profiles": HIDDEN, "name": "CI"}, "app.profiles"),
    (
        "ConnectedApp",
        ("trustedIpRanges",),
        {"trustedIpRanges": [{"start": HIDDEN}], "name": "CI"},
        "app.trustedIpRanges",
    ),
    ("PermissionSet", ("description",), {"description": HIDDEN, "name": "CI"}, "permissionSet.description"),
]


@pytest.mark.parametrize(("kind", "changed", "values", "path"), CHANGES)
def test_a_change_of_a_secret_is_a_finding_without_its_value(
    kind: str, changed: tuple[str, ...], values: dict[str, Any], path: str
) -> None:
    (found,) = judged(step(kind, changed, **values))
    assert (found.code, found.severity, found.path) == (Code.SETTING_CHANGED, Severity.HIGH, path)
    assert (found.declared, found.found) == (None, None)


def test_secret_users_are_no_list_of_letters_where_a_group_changed() -> None:
    values = {"users": HIDDEN, "groups": ["G"], "assignments": HIDDEN, "permissionSet": "CI"}
    assert [found.path for found in judged(step("PermissionSetAssignments", ("groups", "assignments"), **values))] == [
        "assignments.assignments"
    ]


def test_a_failing_login_of_a_secret_user_is_told_without_the_name() -> None:
    made = step("JwtGrant", ("verified",), username=HIDDEN, verified=False, reasonCode="inactive_user", reason="no")
    (found,) = judged(made)
    assert found.code is Code.LOGIN_FAILS
    assert found.summary.startswith("the integration user: the org answers inactive_user: no")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("https://acme.my.salesforce.com", "https://acme.my.salesforce.com"),
        ("https://acme.my.salesforce.com/secur/frontdoor.jsp?sid=00D000000000001!AQEAplanted", None),
        ({"secure": "v1:abc"}, ""),
        ("00D000000000001!AQEAplanted", ""),
    ],
)
def test_the_address_of_a_stack_is_shown_as_an_address_or_not_at_all(
    tmp_path: Any, written: Any, shown: str | None
) -> None:
    import json

    file = tmp_path / "Pulumi.t.yaml"
    file.write_text(f"config:\n  salesforce:instanceUrl: {json.dumps(written)}\n")
    told = instance_url(Stack("orgkey", "t", file))
    assert "planted" not in told
    assert shown is None or told == shown

"""No input makes a check, a comparison or a preview fail by itself: known or not, there or not, of the right type or not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orgkey.identity.key_pair import certify, generate_key
from tests.provider.protocol import UNKNOWN, Client, VerbFailedError, secret

KEY = generate_key(2048)
OWN = certify(KEY, subject="CN=t", validity_days=365, now=datetime.now(UTC))
APP: dict[str, Any] = {
    "name": "App",
    "label": "App",
    "contactEmail": "ops@acme.com",
    "description": "x",
    "scopes": ["Api", "RefreshToken"],
    "callbackUrls": ["https://a.example/cb"],
    "permissionSets": ["Access"],
    "profiles": ["Admin"],
    "certificatePem": OWN.certificate.pem,
    "consumerKey": "3MVG9x",
    "trustedIpRanges": [{"start": "10.0.0.1", "end": "10.0.0.9"}],
    "sessionTimeoutMinutes": 30,
    "isPkceRequired": True,
    "managedBy": "acme/t",
}
GOOD: dict[str, dict[str, Any]] = {
    "KeyPair": {
        "subject": "CN=t",
        "validityDays": 365,
        "bits": 2048,
        "consumerKey": "3MVG9x",
        "privateKeyPem": secret(KEY),
        "certificatePem": OWN.certificate.pem,
    },
    "PermissionSet": {"name": "Access", "label": "Access", "description": "x", "managedBy": "acme/t", "license": "L"},
    "PermissionSetAssignments": {
        "permissionSet": "Access",
        "users": ["ci@acme.com"],
        "groups": ["G"],
        "authoritative": True,
        "expiration": "2099-01-01T00:00:00Z",
    },
    "ExternalClientApp": APP,
    "ConnectedApp": APP,
    "JwtGrant": {
        "consumerKey": "3MVG9x",
        "username": "ci@acme.com",
        "privateKeyPem": secret("x"),
        "instanceUrl": "https://acme.my.salesforce.com",
        "audience": "https://login.salesforce.com",
        "propagationMinutes": 1,
        "deployedAt": "2026-01-01T00:00:00+00:00",
        "revoke": False,
        "appKind": "external",
    },
}
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.just(UNKNOWN),
    st.lists(st.one_of(st.just(UNKNOWN), st.text(max_size=5), st.integers(0, 9), st.none()), max_size=3),
    st.dictionaries(st.text(max_size=5), st.one_of(st.just(UNKNOWN), st.text(max_size=5)), max_size=2),
)
ABSENT = "absent"


@st.composite
def inputs(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """Good inputs of a resource, of which some are missing, unknown, or anything else."""
    made: dict[str, Any] = {}
    for name, good in GOOD[kind].items():
        choice = draw(st.sampled_from(["good", "good", "good", ABSENT, "unknown", "junk", "sealed"]))
        if choice == ABSENT:
            continue
        value = {"good": good, "unknown": UNKNOWN, "sealed": secret(UNKNOWN)}.get(choice)
        made[name] = draw(JUNK) if choice == "junk" else value
    return made


@pytest.mark.parametrize("kind", GOOD)
def test_no_input_makes_a_preview_fail(offline: Client, kind: str) -> None:
    credentials = '{"accessTokenEnv": "NO"}'
    nowhere = {"instanceUrl": "https://nowhere.my.salesforce.com", "credentials": credentials}
    offline.configure({**nowhere, "checkOnPreview": "false"})

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        old=inputs(kind), new=inputs(kind), outputs=st.one_of(st.just({}), st.dictionaries(st.text(max_size=4), JUNK))
    )
    def try_it(old: dict[str, Any], new: dict[str, Any], outputs: dict[str, Any]) -> None:
        checked, problems = offline.check(kind, new)
        before, past = offline.check(kind, old)
        if problems:
            return
        _, planned = offline.create(kind, checked, preview=True)
        assert set(planned) >= {name for name, value in checked.items() if value is not None}
        if past or UNKNOWN in str(before):
            return
        _, made = offline.create(kind, before, preview=True)
        known = {name: value for name, value in made.items() if UNKNOWN not in str(value)}
        known["revision"] = "0"  # deployed by this stack: what was only imported is refused where it would be recreated
        for state in (known, {**known, **outputs}):
            offline.diff(kind, before, state, checked)
            offline.update(kind, "x", (before, state), checked, preview=True)

    try_it()


def test_an_own_key_with_a_consumer_key_that_is_not_known_yet_is_previewed(offline: Client) -> None:
    checked, problems = offline.check("KeyPair", {**GOOD["KeyPair"], "consumerKey": UNKNOWN})
    assert problems == []
    _, planned = offline.create("KeyPair", checked, preview=True)
    assert planned["consumerKey"] == UNKNOWN
    assert planned["certificatePem"] == OWN.certificate.pem


@pytest.mark.parametrize("verb", ["check", "diff", "create", "update", "read", "delete"])
def test_what_no_engine_would_send_ends_in_words(offline: Client, verb: str) -> None:
    odd: dict[str, Any] = {"name": [UNKNOWN], "users": 7, "permissionSet": {"x": None}}
    calls: dict[str, Callable[[], Any]] = {
        "check": lambda: offline.check("PermissionSet", odd),
        "diff": lambda: offline.diff("PermissionSetAssignments", odd, odd, odd),
        "create": lambda: offline.create("PermissionSetAssignments", odd, preview=True),
        "update": lambda: offline.update("PermissionSet", "x", (odd, odd), odd, preview=True),
        "read": lambda: offline.read("PermissionSetAssignments", "x", odd, odd),
        "delete": lambda: offline.delete("JwtGrant", "x", odd, odd),
    }
    said = _message_of(calls[verb])
    assert "Exception calling application" not in said


def _message_of(call: Callable[[], Any]) -> str:
    try:
        call()
    except VerbFailedError as failed:
        return failed.message
    return ""


@pytest.mark.parametrize("kind", ["PermissionSet", "PermissionSetAssignments", "ConnectedApp", "ExternalClientApp"])
def test_whatever_a_preview_asks_an_org_about_ends_in_a_plan_or_in_a_problem(provider: Client, kind: str) -> None:
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(old=inputs(kind), new=inputs(kind))
    def try_it(old: dict[str, Any], new: dict[str, Any]) -> None:
        checked, problems = provider.check(kind, new)
        before, past = provider.check(kind, old)
        if problems:
            return
        for verb in (
            lambda: provider.create(kind, checked, preview=True),
            lambda: provider.update(kind, "x", (before, before), checked, preview=True),
        ):
            if past or UNKNOWN in str(before):
                continue
            assert _code(verb) in {"", "FAILED_PRECONDITION"}

    try_it()


def _code(verb: Callable[[], object]) -> str:
    """How a verb failed; empty where it did not."""
    try:
        verb()
    except VerbFailedError as error:
        return error.code
    return ""

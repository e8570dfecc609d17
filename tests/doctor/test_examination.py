"""What the doctor does beside judging one cause: two at once, less to see, no org at all, and nothing written or told that is secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from orgkey.doctor.diagnosis import diagnose
from orgkey.doctor.formats import FORMATS
from orgkey.doctor.judge import Outcome, judge
from tests.conftest import ROOT
from tests.doctor.conftest import Examine
from tests.doctor.hand_made import APP, KEY, SET, make_login, pair, settle
from tests.landscape import Landscape, Org


def test_a_login_that_works_takes_three_requests_and_one_line(org: Org, landscape: Landscape, examine: Examine) -> None:
    make_login(org)
    landscape.admin("DELETE", "/requests")
    facts = examine(as_admin=False)
    assert judge(facts).outcome is Outcome.WORKS
    assert len(FORMATS["text"](diagnose(facts)).splitlines()) == 1
    assert len(landscape.admin("GET", "/requests")["requests"]) == 3


def test_two_causes_are_both_told_and_after_the_remedy_of_the_first_the_second_is_named(
    org: Org, landscape: Landscape, examine: Examine
) -> None:
    make_login(org, users=())
    settle(landscape)
    landscape.admin("PATCH", "/users", org=org.name, username=org.user("ci"), frozen=True)
    first = judge(examine())
    assert [each.code for each in first.causes] == ["user.frozen"]
    assert "preauthorization.notHeld" in {each.code for each in first.also}
    landscape.admin("PATCH", "/users", org=org.name, username=org.user("ci"), frozen=False)
    assert [each.code for each in judge(examine()).causes] == ["preauthorization.notHeld"]
    org.assign(SET, org.user("ci"))
    assert judge(examine()).outcome is Outcome.WORKS


@pytest.mark.parametrize("permission", ["ViewSetup", "ModifyMetadata", "ManageUsers"])
@pytest.mark.parametrize(
    ("cause", "login"),
    [
        pytest.param("certificate.other", {"private_key": pair(2).key}, id="certificate.other"),
        pytest.param("preauthorization.notHeld", {}, id="preauthorization.notHeld"),
        pytest.param("user.unknown", {"username": "nobody@acme.com"}, id="user.unknown"),
    ],
)
def test_a_login_that_may_see_less_never_names_another_cause_for_certain(
    permission: str, cause: str, login: dict[str, str], org: Org, landscape: Landscape, examine: Examine
) -> None:
    make_login(org, users=("ci",) if cause == "certificate.other" else ("devops",))
    settle(landscape)
    landscape.admin(
        "PUT", "/profile-permissions", org=org.name, profile="System Administrator", permissions={permission: False}
    )
    facts = examine(**login)
    verdict = judge(facts)
    if verdict.outcome is Outcome.CAUSE_FOUND:
        assert verdict.causes[0].code == cause
    else:
        assert cause in {each.code for each in verdict.causes}
        assert facts.unseen or facts.credentials_problem


@pytest.mark.parametrize(
    ("lacking", "cause", "made", "login"),
    [
        pytest.param(
            ("ViewAllUsers", "ManageUsers", "ModifyAllData"),
            "user.unknown",
            {},
            {"username": "nobody@acme.com"},
            id="users that are not shown",
        ),
        pytest.param(
            ("CustomizeApplication",),
            "policy.noConsent",
            {"policy": "AllSelfAuthorized", "linked": ""},
            {},
            id="approvals that are not shown",
        ),
    ],
)
def test_an_empty_answer_to_a_login_that_may_not_see_everything_proves_nothing(
    lacking: tuple[str, ...],
    cause: str,
    made: dict[str, str],
    login: dict[str, str],
    org: Org,
    landscape: Landscape,
    examine: Examine,
) -> None:
    make_login(org, **made)
    settle(landscape)
    assert judge(examine(**login)).outcome is Outcome.CAUSE_FOUND
    permissions = dict.fromkeys(lacking, False)
    landscape.admin(
        "PUT", "/profile-permissions", org=org.name, profile="System Administrator", permissions=permissions
    )
    facts = examine(**login)
    verdict = judge(facts)
    assert verdict.outcome is Outcome.COULD_NOT_TELL
    assert cause in {each.code for each in verdict.causes}
    assert any("lacks" in each.why for each in facts.unseen)


def test_a_login_that_fails_is_examined_in_few_requests(org: Org, landscape: Landscape, examine: Examine) -> None:
    make_login(org, users=())
    settle(landscape)
    landscape.admin("DELETE", "/requests")
    assert judge(examine()).outcome is Outcome.CAUSE_FOUND
    assert len(landscape.admin("GET", "/requests")["requests"]) <= 25


def test_nothing_is_written_and_no_assertion_leaves_for_another_host(
    org: Org, landscape: Landscape, examine: Examine
) -> None:
    make_login(org, users=())
    settle(landscape)
    before = org.query("SELECT Id, SystemModstamp FROM PermissionSet")
    landscape.admin("DELETE", "/requests")
    examine()
    entries = landscape.admin("GET", "/requests")["requests"]
    written = {
        "createRecord",
        "updateRecord",
        "deleteRecord",
        "createRecords",
        "deleteRecords",
        "deploy",
        "createMetadata",
    }
    assert not written & {each["operation"] for each in entries}
    assert {each["org"] for each in entries if each["operation"] == "jwtGrant"} == {org.name}
    assert org.query("SELECT Id, SystemModstamp FROM PermissionSet") == before


@pytest.mark.parametrize(
    ("address", "code"),
    [("https://no-such-org.invalid", "host.unknown"), ("https://localhost:1", "host.refused")],
)
def test_a_host_that_does_not_answer_is_the_cause(address: str, code: str, org: Org, examine: Examine) -> None:
    assert judge(examine(instance_url=address)).causes[0].code == code


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, passphrase: bytes = b"") -> str:
    sealed = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed).decode()


@pytest.mark.parametrize(
    ("make", "code"),
    [
        pytest.param(lambda: _pem(rsa.generate_private_key(65537, 2048), b"secret"), "key.passphrase", id="encrypted"),
        pytest.param(lambda: _pem(ec.generate_private_key(ec.SECP256R1())), "key.notRsa", id="elliptic curve"),
        pytest.param(lambda: _pem(rsa.generate_private_key(65537, 1024)), "key.short", id="1024 bits"),
        pytest.param(lambda: pair(1).certificate, "key.notPrivate", id="certificate"),
        pytest.param(lambda: "/home/me/key.pem", "key.path", id="path"),
        pytest.param(lambda: "hello", "key.unreadable", id="some text"),
        pytest.param(lambda: "", "key.unreadable", id="nothing"),
    ],
)
def test_a_key_that_cannot_sign_is_the_cause_and_nothing_is_sent(
    make: Callable[[], str], code: str, org: Org, landscape: Landscape, examine: Examine
) -> None:
    landscape.admin("DELETE", "/requests")
    verdict = judge(examine(as_admin=False, private_key=make()))
    assert [each.code for each in verdict.causes] == [code]
    assert landscape.admin("GET", "/requests")["requests"] == []


def test_every_format_tells_the_cause_and_nothing_secret(org: Org, landscape: Landscape, examine: Examine) -> None:
    make_login(org)
    settle(landscape)
    landscape.admin("PUT", "/blocked-apps", org=org.name, name=APP, blocked=True)
    diagnosis = diagnose(examine())
    for form, render in FORMATS.items():
        text = render(diagnosis)
        assert "app.blocked" in text, form
        for secret in (KEY, org.access_token, *pair(1).key.splitlines()[1:-1]):
            assert secret not in text, form
    schema = json.loads((ROOT / "docs/reference/diagnosis.schema.json").read_text())
    jsonschema.validate(json.loads(FORMATS["json"](diagnosis)), schema)


def test_markup_and_control_characters_of_an_org_stay_text(org: Org, landscape: Landscape, examine: Examine) -> None:
    make_login(org)
    facts = examine(username="@here \x1b[31m|<b>*x*")
    shown = diagnose(facts)
    assert "\x1b" not in FORMATS["text"](shown)
    assert "<b>" not in FORMATS["markdown"](shown)
    assert " @here" not in FORMATS["markdown"](shown)


def test_the_private_key_is_in_no_repr(key_file: Path, examine: Examine) -> None:
    facts = examine(as_admin=False, private_key=key_file.read_text())
    assert pair(1).key.splitlines()[3] not in repr(facts)

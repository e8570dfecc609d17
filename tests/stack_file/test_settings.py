"""The stack file as a whole: what it means, and every problem of a bad one at once.

Files are YAML here as people write them; `stack` hands them over as the engine does, structures as JSON and the rest as text.
"""

from datetime import UTC, datetime

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from orgkey.identity.key_pair import certify, generate_key
from orgkey.metadata.ownership import Marker, mark
from orgkey.model.credentials import Jwt, SfAlias
from orgkey.stack_file.secrets import Secrets
from orgkey.stack_file.settings import SettingsError, load
from tests.stack_file.files import SMALLEST, as_the_engine_does, stack


def refusal(text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        stack(text)
    return str(caught.value)


def test_an_import_of_an_app_asks_for_its_consumer_key_with_the_line_to_set() -> None:
    text = SMALLEST + "  orgkey:import: {app: true}\n"
    told = refusal(text)
    assert "nothing was changed in the org" in told
    assert "orgkey:key.consumerKey is required with orgkey:import.app" in told
    assert "`pulumi config set --stack STACK --path orgkey:key.consumerKey <the app's consumer key>`" in told
    assert stack(text + "  orgkey:key: {consumerKey: 3MVG9.own_key}\n").imports.app is True


def test_the_smallest_file_is_completed_by_safe_defaults() -> None:
    settings = stack(SMALLEST)
    assert settings.connection.instance_url == "https://acme--uat.sandbox.my.salesforce.com"
    assert settings.connection.credentials == SfAlias.model_validate({"sfAlias": "uat-admin"})
    assert settings.connection.api_version == "67.0"
    assert settings.connection.validate_on_preview is False
    assert settings.kind == "external"
    assert settings.protect is False
    assert settings.app == {
        "name": "CI_Integration",
        "label": "CI Integration",
        "contactEmail": "ops@acme.com",
        "permissionSets": ["CI_Integration_Access"],
    }
    assert settings.permission_set == {"name": "CI_Integration_Access", "label": "CI Integration Access"}
    assert settings.users == ("ci@acme.com.uat", "cd@acme.com.uat")
    assert settings.integration_user == "ci@acme.com.uat"
    assert settings.key.model_dump() == {
        "bits": 2048,
        "subject": "CN=CI_Integration",
        "validity_days": 365,
        "renew_after": 0.6667,
        "renew_jitter": None,
        "generation": 1,
        "private_key_pem": None,
        "certificate_pem": None,
        "consumer_key": None,
    }
    assert settings.authoritative is None
    assert settings.groups == ()
    assert settings.expiration is None
    assert settings.grant.model_dump() == {"propagation_minutes": None, "audience": None, "revoke": False}
    assert settings.timeouts.model_dump(exclude_none=True) == {}
    assert settings.managed_by == "orgkey/uat"
    assert settings.ignore == ()
    assert settings.imports.model_dump() == {"app": False, "permission_set": False, "assignments": False}


def test_every_setting_that_is_written_counts() -> None:
    settings = stack(
        """
        config:
          pulumi:tags: {team: platform}
          salesforce:instanceUrl: https://acme.my.salesforce.com
          salesforce:credentials:
            jwt: {consumerKey: 3MVG9abcdefgh, username: admin@acme.com, privateKeyFile: admin.key}
          salesforce:expectedKind: production
          salesforce:expectedOrgId: 00D000000000001AAA
          salesforce:apiVersion: "66.0"
          salesforce:caBundle: ca.pem
          salesforce:validateOnPreview: true
          orgkey:app:
            kind: connected
            protect: false
            name: CI
            label: Nightly CI
            contactEmail: ops@acme.com
            description: Nightly builds
            scopes: [Api, RefreshToken, Web]
            permissionSets: [Other]
            refreshTokenPolicy: specific_lifetime:30:DAYS
            isPkceRequired: true
            sessionTimeoutMinutes: 30
            trustedIpRanges: [{start: 10.0.0.1, end: 10.0.0.9}]
          orgkey:users: [ci@acme.com, Cd@acme.com]
          orgkey:integrationUser: cD@acme.com
          orgkey:permissionSet: {name: CI_Users, label: CI users, userPermissions: [ApiEnabled]}
          orgkey:key:
            bits: 4096
            subject: CN=CI,O=Acme
            validityDays: 90
            renewAfter: 0.5
            renewJitter: 0.1
            generation: 3
            consumerKey: 3MVG9.own_key
          orgkey:assignments: {authoritative: false, groups: [Sales_Integration], expiration: "2099-12-31T00:00:00Z"}
          orgkey:grant: {propagationMinutes: 0, audience: "https://login.salesforce.com", revoke: true}
          orgkey:timeouts: {create: 30m, update: 1h30m, delete: 90s, read: 2.5m}
          orgkey:owner: "2026"
          orgkey:ignore: [app.label, permissionSet.description]
          orgkey:import: {app: true, permissionSet: true, assignments: true}
        """
    )
    assert isinstance(settings.connection.credentials, Jwt)
    assert settings.connection.credentials.jwt.private_key_file == "admin.key"
    assert settings.connection.expected_kind == "production"
    assert settings.connection.expected_org_id == "00D000000000001AAA"
    assert settings.connection.api_version == "66.0"
    assert settings.connection.ca_bundle == "ca.pem"
    assert settings.connection.validate_on_preview is True
    assert settings.kind == "connected"
    assert settings.protect is False
    assert settings.app == {
        "name": "CI",
        "label": "Nightly CI",
        "contactEmail": "ops@acme.com",
        "description": "Nightly builds",
        "scopes": ["Api", "RefreshToken", "Web"],
        "permissionSets": ["CI_Users", "Other"],
        "refreshTokenPolicy": "specific_lifetime:30:DAYS",
        "isPkceRequired": True,
        "sessionTimeoutMinutes": 30,
        "trustedIpRanges": [{"start": "10.0.0.1", "end": "10.0.0.9"}],
    }
    assert settings.permission_set == {"name": "CI_Users", "label": "CI users", "userPermissions": ["ApiEnabled"]}
    assert settings.users == ("ci@acme.com", "Cd@acme.com")
    assert settings.integration_user == "cD@acme.com"
    assert settings.key.model_dump(exclude_none=True) == {
        "bits": 4096,
        "subject": "CN=CI,O=Acme",
        "validity_days": 90,
        "renew_after": 0.5,
        "renew_jitter": 0.1,
        "generation": 3,
        "consumer_key": "3MVG9.own_key",
    }
    assert settings.authoritative is False
    assert settings.groups == ("Sales_Integration",)
    assert settings.expiration == "2099-12-31T00:00:00Z"
    assert settings.grant.model_dump() == {
        "propagation_minutes": 0,
        "audience": "https://login.salesforce.com",
        "revoke": True,
    }
    assert settings.timeouts.model_dump() == {"create": "30m", "update": "1h30m", "delete": "90s", "read": "2.5m"}
    assert settings.managed_by == "2026/uat"
    assert settings.ignore == ("app.label", "permissionSet.description")
    assert settings.imports.model_dump() == {"app": True, "permission_set": True, "assignments": True}


@pytest.mark.parametrize(
    ("app", "protected"),
    [
        ("{kind: external}", False),
        ("{kind: external, protect: true}", True),
        ("{kind: connected}", True),
        ("{kind: connected, protect: false}", False),
    ],
)
def test_a_connected_app_is_protected_by_default_since_it_may_be_impossible_to_make_again(
    app: str,
    protected: bool,  # noqa: FBT001
) -> None:
    written = app.replace("{", "{name: CI, contactEmail: ops@acme.com, ")
    assert stack(SMALLEST.replace("{name: CI_Integration, contactEmail: ops@acme.com}", written)).protect is protected


LONG_NAMES = [
    ("A" * 65, "A" * 65 + "_Access"),
    ("A" * 80, "A" * 73 + "_Access"),
    ("A" * 72 + "_" + "B" * 7, "A" * 72 + "_Access"),
]
"""Of Connected Apps: the name of an External Client App has at most 70 characters."""


@pytest.mark.parametrize(("name", "set_name"), LONG_NAMES)
def test_what_is_derived_from_a_long_name_of_an_app_is_not_too_long_itself(name: str, set_name: str) -> None:
    settings = stack(SMALLEST.replace("CI_Integration, ", f"{name}, kind: connected, "))
    assert settings.permission_set == {"name": set_name, "label": set_name.replace("_", " ")}
    assert settings.key.subject == "CN=" + "A" * 64  # the most that a certificate takes


@pytest.mark.parametrize("again", ["CI_Integration_Access", "ci_integration_ACCESS"])
def test_the_permission_set_is_pre_authorized_once_even_where_it_is_named_again(again: str) -> None:
    named = SMALLEST.replace("ops@acme.com}", f"ops@acme.com, permissionSets: [Other, {again}]}}")
    assert stack(named).app["permissionSets"] == ["CI_Integration_Access", "Other"]


@pytest.mark.parametrize("setting", ["permissionSets", "profiles"])
def test_one_name_in_two_spellings_is_refused(setting: str) -> None:
    with pytest.raises(SettingsError) as refused:
        stack(SMALLEST.replace("ops@acme.com}", f"ops@acme.com, {setting}: [One, Two, ONE]}}"))
    assert f"orgkey:app.{setting}[2] is the same as [0], small and capital letters apart" in str(refused.value)


def test_the_longest_owner_and_description_fit_into_what_a_permission_set_takes() -> None:
    file = f"{SMALLEST}  orgkey:owner: {'o' * 60}\n  orgkey:permissionSet: {{description: {'d' * 150}}}\n"
    settings = stack(file)
    marker = Marker(settings.managed_by, "00D000000000001AAA")
    assert len(mark(settings.permission_set["description"], marker)) == 255


# --- bad files

FORMS = "sfAlias, accessTokenEnv, sfdxAuthUrlFile, sfdxAuthUrlEnv, clientCredentials, jwt"
OF_A_PACKAGE = (
    "; what stands before two underscores is the namespace of a package, and what a package brought is its publisher's: "
    "choose a name of the org's own"
)
NAMES_ARE = "letters, digits and single underscores, starting with a letter and not ending with an underscore"
USERS_ARE = "a user name, which looks like an e-mail address"
BAD = {
    "an empty file": (
        "config: {}",
        [
            "salesforce:instanceUrl is required",
            "salesforce:credentials is required",
            "orgkey:app.name is required: Developer name of the app: the name of its metadata file and the id of the resource.",
            "orgkey:app.contactEmail is required: Whom Salesforce may write to about the app.",
            "orgkey:users is required",
        ],
    ),
    "a problem in every part": (
        """
        config:
          aws:region: eu-central-1
          salesforce:instanceUrl: http://crm.acme.com
          salesforce:credentials: {sfAlias: uat, accessTokenEnv: TOKEN}
          salesforce:apiVersion: "59.0"
          salesforce:expectdKind: sandbox
          orgkey:app: {kind: internal, name: 1st, label: CI, contactEmail: ops, scops: [Api], isPkceRequired: "yes"}
          orgkey:users: [ci]
          orgkey:integrationUser: nobody
          orgkey:permissionSet: {name: A__B, permissions: [ApiEnabled]}
          orgkey:key: {bits: 1024, validityDays: 0, generaton: 2}
          orgkey:assignments: {authoritativ: true}
          orgkey:grant: {propagationMinutes: 90, audience: acme}
          orgkey:owner: a/b
          orgkey:ignore: app.label
          orgkey:import: {app: perhaps}
          orgkey:permissionset: {}
        """,
        [
            "aws:region is in no namespace of orgkey (orgkey:, salesforce:)",
            "salesforce:instanceUrl must begin with https://",
            f"salesforce:credentials must be exactly one of {FORMS}",
            "salesforce:apiVersion must be 60.0 or newer: older versions do not know an app's certificate",
            "salesforce:expectdKind is not a setting; did you mean expectedKind?",
            "orgkey:app.kind must be 'external' or 'connected'",
            "orgkey:app.scops is not a setting; did you mean scopes?",
            f"orgkey:app.name is not {NAMES_ARE}",
            "orgkey:app.contactEmail is not an e-mail address",
            "orgkey:app.isPkceRequired must be true or false",
            "orgkey:permissionSet.permissions is not a setting; did you mean userPermissions?",
            f"orgkey:permissionSet.name is not {NAMES_ARE}{OF_A_PACKAGE}",
            f"orgkey:users[0] must be {USERS_ARE}",
            f"orgkey:integrationUser must be {USERS_ARE}",
            "orgkey:key.bits must be 2048, 3072 or 4096",
            "orgkey:key.validityDays must be greater than or equal to 1",
            "orgkey:key.generaton is not a setting",
            "orgkey:assignments.authoritativ is not a setting",
            "orgkey:grant.propagationMinutes must be less than or equal to 60",
            "orgkey:grant.audience must be an https URL",
            "orgkey:owner must be one word without a slash",
            "orgkey:ignore must be a list",
            "orgkey:import.app must be true or false",
            "orgkey:permissionset is not a setting; did you mean permissionSet?",
            "orgkey:integrationUser is none of orgkey:users, so it would not hold the permission set",
        ],
    ),
    "structures that are none": (
        """
        config:
          salesforce:instanceUrl: https://acme.my.salesforce.com
          salesforce:credentials: {sfAlias: uat}
          orgkey:app: CI
          orgkey:users: ci@acme.com
          orgkey:permissionSet: [CI]
          orgkey:key: 2048
          orgkey:grant: true
        """,
        [
            "orgkey:app must be a mapping: {name: …, contactEmail: …}",
            "orgkey:permissionSet must be a mapping: {name: …}",
            "orgkey:users must be a list",
            "orgkey:key must be a mapping",
            "orgkey:grant must be a mapping",
        ],
    ),
}


@pytest.mark.parametrize(("text", "lines"), BAD.values(), ids=BAD)
def test_all_problems_of_a_file_are_told_at_once_and_nothing_else(text: str, lines: list[str]) -> None:
    first, *rest = refusal(text).split("\n")
    assert first == f"Pulumi.uat.yaml has {len(lines)} problems; nothing was changed in the org:"
    assert rest == [f"  - {line}" for line in lines]


ONE_PROBLEM = [
    (
        "orgkey:integrationUser: other@acme.com",
        "orgkey:integrationUser is none of orgkey:users, so it would not hold the permission set",
    ),
    ("orgkey:users: [ci@acme.com, CI@acme.com]", "orgkey:users must name each only once; [0] and [1] are the same"),
    ("orgkey:users: []", "orgkey:users must not be empty"),
    (
        "orgkey:key: {certificatePem: x}",
        "orgkey:key privateKeyPem and certificatePem come together: give both or neither",
    ),
    (
        "orgkey:key: {privateKeyPem: x}",
        "orgkey:key privateKeyPem and certificatePem come together: give both or neither",
    ),
    (
        "orgkey:app: {name: CI, contactEmail: o@acme.com, consumerKey: 3MVG9abcdefgh}",
        "orgkey:app.consumerKey comes from the key pair: set orgkey:key.consumerKey instead",
    ),
    (
        "orgkey:app: {name: CI, contactEmail: o@acme.com, certificatePem: x}",
        "orgkey:app.certificatePem comes from the key pair: set orgkey:key.certificatePem instead",
    ),
    (
        "orgkey:app: {name: CI, contactEmail: o@acme.com, kind: connected, isEnabled: true}",
        "orgkey:app.isEnabled is not a setting of the connected kind",
    ),
    (
        "orgkey:app: {name: CI, contactEmail: o@acme.com, permittedUsers: ''}",
        "orgkey:app.permittedUsers must not be empty; leave it out for the default",
    ),
    (
        "orgkey:app: {name: CI, contactEmail: o@acme.com, scopes: [Api, RefreshTokn]}",
        "orgkey:app.scopes[1] is no value of it; did you mean RefreshToken?",
    ),
    ("orgkey:app.protect: false", "orgkey:app.protect is not a setting"),
    (
        f"orgkey:owner: {'o' * 61}",
        "orgkey:owner and the stack's name have 65 characters; at most 64 fit into the ownership marker",
    ),
    (
        "orgkey:permissionSet: {label: ''}",
        "orgkey:permissionSet.label is required: Name shown in Setup.",
    ),
    ("salesforce:region: eu", "salesforce:region is not a setting"),
    ("plain: x", "plain is in no namespace of orgkey (orgkey:, salesforce:)"),
]


@pytest.mark.parametrize(("line", "problem"), ONE_PROBLEM, ids=[problem for _, problem in ONE_PROBLEM])
def test_one_wrong_line_is_told_alone_with_its_key(line: str, problem: str) -> None:
    key = line.split(": ", maxsplit=1)[0]
    kept = "\n".join(row for row in SMALLEST.splitlines() if not row.strip().startswith(f"{key}: "))
    assert refusal(f"{kept}\n  {line}\n") == (
        f"Pulumi.uat.yaml has a problem; nothing was changed in the org:\n  - {problem}"
    )


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("orgkey:key: {subject: no good}", "orgkey:key.subject is not a subject; write it like CN="),
        ("orgkey:assignments: {expiration: '2020-01-01T00:00:00Z'}", "orgkey:assignments.expiration is over"),
        ("orgkey:ignore: [app.colour]", "orgkey:ignore[0] is not a property"),
    ],
)
@pytest.mark.parametrize("beside", ["orgkey:users: []", "salesforce:colour: red", "orgkey:grant: {revoke: perhaps}"])
def test_no_problem_hides_another_however_it_is_found(line: str, problem: str, beside: str) -> None:
    text = refusal(f"{SMALLEST.replace('orgkey:users: [ci@acme.com.uat, cd@acme.com.uat]', '')}  {line}\n  {beside}\n")
    assert text.count(problem) == 1
    assert text.count(beside.split("{", maxsplit=1)[0].split(":")[1]) >= 1


def test_a_version_that_yaml_reads_as_a_number_is_still_a_version() -> None:
    assert stack(f"{SMALLEST}  salesforce:apiVersion: 66.0\n").connection.api_version == "66.0"
    assert stack(f"{SMALLEST}  salesforce:apiVersion: 66\n").connection.api_version == "66.0"


def test_a_setting_newer_than_the_api_version_of_the_file_is_told() -> None:
    file = SMALLEST.replace("ops@acme.com}", "ops@acme.com, isNamedUserJwtEnabled: true}")
    assert stack(f"{file}  salesforce:apiVersion: 61.0\n").app["isNamedUserJwtEnabled"] is True
    assert "  - orgkey:app.isNamedUserJwtEnabled needs API version 61.0 or newer; salesforce:apiVersion is 60.0" in (
        refusal(f"{file}  salesforce:apiVersion: 60.0\n").splitlines()
    )


def test_the_problems_are_there_as_data_too() -> None:
    with pytest.raises(SettingsError) as caught:
        stack(f"{SMALLEST}  orgkey:nope: 1\n  salesforce:nope: 2\n")
    assert [problem.path for problem in caught.value.problems] == ["salesforce:nope", "orgkey:nope"]


# --- secrets


@pytest.fixture(scope="module")
def key() -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def body_of(pem: str) -> list[str]:
    return [line for line in pem.splitlines() if not line.startswith("-----")]


def with_key(pem: str, **other: object) -> str:
    config = yaml.safe_load(SMALLEST)
    config["config"]["orgkey:key"] = {"privateKeyPem": pem, "certificatePem": "a certificate", **other}
    return yaml.safe_dump(config)


def test_a_private_key_in_the_file_is_kept_but_never_shown(key: str) -> None:
    certificate = certify(key, subject="CN=a", validity_days=9, now=datetime.now(UTC)).certificate.pem
    settings = stack(with_key(key, certificatePem=certificate))
    assert settings.key.private_key_pem == key
    shown = f"{settings!r} {settings} {settings.key!r} {settings.key}"
    assert not [line for line in body_of(key) if line in shown]


def test_a_key_that_does_not_belong_to_its_certificate_is_told_with_the_other_problems(key: str) -> None:
    other = generate_key(2048)
    certificate = certify(other, subject="CN=a", validity_days=9, now=datetime.now(UTC)).certificate.pem
    told = refusal(with_key(key, certificatePem=certificate) + "  salesforce:colour: red\n")
    assert "orgkey:key.certificatePem does not belong to privateKeyPem" in told
    assert "salesforce:colour is not a setting" in told
    assert not [line for line in body_of(key) if line in told]


def test_a_private_key_is_in_no_part_of_the_error_about_a_problem_beside_it(key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        stack(with_key(key, bits=1024, privateKey=key, certificatePem=[key]))
    error = caught.value
    shown = f"{error!r} {error} {error.problems!r} {error.__cause__!r} {error.__context__!r}"
    assert "orgkey:key.bits must be 2048, 3072 or 4096" in shown
    assert "orgkey:key.certificatePem must be text" in shown
    assert "orgkey:key.privateKey is not a setting" in shown
    assert not [line for line in body_of(key) if line in shown]


@pytest.mark.parametrize(
    "misplaced",
    ["orgkey:key", "orgkey:owner", "orgkey:privateKeyPem", "salesforce:privateKeyPem", "salesforce:credentials"],
)
def test_a_private_key_in_the_wrong_place_is_refused_without_being_shown(key: str, misplaced: str) -> None:
    config = yaml.safe_load(SMALLEST)
    config["config"][misplaced] = key
    told = refusal(yaml.safe_dump(config))
    assert f"  - {misplaced} " in told
    assert not [line for line in body_of(key) if line in told]


def test_a_path_to_ignore_that_names_nothing_is_a_problem_with_a_hint() -> None:
    text = refusal(SMALLEST + "  orgkey:ignore: [set.label, app.labell, app.label]\n")
    assert "orgkey:ignore[0] must begin with one of app, permissionSet, assignments, key" in text
    assert "orgkey:ignore[1] is not a property; did you mean label?" in text
    assert "orgkey:ignore[2]" not in text


def test_an_expiration_that_is_over_is_a_problem_that_says_so() -> None:
    text = refusal(SMALLEST + '  orgkey:assignments: {expiration: "2026-01-31T18:00:00+01:00"}\n')
    assert "orgkey:assignments.expiration is over (it is 20" in text
    assert "so nobody would hold the set; give a later one, or leave it out" in text


def test_every_timeout_that_is_no_time_is_told() -> None:
    text = refusal(SMALLEST + "  orgkey:timeouts: {create: 30, update: 1d, delete: 0s, read: 5 m, craete: 5m}\n")
    assert "orgkey:timeouts.create must be text" in text
    for verb in ("update", "delete", "read"):
        assert f"orgkey:timeouts.{verb} must be a time such as 90s, 30m or 1h30m" in text
    assert "orgkey:timeouts.craete is not a setting" in text


def test_an_app_that_the_flow_cannot_use_is_a_problem_beside_all_others() -> None:
    app = "{name: CI, scopes: [Api], permittedUsers: AllSelfAuthorized, requiredSessionLevel: HIGH_ASSURANCE}"
    text = refusal(SMALLEST.replace("{name: CI_Integration, contactEmail: ops@acme.com}", app))
    for name in ("contactEmail", "scopes", "permittedUsers", "requiredSessionLevel"):
        assert f"orgkey:app.{name} " in text


@pytest.mark.parametrize(
    ("written", "imported", "is_"),
    [
        ("", "", None),
        ("", "assignments: true", False),
        ("", "permissionSet: true", False),
        ("", "app: true", None),
        ("authoritative: true", "assignments: true", True),
        ("authoritative: true", "", True),
        ("authoritative: false", "", False),
    ],
)
def test_whether_others_may_hold_the_set_is_what_somebody_wrote_else_what_was_there_keeps_it_else_the_state_says(
    written: str, imported: str, *, is_: bool | None
) -> None:
    key = "{consumerKey: 3MVG9.own_key}"
    text = f"{SMALLEST}  orgkey:assignments: {{{written}}}\n  orgkey:import: {{{imported}}}\n  orgkey:key: {key}\n"
    settings = stack(text)
    assert settings.authoritative is is_


def test_the_address_of_a_page_is_put_right_and_told_but_not_where_it_is_a_secret() -> None:
    config = {key: as_the_engine_does(value) for key, value in yaml.safe_load(SMALLEST)["config"].items()}
    assert load(config, project="p", stack="t", secrets=Secrets()).notes == ()
    config["salesforce:instanceUrl"] = "https://acme--uat.sandbox.lightning.force.com/lightning/page/home"
    settings = load(config, project="p", stack="t", secrets=Secrets())
    assert settings.connection.instance_url == "https://acme--uat.sandbox.my.salesforce.com"
    assert "it is taken as https://acme--uat.sandbox.my.salesforce.com" in settings.notes[0]
    sealed = load(config, project="p", stack="t", secrets=Secrets(frozenset({"salesforce:instanceUrl"})))
    assert "acme" not in sealed.notes[0]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("orgkey:generation: 2", "orgkey:generation"),
        ("orgkey:generation: {number: 0}", "orgkey:generation.number"),
        ('orgkey:generation: {number: "2"}', "orgkey:generation.number"),
        ("orgkey:generation: {number: 2, nmae: X}", "orgkey:generation.nmae"),
        ("orgkey:generation: {name: 2x}", "orgkey:generation.name must be a developer name"),
        ("orgkey:retiring: [1]", "orgkey:retiring[0]"),
        ("orgkey:retiring: {number: 1}", "orgkey:retiring"),
        ("orgkey:retiring: [{name: CI_Old}]", "orgkey:retiring[0].number"),
        ("orgkey:retiring: [{number: 1}]", "orgkey:retiring[0].number is 1, which is that of generation"),
        ("orgkey:retiring: [{number: 2, kind: other}]", "orgkey:retiring[0].kind"),
        (
            "orgkey:retiring: [{number: 2}, {number: 3, import: true}]",
            "orgkey:retiring[1].key.consumerKey is required with orgkey:retiring[1].import",
        ),
        (
            "orgkey:retiring: [{number: 2}, {number: 3, import: true}]",
            "`pulumi config set --stack STACK --path 'orgkey:retiring[1].key.consumerKey' <the app's consumer key>`",
        ),
        (
            "orgkey:retiring: [{number: 2, key: {consumerKey: TheSameKey1}}]\n  orgkey:key: {consumerKey: TheSameKey1}",
            "orgkey:retiring[0].key.consumerKey is the same as orgkey:key.consumerKey: each generation has an app of its own",
        ),
        (
            "orgkey:retiring: [{number: 2, key: {consumerKey: TheSameKey1}}, {number: 3, key: {consumerKey: TheSameKey1}}]",
            "orgkey:retiring[1].key.consumerKey is the same as orgkey:retiring[0].key.consumerKey",
        ),
    ],
)
def test_a_generation_that_cannot_be_is_a_problem_of_the_file(lines: str, told: str) -> None:
    assert told in refusal(SMALLEST + f"  {lines}\n")


def test_generations_are_read_as_they_are_written() -> None:
    settings = stack(
        SMALLEST + "  orgkey:generation: {number: 3}\n  orgkey:retiring: [{number: 2}, {number: 1, kind: connected}]\n"
    )
    assert settings.generation.number == 3
    assert [(each.number, each.kind) for each in settings.retiring] == [(2, None), (1, "connected")]


def test_a_key_of_a_retiring_generation_in_clear_is_refused_and_not_shown() -> None:
    told = refusal(
        SMALLEST + "  orgkey:generation: {number: 2}\n"
        "  orgkey:retiring: [{number: 1, key: {privateKeyPem: THE-KEY, certificatePem: THE-CERT}}]\n"
    )
    assert "orgkey:retiring[0].key" in told
    assert "THE-KEY" not in told

"""The JSON schema of a stack file and the check of it agree, and the reference page has every key."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from orgkey.generate.stack_file_keys import example
from orgkey.metadata.fields import inputs_of
from orgkey.metadata.members import APP_KINDS
from orgkey.metadata.place import Type
from orgkey.stack_file.metadata_settings import MADE_BY_US
from orgkey.stack_file.schema import keys, settings, stack_file_schema
from orgkey.stack_file.settings import SettingsError
from tests.forked import commands
from tests.program.stack import PROJECT
from tests.stack_file.files import SMALLEST, stack

SCHEMA = Draft7Validator(stack_file_schema())


def as_json(text: str) -> Any:
    """A stack file as an editor's schema sees it."""
    return json.loads(json.dumps(yaml.safe_load(text)))


def told_by_schema(text: str) -> list[str]:
    return [error.json_path for error in SCHEMA.iter_errors(as_json(text))]


def refused_by_check(text: str) -> str:
    try:
        stack(text)
    except SettingsError as error:
        return str(error)
    return ""


def with_lines(*lines: str) -> str:
    return SMALLEST + "".join(f"  {line}\n" for line in lines)


def app(settings: str) -> str:
    return SMALLEST.replace("{name: CI_Integration,", f"{{{settings}, name: CI_Integration,")


GOOD = [
    SMALLEST,
    with_lines("pulumi:tags: {team: platform}"),
    with_lines("salesforce:apiVersion: 67", 'orgkey:owner: "2026"', "orgkey:integrationUser: ci@acme.com.uat"),
    with_lines('salesforce:apiVersion: "66.0"', "salesforce:expectedKind: sandbox", "salesforce:caBundle: ca.pem"),
    with_lines("orgkey:key:", "orgkey:permissionSet: {name: , label: ~}", "orgkey:assignments: {groups: null}"),
    app("permissionSets: , trustedIpRanges: [{start: 10.0.0.1, end: 10.0.0.9, description: null}]"),
    with_lines("salesforce:checkOnPreview: false", 'salesforce:validateOnPreview: "true"'),
    with_lines("salesforce:expectedOrgId: 00D000000000001AAA"),
    with_lines("orgkey:key: {bits: 4096, subject: 'CN=CI,O=Acme', validityDays: 90, renewAfter: 0.5, generation: 3}"),
    with_lines('orgkey:assignments: {authoritative: false, groups: [Sales], expiration: "2099-12-31T00:00:00Z"}'),
    with_lines("orgkey:grant: {propagationMinutes: 0, audience: 'https://login.salesforce.com', revoke: true}"),
    with_lines("orgkey:timeouts: {create: 30m, update: 1h30m, delete: 90s, read: 2.5m}"),
    with_lines("orgkey:ignore: [app.label, permissionSet.description]"),
    with_lines("orgkey:permissionSet: {name: CI_Users, label: CI users, userPermissions: [ApiEnabled]}"),
    with_lines("orgkey:generation: {number: 2}", "orgkey:retiring: [{number: 1, protect: true}]"),
    with_lines("orgkey:key: {consumerKey: 3MVG9.own_key}", "orgkey:import: {app: true}"),
    app("kind: connected, protect: false, sessionTimeoutMinutes: 30"),
    app("isEnabled: true, distributionState: Local"),
    app("trustedIpRanges: [{start: 10.0.0.1, end: 10.0.0.9, description: office}]"),
    app("scopes: [Api, RefreshToken, Web], refreshTokenPolicy: specific_lifetime:30:DAYS"),
    SMALLEST.replace("{sfAlias: uat-admin}", "{clientCredentials: {consumerKey: 3MVG9.admin, clientSecretEnv: SECRET}}"),
    SMALLEST.replace(
        "{sfAlias: uat-admin}", "{jwt: {consumerKey: 3MVG9.admin, username: admin@acme.com, privateKeyFile: a.key}}"
    ),
    SMALLEST.replace("[ci@acme.com.uat, cd@acme.com.uat]", "'[\"ci@acme.com.uat\"]'"),  # as `pulumi config set` writes it
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_what_the_check_takes_the_schema_takes(text: str) -> None:
    assert refused_by_check(text) == ""
    assert told_by_schema(text) == []


BAD = [
    with_lines("orgkey:user: [a@b.c]"),
    with_lines("aws:region: eu-central-1"),
    with_lines("salesforce:instanceURL: https://acme.my.salesforce.com"),
    with_lines("salesforce:expectedKind: sandpit"),
    with_lines("salesforce:expectedOrgId: 00X000000000001"),
    with_lines("salesforce:apiVersion: newest"),
    with_lines("salesforce:checkOnPreview: maybe"),
    with_lines("orgkey:key: {bits: 1024}"),
    with_lines("orgkey:key: {bits: '2048'}"),
    with_lines("orgkey:key: {bit: 2048}"),
    with_lines("orgkey:key: {validityDays: 0}"),
    with_lines("orgkey:key: {renewAfter: 1}"),
    with_lines("orgkey:key: {consumerKey: short}"),
    with_lines("orgkey:key: {certificatePem: alone}"),
    with_lines("orgkey:assignments: {authoritative: 'yes'}"),
    with_lines("orgkey:assignments: {group: [Sales]}"),
    with_lines("orgkey:assignments: {groups: ['no group']}"),
    with_lines("orgkey:grant: {propagationMinutes: 61}"),
    with_lines("orgkey:grant: {audience: login.salesforce.com}"),
    with_lines("orgkey:timeouts: {create: 30 minutes}"),
    with_lines("orgkey:timeouts: {refresh: 30m}"),
    with_lines("orgkey:owner: a/b"),
    with_lines("orgkey:ignore: app.label"),
    with_lines("orgkey:import: {app: 'true'}"),
    with_lines("orgkey:generation: {number: 0}"),
    with_lines("orgkey:retiring: [{name: CI_Old}]"),
    with_lines("orgkey:retiring: [{number: 2, kind: other}]"),
    with_lines("orgkey:integrationUser: nobody"),
    with_lines("orgkey:permissionSet: {names: X}"),
    with_lines("orgkey:permissionSet: {name: 9X}"),
    with_lines("orgkey:permissionSet: {userPermissions: ApiEnabled}"),
    SMALLEST.replace("users: [ci@acme.com.uat, cd@acme.com.uat]", "users: []"),
    SMALLEST.replace("users: [ci@acme.com.uat, cd@acme.com.uat]", "users: [nobody]"),
    SMALLEST.replace("  orgkey:users: [ci@acme.com.uat, cd@acme.com.uat]\n", ""),
    SMALLEST.replace("{sfAlias: uat-admin}", "{sfAlias: uat-admin, accessTokenEnv: TOKEN}"),
    SMALLEST.replace("{sfAlias: uat-admin}", "{password: x}"),
    SMALLEST.replace("{sfAlias: uat-admin}", "{jwt: {consumerKey: 3MVG9.admin, username: admin@acme.com}}"),
    SMALLEST.replace("{sfAlias: uat-admin}", "uat-admin"),
    SMALLEST.replace(", contactEmail: ops@acme.com", ""),
    SMALLEST.replace("ops@acme.com", "ops"),
    app("kind: internal"),
    app("kind: connected, isEnabled: true"),
    app("certificatePem: x"),
    app("consumerKey: 3MVG9.own_key"),
    app("scopes: [Everything]"),
    app("scopes: Api"),
    app("ipRelaxation: Relaxed"),
    app("refreshTokenPolicy: forever"),
    app("isPkceRequired: 'true'"),
    app("sessionTimeoutMinutes: 0"),
    app("trustedIpRanges: [{start: 10.0.0.1}]"),
    app("trustedIpRanges: [{start: 10.0.0.1, end: 10.0.0.9, note: x}]"),
    app(f"label: {'x' * 81}"),
    app("colour: red"),
]


@pytest.mark.parametrize("text", BAD)
def test_what_the_check_refuses_the_schema_refuses(text: str) -> None:
    assert refused_by_check(text)
    assert told_by_schema(text)


def rows() -> Iterator[Any]:
    for kind, resource in APP_KINDS.items():
        for row in inputs_of(resource):
            if row.name not in MADE_BY_US:
                yield pytest.param(kind, row, id=f"{kind}.{row.name}")


@pytest.mark.parametrize(("kind", "row"), list(rows()))
def test_every_setting_of_an_app_is_known_by_its_type(kind: str, row: Any) -> None:
    wrong = {Type.BOOLEAN: "yes please", Type.INTEGER: "many", Type.STRINGS: 7, Type.RANGES: 7}.get(row.type, [7])
    written = yaml.safe_load(app(f"kind: {kind}"))
    written["config"]["orgkey:app"][row.name] = wrong
    text = yaml.safe_dump(written)
    assert refused_by_check(text)
    assert told_by_schema(text)


SECRET = {"secure": "v1:abc:def"}


@pytest.mark.parametrize(
    "path",
    ["salesforce:instanceUrl", "salesforce:credentials", "orgkey:users", "orgkey:key", "orgkey:owner"],
)
def test_a_whole_setting_may_be_a_secret(path: str) -> None:
    written = as_json(SMALLEST)
    written["config"][path] = SECRET
    assert list(SCHEMA.iter_errors(written)) == []


def test_a_part_of_a_setting_may_be_a_secret_but_for_what_becomes_an_id() -> None:
    written = as_json(SMALLEST)
    config = written["config"]
    config["orgkey:app"]["label"] = config["orgkey:users"][0] = config["salesforce:credentials"]["sfAlias"] = SECRET
    config["orgkey:key"] = {"privateKeyPem": SECRET, "certificatePem": "-----BEGIN"}
    config["orgkey:app"]["trustedIpRanges"] = [{"start": SECRET, "end": "10.0.0.9"}]
    assert list(SCHEMA.iter_errors(written)) == []
    config["orgkey:retiring"] = [{"number": 1, "key": {"consumerKey": SECRET, "subject": SECRET}}]
    assert list(SCHEMA.iter_errors(written)) == []
    for setting in ("orgkey:app", "orgkey:permissionSet", "orgkey:generation"):
        for value in (SECRET, {**config.get(setting, {}), "name": SECRET}):
            assert list(SCHEMA.iter_errors({"config": {**config, setting: value}}))
    never = {"orgkey:retiring": [{"number": 1, "name": SECRET}], "orgkey:timeouts": {"create": SECRET}}
    for setting, value in {**never, "orgkey:import": SECRET, "orgkey:ignore": [SECRET]}.items():
        assert list(SCHEMA.iter_errors({"config": {**config, setting: value}}))


def test_settings_may_come_from_an_environment() -> None:
    assert told_by_schema("environment: [uat]\nconfig: {'orgkey:owner': acme}") == []
    assert told_by_schema("config: {'orgkey:owner': acme}")


def test_every_example_is_one_that_the_schema_takes() -> None:
    for path, schema, _ in keys():
        for given in schema.get("examples", ()):
            if given != {"secure": "v1:..."}:
                assert list(Draft7Validator(dict(schema)).iter_errors(given)) == [], path


def test_the_reference_page_has_every_key_with_type_meaning_and_example() -> None:
    page = (PROJECT / "docs/reference/stack-file-keys.md").read_text()
    for path, schema, _ in keys():
        (row,) = re.findall(rf"^\| `{re.escape(path)}` \|.*$", page, re.MULTILINE)
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        assert cells[1], path
        assert cells[5], path
        has_keys_of_its_own = any(other.startswith((f"{path}.", f"{path}[]")) for other, _, _ in keys())
        assert example(schema) or has_keys_of_its_own, path


def test_every_number_that_counts_something_says_what() -> None:
    for path, schema, _ in keys():
        if re.search(r"(Days|Minutes|bits)$", path):
            assert schema.get("unit"), path


def test_every_key_that_the_hand_written_page_names_exists() -> None:
    known: Mapping[str, Any] = settings()
    page = (PROJECT / "docs/reference/stack-file.md").read_text()
    for path in re.findall(r"`((?:salesforce|orgkey):[a-zA-Z]+)", page):
        assert path in known, path


def test_the_command_prints_the_schema() -> None:
    run = subprocess.run([commands() / "orgkey", "schema"], capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == stack_file_schema()
    assert run.stdout == (PROJECT / "docs/reference/stack-file.schema.json").read_text()


def test_the_examples_stack_files_are_right_by_the_schema() -> None:
    files = [*PROJECT.glob("Pulumi.*.yaml"), *(PROJECT / "examples").rglob("Pulumi.*.yaml")]
    for file in files:
        assert list(SCHEMA.iter_errors(as_json(file.read_text()))) == [], file

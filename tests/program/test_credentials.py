"""Credentials and settings that change or are wrong: never a wedged stack, never a deleted resource, never a traceback of ours."""

from __future__ import annotations

from typing import Any

import pytest

from tests.landscape import Landscape, Org
from tests.program.stack import Stack, ok


def test_a_settings_error_lists_everything_exits_1_and_deletes_nothing(deployed: Stack, config: dict[str, Any]) -> None:
    before = deployed.resources()
    deployed.configure(
        {**config, "orgkey:app": {"name": "no good", "contactEmail": "x"}, "orgkey:users": [], "orgkey:colour": "red"}
    )
    result = deployed.up()
    assert result.code != 0
    for key in ("orgkey:app.name", "orgkey:app.contactEmail", "orgkey:users", "orgkey:colour"):
        assert key in result.text
    assert "Traceback" not in result.text
    assert deployed.resources().keys() == before.keys()


@pytest.mark.parametrize("command", ["preview", "up"])
def test_problems_of_both_namespaces_are_one_list_told_once_with_a_state_as_without(
    deployed: Stack, config: dict[str, Any], landscape: Landscape, command: str
) -> None:
    lines = [
        "salesforce:apiVersion must be 60.0 or newer",
        "salesforce:colour is not a setting",
        "orgkey:users must not be empty",
        "orgkey:key.subject is not a subject",
        "orgkey:assignments.expiration is over",
        "orgkey:ignore[0] is not a property",
    ]
    deployed.configure(
        {
            **config,
            "salesforce:apiVersion": "12.0",
            "salesforce:colour": "red",
            "orgkey:users": [],
            "orgkey:key": {"subject": "no good"},
            "orgkey:assignments": {"expiration": "2020-01-01T00:00:00Z"},
            "orgkey:ignore": ["app.colour"],
        }
    )
    landscape.admin("DELETE", "/requests")
    result = deployed.pulumi(command, *(["--yes", "--skip-preview"] if command == "up" else []), "--stack", "t")
    assert result.code != 0
    assert f"Pulumi.t.yaml has {len(lines)} problems; nothing was changed in the org" in result.text
    assert {line: result.text.count(line) for line in lines} == dict.fromkeys(lines, 1)
    assert landscape.admin("GET", "/requests?org=uat")["counts"] == {}


def test_commands_that_run_no_program_tell_wrong_settings_once_and_lose_nothing(
    deployed: Stack, config: dict[str, Any]
) -> None:
    before = deployed.resources().keys()
    deployed.configure({**config, "salesforce:apiVersion": "12.0"})
    for result in (deployed.pulumi("refresh", "--yes", "--skip-preview", "--stack", "t"), deployed.destroy()):
        assert result.code != 0
        diagnostics = result.text.split("Diagnostics:")[1]
        assert diagnostics.count("salesforce:apiVersion must be 60.0 or newer") == 1
    assert deployed.resources().keys() == before


def test_what_keeps_every_resource_from_being_read_is_told_once_and_the_others_say_where(
    deployed: Stack, config: dict[str, Any]
) -> None:
    deployed.configure({**config, "salesforce:credentials": {"sfdxAuthUrlFile": "missing.file"}})
    for result in (deployed.up(), deployed.pulumi("preview", "--stack", "t"), deployed.destroy()):
        assert result.code != 0
        diagnostics = result.text.split("Diagnostics:")[1]
        assert diagnostics.count("The file missing.file cannot be read") == 1
        assert diagnostics.count("Not read: see the error of access-") == 3


def test_changed_credentials_never_wedge_a_stack(
    deployed: Stack, config: dict[str, Any], org: Org, tmp_path: Any, landscape: Landscape
) -> None:
    (tmp_path / "admin.sfdxurl").unlink()  # what the state remembers leads nowhere
    deployed.environment["ADMIN_TOKEN"] = org.access_token
    deployed.configure({**config, "salesforce:credentials": {"accessTokenEnv": "ADMIN_TOKEN"}})
    ok(deployed.up())
    ok(deployed.drift())
    landscape.admin("POST", "/end-sessions", org="uat", username=org.username)
    expired = deployed.up()
    assert expired.code != 0
    assert "does not accept the access token" in expired.text
    assert org.access_token not in expired.text
    deployed.environment["ADMIN_AUTH_URL"] = landscape.org("uat").auth_url
    deployed.configure({**config, "salesforce:credentials": {"sfdxAuthUrlEnv": "ADMIN_AUTH_URL"}})
    ok(deployed.up())
    ok(deployed.pulumi("refresh", "--yes", "--stack", "t"))
    ok(deployed.destroy())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"orgkey:users": ["nobody@acme.com", "former@acme.com.uat"]}, ["nobody@acme.com: no such", "former@acme.com.uat: the user is"]),
        ({"salesforce:expectedKind": "production"}, ["is a sandbox org", "salesforce:expectedKind is production"]),
        ({"salesforce:expectedOrgId": "00D000000000001"}, ["salesforce:expectedOrgId is 00D000000000001"]),
        ({"salesforce:credentials": {"sfdxAuthUrlFile": "missing.file"}}, ["The file missing.file cannot be read"]),
        ({"salesforce:credentials": {"accessTokenEnv": "NOT_SET"}}, ["The environment variable NOT_SET is not set"]),
        ({"salesforce:instanceUrl": "https://localhost:1"}, ["localhost:1", "the connection was refused"]),
        ({"salesforce:caBundle": "missing.pem"}, ["salesforce:caBundle names missing.pem, which is not a file"]),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_message_and_leaves_the_org_as_it_was(
    stack: Stack, config: dict[str, Any], org: Org, change: dict[str, Any], says: list[str]
) -> None:
    stack.environment["ADMIN_TOKEN"] = org.access_token
    stack.configure({**config, "salesforce:credentials": {"accessTokenEnv": "ADMIN_TOKEN"}, **change})
    result = stack.up()
    assert result.code != 0
    for text in says:
        assert text in result.text
    assert "Traceback" not in result.text
    assert org.query("SELECT Id FROM ExternalClientApplication") == []
    assert org.holders("CI_Integration_Access") == []


def test_an_org_with_another_ca_is_refused_with_what_to_set(stack: Stack, config: dict[str, Any]) -> None:
    del config["salesforce:caBundle"]
    stack.environment |= {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": "", "SSL_CERT_FILE": ""}
    stack.configure(config)
    result = stack.up()
    assert result.code != 0
    assert "its TLS certificate is not trusted" in result.text
    assert "Set salesforce:caBundle" in result.text


def test_an_org_that_answers_html_is_no_org(stack: Stack, landscape: Landscape) -> None:
    landscape.admin("POST", "/faults", operation="*", org="uat", faults=["html"])
    result = stack.up()
    assert result.code != 0
    assert "answered with a web page" in result.text


def test_a_key_that_does_not_match_its_certificate_stops_before_the_org_is_touched(
    stack: Stack, config: dict[str, Any], landscape: Landscape
) -> None:
    from datetime import UTC, datetime

    from orgkey.identity.key_pair import certify, generate_key

    pair = certify(generate_key(2048), subject="CN=a", validity_days=9, now=datetime.now(UTC))
    stack.configure({**config, "orgkey:key": {"certificatePem": pair.certificate.pem}})
    stack.set_secret("orgkey:key.privateKeyPem", generate_key(2048))
    result = stack.up()
    assert result.code != 0
    assert "does not belong to privateKeyPem" in result.text
    assert "PRIVATE KEY" not in result.text
    assert landscape.admin("GET", "/requests?org=uat")["counts"] == {}


def test_something_of_that_name_that_is_not_ours_is_left_alone_with_the_import_command(stack: Stack, org: Org) -> None:
    org.deploy(
        {
            "permissionsets/CI_Integration_Access.permissionset": (
                '<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata">'
                "<hasActivationRequired>false</hasActivationRequired><label>Mine</label></PermissionSet>"
            )
        },
        {"PermissionSet": ["CI_Integration_Access"]},
    )
    result = stack.up()
    assert result.code != 0
    assert "pulumi import salesforce:index:PermissionSet access-set CI_Integration_Access --parent" in result.text
    assert org.query("SELECT Label FROM PermissionSet WHERE Name = 'CI_Integration_Access'")[0]["Label"] == "Mine"

"""The `salesforce:*` settings, as the engine hands them over: text, and structures as JSON."""

import json
from typing import Any

import pytest

from orgkey.model.connection import parse_connection
from orgkey.model.credentials import Jwt, SfAlias

SMALLEST = {"instanceUrl": "https://acme.my.salesforce.com", "credentials": '{"sfAlias": "uat-admin"}'}


def problems(values: dict[str, Any]) -> list[tuple[str, str]]:
    connection, found = parse_connection({**SMALLEST, **values})
    assert connection is None
    return [(problem.path, problem.reason) for problem in found]


def test_the_smallest_connection_has_safe_defaults() -> None:
    connection, found = parse_connection(SMALLEST)
    assert found == []
    assert connection is not None
    assert connection.instance_url == "https://acme.my.salesforce.com"
    assert connection.credentials == SfAlias.model_validate({"sfAlias": "uat-admin"})
    assert connection.api_version == "67.0"
    assert connection.expected_kind is None
    assert connection.expected_org_id is None
    assert connection.ca_bundle is None
    assert connection.check_on_preview is True
    assert connection.validate_on_preview is False


def test_every_setting_is_read_from_the_text_that_the_engine_hands_over() -> None:
    connection, found = parse_connection(
        {
            "instanceUrl": "https://acme--uat.sandbox.my.salesforce.com",
            "credentials": json.dumps(
                {"jwt": {"consumerKey": "3MVG9abcdefgh", "username": "a@b.c", "privateKeyFile": "k"}}
            ),
            "expectedKind": "sandbox",
            "expectedOrgId": "00D000000000001AAA",
            "apiVersion": "66.0",
            "caBundle": "/etc/ca.pem",
            "checkOnPreview": "false",
            "validateOnPreview": "true",
        }
    )
    assert found == []
    assert connection is not None
    assert connection.model_dump() == {
        "instance_url": "https://acme--uat.sandbox.my.salesforce.com",
        "credentials": {
            "jwt": {
                "consumer_key": "3MVG9abcdefgh",
                "username": "a@b.c",
                "private_key_env": None,
                "private_key_file": "k",
            }
        },
        "expected_kind": "sandbox",
        "expected_org_id": "00D000000000001AAA",
        "api_version": "66.0",
        "ca_bundle": "/etc/ca.pem",
        "check_on_preview": False,
        "validate_on_preview": True,
    }
    assert isinstance(connection.credentials, Jwt)


def test_typed_values_are_read_like_text() -> None:
    typed = {"credentials": {"sfAlias": "uat-admin"}, "apiVersion": 67.0, "validateOnPreview": False}
    assert parse_connection({**SMALLEST, **typed}) == parse_connection({**SMALLEST, "apiVersion": "67"})


VERSIONS = [
    ("67.0", "67.0"),
    ("67", "67.0"),
    (67, "67.0"),
    (67.0, "67.0"),
    ("60.0", "60.0"),
    ("60", "60.0"),
    ("100.0", "100.0"),
]


@pytest.mark.parametrize(("written", "read"), VERSIONS)
def test_an_api_version_is_read_in_each_form_that_yaml_and_the_engine_make_of_it(written: object, read: str) -> None:
    connection, _ = parse_connection({**SMALLEST, "apiVersion": written})
    assert connection is not None
    assert connection.api_version == read


SUCH_AS = "must be an API version such as 67.0"
TOO_OLD = "must be 60.0 or newer: older versions do not know an app's certificate"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("59", TOO_OLD),
        (59, TOO_OLD),
        ("59.0", TOO_OLD),
        ("67.5", SUCH_AS),
        ("v67.0", SUCH_AS),
        ("latest", SUCH_AS),
        ("", SUCH_AS),
        (True, SUCH_AS),
        ("67.0\n", SUCH_AS),
    ],
)
def test_an_api_version_that_is_none_or_too_old_is_refused(written: object, reason: str) -> None:
    assert problems({"apiVersion": written}) == [("apiVersion", reason)]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://acme.my.salesforce.com/", "https://acme.my.salesforce.com"),
        ("https://ACME.My.Salesforce.com", "https://acme.my.salesforce.com"),
        ("https://127.0.0.1:8443", "https://127.0.0.1:8443"),
        ("https://uat.localhost:8443/", "https://uat.localhost:8443"),
    ],
)
def test_my_domain_is_read_in_one_spelling(written: str, read: str) -> None:
    connection, _ = parse_connection({**SMALLEST, "instanceUrl": written})
    assert connection is not None
    assert connection.instance_url == read


def test_what_is_not_the_my_domain_of_one_org_is_refused() -> None:
    ((path, reason),) = problems({"instanceUrl": "https://login.salesforce.com"})
    assert path == "instanceUrl"
    assert reason.startswith("must be the org's own My Domain, not a host that many orgs share")


PEM = "-----BEGIN PRIVATE KEY-----planted"
PASTED = [
    ({"sfdxAuthUrlFile": "force://PlatformCLI::5Aep861planted@acme.my.salesforce.com"}, "holds an auth URL itself; put that into a file"),
    ({"sfdxAuthUrlEnv": "force://PlatformCLI::5Aep861planted@acme.my.salesforce.com"}, "holds an auth URL itself"),
    ({"accessTokenEnv": "00D000000000001!AQplantedAccessToken"}, "holds an access token itself"),
    ({"sfAlias": "00D000000000001!AQplantedAccessToken"}, "holds an access token itself"),
    ({"jwt": {"consumerKey": "3MVG9abcdef", "username": "a@b", "privateKeyFile": PEM}}, "holds a private key itself"),
    ({"force://PlatformCLI::5Aep861planted@acme.my.salesforce.com": ""}, "is an auth URL itself"),
]  # fmt: skip


@pytest.mark.parametrize(("credentials", "says"), PASTED)
def test_a_credential_in_the_place_of_a_name_is_told_as_that_with_what_to_do(
    credentials: dict[str, Any], says: str
) -> None:
    told = problems({"credentials": json.dumps(credentials)})
    assert says in told[0][1]
    assert "planted" not in str(told)


OTHERS = [
    (
        {"credentials": "uat-admin"},
        [
            (
                "credentials",
                "must be exactly one of sfAlias, accessTokenEnv, sfdxAuthUrlFile, sfdxAuthUrlEnv, clientCredentials, jwt",
            )
        ],
    ),
    ({"credentials": '{"sfAlias": ""}'}, [("credentials.sfAlias", "must not be empty")]),
    ({"credentials": '{"sfAlias": "a", "more": 1}'}, [("credentials.more", "is not a setting")]),
    (
        {"credentials": '{"jwt": {"consumerKey": "3MVG9abcdefgh"}}'},
        [("credentials.jwt.username", "is required")],
    ),
    ({"expectedKind": "uat"}, [("expectedKind", "must be 'production', 'sandbox', 'scratch' or 'developer'")]),
    ({"expectedOrgId": "00D1"}, [("expectedOrgId", "must be an org id, 00D and 12 or 15 more characters")]),
    (
        {"expectedOrgId": "005000000000001AAA"},
        [("expectedOrgId", "must be an org id, 00D and 12 or 15 more characters")],
    ),
    ({"validateOnPreview": "perhaps"}, [("validateOnPreview", "must be true or false")]),
    ({"instanceURL": "x"}, [("instanceURL", "is not a setting; did you mean instanceUrl?")]),
    ({"region": "x"}, [("region", "is not a setting")]),
]


@pytest.mark.parametrize(("values", "expected"), OTHERS)
def test_a_problem_is_told_with_the_path_that_people_wrote(
    values: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert problems(values) == expected


def test_all_problems_of_a_connection_are_told_at_once() -> None:
    connection, found = parse_connection({"apiVersion": "59", "expectedKind": "x", "region": "y"})
    assert connection is None
    assert [problem.path for problem in found] == [
        "instanceUrl",
        "credentials",
        "expectedKind",
        "apiVersion",
        "region",
    ]

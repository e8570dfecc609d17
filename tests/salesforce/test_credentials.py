"""Each form of bootstrap credentials: what it leads to, what is refused, and that nothing secret is ever in a message."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orgkey.model.connection import parse_connection
from orgkey.salesforce.errors import CredentialsError
from orgkey.salesforce.org import Org as Client
from orgkey.salesforce.places import contents
from tests.landscape import Landscape, Org
from tests.localorg.bundles import ExternalApp, Keys

ORGANIZATION = "SELECT Id FROM Organization"

Connect = Callable[..., Client]


@pytest.fixture
def connect(org: Org) -> Connect:
    """A client with given credentials and environment."""

    def make(credentials: dict[str, Any], **environment: str) -> Client:
        connection, problems = parse_connection(
            {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": json.dumps(credentials)}
        )
        assert connection is not None, problems

        return Client(connection, environment={"PATH": os.environ["PATH"], **environment})

    return make


@pytest.fixture
def app(org: Org) -> ExternalApp:
    """Another app of the org, whose users may log in by JWT."""
    made = ExternalApp(Keys.generate())
    org.deploy_zip(made.package())
    org.assign(made.set_name, org.user("devops"))
    return made


def private_key(app: ExternalApp) -> str:
    from cryptography.hazmat.primitives import serialization as s

    return app.keys.private.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()).decode()


def sf(folder: Path, answers: dict[str, Any]) -> str:
    """A Salesforce CLI that gives those answers, by command; returns a PATH with it."""
    script = folder / "sf"
    script.write_text(
        "#!/usr/bin/env python3\nimport json, os, sys\n"
        f"answers = {answers!r}\n"
        "command = ' '.join(sys.argv[1:sys.argv.index('--target-org')])\n"
        "assert not [name for name in os.environ if name.startswith('PULUMI_')]\n"
        "print(json.dumps(answers.get(command, {'message': 'is not a sf command'})))\n"
        "sys.exit(0 if command in answers else 1)\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IEXEC)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


# --- what works


def test_an_access_token_in_a_variable(connect: Connect, org: Org) -> None:
    client = connect({"accessTokenEnv": "TOKEN"}, TOKEN=org.access_token)
    assert client.query(ORGANIZATION)[0]["Id"] == org.org_id


@pytest.mark.parametrize("form", ["sfdxAuthUrlEnv", "sfdxAuthUrlFile"])
def test_an_auth_url_in_a_variable_or_a_file(connect: Connect, org: Org, tmp_path: Path, form: str) -> None:
    (tmp_path / "auth").write_text(org.auth_url + "\n")
    client = connect({form: "URL" if form == "sfdxAuthUrlEnv" else str(tmp_path / "auth")}, URL=org.auth_url)
    assert client.query(ORGANIZATION)[0]["Id"] == org.org_id


@pytest.mark.parametrize("source", ["privateKeyEnv", "privateKeyFile"])
def test_the_jwt_flow_of_another_app(connect: Connect, org: Org, app: ExternalApp, tmp_path: Path, source: str) -> None:
    (tmp_path / "key").write_text(private_key(app))
    where = "KEY" if source == "privateKeyEnv" else str(tmp_path / "key")
    credentials = {"jwt": {"consumerKey": app.key, "username": org.user("devops"), source: where}}
    assert connect(credentials, KEY=private_key(app)).query(ORGANIZATION)[0]["Id"] == org.org_id


def test_an_alias_that_the_salesforce_cli_knows(connect: Connect, org: Org, tmp_path: Path) -> None:
    path = sf(
        tmp_path,
        {
            "org display": {"result": {"accessToken": "[REDACTED] use show-access-token", "instanceUrl": org.url}},
            "org auth show-access-token": {"result": {"accessToken": org.access_token}},
        },
    )
    client = connect({"sfAlias": "uat"}, PATH=path, PULUMI_CONFIG_PASSPHRASE="not for the CLI")
    assert client.query(ORGANIZATION)[0]["Id"] == org.org_id


def test_an_older_cli_that_shows_the_token_in_org_display(connect: Connect, org: Org, tmp_path: Path) -> None:
    shown = {"org display": {"result": {"accessToken": org.access_token, "instanceUrl": org.url}}}
    assert connect({"sfAlias": "uat"}, PATH=sf(tmp_path, shown)).query(ORGANIZATION)[0]["Id"] == org.org_id


def test_a_session_that_ends_in_the_middle_is_renewed_once(connect: Connect, org: Org, landscape: Landscape) -> None:
    client = connect({"sfdxAuthUrlEnv": "URL"}, URL=org.auth_url)
    client.query(ORGANIZATION)
    landscape.admin("POST", "/end-sessions", org="uat", username=org.username)
    assert client.query("SELECT Name FROM Organization")
    assert landscape.admin("GET", "/requests?org=uat")["counts"]["refreshGrant"] == 2


# --- what is refused


def refused(client: Client) -> str:
    with pytest.raises(CredentialsError) as error:
        client.query(ORGANIZATION)
    return str(error.value)


@pytest.mark.parametrize(
    ("credentials", "environment", "says"),
    [
        ({"accessTokenEnv": "NONE"}, {}, "The environment variable NONE is not set"),
        ({"accessTokenEnv": "T"}, {"T": "[REDACTED] by the CLI"}, "'[REDACTED]' instead of an access token"),
        ({"accessTokenEnv": "T"}, {"T": "00D!wrong-secret"}, "does not accept the access token"),
        ({"sfdxAuthUrlEnv": "U"}, {"U": "https://wrong-secret"}, "holds no auth URL"),
        ({"sfdxAuthUrlFile": "none"}, {}, "The file none cannot be read"),
        ({"jwt": {"consumerKey": "Abcdefgh1", "username": "a@b", "privateKeyEnv": "K"}}, {"K": "wrong-secret"}, "K is no PEM"),
        ({"clientCredentials": {"consumerKey": "Abcdefgh1", "clientSecretEnv": "S"}}, {"S": "wrong-secret"}, "were refused"),
        ({"sfAlias": "uat"}, {"PATH": "/nowhere"}, "there is no `sf` on PATH"),
    ],
)  # fmt: skip
def test_what_leads_nowhere_is_refused_without_showing_it(
    connect: Connect, credentials: dict[str, Any], environment: dict[str, str], says: str
) -> None:
    message = refused(connect(credentials, **environment))
    assert says in message
    assert "wrong-secret" not in message


def test_a_refresh_token_that_the_org_does_not_take_is_told_in_its_words(connect: Connect, org: Org) -> None:
    broken = org.auth_url.replace(org.auth_url.split(":")[3][:12], "X" * 12)
    message = refused(connect({"sfdxAuthUrlEnv": "URL"}, URL=broken))
    assert "expired access/refresh token" in message
    assert "sf org login web" in message


def test_credentials_of_another_org_are_refused_naming_both(connect: Connect, org: Org, landscape: Landscape) -> None:
    other = landscape.org("dev")
    message = refused(connect({"sfdxAuthUrlEnv": "URL"}, URL=other.auth_url))
    assert other.url.removeprefix("https://") in message
    assert org.url.removeprefix("https://") in message


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"org display": {"result": {"accessToken": "[REDACTED]", "instanceUrl": "https://x"}}}, "does not give out the access token"),
        ({}, "cannot use uat: is not a sf command"),
    ],
)  # fmt: skip
def test_a_cli_that_hides_the_token_or_does_not_know_the_alias_is_refused(
    connect: Connect, tmp_path: Path, answers: dict[str, Any], says: str
) -> None:
    assert says in refused(connect({"sfAlias": "uat"}, PATH=sf(tmp_path, answers)))


def test_a_cli_that_breaks_down_is_told_with_the_command_to_try(connect: Connect, tmp_path: Path) -> None:
    broken = tmp_path / "sf"
    broken.write_text("#!/bin/sh\necho 'TypeError: too old a Node' >&2\nexit 1\n")
    broken.chmod(0o755)
    message = refused(connect({"sfAlias": "uat"}, PATH=str(tmp_path)))
    assert "ended with exit code 1 and no answer in JSON" in message
    assert "`sf org display --target-org uat`" in message


HARD = [
    ({"accessTokenEnv": "T"}, {"T": "00Dsecret\nsecond line"}, "no access token: a line break"),
    ({"accessTokenEnv": "T"}, {"T": "00D!secr\u00e9t"}, "no access token: a line break, a blank or a sign beyond ASCII"),
    ({"accessTokenEnv": "T"}, {"T": "force://PlatformCLI::5Aep861secret@acme.my.salesforce.com"}, "holds an auth URL instead of an access"),
    ({"accessTokenEnv": "T"}, {"T": "-----BEGIN PRIVATE KEY-----secret"}, "holds a private key instead of an access token"),
    ({"sfdxAuthUrlFile": "~no-such-user/secret"}, {}, "cannot be read: No such file or directory"),
    ({"sfdxAuthUrlFile": "."}, {}, "cannot be read: Is a directory"),
    ({"sfdxAuthUrlFile": "/dev/zero"}, {}, "cannot be read: it is no file"),
    ({"sfdxAuthUrlFile": "abcdef0123456789abcdef0123456789secret"}, {}, "The file (a name that is not shown) cannot be read"),
    ({"sfdxAuthUrlEnv": "ABCDEF0123456789ABCDEF0123456789secret"}, {}, "variable (a name that is not shown) is not set"),
    ({"jwt": {"consumerKey": "Abcdefgh1", "username": "a@b", "privateKeyFile": "/dev/zero"}}, {}, "cannot be read: it is no file"),
    ({"jwt": {"consumerKey": "Abcdefgh1", "username": "a@b", "privateKeyEnv": "K"}}, {"K": "/home/secret.pem"}, "K is the path of a file"),
]  # fmt: skip


@pytest.mark.parametrize(("credentials", "environment", "says"), HARD)
def test_what_no_request_and_no_file_system_could_take_is_told_before_anything_is_sent(
    connect: Connect, landscape: Landscape, credentials: dict[str, Any], environment: dict[str, str], says: str
) -> None:
    message = refused(connect(credentials, **environment))
    assert says in message
    assert "secret" not in message.replace("~no-such-user/secret", "").replace("client secret", "")
    assert landscape.admin("GET", "/requests?org=uat")["counts"] == {}


@pytest.mark.parametrize("alias", ["a\x00b", "-x", "--json", "a\nb", " "])
def test_an_alias_that_no_command_could_take_is_a_problem_of_the_settings(alias: str) -> None:
    settings = {"instanceUrl": "https://acme.my.salesforce.com", "credentials": json.dumps({"sfAlias": alias})}
    connection, problems = parse_connection(settings)
    assert connection is None
    assert [problem.path for problem in problems] == ["credentials.sfAlias"]


@pytest.mark.parametrize("form", ["sfdxAuthUrlFile", "privateKeyFile"])
def test_a_pipe_that_nobody_writes_to_is_no_file_and_holds_nobody_up(tmp_path: Path, form: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CredentialsError, match="cannot be read: it is no file"):
        contents(tmp_path / "pipe", form)


@pytest.mark.parametrize("content", [b"", b"no program", b"\x7fELF then nothing", b"#!/no/such/interpreter\n"])
@pytest.mark.parametrize("mode", [0o755, 0o644])
def test_an_sf_on_path_that_is_no_program_is_told_as_none(
    connect: Connect, tmp_path: Path, content: bytes, mode: int
) -> None:
    (tmp_path / "sf").write_bytes(content)
    (tmp_path / "sf").chmod(mode)
    message = refused(connect({"sfAlias": "uat"}, PATH=str(tmp_path)))
    assert "there is no `sf` on PATH that can be run" in message or "no answer in JSON" in message


def test_a_folder_named_sf_is_no_program(connect: Connect, tmp_path: Path) -> None:
    (tmp_path / "sf").mkdir()
    assert "there is no `sf` on PATH that can be run" in refused(connect({"sfAlias": "uat"}, PATH=str(tmp_path)))


@pytest.mark.parametrize("form", ["sfdxAuthUrlFile", "jwt"])
def test_a_file_that_is_too_large_for_credentials_is_not_read_to_its_end(
    connect: Connect, tmp_path: Path, form: str
) -> None:
    file = tmp_path / "large"
    with file.open("wb") as large:
        large.truncate(1 << 40)  # a hole: nothing is on the disk
    jwt = {"consumerKey": "Abcdefgh1", "username": "a@b", "privateKeyFile": str(file)}
    message = refused(connect({"jwt": jwt} if form == "jwt" else {form: str(file)}))
    assert "it is too large to hold credentials" in message

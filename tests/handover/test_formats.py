"""Each format read back by its target's own reader: what comes out is what went in, line breaks and quotes included."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import dotenv
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from orgkey.handover import names
from orgkey.handover.formats import FORMATS
from orgkey.handover.keystores import password_problem
from orgkey.handover.login import HandedLogin, HandoverError
from tests.handover.logins import AUDIENCE, CONSUMER_KEY, HOST, USERNAME, login

PASSWORD = "correct horse"
VARIABLES = ("INSTANCE_URL", "AUDIENCE", "USERNAME", "CONSUMER_KEY", "PRIVATE_KEY")


def text(form: str, of: HandedLogin, prefix: str | None = None) -> str:
    row = FORMATS[form]
    assert row.text
    return row.text(of, prefix if prefix is not None else row.naming.default(of) if row.naming else "")


def keystore(form: str, folder: Path, alias: str = "uat") -> Path:
    make = FORMATS[form].keystore
    assert make
    (folder / "store").write_bytes(make(login(), alias, PASSWORD))
    return folder / "store"


def expected(of: HandedLogin, prefix: str = "SF_") -> dict[str, str]:
    values = (of.instance_url, of.audience, of.username, of.consumer_key, of.private_key_pem)
    return {f"{prefix}{name}": value for name, value in zip(VARIABLES, values, strict=True)}


def by_shell(written: str, shell: str = "sh") -> dict[str, str]:
    """What a program that a shell starts finds in its environment after `set -a; . FILE`."""
    run = subprocess.run(
        [shell, "-c", "set -eua; . /dev/stdin; set +a; exec env -0"],
        input=written,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    pairs = (each.split("=", 1) for each in run.stdout.split("\0") if each)
    return {name: value for name, value in pairs if name not in {"PATH", "PWD", "SHLVL", "_", "OLDPWD"}}


def by_dotenv(written: str) -> dict[str, str | None]:
    return dict(dotenv.dotenv_values(stream=io.StringIO(written)))


def test_dotenv_is_read_alike_by_shells_and_by_python_dotenv() -> None:
    written = text("dotenv", login())
    assert by_shell(written) == by_shell(written, "bash") == by_dotenv(written) == expected(login())
    assert by_dotenv(text("dotenv", login(), "UAT_")) == expected(login(), "UAT_")
    assert by_dotenv(text("dotenv", login(), "")) == expected(login(), "")


@given(st.text(alphabet="ab '\"\\$`{}#!=\n@%&*;|<>~", max_size=12))
def test_a_value_is_read_back_by_python_dotenv_as_it_was_or_is_refused(value: str) -> None:
    try:
        written = text("dotenv", login(username=value))
    except HandoverError as error:
        assert "SF_USERNAME" in str(error)  # noqa: PT017 — refused is as good as read back
        return
    assert by_dotenv(written)["SF_USERNAME"] == value


ODD = [
    "a b",
    "it's",
    'say "x"',
    "$HOME",
    "`id`",
    "a\\b",
    "#no comment",
    "two\nlines",
    "trailing ",
    "!x",
    "it's {x}",
    "x=y",
]


@pytest.mark.parametrize("value", ODD)
def test_a_value_is_read_back_by_shells_as_it_was(value: str) -> None:
    written = text("dotenv", login(username=value))
    assert by_shell(written)["SF_USERNAME"] == by_dotenv(written)["SF_USERNAME"] == value


def test_json_has_the_names_of_the_stacks_outputs() -> None:
    read = json.loads(text("json", login()))
    assert read == {
        "stack": "uat",
        "instanceUrl": HOST,
        "audience": AUDIENCE,
        "username": USERNAME,
        "consumerKey": CONSUMER_KEY,
        "privateKeyPem": login().private_key_pem,
        "certificatePem": login().certificate_pem,
    }


def test_kubernetes_has_one_secret_whose_keys_are_names_of_variables() -> None:
    read = yaml.safe_load(text("kubernetes", login(), "SF_UAT_"))
    assert (read["kind"], read["metadata"], read["type"]) == ("Secret", {"name": "sf-uat"}, "Opaque")
    assert read["stringData"] == expected(login(), "SF_UAT_")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_kubernetes_takes_the_manifest() -> None:
    import kubernetes_validate

    for prefix in ("SF_", "sf", "A_b_C1_"):
        assert names.KUBERNETES.problem(prefix) == ""
        kubernetes_validate.validate(yaml.safe_load(text("kubernetes", login(), prefix)), "1.34", strict=True)


def test_pem_is_the_key_alone() -> None:
    assert text("pem", login()) == text("sf", login()) == login().private_key_pem
    load_pem_private_key(text("pem", login()).encode(), None)


# --- scripts for other command lines

RECORDER = """#!/usr/bin/env python3
import json, os, sys
name = os.path.basename(sys.argv[0])
said = {"program": name, "argv": sys.argv[1:], "stdin": sys.stdin.read(), "environment": dict(os.environ)}
with open(os.environ["RECORD"], "a") as file:
    file.write(json.dumps(said) + "\\n")
if sys.argv[1:3] == ["variable", "set"] and sys.argv[3] in os.environ["THERE_ALREADY"].split():
    sys.exit("409 has already been taken")
"""


def played(script: str, folder: Path, program: str, *options: str, there: Iterable[str] = ()) -> list[dict[str, str]]:
    """What a small program in the place of `gh` or `glab` got, call by call."""
    (folder / "bin").mkdir()
    (folder / "bin" / program).write_text(RECORDER)
    (folder / "bin" / program).chmod(0o755)
    environment = {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "RECORD": str(folder / "record"),
        "THERE_ALREADY": " ".join(there),
    }
    run = subprocess.run(
        ["sh", "-s", "--", *options],
        input=script,
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    return [json.loads(line) for line in (folder / "record").read_text().splitlines()]


def test_github_gets_the_key_as_a_secret_and_the_rest_as_variables_each_by_its_standard_input(tmp_path: Path) -> None:
    calls = played(text("github", login()), tmp_path, "gh", "--repo", "acme/app", "--env", "uat")
    assert {call["argv"][2]: call["stdin"] for call in calls} == expected(login())
    assert [call["argv"][:2] for call in calls] == [["variable", "set"]] * 4 + [["secret", "set"]]
    assert all(call["argv"][3:] == ["--repo", "acme/app", "--env", "uat"] for call in calls)


def test_gitlab_gets_variables_that_are_made_or_changed_and_the_key_as_a_file(tmp_path: Path) -> None:
    there = ["SF_USERNAME", "SF_PRIVATE_KEY"]
    calls = played(text("gitlab", login()), tmp_path, "glab", "--repo", "acme/app", there=there)
    assert {call["argv"][2]: call["stdin"] for call in calls} == expected(login())
    assert [call["argv"][2] for call in calls if call["argv"][1] == "update"] == there
    assert all(call["argv"][3:] == ["--raw", "--type", "env_var", "--repo", "acme/app"] for call in calls[:-2])
    assert all(call["argv"][3:] == ["--raw", "--type", "file", "--repo", "acme/app"] for call in calls[-2:])


@pytest.mark.parametrize(("form", "program"), [("github", "gh"), ("gitlab", "glab")])
def test_no_script_shows_a_process_the_key_but_by_its_standard_input(form: str, program: str, tmp_path: Path) -> None:
    line = login().private_key_pem.splitlines()[5]
    for call in played(text(form, login()), tmp_path, program):
        assert line not in json.dumps([call["argv"], call["environment"]])


@pytest.mark.parametrize(("form", "program"), [("github", "gh"), ("gitlab", "glab")])
def test_a_script_ends_where_a_call_fails(form: str, program: str, tmp_path: Path) -> None:
    (tmp_path / program).write_text("#!/bin/sh\necho called >> record\ncat > /dev/null\nexit 3\n")
    (tmp_path / program).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    run = subprocess.run(["sh"], input=text(form, login()), env=environment, cwd=tmp_path, text=True, check=False)
    assert run.returncode == 3
    assert len((tmp_path / "record").read_text().splitlines()) == (1 if form == "github" else 2)


@pytest.mark.parametrize("form", ["github", "gitlab"])
def test_shellcheck_finds_nothing_in_a_script(form: str) -> None:
    subprocess.run(
        [Path(sys.executable).with_name("shellcheck"), "-"], input=text(form, login()), text=True, check=True
    )


def test_the_command_for_the_salesforce_cli_is_one_line_that_a_shell_reads_as_meant(tmp_path: Path) -> None:
    told = FORMATS["sf"].told
    assert told
    line = told(login(), "my uat", tmp_path / "a key.pem")
    (tmp_path / "sf").write_text('#!/bin/sh\nprintf "%s\\n" "$SF_AUDIENCE_URL" "$@"\n')
    (tmp_path / "sf").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    run = subprocess.run(["sh"], input=line, env=environment, capture_output=True, text=True, check=True)
    audience, *words = run.stdout.splitlines()
    assert audience == AUDIENCE
    assert words[:3] == ["org", "login", "jwt"]
    assert dict(zip(words[3::2], words[4::2], strict=True)) == {
        "--username": USERNAME,
        "--client-id": CONSUMER_KEY,
        "--jwt-key-file": str(tmp_path / "a key.pem"),
        "--instance-url": HOST,
        "--alias": "my uat",
    }
    assert "PRIVATE KEY" not in line


# --- tools with variables of their own


def test_cumulusci_gets_org_key_and_audience() -> None:
    written = text("cumulusci", login(stack="acme/p/2-uat"))
    read = by_shell(written)
    assert read == by_dotenv(written)
    assert json.loads(read.pop("CUMULUSCI_ORG_acme_p_2_uat")) == {"instance_url": HOST, "username": USERNAME}
    assert read == {
        "SF_PROD_LOGIN_URL": AUDIENCE,
        "SF_SANDBOX_LOGIN_URL": AUDIENCE,
        "SFDX_CLIENT_ID": CONSUMER_KEY,
        "SFDX_HUB_KEY": login().private_key_pem,
    }


def test_sfdx_hardis_gets_the_variables_of_a_branch() -> None:
    written = text("sfdx-hardis", login(), "release_v2")
    assert by_shell(written) == {
        "INSTANCE_URL": HOST,
        "TARGET_USERNAME": USERNAME,
        "SF_AUDIENCE_URL": AUDIENCE,
        "SFDX_CLIENT_ID_RELEASE_V2": CONSUMER_KEY,
        "SFDX_CLIENT_CERT_RELEASE_V2": login().private_key_pem,
    }


# --- keystores


def test_openssl_opens_the_pkcs12_file(tmp_path: Path) -> None:
    store = keystore("pkcs12", tmp_path)
    command = ["openssl", "pkcs12", "-in", store, "-passin", "stdin", "-nodes"]
    run = subprocess.run(command, input=PASSWORD, capture_output=True, text=True, check=True)
    assert login().private_key_pem in run.stdout
    assert login().certificate_pem in run.stdout
    assert "friendlyName: uat" in run.stdout


@pytest.mark.skipif(not shutil.which("keytool"), reason="no Java on this machine")
@pytest.mark.parametrize("form", ["pkcs12", "jks"])
def test_keytool_opens_the_keystore_and_takes_the_key_out_of_it(form: str, tmp_path: Path) -> None:
    store = keystore(form, tmp_path, alias="Our-Org")
    command = [
        *("keytool", "-importkeystore", "-srckeystore", store, "-srcstoretype", form, "-srcstorepass", PASSWORD),
        *("-srcalias", "our-org", "-destkeystore", tmp_path / "out.p12", "-deststoretype", "pkcs12"),
        *("-deststorepass", PASSWORD, "-noprompt"),
    ]
    subprocess.run(command, capture_output=True, text=True, check=True)
    command = ["openssl", "pkcs12", "-in", tmp_path / "out.p12", "-passin", f"pass:{PASSWORD}", "-nodes"]
    assert login().private_key_pem in subprocess.run(command, capture_output=True, text=True, check=True).stdout
    wrong = ["keytool", "-list", "-keystore", store, "-storetype", form, "-storepass", "another one"]
    assert subprocess.run(wrong, capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("form", ["pkcs12", "jks"])
def test_a_keystore_shows_no_key_without_its_password(form: str, tmp_path: Path) -> None:
    key = load_pem_private_key(login().private_key_pem.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    numbers, content = key.private_numbers(), keystore(form, tmp_path).read_bytes()
    for secret in (numbers.d, numbers.p, numbers.q):
        assert secret.to_bytes(256, "big").lstrip(b"\0")[:16] not in content


def test_a_keystore_needs_a_certificate_and_a_password() -> None:
    for form in ("pkcs12", "jks"):
        make = FORMATS[form].keystore
        assert make
        with pytest.raises(HandoverError, match="no certificate"):
            make(login(certificate_pem=""), "uat", PASSWORD)
    assert [bool(password_problem(each)) for each in ("", "short", "longer", "ümlaut", "tab\tbed")] == [
        *(True, True, False, True, True)
    ]


# --- names

BAD_PREFIXES = [
    ("dotenv", "9A_"), ("dotenv", "a-b"), ("dotenv", "a b"), ("dotenv", "A\n"), ("github", "GITHUB_"), ("github", "github_x"),
    ("github", "1"), ("gitlab", "a.b"), ("kubernetes", ""), ("kubernetes", "_"), ("kubernetes", "a__b"), ("kubernetes", "1a"),
    ("cumulusci", ""), ("cumulusci", "a b"), ("sfdx-hardis", "a/b"), ("sf", "-x"), ("sf", ""), ("sf", "a b"), ("jks", "ü"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "prefix"), BAD_PREFIXES)
def test_a_prefix_that_the_target_does_not_take_is_refused(form: str, prefix: str) -> None:
    naming = FORMATS[form].naming
    assert naming
    assert naming.problem(prefix).startswith("must be ")


@pytest.mark.parametrize("stack", ["uat", "2-uat", "acme.dev/x", "---", "Ünder"])
def test_the_prefix_that_nobody_chose_is_one_that_the_target_takes(stack: str) -> None:
    for row in FORMATS.values():
        if row.naming:
            assert row.naming.problem(row.naming.default(login(stack=stack))) == ""

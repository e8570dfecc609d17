"""`orgkey export` as people type it: which login, where its key may go, what is refused and how.

The `pulumi` on PATH is a small program that prints a state; tests/program/test_export.py has the real one.
"""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from orgkey.handover.formats import FORMATS
from tests.forked import INSTALLED, commands
from tests.handover.logins import CONSUMER_KEY, component, generation, pair, project

Run = subprocess.CompletedProcess[str]
Export = Callable[..., Run]
KEY_LINE = pair().private_key_pem.splitlines()[5]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return project(tmp_path, [component(), *generation()])


@pytest.fixture
def export(tmp_path: Path, environment: Mapping[str, str]) -> Export:
    """Run the command with its output in pipes."""

    def run(*options: str, stack: str = "uat", **other: Any) -> Run:
        command = [commands() / "orgkey", "export", "--stack", stack, *options]
        default = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "env": environment,
        }
        return subprocess.run(command, cwd=tmp_path, text=True, check=False, timeout=60, **{**default, **other})

    return run


def resources(folder: Path, rows: list[dict[str, Any]]) -> None:
    (folder / "state.json").write_text(json.dumps({"deployment": {"resources": rows}}))


# --- where a key goes


def test_a_pipe_gets_the_key(export: Export) -> None:
    run = export("--format", "json")
    assert (run.returncode, run.stderr) == (0, "")
    read = json.loads(run.stdout)
    assert (read["consumerKey"], read["privateKeyPem"]) == (CONSUMER_KEY, pair().private_key_pem)
    assert read["certificatePem"] == pair().certificate.pem


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o277])
def test_a_new_file_gets_the_key_and_only_its_owner_may_read_it(export: Export, tmp_path: Path, umask: int) -> None:
    run = export("--format", "pem=uat.key", umask=umask)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert (tmp_path / "uat.key").read_text() == pair().private_key_pem
    assert stat.S_IMODE((tmp_path / "uat.key").stat().st_mode) == 0o600


def there_already(folder: Path, what: str) -> None:
    target = folder / "uat.key"
    match what:
        case "file":
            target.write_text("before")
        case "link":
            (folder / "other").write_text("before")
            target.symlink_to("other")
        case "dangling link":
            target.symlink_to("nowhere")
        case "folder":
            target.mkdir()
        case "device":
            target.symlink_to("/dev/null")


@pytest.mark.parametrize("what", ["file", "link", "dangling link", "folder", "device"])
def test_what_is_there_already_is_left_alone(export: Export, tmp_path: Path, what: str) -> None:
    there_already(tmp_path, what)
    run = export("--format", "pem=uat.key")
    assert (run.returncode, run.stdout) == (2, "")
    assert "uat.key is there already" in run.stderr or "is a folder" in run.stderr
    assert not (tmp_path / "asked").exists()
    assert not (tmp_path / "nowhere").exists()
    assert all(
        file.read_text() == "before"
        for file in tmp_path.iterdir()
        if file.name in {"uat.key", "other"} and file.is_file()
    )


def test_a_named_pipe_gets_the_key(export: Export, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE, text=True) as reader:
        assert export("--format", "pem=pipe").returncode == 0
        assert reader.communicate(timeout=30)[0] == pair().private_key_pem


def test_a_process_substitution_of_bash_gets_the_key(tmp_path: Path, environment: dict[str, str]) -> None:
    command = f"{INSTALLED / 'orgkey'} export --stack uat --format pem=>(cat > got)"
    subprocess.run(
        ["bash", "-c", command + "; wait $!"], cwd=tmp_path, env=environment, capture_output=True, check=True
    )
    assert (tmp_path / "got").read_text() == pair().private_key_pem


def test_a_file_that_a_shell_made_for_stdout_gets_no_key(export: Export, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as out:
        run = export("--format", "dotenv", "--show-secrets", stdout=out)
    assert run.returncode == 2
    assert "let orgkey make it, by --format dotenv=FILE" in run.stderr
    assert (tmp_path / "out").read_text() == ""


def on_a_terminal(
    folder: Path, environment: Mapping[str, str], *options: str, typed: Mapping[str, str] = {}
) -> tuple[int, str]:
    """Run the command with a terminal for all its streams; what is typed comes once its question is shown: a hidden question forgets
    whatever was typed before.
    """
    ours, theirs = pty.openpty()
    left = dict(typed)
    command = [INSTALLED / "orgkey", "export", "--stack", "uat", *options]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                more = os.read(ours, 65536)
            except OSError:  # how Linux tells that the last writer has gone
                break
            if not more:
                break
            shown += more
            for question in [each for each in left if each.encode() in shown]:
                os.write(ours, left.pop(question).encode())
    os.close(ours)
    return process.returncode, shown.decode().replace("\r\n", "\n")


TEXTS = [name for name, row in FORMATS.items() if not row.needs_file]


def test_a_terminal_shows_no_key_unless_somebody_wants_to_see_it(tmp_path: Path, environment: dict[str, str]) -> None:
    for form in TEXTS:
        code, shown = on_a_terminal(tmp_path, environment, "--format", form)
        assert (code, KEY_LINE in shown) == (2, False)
        assert "--show-secrets" in shown
    code, shown = on_a_terminal(tmp_path, environment, "--format", "json", "--show-secrets")
    assert (code, json.loads(shown)["privateKeyPem"]) == (0, pair().private_key_pem)
    code, shown = on_a_terminal(tmp_path, environment, "--format", "sf=uat.key")
    assert (code, "sf org login jwt" in shown, KEY_LINE in shown) == (0, True, False)


@pytest.mark.parametrize("form", [name for name, row in FORMATS.items() if row.needs_file])
def test_what_is_a_file_needs_the_name_of_one(export: Export, form: str) -> None:
    run = export("--format", form)
    assert (run.returncode, run.stdout) == (2, "")
    assert f"--format {form}=FILE" in run.stderr


def test_several_formats_go_to_their_files_and_one_to_stdout(export: Export, tmp_path: Path) -> None:
    run = export("--format", "sf=uat.key", "--format", "dotenv=uat.env", "--format", "json=uat.json")
    assert (run.returncode, run.stderr) == (0, "")
    assert f"--jwt-key-file {tmp_path / 'uat.key'}" in run.stdout
    assert KEY_LINE in (tmp_path / "uat.env").read_text()
    assert {stat.S_IMODE((tmp_path / f"uat.{end}").stat().st_mode) for end in ("key", "env", "json")} == {0o600}


def test_no_process_has_the_key_in_its_arguments(export: Export, tmp_path: Path) -> None:
    for number, form in enumerate(FORMATS):
        file = f"={number}" if FORMATS[form].needs_file else ""
        more = ["--password-env", "SECRET_WORD"] if FORMATS[form].keystore else []
        export("--format", f"{form}{file}", *more)
    asked = (tmp_path / "asked").read_text()
    assert KEY_LINE not in asked
    assert {line.split(" --")[0] for line in asked.splitlines()} == {"stack ls", "stack export"}


# --- keystores


def test_the_password_of_a_keystore_comes_from_a_file_a_variable_or_a_terminal(
    export: Export, tmp_path: Path, environment: dict[str, str]
) -> None:
    (tmp_path / "password").write_text("from a file\n")
    environment["STORE_PASSWORD"] = "from a variable"
    assert export("--format", "pkcs12=one.p12", "--password-file", "password").returncode == 0
    assert export("--format", "pkcs12=two.p12", "--password-env", "STORE_PASSWORD").returncode == 0
    for store, password in (("one", "from a file"), ("two", "from a variable")):
        command = ["openssl", "pkcs12", "-in", f"{store}.p12", "-passin", f"pass:{password}", "-nodes"]
        opened = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert pair().private_key_pem in opened.stdout


def test_a_password_is_asked_for_twice_on_a_terminal(tmp_path: Path, environment: dict[str, str]) -> None:
    typed = dict.fromkeys(("Password of the keystore", "Repeat for confirmation"), "correct horse\n")
    code, shown = on_a_terminal(tmp_path, environment, "--format", "pkcs12=a.p12", typed=typed)
    assert code == 0, shown
    assert shown.count("Password of the keystore") == 1
    assert "Repeat for confirmation" in shown
    command = ["openssl", "pkcs12", "-in", tmp_path / "a.p12", "-passin", "pass:correct horse", "-nodes"]
    assert pair().private_key_pem in subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--format", "pkcs12=a"], "needs a password: give --password-file or --password-env"),
        (["--format", "jks=a", "--password-env", "NOT_SET"], "The password in NOT_SET is too short"),
        (["--format", "jks=a", "--password-file", "nowhere"], "--password-file nowhere cannot be read"),
        (["--format", "jks=a", "--password-file", "x", "--password-env", "X"], "are two passwords"),
        (["--format", "json", "--password-env", "X"], "--password-env is for keystores"),
        (["--format", "pdf"], "'pdf' is no format; there are: dotenv, json"),
        (["--format", "json", "--format", "dotenv"], "Only one --format can go to stdout"),
        (["--format", "json", "--format", "sf=a"], "would both write to stdout"),
        (["--format", "json", "--prefix", "A_"], "--prefix: json has no names to choose"),
        (["--format", "github", "--prefix", "GITHUB_"], "--prefix must be"),
        (["--format", "pem="], "names no file"),
        (["--format", "pem=nowhere/uat.key"], "there is no folder"),
        (["--format", "pem=a", "--format", "sf=a"], "go to one file"),
        ([], "Missing option '--format'"),
    ],
)  # fmt: skip
def test_wrong_usage_is_told_before_anything_is_asked_or_written(
    export: Export, tmp_path: Path, options: list[str], told: str
) -> None:
    before = set(tmp_path.iterdir())
    run = export(*options)
    assert (run.returncode, run.stdout) == (2, "")
    assert told in run.stderr
    assert set(tmp_path.iterdir()) == before


def test_all_mistakes_are_told_at_once(export: Export) -> None:
    run = export(
        "--format", "pdf", "--format", "pem", "--format", "pkcs12=no/where", "--prefix", "-", "--password-env", "X"
    )
    for told in (
        "'pdf' is no format",
        "--format pem=FILE",
        "there is no folder",
        "--prefix must be",
        "The password in X",
    ):
        assert told in run.stderr


# --- which login


def retiring() -> list[dict[str, Any]]:
    return [
        component(handed_out="3MVG9.second", retiring=(CONSUMER_KEY,)),
        *generation(),
        *generation(number=2, consumer_key="3MVG9.second"),
    ]


def test_a_retiring_generation_is_handed_out_only_by_its_own_name(export: Export, tmp_path: Path) -> None:
    resources(tmp_path, retiring())
    for options in ([], ["--login", "access"], ["--login", "access-grant-2"]):
        read = json.loads(export("--format", "json", *options).stdout)
        assert (read["consumerKey"], read["privateKeyPem"]) == ("3MVG9.second", pair(2).private_key_pem)
    read = json.loads(export("--format", "json", "--login", "access-grant").stdout)
    assert (read["consumerKey"], read["privateKeyPem"]) == (CONSUMER_KEY, pair().private_key_pem)
    refused = export("--format", "json", "--login", "other")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "has no login other. There are: access-grant (retiring), access." in refused.stderr


def test_a_generation_that_failed_its_first_proof_is_not_handed_out_yet(export: Export, tmp_path: Path) -> None:
    second = generation(number=2, consumer_key="3MVG9.second", verified=False)
    resources(tmp_path, [component(), *generation(), *second])
    assert json.loads(export("--format", "json").stdout)["consumerKey"] == CONSUMER_KEY
    refused = export("--format", "json", "--login", "other")
    assert "There are: access, access-grant-2 (not handed out yet)." in refused.stderr


def test_a_blocked_app_is_handed_out_only_by_its_name(export: Export, tmp_path: Path) -> None:
    resources(tmp_path, [component(), *generation(blocked=True, verified=False)])
    refused = export("--format", "json")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "There are: access (blocked)." in refused.stderr
    assert json.loads(export("--format", "json", "--login", "access").stdout)["consumerKey"] == CONSUMER_KEY


def test_of_several_logins_one_must_be_named(export: Export, tmp_path: Path) -> None:
    other = generation("own", number=2, consumer_key="3MVG9.second", parent=None)
    resources(tmp_path, [component(), *generation(), *other])
    refused = export("--format", "json")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "hands out 2 logins: choose by --login. There are: access, own-grant-2." in refused.stderr
    assert json.loads(export("--format", "json", "--login", "own-grant-2").stdout)["consumerKey"] == "3MVG9.second"


def test_the_key_is_the_one_whose_certificate_the_app_has(export: Export, tmp_path: Path) -> None:
    """As a `pulumi up --target` leaves it: a new pair in state, the app and its proof with the one before."""
    rows = generation(trusted=2)
    key_pair, app, grant = rows
    resources(tmp_path, [component(), key_pair, app, generation("z", number=2)[0], grant])
    read = json.loads(export("--format", "json").stdout)
    assert (read["privateKeyPem"], read["certificatePem"]) == (pair(2).private_key_pem, pair(2).certificate.pem)


def test_a_login_without_an_app_in_the_stack_is_handed_out_too(export: Export, tmp_path: Path) -> None:
    resources(tmp_path, generation(parent=None)[2:])
    read = json.loads(export("--format", "json").stdout)
    assert (read["privateKeyPem"], read["certificatePem"]) == (pair().private_key_pem, "")
    refused = export("--format", "jks=a.jks", "--password-file", "state.json")
    assert refused.returncode == 2
    assert not (tmp_path / "a.jks").exists()


def test_a_login_that_failed_its_last_proof_is_handed_out_with_a_warning(export: Export, tmp_path: Path) -> None:
    resources(tmp_path, [component(), *generation(verified=False)])
    run = export("--format", "json")
    assert json.loads(run.stdout)["privateKeyPem"]
    assert run.stderr == "orgkey: access: its last proof failed (x_y); `orgkey doctor --stack uat` says why.\n"


@pytest.mark.parametrize(
    ("rows", "stack", "told"),
    [
        ([], "uat", "has no JWT login in its state yet"),
        ([component(), *generation()], "other", "No stack is named other"),
    ],
)
def test_a_stack_without_a_login_says_so(
    export: Export, tmp_path: Path, rows: list[dict[str, Any]], stack: str, told: str
) -> None:
    resources(tmp_path, rows)
    run = export("--format", "json", stack=stack)
    assert (run.returncode, run.stdout) == (2, "")
    assert told in run.stderr
    assert "Traceback" not in run.stderr

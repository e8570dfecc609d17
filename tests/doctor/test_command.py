"""`orgkey doctor` as people type it, without a stack."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doctor.hand_made import KEY, make_login, pair
from tests.landscape import Landscape, Org

Doctor = Callable[..., subprocess.CompletedProcess[str]]
_ORGKEY = str(Path(sys.executable).with_name("orgkey"))


@pytest.fixture
def doctor(org: Org, key_file: Path, tmp_path: Path) -> Doctor:
    def run(*options: str, login: bool = True) -> subprocess.CompletedProcess[str]:
        named = [
            "--instance-url",
            org.url,
            "--consumer-key",
            KEY,
            "--username",
            org.user("ci"),
            "--ca-bundle",
            org.ca_bundle,
        ]
        command = [_ORGKEY, "doctor", *(named if login else []), *options]
        environment = {**os.environ, "ADMIN": org.access_token, "KEY": pair(1).key}
        return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


def test_exit_codes_are_those_of_drift(org: Org, landscape: Landscape, doctor: Doctor, key_file: Path) -> None:
    make_login(org)
    works = doctor("--key-file", str(key_file))
    assert (works.returncode, works.stderr) == (0, "")
    assert works.stdout.startswith("orgkey doctor: the login of ")
    landscape.admin("PATCH", "/users", org=org.name, username=org.user("ci"), frozen=True)
    found = doctor("--key-env", "KEY", "--access-token-env", "ADMIN")
    assert found.returncode == 1, found.stderr
    assert "the user is frozen" in found.stdout.splitlines()[0] + found.stdout.splitlines()[1]
    assert doctor("--key-env", "KEY").returncode == 2


def test_a_report_goes_into_a_file_too(org: Org, doctor: Doctor, tmp_path: Path) -> None:
    make_login(org, users=())
    answer = doctor(
        "--key-env", "KEY", "--access-token-env", "ADMIN", "--format", "json=out.json", "--format", "markdown"
    )
    assert answer.returncode == 1, answer.stderr
    assert json.loads((tmp_path / "out.json").read_text())["causes"][0]["code"] == "preauthorization.notHeld"
    assert answer.stdout.startswith("### ")


def test_every_mistake_in_the_options_is_told_at_once(doctor: Doctor) -> None:
    answer = doctor("--username", "x", "--key-env", "KEY", "--key-file", "k", "--format", "pdf", login=False)
    assert answer.returncode == 2
    for part in ("--instance-url is needed", "--consumer-key is needed", "two keys", "pdf"):
        assert part in answer.stderr, answer.stderr


@pytest.mark.parametrize(
    "options", [("--key-env", "NOT_SET"), ("--key-file", "nowhere.pem"), ("--key-env", "KEY", "--api-version", "x")]
)
def test_what_cannot_be_used_is_told_in_words(options: tuple[str, ...], doctor: Doctor) -> None:
    answer = doctor(*options)
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr
    assert answer.stderr.strip()


def test_too_little_time_is_not_taken_for_a_silent_host(doctor: Doctor) -> None:
    answer = doctor("--key-env", "KEY", "--timeout", "0.001")
    assert answer.returncode == 2, answer.stdout
    assert "longer --timeout" in answer.stdout


def test_a_stack_says_everything_itself(doctor: Doctor) -> None:
    answer = doctor("--stack", "dev")
    assert answer.returncode == 2
    assert "--instance-url: not with --stack" in answer.stderr

"""The verbs behind `make up`, `make env` and `make fleet`: what they print, and nothing else that a shell may hold."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.toolchain.machine import ROOT


def test_make_env_prints_none_of_the_users_own_secrets() -> None:
    secrets = {"PULUMI_ACCESS_TOKEN": "pul-not-for-a-log", "PULUMI_CONFIG_PASSPHRASE": "not for a log either"}
    command = [sys.executable, "-m", "toolchain.local_stack", "env"]
    printed = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **secrets}, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    assert "not-for-a-log" not in printed
    assert "not for a log either" not in printed
    assert "export PULUMI_BACKEND_URL=" in printed
    assert "unset PULUMI_CONFIG_PASSPHRASE" in printed


@pytest.mark.parametrize("module", ["toolchain.local_stack", "toolchain.local_fleet"])
@pytest.mark.parametrize("arguments", [[], ["sideways"]])
def test_a_verb_that_there_is_not_is_answered_with_those_there_are(module: str, arguments: list[str]) -> None:
    run = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert run.stderr.startswith(f"usage: python -m {module} up|down")


def test_a_verb_that_is_interrupted_ends_in_words() -> None:
    program = (
        "import sys, time\n"
        "from toolchain.local_stack import run_verb\n"
        "def up():\n    print('begun', flush=True)\n    time.sleep(60)\n"
        "sys.exit(run_verb('toolchain.local_stack', {'up': up}, ['up']))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as verb:
        assert verb.stdout is not None
        assert verb.stdout.readline() == "begun\n"
        verb.send_signal(signal.SIGINT)
        _, told = verb.communicate(timeout=30)
    assert verb.returncode == 130
    assert "`up` was interrupted; run it again" in told
    assert "Traceback" not in told


@pytest.fixture
def clone(engine: Path, tmp_path: Path) -> Path:
    """The project as somebody cloned it, its environment made and nothing up."""
    folder = tmp_path / "clone"
    folder.mkdir()
    for name in ("toolchain", "__main__.py", "Pulumi.yaml"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def run(module: str, verb: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A verb as `make` runs it."""
    return subprocess.run(
        [sys.executable, "-m", f"toolchain.{module}", verb], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("module", ["local_stack", "local_fleet"])
def test_down_where_nothing_was_ever_up_is_done_at_once(clone: Path, module: str) -> None:
    ended = run(module, "down", clone)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert not (clone / ".local").exists()


def test_down_after_a_look_at_the_settings_alone_finds_nothing_to_take_down(clone: Path) -> None:
    assert run("local_stack", "env", clone).returncode == 0
    ended = run("local_stack", "down", clone)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_down_can_be_repeated_after_an_up(clone: Path) -> None:
    up = run("local_stack", "up", clone)
    assert up.returncode == 0, up.stdout + up.stderr
    for _ in range(2):
        down = run("local_stack", "down", clone)
        assert (down.returncode, down.stderr) == (0, ""), down.stdout
    again = run("local_stack", "up", clone)
    assert again.returncode == 0, again.stdout + again.stderr
    assert run("local_stack", "down", clone).returncode == 0


def test_the_fleet_can_be_taken_down_twice_whatever_of_it_there_is(clone: Path) -> None:
    (clone / ".local" / "fleet").mkdir(parents=True)
    (clone / "Pulumi.fleet-sb01.yaml").write_text(
        "config: {}\n"
    )  # an `up` that was interrupted before the stack was made
    for _ in range(2):
        down = run("local_fleet", "down", clone)
        assert (down.returncode, down.stderr) == (0, ""), down.stdout
    assert not (clone / "Pulumi.fleet-sb01.yaml").exists()

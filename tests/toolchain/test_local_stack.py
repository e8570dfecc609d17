"""The verbs behind `make up`, `make env` and `make fleet`: what they print, and nothing else that a shell may hold."""

from __future__ import annotations

import os
import subprocess
import sys

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

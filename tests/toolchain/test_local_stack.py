"""What `make env` prints: its own settings, and nothing else that a shell may hold."""

from __future__ import annotations

import os
import subprocess
import sys

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

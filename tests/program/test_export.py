"""`orgkey export` with the real engine: what it hands over logs in, and the key is where it was asked for and nowhere else."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dotenv
import pytest

from tests.forked import INSTALLED
from tests.landscape import Org
from tests.login import refused
from tests.program.stack import AS_INSTALLED, Stack, ok
from tests.program.test_secrets import ProcessWatch


@pytest.fixture
def stack_options() -> Mapping[str, Any]:
    return AS_INSTALLED


def export(stack: Stack, *options: str) -> subprocess.CompletedProcess[str]:
    command = [INSTALLED / "orgkey", "export", "--stack", stack.name, *options]
    return subprocess.run(
        command, cwd=stack.folder, env=stack.environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_what_is_handed_over_logs_in_and_is_in_no_other_file_and_in_no_process(
    stack: Stack, org: Org, tmp_path: Path
) -> None:
    ok(stack.up())
    outputs = stack.outputs(secrets=True)
    home, temp = tmp_path / "own-home", tmp_path / "own-temp"
    home.mkdir()
    temp.mkdir()
    stack.environment |= {"HOME": str(home), "TMPDIR": str(temp), "STORE_PASSWORD": "correct horse"}
    (stack.folder / "out").mkdir()
    with ProcessWatch() as processes:
        read = json.loads(export(stack, "--format", "json").stdout)
        values = dotenv.dotenv_values(stream=io.StringIO(export(stack, "--format", "dotenv", "--prefix", "X_").stdout))
        formats = (
            "pem=out/key",
            "sf=out/sf.key",
            "pkcs12=out/store",
            "kubernetes=out/secret.yaml",
            "github=out/script",
        )
        written = export(stack, *(f"--format={each}" for each in formats), "--password-env=STORE_PASSWORD")
        assert written.returncode == 0, written.stderr
    assert {name: read[name] for name in read if name != "stack"} == {
        name: outputs[name] for name in read if name != "stack"
    }
    assert refused(read, org) == ""
    assert values["X_PRIVATE_KEY"] == outputs["privateKeyPem"] == (stack.folder / "out/key").read_text()
    line = outputs["privateKeyPem"].splitlines()[5].encode()
    assert not any(line in said for said in processes.seen)
    holding = {
        str(file.relative_to(stack.folder)) if file.is_relative_to(stack.folder) else str(file)
        for place in (home, temp, stack.folder)
        for file in place.rglob("*")
        if file.is_file() and line in file.read_bytes()
    }
    assert holding == {"out/key", "out/sf.key", "out/secret.yaml", "out/script"}

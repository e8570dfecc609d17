"""The guide for a client without orgkey is true: its blocks, run in order by a shell, get a token from the org."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from tests.landscape import Org
from tests.program.stack import AS_INSTALLED, PROJECT, Stack

GUIDE = PROJECT / "docs" / "guides" / "log-in-with-openssl-and-curl.md"


@pytest.fixture
def stack_options() -> Mapping[str, Any]:
    return AS_INSTALLED


def test_openssl_curl_and_the_outputs_are_enough_to_log_in(deployed: Stack, org: Org) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 4
    run = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", "\n".join(["pulumi stack select t", *blocks])],
        cwd=deployed.folder,
        env={**deployed.environment, "CURL_CA_BUNDLE": org.ca_bundle},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[-1])["preferred_username"] == org.user("ci")
    assert not (deployed.folder / "server.key").exists()
    assert not (deployed.folder / "token.json").exists()

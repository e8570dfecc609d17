"""The executable `pulumi-resource-salesforce`, as a person and as an engine start it."""

from __future__ import annotations

import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from orgkey.version import VERSION
from tests.provider.conftest import SET, Listening
from tests.provider.protocol import Client
from tests.waiting import ending

BIN = Path(sys.executable).parent
PROVIDER = str(BIN / "pulumi-resource-salesforce")


@pytest.mark.parametrize("command", [PROVIDER, str(BIN / "orgkey")])
def test_a_command_says_its_version_and_how_it_is_used(command: str) -> None:
    name = Path(command).name
    version, usage = (
        subprocess.run([command, flag], capture_output=True, text=True, check=True, timeout=20)
        for flag in ("--version", "--help")
    )
    assert (version.stdout, version.stderr) == (f"{name} {VERSION}\n", "")
    assert usage.stdout.lower().startswith(f"usage: {name} ")
    assert usage.stderr == ""


def test_the_version_stands_in_one_place() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert "version" not in project["project"]
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"] == {"path": "orgkey/version.py"}


@pytest.mark.parametrize("arguments", [["127.0.0.1:1"], ["--logtostderr", "-v=9", "127.0.0.1:1"], []])
def test_an_engine_reads_the_port_and_nothing_else(arguments: list[str]) -> None:
    serving = subprocess.Popen([PROVIDER, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert serving.stdout is not None
    with ending(serving):
        port = serving.stdout.readline()
        serving.send_signal(signal.SIGTERM)
        rest, err = serving.communicate(timeout=20)
    assert 0 < int(port) < 65536
    assert (rest, err, serving.returncode) == ("", "", 0)


@pytest.mark.parametrize("flags", [[], ["-v=9", "--logtostderr"], ["--tracing", "http://127.0.0.1:1"]])
def test_the_engine_that_is_told_is_the_last_of_the_arguments(
    listening: tuple[str, Listening], flags: list[str]
) -> None:
    address, engine = listening
    serving = subprocess.Popen([PROVIDER, *flags, address], stdout=subprocess.PIPE, text=True)
    assert serving.stdout is not None
    with ending(serving):
        client = Client(int(serving.stdout.readline()))
        client.configure({"instanceUrl": "nowhere"})
        client.read(SET, "X", {"name": "X"}, {"name": "X"})
        serving.terminate()
    assert any("the org was not read: wrong settings" in each for each in engine.heard)

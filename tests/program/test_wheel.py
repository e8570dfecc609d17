"""The wheel in an environment of somebody else's, beside a program that has `components/` and `metadata.py` of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.breakages import add_a_user
from tests.conformance.pythons import PYTHONS
from tests.conformance.tools import OutOfReachError, install
from tests.landscape import Landscape, Org
from tests.login import refused
from tests.program.stack import PROJECT, Stack, ok

PROGRAM = {
    "Pulumi.yaml": "name: theirs\nruntime: {name: python, options: {toolchain: pip, virtualenv: VENV}}\n",
    "metadata.py": 'OWNER = "theirs"\n',
    "components/__init__.py": "",
    "components/network.py": 'NAME = "CI_Integration"\n',
    "__main__.py": """
import json

import pulumi

import metadata
from components.network import NAME
from orgkey.components import AppSettings, GrantSettings, JwtBearerAccess, JwtBearerAccessArgs
from orgkey.resources import CredentialsArgs, Provider, ProviderArgs

for name, org in json.loads(pulumi.Config().require("orgs")).items():
    provider = Provider(
        name,
        ProviderArgs(
            instance_url=pulumi.Output.from_input(org["url"]),  # as another resource would give it
            credentials=CredentialsArgs(sfdx_auth_url_file=org["authUrlFile"]),
            ca_bundle=org["caBundle"],
            expected_kind="sandbox",
            validate_on_preview=name == "default",
        ),
    )
    access = JwtBearerAccess(
        f"access-{name}",
        JwtBearerAccessArgs(
            app=AppSettings(name=NAME, contact_email="ops@acme.com"),
            users=pulumi.Output.from_input([org["user"]]),
            grant=GrantSettings(propagation_minutes=0),
            owner=metadata.OWNER,
        ),
        pulumi.ResourceOptions(provider=provider),
    )
    pulumi.export(name, access.outputs())
""",
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as `make dist` does."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=PROJECT, check=True, capture_output=True, timeout=120)
    (made,) = folder.glob("*.whl")
    return made


UV = Path(sys.executable).with_name("uv")
OUT_OF_REACH = re.compile(r"Failed to fetch|error sending request|dns error|Connection refused|No solution found")


@pytest.fixture(scope="module", params=["the oldest packages", *PYTHONS])
def environment(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A venv of somebody else's with the wheel: with this Python and the oldest of what it needs, or on a newer Python."""
    venv = tmp_path_factory.mktemp("theirs") / "venv"
    oldest = request.param not in PYTHONS
    python = sys.executable if oldest else newer_python(request.param)
    uv("venv", "--quiet", "--python", python, str(venv))
    resolution = ["--resolution", "lowest-direct"] if oldest else []
    uv("pip", "install", "--quiet", "--python", str(venv / "bin" / "python"), *resolution, str(wheel))
    return venv


def newer_python(version: str) -> str:
    try:
        return str(install(PYTHONS[version]) / "bin" / "python3")
    except OutOfReachError as reason:
        pytest.skip(f"Python {version}: {reason}")


def uv(*arguments: str) -> None:
    ended = subprocess.run([UV, *arguments], capture_output=True, text=True, check=False, timeout=280)
    if OUT_OF_REACH.search(ended.stderr):
        pytest.skip(f"the package registry does not give what is needed: {ended.stderr.splitlines()[-1][:200]}")
    assert ended.returncode == 0, ended.stderr


def test_the_wheel_holds_one_package_with_its_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        described = archive.read(next(name for name in names if name.endswith("METADATA"))).decode()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"orgkey"}
    assert "License-Expression: Apache-2.0" in described
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "orgkey/py.typed" in names
    assert not [name for name in names if name.startswith("orgkey/generate")]
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert version["dynamic"] == ["version"]


def test_the_same_tree_gives_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=PROJECT, check=True, capture_output=True, timeout=120)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_its_commands_answer(environment: Path, tmp_path: Path) -> None:
    for command in ("pulumi-resource-salesforce", "pulumi-resource-orgkey", "orgkey"):
        ended = subprocess.run(
            [environment / "bin" / command, "--version"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert ended.stdout.startswith(command)


def of(org: Org, folder: Path) -> dict[str, str]:
    auth_url = folder / f"{org.name}.sfdxurl"
    auth_url.write_text(org.auth_url)
    return {"url": org.url, "user": org.user("ci"), "authUrlFile": str(auth_url), "caBundle": org.ca_bundle}


def test_a_program_with_modules_of_its_own_gives_two_orgs_access(
    environment: Path, engine: Path, landscape: Landscape, tmp_path: Path
) -> None:
    orgs = {"default": landscape.fresh("dev"), "uat": landscape.fresh("uat")}  # a provider may be called anything
    files = {**PROGRAM, "Pulumi.yaml": PROGRAM["Pulumi.yaml"].replace("VENV", str(environment))}
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "toolchain").symlink_to(
        PROJECT / "toolchain"
    )  # the small host of the engine that `make` builds
    stack = Stack(
        tmp_path / "project",
        engine,
        {"ORGKEY_PYTHON": str(environment / "bin" / "python"), "PYTHONPATH": str(tmp_path / "host")},
        files=files,
        path=(environment / "bin",),
    )
    stack.configure({"theirs:orgs": {name: of(org, tmp_path) for name, org in orgs.items()}})
    ok(stack.up())
    outputs: Mapping[str, Any] = stack.outputs(secrets=True)
    for name, org in orgs.items():
        assert (outputs[name]["verified"], outputs[name]["orgId"]) == (True, org.org_id)
        assert refused(outputs[name], org) == ""
    assert "unchanged" in ok(stack.up()).text

    add_a_user(orgs["uat"])
    drift = subprocess.run(
        [environment / "bin" / "orgkey", "drift", "--stack", stack.name],
        cwd=stack.folder,
        env={**stack.environment, "PATH": os.pathsep.join((str(environment / "bin"), stack.environment["PATH"]))},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert drift.returncode == 1, drift.stdout + drift.stderr
    assert "access-uat" in drift.stdout
    assert orgs["uat"].user("devops") in drift.stdout
    ok(stack.destroy())

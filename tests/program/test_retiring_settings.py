"""Settings of a retiring generation, by the real engine: a message names the one to change, and doing what it says mends the stack.

In a stack file, and in a program that gives a component's arguments.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.landscape import Org
from tests.login import refused
from tests.made_by_hand import made_external
from tests.program.stack import PROJECT, Stack, ok

Config = dict[str, Any]
OLD_KEY = "MadeByHandLongAgo123"
ARGUMENTS = """
import json

import pulumi

from orgkey.components import JwtBearerAccess

access = JwtBearerAccess("crm", json.loads(pulumi.Config("theirs").require("arguments")))
for name, value in access.outputs().items():
    pulumi.export(name, value)
"""
SETTINGS = {"app", "users", "grant", "generation", "retiring", "key"}


@pytest.fixture(params=["stack file", "arguments"])
def program(request: pytest.FixtureRequest, engine: Path, tmp_path: Path, config: Config) -> Callable[[Config], Stack]:
    """What writes settings down for a program, as a stack file or as arguments, and gives the stack."""
    if request.param == "stack file":
        stack = Stack(tmp_path / "project", engine)
    else:
        project = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())
        project["runtime"]["options"]["virtualenv"] = sys.prefix
        own = Stack(tmp_path / "made", engine)  # says where the provider is
        files = {"Pulumi.yaml": (own.folder / "Pulumi.yaml").read_text(), "__main__.py": ARGUMENTS}
        stack = Stack(tmp_path / "project", engine, files=files)

    def write(settings: Config) -> Stack:
        whole = {**config, **settings}
        if request.param == "arguments":
            whole["theirs:arguments"] = as_arguments(whole)
            whole = {key: value for key, value in whole.items() if not key.startswith("orgkey:")}
        stack.configure(whole)
        return stack

    return write


def as_arguments(settings: Config) -> str:
    """The settings of a stack file as a component's arguments, by Python's names, in JSON."""
    text = yaml.safe_dump({key.removeprefix("orgkey:"): value for key, value in settings.items() if "orgkey:" in key})
    snake = re.sub(r"(?<=[a-z])([A-Z])(?=\w*:)", lambda found: f"_{found[1].lower()}", text)
    return json.dumps(yaml.safe_load(snake.replace("import:", "imported:")))


def taken_over(key: str) -> Config:
    first = {"number": 1, "name": "CI_Old", "import": True, "key": {"consumerKey": key}}
    other = {"number": 2}
    return {"orgkey:generation": {"number": 3}, "orgkey:retiring": [other, first]}


def test_a_wrong_consumer_key_of_an_app_that_is_taken_over_as_retiring_is_told_by_its_setting_and_put_right(
    program: Callable[[Config], Stack], org: Org
) -> None:
    made_external(org, app="CI_Old", key=OLD_KEY, permission_set="Old", label="CI Old")
    stack = program(taken_over("MistypedKey1"))
    failed = stack.up()
    assert failed.code != 0
    told = " ".join(failed.text.split())
    if stack.files is None:
        (line,) = re.findall(r"pulumi config set --stack STACK --path \S+ " + OLD_KEY, told)
        assert "'orgkey:retiring[1].key.consumerKey'" in line
        ok(stack.pulumi(*shlex.split(line.replace("STACK", stack.name))[1:]))
    else:
        assert f"set `retiring[1].key.consumerKey` to {OLD_KEY}" in told
        assert "orgkey:" not in told.replace("orgkey:index", "")
        program(taken_over(OLD_KEY))
    ok(stack.up())
    outputs = stack.outputs(secrets=True)
    assert [each["consumerKey"] for each in outputs["retiring"] if each["appName"] == "CI_Old"] == [OLD_KEY]
    assert refused(outputs, org) == ""
    again = ok(stack.up())
    assert "updated" not in again.text


def test_a_consumer_key_that_the_org_refuses_to_a_retiring_generations_app_is_told_by_its_setting_and_put_right(
    program: Callable[[Config], Stack], org: Org
) -> None:
    made_external(org, app="Another", key=OLD_KEY, permission_set="Old", label="Another")
    first = {"number": 1, "key": {"consumerKey": OLD_KEY}}
    settings = {"orgkey:generation": {"number": 2}, "orgkey:retiring": [first]}
    stack = program(settings)
    preview = stack.pulumi("preview", "--stack", stack.name)
    assert preview.code != 0
    setting = "orgkey:retiring[0].key.consumerKey" if stack.files is None else "`retiring[0].key.consumerKey`"
    assert f"has the consumer key of {setting} already" in " ".join(preview.text.split())
    assert stack.up().code != 0
    program({**settings, "orgkey:retiring": [{"number": 1, "key": {"consumerKey": "OneOfItsOwn1"}}]})
    ok(stack.up())
    assert [(each["consumerKey"], each["verified"]) for each in stack.outputs()["retiring"]] == [("OneOfItsOwn1", True)]


def test_the_consumer_key_of_a_retiring_generation_with_an_app_stays_whatever_is_said_of_it(
    program: Callable[[Config], Stack], org: Org
) -> None:
    stack = program({"orgkey:key": {"consumerKey": "TheFirstGenerationsKey"}})
    ok(stack.up())
    before = stack.outputs(secrets=True)
    for said in ({}, {"key": {"consumerKey": "AnotherOne1"}}):
        program({"orgkey:generation": {"number": 2}, "orgkey:retiring": [{"number": 1, **said}]})
        ok(stack.up())
        assert refused(before, org) == ""
        assert stack.outputs()["retiring"][0]["consumerKey"] == before["consumerKey"]


def test_the_doctor_and_a_drift_check_name_the_settings_of_the_program(
    program: Callable[[Config], Stack], org: Org
) -> None:
    retiring = [{"number": 3}, {"number": 1, "blocked": True}]
    stack = program({"orgkey:generation": {"number": 2}, "orgkey:retiring": retiring})
    ok(stack.up())
    org.assign("CI_Integration_Access", org.user("devops"))
    is_file = stack.files is None
    doctor = " ".join(stack.orgkey("doctor", "--stack", stack.name).text.split())
    blocked = "orgkey:retiring[1].blocked" if is_file else "`retiring[1].blocked`"
    assert f"this stack blocks it: take out {blocked}, then run `pulumi up`" in doctor
    drift = stack.orgkey("drift", "--stack", stack.name)
    assert drift.code != 0
    told = " ".join(drift.text.split())
    assert f"declare the user in {'orgkey:users' if is_file else '`users`'}, or let `pulumi up` take the set" in told
    assert is_file or "orgkey:" not in doctor.replace("orgkey: ", "") + told.replace("orgkey: ", "")

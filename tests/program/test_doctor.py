"""`orgkey doctor --stack` with the real engine: key, consumer key and address come from the state, and its secrets stay there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.landscape import Landscape, Org
from tests.program.stack import Stack, ok

pytestmark = pytest.mark.program
_ORGKEY = str(Path(sys.executable).with_name("orgkey"))


def _doctor(stack: Stack, *options: str, form: str = "json") -> tuple[int, Any]:
    command = [_ORGKEY, "doctor", "--stack", stack.name, "--format", form, *options]
    run = subprocess.run(
        command, cwd=stack.folder, env=stack.environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode in {0, 1, 2}, run.stderr
    return run.returncode, json.loads(run.stdout) if form == "json" and run.stdout else run.stdout + run.stderr


def _codes(diagnosis: dict[str, Any]) -> list[str]:
    return [each["code"] for each in diagnosis["causes"]]


def test_the_doctor_names_what_stops_a_stacks_login_and_so_do_up_and_a_look(
    stack: Stack, org: Org, landscape: Landscape
) -> None:
    ok(stack.up())
    assert _doctor(stack)[0] == 0
    landscape.admin("PATCH", "/users", org=org.name, username=org.user("ci"), frozen=True)
    code, diagnosis = _doctor(stack)
    assert (code, _codes(diagnosis)) == (1, ["user.frozen"])
    refused = stack.up()
    assert refused.code != 0
    assert "Why: the user is frozen." in refused.text
    assert f"`orgkey doctor --stack {stack.name}`" in refused.text
    landscape.admin("PATCH", "/users", org=org.name, username=org.user("ci"), frozen=False)
    org.deploy({}, destroy={"ExternalClientApplication": ["CI_Integration"]})
    code, diagnosis = _doctor(stack)
    assert (code, _codes(diagnosis)) == (1, ["app.missing"])
    assert "pulumi up" in diagnosis["causes"][0]["remedy"]
    ok(stack.up())
    assert _doctor(stack)[0] == 0


def test_a_stack_that_blocks_its_app_is_told_of_its_own_setting(stack: Stack, config: dict[str, Any]) -> None:
    ok(stack.up())
    config["orgkey:app"] |= {"blocked": True}
    stack.configure(config)
    ok(stack.up())
    code, diagnosis = _doctor(stack)
    remedy = "this stack blocks it: take out {}, then run `pulumi up`"
    assert (code, [each["remedy"] for each in diagnosis["causes"]]) == (1, [remedy.format("orgkey:app.blocked")])
    del config["orgkey:app"]["blocked"]
    config |= {"orgkey:generation": {"number": 2}, "orgkey:retiring": [{"number": 1, "blocked": True}]}
    stack.configure(config)
    ok(stack.up())
    code, (one, other) = _doctor(stack)
    told = [each["remedy"] for each in (*one["causes"], *other["causes"])]
    assert (code, told) == (1, [remedy.format("orgkey:retiring[0].blocked")])


def test_no_format_shows_what_the_state_keeps_secret(stack: Stack, org: Org) -> None:
    ok(stack.up())
    outputs = stack.outputs(secrets=True)
    org.unassign("CI_Integration_Access", org.user("ci"))
    for form in ("text", "json", "markdown"):
        code, shown = _doctor(stack, form=form)
        assert code == 1
        text = json.dumps(shown)
        assert outputs["consumerKey"] not in text
        assert not any(line in text for line in outputs["privateKeyPem"].splitlines()[1:-1])
        assert org.access_token not in text


def test_a_stack_without_a_login_says_so(stack: Stack) -> None:
    code, told = _doctor(stack, form="text")
    assert code == 2
    assert "has no JWT login in its state yet" in told


def test_one_stack_of_several_that_cannot_be_told_takes_no_other_along(stack: Stack) -> None:
    ok(stack.up())
    ok(stack.pulumi("stack", "init", "empty"))
    ok(stack.pulumi("stack", "select", stack.name))
    told = stack.orgkey("doctor", "--stack", "*")
    assert told.code == 2
    assert f"orgkey doctor: {stack.name}: the login of " in told.text
    assert "The stack empty has no JWT login in its state yet" in told.text


@pytest.mark.parametrize("stack_options", [{"has_passphrase": True}], ids=["with a passphrase"])
def test_a_wrong_passphrase_is_told_and_nothing_else(stack: Stack) -> None:
    ok(stack.up())
    stack.environment |= {"PULUMI_CONFIG_PASSPHRASE": "another"}
    code, told = _doctor(stack, form="text")
    assert code == 2
    assert "passphrase" in told
    assert "Traceback" not in told

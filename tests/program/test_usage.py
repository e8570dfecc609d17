"""`orgkey usage` with the real engine: who logs in through which generation, and what the org's data cannot show."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from orgkey.identity.assertion import sign_assertion
from tests.landscape import Landscape, Org
from tests.login import GRANT_TYPE
from tests.program.stack import Stack, ok
from tests.provider.rights import may_only

Config = dict[str, Any]
_ORGKEY = str(Path(sys.executable).with_name("orgkey"))


def _orgkey(stack: Stack, *arguments: str) -> tuple[int, str]:
    run = subprocess.run(
        [_ORGKEY, *arguments],
        cwd=stack.folder,
        env=stack.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return run.returncode, run.stdout + run.stderr


def _usage(stack: Stack) -> tuple[int, dict[str, Any]]:
    code, out = _orgkey(stack, "usage", "--stack", stack.name, "--format", "json")
    return code, json.loads(out)


def _lines_of(label: str, org: Org) -> int:
    """How many logins through an app there were."""
    return sum(row["Application"] == label for row in org.query("SELECT Application FROM LoginHistory LIMIT 2000"))


def test_each_generation_shows_who_logs_in_through_it(
    stack: Stack, config: Config, landscape: Landscape, org: Org
) -> None:
    stack.configure(config)
    ok(stack.up())
    first = stack.outputs(secrets=True)
    config |= {"orgkey:generation": {"number": 2}, "orgkey:retiring": [{"number": 1}]}
    stack.configure(config)
    ok(stack.up())
    code, report = _usage(stack)
    assert code == 0
    assert [(each["name"], each["generation"], each["retiring"]) for each in report["apps"]] == [
        ("CI_Integration_2", 2, False),
        ("CI_Integration", 1, True),
    ]
    for each in report["apps"]:
        assert each["last_use"] is None, each  # the updates' own proofs are told apart
        assert {row["origin"] for row in each["logins"]} == {"an update"}
        assert {row["username"] for row in each["logins"]} == {org.user("ci")}
    landscape.admin("PATCH", "/clock", advance=3600)
    _log_in(first, org, seconds_ahead=3600)
    code, report = _usage(stack)
    current, retiring = report["apps"]
    assert (current["last_use"], retiring["last_use"] is None) == (None, False)
    code, text = _orgkey(stack, "usage", "--stack", stack.name)
    assert code == 0
    assert "generation 1 (retiring): CI_Integration" in text
    assert "Last used" in text
    assert "What the org's data cannot show:" in text
    assert first["privateKeyPem"].splitlines()[1] not in text + json.dumps(report)


def test_a_login_that_may_not_see_the_history_is_told_so_and_nothing_is_concluded(deployed: Stack, org: Org) -> None:
    may_only(org, "ApiEnabled", "ViewSetup", "ModifyMetadata", "AssignPermissionSets")
    code, report = _usage(deployed)
    (app,) = report["apps"]
    assert code == 2
    assert "Use a login with Manage Users." in app["unseen"]
    assert (app["last_use"], app["logins"]) == (None, [])
    code, text = _orgkey(deployed, "usage", "--stack", deployed.name)
    assert code == 2
    assert "Could not tell" in text


def test_a_drift_check_tells_the_last_use_of_retiring_generations_and_asks_no_more_of_other_stacks(
    deployed: Stack, config: Config, landscape: Landscape, org: Org
) -> None:
    first = deployed.outputs(secrets=True)
    landscape.admin("DELETE", "/requests")
    code, out = _orgkey(deployed, "drift", "--format", "json")
    assert code == 0, out
    assert sum(landscape.admin("GET", "/requests?org=uat")["counts"].values()) == 13
    assert json.loads(out)["stacks"][0]["components"][0]["retiring"] == []
    config |= {"orgkey:generation": {"number": 2}, "orgkey:retiring": [{"number": 1}]}
    deployed.configure(config)
    ok(deployed.up())
    landscape.admin("PATCH", "/clock", advance=3600)
    _log_in(first, org, seconds_ahead=3600)
    landscape.admin("PATCH", "/clock", advance=-3600)
    code, out = _orgkey(deployed, "drift", "--format", "json")
    assert code == 0, out
    (use,) = json.loads(out)["stacks"][0]["components"][0]["retiring"]
    assert (use["generation"], use["app"], use["username"]) == (1, "CI_Integration", org.user("ci"))
    assert datetime.fromisoformat(use["last_use"]) > datetime.now(UTC)
    code, out = _orgkey(deployed, "drift")
    assert code == 0, out
    assert "generation 1 (CI_Integration) is retiring; last used" in " ".join(out.split())


def test_neither_drift_checks_nor_previews_nor_updates_that_change_nothing_look_as_if_a_retiring_generation_was_used(
    deployed: Stack, config: Config, landscape: Landscape, org: Org
) -> None:
    config |= {"orgkey:generation": {"number": 2}, "orgkey:retiring": [{"number": 1}]}
    deployed.configure(config)
    ok(deployed.up())
    before = _lines_of("CI Integration", org)
    assert _orgkey(deployed, "drift")[0] == 0
    ok(deployed.pulumi("preview", "--stack", deployed.name))
    assert "unchanged" in ok(deployed.up()).text
    assert deployed.drift().code == 0
    assert _lines_of("CI Integration", org) == before
    config["orgkey:app"] |= {"description": "another one"}
    deployed.configure(config)
    ok(deployed.up())
    assert _lines_of("CI Integration", org) > before  # what was changed is proved


@pytest.mark.parametrize("change", ["retired", "replaced at once"])
def test_a_preview_says_who_used_the_generation_that_goes(
    change: str, stack: Stack, config: Config, landscape: Landscape, org: Org
) -> None:
    stack.configure(config)
    ok(stack.up())
    first = stack.outputs(secrets=True)
    config |= {"orgkey:generation": {"number": 2, "unusedAfterDays": 3}, "orgkey:retiring": [{"number": 1}]}
    if change == "retired":
        stack.configure(config)
        ok(stack.up())
        assert "declared no more" not in stack.pulumi("preview", "--stack", stack.name).text
    del config["orgkey:retiring"]
    stack.configure(config)
    landscape.admin("PATCH", "/clock", advance=3600)
    _log_in(first, org, seconds_ahead=3600)
    landscape.admin("PATCH", "/clock", advance=-3600)
    said = " ".join(ok(stack.pulumi("preview", "--stack", stack.name)).text.split())
    assert "warning: generation 1 (CI_Integration) is declared no more, and an `up` takes it away." in said
    assert f"It was used in the last 3 days: {org.user('ci')}, last at " in said
    assert f"`orgkey usage --stack {stack.name}` shows it all." in said
    ok(stack.up())
    assert "declared no more" not in ok(stack.up()).text


def test_a_preview_that_may_not_see_the_history_says_that_it_does_not_know_and_goes_on(
    deployed: Stack, config: Config, org: Org
) -> None:
    deployed.configure({**config, "orgkey:generation": {"number": 2}})
    may_only(org, "ApiEnabled", "ViewSetup", "ModifyMetadata", "AssignPermissionSets", "ExternalClientAppDeveloper")
    said = " ".join(ok(deployed.pulumi("preview", "--stack", deployed.name)).text.split())
    assert "warning: generation 1 (CI_Integration) is declared no more" in said
    assert "Whether somebody used it in the last 7 days is not known: " in said
    assert "Use a login with Manage Users." in said
    deployed.configure({**config, "orgkey:generation": {"number": 2}, "salesforce:checkOnPreview": False})
    assert "declared no more" not in ok(deployed.pulumi("preview", "--stack", deployed.name)).text


def test_what_is_due_is_told_by_the_states_alone_without_passphrase_and_org(
    deployed: Stack, config: Config, landscape: Landscape
) -> None:
    config |= {"orgkey:generation": {"number": 2}, "orgkey:retiring": [{"number": 1}]}
    deployed.configure(config)
    ok(deployed.up())
    for name in [each for each in deployed.environment if each.startswith("PULUMI_CONFIG_PASSPHRASE")]:
        del deployed.environment[name]
    landscape.admin("DELETE", "/requests")
    code, out = _orgkey(deployed, "renewals", "--format", "json")
    assert code == 0, out
    assert [each["app"] for each in sorted(json.loads(out)["renewals"], key=lambda each: each["generation"])] == [
        "CI_Integration",
        "CI_Integration_2",
    ]
    assert landscape.admin("GET", "/requests?org=uat")["counts"] == {}


def _log_in(outputs: dict[str, Any], org: Org, *, seconds_ahead: float) -> None:
    """A client's login, at an org whose clock is ahead."""
    assertion = sign_assertion(
        outputs["privateKeyPem"],
        consumer_key=outputs["consumerKey"],
        username=outputs["username"],
        audience=outputs["audience"],
        now=time.time() + seconds_ahead,
        jti=str(uuid.uuid4()),
    )
    form = {"grant_type": GRANT_TYPE, "assertion": assertion}
    answer = requests.post(f"{org.url}/services/oauth2/token", data=form, verify=org.ca_bundle, timeout=30)
    assert answer.ok, answer.text

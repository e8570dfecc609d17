"""What changes behind our back: Pulumi's own look names it and exits 7, and a plain `pulumi up` repairs and proves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.breakages import (
    SET,
    add_a_user,
    delete_the_app,
    grant_a_permission_in_the_set,
    let_everybody_in,
    remove_the_user,
    unlink_the_set,
)
from tests.landscape import Landscape, Org
from tests.program.stack import Stack, ok


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (remove_the_user, "ci@acme.com.uat"),
        (add_a_user, "devops@acme.com.uat"),
        (let_everybody_in, "AllSelfAuthorized"),
        (delete_the_app, "access-app"),
        (unlink_the_set, SET),
        (grant_a_permission_in_the_set, "ApiEnabled"),
    ],
)
def test_a_change_behind_our_back_is_named_with_exit_7_and_the_next_up_repairs_and_proves(
    deployed: Stack, org: Org, change: Callable[[Org], None], shown: str
) -> None:
    change(org)
    look = deployed.drift()
    assert look.code == 7, look.text
    assert shown in look.text
    repaired = deployed.up()
    ok(repaired)
    assert deployed.outputs()["verified"] is True
    ok(deployed.drift())
    assert org.holders(SET) == [org.user("ci")]


def test_a_login_that_fails_is_drift_with_the_orgs_words_and_quiet_once_healed(
    deployed: Stack, landscape: Landscape, org: Org
) -> None:
    landscape.admin("PATCH", "/users", org="uat", username=org.user("ci"), active=False)
    look = deployed.drift()
    assert look.code == 7, look.text
    assert "inactive" in look.text
    landscape.admin("PATCH", "/users", org="uat", username=org.user("ci"), active=True)
    ok(deployed.up())
    ok(deployed.drift())


def test_an_up_that_drops_a_user_whose_login_broke_ends_without_a_warning_of_it(
    stack: Stack, config: dict[str, Any], landscape: Landscape, org: Org
) -> None:
    stack.configure({**config, "orgkey:users": [org.user("ci"), org.user("devops")]})
    ok(stack.up())
    landscape.admin("PATCH", "/users", org="uat", username=org.user("ci"), active=False)
    stack.configure({**config, "orgkey:users": [org.user("devops")]})
    repaired = ok(stack.up())
    assert (stack.outputs()["verified"], stack.outputs()["username"]) == (True, org.user("devops"))
    assert "unhealthy" not in repaired.text
    assert "warning: The JWT login" not in repaired.text
    assert "Before this run: The JWT login of ci@acme.com.uat does not work." in repaired.text
    ok(stack.drift())


def test_a_look_writes_nothing_to_the_state(deployed: Stack, org: Org) -> None:
    add_a_user(org)
    files = sorted((deployed.folder / "state").rglob("*"))
    before = [(file, file.read_bytes()) for file in files if file.is_file()]
    assert deployed.drift().code == 7
    after = [(file, file.read_bytes()) for file in sorted((deployed.folder / "state").rglob("*")) if file.is_file()]
    assert after == before


def test_a_refreshed_sandbox_is_said_so_and_one_up_puts_everything_back(
    deployed: Stack, landscape: Landscape, tmp_path: Path
) -> None:
    before = deployed.outputs()
    refreshed = landscape.fresh("uat")
    (tmp_path / "admin.sfdxurl").write_text(refreshed.auth_url)
    result = deployed.up()
    ok(result)
    after = deployed.outputs()
    assert after["verified"] is True
    assert (after["consumerKey"], after["certificateFingerprint"]) == (
        before["consumerKey"],
        before["certificateFingerprint"],
    )

"""What a preview tells before anything is changed: why a replacement is dangerous, who loses access, what the org itself objects to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.landscape import Landscape, Org
from tests.program.stack import Stack, ok


def preview(stack: Stack) -> Any:
    return stack.pulumi("preview", "--diff", "--stack", "t")


def test_a_preview_says_who_loses_access_what_is_replaced_and_that_a_rekey_touches_every_client(
    deployed: Stack, config: dict[str, Any], org: Org
) -> None:
    config["orgkey:users"] = [org.user("devops")]
    config["orgkey:key"] = {"generation": 2, "consumerKey": "AnotherKey12345"}
    deployed.configure(config)
    text = ok(preview(deployed)).text
    assert f"takes the permission set CI_Integration_Access from: {org.user('ci')}" in text
    assert "every client must get the new key" in text
    assert "consumerKey cannot be changed" in text
    assert "clients that use the present consumer key are cut off" in text
    assert org.holders("CI_Integration_Access") == [org.user("ci")]


def test_a_quiet_preview_has_nothing_to_say(deployed: Stack) -> None:
    text = ok(deployed.pulumi("preview", "--expect-no-changes", "--stack", "t")).text
    assert "7 unchanged" in text
    assert "warning" not in text


@pytest.mark.parametrize("kind", ["external", "connected"])
def test_the_preview_after_a_first_up_has_nothing_new_to_show_of_what_the_org_added(
    stack: Stack, config: dict[str, Any], connected: Callable[[], dict[str, Any]], kind: str
) -> None:
    """Whatever a deploy left in the org is in state already: the look before a preview would show each line of it."""
    stack.configure(connected() if kind == "connected" else config)
    ok(stack.up())
    text = ok(preview(stack)).text
    assert "7 unchanged" in text
    assert [word for word in ("(refresh)", "--outputs:--", "xml") if word in text] == []


def test_with_validate_on_preview_the_org_itself_objects_before_anything_is_changed(
    stack: Stack, config: dict[str, Any], org: Org
) -> None:
    config["salesforce:validateOnPreview"] = True
    config["orgkey:app"] |= {"kind": "connected"}
    stack.configure(config)
    refused = preview(stack)
    assert refused.code != 0
    assert "You can't create a connected app." in refused.text
    config["orgkey:app"] |= {"kind": "external"}
    stack.configure(config)
    ok(preview(stack))
    assert org.query("SELECT Id FROM PermissionSet WHERE Name = 'CI_Integration_Access'") == []


def test_without_it_a_preview_of_a_first_up_only_asks_whether_the_apps_name_is_free_and_who_holds_the_set(
    stack: Stack, landscape: Landscape
) -> None:
    ok(preview(stack))
    counts = landscape.admin("GET", "/requests?org=uat")["counts"]
    assert "deploy" not in counts
    assert sum(counts.values()) <= 4, counts

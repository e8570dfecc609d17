"""A change of the kind of app: named in the preview, and a way that keeps a login all the time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.landscape import Landscape, Org
from tests.login import why_not
from tests.program.stack import Stack, ok


@pytest.mark.parametrize(("before", "after"), [("external", "connected"), ("connected", "external")])
def test_a_change_of_kind_is_refused_in_the_preview_and_works_under_another_name_and_key(
    stack: Stack, config: dict[str, Any], landscape: Landscape, org: Org, before: str, after: str
) -> None:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    config["orgkey:app"] |= {"kind": before, "protect": False}
    stack.configure(config)
    ok(stack.up())
    config["orgkey:app"] |= {"kind": after}
    stack.configure(config)
    refused = stack.pulumi("preview", "--stack", "t")
    assert refused.code != 0
    assert "this stack's own" in refused.text
    assert why_not(stack, org) == ""
    config["orgkey:app"] |= {"name": "CI_Integration_2"}
    config["orgkey:key"] = {"consumerKey": "AnotherKey12345"}
    config["orgkey:permissionSet"] = {"name": "CI_Integration_Access"}
    stack.configure(config)
    ok(stack.pulumi("up", "--yes", "--stack", "t"))
    assert why_not(stack, org) == ""
    assert stack.outputs()["consumerKey"] == "AnotherKey12345"
    assert stack.drift().code == 0
    kind = {"external": "ExternalClientApplication", "connected": "ConnectedApplication"}
    assert org.query(f"SELECT Id FROM {kind[before]}") == []
    assert len(org.query(f"SELECT Id FROM {kind[after]}")) == 1

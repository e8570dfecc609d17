"""What a preview tells before anything is changed: why a replacement is dangerous, who loses access, what the org itself objects to."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.landscape import Landscape, Org
from tests.program.stack import Stack, ok
from tests.provider.rights import may_only

METADATA = "http://soap.sforce.com/2006/04/metadata"


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


def test_without_it_a_preview_of_a_first_up_asks_what_stands_in_the_way_in_five_requests(
    stack: Stack, landscape: Landscape
) -> None:
    ok(preview(stack))
    counts = landscape.admin("GET", "/requests?org=uat")["counts"]
    assert "deploy" not in counts
    assert sum(counts.values()) <= 5, counts


WRITES = {
    "createMetadata",
    "deploy",
    "createRecords",
    "updateRecords",
    "deleteRecords",
    "createRecord",
    "updateRecord",
    "deleteRecord",
}


def test_a_first_preview_tells_five_mistakes_of_five_kinds_at_once_under_their_resources_and_writes_nothing(
    stack: Stack, config: dict[str, Any], org: Org, landscape: Landscape
) -> None:
    """A missing permission, a set and an app of somebody else, a user who is not there and one who is inactive."""
    theirs = "managed by orgkey others/t in 00D000000000001AAA"
    (folder, name) = ("permissionsets", "CI_Integration_Access")
    org.deploy(
        {
            f"{folder}/{name}.permissionset": f"<PermissionSet xmlns='{METADATA}'><description>{theirs}</description>"
            f"<label>{name}</label></PermissionSet>",
            "externalClientApps/CI_Integration.eca": f"<ExternalClientApplication xmlns='{METADATA}'>"
            "<contactEmail>a@b.cd</contactEmail><distributionState>Local</distributionState>"
            "<label>CI_Integration</label></ExternalClientApplication>",
        },
        {"PermissionSet": [name], "ExternalClientApplication": ["CI_Integration"]},
    )
    may_only(org, "ApiEnabled", "ViewSetup", "ModifyMetadata", "ExternalClientAppDeveloper")
    config["orgkey:users"] = [org.user("ci"), "nobody@acme.com", org.user("former")]
    stack.configure(config)
    landscape.admin("DELETE", "/requests")
    refused = stack.pulumi("preview", "--stack", "t")
    assert refused.code != 0
    assert told_under(refused.text) == {
        ("access-set", "already has a permission set CI_Integration_Access"),
        ("access-assignments", "lacks the permission Assign Permission Sets"),
        ("access-assignments", "nobody@acme.com: no such user"),
        ("access-assignments", f"{org.user('former')}: the user is inactive"),
        ("access-app", "already has an External Client App CI_Integration"),
    }
    counts = landscape.admin("GET", "/requests?org=uat")["counts"]
    assert not WRITES & set(counts)
    again = stack.pulumi("up", "--yes", "--stack", "t")
    assert again.code != 0
    assert not WRITES & set(landscape.admin("GET", "/requests?org=uat")["counts"])


def told_under(text: str) -> set[tuple[str, str]]:
    """Which of the sentences stand in the block of which resource, among the diagnostics of `pulumi preview`."""
    found, resource = set(), ""
    sentences = (
        "already has a permission set CI_Integration_Access",
        "lacks the permission Assign Permission Sets",
        "no such user",
        "the user is inactive",
        "already has an External Client App CI_Integration",
    )
    for line in text.partition("Diagnostics:")[2].splitlines():
        if heading := re.fullmatch(r"  \S+ \((\S+)\):", line):
            resource = heading[1]
        for sentence in sentences:
            if sentence in line:
                before = line.partition(sentence)[0].rpartition("error: ")[2]
                found.add(
                    (resource, (before if ": " in before and sentence.startswith(("no", "the")) else "") + sentence)
                )
    return found


def test_one_mistake_of_the_set_alone_ends_the_preview_at_the_proof(
    stack: Stack, config: dict[str, Any], landscape: Landscape
) -> None:
    config["orgkey:users"] = ["nobody@acme.com"]
    stack.configure(config)
    refused = stack.pulumi("preview", "--stack", "t")
    assert refused.code != 0
    assert "nobody@acme.com: no such user" in refused.text
    assert "A problem stands in the way of an `up`" in refused.text
    config["salesforce:checkOnPreview"] = False
    stack.configure(config)
    landscape.admin("DELETE", "/requests")
    ok(stack.pulumi("preview", "--stack", "t"))
    assert landscape.admin("GET", "/requests?org=uat")["counts"] == {}

"""`orgkey init` with the real engine: from an org to a proved login, and an app made by hand taken over without a client's notice."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from orgkey.identity.key_pair import KeyPair, certify, generate_key
from tests.landscape import Landscape, Org
from tests.login import refused, why_not
from tests.made_by_hand import APP, KEY, LABEL, OTHER_SET, SET, made_connected, made_external
from tests.program.stack import Stack, ok
from tests.program.vault import PROVIDER


@pytest.fixture(scope="module")
def pair() -> KeyPair:
    return certify(generate_key(2048), subject="CN=own", validity_days=90, now=datetime.now(UTC))


@pytest.fixture
def bare(stack: Stack, org: Org) -> Stack:
    """A project without a stack file, and what its org is reached by."""
    (stack.folder / "Pulumi.t.yaml").unlink()
    stack.environment |= {"ADMIN_URL": org.auth_url}
    return stack


def init(stack: Stack, org: Org, *options: str) -> str:
    arguments = ("init", "u", "--credentials-env=ADMIN_URL", f"--ca-bundle={org.ca_bundle}", "--stack-init")
    text = ok(stack.orgkey(*arguments, f"--secrets-provider={PROVIDER}", *options)).text
    stack.name = "u"
    return text


def settle(stack: Stack) -> dict[str, Any]:
    """No waiting for a propagation that the local org does not have; returns the settings."""
    file = stack.folder / "Pulumi.u.yaml"
    read: dict[str, Any] = yaml.safe_load(file.read_text())
    file.write_text(file.read_text().replace("config:\n", "config:\n  orgkey:grant: {propagationMinutes: 0}\n", 1))
    return dict(read["config"])


MAKE = {"external": made_external, "connected": made_connected}


def outputs_of(org: Org, pair: KeyPair) -> dict[str, Any]:
    """What a client of the app made by hand has."""
    own = {"consumerKey": KEY, "username": org.user("ci"), "audience": org.url, "instanceUrl": org.url}
    return {**own, "privateKeyPem": pair.private_key_pem}


def test_a_stack_that_is_there_is_told_before_anything_is_written_and_one_that_fails_after_it(
    bare: Stack, org: Org
) -> None:
    options = ("--credentials-env=ADMIN_URL", f"--ca-bundle={org.ca_bundle}", "--yes", "--stack-init")
    there = bare.orgkey("init", "t", *options)
    assert (there.code, "The backend has the stack t already" in there.text) == (2, True), there.text
    assert not (bare.folder / "Pulumi.t.yaml").exists()
    failed = bare.orgkey("init", "u", *options, "--secrets-provider=nix://")
    assert (failed.code, "`pulumi stack init u --secrets-provider=nix://` failed" in failed.text) == (1, True), (
        failed.text
    )
    assert "Written: Pulumi.u.yaml" in failed.text
    assert "pulumi stack init u --secrets-provider=..." in failed.text  # what is left to do


def test_from_an_org_to_a_proved_login(bare: Stack, org: Org) -> None:
    text = init(bare, org, "--yes", f"--user={org.user('ci')}")
    assert "Written: Pulumi.u.yaml" in text
    file = (bare.folder / "Pulumi.u.yaml").read_text()
    assert file.startswith("# yaml-language-server: $schema=stack-file.schema.json\n")
    assert "# Who holds the permission set" in file  # comments survive `pulumi stack init`
    assert org.auth_url.split(":")[3].partition("@")[0] not in file
    ok(bare.orgkey("check", "--stack", "u"))
    settle(bare)
    ok(bare.up())
    assert bare.outputs()["verified"] is True
    assert why_not(bare, org) == ""


@pytest.mark.parametrize("kind", ["external", "connected"])
def test_an_app_made_by_hand_is_taken_over_with_its_own_key_and_no_client_notices(
    bare: Stack, org: Org, landscape: Landscape, pair: KeyPair, tmp_path: Path, kind: str
) -> None:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    MAKE[kind](org, pair.certificate.pem)
    org.assign(SET, org.user("ci"))
    assert refused(outputs_of(org, pair), org) == ""
    (tmp_path / "own key.pem").write_text(pair.private_key_pem)
    (tmp_path / "cert.pem").write_text(pair.certificate.pem)
    text = init(
        bare, org, f"--adopt={LABEL}", f"--key={tmp_path / 'own key.pem'}", f"--certificate={tmp_path / 'cert.pem'}"
    )
    assert "cut off" not in text
    file = (bare.folder / "Pulumi.u.yaml").read_text()
    assert pair.private_key_pem.splitlines()[3] not in file
    how = f"pulumi config set --secret --path orgkey:key.privateKeyPem --stack u < '{tmp_path / 'own key.pem'}'"
    assert how in [line.lstrip("# ") for line in file.splitlines()]  # in one line, to be copied
    ok(bare.orgkey("check", "--stack", "u"))
    config = settle(bare)
    assert config["orgkey:import"] == {"app": True, "permissionSet": True, "assignments": True}
    assert config["orgkey:permissionSet"]["name"] == SET
    assert config["orgkey:app"].get("permissionSets") == ([OTHER_SET] if kind == "connected" else None)
    preview = ok(bare.pulumi("preview", "--diff", "--stack", "u")).text
    assert changed(preview) == {"managedBy"}, preview
    assert not any(each in preview for each in ("cut off", "logged in through the app"))
    ok(bare.up())
    assert refused(outputs_of(org, pair), org) == ""
    assert why_not(bare, org) == ""
    assert bare.drift().code == 0


def changed(preview: str) -> set[str]:
    """Properties of what is there already that a preview changes."""
    parts = re.split(r"^\s*(?=[+=~] salesforce:)", preview, flags=re.MULTILINE)
    updates = [each for each in parts if each.startswith("~ salesforce:")]
    return {name for each in updates for name in re.findall(r"^\s+[~+-] (\w+)\s*:", each, re.MULTILINE)}


def test_with_a_new_key_it_is_said_who_is_cut_off(bare: Stack, org: Org, pair: KeyPair) -> None:
    made_external(org, pair.certificate.pem)
    org.assign(SET, org.user("ci"))
    assert refused(outputs_of(org, pair), org) == ""
    text = init(bare, org, "--adopt", APP)
    assert f"are cut off by the first `pulumi up`. Logged in through it in the last 30 days: {org.user('ci')}." in text
    settle(bare)
    preview = ok(bare.pulumi("preview", "--diff", "--stack", "u")).text
    assert f"the app {APP} gets a new certificate: clients that log in to it now are cut off" in preview
    assert (
        f"logged in through the app {APP} in the last 30 days, and may be cut off: {org.user('ci')} (last at "
        in preview
    )
    assert changed(preview) == {"managedBy", "certificatePem"}, preview

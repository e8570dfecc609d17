"""`orgkey init` as people type it, over the local org by HTTPS: what is written, what is asked for, what is refused; nothing in between."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from orgkey.stack_file.schema import schema_page, stack_file_schema
from tests.landscape import Landscape, Org
from tests.provider.rights import may_only

ORGKEY = str(Path(sys.executable).with_name("orgkey"))
METADATA = "http://soap.sforce.com/2006/04/metadata"
Run = subprocess.CompletedProcess[str]
Init = Callable[..., Run]
APP = ("--app=CI", "--contact-email=ops@acme.com")


@pytest.fixture
def init(folder: Path, org: Org) -> Init:
    """Run it without a terminal, and without a `pulumi` on PATH."""

    def run(*arguments: str, cwd: Path = folder, path: str = "", **more: str) -> Run:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI")}
        logins = {"ADMIN_URL": org.auth_url, "ADMIN_TOKEN": org.access_token}
        return subprocess.run(
            [ORGKEY, "init", *arguments],
            cwd=cwd,
            env={**kept, **logins, "PATH": f"{path}:/usr/bin:/bin", **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run


def reached(org: Org) -> tuple[str, ...]:
    return ("--credentials-env=ADMIN_URL", f"--ca-bundle={org.ca_bundle}")


def written(folder: Path, name: str = "uat") -> dict[str, Any]:
    read = yaml.safe_load((folder / f"Pulumi.{name}.yaml").read_text())
    Draft7Validator(stack_file_schema()).validate(read)
    return dict(read["config"])


def check(folder: Path, org: Org) -> Run:
    environment = {**os.environ, "ADMIN_URL": org.auth_url, "ADMIN_TOKEN": org.access_token}
    return subprocess.run(
        [ORGKEY, "check"], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_options_alone_write_a_file_that_check_passes_and_that_editors_know(
    init: Init, folder: Path, org: Org, landscape: Landscape
) -> None:
    landscape.admin("DELETE", "/requests")
    ran = init("uat", *reached(org), *APP, f"--user={org.user('ci')}", f"--user={org.user('deploy')}")
    assert ran.returncode == 0, ran.stderr
    counts = landscape.admin("GET", "/requests?org=uat")["counts"]
    assert set(counts) == {
        "refreshGrant",
        "userinfo",
        "versions",
        "composite",
        "listMetadata",
        "readMetadata",
    }  # reads alone
    assert sum(counts.values()) <= 14, counts
    assert written(folder) == {
        "salesforce:instanceUrl": org.url,
        "salesforce:credentials": {"sfdxAuthUrlEnv": "ADMIN_URL"},
        "salesforce:expectedKind": "sandbox",
        "salesforce:caBundle": org.ca_bundle,
        "orgkey:app": {"name": "CI", "kind": "external", "contactEmail": "ops@acme.com"},
        "orgkey:users": [org.user("ci"), org.user("deploy")],
        "orgkey:integrationUser": org.user("ci"),
    }
    text = (folder / "Pulumi.uat.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=stack-file.schema.json\n")
    assert f'# salesforce:expectedOrgId: "{org.org_id}"' in text
    assert (folder / "stack-file.schema.json").read_text() == schema_page()
    assert sorted(each.name for each in folder.iterdir()) == [
        "Pulumi.uat.yaml",
        "Pulumi.yaml",
        "stack-file.schema.json",
    ]
    told = check(folder, org)
    assert told.returncode == 0, told.stdout


def test_what_suggests_itself_is_taken_with_yes_and_the_reason_is_said(init: Init, folder: Path, org: Org) -> None:
    ran = init("uat", *reached(org), "--yes")
    assert ran.returncode == 0, ran.stderr
    config = written(folder)
    assert (config["orgkey:app"]["name"], config["orgkey:users"]) == ("CI_Integration", [org.user("integration")])
    assert f"{org.user('integration')} is to log in: has the licence Salesforce Integration" in ran.stderr
    assert f"{org.user('erp')}: has the licence Salesforce Integration" in ran.stderr
    assert "it lacks the permission set licence" in ran.stderr


def test_production_is_guarded_by_its_id(init: Init, folder: Path, org: Org, landscape: Landscape) -> None:
    production = landscape.org("acme")
    ran = init(
        "prod", "--access-token-env=TOKEN", f"--instance-url={production.url}", f"--ca-bundle={org.ca_bundle}",
        *APP, "--user=ci@acme.com", TOKEN=production.access_token,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    config = written(folder, "prod")
    assert (config["salesforce:expectedKind"], config["salesforce:expectedOrgId"]) == ("production", production.org_id)


def test_everything_that_is_missing_is_told_at_once_and_nothing_is_asked_or_written(init: Init, folder: Path) -> None:
    ran = init()
    assert ran.returncode == 2
    for option in ("STACK", "--from-sf ALIAS", "--app NAME or --adopt APP", "--contact-email", "--user NAME"):
        assert option in ran.stderr
    assert [each.name for each in folder.iterdir()] == ["Pulumi.yaml"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("../uat",), "is no name of a stack"),
        (("a b",), "is no name of a stack"),
        (("a/b/c/d",), "is no name of a stack"),
        (("..",), "is no name of a stack"),
        (("",), "is no name of a stack"),
        (("ü",), "is no name of a stack"),
        (("x" * 101,), "is no name of a stack"),
        (("acme/other/uat",), "is a stack of the project other"),
        (("uat", "acme/uat"), "is named twice"),
        (("uat", "--from-sf=x"), "--from-sf and --credentials-env are several ways"),
        (("uat", "--admin-username=x"), "needs --admin-consumer-key"),
        (("uat", "--adopt=X"), "--adopt takes over an app that is there, --app makes a new one"),
        (("uat", "--key=nix"), "--key and --certificate come together"),
        (("uat", "--key=nix", "--certificate=nix"), "--key nix cannot be read: No such file"),
        (("uat", "--instance-url=https://login.salesforce.com"), "--instance-url must be the org's own My Domain"),
        (("uat", "dev"), "say {stack} where the stack's name belongs"),
        (("uat", "--secrets-provider=x"), "--secrets-provider is for --stack-init"),
        (("uat", "--print", "--stack-init"), "--print writes nothing"),
    ],
)
def test_wrong_usage_is_refused_before_the_org_is_asked(
    init: Init, folder: Path, org: Org, landscape: Landscape, arguments: tuple[str, ...], says: str
) -> None:
    landscape.admin("DELETE", "/requests")
    ran = (
        init(*reached(org), *APP, "--user=a@b", "--", *arguments)
        if arguments == ("",)
        else init(*arguments, *reached(org), *APP, "--user=a@b")
    )
    assert (ran.returncode, says in ran.stderr) == (2, True), ran.stderr
    assert landscape.admin("GET", "/requests?org=uat")["counts"] == {}
    assert [each.name for each in folder.iterdir()] == ["Pulumi.yaml"]


@pytest.mark.parametrize("name", ["Pulumi.uat.yaml", "Pulumi.uat.yml", "Pulumi.uat.json"])
def test_a_file_that_is_there_is_left_alone_and_can_take_what_is_printed(
    init: Init, folder: Path, org: Org, name: str
) -> None:
    (folder / name).write_text("encryptionsalt: v1:AAAA\n")
    options = (*reached(org), *APP, f"--user={org.user('ci')}")
    ran = init("uat", *options)
    assert (ran.returncode, f"{name} is there already" in ran.stderr) == (2, True)
    assert (folder / name).read_text() == "encryptionsalt: v1:AAAA\n"
    printed = init("uat", *options, "--print")
    assert printed.returncode == 0
    both = yaml.safe_load((folder / name).read_text() + printed.stdout)
    assert (both["encryptionsalt"], both["config"]["orgkey:app"]["name"]) == ("v1:AAAA", "CI")
    assert sorted(each.name for each in folder.iterdir()) == sorted({"Pulumi.yaml", name})


def test_a_link_to_nowhere_is_not_followed(init: Init, folder: Path, org: Org, tmp_path: Path) -> None:
    (folder / "Pulumi.uat.yaml").symlink_to(tmp_path / "elsewhere")
    assert init("uat", *reached(org), *APP, f"--user={org.user('ci')}").returncode == 2
    assert not (tmp_path / "elsewhere").exists()


def no_app(org: Org) -> None:
    del org


def an_app(org: Org, description: str = "") -> None:
    described = f"<description>{description}</description>" if description else ""
    xml = (
        f"<ExternalClientApplication xmlns='{METADATA}'><contactEmail>a@b.cd</contactEmail>{described}"
        "<distributionState>Local</distributionState><label>CI</label></ExternalClientApplication>"
    )
    org.deploy({"externalClientApps/CI.eca": xml}, {"ExternalClientApplication": ["CI"]})


def an_app_of_another_stack(org: Org) -> None:
    an_app(org, f"managed by orgkey other/prod in {org.org_id}")


@pytest.mark.parametrize(
    ("before", "options", "says"),
    [
        (no_app, ("--user=nobody@acme.com",), ["nobody@acme.com: no such user", "Correct --user"]),
        (no_app, ("--user=former@acme.com.uat",), ["is inactive", "--user"]),
        (no_app, ("--user=nope",), ["--user must be a user name"]),
        (
            no_app,
            ("--contact-email=nope", "--app=9", "--user=x"),
            ["--contact-email is not an e-mail", "--app is not", "--user must"],
        ),
        (no_app, ("--integration-user=other@acme.com",), ["--integration-user is none of orgkey:users"]),
        (no_app, ("--label=" + "x" * 90,), ["--label has 90 characters"]),
        (no_app, ("--api-version=abc",), ["--api-version must be an API version"]),
        (no_app, ("--consumer-key=x",), ["--consumer-key must be 8 to 256"]),
        (an_app, (), ["already has an External Client App CI", "by --adopt"]),
        (an_app_of_another_stack, (), ["managed by orgkey other/prod", "by --app, or move the stack that manages it"]),
    ],
)
def test_what_the_file_would_be_wrong_by_is_told_by_its_option_and_nothing_is_written(
    init: Init, folder: Path, org: Org, before: Callable[[Org], None], options: tuple[str, ...], says: list[str]
) -> None:
    before(org)
    given = dict(each.split("=", 1) for each in (*APP, f"--user={org.user('ci')}", *options))
    ran = init("uat", *reached(org), *(f"{name}={value}" for name, value in given.items()))
    assert ran.returncode == 2
    for each in (*says, "Nothing was written."):
        assert each in ran.stderr, ran.stderr
    assert ("over by --adopt" in ran.stderr) == (before is an_app)
    assert [each.name for each in folder.iterdir()] == ["Pulumi.yaml"]


@pytest.mark.parametrize(
    ("options", "environment", "says"),
    [
        (("--credentials-env=NIX",), {}, "The environment variable NIX is not set"),
        (("--credentials-file=nix",), {}, "cannot be read"),
        (("--from-sf=nix",), {}, "there is no `sf` on PATH"),
        (
            ("--credentials-env=URL", "--instance-url=https://localhost:1", "--timeout=2"),
            {"URL": "force://a:b:c@localhost:1"},
            "localhost",
        ),
        (
            ("--credentials-env=URL",),
            {"URL": "force://a:b:c@login.salesforce.com"},
            "--instance-url URL is needed: the variable URL names",
        ),
        (("--access-token-env=URL",), {"URL": "x"}, "--instance-url URL is needed"),
    ],
)
def test_a_way_that_leads_nowhere_says_so(
    init: Init, folder: Path, options: tuple[str, ...], environment: Mapping[str, str], says: str
) -> None:
    ran = init("uat", *options, *APP, "--user=a@b.cd", **environment)
    assert (ran.returncode, says in ran.stderr, "Traceback" in ran.stderr) == (2, True, False), ran.stderr
    assert [each.name for each in folder.iterdir()] == ["Pulumi.yaml"]


def test_a_login_of_few_rights_says_what_it_lacks(init: Init, folder: Path, org: Org) -> None:
    may_only(org, "ApiEnabled", "ViewSetup")
    ran = init("uat", *reached(org), *APP, f"--user={org.user('ci')}")
    assert ran.returncode == 0, ran.stderr
    assert "lacks the permission Modify Metadata" in ran.stderr
    assert written(folder)["orgkey:users"] == [org.user("ci")]
    may_only_nothing = init("two", *reached(org), "--adopt=CI")
    assert (may_only_nothing.returncode, "has no app called CI" in may_only_nothing.stderr) == (2, True)


def test_several_stacks_come_of_one_command_each_of_its_own_org_and_all_or_none(
    init: Init, folder: Path, landscape: Landscape, org: Org
) -> None:
    others = {"uat": org.auth_url, "dev": landscape.org("dev").auth_url}
    environment = {f"URL_{name}": url for name, url in others.items()}
    options = ("--credentials-env=URL_{stack}", f"--ca-bundle={org.ca_bundle}", *APP)
    ran = init("uat", "dev", *options, "--user=ci@acme.com.uat", **environment)
    assert (ran.returncode, "dev: ci@acme.com.uat: no such user" in ran.stderr) == (2, True), ran.stderr
    assert [each.name for each in folder.iterdir()] == ["Pulumi.yaml"]
    ran = init("uat", "dev", *options, "--user=ci@acme.com.{stack}", **environment)
    assert ran.returncode == 0, ran.stderr
    for name in others:
        assert written(folder, name)["orgkey:users"] == [f"ci@acme.com.{name}"]
        assert written(folder, name)["salesforce:credentials"] == {"sfdxAuthUrlEnv": f"URL_{name}"}


def test_the_salesforce_cli_tells_the_address_and_a_file_is_named_from_the_projects_folder(
    init: Init, folder: Path, org: Org, tmp_path: Path
) -> None:
    sf = tmp_path / "bin" / "sf"
    sf.parent.mkdir()
    answer = json.dumps({"status": 0, "result": {"accessToken": org.access_token, "instanceUrl": org.url}})
    sf.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\n")
    sf.chmod(0o755)
    ran = init("uat", "--from-sf=my-{stack}", f"--ca-bundle={org.ca_bundle}", "--yes", path=str(sf.parent))
    assert ran.returncode == 0, ran.stderr
    assert written(folder)["salesforce:credentials"] == {"sfAlias": "my-uat"}
    inner = folder / "inner"
    inner.mkdir()
    (inner / "admin.url").write_text(org.auth_url)
    ran = init("two", "--credentials-file=admin.url", f"--ca-bundle={org.ca_bundle}", "--yes", cwd=inner)
    assert ran.returncode == 0, ran.stderr
    assert written(folder, "two")["salesforce:credentials"] == {"sfdxAuthUrlFile": "inner/admin.url"}


def test_an_org_that_serves_older_versions_gets_its_newest(
    init: Init, folder: Path, org: Org, landscape: Landscape
) -> None:
    landscape.admin("PATCH", "/knobs", newest_version=66)
    assert init("uat", *reached(org), "--yes").returncode == 0
    assert written(folder)["salesforce:apiVersion"] == "66.0"


def test_the_org_is_asked_whether_it_lets_anybody_make_a_connected_app(
    init: Init, folder: Path, org: Org, landscape: Landscape
) -> None:
    options = (*reached(org), *APP, f"--user={org.user('ci')}", "--kind=connected")
    ran = init("uat", *options)
    assert (ran.returncode, "does not let anybody make Connected Apps" in ran.stderr) == (2, True), ran.stderr
    assert "Leave --kind out" in ran.stderr
    assert [each.name for each in folder.iterdir()] == ["Pulumi.yaml"]
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    ran = init("uat", *options)
    assert (ran.returncode, "!" in ran.stderr) == (0, False), ran.stderr
    assert written(folder)["orgkey:app"]["kind"] == "connected"
    assert org.query("SELECT Id FROM ConnectedApplication WHERE DeveloperName = 'CI'", tooling=True) == []


def test_apps_of_packages_are_told_apart_and_not_taken_over(
    init: Init, org: Org, landscape: Landscape, folder: Path
) -> None:
    for kind in ("ConnectedApp", "ExternalClientApplication"):
        landscape.admin("POST", "/packages", org="uat", namespace="acme", name=f"Vendor_{kind[:4]}", kind=kind)
    for name in ("Vendor_Conn", "Vendor_Exte"):
        ran = init("uat", *reached(org), f"--adopt={name}")
        assert (ran.returncode, "is of the package acme" in ran.stderr) == (2, True), ran.stderr
    assert "Vendor_Conn (of the package acme)" in ran.stderr
    assert [each.name for each in folder.iterdir()] == ["Pulumi.yaml"]


def test_no_credential_is_in_the_file_or_in_what_is_said(init: Init, folder: Path, org: Org) -> None:
    ran = init("uat", *reached(org), "--yes")
    secret = org.auth_url.split(":")[3].partition("@")[0]
    for text in ((folder / "Pulumi.uat.yaml").read_text(), ran.stdout, ran.stderr):
        assert secret not in text
        assert org.access_token not in text
    pasted = init("two", f"--credentials-env={org.access_token}", "--yes")
    assert (pasted.returncode, org.access_token in pasted.stderr) == (2, False), pasted.stderr

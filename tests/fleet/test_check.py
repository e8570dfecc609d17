"""`orgkey check`: stack files and their orgs before a stack exists, over real HTTPS; what is wrong, with remedies, and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.landscape import Landscape, Org
from tests.provider.rights import may_only

ORGKEY = str(Path(sys.executable).with_name("orgkey"))
SCHEMA = Path(__file__).parents[2] / "docs/reference/check-report.schema.json"
METADATA = "http://soap.sforce.com/2006/04/metadata"
Config = dict[str, Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a Pulumi.yaml and nothing else."""
    made = tmp_path / "project"
    made.mkdir()
    (made / "Pulumi.yaml").write_text("name: orgkey\nruntime: python\n")
    return made


@pytest.fixture
def config(org: Org) -> Config:
    return {
        "salesforce:instanceUrl": org.url,
        "salesforce:caBundle": org.ca_bundle,
        "salesforce:credentials": {"accessTokenEnv": "ADMIN_TOKEN"},
        "orgkey:app": {"name": "CI_Integration", "contactEmail": "ops@acme.com"},
        "orgkey:users": [org.user("ci")],
    }


def write(folder: Path, config: Config, name: str = "uat") -> None:
    (folder / f"Pulumi.{name}.yaml").write_text(yaml.safe_dump({"config": config}))


def check(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it where no engine is on PATH."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI")}
    return subprocess.run(
        [ORGKEY, "check", *arguments],
        cwd=folder,
        env={**kept, "PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def as_json(folder: Path, org: Org, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    ran = check(folder, "--format=json", *arguments, ADMIN_TOKEN=org.access_token)
    assert ran.stderr == ""
    report = json.loads(ran.stdout)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(report)
    return ran.returncode, report["stacks"]


def wrong(stack: dict[str, Any]) -> list[str]:
    return [each["code"] for each in stack["checks"] if each["state"] == "wrong"]


def test_a_file_with_which_all_is_right_needs_no_stack_no_passphrase_and_no_engine(
    folder: Path, config: Config, org: Org, landscape: Landscape
) -> None:
    write(folder, config)
    ran = check(folder, ADMIN_TOKEN=org.access_token)
    assert (ran.returncode, ran.stderr) == (0, "")
    for line in (
        "uat  " + org.url.removeprefix("https://") + "  right",
        "  ✓ Pulumi.uat.yaml has no problem",
        f"  ✓ the login works: {org.username} in ",
        "  ✓ the login has Modify Metadata Through Metadata API Functions",
        "  ✓ the name of the permission set CI_Integration_Access is free",
        f"  ✓ {org.user('ci')} has a licence that the permission set takes (Salesforce)",
        "  ✓ the name of the app CI_Integration is free",
    ):
        assert line in ran.stdout
    assert sorted(path.name for path in folder.iterdir()) == ["Pulumi.uat.yaml", "Pulumi.yaml"]
    counts = landscape.admin("GET", "/requests?org=uat")["counts"]
    assert set(counts) <= {"composite", "query", "userinfo", "readMetadata", "listMetadata"}
    assert sum(counts.values()) <= 6, counts


def user(name: str) -> Callable[[Config, Org, Landscape], None]:
    def change(config: Config, org: Org, _: Landscape) -> None:
        config["orgkey:users"] = [org.user("ci"), org.user(name)]

    return change


def setting(key: str, value: Any) -> Callable[[Config, Org, Landscape], None]:
    def change(config: Config, _: Org, __: Landscape) -> None:
        config[key] = {**config[key], **value} if isinstance(config.get(key), dict) else value

    return change


def rights(*names: str) -> Callable[[Config, Org, Landscape], None]:
    return lambda _, org, __: may_only(org, *names)


def another_app(kind: str, name: str = "CI_Integration") -> Callable[[Config, Org, Landscape], None]:
    def change(config: Config, org: Org, landscape: Landscape) -> None:
        del config
        landscape.admin("PATCH", "/knobs", connected_app_creation=True)
        body = f"<contactEmail>a@b.cd</contactEmail><label>{name}</label>"
        if kind == "connected":
            oauth = (
                "<oauthConfig><callbackUrl>https://localhost</callbackUrl><consumerKey>Taken1234567</consumerKey>"
                "<scopes>Api</scopes></oauthConfig>"
            )
            xml = f"<ConnectedApp xmlns='{METADATA}'>{body}{oauth}</ConnectedApp>"
            org.deploy({f"connectedApps/{name}.connectedApp": xml}, {"ConnectedApp": [name]})
        else:
            inner = body.replace("<label>", "<distributionState>Local</distributionState><label>")
            xml = f"<ExternalClientApplication xmlns='{METADATA}'>{inner}</ExternalClientApplication>"
            org.deploy({f"externalClientApps/{name}.eca": xml}, {"ExternalClientApplication": [name]})

    return change


def another_set(_: Config, org: Org, __: Landscape) -> None:
    xml = f"<PermissionSet xmlns='{METADATA}'><label>Theirs</label></PermissionSet>"
    org.deploy(
        {"permissionsets/CI_Integration_Access.permissionset": xml}, {"PermissionSet": ["CI_Integration_Access"]}
    )


def taken_key(config: Config, org: Org, landscape: Landscape) -> None:
    another_app("connected", "Other")(config, org, landscape)
    config["orgkey:key"] = {"consumerKey": "Taken1234567"}


def each_of(*changes: Callable[[Config, Org, Landscape], None]) -> Callable[[Config, Org, Landscape], None]:
    def change(config: Config, org: Org, landscape: Landscape) -> None:
        for each in changes:
            each(config, org, landscape)

    return change


SECOND = each_of(setting("orgkey:generation", {"number": 2}), setting("orgkey:retiring", [{"number": 1}]))
"""The second generation is current, the first retires."""

ALL = ("ApiEnabled", "ViewSetup", "ModifyMetadata", "AssignPermissionSets", "ExternalClientAppDeveloper")


@pytest.mark.parametrize(
    ("change", "codes", "says"),
    [
        (setting("orgkey:app", {"contactEmial": "x"}), ["settings"], "orgkey:app.contactEmial is not a setting"),
        (setting("salesforce:expectedKind", "production"), ["login"], "salesforce:expectedKind is production"),
        (setting("salesforce:expectedOrgId", "00D000000000001"), ["login"], "salesforce:expectedOrgId is"),
        (setting("salesforce:credentials", {"accessTokenEnv": "NOWHERE"}), ["login"], "NOWHERE is not set"),
        (rights(*(each for each in ALL if each != "AssignPermissionSets")), ["permission"], "Assign Permission Sets"),
        (rights("ApiEnabled"), ["permission"] * 4, "View Setup and Configuration"),
        (another_set, ["permission-set-name"], "already has a permission set CI_Integration_Access"),
        (setting("orgkey:permissionSet", {"license": "Nix"}), ["permission-set-license"], "has no licence Nix"),
        (user("nobody"), ["user"], "no such user"),
        (user("former"), ["user-active"], "the user is inactive"),
        (user("erp"), ["user-license"], "SalesforceAPIIntegrationPsl"),
        (setting("orgkey:assignments", {"groups": ["Nowhere"]}), ["group"], "no such permission set group"),
        (another_app("external"), ["app-name"], "already has an External Client App CI_Integration"),
        (another_app("connected"), ["app-kind"], "has a ConnectedApp named CI_Integration"),
        (taken_key, ["consumer-key"], "the app Other has the consumer key"),
        (
            each_of(another_app("external", "CI_Integration_4"), setting("orgkey:generation", {"number": 4})),
            ["app-name"],
            "already has an External Client App CI_Integration_4",
        ),
        (
            each_of(another_app("external", "Nice"), setting("orgkey:generation", {"number": 4, "name": "Nice"})),
            ["app-name"],
            "already has an External Client App Nice",
        ),
        (
            each_of(another_app("connected", "CI_Integration_2"), SECOND),
            ["app-kind"],
            "has a ConnectedApp named CI_Integration_2",
        ),
        (
            each_of(another_app("external"), SECOND),
            ["app-name"],
            "already has an External Client App CI_Integration,",
        ),
        (
            each_of(another_app("connected"), SECOND, setting("orgkey:retiring", [{"number": 1, "kind": "connected"}])),
            ["app-name"],
            "already has a Connected App CI_Integration,",
        ),
        (
            each_of(
                SECOND, setting("orgkey:retiring", [{"number": 1, "import": True, "key": {"consumerKey": "Own12345"}}])
            ),
            ["import"],
            "has no External Client App CI_Integration,",
        ),
        (
            each_of(taken_key, SECOND),
            ["consumer-key"],
            "the app Other has the consumer key of orgkey:key.consumerKey",
        ),
        (
            each_of(
                taken_key,
                SECOND,
                lambda config, _, __: config.pop("orgkey:key"),
                setting("orgkey:retiring", [{"number": 1, "key": {"consumerKey": "Taken1234567"}}]),
            ),
            ["consumer-key"],
            "the app Other has the consumer key of orgkey:retiring[0].key.consumerKey",
        ),
        (
            each_of(SECOND, setting("orgkey:grant", {"revoke": "yes"}), another_app("external", "CI_Integration_2")),
            ["settings", "app-name"],
            "already has an External Client App CI_Integration_2",
        ),
        (setting("orgkey:app", {"profiles": ["No Such"]}), ["admitted"], "does not have the profile No Such"),
        (setting("orgkey:import", {"permissionSet": True}), ["import"], "has no permission set CI_Integration_Access"),
    ],
)
def test_each_thing_that_is_wrong_is_told_with_a_remedy(
    folder: Path,
    config: Config,
    org: Org,
    landscape: Landscape,
    change: Callable[[Config, Org, Landscape], None],
    codes: list[str],
    says: str,
) -> None:
    change(config, org, landscape)
    write(folder, config)
    code, (stack,) = as_json(folder, org)
    assert (code, wrong(stack)) == (1, codes)
    first = stack["checks"][: len(codes)]
    assert [each for each in first if says in each["says"]]
    assert all(each["remedy"] for each in first)
    assert all(each["state"] != "wrong" for each in stack["checks"][len(codes) :])


def test_the_consumer_key_of_an_app_that_is_there_is_its_own_and_no_other_generations(
    folder: Path, config: Config, org: Org, landscape: Landscape
) -> None:
    another_app("connected", "CI_Integration")(config, org, landscape)
    config["orgkey:app"] |= {"kind": "connected"}
    config |= {"orgkey:key": {"consumerKey": "Taken1234567"}, "orgkey:import": {"app": True}}
    write(folder, config)
    code, (stack,) = as_json(folder, org)
    assert (code, wrong(stack)) == (0, [])
    assert "no other app in the org has the consumer key of CI_Integration" in [
        each["says"] for each in stack["checks"]
    ]
    taken_over = {"number": 1, "import": True, "key": {"consumerKey": "Taken1234567"}}
    config |= {"orgkey:import": {}, "orgkey:generation": {"number": 2}, "orgkey:retiring": [taken_over]}
    write(folder, config)
    code, (stack,) = as_json(folder, org)
    assert (code, wrong(stack)) == (1, ["settings", "consumer-key"])
    assert "orgkey:retiring[0].key.consumerKey is the same as orgkey:key.consumerKey" in stack["checks"][0]["says"]
    assert "the app CI_Integration has the consumer key of orgkey:key.consumerKey" in stack["checks"][1]["says"]


def test_a_name_that_a_generation_finds_taken_is_taken_over_by_its_own_setting(
    folder: Path, config: Config, org: Org, landscape: Landscape
) -> None:
    each_of(another_app("external"), SECOND)(config, org, landscape)
    write(folder, config)
    _, (stack,) = as_json(folder, org)
    assert "set orgkey:retiring[0].import to true" in stack["checks"][0]["remedy"]


def test_problems_of_the_file_and_of_the_org_are_told_together(folder: Path, config: Config, org: Org) -> None:
    config |= {"orgkey:users": ["nobody@acme.com"], "orgkey:grant": {"revoke": "yes"}}
    write(folder, config)
    code, (stack,) = as_json(folder, org)
    assert (code, wrong(stack)) == (1, ["settings", "user"])


def test_several_are_checked_side_by_side_and_one_that_cannot_be_read_stops_no_other(
    folder: Path, config: Config, org: Org
) -> None:
    write(folder, config, "uat")
    write(folder, {**config, "orgkey:users": ["no@body"]}, "dev")
    (folder / "Pulumi.broken.yaml").write_text("config: [")
    code, stacks = as_json(folder, org)
    assert code == 2
    assert [(each["stack"], each["verdict"]) for each in stacks] == [
        ("broken", "could not tell"),
        ("dev", "something is wrong"),
        ("uat", "right"),
    ]
    code, stacks = as_json(folder, org, "--stack", "u*")
    assert (code, [each["stack"] for each in stacks]) == (0, ["uat"])


def test_an_org_out_of_reach_could_not_be_told_of(folder: Path, config: Config, org: Org) -> None:
    config["salesforce:instanceUrl"] = "https://localhost:1"
    write(folder, config)
    code, (stack,) = as_json(folder, org, "--timeout", "2")
    assert (code, stack["verdict"]) == (2, "could not tell")


def test_what_is_encrypted_is_not_needed_and_not_judged_unless_it_leads_to_the_org(
    folder: Path, config: Config, org: Org
) -> None:
    sealed = {"secure": "v1:AAAA:BBBB"}
    config["orgkey:users"] = [org.user("ci"), sealed]
    config["orgkey:key"] = {"privateKeyPem": sealed, "certificatePem": sealed}
    write(folder, config)
    code, (stack,) = as_json(folder, org)
    assert (code, stack["verdict"], wrong(stack)) == (0, "right", [])
    assert "stack.invalid" not in json.dumps(stack)
    config["salesforce:instanceUrl"] = sealed
    write(folder, config)
    code, (stack,) = as_json(folder, org)
    assert code == 2
    assert "encrypted" in stack["checks"][0]["says"]


def test_no_secret_is_ever_shown(folder: Path, config: Config, org: Org) -> None:
    config["orgkey:key"] = {"privateKeyPem": "planted-private-key-text"}
    config["salesforce:credentials"] = {"accessTokenEnv": "00DPLANTED!TOKEN.OF.SOMEBODY"}
    write(folder, config)
    for form in ("text", "json"):
        ran = check(folder, f"--format={form}", ADMIN_TOKEN=org.access_token)
        assert ran.returncode == 1
        for planted in ("planted-private-key-text", "PLANTED!TOKEN", org.access_token, "Traceback"):
            assert planted not in ran.stdout + ran.stderr


def test_a_report_goes_into_a_file_and_wrong_usage_is_told(folder: Path, config: Config, org: Org) -> None:
    write(folder, config)
    ran = check(folder, "--format=json=check.json", "--format=text", ADMIN_TOKEN=org.access_token)
    assert ran.returncode == 0
    assert json.loads((folder / "check.json").read_text())["stacks"][0]["verdict"] == "right"
    for arguments, says in ((("--format=html",), "is no format"), (("--stack", "nix"), "No stack file is named")):
        told = check(folder, *arguments)
        assert (told.returncode, says in told.stderr) == (2, True), told.stderr


def test_a_folder_without_stack_files_or_without_a_project_is_wrong_usage(folder: Path, tmp_path: Path) -> None:
    assert "There is no stack file" in check(folder).stderr
    (bare := tmp_path / "bare").mkdir()
    told = check(bare)
    assert (told.returncode, "There is no Pulumi.yaml" in told.stderr) == (2, True)

"""`orgkey drift` of programs with several components: in one org, and in two orgs by providers of the program's own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.breakages import APP, SET, add_a_user, delete_the_app, remove_the_user
from tests.fleet.shown import READERS
from tests.landscape import Landscape, Org
from tests.program.fleet import Fleet
from tests.program.stack import ok

PROGRAM = Path(__file__).with_name("several.py")
FIRST, SECOND = "one", "team::two"

Found = set[tuple[str, str, str]]
"""Component, code and path of each finding."""


@pytest.fixture(scope="module")
def sandboxes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Landscape]:
    running = Landscape(tmp_path_factory.mktemp("sandboxes"))
    running.start("--sandboxes", "5")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def fleet(sandboxes: Landscape, engine: Path, tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    return Fleet(tmp_path_factory.mktemp("several") / "project", engine, sandboxes)


def component(name: str, app: str, org: Org, *, own: Path | None = None, **config: Any) -> dict[str, Any]:
    """A component of the program; with a folder for its login it has a provider of its own."""
    made = {"name": name, "app": app, "user": org.user("ci"), "config": {f"orgkey:{k}": v for k, v in config.items()}}
    if own is None:
        return made
    auth_url = own / f"{name.replace(':', '-')}-{org.name}.sfdxurl"
    auth_url.write_text(org.auth_url)
    connection = {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": {"sfdxAuthUrlFile": str(auth_url)}}
    return {**made, "provider": f"to-{org.name}", "connection": connection}


def bring_up(fleet: Fleet, org: Org, components: Sequence[Mapping[str, Any]], *, settings: bool = True) -> str:
    """A stack of these components, up; its own settings are those of `org`, or none. Returns its name."""
    stack = fleet.add(org, {"test:components": list(components)})
    shutil.copy(PROGRAM, fleet.folder / "__main__.py")
    file = fleet.folder / f"Pulumi.{stack.name}.yaml"
    content = yaml.safe_load(file.read_text())
    left_out = ("orgkey:app", "orgkey:users", *(() if settings else ("salesforce:",)))
    stack.configure({key: value for key, value in content["config"].items() if not key.startswith(left_out)})
    ok(stack.up())
    return stack.name


def drift(fleet: Fleet, stack: str, tmp_path: Path, *arguments: str) -> dict[str, Any]:
    """The report of one stack, as JSON; every other form names the same findings."""
    forms = {form: tmp_path / f"drift.{form}" for form in ("json", *READERS)}
    outputs = [f"--format={form}={file}" for form, file in forms.items()]
    result = fleet.orgkey("drift", "--stack", stack, *outputs, *arguments)
    report: dict[str, Any] = json.loads(forms["json"].read_text())["stacks"][0]
    assert result.code == (2 if report["unknown"] else 1 if report["findings"] else 0), result.text
    for form, read in READERS.items():
        assert read(forms[form].read_text())[stack] == {each["code"] for each in report["findings"]}, form
        for each in (*report["findings"], *report["unknown"]):
            assert not each["component"] or each["component"] in forms[form].read_text(), form
    return report


def found(report: Mapping[str, Any]) -> Found:
    return {(each["component"], each["code"], each["path"]) for each in report["findings"]}


def test_two_components_in_one_org_are_judged_each_by_itself(
    fleet: Fleet, sandboxes: Landscape, tmp_path: Path
) -> None:
    org = sandboxes.org("uat")
    stack = bring_up(
        fleet,
        org,
        [component(FIRST, "CI_One", org), component(SECOND, APP, org, key={"validityDays": 20, "renewAfter": 0.99})],
    )
    expiring = (SECOND, "certificate-expires", "key.notAfter")
    report = drift(fleet, stack, tmp_path, "--expiring-within=19")
    assert (found(report), report["unknown"]) == (set(), [])
    assert [each["name"] for each in report["components"]] == [FIRST, SECOND]
    assert {each["org_id"] for each in report["components"]} == {org.org_id}
    assert report["certificate"] == report["components"][1]["certificate"]
    assert found(drift(fleet, stack, tmp_path)) == {expiring}

    delete_the_set(org, "CI_One_Access", "CI_One")
    remove_the_user(org)
    lost = {
        (FIRST, "missing", "permissionSet"),
        (FIRST, "setting-changed", "app.permissionSets"),
        (FIRST, "login-fails", "grant"),
        (SECOND, "missing-assignee", "assignments.users"),
        (SECOND, "login-fails", "grant"),
    }
    assert found(drift(fleet, stack, tmp_path)) == {expiring, *lost}
    ok(fleet.stacks[stack].up())
    delete_the_set(org, SET, APP)
    report = drift(fleet, stack, tmp_path)
    assert {component for component, *_ in found(report)} == {SECOND}
    assert (SECOND, "missing", "permissionSet") in found(report)
    assert (SECOND, "missing", "assignments") not in found(report)


@pytest.mark.parametrize("both", [False, True], ids=["the second by a provider of its own", "both, and no settings"])
def test_two_components_in_two_orgs_are_each_asked_for_in_their_own(
    fleet: Fleet, sandboxes: Landscape, tmp_path: Path, *, both: bool
) -> None:
    org, other = (sandboxes.org(name) for name in (("sb03", "sb04") if both else ("dev", "sb05")))
    folder = tmp_path
    components = [
        component(FIRST, APP, org, own=folder if both else None),
        component(SECOND, APP, other, own=folder),
    ]
    stack = bring_up(fleet, org, components, settings=not both)
    report = drift(fleet, stack, tmp_path)
    assert (found(report), report["unknown"]) == (set(), [])
    assert [(each["name"], each["instance_url"], each["org_id"]) for each in report["components"]] == [
        (FIRST, org.url, org.org_id),
        (SECOND, other.url, other.org_id),
    ]

    add_a_user(other)
    report = drift(fleet, stack, tmp_path)
    assert found(report) == {(SECOND, "extra-assignee", "assignments.users")}
    assert other.url.removeprefix("https://") in (tmp_path / "drift.text").read_text()

    delete_the_app(other)
    report = drift(fleet, stack, tmp_path)
    assert {component for component, *_ in found(report)} == {SECOND}
    assert (SECOND, "missing", "app") in found(report)

    sandboxes.admin("POST", "/faults", operation="*", org=other.name, faults=["INSUFFICIENT_ACCESS"] * 40)
    add_a_user(org)
    try:
        report = drift(fleet, stack, tmp_path)
    finally:
        sandboxes.admin("DELETE", "/faults")
    assert found(report) == {(FIRST, "extra-assignee", "assignments.users")}
    assert {each["component"] for each in report["unknown"]} == {SECOND}
    assert report["commands"] == [f"orgkey drift --stack {stack}"]

    sandboxes.admin("POST", f"/orgs/{other.name}/refresh")
    (folder / f"team--two-{other.name}.sfdxurl").write_text(sandboxes.org(other.name).auth_url)
    report = drift(fleet, stack, tmp_path)
    assert found(report) == {
        (FIRST, "extra-assignee", "assignments.users"),
        (SECOND, "sandbox-refreshed", ""),
    }
    ok(fleet.stacks[stack].up())
    assert found(drift(fleet, stack, tmp_path)) == set()


def delete_the_set(org: Org, name: str, app: str) -> None:
    """Delete a permission set, as somebody does in Setup: off the app, from its users, then the set itself."""
    org.unlink(app)
    for holder in org.holders(name):
        org.unassign(name, holder)
    org.deploy({}, destroy={"PermissionSet": [name]})

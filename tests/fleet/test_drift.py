"""`orgkey drift` over a landscape of twelve sandboxes: each kind of finding made in one of them, and named there and nowhere else."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.breakages import (
    add_a_user,
    delete_the_app,
    grant_a_permission_in_the_set,
    let_everybody_in,
    link_another_set,
    remove_the_user,
    rename_the_set,
    take_over_the_set,
    unlink_the_set,
    widen_the_scopes,
)
from tests.fleet.shown import READERS
from tests.forked import INSTALLED
from tests.landscape import Landscape, Org
from tests.program.fleet import Fleet
from tests.waiting import ending

pytestmark = pytest.mark.program

Found = set[tuple[str, str]]
"""Code and property path of each finding."""


@dataclass(frozen=True)
class Case:
    """What is done to one sandbox, how its stack was declared, and what drift must say."""

    found: Found
    done: Callable[[Org], None] | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    broken: Callable[[Landscape, Org], None] | None = None


def refresh(landscape: Landscape, org: Org) -> None:
    landscape.admin("POST", f"/orgs/{org.name}/refresh")


def do_what_is_ignored(org: Org) -> None:
    rename_the_set(org)
    add_a_user(org)


def loosen(org: Org) -> None:
    widen_the_scopes(org)
    let_everybody_in(org)


def deactivate(landscape: Landscape, org: Org) -> None:
    landscape.admin("PATCH", "/users", org=org.name, username=org.user("ci"), active=False)


APP = {"name": "CI_Integration", "contactEmail": "ops@acme.com"}
LOGIN = ("login-fails", "grant")
CASES = (
    Case(set(), do_what_is_ignored, {"orgkey:ignore": ["permissionSet.label", "assignments.users"]}),
    Case({("missing-assignee", "assignments.users"), LOGIN}, remove_the_user),
    Case({("extra-assignee", "assignments.users")}, add_a_user),
    Case(
        {
            ("policy-loosened", "app.permittedUsers"),
            ("policy-loosened", "app.ipRelaxation"),
            ("policy-loosened", "app.refreshTokenPolicy"),
            ("policy-loosened", "app.scopes"),
            LOGIN,
        },
        loosen,
        {"orgkey:app": {**APP, "refreshTokenPolicy": "specific_lifetime:2:HOURS"}},
    ),
    Case({("missing", "app"), LOGIN}, delete_the_app),
    Case({("setting-changed", "app.permissionSets"), LOGIN}, unlink_the_set),
    Case({("extra-grant", "permissionSet.userPermissions")}, grant_a_permission_in_the_set),
    Case({("extra-pre-authorization", "app.permissionSets")}, link_another_set),
    Case({("setting-changed", "permissionSet.label")}, rename_the_set),
    Case(
        {("owner-changed", "permissionSet.managedBy"), ("setting-changed", "permissionSet.description")},
        take_over_the_set,
    ),
    Case({LOGIN}, broken=deactivate),
    Case({("sandbox-refreshed", "")}, broken=refresh),
    Case(
        {("renewal-due", "key.renewalDue"), ("certificate-expires", "key.notAfter")},
        config={"orgkey:key": {"validityDays": 20, "renewAfter": 0.000001}},
    ),
)
NOT_DEPLOYED: Found = {("not-deployed", "grant")}


@pytest.fixture(scope="module")
def sandboxes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Landscape]:
    running = Landscape(tmp_path_factory.mktemp("sandboxes"))
    running.start("--sandboxes", str(len(CASES) + 1))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def fleet(sandboxes: Landscape, engine: Path, tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """A stack for each case, up and in sync, and one that was never brought up."""
    made = Fleet(tmp_path_factory.mktemp("fleet") / "project", engine, sandboxes)
    names = [row["name"] for row in sandboxes.status()["orgs"] if row["kind"] == "sandbox"]
    for name, case in zip(names, CASES, strict=False):
        made.add(sandboxes.org(name), case.config)
    made.up(names[: len(CASES)])
    made.add(sandboxes.org(names[len(CASES)]))
    return made


def files_of(folder: Path) -> dict[str, bytes]:
    """Everything in the project folder, the state among it; logs of the engine in its own home aside."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "home" not in path.relative_to(folder).parts
    }


def test_each_finding_is_named_in_its_own_stack_by_every_format_and_nothing_is_written(
    fleet: Fleet, sandboxes: Landscape, tmp_path: Path
) -> None:
    names = list(fleet.stacks)
    in_sync = fleet.orgkey(
        "drift",
        *(f"--stack={name}" for name, case in zip(names, CASES, strict=False) if "orgkey:key" not in case.config),
    )
    assert in_sync.code == 0, in_sync.text

    expected: dict[str, Found] = {names[-1]: NOT_DEPLOYED}
    for name, case in zip(names, CASES, strict=False):
        org = sandboxes.org(name)
        if case.done:
            case.done(org)
        if case.broken:
            case.broken(sandboxes, org)
        (fleet.folder / f"{name}.sfdxurl").write_text(sandboxes.org(name).auth_url)  # a refresh ends the old one
        expected[name] = case.found
    before = files_of(fleet.folder)
    standing = {name: inventory(sandboxes.org(name)) for name in names}
    sandboxes.admin("DELETE", "/requests")

    forms = {form: tmp_path / f"drift.{form}" for form in ("json", "junit", "markdown", "html", "text")}
    result = fleet.orgkey("drift", *(f"--format={form}={file}" for form, file in forms.items()))

    assert (result.code, result.text) == (1, "")
    report = json.loads(forms["json"].read_text())
    found = {each["stack"]: {(one["code"], one["path"]) for one in each["findings"]} for each in report["stacks"]}
    assert found == expected
    assert [each["unknown"] for each in report["stacks"]] == [[] for _ in names]
    assert {each["stack"]: each["verdict"] for each in report["stacks"]} == {
        name: "drift" if expected[name] else "in sync" for name in names
    }
    codes = {name: {code for code, _ in expected[name]} for name in names}
    for form, read in READERS.items():
        assert read(forms[form].read_text()) == codes, form
    assert max(map(len, forms["text"].read_text().splitlines())) <= 100
    assert "\x1b" not in forms["text"].read_text()
    secrets = {"PRIVATE KEY"} | {sandboxes.org(name).access_token for name in names}
    secrets |= {sandboxes.org(name).auth_url.split("::")[1].split("@")[0] for name in names}
    for file in forms.values():
        assert not any(secret in file.read_text() for secret in secrets)

    assert files_of(fleet.folder) == before
    log = sandboxes.admin("GET", "/requests")["requests"]
    requests_are_few_and_none_is_made_twice(log)
    assert {name: inventory(sandboxes.org(name)) for name in names} == standing

    commands = {each["stack"]: each["commands"] for each in report["stacks"]}
    first = {
        names[2]: "declare in orgkey:users whoever is to keep the permission set",
        names[9]: "find out who else manages it, and settle whose it is",
        names[10]: "activate the user in the org",
    }
    assert commands == {
        name: [
            *([f"# {name}: {first[name]}; then:"] if name in first else []),
            *([f"pulumi up --stack {name}"] if expected[name] else []),
        ]
        for name in names
    }
    fleet.up([names[3], names[11]])
    healed = fleet.orgkey("drift", "--stack", names[3], "--stack", names[11])
    assert healed.code == 0, healed.text


def test_what_is_wrong_with_one_stack_is_its_own_reason_and_the_others_are_reported_in_time(
    fleet: Fleet, sandboxes: Landscape
) -> None:
    names = list(fleet.stacks)[:7]
    down, slow, untrusted, revoked, unreadable, forbidden, fine = names
    kept = {name: (fleet.folder / f"Pulumi.{name}.yaml").read_text() for name in names}
    url = {name: sandboxes.org(name).url for name in names}
    edit(fleet, down, lambda text: text.replace(url[down], "https://localhost:1"))
    edit(fleet, untrusted, lambda text: text.replace(sandboxes.org(untrusted).ca_bundle, other_authority(fleet.folder)))
    edit(fleet, unreadable, lambda text: "config: [" + text)
    auth_urls = {name: fleet.folder / f"{name}.sfdxurl" for name in (down, revoked)}
    good = {name: file.read_text() for name, file in auth_urls.items()}
    auth_urls[down].write_text(good[down].replace(url[down].removeprefix("https://"), "localhost:1"))
    auth_urls[revoked].write_text(re.sub(r"::[^@]+@", "::revoked@", good[revoked]))
    sandboxes.admin("POST", "/faults", operation="*", org=slow, faults=["stall-30"] * 20)
    sandboxes.admin("POST", "/faults", operation="readMetadata", org=forbidden, faults=["INSUFFICIENT_ACCESS"] * 20)
    try:
        started = time.monotonic()
        result = fleet.orgkey("drift", "--timeout=4", "--format=json", *(f"--stack={name}" for name in names))
        took = time.monotonic() - started
    finally:
        sandboxes.admin("DELETE", "/faults")
        for name, text in kept.items():
            (fleet.folder / f"Pulumi.{name}.yaml").write_text(text)
        for name, text in good.items():
            auth_urls[name].write_text(text)
    assert result.code == 2, result.text
    assert took < 30
    reports = {each["stack"]: each for each in json.loads(result.text)["stacks"]}
    reasons = {name: [(one["path"], one["reason"]) for one in reports[name]["unknown"]] for name in names}
    assert [len(reasons[name]) for name in (down, slow, untrusted, revoked, unreadable, fine)] == [1, 1, 1, 1, 1, 0]
    assert reasons[down][0][1].startswith("localhost:1 cannot be reached: the connection was refused.")
    assert reasons[slow] == [("", "No answer within 4 s.")]
    assert "its TLS certificate is not trusted" in reasons[untrusted][0][1]
    assert "expired access/refresh token" in reasons[revoked][0][1]
    assert reasons[unreadable][0][1].startswith(f"Pulumi.{unreadable}.yaml is no YAML")
    assert [path for path, _ in reasons[forbidden]] == ["app", "permissionSet"]
    assert all("INSUFFICIENT_ACCESS" in reason for _, reason in reasons[forbidden])
    assert {reports[name]["verdict"] for name in names if name != fine} == {"could not tell"}
    assert reports[fine]["verdict"] != "could not tell"


def test_a_look_works_where_state_and_project_are_read_only(fleet: Fleet) -> None:
    name = next(iter(fleet.stacks))
    folder, home = str(fleet.folder), str(fleet.folder / "home")
    script = (
        f'mount --bind "{folder}" "{folder}" && mount -o remount,ro,bind "{folder}" && mount -t tmpfs none "{home}" '
        f'&& cd "{folder}" && ! touch x 2> /dev/null && exec {INSTALLED / "orgkey"} drift --format=json --stack {name}'
    )
    environment = fleet.stacks[name].environment
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody make a mount namespace, so no folder can be made read-only for root")
    run = subprocess.run(
        ["unshare", "-m", "sh", "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert [each["unknown"] for each in json.loads(run.stdout)["stacks"]] == [[]], run.stderr


def test_a_terminal_sees_who_is_being_looked_at_and_a_log_does_not(fleet: Fleet) -> None:
    name = next(iter(fleet.stacks))
    ours, theirs = pty.openpty()
    run = subprocess.Popen(
        [INSTALLED / "orgkey", "drift", "--format=json", "--stack", name],
        cwd=fleet.folder,
        env={**fleet.stacks[name].environment, "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    with ending(run):
        with contextlib.suppress(OSError):  # a terminal that nobody writes to any more ends in EIO
            while chunk := os.read(ours, 4096):
                shown += chunk
        os.close(ours)
        out, _ = run.communicate(timeout=60)
    assert json.loads(out)["stacks"][0]["stack"] == name
    assert f"looking at {name}".encode() in shown
    assert re.search(rf"{name}: (in sync|drift) \(".encode(), shown)


def edit(fleet: Fleet, name: str, change: Callable[[str], str]) -> None:
    file = fleet.folder / f"Pulumi.{name}.yaml"
    file.write_text(change(file.read_text()))


def other_authority(folder: Path) -> str:
    """A CA that no org of ours has a certificate of."""
    file = folder / "other-ca.pem"
    trustme.CA().cert_pem.write_to_path(file)
    return str(file)


def inventory(org: Org) -> dict[str, Any]:
    """What stands in an org, without its login records."""
    questions = (
        "SELECT Id, Name, Label, Description, LastModifiedDate FROM PermissionSet ORDER BY Id",
        "SELECT Id, AssigneeId, PermissionSetId FROM PermissionSetAssignment ORDER BY Id",
        "SELECT Id, ParentId, SetupEntityId FROM SetupEntityAccess ORDER BY Id",
        "SELECT Id, DeveloperName, Description FROM ExternalClientApplication ORDER BY Id",
    )
    return {question: org.query(question) for question in questions}


def requests_are_few_and_none_is_made_twice(log: list[dict[str, Any]]) -> None:
    """Twelve an org and the login, one more for each Read that comes after its questions were sent, and one for each further audience.

    On a busy machine several Reads come late: the bound leaves three. `make bench` counts them on a quiet one.

    Where a login fails, at most twelve more find out why.
    """
    counted = Counter((entry["org"], entry["path"], entry["digest"]) for entry in log)
    assert {request: count for request, count in counted.items() if count > 1} == {}
    refused = {entry["org"] for entry in log if entry["operation"] == "jwtGrant" and entry["status"] != HTTPStatus.OK}
    asked = Counter(entry["org"] for entry in log if entry["operation"] != "jwtGrant")
    assert max(count for org, count in asked.items() if org not in refused) <= 15
    assert max(asked.values()) <= 25

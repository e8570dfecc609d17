"""The landscape's life: start and stop, many sandboxes, what survives a kill, sandbox refresh, side by side."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import requests

from localorg.home import Home
from tests.localorg.bundles import (
    ConnectedApp,
    ExternalApp,
    Keys,
    destruction,
    manifest,
    permission_set,
    unique,
    zipped,
)
from tests.localorg.landscape_client import Landscape, OrgClient, start, stop
from tests.waiting import join, until


def localorg(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "localorg.cli", "--home", str(home), *words], check=False, capture_output=True, text=True
    )


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Landscape]:
    """A landscape that nobody else uses: its server may be killed."""
    made = start(tmp_path / "home")
    yield made
    made.close()
    stop(made.home)


def kill(landscape: Landscape) -> None:
    """End the server as a power cut would, and wait until it is gone."""
    os.kill(landscape.about["pid"], signal.SIGKILL)
    until(lambda: localorg(landscape.home, "status").returncode != 0, "a killed server is gone")


def test_status_tells_how_to_reach_each_org(own: Landscape) -> None:
    shown = json.loads(localorg(own.home, "status", "--json").stdout)
    assert shown["running"] is True
    assert [(org["name"], org["kind"]) for org in shown["orgs"]] == [
        ("acme", "production"),
        ("uat", "sandbox"),
        ("dev", "sandbox"),
    ]
    assert {"url", "orgId", "caBundle", "username", "accessToken", "sfdxAuthUrl"} <= set(shown["orgs"][1])
    assert Path(shown["caBundle"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert len({org["url"] for org in shown["orgs"]} | {shown["admin"], shown["login"], shown["test"]}) == 6


def test_a_second_start_finds_the_first_and_a_stop_keeps_everything(own: Landscape) -> None:
    org = own.org("uat")
    name = unique("Set")
    org.deploy(zipped({"package.xml": manifest({"PermissionSet": [name]}), **permission_set(name)}))
    assert localorg(own.home, "start").returncode == 0
    assert json.loads(localorg(own.home, "status", "--json").stdout)["pid"] == own.about["pid"]
    stop(own.home)
    gone = localorg(own.home, "status", "--json")
    assert (gone.returncode, json.loads(gone.stdout)["running"]) == (3, False)
    again = start(own.home)
    assert [each["url"] for each in again.about["orgs"]] == [each["url"] for each in own.about["orgs"]]
    assert again.about["orgs"][1]["accessToken"] == org.token
    assert again.org("uat").query(f"SELECT Id FROM PermissionSet WHERE Name = '{name}'")
    again.close()


def test_a_kill_loses_nothing_that_was_answered_and_leaves_no_half_deploy(own: Landscape, keys: Keys) -> None:
    org = own.org("uat")
    done, waiting = ExternalApp(keys), ExternalApp(keys)
    assert org.deploy(done.package())["success"]
    assert org.assign(done.set_name, "ci").status_code == 201
    own.knob(deploy_time=1000)
    jobs = [org.start_deploy(package).json()["id"] for package in (waiting.package(), done.package())]
    assert org.deploy_status(jobs[0])["status"] == "InProgress"
    token = org.grant(done.assertion(org.username("ci"), org.url)).json()["access_token"]
    kill(own)
    again = start(own.home)
    org = again.org("uat")
    assert org.as_user(token).data("GET", "/limits").status_code == 200
    assert org.grant(done.assertion(org.username("ci"), org.url)).status_code == 200
    assert org.query(f"SELECT Id FROM ExternalClientApplication WHERE DeveloperName = '{waiting.name}'") == []
    assert [org.deploy_status(job)["status"] for job in jobs] == ["InProgress", "Pending"]
    again.advance(2001)
    assert [org.deploy_status(job)["status"] for job in jobs] == ["Succeeded", "Succeeded"]
    assert org.query(f"SELECT Id FROM ExternalClientApplication WHERE DeveloperName = '{waiting.name}'")
    again.close()


def test_a_kill_at_any_moment_keeps_what_was_answered_and_no_part_of_a_deploy(own: Landscape) -> None:
    answered: list[str] = []
    deploys: list[list[str]] = []

    def work(landscape: Landscape, stop_at: threading.Event) -> None:
        org = landscape.org("uat")
        with suppress(requests.RequestException):
            while not stop_at.is_set():
                name = unique("Answered")
                if org.data("POST", "/sobjects/PermissionSet", json={"Name": name, "Label": "l"}).status_code == 201:
                    answered.append(name)
                names = [unique("Part") for _ in range(20)]
                deploys.append(names)
                files = {path: text for name in names for path, text in permission_set(name).items()}
                org.start_deploy(zipped({"package.xml": manifest({"PermissionSet": names}), **files}))

    running = own
    for moment in (0.05, 0.1):
        done = threading.Event()
        worker = threading.Thread(target=work, args=(running, done))
        worker.start()
        already = len(answered)
        until(
            lambda old=already, at=worker: len(answered) > old or not at.is_alive(),
            "something is answered",
            every=0.001,
        )
        time.sleep(moment)
        kill(running)
        done.set()
        join(worker)
        running.close()
        running = start(own.home)
    there = {row["Name"] for row in running.org("uat").query("SELECT Name FROM PermissionSet")}
    running.close()
    assert answered
    assert set(answered) <= there
    for names in deploys:
        assert len(there & set(names)) in {0, len(names)}


def test_a_refreshed_sandbox_is_a_copy_of_production_under_a_new_id(own: Landscape, keys: Keys) -> None:
    production, sandbox = own.org("acme"), own.org("uat")
    made_here, from_production = ExternalApp(keys), ExternalApp(keys)
    assert sandbox.deploy(made_here.package())["success"]
    sandbox.assign(made_here.set_name, "ci")
    assert production.deploy(from_production.package())["success"]
    production.assign(from_production.set_name, "ci")
    group = production.data(
        "POST", "/sobjects/PermissionSetGroup", json={"DeveloperName": "Sales", "MasterLabel": "Sales"}
    ).json()
    member = {"AssigneeId": production.user_id("ci"), "PermissionSetGroupId": group["id"]}
    assert production.data("POST", "/sobjects/PermissionSetAssignment", json=member).status_code == 201
    answer = localorg(own.home, "refresh", "uat")
    assert answer.returncode == 0, answer.stderr

    fresh = own.org("uat")
    assert fresh.url == sandbox.url
    assert fresh.about["orgId"] != sandbox.about["orgId"]
    assert sandbox.data("GET", "/limits").status_code == 401
    assert fresh.query("SELECT Id, IsSandbox FROM Organization")[0]["IsSandbox"] is True
    assert fresh.query(f"SELECT Id FROM PermissionSet WHERE Name = '{made_here.set_name}'") == []
    copied = fresh.query(f"SELECT Description FROM PermissionSet WHERE Name = '{from_production.set_name}'")
    assert copied[0]["Description"] == "for a test"
    members = fresh.query(
        "SELECT Assignee.Username FROM PermissionSetAssignment WHERE PermissionSetGroup.DeveloperName = 'Sales'"
    )
    assert [row["Assignee"]["Username"] for row in members] == [fresh.username("ci")]
    assert fresh.grant(made_here.assertion(fresh.username("ci"), fresh.url)).json()["error"] == "invalid_client_id"
    assert fresh.grant(from_production.assertion(fresh.username("ci"), fresh.url)).status_code == 200
    at_test_host = fresh.grant(
        from_production.assertion(fresh.username("ci"), "https://login.salesforce.com"), url=own.about["test"]
    )
    assert at_test_host.json()["instance_url"] == fresh.url
    assert localorg(own.home, "refresh", "acme").returncode == 1


def test_a_refresh_copies_apps_and_assignments_only_if_told(own: Landscape, keys: Keys) -> None:
    production = own.org("acme")
    own.knob(connected_app_creation=True, refresh_copies_apps=False, refresh_copies_assignments=False)
    app = ConnectedApp(keys)
    assert production.deploy(app.package())["success"]
    production.assign(app.set_name, "ci")
    own.admin("POST", "/orgs/uat/refresh")
    fresh = own.org("uat")
    assert fresh.query("SELECT Id FROM ConnectedApplication") == []
    assert fresh.query(f"SELECT Id FROM PermissionSet WHERE Name = '{app.set_name}'")
    own_sets = "SELECT Id FROM PermissionSetAssignment WHERE PermissionSet.IsOwnedByProfile"
    assert fresh.query(f"{own_sets} = false") == []
    assert len(fresh.query(f"{own_sets} = true")) == len(fresh.query("SELECT Id FROM User"))
    assert production.deploy(destruction({"ConnectedApp": [app.name]}))["success"]


def test_a_landscape_file_names_orgs_people_and_knobs(tmp_path: Path) -> None:
    file = tmp_path / "landscape.yaml"
    file.write_text(
        "production: {name: globex, label: Globex}\nsandboxes: 12\nknobs: {deploy_time: 2}\n"
        "people: [{alias: robot, name: Robby Robot, profile: System Administrator}]\n"
    )
    landscape = start(tmp_path / "home", "--config", str(file))
    try:
        assert [org["name"] for org in landscape.about["orgs"]][:4] == ["globex", "uat", "dev", "sb03"]
        assert len(landscape.about["orgs"]) == 13
        assert landscape.org("sb12").user_id("robot")
        assert landscape.admin("GET", "/knobs")["values"]["deploy_time"] == 2
    finally:
        landscape.close()
        stop(tmp_path / "home")


@pytest.mark.parametrize(
    "text",
    ["sandboxes: [UAT]", "sandboxes: [a, a]", "nope: 1", "people: [{name: x}]", "- a", "a: [", "knobs: {nope: 1}"],
)
def test_a_wrong_landscape_file_is_one_clear_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "landscape.yaml"
    file.write_text(text)
    answer = localorg(tmp_path / "home", "start", "--config", str(file))
    assert answer.returncode == 1
    assert answer.stderr.startswith("localorg: ")
    assert len(answer.stderr.strip().splitlines()) == 1 or "yaml" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_looking_at_it_from_all_sides_never_disturbs_a_start(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            home.is_running()

    watchers = [threading.Thread(target=look) for _ in range(3)]
    for each in watchers:
        each.start()
    try:
        for _ in range(50):
            lock = home.lock()
            assert lock is not None
            assert home.is_running()
            lock.close()
    finally:
        over.set()
        for each in watchers:
            join(each)
    assert not home.is_running()


def test_a_state_that_cannot_be_used_is_said_in_one_line(tmp_path: Path) -> None:
    home = tmp_path / "home"
    start(home).close()
    stop(home)
    again = localorg(home, "start", "--sandboxes", "5")
    assert "is made already: --sandboxes will hold after" in again.stderr
    stop(home)
    with closing(sqlite3.connect(home / "state.sqlite")) as database, database:
        database.execute("UPDATE _Setting SET value = '\"older\"' WHERE name = 'schema'")
    other = localorg(home, "start")
    assert (other.returncode, len(other.stderr.splitlines())) == (1, 1)
    assert "made by another version" in other.stderr
    for path in home.glob("state.sqlite*"):
        path.write_bytes(b"this is no database, whatever its name says" * 99)
    broken = localorg(home, "start")
    assert (broken.returncode, len(broken.stderr.splitlines())) == (1, 1)
    assert "localorg reset" in broken.stderr


def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        answer = localorg(tmp_path / "home", "start", "--port-base", str(taken.getsockname()[1]))
    assert answer.returncode == 1
    assert "is taken by another program" in answer.stderr


def test_a_client_with_another_ca_does_not_trust_it(landscape: Landscape) -> None:
    with requests.Session() as stranger:
        stranger.trust_env = False
        with pytest.raises(requests.exceptions.SSLError):
            stranger.get(landscape.org("uat").url, timeout=30)


def test_a_reset_forgets_everything(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = start(home)
    first.close()
    assert localorg(home, "reset").returncode == 0
    second = start(home)
    second.close()
    assert first.about["orgs"][0]["accessToken"] != second.about["orgs"][0]["accessToken"]
    stop(home)


def test_a_renamed_org_is_the_same_org_at_another_address_and_the_old_one_answers_nobody(own: Landscape) -> None:
    before, other = own.org("uat"), own.org("dev")
    assert before.data("GET", "/limits").status_code == 200  # over a connection that stays open
    answer = localorg(own.home, "rename", "uat")
    assert answer.returncode == 0, answer.stderr
    now = own.org("uat")
    assert now.url in answer.stdout
    assert (now.url != before.url, now.about["orgId"]) == (True, before.about["orgId"])
    with pytest.raises(requests.ConnectionError):
        before.data("GET", "/limits")
    assert OrgClient(own, now.about, before.token).data("GET", "/limits").status_code == 200
    assert other.data("GET", "/limits").status_code == 200
    assert own.org("dev").url == other.url
    own.close()
    stop(own.home)
    again = start(own.home)
    assert again.org("uat").url == now.url
    assert again.org("uat").data("GET", "/limits").status_code == 200
    again.close()
    assert "no org is named" in localorg(own.home, "rename", "nowhere").stderr

"""A start of the command, and many users: an app taken over with the 500 who hold its set, a set for 2,000."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.project import empty_stack, engine, landscape, new_stack
from bench.targets import Results
from tests.conformance.app import ExternalApp, Key
from tests.forked import INSTALLED
from tests.landscape import Landscape, Org
from tests.program.stack import Stack, ok

ROUNDS = 5
IMPORTED, GIVEN = 500, 2_000
BATCH = 200
_DATA = "/services/data/v67.0"


def run(results: Results) -> None:
    """Measure and print."""
    results.note("orgkey --help", _start([str(INSTALLED / "orgkey"), "--help"]), _start([sys.executable, "-c", ""]))
    pulumi = engine()
    with landscape() as (folder, running):
        empty = empty_stack(folder / "empty", pulumi)
        floor, _ = _timed(running, "an empty program", empty)
        for name, stack in (
            ("import of an app with 500 users", lambda: _to_import(folder / "import", pulumi, running)),
            ("first up with 2,000 users", lambda: _for_many(folder / "many", pulumi, running)),
        ):
            seconds, requests = _timed(running, name, stack())
            results.note(name, seconds, floor)
            results.note(f"{name}: requests", requests)


def _start(command: Sequence[str]) -> float:
    """Seconds of the median of a few starts."""
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        taken.append(time.perf_counter() - began)
    print(f"{Path(command[0]).name} {command[1]}: {statistics.median(taken):.3f} s, {ROUNDS} rounds")
    return statistics.median(taken)


def _timed(running: Landscape, name: str, stack: Stack) -> tuple[float, int]:
    running.admin("DELETE", "/requests")
    began = time.perf_counter()
    ok(stack.up())
    seconds = time.perf_counter() - began
    counts = running.admin("GET", "/requests")["counts"]
    listed = ", ".join(f"{count} {operation}" for operation, count in sorted(counts.items()))
    print(f"{name}: {seconds:.2f} s, {sum(counts.values())} requests ({listed})")
    return seconds, sum(counts.values())


def _to_import(folder: Path, pulumi: Path, running: Landscape) -> Stack:
    """A stack that takes over an app made by hand, its set, and the users who hold it."""
    org = running.fresh("uat")
    app = ExternalApp(Key.generate())
    app.source.write_zip(folder.with_suffix(".zip"))
    org.deploy_zip(folder.with_suffix(".zip").read_bytes())
    people = _people(running, org, IMPORTED)
    _assign(org, app.set_name, people)
    return new_stack(
        folder,
        pulumi,
        org,
        {
            "orgkey:app": {"name": app.name, "contactEmail": "ops@acme.com"},
            "orgkey:permissionSet": {"name": app.set_name},
            "orgkey:key": {"consumerKey": app.consumer_key},
            "orgkey:users": people,
            "orgkey:import": {"app": True, "permissionSet": True, "assignments": True},
        },
    )


def _for_many(folder: Path, pulumi: Path, running: Landscape) -> Stack:
    org = running.fresh("uat")
    return new_stack(folder, pulumi, org, {"orgkey:users": _people(running, org, GIVEN)})


def _people(running: Landscape, org: Org, count: int) -> list[str]:
    return [
        running.admin("POST", "/users", org=org.name, alias=f"u{number}", name=f"User {number}")["username"]
        for number in range(count)
    ]


def _assign(org: Org, permission_set: str, usernames: Sequence[str]) -> None:
    (held,) = org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{permission_set}'")
    ids = {row["Username"]: row["Id"] for row in org.query("SELECT Id, Username FROM User")}
    for start in range(0, len(usernames), BATCH):
        records = [
            {
                "attributes": {"type": "PermissionSetAssignment"},
                "AssigneeId": ids[username],
                "PermissionSetId": held["Id"],
            }
            for username in usernames[start : start + BATCH]
        ]
        answer = org.call("POST", f"{_DATA}/composite/sobjects", json={"allOrNone": True, "records": records})
        assert answer.ok, answer.text

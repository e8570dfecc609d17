"""The local org as a server: token grants and queries a second, how they are spread, memory over many requests, deploys at once.

Clients are processes with keep-alive connections on the same two cores, so the server's own share is larger than it looks.
"""

from __future__ import annotations

import http.client
import multiprocessing
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from bench.targets import Results
from tests.localorg.bundles import ExternalApp, Keys, manifest, permission_set, zipped
from tests.localorg.landscape_client import Landscape, OrgClient, start, stop

CLIENTS = 4
SECONDS = 4.0  # of load per measurement
MANY = 50_000  # requests over which memory must stay flat
DEPLOYS = 20
_QUERY = "SELECT Id, Username, Profile.UserLicense.Name FROM User WHERE Username LIKE 'ci@%' AND IsActive = true ORDER BY Username"


@dataclass(frozen=True)
class Load:
    """One kind of request, sent over and over."""

    url: str
    ca_bundle: str
    method: str
    path: str
    headers: dict[str, str]
    bodies: Sequence[str]


def run(results: Results) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "localorg.cli", "--home", str(home), "start"], check=True, stdout=subprocess.DEVNULL
        )
        seconds = time.perf_counter() - began
        print(f"`localorg start`, three orgs, to the prompt: {seconds:.2f} s")
        results.note("localorg start", seconds)
        landscape = start(home)
        try:
            _measure(landscape, results)
        finally:
            landscape.close()
            stop(home)


def _measure(landscape: Landscape, results: Results) -> None:
    memory = lambda: _resident(int(landscape.about["pid"]))  # noqa: E731
    print(f"memory, three orgs: {memory():.0f} MB")
    results.note("localorg: memory of three orgs", memory())
    landscape.knob(login_rate=0)
    org = landscape.org("uat")
    app = ExternalApp(Keys.generate())
    org.deploy(app.package())
    org.assign(app.set_name, "ci")
    url, bundle = org.url, str(landscape.about["caBundle"])
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    bodies = [
        urlencode(
            {
                "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "assertion": app.assertion(org.username("ci"), url, jti=str(number), exp=int(time.time()) + 3600),
            }
        )
        for number in range(200)
    ]
    grants = Load(url, bundle, "POST", "/services/oauth2/token", form, bodies)
    session = {"Authorization": f"Bearer {org.token}"}
    queries = Load(url, bundle, "GET", f"/services/data/v67.0/query?q={quote(_QUERY)}", session, [""])
    _report("token grants", grants, results)
    _report("queries", queries, results)
    before, sent = memory(), 0
    while sent < MANY:
        sent += len(_send(grants, SECONDS)) + len(_send(queries, SECONDS))
    print(f"memory over {sent} requests: {before:.0f} -> {memory():.0f} MB")
    results.note("localorg: memory after 50,000 requests", memory(), before)
    _deploys_at_once(org)


def _report(name: str, load: Load, results: Results) -> None:
    seconds = _send(load, SECONDS)
    each_second, slowest = len(seconds) / SECONDS, statistics.quantiles(seconds, n=100)[98] * 1000
    print(f"{name}: {each_second:.0f}/s, median {statistics.median(seconds) * 1000:.1f} ms, p99 {slowest:.1f} ms")
    results.note(f"localorg: {name}", each_second)
    results.note(f"localorg: {name}, p99", slowest)


def _send(load: Load, seconds: float) -> list[float]:
    with multiprocessing.get_context("spawn").Pool(CLIENTS) as pool:
        return [value for part in pool.starmap(_client, [(load, seconds)] * CLIENTS) for value in part]


def _client(load: Load, seconds: float) -> list[float]:
    target = urlsplit(load.url)
    context = ssl.create_default_context(cafile=load.ca_bundle)
    connection = http.client.HTTPSConnection(str(target.hostname), target.port, context=context)
    taken, over, number = [], time.perf_counter() + seconds, 0
    while (began := time.perf_counter()) < over:
        connection.request(load.method, load.path, load.bodies[number % len(load.bodies)] or None, load.headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise RuntimeError(f"{load.path.split('?')[0]} answered {answer.status}")
        taken.append(time.perf_counter() - began)
        number += 1
    connection.close()
    return taken


def _deploys_at_once(org: OrgClient) -> None:
    deploy: Callable[[int], bool] = lambda number: org.deploy(_set(f"Bench{number}"))["success"]  # noqa: E731
    began = time.perf_counter()
    with ThreadPoolExecutor(DEPLOYS) as pool:
        ended = list(pool.map(deploy, range(DEPLOYS)))
    there = len(org.query("SELECT Id FROM PermissionSet WHERE Name LIKE 'Bench%'"))
    print(
        f"{DEPLOYS} deploys into one org at once: {sum(ended)} succeeded, {there} sets there, "
        f"{time.perf_counter() - began:.1f} s"
    )


def _set(name: str) -> bytes:
    return zipped({"package.xml": manifest({"PermissionSet": [name]}), **permission_set(name)})


def _resident(pid: int) -> float:
    """Resident memory of a process in MB (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024

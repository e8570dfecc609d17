"""Our first `up` beside the Salesforce CLI doing the same work, in one run, at three deploy times.

The CLI's share is what a script would do for one org: `sf org login jwt` with an app that is there already (ours needs none),
`sf project deploy start` of the same permission set and app, `sf org assign permset`. It makes no key and proves nothing.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.app import ExternalApp, Key
from tests.conformance.outside import fenced
from tests.conformance.salesforce_cli import SalesforceCli
from tests.conformance.tools import NODE, OutOfReachError, install
from tests.landscape import Landscape, Org
from tests.program.stack import AS_INSTALLED, Stack, ok

DEPLOY_TIMES = (
    0.0,
    0.3,
    2.5,
)  # seconds for one deploy; ours makes one, and the set by a call that the local org answers at once


@dataclass(frozen=True)
class Result:
    """One run: seconds, requests to the org, peak memory of the largest process so far in MB."""

    seconds: float
    requests: int
    memory: float


def run() -> None:
    """Measure and print a table."""
    try:
        node = install(NODE)
    except OutOfReachError as error:
        print(f"the Salesforce CLI is not on this machine and {error}")
        return
    engine = Path(
        subprocess.run(
            [sys.executable, "-m", "toolchain"], stdout=subprocess.PIPE, text=True, check=True
        ).stdout.strip()
    )
    with tempfile.TemporaryDirectory() as folder, fenced() as fence:
        landscape = Landscape(Path(folder) / "localorg")
        landscape.start()
        try:
            print(f"{'org needs per deploy':22}{'orgkey: first up':>34}{'sf: login, deploy, assign':>34}")
            for number, deploy_time in enumerate(DEPLOY_TIMES):
                place = Path(folder) / str(number)
                ours = _ours(place / "ours", engine, landscape, deploy_time)
                theirs = _theirs(place / "theirs", node, fence.url, landscape, deploy_time)
                print(f"{deploy_time:>4.1f} s{'':16}{_shown(ours):>34}{_shown(theirs):>34}")
                print(f"{'':22}fixed cost over the deploy: {ours.seconds - deploy_time:.2f} s (target: under 2.0 s)")
        finally:
            landscape.stop()


def _ours(folder: Path, engine: Path, landscape: Landscape, deploy_time: float) -> Result:
    org = landscape.fresh("uat")
    stack = Stack(folder, engine, **AS_INSTALLED)
    (folder / "auth").write_text(org.auth_url)
    stack.configure(
        {
            "salesforce:instanceUrl": org.url,
            "salesforce:caBundle": org.ca_bundle,
            "salesforce:credentials": {"sfdxAuthUrlFile": "auth"},
            "orgkey:app": {"name": "CI_Integration", "contactEmail": "ops@acme.com"},
            "orgkey:users": [org.user("ci")],
        }
    )
    landscape.admin("PATCH", "/knobs", deploy_time=deploy_time)
    return _timed(landscape, org, lambda: ok(stack.up()))


def _theirs(folder: Path, node: Path, proxy: str, landscape: Landscape, deploy_time: float) -> Result:
    org = landscape.fresh("uat")
    folder.mkdir(parents=True)
    key = Key.generate()
    there, new = ExternalApp(key), ExternalApp(key)
    there.source.write_zip(folder / "there.zip")
    org.deploy_zip((folder / "there.zip").read_bytes())
    org.assign(there.set_name, org.username)
    sf = SalesforceCli(folder / "sf", node, org.ca_bundle, proxy)
    key_file = folder / "server.key"
    key_file.write_text(key.private)
    archive = new.source.write_zip(folder / "new.zip")
    sf("org", "list")  # once, so that its compile cache is warm
    landscape.admin("PATCH", "/knobs", deploy_time=deploy_time)

    def work() -> None:
        for command in (
            ("org", "login", "jwt", "-o", org.username, "-f", key_file, "-i", there.consumer_key, "-r", org.url, "-s"),
            ("project", "deploy", "start", "--metadata-dir", archive, "--single-package"),
            ("org", "assign", "permset", "-n", new.set_name, "-b", org.user("ci")),
        ):
            ended = sf(*command)
            assert ended.code == 0, ended.answer

    return _timed(landscape, org, work)


def _timed(landscape: Landscape, org: Org, work: Callable[[], object]) -> Result:
    landscape.admin("DELETE", "/requests")
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    requests = sum(landscape.admin("GET", f"/requests?org={org.name}")["counts"].values())
    return Result(seconds, requests, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)


def _shown(result: Result) -> str:
    return f"{result.seconds:5.2f} s, {result.requests} requests"

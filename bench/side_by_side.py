"""Our first `up` beside the Salesforce CLI doing the same work, in one run, at three deploy times.

The CLI's share is what a script would do for one org: `sf org login jwt` with an app that is there already (ours needs none),
`sf project deploy start` of the same permission set and app, `sf org assign permset`. It makes no key and proves nothing.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.project import engine, landscape, new_stack
from bench.targets import Results
from tests.conformance.app import ExternalApp, Key
from tests.conformance.outside import fenced
from tests.conformance.salesforce_cli import SalesforceCli
from tests.conformance.tools import NODE, OutOfReachError, install
from tests.landscape import Landscape, Org
from tests.program.stack import ok

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


def run(results: Results) -> None:
    """Measure and print a table."""
    try:
        node = install(NODE)
    except OutOfReachError as error:
        print(f"the Salesforce CLI is not on this machine and {error}")
        return
    pulumi = engine()
    with landscape() as (folder, running), fenced() as fence:
        print(f"{'org needs per deploy':22}{'orgkey: first up':>34}{'sf: login, deploy, assign':>34}")
        for number, deploy_time in enumerate(DEPLOY_TIMES):
            place = folder / str(number)
            ours = _ours(place / "ours", pulumi, running, deploy_time)
            theirs = _theirs(place / "theirs", node, fence.url, running, deploy_time)
            print(f"{deploy_time:>4.1f} s{'':16}{_shown(ours):>34}{_shown(theirs):>34}")
            print(f"{'':22}fixed cost over the deploy: {ours.seconds - deploy_time:.2f} s")
            results.note(f"first up beside sf, a deploy takes {deploy_time:.1f} s", ours.seconds, theirs.seconds)


def _ours(folder: Path, pulumi: Path, running: Landscape, deploy_time: float) -> Result:
    org = running.fresh("uat")
    stack = new_stack(folder, pulumi, org)
    running.admin("PATCH", "/knobs", deploy_time=deploy_time)
    return _timed(running, org, lambda: ok(stack.up()))


def _theirs(folder: Path, node: Path, proxy: str, running: Landscape, deploy_time: float) -> Result:
    org = running.fresh("uat")
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
    running.admin("PATCH", "/knobs", deploy_time=deploy_time)

    def work() -> None:
        for command in (
            ("org", "login", "jwt", "-o", org.username, "-f", key_file, "-i", there.consumer_key, "-r", org.url, "-s"),
            ("project", "deploy", "start", "--metadata-dir", archive, "--single-package"),
            ("org", "assign", "permset", "-n", new.set_name, "-b", org.user("ci")),
        ):
            ended = sf(*command)
            assert ended.code == 0, ended.answer

    return _timed(running, org, work)


def _timed(running: Landscape, org: Org, work: Callable[[], object]) -> Result:
    running.admin("DELETE", "/requests")
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    requests = sum(running.admin("GET", f"/requests?org={org.name}")["counts"].values())
    return Result(seconds, requests, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)


def _shown(result: Result) -> str:
    return f"{result.seconds:5.2f} s, {result.requests} requests"

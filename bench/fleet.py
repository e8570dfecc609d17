"""`orgkey drift` over many orgs: seconds, requests by purpose and memory, beside a shell loop over the same stacks.

Every request takes 50 ms in the orgs. The local org runs on the same two cores; its memory is not counted. A key service keeps the
secrets; a few stacks show the price of a passphrase, of which each command makes a key by a million rounds.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

from bench.project import engine, landscape
from bench.targets import Results
from tests.forked import INSTALLED
from tests.landscape import Landscape
from tests.program.fleet import Fleet
from tests.program.stack import AS_INSTALLED

SIZES = (10, 50, 100, 200)
WITH_PASSPHRASE = 10
JUDGED, JOBS, LATENCY = 50, 4, 0.05
_MEBIBYTE = 1024 * 1024
_PAGE = os.sysconf("SC_PAGE_SIZE")


def run(results: Results) -> None:
    """Measure and print a table."""
    with landscape("--sandboxes", str(max(SIZES))) as (folder, running):
        _measure(folder, running, results)


def _measure(folder: Path, landscape: Landscape, results: Results) -> None:
    names = [row["name"] for row in landscape.status()["orgs"] if row["kind"] == "sandbox"]
    fleet = _brought_up(Fleet(folder / "passphrase", engine(), landscape, **AS_INSTALLED), names[:WITH_PASSPHRASE])
    landscape.admin("PATCH", "/knobs", latency=LATENCY)
    seconds, _ = _drift(fleet, names[:WITH_PASSPHRASE])
    print(f"with a passphrase: {WITH_PASSPHRASE} orgs {seconds:.1f} s")
    landscape.admin("PATCH", "/knobs", latency=0)
    fleet.destroy(names[:WITH_PASSPHRASE])
    fleet = _brought_up(Fleet(folder / "project", engine(), landscape, path=(INSTALLED,)), names)
    landscape.admin("PATCH", "/knobs", latency=LATENCY)
    print(f"orgkey drift --jobs {JOBS}, {LATENCY * 1000:.0f} ms a request")
    taken = {}
    for size in SIZES:
        landscape.admin("DELETE", "/requests")
        taken[size], peak = _drift(fleet, names[:size])
        counts = Counter(landscape.admin("GET", "/requests")["counts"])
        each = ", ".join(f"{count / size:.1f} {operation}" for operation, count in sorted(counts.items()))
        print(
            f"{size:4} orgs {taken[size]:6.1f} s {taken[size] / size:5.2f} s an org {peak / _MEBIBYTE:5.0f} MB"
            f" {counts.total() / size:5.1f} requests an org ({each})"
        )
        if size == JUDGED:
            results.note("drift of 50 orgs: memory", peak / _MEBIBYTE)
            results.note("drift of 50 orgs: requests an org", counts.total() / size)
    most = max(SIZES)
    results.note("drift of 200 orgs: an org, beside one of 50", taken[most] / most, taken[JUDGED] / JUDGED)
    looped = _loop(fleet, names[:JUDGED])
    results.note("drift of 50 orgs", taken[JUDGED], looped)


def _brought_up(fleet: Fleet, names: list[str]) -> Fleet:
    started = time.perf_counter()
    for name in names:
        fleet.add(fleet.landscape.org(name))
    fleet.up(names)
    print(f"{len(names)} stacks brought up in {time.perf_counter() - started:.0f} s")
    return fleet


def _loop(fleet: Fleet, names: list[str]) -> float:
    """Seconds that a shell loop over the same stacks takes."""
    command = "pulumi refresh --preview-only --expect-no-changes --non-interactive --stack"
    started = time.perf_counter()
    environment = fleet.stacks[names[0]].environment
    for name in names:
        subprocess.run([*command.split(), name], cwd=fleet.folder, env=environment, capture_output=True, check=True)
    seconds = time.perf_counter() - started
    print(f"a shell loop of `{command}`: {len(names)} orgs {seconds:.1f} s")
    return seconds


def _drift(fleet: Fleet, names: list[str]) -> tuple[float, float]:
    """Seconds, and the most bytes that `orgkey` and its engines held at a time."""
    chosen = [argument for name in names for argument in ("--stack", name)]
    started = time.perf_counter()
    process = subprocess.Popen(
        [INSTALLED / "orgkey", "drift", "--jobs", str(JOBS), *chosen],
        cwd=fleet.folder,
        env=fleet.stacks[names[0]].environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    peak, over = [0.0], threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, peak, over))
    watcher.start()
    said, _ = process.communicate()
    seconds = time.perf_counter() - started
    over.set()
    watcher.join()
    assert process.returncode == 0, said
    return seconds, peak[0]


def _watch(parent: int, peak: list[float], over: threading.Event) -> None:
    while not over.wait(0.05):
        peak[0] = max(peak[0], sum(_resident(pid) for pid in (parent, *_children(parent))))


def _children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[-1].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                found.append(int(entry.name))
    return found


def _resident(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0.0

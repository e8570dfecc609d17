"""`orgkey drift` over many orgs: seconds, requests by purpose and memory, beside a shell loop over the same stacks.

Every request takes 50 ms in the orgs. The local org runs on the same two cores; its memory is not counted.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from tests.forked import INSTALLED
from tests.landscape import Landscape
from tests.program.fleet import Fleet
from tests.program.stack import AS_INSTALLED

SIZES = (10, 25, 50, 100)
LOOPED, JOBS, LATENCY = 50, 4, 0.05
TARGETS = "targets at 50: 20 s, 13 requests an org, 1,000 MB"
_MEBIBYTE = 1024 * 1024
_PAGE = os.sysconf("SC_PAGE_SIZE")


def run() -> None:
    """Measure and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        landscape = Landscape(Path(folder) / "localorg")
        landscape.start("--sandboxes", str(max(SIZES)))
        try:
            _measure(Path(folder), landscape)
        finally:
            landscape.stop()


def _measure(folder: Path, landscape: Landscape) -> None:
    engine = subprocess.run([sys.executable, "-m", "toolchain"], stdout=subprocess.PIPE, text=True, check=True)
    fleet = Fleet(folder / "project", Path(engine.stdout.strip()), landscape, **AS_INSTALLED)
    names = [row["name"] for row in landscape.status()["orgs"] if row["kind"] == "sandbox"]
    started = time.perf_counter()
    for name in names:
        fleet.add(landscape.org(name))
    fleet.up(names)
    print(f"{len(names)} stacks brought up in {time.perf_counter() - started:.0f} s")
    landscape.admin("PATCH", "/knobs", latency=LATENCY)
    print(f"orgkey drift --jobs {JOBS}, {LATENCY * 1000:.0f} ms a request; {TARGETS}")
    for size in SIZES:
        landscape.admin("DELETE", "/requests")
        seconds, peak = _drift(fleet, names[:size])
        counts = Counter(landscape.admin("GET", "/requests")["counts"])
        each = ", ".join(f"{count / size:.1f} {operation}" for operation, count in sorted(counts.items()))
        print(
            f"{size:4} orgs {seconds:6.1f} s {seconds / size:5.2f} s an org {peak / _MEBIBYTE:5.0f} MB"
            f" {counts.total() / size:5.1f} requests an org ({each})"
        )
    looped = names[:LOOPED]
    command = "pulumi refresh --preview-only --expect-no-changes --non-interactive --stack"
    started = time.perf_counter()
    environment = fleet.stacks[names[0]].environment
    for name in looped:
        subprocess.run([*command.split(), name], cwd=fleet.folder, env=environment, capture_output=True, check=True)
    print(f"a shell loop of `{command}`: {len(looped)} orgs {time.perf_counter() - started:.1f} s")


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

"""What this machine carries: how many stacks to look at at a time where nobody says it.

A look at a stack is an engine that mostly waits for the org: two for each core, as far as half of the memory that is free reaches.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

A_CORE = 2
MOST = 16
"""At a time, whatever the machine is: nothing was measured beyond, and backends and proxies have limits of their own."""
A_STACK = 120 * 2**20
"""Bytes for one more stack at a time. Measured: 213 MB with one, 321 with two, 533 with four, 968 with eight, so 108 each."""
_CGROUPS, _MEMINFO, _OWN_CGROUP = Path("/sys/fs/cgroup"), Path("/proc/meminfo"), Path("/proc/self/cgroup")


def jobs_for(cores: int, memory: int | None) -> int:
    """How many stacks at a time for so many cores and bytes of free memory; None where the machine does not tell the latter."""
    by_memory = MOST if memory is None else memory // 2 // A_STACK
    return max(1, min(MOST, A_CORE * cores, by_memory))


def default_jobs() -> int:
    """`jobs_for` this machine, or the container that this process is in."""
    return jobs_for(cores(), free_memory())


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def free_memory(meminfo: Path = _MEMINFO, own_cgroup: Path = _OWN_CGROUP, cgroups: Path = _CGROUPS) -> int | None:
    """Bytes that the machine has free, or what a container's limit leaves where that is less; None where neither is told."""
    found = [*_of_machine(meminfo), *_of_cgroups(own_cgroup, cgroups)]
    return min(found, default=None)


def _of_machine(meminfo: Path) -> Iterator[int]:
    available = _fields(meminfo).get("MemAvailable:")
    if available is not None:
        yield available * 1024


def _of_cgroups(own_cgroup: Path, cgroups: Path) -> Iterator[int]:
    """What each limit (cgroup v2) from our own group upwards leaves; pages of files that can be given back count as free."""
    own = next((line[3:] for line in _text(own_cgroup).splitlines() if line.startswith("0::")), "/")
    for group in (PurePosixPath(own), *PurePosixPath(own).parents):
        folder = cgroups / str(group).lstrip("/")
        limit, used = _text(folder / "memory.max").strip(), _text(folder / "memory.current").strip()
        if limit.isdecimal() and used.isdecimal():
            given_back = _fields(folder / "memory.stat").get("inactive_file", 0)
            yield max(0, int(limit) - int(used) + given_back)


def _fields(file: Path) -> dict[str, int]:
    words = (line.split() for line in _text(file).splitlines())
    return {each[0]: int(each[1]) for each in words if len(each) > 1 and each[1].isdecimal()}


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""

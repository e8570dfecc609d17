"""How many stacks are looked at at a time where nobody says it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkey.fleet.machine import A_STACK, MOST, cores, default_jobs, free_memory, jobs_for

GIB = 2**30
CORES, MEMORY = st.integers(1, 512), st.integers(0, 1024 * GIB)


@pytest.mark.parametrize(
    ("core_count", "memory", "jobs"),
    [
        (1, 16 * GIB, 2),
        (2, 16 * GIB, 4),
        (4, 16 * GIB, 8),
        (64, 256 * GIB, 16),
        (2, None, 4),
        (64, None, 16),
        (8, GIB, 4),
        (8, GIB // 4, 1),
        (2, 0, 1),
    ],
)
def test_two_stacks_a_core_as_far_as_half_of_the_free_memory_reaches(
    core_count: int, memory: int | None, jobs: int
) -> None:
    assert jobs_for(core_count, memory) == jobs


@given(CORES, st.none() | MEMORY)
def test_there_is_always_one_and_never_more_than_the_command_takes(core_count: int, memory: int | None) -> None:
    assert 1 <= jobs_for(core_count, memory) <= MOST


@given(CORES, CORES, MEMORY, MEMORY)
def test_a_larger_machine_never_does_less(one: int, other: int, little: int, much: int) -> None:
    assert jobs_for(min(one, other), min(little, much)) <= jobs_for(max(one, other), max(little, much))


@given(CORES, MEMORY)
def test_more_than_one_never_takes_more_than_half_of_what_is_free(core_count: int, memory: int) -> None:
    jobs = jobs_for(core_count, memory)
    assert jobs == 1 or jobs * A_STACK <= memory / 2


def machine(
    folder: Path, *, available: int | None = None, limits: dict[str, tuple[str, int, int]], own: str
) -> int | None:
    """Free memory of a made-up machine; a limit by its group: memory.max, memory.current, inactive_file."""
    if available is not None:
        (folder / "meminfo").write_text(
            f"MemTotal:       99999999 kB\nMemAvailable:   {available} kB\nHugePages_Total:       0\n"
        )
    (folder / "cgroup").write_text(f"12:memory:/elsewhere\n0::{own}\n")
    for group, (limit, used, files) in limits.items():
        place = folder / "cgroups" / group
        place.mkdir(parents=True, exist_ok=True)
        (place / "memory.max").write_text(f"{limit}\n")
        (place / "memory.current").write_text(f"{used}\n")
        (place / "memory.stat").write_text(f"anon {used - files}\nfile {files}\ninactive_file {files}\n")
    return free_memory(folder / "meminfo", folder / "cgroup", folder / "cgroups")


@pytest.mark.parametrize(
    ("available", "own", "limits", "free"),
    [
        (4000, "/", {}, 4000 * 1024),
        (None, "/", {}, None),
        (4000, "/", {"": ("max", 1000, 0)}, 4000 * 1024),
        (4000, "/", {"": ("2000000", 500000, 0)}, 1500000),
        (4000, "/", {"": ("2000000", 500000, 200000)}, 1700000),
        (4000, "/", {"": ("9000000", 500000, 0)}, 4000 * 1024),
        (4000, "/", {"": ("1000", 2000, 0)}, 0),
        (4000, "/pod/app", {"pod": ("1000000", 400000, 0), "pod/app": ("max", 300000, 0)}, 600000),
        (4000, "/pod/app", {"pod": ("max", 400000, 0), "pod/app": ("800000", 300000, 0), "other": ("1", 0, 0)}, 500000),
        (None, "/", {"": ("2000000", 500000, 0)}, 1500000),
    ],
)
def test_free_memory_is_the_machines_or_what_the_nearest_limit_of_a_container_leaves(
    tmp_path: Path, available: int | None, own: str, limits: dict[str, tuple[str, int, int]], free: int | None
) -> None:
    assert machine(tmp_path, available=available, limits=limits, own=own) == free


def test_this_machine_has_a_default() -> None:
    assert cores() >= 1
    assert 1 <= default_jobs() <= MOST

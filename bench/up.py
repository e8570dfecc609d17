"""`pulumi up --skip-preview`: an empty program (the engine's floor), our first one, and ours with nothing to change.

Deploy time 0: what is measured is the engine, the program and the provider. Requests are counted by the local org, by purpose.
"""

from __future__ import annotations

import statistics
import time

from bench.project import empty_stack, engine, landscape, new_stack
from bench.targets import Results
from tests.program.stack import Stack, ok

ROUNDS = 3
EMPTY, FIRST, AGAIN = "an empty program", "first up", "up with nothing to change"


def run(results: Results) -> None:
    """Measure and print a table."""
    pulumi = engine()
    seconds: dict[str, list[float]] = {EMPTY: [], FIRST: [], AGAIN: []}
    requests: dict[str, dict[str, int]] = {}
    with landscape() as (folder, running):
        empty = empty_stack(folder / "empty", pulumi)
        for number in range(ROUNDS):
            seconds[EMPTY].append(_timed(empty))
            stack = new_stack(folder / f"ours{number}", pulumi, running.fresh("uat"))
            for name in (FIRST, AGAIN):
                running.admin("DELETE", "/requests")
                seconds[name].append(_timed(stack))
                requests[name] = running.admin("GET", "/requests?org=uat")["counts"]
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, values in seconds.items():
        print(
            f"{name:27} {medians[name]:5.2f} s (min {min(values):.2f}, max {max(values):.2f}, {ROUNDS} rounds)"
            f"  {medians[name] / medians[EMPTY]:4.1f} x {EMPTY}"
        )
    for name, counts in requests.items():
        listed = ", ".join(f"{count} {operation}" for operation, count in sorted(counts.items()))
        print(f"{name}: {sum(counts.values())} requests ({listed})")
        results.note(f"{name}: requests", sum(counts.values()))
    results.note(f"{FIRST}, deploys take no time", medians[FIRST], medians[EMPTY])
    results.note(AGAIN, medians[AGAIN], medians[EMPTY])


def _timed(stack: Stack) -> float:
    started = time.perf_counter()
    ok(stack.up())
    return time.perf_counter() - started

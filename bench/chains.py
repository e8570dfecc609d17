"""How many requests to the org wait for each other: the longest chain in a first `up`, one without changes and a drift check.

Round trips count more than milliseconds on real orgs, so the same is done with 0, 50 and 200 ms added to each request. Two requests are
told apart by whether they overlapped: at 0 ms the local org answers one before it takes the next, and the chain is longer than what has
to wait. The log is the local org's (docs/local-org.md); deploys take no time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bench.chain import Link, asked, in_words, longest_chain
from bench.project import engine, landscape, new_stack
from bench.targets import Results
from tests.landscape import Landscape
from tests.program.stack import ok

LATENCIES = (0.0, 0.05, 0.2)  # seconds a request
JUDGED = 0.2  # where what can overlap does


def run(results: Results) -> None:
    """Measure and print."""
    pulumi = engine()
    with landscape() as (folder, running):
        for latency in LATENCIES:
            print(f"{latency * 1000:.0f} ms a request")
            for name, chain in _measure(folder / f"{latency}", pulumi, running, latency).items():
                if latency == JUDGED:
                    results.note(f"{name}: longest chain", len(chain))


def _measure(folder: Path, pulumi: Path, running: Landscape, latency: float) -> dict[str, list[Link]]:
    org = running.fresh("uat")
    stack = new_stack(folder, pulumi, org)
    running.admin("PATCH", "/knobs", latency=latency)
    commands: dict[str, Callable[[], object]] = {
        "first up": lambda: ok(stack.up()),
        "up with nothing to change": lambda: ok(stack.up()),
        "drift check": lambda: ok(stack.orgkey("drift", "--stack", stack.name)),
    }
    return {name: _chain_of(running, name, command) for name, command in commands.items()}


def _chain_of(running: Landscape, name: str, command: Callable[[], object]) -> list[Link]:
    running.admin("DELETE", "/requests")
    began = time.perf_counter()
    command()
    seconds = time.perf_counter() - began
    requests = asked(running.admin("GET", "/requests")["requests"])
    chain = longest_chain(requests)
    in_org = sum(link.request.end - link.request.begin for link in chain)
    print(
        f"  {name}: {len(requests)} requests, longest chain {len(chain)}, {seconds:.2f} s, of which {in_org:.2f} s the chain's\n"
        f"    {in_words(chain)}"
    )
    return chain

"""`pulumi up --skip-preview`: an empty program (the engine's floor), our first one, and ours with nothing to change.

Deploy time 0: what is measured is the engine, the program and the provider. Requests are counted by the local org, by purpose.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.landscape import Landscape
from tests.program.stack import AS_INSTALLED, Stack, ok

ROUNDS = 3
TARGETS = {"an empty program": 0.6, "first up": 2.0, "up with nothing to change": 1.4}  # seconds, engine notes 9


def run() -> None:
    """Measure and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        landscape = Landscape(Path(folder) / "localorg")
        landscape.start()
        try:
            _measure(Path(folder), landscape)
        finally:
            landscape.stop()


def _measure(folder: Path, landscape: Landscape) -> None:
    engine = Path(
        subprocess.run(
            [sys.executable, "-m", "toolchain"], stdout=subprocess.PIPE, text=True, check=True
        ).stdout.strip()
    )
    seconds: dict[str, list[float]] = {name: [] for name in TARGETS}
    requests: dict[str, dict[str, int]] = {}
    empty = Stack(folder / "empty", engine, **AS_INSTALLED)
    (empty.folder / "__main__.py").write_text("")
    for number in range(ROUNDS):
        _timed(seconds["an empty program"], empty)
        stack = Stack(folder / f"ours{number}", engine, **AS_INSTALLED)
        org = landscape.fresh("uat")
        (folder / "auth").write_text(org.auth_url)
        stack.configure(
            {
                "salesforce:instanceUrl": org.url,
                "salesforce:caBundle": org.ca_bundle,
                "salesforce:credentials": {"sfdxAuthUrlFile": str(folder / "auth")},
                "orgkey:app": {"name": "CI_Integration", "contactEmail": "ops@acme.com"},
                "orgkey:users": [org.user("ci")],
            }
        )
        for name in ("first up", "up with nothing to change"):
            landscape.admin("DELETE", "/requests")
            _timed(seconds[name], stack)
            requests[name] = landscape.admin("GET", "/requests?org=uat")["counts"]
    floor = statistics.median(seconds["an empty program"])
    for name, values in seconds.items():
        median = statistics.median(values)
        print(
            f"{name:27} {median:5.2f} s (min {min(values):.2f}, max {max(values):.2f}, {ROUNDS} rounds)"
            f"  {median / floor:4.1f} x the floor; target {TARGETS[name]:.1f} s with a floor of 0.6 s"
        )
    for name, counts in requests.items():
        listed = ", ".join(f"{count} {operation}" for operation, count in sorted(counts.items()))
        print(f"{name}: {sum(counts.values())} requests ({listed})")


def _timed(values: list[float], stack: Stack) -> None:
    started = time.perf_counter()
    ok(stack.up())
    values.append(time.perf_counter() - started)

"""`make bench`: every benchmark, or those named on the command line; at the end what was measured beside its peers and targets."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from datetime import UTC, datetime

from bench.targets import Results, verdict

BENCHMARKS = ("up", "side_by_side", "chains", "sizes", "local_org", "fleet")


def main() -> int:
    """Run and print; a missed target is told, and is no failure."""
    wanted = sys.argv[1:] or BENCHMARKS
    if unknown := [name for name in wanted if name not in BENCHMARKS]:
        print(f"bench: no benchmark is named {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, Python {platform.python_version()}")
    results = Results()
    for name in wanted:
        print(f"\n== {name}", flush=True)
        importlib.import_module(f"bench.{name}").run(results)
    print("\n== targets")
    print("\n".join(verdict(results.seen)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

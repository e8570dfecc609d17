"""`make bench`: every benchmark, or those named on the command line."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from datetime import UTC, datetime

BENCHMARKS = ("up", "side_by_side", "local_org", "fleet")


def main() -> int:
    """Run and print."""
    wanted = sys.argv[1:] or BENCHMARKS
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, Python {platform.python_version()}")
    for name in wanted:
        print(f"\n== {name}")
        importlib.import_module(f"bench.{name}").run()
    return 0


if __name__ == "__main__":
    sys.exit(main())

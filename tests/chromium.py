"""Debian's Chromium for the tests of our pages: `python -m tests.chromium` installs it where that is possible.

It is a package of the system, so it is installed only by root with apt-get (a container, CI); elsewhere the tests that need it are skipped
and say how to get it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

PACKAGES = ("chromium", "chromium-driver")
REASON = f"needs Debian's packages {' and '.join(PACKAGES)} (as root: apt-get install {' '.join(PACKAGES)})"


def installed() -> bool:
    """Whether browser and driver are on PATH."""
    return bool(shutil.which("chromium") and shutil.which("chromedriver"))


def main() -> int:
    """Install it, or say why not; never a failure, because the main path does not depend on it."""
    if installed():
        return 0
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.stderr.write(f"The local org's page and the HTML report are not tested in a browser: that {REASON}.\n")
        return 0
    sys.stderr.write("Installing Debian's Chromium for the tests of our pages (once) ...\n")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES],
    ):
        if subprocess.run(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        ).returncode:
            sys.stderr.write(f"`{' '.join(command)}` failed; our pages are not tested in a browser.\n")
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`pulumi-resource-salesforce` without a fork server of its own: it is forked with its imports done already."""

from __future__ import annotations

import os
import sys
import threading

from orgkey.provider.server import run


def main() -> None:
    run(sys.argv[1:], threading.Event(), os.getppid())

"""The executable `pulumi-resource-salesforce`: what it says of itself, and which process serves the provider."""

from __future__ import annotations

import gc
import os
import signal
import sys

from orgkey.provider.stand_in import address_for, is_unread, meet, serve_elsewhere
from orgkey.version import VERSION

_STDOUT = 1
_RARELY = 100_000
"""Objects between two collections: those made by imports stay, and a provider runs for seconds (ADR 7)."""
_HELP = """usage: pulumi-resource-salesforce [ENGINE]

The Pulumi provider `salesforce` of orgkey. Pulumi's engine starts it, with its own address as ENGINE: nobody need do that by hand.
It prints the loopback port that it serves on, and ends with the process that started it. To let an engine attach to one that runs:

  PULUMI_DEBUG_PROVIDERS=salesforce:PORT pulumi up

options:
  -h, --help  show this text
  --version   show the version
"""


def main() -> int:
    """Serve until the engine is done with us, in this process or in one that the engine's fork server has forked."""
    arguments = sys.argv[1:]
    if {"-h", "--help", "--version"}.intersection(arguments):
        sys.stdout.write(f"pulumi-resource-salesforce {VERSION}\n" if "--version" in arguments else _HELP)
        return 0
    parent = os.getppid()  # once: whoever it is later is nobody's engine
    if is_unread(_STDOUT):
        return 1  # it ended before this process could ask who it is
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback while there is nothing to end yet
    is_an_engines = any(not item.startswith("-") for item in arguments)
    address = address_for(parent) if is_an_engines else None
    connection, listener = meet(address) if address else (None, None)
    if connection and (code := serve_elsewhere(connection, parent)) is not None:
        return code
    gc.set_threshold(_RARELY)
    import threading

    from orgkey.provider.server import run

    if listener:
        from orgkey.provider.fork_server import start

        start(listener, parent, run)
    return run(arguments, threading.Event(), parent)


if __name__ == "__main__":
    sys.exit(main())

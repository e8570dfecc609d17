"""``python -m toolchain``: print the folder with the engine to use, for the front of PATH; make the engine if need be."""

import os
import signal
import sys
from types import FrameType

from toolchain.engine import find_engine
from toolchain.failure import ToolchainError, explain


def main() -> int:
    """Find or make the engine: 0 and its folder on stdout, else one message on stderr and 1 (128 + n on signal n)."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _interrupt)
    try:
        print(find_engine(os.environ, to=sys.stderr))
    except ToolchainError as problem:
        print(f"orgkey: {problem}", file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"orgkey: {explain('making the engine', str(problem))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as interrupt:
        print("orgkey: interrupted; nothing half-made is left behind.", file=sys.stderr)
        return 128 + (interrupt.args[0] if interrupt.args else signal.SIGINT)
    return 0


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt(number)


if __name__ == "__main__":
    sys.exit(main())

"""A server that listens, as a process: the events that it printed, line by line, and its log."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Mapping
from typing import IO, Any

from tests.waiting import join, until


class Listener:
    """A process whose stdout has a line of JSON for each event; libraries write others between them."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self.out: list[str] = []
        self.log: list[str] = []
        self._process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        streams = ((self._process.stdout, self.out), (self._process.stderr, self.log))
        self._readers = [threading.Thread(target=_read, args=each, daemon=True) for each in streams]
        for each in self._readers:
            each.start()

    def listens(self, times: int) -> bool:
        """Tell whether it has said that often that it listens. Fails when it has ended."""
        assert self._process.poll() is None, "".join(self.log)
        return sum("listening to" in line for line in self.log) >= times

    def has(self, name: str, *values: Any) -> None:
        """Wait until the events with a field of that name have these values, in this order, and no others."""

        def seen() -> list[Any]:
            payloads = [json.loads(line)["payload"] for line in list(self.out) if line.startswith("{")]
            return [payload[name] for payload in payloads if name in payload]

        until(lambda: len(seen()) >= len(values), f"{name} {values}")
        assert seen() == list(values)

    def stop(self) -> int:
        """Stop it as a supervisor does; return its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Return its exit code, and have all that it printed."""
        code = self._process.wait(30)
        for each in self._readers:
            join(each)
        return code

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()


def _read(stream: IO[str], lines: list[str]) -> None:
    lines.extend(iter(stream.readline, ""))

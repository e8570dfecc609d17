"""The `pulumi` command: one process per question, answers as JSON, never longer than its deadline.

The command itself rather than the Automation API: that runs `pulumi version` and `pulumi stack select` first, each a process of its
own, and the second writes (ADR 9).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_QUIET = {
    "PULUMI_SKIP_UPDATE_CHECK": "1",
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
    "NO_COLOR": "1",
}
_SECONDS = 60.0
_ENDING = 2.0  # seconds for a killed process to be gone
_LAST_LINES = 6


class EngineError(Exception):
    """The engine did not answer; `str()` is what it said."""


class EngineTimeoutError(EngineError):
    """The engine did not answer in time and was ended."""


@dataclass(slots=True)
class Engine:
    """Pulumi's own CLI, found on PATH. `environment` is what its processes get."""

    executable: str
    environment: Mapping[str, str] = field(repr=False)

    def answer(
        self, arguments: Sequence[str], *, folder: Path, seconds: float = _SECONDS, typed: str | None = None
    ) -> str:
        """Run a command and return what it printed; raises EngineError with its own words, EngineTimeoutError after `seconds`.

        What is `typed` comes through its standard input.
        """
        result = self.start(arguments, folder=folder, typed=typed).wait(seconds)
        if result.code:
            raise EngineError(result.error)
        return result.out

    def start(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        extra: Mapping[str, str] | None = None,
        typed: str | None = None,
    ) -> Process:
        """Start a command in a process group of its own, so that it can be ended with all its children."""
        process = subprocess.Popen(
            [self.executable, *arguments, "--non-interactive"],
            cwd=folder,
            env={**self.environment, **_QUIET, **(extra or {})},
            stdin=subprocess.DEVNULL if typed is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        return Process(process, typed)


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended, and what it printed."""

    code: int
    out: str = field(repr=False)
    err: str = field(repr=False)

    @property
    def error(self) -> str:
        """Its error lines; where it calls none an error, the last ones."""
        text = self.err.strip() or ("" if self.out.startswith("{") else self.out)  # a digest is no message
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
        return "\n".join(errors or lines[-_LAST_LINES:]) or f"pulumi ended with code {self.code}"


@dataclass(slots=True)
class Process:
    """A command under way."""

    popen: subprocess.Popen[str]
    typed: str | None = field(default=None, repr=False)

    def wait(self, seconds: float) -> Result:
        """What it said, once it has ended; raises EngineTimeoutError and ends it when it takes longer."""
        try:
            out, err = self.popen.communicate(self.typed, timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            with suppress(subprocess.TimeoutExpired):  # what left its process group may hold its pipes open
                self.popen.communicate(timeout=_ENDING)
            raise EngineTimeoutError(f"The engine gave no answer within {seconds:g} s.") from None
        return Result(self.popen.returncode, out, err)

    def kill(self) -> None:
        """Kill it and its children; a drift check holds nothing that would have to be released."""
        with suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)


def find_engine(environment: Mapping[str, str]) -> Engine:
    """The `pulumi` on PATH; raises EngineError."""
    executable = shutil.which("pulumi", path=environment.get("PATH"))
    if executable is None:
        raise EngineError(
            'There is no `pulumi` on PATH.\nInstall Pulumi, or in orgkey\'s own folder run: eval "$(make -s env)"'
        )
    return Engine(executable, environment)

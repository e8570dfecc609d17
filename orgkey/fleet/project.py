"""The project and its stacks: which there are, and what a stack file says about how to reach its org."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from orgkey.fleet.engine import Engine
from orgkey.model.my_domain import my_domain
from orgkey.model.setting_place import NAMESPACE, Written

_NAMESPACE = "salesforce:"


class ProjectError(Exception):
    """The project cannot be used; `str()` says why and what to do."""


class StackFileError(Exception):
    """A stack file cannot be read; `str()` says where and why."""


class NoSettingsError(StackFileError):
    """It says nothing of an org: then only a provider that the program made itself can know one."""


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack of the project on the current backend. `name` is the shortest that is unique there."""

    project: str
    name: str
    file: Path


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with a Pulumi.yaml.

    `runtime` is the name of its language host; `config_folder` is where stack files are; `has_config` says that the project itself sets
    something for every stack, which is `config`.
    """

    name: str
    folder: Path
    runtime: str
    config_folder: Path
    has_config: bool = False
    config: Mapping[str, Any] = field(default_factory=dict)

    def stacks(self, engine: Engine, patterns: Iterable[str] = ()) -> list[Stack]:
        """The project's stacks whose name fits one of the patterns (shell globs; none: all), by name.

        Raises ProjectError when there is none, or when a pattern fits none; EngineError when the backend cannot be asked.
        """
        patterns = list(patterns) or ["*"]
        listed = json.loads(engine.answer(["stack", "ls", "--json"], folder=self.folder))
        names = [str(row["name"]) for row in listed]
        shared = Counter(_short(name) for name in names)
        stacks = {
            name: Stack(self.name, name if shared[_short(name)] > 1 else _short(name), self._file_of(name))
            for name in sorted(names, key=_short)
        }
        if not stacks:
            raise ProjectError(
                f"The project {self.name} has no stack on this backend.\n"
                "Make one with `pulumi stack init`, or set PULUMI_BACKEND_URL to the backend that has them."
                + "".join(map(self._only_files, patterns))
            )
        for pattern in patterns:
            if not any(_fits(name, pattern) for name in stacks):
                existing = ", ".join(each.name for each in stacks.values())
                raise ProjectError(f"No stack is named {pattern}.\nThere are: {existing}.{self._only_files(pattern)}")
        return [stack for name, stack in stacks.items() if any(_fits(name, pattern) for pattern in patterns)]

    def stack_files(self, patterns: Iterable[str] = ()) -> list[Stack]:
        """Stacks by the files in the project's folder, whether a backend has them or not; raises ProjectError as `stacks` does."""
        files = self._files()
        if not files:
            raise ProjectError(
                f"There is no stack file in {self.config_folder}.\nWrite one: Pulumi.<stack>.yaml (docs/reference/stack-file.md)."
            )
        patterns = list(patterns) or ["*"]
        for pattern in patterns:
            if not any(_fits(name, pattern) for name in files):
                raise ProjectError(f"No stack file is named Pulumi.{pattern}.yaml.\nThere are: {', '.join(files)}.")
        return [
            Stack(self.name, name, file)
            for name, file in files.items()
            if any(_fits(name, pattern) for pattern in patterns)
        ]

    def _files(self) -> dict[str, Path]:
        """The stack files in the project's folder, by the names of their stacks."""
        return {
            found[1]: file
            for file in sorted(self.config_folder.glob("Pulumi.*"))
            if (found := re.fullmatch(r"Pulumi\.(.+)\.ya?ml", file.name)) and file.is_file()
        }

    def _only_files(self, pattern: str) -> str:
        """What to do about stacks of that name which have a file and are on no backend yet; empty where there are none."""
        return "".join(
            f"\n{file.name} is there, and its stack is not on this backend: `pulumi stack init {name}` makes it, then `pulumi up`."
            for name, file in self._files().items()
            if _fits(name, pattern)
        )

    def _file_of(self, name: str) -> Path:
        file = self.config_folder / f"Pulumi.{_short(name)}.yaml"
        other = file.with_suffix(".yml")
        return other if other.exists() and not file.exists() else file


def find_project(start: Path) -> Project:
    """The project of a folder or of the nearest one above it, as `pulumi` finds it; raises ProjectError."""
    for folder in (start.resolve(), *start.resolve().parents):
        file = folder / "Pulumi.yaml"
        if file.is_file():
            try:
                read = yaml.safe_load(file.read_text(encoding="utf-8"))
                name, runtime = str(read["name"]), read["runtime"]
                return Project(
                    name,
                    folder,
                    str(runtime["name"] if isinstance(runtime, Mapping) else runtime),
                    folder / str(read.get("stackConfigDir") or "."),
                    bool(read.get("config")),
                    _defaults(read.get("config")),
                )
            except (yaml.YAMLError, KeyError, TypeError, ValueError, OSError) as error:
                raise ProjectError(f"{file} cannot be read: {_first_line(error)}.") from None
    raise ProjectError(f"There is no Pulumi.yaml in {start} or above it.\nRun this in the project's folder.")


def connection_config(project: Project, stack: Stack, engine: Engine, *, seconds: float) -> dict[str, str]:
    """The `salesforce:*` settings of a stack as the engine hands them to providers: text, structures as JSON.

    The file is read as it is. Only where it holds secrets among them, or where settings may come from elsewhere (the project, an
    environment), is the engine asked, for at most `seconds`. Raises StackFileError (NoSettingsError where it
    has none), and EngineError where it was asked.
    """
    read = _read(stack)
    values = _of_ours(read)
    if project.has_config or "environment" in read or any(_has_secret(value) for value in values.values()):
        shown = decrypted_config(project, stack, engine, seconds=seconds)
        return {name: value for name, value in shown.items() if name.startswith(_NAMESPACE)}
    if not values:
        raise NoSettingsError(f"{stack.file.name} has no {_NAMESPACE}* settings.")
    return {name: _as_text(value) for name, value in values.items()}


def decrypted_config(project: Project, stack: Stack, engine: Engine, *, seconds: float) -> dict[str, str]:
    """The whole config of a stack as the engine hands it to a program, decrypted; raises EngineError."""
    command = ["config", "--json", "--show-secrets", "--stack", stack.name]
    shown = json.loads(engine.answer(command, folder=project.folder, seconds=seconds))
    return {name: str(entry.get("value", "")) for name, entry in shown.items()}


def read_stack_file(stack: Stack) -> Mapping[str, Any]:
    """What a stack file holds, encrypted where it is; raises StackFileError."""
    return _read(stack)


def written_as(project: Project, stack: Stack) -> Written:
    """Whether the settings of a stack's components are in its file, by the one that has no default, or a program gives arguments."""
    try:
        read = _read(stack)
    except StackFileError:
        return Written.STACK_FILE
    config = read.get("config")
    given = {**project.config, **(config if isinstance(config, Mapping) else {})}
    return Written.STACK_FILE if f"{NAMESPACE}app" in given or "environment" in read else Written.ARGUMENTS


def instance_url(stack: Stack) -> str:
    """Where a stack's org is, by its file; empty where the file does not say, or says what no address of an org is."""
    try:
        written = _of_ours(_read(stack)).get(f"{_NAMESPACE}instanceUrl")
        return my_domain(written) if isinstance(written, str) else ""
    except (StackFileError, ValueError):
        return ""


def _read(stack: Stack) -> Mapping[str, Any]:
    try:
        read = yaml.safe_load(stack.file.read_text(encoding="utf-8"))
    except OSError as error:
        raise StackFileError(f"{stack.file.name} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, ValueError) as error:  # no UTF-8, a date that is none
        raise StackFileError(f"{stack.file.name} is no YAML: {_first_line(error)}.") from None
    return read if isinstance(read, Mapping) else {}


def _of_ours(read: Mapping[str, Any]) -> dict[str, Any]:
    config = read.get("config")
    items = config.items() if isinstance(config, Mapping) else ()
    return {str(name): value for name, value in items if str(name).startswith(_NAMESPACE)}


def _defaults(config: Any) -> dict[str, Any]:
    """What a project sets for every stack: a value as it is, or one in a declaration."""
    if not isinstance(config, Mapping):
        return {}
    given = {
        str(key): next((each[name] for name in ("value", "default") if name in each), None)
        if isinstance(each, Mapping)
        else each
        for key, each in config.items()
    }
    return {key: value for key, value in given.items() if value is not None}


def _has_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "secure" in value or any(map(_has_secret, value.values()))
    return isinstance(value, list) and any(map(_has_secret, value))


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _short(name: str) -> str:
    """A stack's name without organization and project, as its file has it."""
    return name.rsplit("/", 1)[-1]


def _fits(name: str, pattern: str) -> bool:
    return fnmatchcase(_short(name), pattern) or fnmatchcase(name, pattern)


def _first_line(error: BaseException) -> str:
    """What is wrong and where, without the file's own text: it may hold a credential."""
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or type(error).__name__)
    return f"{problem} in line {mark.line + 1}" if mark else problem

"""The project and its stacks: which there are, and what a stack file says about how to reach its org."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from orgkey.fleet.engine import Engine, EngineError

_NAMESPACE = "salesforce:"


class ProjectError(Exception):
    """The project cannot be used; `str()` says why and what to do."""


class StackFileError(Exception):
    """A stack file cannot be read; `str()` says where and why."""


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack of the project on the current backend."""

    project: str
    name: str
    file: Path

    @property
    def short_name(self) -> str:
        """The name without organization and project, as its file has it."""
        return self.name.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with a Pulumi.yaml. `runtime` is the name of its language host."""

    name: str
    folder: Path
    runtime: str

    def stacks(self, engine: Engine, patterns: Iterable[str] = ()) -> list[Stack]:
        """The project's stacks whose name fits one of the patterns (shell globs; none: all), by name.

        Raises ProjectError when there is none, or when a pattern fits none; EngineError when the backend cannot be asked.
        """
        listed = json.loads(engine.answer(["stack", "ls", "--json"], folder=self.folder))
        stacks = sorted((self._stack(str(row["name"])) for row in listed), key=lambda each: each.name)
        if not stacks:
            raise ProjectError(
                f"The project {self.name} has no stack on this backend.\n"
                "Make one with `pulumi stack init`, or set PULUMI_BACKEND_URL to the backend that has them."
            )
        chosen: dict[str, Stack] = {}
        for pattern in patterns:
            fitting = {each.name: each for each in stacks if _fits(each, pattern)}
            if not fitting:
                names = ", ".join(each.short_name for each in stacks)
                raise ProjectError(f"No stack is named {pattern}.\nThere are: {names}.")
            chosen |= fitting
        return [chosen[name] for name in sorted(chosen)] if chosen else stacks

    def _stack(self, name: str) -> Stack:
        return Stack(self.name, name, self.folder / f"Pulumi.{name.rsplit('/', 1)[-1]}.yaml")


def find_project(start: Path) -> Project:
    """The project of a folder or of the nearest one above it, as `pulumi` finds it; raises ProjectError."""
    for folder in (start.resolve(), *start.resolve().parents):
        file = folder / "Pulumi.yaml"
        if file.is_file():
            try:
                read = yaml.safe_load(file.read_text())
                name, runtime = str(read["name"]), read["runtime"]
            except (yaml.YAMLError, KeyError, TypeError, OSError) as error:
                raise ProjectError(f"{file} cannot be read: {_first_line(error)}.") from None
            return Project(name, folder, str(runtime["name"] if isinstance(runtime, Mapping) else runtime))
    raise ProjectError(f"There is no Pulumi.yaml in {start} or above it.\nRun this in the project's folder.")


def connection_config(stack: Stack, engine: Engine) -> dict[str, str]:
    """The `salesforce:*` settings of a stack file as the engine hands them to providers: text, structures as JSON.

    The file is read as it is; only where it holds secrets among them is the engine asked to decrypt. Raises StackFileError.
    """
    values = _config(stack)
    if any(_has_secret(value) for value in values.values()):
        try:
            shown = json.loads(
                engine.answer(["config", "--json", "--show-secrets", "--stack", stack.name], folder=stack.file.parent)
            )
        except EngineError as error:
            raise StackFileError(str(error)) from None
        return {name: str(entry.get("value", "")) for name, entry in shown.items() if name.startswith(_NAMESPACE)}
    return {name: _as_text(value) for name, value in values.items()}


def instance_url(stack: Stack) -> str:
    """Where a stack's org is, by its file; empty where the file does not say."""
    try:
        return str(_config(stack).get(f"{_NAMESPACE}instanceUrl") or "")
    except StackFileError:
        return ""


def _config(stack: Stack) -> dict[str, Any]:
    try:
        read = yaml.safe_load(stack.file.read_text())
    except OSError as error:
        raise StackFileError(f"{stack.file.name} cannot be read: {error.strerror}.") from None
    except yaml.YAMLError as error:
        raise StackFileError(f"{stack.file.name} is no YAML: {_first_line(error)}.") from None
    config = read.get("config") if isinstance(read, Mapping) else None
    if not isinstance(config, Mapping):
        raise StackFileError(f"{stack.file.name} has no config.")
    return {str(name): value for name, value in config.items() if str(name).startswith(_NAMESPACE)}


def _has_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "secure" in value or any(map(_has_secret, value.values()))
    return isinstance(value, list) and any(map(_has_secret, value))


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _fits(stack: Stack, pattern: str) -> bool:
    return fnmatchcase(stack.short_name, pattern) or fnmatchcase(stack.name, pattern)


def _first_line(error: BaseException) -> str:
    """What is wrong and where, without the file's own text: it may hold a credential."""
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or type(error).__name__)
    return f"{problem} in line {mark.line + 1}" if mark else problem

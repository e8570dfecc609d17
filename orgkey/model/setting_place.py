"""Where the settings of a resource are written, so that what people read names the one to change.

Texts are written for the first generation of a stack file: `orgkey:key.consumerKey`. Another generation has a setting of its own for
some of them, a program of one's own has arguments, and a resource outside any component has inputs.

| place | `orgkey:key.consumerKey` | `orgkey:app.name` | `orgkey:users` |
| --- | --- | --- | --- |
| stack file | `orgkey:key.consumerKey` | `orgkey:app.name` | `orgkey:users` |
| its current generation, with a number or name | the same | `orgkey:generation.name` | the same |
| its second retiring one | `orgkey:retiring[1].key.consumerKey` | `orgkey:retiring[1].name` | the same |
| a component's arguments | ``key.consumerKey`` | ``app.name`` | ``users`` |
| a resource's inputs | ``consumerKey`` | ``name`` | ``users`` |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from shlex import quote

NAMESPACE = "orgkey:"
FIRST, CURRENT, RETIRING = "app", "generation", "retiring"
"""Paths of a generation: the first one's, which `app` names; the current one's, which has a name or number; those of retiring ones."""
_OF_A_GENERATION = frozenset({"app.name", "app.kind", "app.protect", "app.blocked", "import", "import.app"})
"""Settings that a retiring generation has for itself, beside its key's."""
_ROOTS = (
    "app|permissionSet|key|assignments|grant|users|integrationUser|import|timeouts|owner|ignore|generation|retiring"
)
_PATH = rf"{NAMESPACE}(?P<path>(?:{_ROOTS})\b(?:\[\d*\])?(?:\.[A-Za-z]\w*)*)"
_SETTING = re.compile(rf"(?<![\w:]){_PATH}")
_COMMAND = re.compile(
    rf"`?pulumi config (?P<verb>set|rm) (?P<secret>--secret )?(?:--stack STACK )?--path {_PATH}(?: --stack STACK)?"
    r"(?: < (?P<file>[^\s`]+)| (?P<value>(?:'[^']*'|\"[^\"]*\"|[^\s'\"`])+))?`?"
)
_INPUTS = {"integrationUser": "username", "timeouts": "customTimeouts", "owner": "managedBy", "import.app": "import"}
_IN_ARGUMENTS = {"import": "imports"}


class Written(StrEnum):
    """What settings are written as."""

    STACK_FILE = "stack file"
    ARGUMENTS = "arguments"
    INPUTS = "inputs"


@dataclass(frozen=True, slots=True)
class SettingPlace:
    """Where the settings of a resource are written.

    `generation` is the path of its generation (`app`, `generation`, `retiring[0]`), empty where only the `number` is known: then a later
    one is called by it, and the first is taken to be current.
    """

    written: Written = Written.STACK_FILE
    generation: str = FIRST
    number: int = 1

    @classmethod
    def of_hint(cls, hint: str, number: int) -> SettingPlace:
        """The place that a component tells: `orgkey:retiring[0]` of a stack file, `retiring[0]` of its arguments."""
        written = Written.STACK_FILE if hint.startswith(NAMESPACE) else Written.ARGUMENTS
        return cls(written, hint.removeprefix(NAMESPACE), number)

    @property
    def is_retiring(self) -> bool:
        """Whether it is known to be a retiring generation's."""
        return self.generation.startswith(RETIRING)

    def setting(self, path: str) -> str:
        """What a setting is called here; `path` is that of the first generation without the namespace, `key.consumerKey`."""
        if not self.generation and self.number > 1 and _is_a_generations_own(path):
            return f"`{path}` of generation {self.number}"
        moved = self._moved(path)
        if self.written is Written.STACK_FILE:
            return f"{NAMESPACE}{moved}"
        if self.written is Written.INPUTS:
            return f"`{_INPUTS.get(moved, moved.rpartition('.')[2])}`"
        root, dot, rest = moved.partition(".")
        renamed = f"{_IN_ARGUMENTS.get(root, root)}{dot}{rest}"
        return f"`{renamed}ed`" if self.is_retiring and renamed.endswith(".import") else f"`{renamed}`"

    def told(self, text: str) -> str:
        """A text that was written for the first generation of a stack file, with the settings and commands of this place."""
        return _SETTING.sub(lambda found: self.setting(found["path"]), _COMMAND.sub(self._command, text))

    def _moved(self, path: str) -> str:
        if self.generation == CURRENT and path == "app.name":
            return "generation.name"
        if not self.is_retiring or not _is_a_generations_own(path):
            return path
        own = "import" if path.startswith("import") else path.removeprefix("app.")
        return f"{self.generation}.{own}"

    def _command(self, found: re.Match[str]) -> str:
        """A command for a stack file as one for this place; elsewhere what to set is said in words."""
        setting = self.setting(found["path"])
        if setting.startswith(NAMESPACE):
            return found[0].replace(f"{NAMESPACE}{found['path']}", quote(setting))
        if found["verb"] == "rm":
            return f"leave {setting} out"
        of = f"what is in {found['file']}" if found["file"] else str(found["value"] or "another value")
        return f"set {setting}{', as a secret,' if found['secret'] else ''} to {of}"


STACK_FILE = SettingPlace()
"""The first generation in a stack file: what texts are written for."""


def _is_a_generations_own(path: str) -> bool:
    return path.startswith("key.") or path in _OF_A_GENERATION

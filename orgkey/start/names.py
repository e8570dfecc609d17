"""Names of stacks as Pulumi takes them, and where the file of one lies. Pure but for looking whether a file is there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_PART = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_MOST_PARTS = 3  # organization/project/stack
_ENDINGS = ("yaml", "yml", "json")


class StackNameError(ValueError):
    """A text that is no name of a stack; `str()` says what is wrong."""


@dataclass(frozen=True, slots=True)
class StackName:
    """A stack's name: `full` as Pulumi is told it, `short` as its file and its marker have it."""

    full: str
    short: str

    @classmethod
    def parse(cls, text: str, project: str) -> StackName:
        """Read `stack`, `organization/stack` or `organization/project/stack`; raises StackNameError."""
        parts = text.split("/")
        if len(parts) > _MOST_PARTS or not all(_PART.fullmatch(each) and each.strip(".") for each in parts):
            raise StackNameError(
                f"{_shown(text)} is no name of a stack: letters, digits, `_`, `-` and `.`; with an organization it is "
                "organization/stack or organization/project/stack."
            )
        if len(parts) == _MOST_PARTS and parts[1] != project:
            raise StackNameError(f"{text} is a stack of the project {parts[1]}, and this is the project {project}.")
        return cls(text, parts[-1])


def existing_file(folder: Path, stack: StackName) -> Path | None:
    """The file that a stack has already, in any of the forms that Pulumi reads."""
    files = (folder / f"Pulumi.{stack.short}.{ending}" for ending in _ENDINGS)
    return next((each for each in files if each.is_symlink() or each.exists()), None)


def _shown(text: str) -> str:
    printable = "".join(each if each.isprintable() else "?" for each in text)
    return repr(printable if len(printable) <= 60 else f"{printable[:57]}...")  # noqa: PLR2004 — a line

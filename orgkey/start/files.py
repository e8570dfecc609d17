"""Files that are written: new ones alone, all of them or none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orgkey.fleet.project import Project
from orgkey.stack_file.schema import schema_page

_IN_A_CLONE = Path("docs/reference/stack-file.schema.json")
_BESIDE = "stack-file.schema.json"


@dataclass(frozen=True, slots=True)
class Schema:
    """Where editors find the schema, seen from a stack file (empty: nowhere), and the file to be written for it, if it is not there."""

    path: str = ""
    missing: Mapping[Path, str] = field(default_factory=dict)


def schema_beside(project: Project, *, wanted: bool) -> Schema:
    """The schema of a clone of orgkey, else one beside the stack files."""
    if not wanted:
        return Schema()
    clone = project.folder / _IN_A_CLONE
    if clone.is_file():
        return Schema(Path(os.path.relpath(clone, project.config_folder)).as_posix())
    beside = project.config_folder / _BESIDE
    return Schema(_BESIDE, {} if beside.exists() else {beside: schema_page()})


def write_all(texts: Mapping[Path, str]) -> None:
    """Write new files; raises OSError, FileExistsError where one is there by now, and then none of them stays."""
    written: list[Path] = []
    try:
        for file, text in texts.items():
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
            written.append(file)
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as new:
                new.write(text)
    except BaseException:
        for file in written:
            file.unlink(missing_ok=True)
        raise

"""Where reports go: judged before anything is asked, and written each by itself, so that one that fails takes no other along."""

from __future__ import annotations

import os
import re
import stat
import sys
import tempfile
import traceback
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from orgkey.cli.stdout import leave_stdout

_PULUMIS = re.compile(r"Pulumi(\..+)?\.(ya?ml|json)")


@dataclass(frozen=True, slots=True)
class Output:
    """One `--format`: a form, and the file that it goes into; None is stdout."""

    form: str
    file: Path | None = None

    @classmethod
    def parse(cls, text: str) -> Output:
        """Read `FORMAT` or `FORMAT=FILE`; whether there are such is for `problems`."""
        form, equals, file = text.partition("=")
        return cls(form, Path(os.path.abspath(file) if file else "") if equals else None)  # noqa: PTH100 — we go to the project's folder


def problems(outputs: Sequence[Output], forms: Collection[str]) -> list[str]:
    """Everything for which an output in one of the `forms` could not be written, as far as can be seen beforehand."""
    found = [
        f"{each.form!r} is no format; there are: {', '.join(forms)}." for each in outputs if each.form not in forms
    ]
    if sum(each.file is None for each in outputs) > 1:
        found.append("Only one --format can go to stdout; give the others a file: --format json=drift.json.")
    if sys.stdout is None and any(each.file is None for each in outputs):
        found.append("stdout is closed; give the report a file: --format json=drift.json.")
    first: dict[Path, Output] = {}
    for each in outputs:
        if each.file is None:
            continue
        try:
            found += _problems_of(each.form, each.file)
            target = _target(each.file)
        except OSError as error:
            found.append(f"{each.file} cannot be written: {error.strerror}.")
            continue
        other = first.setdefault(target, each)
        if other is not each and _is_replaced(target):
            found.append(
                f"--format {other.form} and --format {each.form} go to one file, {each.file}: give each its own."
            )
    return found


def _problems_of(form: str, file: Path) -> list[str]:
    if file == Path():
        return [f"--format {form}= names no file: --format {form}=FILE, or --format {form} for stdout."]
    target = _target(file)
    if target.is_dir():
        return [f"{file} is a folder: name a file in it."]
    if not target.parent.is_dir():
        return [f"{file} cannot be written: there is no folder {target.parent}. Make it first."]
    if target.exists() and _PULUMIS.fullmatch(target.name):
        return [f"{file} is Pulumi's own, a project or a stack: give the report another name."]
    if target.exists():
        return [] if os.access(target, os.W_OK) else [f"{file} cannot be written: nobody but its owner may."]
    return (
        []
        if os.access(target.parent, os.W_OK | os.X_OK)
        else [f"{file} cannot be made: {target.parent} is read-only for you."]
    )


def write(
    outputs: Sequence[Output], render: Callable[[str], str], show: Callable[[Console], None] | None = None
) -> list[str]:
    """Write every output; what failed, as lines that name it. A reader of stdout that has read enough is no failure.

    `render` gives the text of a form; `show`, where there is one, prints the form `text` on a terminal.
    """
    failures = []
    for each in outputs:
        where = str(each.file) if each.file else "stdout"
        try:
            _write(each, render, show)
        except BrokenPipeError:
            if each.file:
                failures.append(f"{where} could not be written: its reader has gone.")
            else:
                leave_stdout()
        except OSError as error:
            failures.append(f"{where} could not be written: {error.strerror}.")
        except Exception as error:  # noqa: BLE001 — the other outputs are written all the same
            place = traceback.extract_tb(error.__traceback__)[-1]
            failures.append(
                f"{where} could not be written: an unexpected {type(error).__name__} "
                f"in {Path(place.filename).name}, line {place.lineno}. Please report it."
            )
    return failures


def _write(output: Output, render: Callable[[str], str], show: Callable[[Console], None] | None) -> None:
    if output.file:
        _replace(_target(output.file), render(output.form).encode())
    elif show is not None and output.form == "text" and sys.stdout.isatty():
        show(Console())
    else:
        click.echo(render(output.form), nl=False)
        sys.stdout.flush()


def _replace(target: Path, content: bytes) -> None:
    """Put a file in place, whole or not at all; a pipe or device, or a file whose folder takes no new one, is written to."""
    if not _is_replaced(target):
        target.write_bytes(content)
        return
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).chmod(mode)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _target(file: Path) -> Path:
    """The file that a link leads to. A pipe's link (/dev/stdout, /dev/fd/63) leads to no path and is opened by its own."""
    return file if file.exists() and not file.is_file() else file.resolve()


def _is_replaced(target: Path) -> bool:
    return (target.is_file() or not target.exists()) and os.access(target.parent, os.W_OK | os.X_OK)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask

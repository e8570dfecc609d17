"""The command `orgkey drift`: every org compared with its stack."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import click

from orgkey.cli.options import format_option, jobs_option, seconds_option, stacks_option
from orgkey.cli.outputs import Output, problems, write
from orgkey.cli.progress import Progress
from orgkey.cli.reported import reported
from orgkey.fleet.attached import serve_language_host
from orgkey.fleet.drift_check import DriftChecker
from orgkey.fleet.engine import find_engine
from orgkey.fleet.findings import Severity
from orgkey.fleet.formats import FORMATS
from orgkey.fleet.formats.text import show
from orgkey.fleet.project import find_project
from orgkey.fleet.report import Exit, Report, ReportError, merge, parse_report
from orgkey.fleet.run import run

_STACK_SECONDS, _ALL_SECONDS = 120.0, 1800.0


@click.command()
@stacks_option
@jobs_option
@seconds_option("--timeout", _STACK_SECONDS, "Seconds for one stack.")
@seconds_option("--total-timeout", _ALL_SECONDS, "Seconds for all.")
@format_option(FORMATS)
@click.option(
    "--fail-on",
    type=click.Choice([each.value for each in Severity if each is not Severity.INFO]),
    default=Severity.LOW.value,
    show_default=True,
    help="Exit 1 only for findings as bad as this or worse.",
)
@click.option(
    "--expiring-within",
    type=click.IntRange(0, 36_500),
    default=30,
    show_default=True,
    metavar="DAYS",
    help="Report a certificate so many days before its end.",
)
@click.option(
    "--merge", "merged", is_flag=True, help="Look at nothing: put the JSON reports FILES of other runs together."
)
@click.option(
    "--expected",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With --merge: what `orgkey stacks --json` printed; a stack without a report counts as `could not tell`.",
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@reported
def drift(
    patterns: tuple[str, ...],
    jobs: int,
    timeout: float,
    total_timeout: float,
    outputs: tuple[str, ...],
    fail_on: str,
    expiring_within: int,
    *,
    merged: bool,
    expected: Path | None,
    files: tuple[Path, ...],
) -> int:
    """Compare every org with its stack, and try every login. Reads, never writes.

    Exit code 0: all in sync. 1: drift. 2: could not tell for at least one stack.
    """
    chosen = [Output.parse(each) for each in outputs or ("text",)]
    _refuse_contradictions(chosen, files, expected, merged=merged)
    within = timedelta(days=expiring_within)
    report = _merge(files, expected) if merged else _look(patterns, jobs, timeout, total_timeout, within)
    failures = write(chosen, lambda form: FORMATS[form](report), partial(show, report))
    for failure in failures:
        click.echo(f"orgkey: {failure}", err=True)
    return int(Exit.COULD_NOT_TELL if failures else report.exit_code(Severity(fail_on)))


def _look(
    patterns: Iterable[str], jobs: int, seconds: float, total_seconds: float, expiring_within: timedelta
) -> Report:
    project, engine = find_project(Path.cwd()), find_engine(os.environ)
    os.chdir(project.folder)  # paths in stack files are relative to the project
    chosen = project.stacks(engine, patterns)
    with serve_language_host() as port, Progress(len(chosen)) as progress:
        checker = DriftChecker(engine, project, port, dict(os.environ), seconds, expiring_within)
        return run(checker, chosen, jobs=jobs, seconds=total_seconds, watch=progress.watch)


def _merge(files: Sequence[Path], expected: Path | None) -> Report:
    """The reports of other runs as one; a file that is none counts as "could not tell", and the others are read all the same."""
    reports, wanted, unusable = [], [], []
    for file in files:
        try:
            reports.append(parse_report(_text_of(file), source=str(file)))
        except ReportError as error:
            unusable.append((str(file), str(error)))
    if expected is not None:
        try:
            wanted = _expected(expected)
        except ReportError as error:
            unusable.append((str(expected), str(error)))
    return merge(reports, expected=wanted, unusable=unusable)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise ReportError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ReportError(f"{file} is no UTF-8: write it with `--format json={file.name}`, not by a shell.") from None


def _expected(file: Path) -> list[tuple[str, str]]:
    try:
        rows = json.loads(_text_of(file))
        return [(str(row["project"]), str(row["stack"])) for row in (rows if isinstance(rows, list) else [rows])]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ReportError(f"{file} is not what `orgkey stacks --json` prints.") from None


def _refuse_contradictions(
    outputs: Sequence[Output], files: Sequence[Path], expected: Path | None, *, merged: bool
) -> None:
    found = problems(outputs, FORMATS)
    if files and not merged:
        found.append("FILES are for --merge.")
    if merged and not files and not expected:
        found.append("--merge needs the JSON reports to put together, or --expected with the stacks that they are of.")
    if expected and not merged:
        found.append("--expected is for --merge.")
    if found:
        raise click.UsageError("\n".join(found))

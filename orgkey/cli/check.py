"""The command `orgkey check`: is everything there that an `up` needs? By the stack files alone, before a stack or a passphrase exists."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import click

from orgkey.cli.options import format_option, jobs_option, seconds_option
from orgkey.cli.outputs import Output, problems, write
from orgkey.cli.progress import Progress
from orgkey.cli.reported import reported
from orgkey.fleet.check_run import run_checks
from orgkey.fleet.formats.check import FORMATS, show
from orgkey.fleet.project import find_project
from orgkey.fleet.report import Exit
from orgkey.fleet.stack_check import StackChecker

_STACK_SECONDS = 60.0


@click.command()
@click.option("--stack", "patterns", multiple=True, metavar="GLOB", help="Only Pulumi.GLOB.yaml; may be repeated.")
@jobs_option
@seconds_option("--timeout", _STACK_SECONDS, "Seconds for one stack.")
@format_option(FORMATS)
@reported
def check(patterns: tuple[str, ...], jobs: int, timeout: float, outputs: tuple[str, ...]) -> int:
    """Check stack files and their orgs before anything is written. Reads, never writes.

    Needs no stack, no backend and no passphrase, unless the file has what leads to the org encrypted.

    Exit code 0: all is right. 1: something is wrong. 2: could not tell for at least one stack.
    """
    chosen = [Output.parse(each) for each in outputs or ("text",)]
    if found := problems(chosen, FORMATS):
        raise click.UsageError("\n".join(found))
    project = find_project(Path.cwd())
    stacks = project.stack_files(patterns)
    os.chdir(project.folder)  # paths in stack files are relative to the project
    with Progress(len(stacks)) as progress:
        report = run_checks(StackChecker(project, dict(os.environ), timeout), stacks, jobs=jobs, watch=progress.watch)
    failures = write(chosen, lambda form: FORMATS[form](report), partial(show, report))
    for failure in failures:
        click.echo(f"orgkey: {failure}", err=True)
    return int(Exit.COULD_NOT_TELL if failures else report.exit_code())

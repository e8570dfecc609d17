"""The command `orgkey renewals`: which certificates are due, and when. By the states alone, no org is asked."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from orgkey.cli.options import format_option, stacks_option
from orgkey.cli.outputs import Output, problems, write
from orgkey.cli.reported import reported
from orgkey.fleet.engine import find_engine
from orgkey.fleet.formats.renewals import FORMATS, show
from orgkey.fleet.project import find_project
from orgkey.fleet.renewals import look_at_renewals


@click.command()
@stacks_option
@click.option("--within", type=click.IntRange(0, 36_500), metavar="DAYS", help="Only what is due within so many days.")
@click.option("--jobs", type=click.IntRange(1, 64), default=4, show_default=True, help="Stacks read at a time.")
@format_option(FORMATS)
@reported
def renewals(patterns: tuple[str, ...], within: int | None, jobs: int, outputs: tuple[str, ...]) -> int:
    """List the certificates of all stacks, what is due first at the top. Asks no org, needs no passphrase.

    Exit code 0: all states were read. 2: could not tell for at least one stack.
    """
    chosen = [Output.parse(each) for each in outputs or ("text",)]
    if wrong := problems(chosen, FORMATS):
        raise click.UsageError("\n".join(wrong))
    project, engine = find_project(Path.cwd()), find_engine(os.environ)
    report = look_at_renewals(project, project.stacks(engine, patterns), engine, jobs=jobs, now=datetime.now(UTC))
    report = report if within is None else report.within(within)
    failures = write(chosen, lambda form: FORMATS[form](report), partial(show, report))
    for failure in failures:
        click.echo(f"orgkey: {failure}", err=True)
    return 2 if failures or report.unread else 0

"""The command `orgkey usage`: who still logs in through a stack's apps, generation by generation."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import click

from orgkey.cli.one_stack import no_login_yet, only_stack
from orgkey.cli.options import format_option, seconds_option
from orgkey.cli.outputs import Output, problems, write
from orgkey.cli.progress import telling
from orgkey.cli.reported import reported
from orgkey.fleet.engine import find_engine
from orgkey.fleet.formats.usage import FORMATS, show
from orgkey.fleet.project import find_project
from orgkey.fleet.usage_run import look_at_usage
from orgkey.salesforce.app_logins import KEPT_DAYS

_SECONDS = 60.0


@click.command()
@click.option("--stack", "stack_name", required=True, metavar="NAME", help="Whose apps.")
@click.option(
    "--days",
    type=click.IntRange(1, KEPT_DAYS),
    default=30,
    show_default=True,
    help="How far to look back; an org keeps six months.",
)
@seconds_option("--timeout", _SECONDS, "Seconds for an org.")
@format_option(FORMATS)
@reported
def usage(stack_name: str, days: int, timeout: float, outputs: tuple[str, ...]) -> int:
    """Show who logs in through a stack's apps. Reads, never writes: user, time, address and outcome, by generation.

    Needs a login with Manage Users. Exit code 0: the logins were looked at. 2: could not tell for at least one app.
    """
    chosen = [Output.parse(each) for each in outputs or ("text",)]
    if wrong := problems(chosen, FORMATS):
        raise click.UsageError("\n".join(wrong))
    project, engine = find_project(Path.cwd()), find_engine(os.environ)
    os.chdir(project.folder)  # paths in stack files are relative to the project
    stack = only_stack(project, engine, stack_name)
    with telling("orgkey usage") as tell:
        report = look_at_usage(project, stack, engine, days=days, seconds=timeout, tell=tell)
    if not report.apps:
        raise click.ClickException(no_login_yet(stack))
    failures = write(chosen, lambda form: FORMATS[form](report), partial(show, report))
    for failure in failures:
        click.echo(f"orgkey: {failure}", err=True)
    return 2 if failures or any(each.unseen for each in report.apps) else 0

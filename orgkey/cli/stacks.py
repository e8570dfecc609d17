"""The command `orgkey stacks`: the stacks of a project, for people and for the matrix of a CI job."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from orgkey.cli.options import stacks_option
from orgkey.cli.reported import reported
from orgkey.fleet.engine import find_engine
from orgkey.fleet.project import find_project, instance_url


@click.command()
@stacks_option
@click.option("--json", "as_json", is_flag=True, help="As JSON, for a CI matrix.")
@reported
def stacks(patterns: tuple[str, ...], *, as_json: bool) -> int:
    """List the project's stacks on the current backend."""
    project = find_project(Path.cwd())
    found = project.stacks(find_engine(os.environ), patterns)
    rows = [{"project": each.project, "stack": each.name, "instanceUrl": instance_url(each)} for each in found]
    if as_json:
        click.echo(json.dumps(rows))
    else:
        for row in rows:
            click.echo(f"{row['stack']}\t{row['instanceUrl']}")
    return 0

"""The command `orgkey schema`: what editors know a stack file by."""

from __future__ import annotations

import click

from orgkey.stack_file.schema import schema_page


@click.command()
def schema() -> int:
    """Print the JSON schema of a stack file, for editors."""
    click.echo(schema_page(), nl=False)
    return 0

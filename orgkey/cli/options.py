"""Options that several commands take, each written once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click

from orgkey.fleet.machine import A_CORE, MOST, default_jobs

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def format_option(forms: Iterable[str]) -> Decorator:
    """`--format`, for a report in some forms."""
    return click.option(
        "--format",
        "outputs",
        multiple=True,
        metavar="FORMAT[=FILE]",
        help=f"{', '.join(forms)}; to stdout, or into a file. May be repeated.",
    )


def seconds_option(name: str, default: float, about: str) -> Decorator:
    """A limit of time in seconds, more than none."""
    return click.option(
        name, type=click.FloatRange(min=0, min_open=True), default=default, show_default=True, help=about
    )


def administrator_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """How an administrator's login of the org is named, by references alone."""
    for option in reversed(_ADMINISTRATOR):
        command = option(command)
    return command


_ADMINISTRATOR = (
    click.option(
        "--from-sf",
        "--sf-alias",
        "sf_alias",
        metavar="ALIAS",
        help="Administrator of the org: an alias of the Salesforce CLI.",
    ),
    click.option("--credentials-file", metavar="FILE", help="The same, by a file with an auth URL (force://…)."),
    click.option(
        "--credentials-env", metavar="VARIABLE", help="The same, by an environment variable with an auth URL."
    ),
    click.option(
        "--access-token-env", metavar="VARIABLE", help="The same, by an environment variable with an access token."
    ),
)
ca_bundle_option = click.option(
    "--ca-bundle", metavar="FILE", help="CA certificates to trust in the place of the usual ones."
)
stacks_option = click.option(
    "--stack", "patterns", multiple=True, metavar="GLOB", help="Only stacks of this name; may be repeated."
)
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=default_jobs,
    show_default=f"{A_CORE} for each core, as far as memory reaches, at most {MOST}",
    help="How many stacks to look at at once.",
)

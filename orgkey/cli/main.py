"""The command `orgkey`: what people and CI jobs type. Each subcommand is a file of its own, a thin skin over the package that does it.

Reports go to stdout or into files, everything else to stderr. The exit codes of a subcommand stand in its help.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from types import FrameType, MappingProxyType
from typing import NoReturn

import click

from orgkey.cli.stdout import leave_stdout
from orgkey.version import VERSION

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "check": "Check stack files and their orgs before anything is written.",
        "doctor": "Say why a JWT login fails, from evidence.",
        "drift": "Compare every org with its stack, and try every login.",
        "export": "Hand a stack's login over: to CI, to a server, to a client.",
        "init": "Write the stack file of an org, from what the org tells.",
        "renewals": "List the certificates of all stacks, what is due first at the top.",
        "schema": "Print the JSON schema of a stack file, for editors.",
        "stacks": "List the project's stacks on the current backend.",
        "usage": "Show who logs in through a stack's apps.",
    }
)
"""The subcommands with the first sentence of their help. A command is the function of its name in the module of its name."""


class _Commands(click.Group):
    """Loads a subcommand when it is called: to list them all takes none of the libraries that they need."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"orgkey.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code: 2 for an unexpected error, since 1 says drift."""
    signal.signal(signal.SIGTERM, _interrupt)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a report in a terminal of another encoding is better than none
    try:
        code = orgkey.main(args=list(sys.argv[1:] if argv is None else argv), prog_name="orgkey", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # whoever reads has read enough; Click makes a SystemExit of it
        leave_stdout()
        return 0
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("orgkey: stopped", err=True)
        return 130
    except Exception as error:  # noqa: BLE001 — exit code 1 says drift, and a traceback would end in it
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}, line {place.lineno}"
        click.echo(f"orgkey failed with an unexpected {type(error).__name__} in {where}. Please report it.", err=True)
        return 2
    return int(code or 0)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-C",
    "--cwd",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The project's folder, or one in it.",
)
@click.version_option(VERSION, prog_name="orgkey", message="%(prog)s %(version)s")
def orgkey(cwd: Path | None) -> None:
    """JWT bearer access to Salesforce orgs: what `pulumi` itself does not tell."""
    if cwd is not None:
        os.chdir(cwd)


if __name__ == "__main__":
    sys.exit(main())

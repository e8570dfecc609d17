"""The command `orgkey export`: a stack's login for whoever uses it, in that one's own format."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from orgkey.cli.key_output import file_problem, stdout_problem, write_key
from orgkey.cli.one_stack import no_login_yet, only_stack
from orgkey.cli.outputs import Output, problems
from orgkey.cli.reported import reported
from orgkey.cli.stdout import leave_stdout
from orgkey.fleet.engine import find_engine
from orgkey.fleet.handed_out import StackOffer, offers_of
from orgkey.fleet.project import find_project
from orgkey.handover.formats import FORMATS
from orgkey.handover.keystores import password_problem
from orgkey.handover.login import HandedLogin, HandoverError


@click.command()
@click.option("--stack", "stack_name", metavar="NAME", required=True, help="Whose login, as the stack's state has it.")
@click.option("--login", "wanted", metavar="NAME", help="Which one, where a stack has several.")
@click.option(
    "--format",
    "outputs",
    multiple=True,
    required=True,
    metavar="FORMAT[=FILE]",
    help=f"{', '.join(FORMATS)}; to a pipe, or into a new file. May be repeated.",
)
@click.option("--prefix", metavar="TEXT", help="How names begin; an alias, org or branch where the target has those.")
@click.option("--password-file", metavar="FILE", type=click.Path(path_type=Path), help="Password of a keystore.")
@click.option("--password-env", metavar="VARIABLE", help="The same: the environment variable that holds it.")
@click.option("--show-secrets", is_flag=True, help="Show the private key on a terminal.")
@reported
def export(
    stack_name: str,
    wanted: str | None,
    outputs: tuple[str, ...],
    prefix: str | None,
    password_file: Path | None,
    password_env: str | None,
    *,
    show_secrets: bool,
) -> int:
    """Hand a stack's login over: to CI, to a server, to a client.

    The private key goes into pipes and into new files of mode 0600, nowhere else. Whoever reads it can log in.

    Exit code 0: done. 2: not done, or wrong usage.
    """
    chosen = [Output.parse(each) for each in outputs]
    wrong = _problems(chosen, prefix, show_secrets=show_secrets)
    password, found = _password(chosen, password_file, password_env)
    if wrong := [*wrong, *found]:
        raise click.UsageError("\n".join(wrong))
    offer = _offer(stack_name, wanted)
    if offer.problem:
        told = f"its last proof failed ({offer.problem}); `orgkey doctor --stack {stack_name}` says why"
        click.echo(f"orgkey: {offer.names[0]}: {told}.", err=True)
    try:
        made = [(each, _content(each, offer.login, prefix, password)) for each in chosen]
    except HandoverError as error:
        raise click.ClickException(str(error)) from None
    for each, content in sorted(made, key=lambda one: one[0].file is None):  # files first: they can fail
        _write(each, content, offer.login, prefix)
    return 0


def _problems(chosen: Sequence[Output], prefix: str | None, *, show_secrets: bool) -> list[str]:
    found = problems(chosen, FORMATS)
    known = [(each, FORMATS[each.form]) for each in chosen if each.form in FORMATS]
    for each, form in known:
        if each.file is None:
            found.append(
                f"--format {each.form} goes into a file alone: --format {each.form}=FILE."
                if form.needs_file
                else stdout_problem(each.form, show_secrets=show_secrets)
            )
        elif each.file != Path():
            found.append(file_problem(each.file))
        if prefix is not None and form.naming is None:
            found.append(f"--prefix: {each.form} has no names to choose.")
        elif prefix is not None and form.naming and (reason := form.naming.problem(prefix)):
            found.append(f"--prefix {reason} ({each.form}).")
    to_stdout = [each.form for each, form in known if form.told or each.file is None]
    if len(to_stdout) > 1 and sum(each.file is None for each, _ in known) < 2:  # noqa: PLR2004 — which is told already
        found.append(f"{' and '.join(to_stdout)} would both write to stdout: run them one after the other.")
    return [each for each in found if each]


def _password(chosen: Sequence[Output], file: Path | None, variable: str | None) -> tuple[str, list[str]]:
    """The password of keystores, asked for on a terminal where no option gives it; empty where no format needs one."""
    needed = [each.form for each in chosen if each.form in FORMATS and FORMATS[each.form].keystore]
    if not needed:
        given = {"--password-file": file, "--password-env": variable}
        return "", [f"{option} is for keystores: pkcs12 and jks." for option, value in given.items() if value]
    if file and variable:
        return "", ["--password-file and --password-env are two passwords: give one."]
    if file:
        try:
            password = file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            return "", [
                f"--password-file {file} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}."
            ]
        where = f"The password in {file}"
    elif variable:
        password, where = os.environ.get(variable, ""), f"The password in {variable}"
    elif sys.stdin is not None and sys.stdin.isatty():
        password = click.prompt("Password of the keystore", hide_input=True, confirmation_prompt=True, err=True)
        where = "The password"
    else:
        return "", [f"--format {needed[0]} needs a password: give --password-file or --password-env."]
    reason = password_problem(password)
    return password, [f"{where} {reason}."] if reason else []


def _offer(stack_name: str, wanted: str | None) -> StackOffer:
    """The login that was asked for: by its name, else the only one that the stack hands out."""
    project, engine = find_project(Path.cwd()), find_engine(os.environ)
    stack = only_stack(project, engine, stack_name)
    offers = offers_of(project, stack, engine)
    if not offers:
        raise click.ClickException(no_login_yet(stack))
    named = [each for each in offers if (wanted in each.names if wanted else not each.aside)]
    if len(named) == 1:
        return named[0]
    listed = ", ".join(f"{each.names[0]}{each.aside and f' ({each.aside})'}" for each in offers)
    problem = f"has no login {wanted}" if wanted else f"hands out {len(named) or 'no'} logins: choose by --login"
    raise click.UsageError(f"The stack {stack.name} {problem}. There are: {listed}.")


def _content(output: Output, login: HandedLogin, prefix: str | None, password: str) -> bytes:
    form = FORMATS[output.form]
    name = _name(output, login, prefix)
    if form.keystore:
        return form.keystore(login, name, password)
    return form.text(login, name).encode() if form.text else b""


def _name(output: Output, login: HandedLogin, prefix: str | None) -> str:
    naming = FORMATS[output.form].naming
    return prefix if prefix is not None else naming.default(login) if naming else ""


def _write(output: Output, content: bytes, login: HandedLogin, prefix: str | None) -> None:
    told = FORMATS[output.form].told
    try:
        if output.file:
            write_key(output.file, content)
        else:
            click.echo(content, nl=False)
        if output.file and told:
            click.echo(told(login, _name(output, login, prefix), output.file), nl=False)
    except BrokenPipeError:
        if output.file:
            raise click.ClickException(f"{output.file} could not be written: its reader has gone.") from None
        leave_stdout()
    except OSError as error:
        raise click.ClickException(f"{output.file or 'stdout'} could not be written: {error.strerror}.") from None

"""The command `orgkey doctor`: why does this JWT login fail? For a stack's logins, or for any login without Pulumi."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click

from orgkey.cli.one_stack import no_login_yet
from orgkey.cli.options import administrator_options, ca_bundle_option, format_option, seconds_option
from orgkey.cli.outputs import Output, problems, write
from orgkey.cli.progress import telling
from orgkey.cli.reported import reported
from orgkey.doctor.causes.cause import UNKNOWN_APP, matches
from orgkey.doctor.diagnosis import Diagnosis, diagnose
from orgkey.doctor.examine import Examiner
from orgkey.doctor.facts import ExaminedLogin, Facts
from orgkey.doctor.formats import FORMATS
from orgkey.doctor.judge import Outcome
from orgkey.fleet.engine import Engine, EngineError, find_engine
from orgkey.fleet.logins import StackLogin, consumer_keys, stack_logins
from orgkey.fleet.project import Project, Stack, find_project
from orgkey.metadata.check import sentence
from orgkey.model.connection import DEFAULT_API_VERSION, Connection, parse_connection
from orgkey.model.my_domain import my_domain
from orgkey.salesforce.clock import Countdown
from orgkey.salesforce.transport import Transport, timeout_of

_Tell = Callable[[str], None]
_SECONDS = 120.0
_MOST_STACKS = 30  # whose consumer keys are read to find out whose a key is
_EXITS = {Outcome.WORKS: 0, Outcome.CAUSE_FOUND: 1, Outcome.COULD_NOT_TELL: 2}


@click.command()
@click.option(
    "--stack", "stack_name", metavar="GLOB", help="The logins of this stack, or of these, as their states have them."
)
@click.option("--instance-url", metavar="URL", help="Without a stack: the org's My Domain.")
@click.option("--consumer-key", metavar="KEY", help="Without a stack: `iss` of the assertion.")
@click.option("--username", metavar="NAME", help="Without a stack: `sub` of the assertion.")
@click.option(
    "--key-file", type=click.Path(dir_okay=False, path_type=Path), help="Without a stack: the file of the private key."
)
@click.option("--key-env", metavar="VARIABLE", help="The same: the environment variable that holds it.")
@click.option("--audience", metavar="URL", help="Without a stack: `aud` of the assertion; left out, the possible ones.")
@administrator_options
@ca_bundle_option
@click.option("--api-version", default=DEFAULT_API_VERSION, show_default=True, metavar="NN.0", help="API version.")
@seconds_option("--timeout", _SECONDS, "Seconds in all.")
@format_option(FORMATS)
@reported
def doctor(
    stack_name: str | None,
    instance_url: str | None,
    consumer_key: str | None,
    username: str | None,
    key_file: Path | None,
    key_env: str | None,
    audience: str | None,
    sf_alias: str | None,
    credentials_file: str | None,
    credentials_env: str | None,
    access_token_env: str | None,
    ca_bundle: str | None,
    api_version: str,
    timeout: float,
    outputs: tuple[str, ...],
) -> int:
    """Say why a JWT login fails, from evidence. Reads, never writes.

    Without administrator credentials it says what it can see, and what credentials would add. An assertion goes to the org's own host
    alone.

    Exit code 0: the login works. 1: a cause was found. 2: could not tell.
    """
    chosen = [Output.parse(each) for each in outputs or ("text",)]
    forms = {
        "sfAlias": sf_alias,
        "sfdxAuthUrlFile": credentials_file and str(Path(credentials_file).resolve()),
        "sfdxAuthUrlEnv": credentials_env,
        "accessTokenEnv": access_token_env,
    }
    credentials = {form: value for form, value in forms.items() if value}
    needed = {
        "--instance-url": instance_url,
        "--consumer-key": consumer_key,
        "--username": username,
        "--key-file or --key-env": key_file or key_env,
    }
    wrong = problems(chosen, FORMATS)
    if stack_name is None:
        wrong += [f"{option} is needed, or --stack." for option, value in needed.items() if not value]
    else:
        beside = {**needed, "--audience": audience, "--ca-bundle": ca_bundle}
        wrong += [f"{option}: not with --stack, which says it." for option, value in beside.items() if value]
        if credentials:
            wrong.append("A way to reach the org: not with --stack, which says it.")
    wrong += ["--key-file and --key-env are two keys: give one."] if key_file and key_env else []
    wrong += ["More than one way to reach the org is given: give one."] if len(credentials) > 1 else []
    if wrong:
        raise click.UsageError("\n".join(wrong))
    untold: list[str] = []
    if stack_name is not None:
        diagnoses, untold = _of_stacks(stack_name, timeout)
    else:
        key = _private_key(key_file, key_env)
        login = ExaminedLogin(_address(instance_url), str(consumer_key), str(username), key, audience or "")
        diagnoses = [_by_options(login, credentials, ca_bundle, api_version, timeout)]
    failures = write(chosen, lambda form: _rendered(form, diagnoses))
    for failure in (*untold, *failures):
        click.echo(f"orgkey: {failure}", err=True)
    return 2 if untold or failures else max(_EXITS[each.outcome] for each in diagnoses)


def _address(given: str | None) -> str:
    try:
        return my_domain(str(given))
    except ValueError as error:
        raise click.UsageError(f"--instance-url {error}.") from None


def _rendered(form: str, diagnoses: list[Diagnosis]) -> str:
    made = [FORMATS[form](each) for each in diagnoses]
    if form != "json" or len(made) == 1:
        return "\n".join(made)
    return "[\n" + ",\n".join(each.rstrip() for each in made) + "\n]\n"


def _private_key(file: Path | None, variable: str | None) -> str | bytes:
    if file is not None:
        return file.read_bytes()
    value = os.environ.get(str(variable))
    if not value:
        raise click.UsageError(f"The environment variable {variable} is not set.")
    return value


def _by_options(
    login: ExaminedLogin, credentials: dict[str, str], ca_bundle: str | None, api_version: str, seconds: float
) -> Diagnosis:
    values = {
        "instanceUrl": login.instance_url,
        "credentials": credentials or {"accessTokenEnv": "none"},
        "apiVersion": api_version,
    }
    connection, wrong = parse_connection({**values, **({"caBundle": ca_bundle} if ca_bundle else {})})
    if connection is None:
        raise click.UsageError("\n".join(sentence(f"{each.path} {each.reason}") for each in wrong))
    with telling("orgkey doctor") as tell:
        return diagnose(_examined(login, connection, seconds, tell, anonymous=not credentials))


def _of_stacks(name: str, seconds: float) -> tuple[list[Diagnosis], list[str]]:
    """A diagnosis of every login of the stacks, and why there is none of the others; raises where there is none at all."""
    project, engine = find_project(Path.cwd()), find_engine(os.environ)
    os.chdir(project.folder)  # paths in stack files are relative to the project
    diagnoses: list[Diagnosis] = []
    untold: list[str] = []
    with telling("orgkey doctor") as tell:
        for stack in project.stacks(engine, [name]):
            try:
                logins = stack_logins(project, stack, engine)
            except EngineError as error:
                untold.append(f"{stack.name}: {error}")
                continue
            if not logins:
                untold.append(no_login_yet(stack))
            for each in logins:
                if each.connection is None:
                    untold.append(
                        f"The org of {each.name} ({stack.name}) cannot be reached:\n" + "\n".join(each.problems)
                    )
                else:
                    diagnoses.append(diagnose(_of_login(each, each.connection, project, stack, engine, seconds, tell)))
    if not diagnoses:
        raise click.ClickException("\n".join(untold))
    return diagnoses, untold


def _of_login(
    each: StackLogin,
    connection: Connection,
    project: Project,
    stack: Stack,
    engine: Engine,
    seconds: float,
    tell: _Tell,
) -> Facts:
    facts = _examined(each.login, connection, seconds, tell)
    failed = facts.failure
    if failed is None or not any(matches(pattern, failed) for pattern in UNKNOWN_APP):
        return facts
    tell("looking whose consumer key it is")
    return replace(facts, login=replace(facts.login, keys_elsewhere=_keys_elsewhere(project, stack, engine)))


def _keys_elsewhere(project: Project, stack: Stack, engine: Engine) -> dict[str, str]:
    """Which consumer keys the project's other stacks have; what cannot be read is left out."""
    found: dict[str, str] = {}
    for other in project.stacks(engine)[:_MOST_STACKS]:
        if other.name == stack.name:
            continue
        try:
            found |= dict.fromkeys(consumer_keys(project, other, engine), other.name)
        except (EngineError, ValueError):
            continue
    return found


def _examined(
    login: ExaminedLogin, connection: Connection, seconds: float, tell: _Tell, *, anonymous: bool = False
) -> Facts:
    clock = Countdown(seconds=seconds)
    transport = Transport(ca_bundle=connection.ca_bundle, timeout=timeout_of(os.environ), clock=clock)
    examiner = Examiner(transport, connection, as_admin=not anonymous, progress=tell)
    return examiner.examine(replace(login, instance_url=connection.instance_url))

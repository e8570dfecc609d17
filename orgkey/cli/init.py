"""The command `orgkey init`: from an org to a stack file, by options or by questions."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from orgkey.cli import ask
from orgkey.cli.init_questions import (
    ask_about_adopted,
    ask_about_new,
    ask_for_address,
    ask_for_login,
    ask_what_to_do,
)
from orgkey.cli.options import administrator_options, ca_bundle_option, seconds_option
from orgkey.cli.reported import reported
from orgkey.fleet.engine import EngineError, find_engine
from orgkey.fleet.project import Project, find_project
from orgkey.model.my_domain import my_domain
from orgkey.salesforce.errors import SalesforceError
from orgkey.start.app_seen import TakenError
from orgkey.start.apps import AppNotFoundError
from orgkey.start.files import schema_beside, write_all
from orgkey.start.names import StackName, StackNameError, existing_file
from orgkey.start.new_stack import make_stack, names_on_backend
from orgkey.start.own_key import OwnKey, own_key
from orgkey.start.proposal import for_stack, set_key_command
from orgkey.start.reach import LoginOptions, told_by
from orgkey.start.run import Plan, Sighting, app_seen, drafted, sighted, text_of
from orgkey.start.wishes import Draft, DraftError, Wishes

_SECONDS = 120.0
_WRITTEN_ONLY = 1  # exit code: the files are there, and what else was asked for is not done


@click.command()
@click.argument("stacks", metavar="STACK...", nargs=-1)
@administrator_options
@click.option("--admin-consumer-key", metavar="KEY", help="The same, through another app of the org: its consumer key.")
@click.option("--admin-secret-env", metavar="VARIABLE", help="… by client credentials: the variable with its secret.")
@click.option("--admin-username", metavar="NAME", help="… by JWT: who logs in.")
@click.option("--admin-key-file", metavar="FILE", help="… by JWT: the file of the private key.")
@click.option("--admin-key-env", metavar="VARIABLE", help="… by JWT: the variable with the private key.")
@click.option("--instance-url", metavar="URL", help="The org's My Domain; an alias and an auth URL tell it.")
@ca_bundle_option
@click.option("--api-version", metavar="NN.0", help="API version.")
@click.option("--adopt", metavar="APP", help="Take over an app that is there, by developer name or label.")
@click.option("--app", metavar="NAME", help="Developer name of a new app.")
@click.option("--label", metavar="TEXT", help="Label of the app.")
@click.option("--kind", type=click.Choice(["external", "connected"]), help="Kind of the app.")
@click.option("--contact-email", metavar="ADDRESS", help="Whom Salesforce may write to about the app.")
@click.option("--user", "users", multiple=True, metavar="NAME", help="User name of who logs in; may be repeated.")
@click.option("--integration-user", metavar="NAME", help="Whose login is proved; left out, the first of them.")
@click.option("--permission-set", metavar="NAME", help="API name of the permission set that admits them.")
@click.option("--consumer-key", metavar="KEY", help="Consumer key of the app.")
@click.option("--key", "key_file", metavar="FILE", help="Your own RSA key; it goes into no file.")
@click.option("--certificate", "certificate_file", metavar="FILE", help="The certificate of your own key.")
@click.option("--stack-init", is_flag=True, help="Run `pulumi stack init` too, and set your own key as a secret.")
@click.option("--secrets-provider", metavar="URL", help="With --stack-init: what keeps the stack's secrets.")
@click.option("--print", "printed", is_flag=True, help="Write nothing: print the file to stdout.")
@click.option("--no-schema", is_flag=True, help="No JSON schema for editors beside the file.")
@click.option("-y", "--yes", is_flag=True, help="Ask nothing: take what suggests itself.")
@seconds_option("--timeout", _SECONDS, "Seconds for one org.")
@reported
def init(stacks: tuple[str, ...], **options: Any) -> int:
    """Write the stack file of an org, from what the org tells. Reads the org, never writes to it.

    On a terminal it asks for what no option says; elsewhere, or with --yes, nothing is asked. With several STACKs an option says {stack}
    where the stack's name belongs: --from-sf 'acme-{stack}'. No file is ever overwritten, and no credential written into one.

    Exit code 0: written. 1: written, and --stack-init failed. 2: nothing was written, or wrong usage.
    """
    given = _Given(**options)
    project, here = find_project(Path.cwd()), Path.cwd()
    asking = ask.can_ask() and not given.yes
    if not stacks and asking:
        stacks = tuple(ask.text("Name of the stack (its file is Pulumi.NAME.yaml):", default="dev").split())
    names, wrong = _names(stacks, project, printed=given.printed)
    wrong += [*given.problems(several=len(names) > 1), *given.login.problems()]
    own = own_key(given.key_file, given.certificate_file)
    wrong += own.problems
    if not asking:
        wrong += _missing(given)
    if wrong:
        raise click.UsageError("\n".join(dict.fromkeys(wrong)))
    os.chdir(project.folder)  # paths in stack files are relative to the project
    _refuse_taken(project, names, given)
    wishes = given.wishes(own)
    failures, made = [], []
    for name in names:
        try:
            plan = _plan(name, project, here, given, wishes, asking=asking)
            made.append(_draft(plan, given, asking=asking))
        except DraftError as error:
            found = list(error.problems)
            failures += [f"{name.short}: {each}" for each in found] if len(names) > 1 else found
        except (SalesforceError, AppNotFoundError, TakenError) as error:
            failures.append(f"{name.short}: {error}" if len(names) > 1 else str(error))
    if failures:
        raise click.ClickException("\n".join([*failures, "Nothing was written."]))
    return _write(project, made, given, asking=asking)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """The options."""

    sf_alias: str | None
    credentials_file: str | None
    credentials_env: str | None
    access_token_env: str | None
    admin_consumer_key: str | None
    admin_secret_env: str | None
    admin_username: str | None
    admin_key_file: str | None
    admin_key_env: str | None
    instance_url: str | None
    api_version: str | None
    ca_bundle: str | None
    adopt: str | None
    app: str | None
    label: str | None
    kind: str | None
    contact_email: str | None
    users: tuple[str, ...]
    integration_user: str | None
    permission_set: str | None
    consumer_key: str | None
    key_file: str | None
    certificate_file: str | None
    stack_init: bool
    secrets_provider: str | None
    printed: bool
    no_schema: bool
    yes: bool
    timeout: float

    @property
    def login(self) -> LoginOptions:
        return LoginOptions(
            sf_alias=self.sf_alias,
            auth_url_file=self.credentials_file,
            auth_url_env=self.credentials_env,
            access_token_env=self.access_token_env,
            consumer_key=self.admin_consumer_key,
            secret_env=self.admin_secret_env,
            username=self.admin_username,
            key_file=self.admin_key_file,
            key_env=self.admin_key_env,
        )

    def wishes(self, own: OwnKey) -> Wishes:
        return Wishes(
            app=self.app or "",
            label=self.label or "",
            kind=self.kind or "",
            contact_email=self.contact_email or "",
            users=self.users,
            integration_user=self.integration_user or "",
            permission_set=self.permission_set or "",
            consumer_key=self.consumer_key or "",
            key_file=self.key_file or "",
            private_key=own.private_key,
            certificate=own.certificate,
        )

    def problems(self, *, several: bool) -> Iterator[str]:
        """What contradicts itself."""
        if self.adopt is not None and self.app is not None:
            yield "--adopt takes over an app that is there, --app makes a new one: give one."
        if self.instance_url is not None and (reason := _no_my_domain(for_stack(self.instance_url, "stack"))):
            yield f"--instance-url {reason}."
        if self.secrets_provider and not self.stack_init:
            yield "--secrets-provider is for --stack-init."
        if self.printed and self.stack_init:
            yield "--print writes nothing, so --stack-init has nothing to do."
        ways = (*_texts(self.login), self.instance_url or "")
        if several and not self.login.is_empty and not any("{stack}" in each for each in ways):
            yield (
                "Several stacks are several orgs: say {stack} where the stack's name belongs in what leads to the org, such as "
                "--from-sf 'acme-{stack}' or --instance-url 'https://acme--{stack}.sandbox.my.salesforce.com'."
            )
        if several and self.printed:
            yield "--print is for one stack."


def _texts(login: LoginOptions) -> list[str]:
    names = (
        "sf_alias",
        "auth_url_file",
        "auth_url_env",
        "access_token_env",
        "consumer_key",
        "username",
        "key_file",
        "key_env",
    )
    return [str(getattr(login, name) or "") for name in names]


def _no_my_domain(address: str) -> str:
    try:
        my_domain(address)
    except ValueError as error:
        return str(error)
    return ""


def _names(stacks: Sequence[str], project: Project, *, printed: bool) -> tuple[list[StackName], list[str]]:
    """The stacks, and what is wrong with their names or in the way of their files."""
    names: dict[str, StackName] = {}
    wrong = [] if stacks else ["STACK is needed: the name of the stack, such as uat; its file is Pulumi.uat.yaml."]
    for each in stacks:
        try:
            name = StackName.parse(each, project.name)
        except StackNameError as error:
            wrong.append(str(error))
            continue
        if name.short in names:
            wrong.append(f"{each} is named twice.")
        if not printed and (file := existing_file(project.config_folder, name)):
            wrong.append(
                f"{file.name} is there already, and no file is overwritten. Move it away, or see what would be written by --print "
                "(a file of `pulumi stack init` that has no `config` yet takes it: orgkey init … --print >> FILE)."
            )
        names[name.short] = name
    if not project.config_folder.is_dir():
        wrong.append(f"{project.config_folder} is no folder, and Pulumi.yaml has it as stackConfigDir: make it first.")
    return list(names.values()), wrong


def _missing(given: _Given) -> list[str]:
    """What an option must say where nobody can be asked; --yes takes what suggests itself of the rest."""
    wrong = []
    if given.login.is_empty:
        wrong.append(
            "A way to reach the org is needed: --from-sf ALIAS, --credentials-file FILE, --credentials-env VARIABLE, "
            "--access-token-env VARIABLE, or --admin-consumer-key KEY with what belongs to it."
        )
    elif not given.instance_url and not (given.sf_alias or given.credentials_file or given.credentials_env):
        wrong.append("--instance-url URL is needed: this way to log in does not tell which org it is of.")
    if given.yes or given.adopt is not None:
        return wrong
    by_yes = "(--yes takes what suggests itself)"
    if not given.app:
        wrong.append(f"--app NAME or --adopt APP is needed: a new app, or one to take over {by_yes}.")
    if not given.contact_email:
        wrong.append(f"--contact-email ADDRESS is needed: whom Salesforce may write to about the app {by_yes}.")
    if not given.users:
        wrong.append(f"--user NAME is needed: the user name of who logs in; may be repeated {by_yes}.")
    return wrong


def _refuse_taken(project: Project, names: Sequence[StackName], given: _Given) -> None:
    """Say before anything is written that the backend has a stack of that name."""
    if not given.stack_init:
        return
    existing = names_on_backend(project, find_engine(os.environ))
    if taken := [each.full for each in names if each.short in existing]:
        raise click.UsageError(f"The backend has the stack {' and '.join(taken)} already: leave --stack-init out.")


def _plan(name: StackName, project: Project, here: Path, given: _Given, wishes: Wishes, *, asking: bool) -> Plan:
    """How one stack's org is reached, and what is wanted of it."""
    login = given.login
    if login.is_empty:
        login = ask_for_login(name.short)
    filled = {each: for_stack(str(value), name.short) for each in _fields(login) if (value := getattr(login, each))}
    credentials = LoginOptions(**filled).credentials(project.folder, here)
    url = for_stack(given.instance_url or "", name.short)
    if not url:
        told = told_by(credentials, os.environ)
        url = told.instance_url or (ask_for_address(told.reason) if asking else "")
        if not url:
            raise DraftError([f"--instance-url URL is needed: {told.reason}."])
    bundle = given.ca_bundle and _from_project(given.ca_bundle, project, here)
    return Plan(
        project=project,
        stack=name,
        instance_url=my_domain(url),
        credentials=credentials,
        ca_bundle=bundle or "",
        api_version=given.api_version or "",
        wishes=replace(
            wishes,
            **{each: for_stack(getattr(wishes, each), name.short) for each in _NAMED},
            users=tuple(for_stack(each, name.short) for each in wishes.users),
        ),
        adopt=for_stack(given.adopt or "", name.short),
    )


_NAMED = ("app", "label", "contact_email", "integration_user", "permission_set", "consumer_key")


def _fields(login: LoginOptions) -> tuple[str, ...]:
    from dataclasses import fields

    return tuple(each.name for each in fields(login))


def _from_project(file: str, project: Project, here: Path) -> str:
    from orgkey.start.reach import from_project

    return from_project(file, project.folder, here)


def _draft(plan: Plan, given: _Given, *, asking: bool) -> tuple[Plan, Draft, Sighting]:
    """Look at the org, say what is there, and make the file's content of it."""
    sighting = sighted(plan, os.environ, given.timeout)
    for line in sighting.says(users=not plan.adopt):
        click.echo(line, err=True)
    admitted = None
    if asking:
        if not plan.adopt and not plan.wishes.app:
            plan = replace(plan, adopt=ask_what_to_do(sighting.org.apps))
        if plan.adopt:
            admitted = app_seen(plan, sighting)
            wishes = ask_about_adopted(plan.wishes, admitted, sighting.org)
        else:
            wishes = ask_about_new(plan.wishes, sighting.org, plan.stack.short)
        plan = replace(plan, wishes=wishes)
    draft = drafted(plan, sighting, propose=given.yes, admitted=admitted)
    for line in draft.says:
        click.echo(f"  {line}", err=True)
    for line in draft.warnings:
        click.echo(f"  ! {line}", err=True)
    return plan, draft, sighting


def _write(project: Project, made: Sequence[tuple[Plan, Draft, Sighting]], given: _Given, *, asking: bool) -> int:
    schema, plans = schema_beside(project, wanted=not given.no_schema and not given.printed), [each[0] for each in made]
    texts = {
        project.config_folder / f"Pulumi.{plan.stack.short}.yaml": text_of(plan, draft, sighting, schema.path)
        for plan, draft, sighting in made
    }
    if given.printed:
        click.echo(next(iter(texts.values())), nl=False)
        return 0
    if asking and not ask.confirm(f"Write {' and '.join(each.name for each in texts)}?", default=True):
        raise click.ClickException("Nothing was written.")
    write_all({**texts, **schema.missing})
    for file in [*texts, *schema.missing]:
        click.echo(f"Written: {os.path.relpath(file, project.folder)}")
    failed = _make_stacks(project, plans, given) if given.stack_init else []
    for failure in failed:
        click.echo(f"orgkey: {failure}", err=True)
    click.echo(_next_steps(plans, stack_made=given.stack_init and not failed))
    return _WRITTEN_ONLY if failed else 0


def _make_stacks(project: Project, plans: Sequence[Plan], given: _Given) -> list[str]:
    engine, failed = find_engine(os.environ), []
    for plan in plans:
        try:
            make_stack(project, engine, plan.stack, given.secrets_provider or "", plan.wishes.private_key)
        except EngineError as error:
            failed.append(str(error))
    return failed


def _next_steps(plans: Sequence[Plan], *, stack_made: bool) -> str:
    lines = ["Next:"]
    for plan in plans:
        full, short = plan.stack.full, plan.stack.short
        if not stack_made:
            lines.append(f"  pulumi stack init {full} --secrets-provider=...")
            if plan.wishes.private_key:
                lines.append(f"  {set_key_command(plan.wishes.key_file, full)}")
        lines.append(f"  orgkey check --stack {short}")
        lines.append(f"  pulumi preview -s {full} && pulumi up -s {full}")
    return "\n".join(lines)

"""What `orgkey init` asks on a terminal where no option says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import click

from orgkey.cli import ask
from orgkey.metadata.check import field_problems, sentence
from orgkey.metadata.fields import APP_FIELDS
from orgkey.metadata.members import Resource
from orgkey.model.connection import DEFAULT_API_VERSION
from orgkey.model.my_domain import my_domain
from orgkey.start.adopt import choose_set, choose_users, usable_sets
from orgkey.start.app_seen import Admitted
from orgkey.start.apps import AppSeen, doing_jwt, free_name
from orgkey.start.look import OrgSeen
from orgkey.start.own_key import own_key
from orgkey.start.proposal import DEFAULT_APP
from orgkey.start.reach import LoginOptions
from orgkey.start.users import the_one
from orgkey.start.wishes import Wishes

_ROWS = {row.name: row for row in APP_FIELDS}
_OTHER = "another one: type its name"


def ask_for_login(stack: str) -> LoginOptions:
    """How the org of a stack is reached."""
    forms = (
        ("an alias of the Salesforce CLI on this machine", "sf_alias"),
        ("a file with an auth URL (force://...)", "auth_url_file"),
        ("an environment variable with an auth URL", "auth_url_env"),
        ("an environment variable with an access token", "access_token_env"),
        ("client credentials of another app of the org", "secret_env"),
        ("JWT through another app of the org", "key_file"),
    )
    form = ask.choose(
        f"How does an administrator log in to the org of {stack}? (only a reference is written down)", forms
    )
    if form == "sf_alias":
        return LoginOptions(sf_alias=ask.text("Alias:", default=stack))
    if form == "auth_url_file":
        return LoginOptions(auth_url_file=ask.path("File:"))
    if form in {"auth_url_env", "access_token_env"}:
        return LoginOptions(**{form: ask.text("Name of the variable:")})
    consumer_key = ask.text("Consumer key of that app:")
    if form == "secret_env":
        return LoginOptions(consumer_key=consumer_key, secret_env=ask.text("Name of the variable with its secret:"))
    username = ask.text("User name of the administrator:")
    return LoginOptions(consumer_key=consumer_key, username=username, key_file=ask.path("File of the private key:"))


def ask_for_address(reason: str) -> str:
    """The org's My Domain, where the login does not tell it."""
    if reason:
        click.echo(f"  {reason}.", err=True)
    return ask.text("My Domain of the org (https://...my.salesforce.com):", check=_address_problem)


def ask_what_to_do(apps: Sequence[AppSeen]) -> str:
    """The app that is to be taken over; empty for a new one."""
    there = doing_jwt(apps)
    if not there:
        return ""
    choices = [("make a new app", ""), *((f"take over the {each.in_words}", each.name) for each in there)]
    return ask.choose("What is the stack to do?", choices)


def ask_about_new(wishes: Wishes, org: OrgSeen, stack: str) -> Wishes:
    """What is open of a stack's new app."""
    proposed = free_name(DEFAULT_APP, org.apps, stack)
    name = wishes.app or ask.text("Developer name of the app:", default=proposed, check=_problem_of("name"))
    email = wishes.contact_email or ask.text(
        "Whom may Salesforce write to about the app?", default=org.email, check=_problem_of("contactEmail")
    )
    users = wishes.users or _ask_for_users(org)
    whose = wishes.integration_user
    if len(users) > 1 and not whose:
        whose = ask.choose("Whose login is proved?", [(each, each) for each in users])
    return replace(wishes, app=name, contact_email=email, users=users, integration_user=whose)


def ask_about_adopted(wishes: Wishes, admitted: Admitted, org: OrgSeen) -> Wishes:
    """What is open of an app that is taken over: its set where there are several, its users where none suggest themselves, its key."""
    sets = usable_sets(admitted)
    if len(sets) > 1 and not wishes.permission_set:
        proposed = choose_set(admitted, "", wishes.users)
        click.echo(f"  {proposed.why}.", err=True)
        names = sorted((each.name for each in sets), key=lambda name: name != proposed.name)
        held = {each.name: len(each.holders) for each in sets}
        choices = [(f"{name} (held by {held[name]})", name) for name in names]
        wishes = replace(wishes, permission_set=ask.choose("Which permission set is to be the stack's?", choices))
    own_set = choose_set(admitted, wishes.permission_set, wishes.users)
    *_, missing = choose_users(admitted, own_set, wishes.users, org.users)
    if missing:
        wishes = replace(wishes, users=_ask_for_users(org))
    return _ask_for_own_key(wishes)


def _ask_for_own_key(wishes: Wishes) -> Wishes:
    has_key = "Do you have the private key that its clients log in with? Without it they are cut off."
    if wishes.certificate or not ask.confirm(has_key, default=False):
        return wishes
    while True:
        key_file = ask.path("File of the private key (it goes into no file):")
        own = own_key(key_file, ask.path("File of its certificate:"))
        if not own.problems:
            return replace(wishes, key_file=key_file, private_key=own.private_key, certificate=own.certificate)
        for each in own.problems:
            click.echo(f"  {each}", err=True)


def _ask_for_users(org: OrgSeen) -> tuple[str, ...]:
    choices = [(f"{each.username}: {each.why}", each.username) for each in org.users]
    chosen = ask.choose_some("Who logs in? (space selects)", [*choices, (_OTHER, "")]) if choices else [""]
    best = the_one(org.users)
    named = [each for each in chosen if each]
    if "" in chosen or not named:
        typed = ask.text("User names, with blanks between:", default=best.username if best and not named else "")
        named += typed.split()
    return tuple(dict.fromkeys(named))


def _problem_of(name: str) -> ask.Check:
    row = _ROWS[name]

    def problem(answer: str) -> str:
        found = field_problems(
            Resource.EXTERNAL_CLIENT_APP, row, {name: answer}, api_version=float(DEFAULT_API_VERSION)
        )
        return next((sentence(f"It {each.reason}") for each in found), "")

    return problem


def _address_problem(answer: str) -> str:
    try:
        my_domain(answer)
    except ValueError as error:
        return f"It {error}."
    return ""

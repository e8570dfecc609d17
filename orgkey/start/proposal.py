"""From what was seen of an org and what somebody wants to a stack file: pure."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from shlex import quote
from typing import Any

from orgkey.metadata.check import Problem
from orgkey.model.connection import DEFAULT_API_VERSION
from orgkey.stack_file.file import stack_config_of
from orgkey.stack_file.secrets import Secrets
from orgkey.stack_file.settings import SettingsError, load
from orgkey.start.look import OrgSeen
from orgkey.start.stack_text import COMMAND
from orgkey.start.users import Candidate, the_one
from orgkey.start.wishes import Draft, DraftError, Wishes, by_option

DEFAULT_APP = "CI_Integration"
KEY_PATH = "orgkey:key.privateKeyPem"
_CHANGES = ("sandbox", "scratch")
"""Kinds of orgs that are made anew now and then, under another id."""


def connection_config(
    instance_url: str, credentials: Mapping[str, Any], *, kind: str = "", api_version: str = "", ca_bundle: str = ""
) -> dict[str, Any]:
    """The `salesforce:*` settings."""
    return {
        "salesforce:instanceUrl": instance_url,
        "salesforce:credentials": dict(credentials),
        **({"salesforce:expectedKind": kind} if kind else {}),
        **({"salesforce:apiVersion": api_version} if api_version not in ("", DEFAULT_API_VERSION) else {}),
        **({"salesforce:caBundle": ca_bundle} if ca_bundle else {}),
    }


def guards(org: OrgSeen) -> tuple[dict[str, Any], tuple[tuple[str, Any, str], ...]]:
    """The org's id: a guard for one that stays, and a line to be switched on for one that a refresh gives another id."""
    key, org_id = "salesforce:expectedOrgId", org.identity.org_id
    if org.identity.kind not in _CHANGES:
        return {key: org_id}, ()
    return {}, (
        (key, org_id, "Guard: refuse to touch another org. A refresh gives this one another id, so it is off."),
    )


def new_app(wishes: Wishes, org: OrgSeen, connection: Mapping[str, Any], *, propose: bool) -> Draft:
    """A stack file for an app that is to be made; `propose` takes what suggests itself for what was not given.

    Raises DraftError with everything that is missing.
    """
    warnings, missing = [], []
    name = wishes.app or (DEFAULT_APP if propose else "")
    email = wishes.contact_email or (org.email if propose else "")
    users = list(wishes.users)
    if not name:
        missing.append("--app NAME is needed: the developer name of the app to be made, such as CI_Integration.")
    if not email:
        missing.append("--contact-email ADDRESS is needed: whom Salesforce may write to about the app.")
    if not users and propose and (best := the_one(org.users)):
        users = [best.username]
        warnings.append(f"{best.username} is to log in: {best.why}.")
    if not users:
        missing.append(user_needed(org.users))
    if missing:
        raise DraftError(missing)
    kept, possible = guards(org)
    app = {
        "name": name,
        **({"label": wishes.label} if wishes.label else {}),
        "kind": wishes.kind or "external",
        "contactEmail": email,
    }
    key = key_settings(wishes)
    if wishes.consumer_key:
        key["consumerKey"] = wishes.consumer_key
    config = {
        **connection,
        **kept,
        "orgkey:app": app,
        **users_settings(users, wishes.integration_user),
        **({"orgkey:permissionSet": {"name": wishes.permission_set}} if wishes.permission_set else {}),
        **({"orgkey:key": key} if key else {}),
    }
    return Draft(config, {}, possible, warnings=tuple(warnings))


def user_needed(found: Sequence[Candidate]) -> str:
    """That a user must be named, and who might be meant."""
    needed = "--user NAME is needed: the user name of who logs in; may be repeated."
    if not found:
        return needed
    listed = "\n".join(f"    {each.username}: {each.why}" for each in found[:10])
    more = f"\n    and {len(found) - 10} more" if len(found) > 10 else ""  # noqa: PLR2004 — as many as fit
    return f"{needed} These look like integration users:\n{listed}{more}"


def users_settings(users: Sequence[str], integration_user: str) -> dict[str, Any]:
    """`orgkey:users`, and whose login is proved where there are several."""
    whose = integration_user or (users[0] if len(users) > 1 else "")
    return {"orgkey:users": list(users), **({"orgkey:integrationUser": whose} if whose else {})}


def key_settings(wishes: Wishes) -> dict[str, Any]:
    """One's own certificate; nothing where orgkey is to make the key."""
    return {"certificatePem": wishes.certificate} if wishes.certificate else {}


def key_notes(wishes: Wishes, stack: str) -> dict[str, tuple[str, ...]]:
    """How one's own key goes into the stack; nothing where orgkey is to make the key."""
    if not wishes.certificate:
        return {}
    note = (
        "Your own key goes in as a secret, once the stack is there (`pulumi stack init`); until then no `up` runs:\n"
        f"{COMMAND}{set_key_command(wishes.key_file, stack)}"
    )
    return {"orgkey:key": (note,)}


def set_key_command(key_file: str, stack: str) -> str:
    """The command that puts a private key into that stack, whichever is selected."""
    return f"pulumi config set --secret --path {KEY_PATH} --stack {stack} < {quote(key_file or 'key.pem')}"


def problems_of(config: Mapping[str, Any], *, project: str, stack: str, private_key: str = "") -> list[Problem]:
    """What the program would say of the file: nothing, if it is right. One's own key counts as if it were in it, as a secret."""
    made = {"config": _with_key(config, private_key)}
    read = stack_config_of(made, project=project)
    secrets = Secrets(frozenset({KEY_PATH})) if private_key else read.secrets
    try:
        load(read.values, project=project, stack=stack, secrets=secrets, clock=time.time)
    except SettingsError as error:
        return list(error.problems)
    return []


def refuse_problems(problems: Iterable[Problem]) -> None:
    """Raise DraftError with what is wrong, by the options that say it."""
    if found := [by_option(each) for each in problems]:
        raise DraftError(found)


def _with_key(config: Mapping[str, Any], private_key: str) -> dict[str, Any]:
    if not private_key:
        return dict(config)
    return {**config, "orgkey:key": {**config.get("orgkey:key", {}), "privateKeyPem": private_key}}


def for_stack(text: str, stack: str) -> str:
    """A text with the stack's name in the place of `{stack}`."""
    return re.sub(r"\{stack\}", lambda _: stack, text)

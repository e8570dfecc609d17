"""The stack file (`Pulumi.<env>.yaml`), read and checked as a whole: every problem at once, each with its key.

Nothing is contacted here, and nothing is registered: a program that only logged an error would let the engine exit 0 and delete
every resource of the stack (engine notes 3), so problems are raised before the first resource.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pulumi.runtime.config import CONFIG, get_config_env
from pydantic import ValidationError

from orgkey.metadata.check import Problem
from orgkey.metadata.identifiers import each_once
from orgkey.metadata.nulls import without_nulls
from orgkey.model.characters import each_place_once, unwritable
from orgkey.model.connection import DEFAULT_API_VERSION, Connection, parse_connection
from orgkey.model.generations import Generation, RetiringGeneration
from orgkey.model.key_pair import KeyPairArgs
from orgkey.model.my_domain import was_put_right
from orgkey.model.names import permission_set_of, subject_of
from orgkey.model.pasted import pasted
from orgkey.model.problems import from_validation
from orgkey.model.secret_texts import place_of, without
from orgkey.model.timeouts import Timeouts
from orgkey.stack_file.contradictions import contradictions, open_key, problems_beyond_types, problems_of_generations
from orgkey.stack_file.metadata_settings import app_settings, permission_set_settings
from orgkey.stack_file.models import GrantSettings, ImportSettings, OtherSettings
from orgkey.stack_file.secrets import NO_SECRETS, Secrets, stack_secrets

_NAMESPACES = ("orgkey:", "salesforce:")


class SettingsError(Exception):
    """The stack file is wrong; the text lists every problem."""

    def __init__(self, stack: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        listed = "\n".join(f"  - {problem.path} {problem.reason}" for problem in self.problems)
        super().__init__(
            f"Pulumi.{stack}.yaml has {_counted(len(self.problems))}; nothing was changed in the org:\n{listed}"
        )


@dataclass(frozen=True)
class Settings:
    """One stack, checked. `app` and `permission_set` hold the settings somebody wrote and those derived from them."""

    connection: Connection
    kind: Literal["external", "connected"]
    protect: bool
    blocked: bool
    app: Mapping[str, Any]
    permission_set: Mapping[str, Any]
    users: tuple[str, ...]
    integration_user: str
    key: KeyPairArgs = field(repr=False)
    authoritative: bool | None
    groups: tuple[str, ...]
    expiration: str | None
    grant: GrantSettings
    timeouts: Timeouts
    owner: str | None
    managed_by: str
    ignore: tuple[str, ...]
    imports: ImportSettings
    generation: Generation
    retiring: tuple[RetiringGeneration, ...] = field(repr=False)
    secrets: Secrets = NO_SECRETS
    notes: tuple[str, ...] = ()
    """What was put right, and how to write it."""


def load(
    config: Mapping[str, str],
    *,
    project: str,
    stack: str,
    clock: Callable[[], float] = time.time,
    secrets: Secrets | None = None,
) -> Settings:
    """Read a stack's config, as the engine hands it over: text by full key, structures as JSON; `clock` tells epoch seconds.

    `secrets` says which of it is secret; default: what the engine and the stack file say. Raises SettingsError with every problem.
    """
    sealed = stack_secrets(config, stack) if secrets is None else secrets
    mine = _mine(config)
    problems = [
        Problem(key, f"is in no namespace of orgkey ({', '.join(_NAMESPACES)})") for key in config if not _ours(key)
    ]
    connection, found = parse_connection(
        {k.removeprefix("salesforce:"): v for k, v in config.items() if k.startswith("salesforce:")}
    )
    problems += [Problem(f"salesforce:{problem.path}", problem.reason) for problem in found]
    version = float(connection.api_version if connection else DEFAULT_API_VERSION)

    misplaced = pasted(mine, except_for=("key.privateKeyPem",), prefix="orgkey:")
    odd = unwritable(mine, prefix="orgkey:")
    raw_app, raw_set = mine.pop("app", {}), mine.pop("permissionSet", {})
    choice, app, found = app_settings(raw_app, version=version)
    problems += found
    permission_set, found = permission_set_settings(raw_set, app)
    problems += found
    others, found = _others(mine, key_defaults={"subject": subject_of(str(app.get("name") or "orgkey"))})
    problems += found
    managed_by = f"{mine.get('owner') or project}/{stack}"
    problems += contradictions(mine, managed_by)
    if others is not None:
        problems += problems_of_generations(others, app.get("name"))
    misused = [*odd, *misplaced, *open_key(mine.get("key"), sealed), *sealed.problems(mine.get("retiring"))]
    problems += problems_beyond_types(mine, choice.kind, {problem.path for problem in [*misused, *problems]}, clock())
    problems = each_place_once(odd, [*misused, *problems])
    if problems or connection is None or others is None:
        hidden = frozenset(sealed.texts(config))
        told = [
            Problem(
                place_of(each.path, each.reason, secret=sealed.hold(each.path)),
                without(each.reason, hidden),
            )
            for each in problems
        ]
        raise SettingsError(stack, dict.fromkeys(told))
    return Settings(
        connection=connection,
        kind=choice.kind,
        protect=choice.kind == "connected" if choice.protect is None else choice.protect,
        blocked=choice.blocked,
        app={**app, "permissionSets": each_once([permission_set["name"], *app.get("permissionSets", ())])},
        permission_set=permission_set,
        users=others.users,
        integration_user=others.integration_user or others.users[0],
        key=others.key,
        authoritative=_authoritative(others),
        groups=others.assignments.groups,
        expiration=others.assignments.expiration,
        grant=others.grant,
        timeouts=others.timeouts,
        owner=others.owner,
        managed_by=managed_by,
        ignore=others.ignore,
        imports=others.import_,
        generation=others.generation,
        retiring=others.retiring,
        secrets=sealed,
        notes=_put_right(config.get("salesforce:instanceUrl", ""), connection.instance_url, sealed),
    )


def parts_of(config: Mapping[str, str]) -> dict[str, Any]:
    """The `orgkey` settings by name, unchecked, with the names that follow from others: what can be read of a file that has problems."""
    mine = _mine(config)
    app, own_set = mine.get("app"), mine.get("permissionSet", {})
    name = app.get("name") if isinstance(app, Mapping) else None
    if isinstance(own_set, Mapping) and isinstance(name, str):
        mine["permissionSet"] = {"name": permission_set_of(name), **own_set}
    return mine


def stack_config() -> dict[str, str]:
    """The present stack's config by full key. An inline program's engine sets it, a program of its own finds it in its environment."""
    return {**get_config_env(), **CONFIG.get()}


def _others(
    values: Mapping[str, Any], *, key_defaults: Mapping[str, Any]
) -> tuple[OtherSettings | None, list[Problem]]:
    given = dict(values)
    if isinstance(given.get("key", {}), Mapping):
        given["key"] = {**key_defaults, **given.get("key", {})}
    try:
        return OtherSettings.model_validate(given), []
    except ValidationError as error:
        return None, from_validation(error, known=(*OtherSettings.names(), "app", "permissionSet"), prefix="orgkey:")


def _put_right(written: str, taken: str, secrets: Secrets) -> tuple[str, ...]:
    if not was_put_right(written, taken):
        return ()
    shown = "the org's My Domain" if secrets.touch("salesforce:instanceUrl") else taken
    return (
        f"salesforce:instanceUrl is the address of a page; it is taken as {shown}. Write that into the stack file.",
    )


def _authoritative(others: OtherSettings) -> bool | None:
    """What somebody wrote; what comes with an import is false from then on, because what this stack did not give it must not take away."""
    imported = others.import_.assignments or others.import_.permission_set
    given = others.assignments.authoritative
    return False if given is None and imported else given


def _mine(config: Mapping[str, str]) -> dict[str, Any]:
    """The `orgkey` settings by name. What has no value is left out: a key that is null comes as an empty text (engine notes 8)."""
    typed = {key.removeprefix("orgkey:"): _typed(value) for key, value in config.items() if key.startswith("orgkey:")}
    return {name: without_nulls(value) for name, value in typed.items() if value != ""}


def _typed(value: str) -> Any:
    """Structures come as JSON; everything else is text, even where it looks like a number."""
    try:
        return json.loads(value) if value.startswith(("{", "[")) else value
    except (ValueError, RecursionError):
        return value


def _ours(key: str) -> bool:
    return key.startswith((*_NAMESPACES, "pulumi:"))


def _counted(number: int) -> str:
    return "a problem" if number == 1 else f"{number} problems"

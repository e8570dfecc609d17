"""The stack file (`Pulumi.<env>.yaml`), read and checked as a whole: every problem at once, each with its key.

Nothing is contacted here, and nothing is registered: a program that only logged an error would let the engine exit 0 and delete
every resource of the stack (engine notes 3), so problems are raised before the first resource.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pulumi.runtime.config import CONFIG, get_config_env
from pydantic import Field, ValidationError

from orgkey.identity.inputs import key_pair_problems
from orgkey.metadata.check import Problem, field_problems, shown, suggestion
from orgkey.metadata.fields import APP_FIELDS, inputs_of
from orgkey.metadata.fields import Field as Row
from orgkey.metadata.identifiers import name_key
from orgkey.metadata.members import Resource
from orgkey.model.assignments import (
    GroupNames,
    Timestamp,
    Username,
    Usernames,
    expiration_problem,
)
from orgkey.model.connection import DEFAULT_API_VERSION, Connection, parse_connection
from orgkey.model.generations import Generation, RetiringGeneration, generation_problems
from orgkey.model.ignore import ignore_problems
from orgkey.model.input_model import Flag, InputModel, Real, matches
from orgkey.model.jwt_flow import jwt_flow_problems, permission_set_problems
from orgkey.model.key_pair import KeyPairArgs
from orgkey.model.my_domain import was_put_right
from orgkey.model.names import label_of, permission_set_of, subject_of
from orgkey.model.pasted import pasted
from orgkey.model.problems import from_validation
from orgkey.model.secret_texts import place_of, without
from orgkey.model.timeouts import Timeouts
from orgkey.stack_file.secrets import NO_SECRETS, Secrets, stack_secrets

KINDS: Mapping[str, Resource] = {"external": Resource.EXTERNAL_CLIENT_APP, "connected": Resource.CONNECTED_APP}
_NAMESPACES = ("orgkey:", "salesforce:")
_LONGEST_MANAGER = 64  # so that marker and description of a permission set stay within 255 characters
MADE_BY_US = frozenset({"certificatePem", "consumerKey"})  # settings of an app that come from the key pair


_KEY_OF_AN_IMPORT = (
    "is required with orgkey:import.app, because an app keeps the consumer key that it has: copy it from Setup (External Client App "
    "Manager or App Manager > the app > OAuth settings > Consumer Key and Secret), then "
    "`pulumi config set --stack STACK --path orgkey:key.consumerKey <the app's consumer key>`; "
    "an app that has none yet gets the one given here"
)


class SettingsError(Exception):
    """The stack file is wrong; the text lists every problem."""

    def __init__(self, stack: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        listed = "\n".join(f"  - {problem.path} {problem.reason}" for problem in self.problems)
        super().__init__(
            f"Pulumi.{stack}.yaml has {_counted(len(self.problems))}; nothing was changed in the org:\n{listed}"
        )


class GrantSettings(InputModel):
    """`orgkey:grant`."""

    propagation_minutes: Annotated[Real, Field(ge=0, le=60)] | None = Field(
        default=None,
        description="How long a new or changed app may take until it works. Left out: 30 for a new External Client App, else 10.",
        examples=[15],
        json_schema_extra={"unit": "minutes"},
    )
    audience: Annotated[str, matches(r"https://\S+", "an https URL")] | None = Field(
        default=None,
        description="`aud` of the proof's assertion. Left out: My Domain first, then the login host.",
        examples=["https://test.salesforce.com"],
    )
    revoke: Flag = Field(
        default=False, description="Revoke the proof's token. It may end other sessions of that user and app."
    )


class AssignmentSettings(InputModel):
    """`orgkey:assignments`."""

    authoritative: Flag | None = Field(
        default=None,
        description="Take the set from everybody else. Left out: as it is in state, true for a new set, false for one that others held.",
    )
    groups: GroupNames = Field(
        default=(),
        description="Permission set groups that every one of the users is assigned to as well.",
        examples=[["Sales_Integration"]],
    )
    expiration: Timestamp | None = Field(
        default=None,
        description="When the assignments end by themselves.",
        examples=["2027-01-31T18:00:00Z"],
        json_schema_extra={"unit": "date and time with zone, ISO 8601"},
    )


class ImportSettings(InputModel):
    """`orgkey:import`: which things that exist already are taken over."""

    app: Flag = Field(default=False, description="Take the app over.")
    permission_set: Flag = Field(default=False, description="Take the permission set over.")
    assignments: Flag = Field(default=False, description="Take the set's assignments over.")


class AppChoice(InputModel):
    """What of `orgkey:app` is not a setting of the app itself."""

    kind: Literal["external", "connected"] = Field(
        default="external", description="External Client App or Connected App."
    )
    protect: Flag | None = Field(
        default=None, description="Whether Pulumi refuses to delete the app. Left out: only a Connected App."
    )
    blocked: Flag = Field(default=False, description="The app gives out no more tokens, and its sessions end.")


class OtherSettings(InputModel):
    """Everything in the `orgkey` namespace that pydantic alone can judge."""

    users: Annotated[Usernames, Field(min_length=1)] = Field(
        description="Who holds the permission set, by user name.", examples=[["ci@acme.com.uat"]]
    )
    integration_user: Username | None = Field(
        default=None,
        description="Whose login is proved. Left out: the first of the users.",
        examples=["ci@acme.com.uat"],
    )
    key: KeyPairArgs = Field(default=KeyPairArgs.model_validate({}), description="Key and certificate.")
    assignments: AssignmentSettings = Field(
        default=AssignmentSettings.model_validate({}), description="Holders of the permission set."
    )
    grant: GrantSettings = Field(default=GrantSettings.model_validate({}), description="The proof of the login.")
    timeouts: Timeouts = Field(
        default=Timeouts.model_validate({}),
        description="How long a verb of a resource may take. Left out: 20 minutes each.",
    )
    owner: Annotated[str, matches(r"[^\s/]+", "one word without a slash")] | None = Field(
        default=None,
        description="Who manages, in the ownership marker. Left out: the project's name.",
        examples=["acme-platform"],
    )
    ignore: tuple[str, ...] = Field(
        default=(),
        description="Property paths that neither `up` nor drift touches.",
        examples=[["app.description", "permissionSet.label"]],
    )
    generation: Generation = Field(
        default=Generation.model_validate({}), description="The generation of the app that is handed out."
    )
    retiring: tuple[RetiringGeneration, ...] = Field(
        default=(), description="Generations of the app that are still accepted."
    )
    import_: ImportSettings = Field(
        default=ImportSettings.model_validate({}),
        alias="import",
        description="Which things that exist already are taken over.",
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
    values = {key: _typed(value) for key, value in config.items()}
    mine = {key.removeprefix("orgkey:"): value for key, value in values.items() if key.startswith("orgkey:")}
    problems = [
        Problem(key, f"is in no namespace of orgkey ({', '.join(_NAMESPACES)})") for key in values if not _ours(key)
    ]
    connection, found = parse_connection(
        {k.removeprefix("salesforce:"): v for k, v in config.items() if k.startswith("salesforce:")}
    )
    problems += [Problem(f"salesforce:{problem.path}", problem.reason) for problem in found]
    version = float(connection.api_version if connection else DEFAULT_API_VERSION)

    misplaced = pasted(mine, except_for=("key.privateKeyPem",), prefix="orgkey:")
    raw_app, raw_set = mine.pop("app", {}), mine.pop("permissionSet", {})
    choice, app, found = _app(raw_app, version=version)
    problems += found
    permission_set, found = _permission_set(raw_set, app)
    problems += found
    others, found = _others(mine, key_defaults={"subject": subject_of(str(app.get("name") or "orgkey"))})
    problems += found
    managed_by = f"{mine.get('owner') or project}/{stack}"
    problems += _contradictions(mine, managed_by)
    if others is not None:
        problems += _generations(others, app.get("name"))
    misused = [*misplaced, *_open_key(mine.get("key"), sealed), *sealed.problems()]
    problems += _problems_beyond_types(mine, choice.kind, {problem.path for problem in [*misused, *problems]}, clock())
    problems = [*misused, *problems]
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
        app={**app, "permissionSets": list(dict.fromkeys([permission_set["name"], *app.get("permissionSets", ())]))},
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
    mine = {key.removeprefix("orgkey:"): _typed(value) for key, value in config.items() if key.startswith("orgkey:")}
    app, own_set = mine.get("app"), mine.get("permissionSet", {})
    name = app.get("name") if isinstance(app, Mapping) else None
    if isinstance(own_set, Mapping) and isinstance(name, str):
        mine["permissionSet"] = {"name": permission_set_of(name), **own_set}
    return mine


def stack_config() -> dict[str, str]:
    """The present stack's config by full key. An inline program's engine sets it, a program of its own finds it in its environment."""
    return {**get_config_env(), **CONFIG.get()}


def _open_key(key: Any, secrets: Secrets) -> Iterable[Problem]:
    """A private key that the stack file has in clear, from where it goes into every copy and into the state's history."""
    if isinstance(key, Mapping) and key.get("privateKeyPem") and not secrets.touch("orgkey:key.privateKeyPem"):
        yield Problem(
            "orgkey:key.privateKeyPem",
            "is no secret, so it lies in clear in the stack file and in the state's history; take it out, and set it again with "
            "`pulumi config set --secret --path orgkey:key.privateKeyPem --stack STACK < key.pem` (a new key, if others can read the file)",
        )


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


def _problems_beyond_types(
    values: Mapping[str, Any], kind: str, reported: Collection[str], now: float
) -> Iterable[Problem]:
    """What the types of settings cannot check, one setting at a time; nothing about a path in `reported`, which has a problem already."""
    key = values.get("key")
    if isinstance(key, Mapping):
        alone = "orgkey:key" in reported  # a key without its certificate, or the other way round: that says it
        own = (None, None) if alone else (key.get("privateKeyPem"), key.get("certificatePem"))
        judged = (key.get("subject"), *own)
        found = (Problem(f"orgkey:key.{name}", reason) for name, reason in key_pair_problems(*judged, now=now))
        yield from (problem for problem in found if problem.path not in reported)
    imports, consumer_key = values.get("import"), key.get("consumerKey") if isinstance(key, Mapping) else None
    if isinstance(imports, Mapping) and imports.get("app") is True and not consumer_key:
        yield Problem("orgkey:key.consumerKey", _KEY_OF_AN_IMPORT)
    assignments = values.get("assignments")
    expiration = assignments.get("expiration") if isinstance(assignments, Mapping) else None
    if (
        expiration
        and "orgkey:assignments.expiration" not in reported
        and (past := expiration_problem(str(expiration), now))
    ):
        yield Problem("orgkey:assignments.expiration", past)
    ignored = values.get("ignore")
    if isinstance(ignored, list) and not any(path.startswith("orgkey:ignore") for path in reported):
        yield from ignore_problems(map(str, ignored), KINDS[kind], "orgkey:ignore")


def _app(raw: Any, *, version: float) -> tuple[AppChoice, dict[str, Any], list[Problem]]:
    if not isinstance(raw, Mapping):
        return (
            AppChoice.model_validate({}),
            {},
            [Problem("orgkey:app", "must be a mapping: {name: …, contactEmail: …}")],
        )
    chosen = {key: value for key, value in raw.items() if key in AppChoice.names()}
    problems: list[Problem] = []
    try:
        choice = AppChoice.model_validate(chosen)
    except ValidationError as error:
        problems += from_validation(error, prefix="orgkey:app.")
        choice = AppChoice.model_validate({})
    resource = KINDS[choice.kind]
    rows = [row for row in inputs_of(resource) if row.name not in MADE_BY_US]
    app = {key: value for key, value in raw.items() if key not in AppChoice.names()}
    problems += _unknown(
        "orgkey:app", app, rows, APP_FIELDS, f"a setting of the {choice.kind} kind", extra=AppChoice.names()
    )
    app.setdefault("label", label_of(str(app.get("name") or "App")))
    problems += _field_problems("orgkey:app", resource, rows, app, version=version)
    problems += [Problem(f"orgkey:app.{problem.path}", problem.reason) for problem in jwt_flow_problems(app)]
    return choice, app, problems


def _permission_set(raw: Any, app: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    if not isinstance(raw, Mapping):
        return {"name": ""}, [Problem("orgkey:permissionSet", "must be a mapping: {name: …}")]
    values = {"name": permission_set_of(str(app.get("name") or "App")), **raw}
    values.setdefault("label", label_of(str(values["name"])))
    known = [
        row for row in inputs_of(Resource.PERMISSION_SET) if row.name != "generations"
    ]  # the component counts them
    rows = known if "name" in raw else known[1:]  # a derived name is wrong only with the app's
    problems = _unknown("orgkey:permissionSet", values, known, (), "a setting of a permission set")
    problems += _field_problems(
        "orgkey:permissionSet", Resource.PERMISSION_SET, rows, values, version=float(DEFAULT_API_VERSION)
    )
    problems += [
        Problem(f"orgkey:permissionSet.{problem.path}", problem.reason) for problem in permission_set_problems(values)
    ]
    return values, problems


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


def _contradictions(values: Mapping[str, Any], managed_by: str) -> Iterable[Problem]:
    """Contradictions between settings that are each fine by themselves."""
    if len(managed_by) > _LONGEST_MANAGER:
        yield Problem(
            "orgkey:owner",
            f"and the stack's name have {len(managed_by)} characters; at most {_LONGEST_MANAGER} fit into the ownership marker",
        )
    user, users = values.get("integrationUser"), values.get("users")
    if not isinstance(user, str) or not isinstance(users, list) or not users:
        return
    if name_key(user) not in {name_key(str(name)) for name in users}:
        yield Problem(
            "orgkey:integrationUser",
            "is none of orgkey:users, so it would not hold the permission set",
        )


def _generations(others: OtherSettings, first: Any) -> Iterable[Problem]:
    for problem in generation_problems(first, others.generation, others.retiring):
        yield Problem(f"orgkey:{problem.path}", problem.reason)
    for index, each in enumerate(others.retiring):
        if each.imported and not (each.key and each.key.consumer_key):
            yield Problem(f"orgkey:retiring[{index}].key.consumerKey", _KEY_OF_AN_IMPORT)
        if each.key and each.key.private_key_pem:
            yield Problem(
                f"orgkey:retiring[{index}].key.privateKeyPem",
                "does not belong here: the key pair of a generation that retires is in state already, and stays as it is",
            )


def _unknown(
    path: str,
    values: Mapping[str, Any],
    rows: Iterable[Row],
    all_rows: Iterable[Row],
    what: str,
    extra: Iterable[str] = (),
) -> list[Problem]:
    known = {row.name for row in rows}
    elsewhere = {row.name for row in all_rows} - known
    problems = []
    for key in values:
        if key in MADE_BY_US:
            problems.append(Problem(f"{path}.{key}", f"comes from the key pair: set orgkey:key.{key} instead"))
        elif key in elsewhere:
            problems.append(Problem(f"{path}.{key}", f"is not {what}"))
        elif key not in known:
            problems.append(Problem(f"{path}.{shown(key)}", "is not a setting" + suggestion(key, (*known, *extra))))
    return problems


def _field_problems(
    path: str, resource: Resource, rows: Iterable[Row], values: Mapping[str, Any], *, version: float
) -> list[Problem]:
    found = (problem for row in rows for problem in field_problems(resource, row, values, api_version=version))
    return [Problem(f"{path}.{problem.path}", problem.reason) for problem in found]


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

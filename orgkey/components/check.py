"""What of a component's arguments can be judged before anything is registered. The rest is each resource's own to check.

An argument may be an output of something else, of which nothing is known in a preview: that passes here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import pulumi
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from orgkey.components import settings
from orgkey.components.arguments import (
    GenerationSettings,
    ImportSettings,
    JwtBearerAccessArgs,
    RetiringSettings,
    TimeoutSettings,
)
from orgkey.metadata.check import Problem, suggestion
from orgkey.metadata.identifiers import name_key
from orgkey.metadata.members import Resource
from orgkey.metadata.nulls import without_nulls
from orgkey.metadata.ownership import OWNER
from orgkey.model.characters import each_place_once, unwritable
from orgkey.model.generations import Generation, RetiringGeneration, consumer_key_problems, generation_problems
from orgkey.model.ignore import ignore_problems
from orgkey.model.input_model import InputModel
from orgkey.model.jwt_flow import jwt_flow_problems, permission_set_problems
from orgkey.model.problems import from_validation
from orgkey.model.timeouts import Timeouts
from orgkey.resources import ConnectedAppArgs, ExternalClientAppArgs

KINDS: Mapping[str, tuple[Resource, type]] = {
    "external": (Resource.EXTERNAL_CLIENT_APP, ExternalClientAppArgs),
    "connected": (Resource.CONNECTED_APP, ConnectedAppArgs),
}
_OBJECTS: Mapping[str, type] = {
    "app": settings.AppSettings,
    "permission_set": settings.PermissionSetSettings,
    "key": settings.KeySettings,
    "assignments": settings.AssignmentSettings,
    "grant": settings.GrantSettings,
    "timeouts": TimeoutSettings,
    "imports": ImportSettings,
    "generation": GenerationSettings,
}
_FLAGS_OF_IMPORTS = {field.name for field in fields(ImportSettings)}
_OF_THE_COMPONENT = {"kind", "protect", "blocked"}  # of the app, but no settings of its resource


BY_ITS_FIELDS = "must be given by its fields; each of them may be an output of something else"


class ArgumentsError(pulumi.RunError):
    """Arguments of a component are wrong; the text lists every problem."""

    def __init__(self, component: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        listed = "\n".join(f"  - {problem.path} {problem.reason}" for problem in self.problems)
        super().__init__(f"{component} has wrong arguments; nothing of it was registered:\n{listed}")


def given(arguments: object) -> dict[str, Any]:
    """What is given of some arguments, by Python's names; they come as a dataclass, or as a mapping. What is None is left out."""
    if is_dataclass(arguments):
        values = {field.name: getattr(arguments, field.name) for field in fields(arguments)}
    else:
        values = dict(arguments) if isinstance(arguments, Mapping) else {}
    return {str(name): value for name, value in without_nulls(values).items()}


def problems_of(arguments: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield every problem that the arguments of a JwtBearerAccess show by themselves, by the names of the schema."""
    yield from each_place_once(unwritable(_by_schema(arguments)), _problems_of(arguments))


def _by_schema(value: Any) -> Any:
    """Arguments as plain values by the names of the schema; what is known later is left as it is."""
    if is_dataclass(value) or isinstance(value, Mapping):
        return {to_camel(name): _by_schema(each) for name, each in given(value).items()}
    return [_by_schema(each) for each in value] if isinstance(value, list | tuple) else value


def _problems_of(arguments: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _unknown("", arguments, JwtBearerAccessArgs)
    for name in _OBJECTS.keys() & arguments.keys():
        value = arguments[name]
        if is_dataclass(value) or isinstance(value, Mapping):
            yield from _unknown(f"{to_camel(name)}.", value, _OBJECTS[name])
        else:
            yield Problem(to_camel(name), BY_ITS_FIELDS)
    app, key, imports = (given(arguments.get(name)) for name in ("app", "key", "imports"))
    kind, ignored = app.get("kind", "external"), arguments.get("ignore", ())
    if not isinstance(ignored, list | tuple) or not all(isinstance(path, str) for path in ignored):
        yield Problem("ignore", "must be a list of plain text")
        ignored = ()
    if isinstance(kind, str) and kind in KINDS:
        yield from _app(app, kind)
        yield from ignore_problems(ignored, KINDS[kind][0], "ignore")
    else:
        yield Problem("app.kind", f"must be one of {', '.join(KINDS)}, as plain text")
    if not isinstance(app.get("protect", False), bool):
        yield Problem("app.protect", "must be true or false, and no output: Pulumi has to know it beforehand")
    if not isinstance(app.get("blocked", False), bool):
        yield Problem("app.blocked", "must be true or false, and no output")
    for problem in permission_set_problems(_plain(given(arguments.get("permission_set")))):
        yield Problem(f"permissionSet.{problem.path}", problem.reason)
    own_set = given(arguments.get("permission_set"))
    for name in ("name", "label"):
        yield from _text(f"permissionSet.{name}", own_set.get(name))
    yield from _owner(arguments.get("owner"))
    yield from _users(arguments.get("users"), arguments.get("integration_user"))
    yield from _imports(imports, app, key, given(arguments.get("permission_set")))
    yield from _generations(arguments.get("generation"), arguments.get("retiring"), app, key)
    try:
        Timeouts.model_validate(given(arguments.get("timeouts")))
    except ValidationError as error:
        yield from from_validation(error, known=Timeouts.names(), prefix="timeouts.")


def _text(path: str, value: Any, *, required: bool = False) -> Iterator[Problem]:
    """What is wrong with an argument of which others are made, so that no resource would come to judge it."""
    if isinstance(value, pulumi.Output):
        return
    if required and value in (None, ""):
        yield Problem(path, "is required")
    elif value is not None and not isinstance(value, str):
        yield Problem(path, "must be text")


def _owner(owner: Any) -> Iterator[Problem]:
    if not isinstance(owner, str):
        yield from _text("owner", owner)
    elif not re.fullmatch(OWNER, owner):
        yield Problem("owner", "must be one word without a slash")


def _unknown(prefix: str, value: object, expected: type) -> Iterator[Problem]:
    known = [field.name for field in fields(expected)]
    for name in given(value):
        if name not in known:
            yield Problem(
                f"{prefix}{to_camel(name)}",
                f"is not a setting{suggestion(to_camel(name), [to_camel(each) for each in known])}",
            )


def _app(app: Mapping[str, Any], kind: str) -> Iterator[Problem]:
    known = {field.name for field in fields(settings.AppSettings)}
    taken = {field.name for field in fields(KINDS[kind][1])} | _OF_THE_COMPONENT
    for name in app.keys() & known - taken:
        yield Problem(f"app.{to_camel(name)}", f"is not a setting of the {kind} kind")
    for name in ("name", "contact_email"):
        yield from _text(f"app.{to_camel(name)}", app.get(name), required=True)
    yield from _text("app.label", app.get("label"))
    for problem in jwt_flow_problems(_plain(app)):
        yield Problem(f"app.{problem.path}", problem.reason)


def _generations(current: Any, retiring: Any, app: Mapping[str, Any], key: Mapping[str, Any]) -> Iterator[Problem]:
    if retiring is not None and not isinstance(retiring, list | tuple):
        yield Problem("retiring", "must be a list of generations")
        return
    listed = [given(each) for each in retiring or ()]
    found = [] if current is None else _judged("generation", current, GenerationSettings, Generation)
    for index, each in enumerate(retiring or ()):
        found += _judged(f"retiring[{index}]", each, RetiringSettings, RetiringGeneration)
    yield from found
    if not found:
        yield from generation_problems(app.get("name"), given(current), listed)
    keys = [("key.consumerKey", key.get("consumer_key"))]
    for index, each in enumerate(listed):
        keys.append((f"retiring[{index}].key.consumerKey", given(each.get("key")).get("consumer_key")))
        if each.get("imported") and not keys[-1][1]:
            yield Problem(
                f"retiring[{index}].key.consumerKey",
                f"is required with retiring[{index}].imported: an app keeps the consumer key that it has; copy it from Setup",
            )
    yield from consumer_key_problems(keys)


def _judged(path: str, value: Any, expected: type, model: type[InputModel]) -> list[Problem]:
    """What is wrong with one generation by itself; its key is its resource's own to check."""
    if unknown := list(_unknown(f"{path}.", value, expected)):
        return unknown
    key = given(value).get("key")
    if not (key is None or is_dataclass(key) or isinstance(key, Mapping)):
        return [Problem(f"{path}.key", BY_ITS_FIELDS)]
    known = {
        "import" if name == "imported" else to_camel(name): each for name, each in given(value).items() if name != "key"
    }
    try:
        model.model_validate(known)
    except ValidationError as error:
        return list(from_validation(error, prefix=f"{path}."))
    return []


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of some settings already, by the schema's names."""
    return {to_camel(name): value for name, value in values.items() if not isinstance(value, pulumi.Output)}


def _users(users: Any, integration_user: Any) -> Iterator[Problem]:
    if users is None or (isinstance(users, list | tuple) and not users):
        yield Problem("users", "must name at least one user")
        return
    if not isinstance(users, list | tuple | pulumi.Output):
        yield Problem("users", "must be a list of user names")
        return
    for index, name in enumerate(users if isinstance(users, list | tuple) else ()):
        yield from _text(f"users[{index}]", "" if name is None else name, required=True)
    yield from _text("integrationUser", integration_user)
    names = (*users, integration_user or "") if isinstance(users, list | tuple) else (users,)
    plain = [name_key(name) for name in names if isinstance(name, str)]
    if integration_user and len(plain) == len(names) and plain[-1] not in plain[:-1]:
        yield Problem("integrationUser", "is none of users, so it would not hold the permission set")


def _imports(
    imports: Mapping[str, Any], app: Mapping[str, Any], key: Mapping[str, Any], permission_set: Mapping[str, Any]
) -> Iterator[Problem]:
    for name in imports.keys() & _FLAGS_OF_IMPORTS:
        if not isinstance(imports[name], bool):
            yield Problem(f"imports.{to_camel(name)}", "must be true or false, and no output")
    if imports.get("app") and not key.get("consumer_key"):
        yield Problem(
            "key.consumerKey",
            "is required with imports.app: an app keeps the consumer key that it has; copy it from Setup",
        )
    for name, path, of in (("app", "app.name", app), ("permission_set", "permissionSet.name", permission_set)):
        wanted = imports.get(name) or (name == "permission_set" and imports.get("assignments"))
        if wanted and not isinstance(of.get("name") or app.get("name"), str):
            yield Problem(
                path, "must be plain text where something is imported: Pulumi has to know an import's id beforehand"
            )

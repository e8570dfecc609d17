"""One stack file against its org, before a stack exists: the file's own settings, then what an `up` would need of the org. Reads only."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from orgkey.fleet.check_report import StackCheck, stack_check
from orgkey.fleet.engine import EngineError, find_engine
from orgkey.fleet.project import Project, Stack, StackFileError, decrypted_config, read_stack_file
from orgkey.metadata.check import sentence
from orgkey.metadata.members import APP_KINDS, Resource
from orgkey.model.connection import Connection, parse_connection
from orgkey.model.generations import app_name
from orgkey.model.setting_place import CURRENT, FIRST, RETIRING, SettingPlace
from orgkey.salesforce.clock import Clock
from orgkey.salesforce.errors import CredentialsError, RefusedError, SalesforceError, WrongOrgError
from orgkey.salesforce.org import Org
from orgkey.salesforce.preflight_stack import Wanted, WantedApp, verdicts_of
from orgkey.salesforce.preflight_table import Code, Verdict, note, right, unknown, wrong
from orgkey.salesforce.read import Snapshot
from orgkey.stack_file.file import STAND_IN, StackConfig, stack_config_of
from orgkey.stack_file.settings import Settings, SettingsError, load, parts_of

_ENCRYPTED = "what leads to the org is encrypted or comes from an environment, and the engine did not give it"
_DECRYPT = (
    "Make the stack (`pulumi stack init`), and set what decrypts it: PULUMI_CONFIG_PASSPHRASE, or access to the key."
)


@dataclass(slots=True)
class StackChecker:
    """Checks stack files of a project; `environment` has the administrators' credentials, `seconds` is the time for one stack."""

    project: Project
    environment: Mapping[str, str] = field(repr=False)
    seconds: float
    _orgs: list[Org] = field(default_factory=list)

    def check(self, stack: Stack) -> StackCheck:
        """Everything that is right and wrong with one stack; never raises."""
        started = time.monotonic()
        clock = Clock()
        clock.set_deadline(clock.monotonic() + self.seconds)
        hidden: list[str] = []
        found = _Found()
        try:
            config = self._config(stack, found)
            hidden += config.secrets.texts(config.values)
            self._look(stack, config, clock, found)
        except (StackFileError, EngineError) as error:
            found.verdicts.append(unknown(Code.SETTINGS, *_two(str(error))))
        except Exception as error:  # noqa: BLE001 — one stack must not take the others along
            found.verdicts.append(unknown(Code.SETTINGS, f"an unexpected {type(error).__name__}. Please report it."))
        return stack_check(
            stack.project,
            stack.name,
            found.verdicts,
            instance_url=found.instance_url,
            org_id=found.org_id,
            seconds=time.monotonic() - started,
            hidden=[text for text in hidden if text != STAND_IN],
        )

    def stop(self) -> None:
        """End what is under way."""
        for org in list(self._orgs):
            org.clock.canceled.set()
            org.abort()

    def _config(self, stack: Stack, found: _Found) -> StackConfig:
        """The stack's config; the engine decrypts it where something that leads to the org is encrypted or comes from elsewhere."""
        read = read_stack_file(stack)
        config = stack_config_of(read, project=self.project.name, defaults=self.project.config)
        if "environment" not in read and not config.needs_an_engine():
            return config
        try:
            values = decrypted_config(self.project, stack, find_engine(self.environment), seconds=self.seconds)
        except EngineError as error:
            found.verdicts.append(unknown(Code.LOGIN, f"{_ENCRYPTED}: {_two(str(error))[0]}", _DECRYPT))
            return replace(config, closed=True)
        return StackConfig(values, config.secrets)

    def _look(self, stack: Stack, config: StackConfig, clock: Clock, found: _Found) -> None:
        settings, verdicts = _settings(stack, config, self.project.name)
        found.verdicts += verdicts
        if config.closed:
            return
        connection, _ = parse_connection(
            {
                key.removeprefix("salesforce:"): value
                for key, value in config.values.items()
                if key.startswith("salesforce:")
            }
        )
        if connection is None:  # its problems are among the settings'
            return
        found.instance_url = connection.instance_url
        org = Org(connection, clock=clock, environment=self.environment)
        self._orgs.append(org)
        snapshot = Snapshot(org)
        found.verdicts += _told(lambda: self._login(snapshot, connection, found))
        if found.org_id:
            wanted = wanted_of(settings, config, self.project.name, stack.name)
            found.verdicts += _told(lambda: verdicts_of(snapshot, wanted))

    def _login(self, snapshot: Snapshot, connection: Connection, found: _Found) -> Iterator[Verdict]:
        identity = snapshot.identity()
        found.org_id = identity.org_id
        login = snapshot.org.whose() or "whoever salesforce:credentials lead to"
        where = f"{identity.name} ({identity.org_id}), a {identity.kind} org"
        yield right(Code.LOGIN, login=login, org=where)


@dataclass(slots=True)
class _Found:
    verdicts: list[Verdict] = field(default_factory=list)
    instance_url: str = ""
    org_id: str = ""


def _told(ask: Callable[[], Iterator[Verdict]]) -> list[Verdict]:
    """The verdicts that come, and what ended them early."""
    verdicts: list[Verdict] = []
    try:
        verdicts.extend(ask())
    except SalesforceError as error:
        says, remedy = _two(str(error))
        is_wrong = isinstance(error, CredentialsError | WrongOrgError) or (
            isinstance(error, RefusedError) and bool(error.row and error.row.rights)
        )
        verdicts.append(
            wrong(Code.LOGIN, reason=says, remedy=remedy) if is_wrong else unknown(Code.LOGIN, says, remedy)
        )
    return verdicts


def _settings(stack: Stack, config: StackConfig, project: str) -> tuple[Settings | None, list[Verdict]]:
    """What is wrong with the file itself; a problem of a stand-in is none."""
    file = stack.file.name
    try:
        settings = load(config.values, project=project, stack=stack.name, secrets=config.secrets)
    except SettingsError as error:
        problems = [
            each
            for each in error.problems
            if not (config.sealed and config.secrets.hold(each.path) and _of_a_stand_in(each.reason))
        ]
        if problems:
            return None, [
                wrong(Code.SETTINGS, path=each.path, reason=_sentence(each.reason), file=file) for each in problems
            ]
        return None, [right(Code.SETTINGS, file=file)]
    notes = [note(Code.SETTINGS, each) for each in settings.notes]
    return settings, [right(Code.SETTINGS, file=file), *notes]


def _of_a_stand_in(reason: str) -> bool:
    return "cannot be a secret" not in reason and "is a secret as a whole" not in reason


def wanted_of(settings: Settings | None, config: StackConfig, project: str, stack: str) -> Wanted:
    """What the stack wants of the org, from checked settings or, where there are none, from what can be read of them."""
    parts = parts_of(config.values) if settings is None else _of_settings(settings)
    app, own_set, assignments = (parts.get(name) for name in ("app", "permissionSet", "assignments"))
    return Wanted(
        managed_by=settings.managed_by if settings else f"{_text(parts.get('owner')) or project}/{stack}",
        apps=tuple(_apps(parts)),
        permission_set=_text(_item(own_set, "name")),
        license=_text(_item(own_set, "license")),
        users=_texts(parts.get("users")),
        groups=_texts(_item(assignments, "groups")),
        other_sets=_texts(_item(app, "permissionSets")),
        profiles=_texts(_item(app, "profiles")),
        imports_set=_item(parts.get("import"), "permissionSet") is True,
    )


def _apps(parts: Mapping[str, Any]) -> Iterator[WantedApp]:
    """The apps of the current generation and of the retiring ones."""
    app, current, retiring = (parts.get(name) for name in ("app", "generation", "retiring"))
    first, kind = _text(_item(app, "name")), _item(app, "kind")
    yield WantedApp(
        _kind(kind),
        _name(first, {"number": 1, **(current if isinstance(current, Mapping) else {})}),
        _text(_item(parts.get("key"), "consumerKey")),
        imported=_item(parts.get("import"), "app") is True,
        place=SettingPlace(generation=FIRST if not _is_named(current) else CURRENT),
    )
    for index, each in enumerate(retiring if isinstance(retiring, list) else ()):
        yield WantedApp(
            _kind(_item(each, "kind") or kind),
            _name(first, each),
            _text(_item(_item(each, "key"), "consumerKey")),
            imported=_item(each, "import") is True,
            place=SettingPlace(generation=f"{RETIRING}[{index}]"),
        )


def _is_named(generation: Any) -> bool:
    """Whether a current generation's app is not named by the first one's name alone."""
    return bool(_item(generation, "name")) or _item(generation, "number") not in {None, 1}


def _kind(written: Any) -> Resource:
    return APP_KINDS.get(_text(written), Resource.EXTERNAL_CLIENT_APP)


def _name(first: str, generation: Any) -> str:
    """The name of a generation's app, empty where the settings do not tell it."""
    number = _item(generation, "number")
    derived = app_name(first, number) if first and isinstance(number, int) else ""
    return _text(_item(generation, "name")) or derived


def _of_settings(settings: Settings) -> dict[str, Any]:
    return {
        "app": {**settings.app, "kind": settings.kind, "permissionSets": settings.app["permissionSets"][1:]},
        "permissionSet": settings.permission_set,
        "key": {"consumerKey": settings.key.consumer_key},
        "generation": {"number": settings.generation.number, "name": settings.generation.name},
        "retiring": [
            {
                "number": each.number,
                "name": each.name,
                "kind": each.kind,
                "import": each.imported,
                "key": {"consumerKey": each.key.consumer_key if each.key else None},
            }
            for each in settings.retiring
        ],
        "users": list(settings.users),
        "assignments": {"groups": list(settings.groups)},
        "import": {"app": settings.imports.app, "permissionSet": settings.imports.permission_set},
    }


def _item(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value != STAND_IN else ""


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(text for each in value if (text := _text(each))) if isinstance(value, list | tuple) else ()


def _two(message: str) -> tuple[str, str]:
    """What happened, and what to do."""
    says, _, remedy = message.partition("\n")
    return says, remedy


def _sentence(reason: str) -> str:
    return reason if reason.endswith(")") else sentence(reason)

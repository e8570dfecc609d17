"""The JWT logins of a stack, from its state: whose they are, by which key, and how their org is reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orgkey.doctor.facts import ExaminedLogin
from orgkey.fleet.engine import Engine
from orgkey.fleet.project import Project, Stack, StackFileError, connection_config, written_as
from orgkey.fleet.state import kind_of, name_of, opened, place_of, provider_of, resources_of
from orgkey.metadata.members import APP_KINDS
from orgkey.model.connection import Connection, parse_connection
from orgkey.model.setting_place import SettingPlace, Written

_GRANT = "JwtGrant"
KIND_OF: Mapping[str, str] = {resource: kind for kind, resource in APP_KINDS.items()}
"""The kind of app of a resource, by the last part of its Pulumi type."""
_PROVIDER = "pulumi:providers:salesforce"


@dataclass(frozen=True, slots=True)
class StackLogin:
    """One login of a stack; `connection` is None where how its org is reached cannot be used, for the reasons in `problems`."""

    name: str
    login: ExaminedLogin
    connection: Connection | None
    problems: tuple[str, ...] = field(default=(), repr=False)


def stack_logins(project: Project, stack: Stack, engine: Engine) -> list[StackLogin]:
    """Every JWT login of a stack's state, with its private key in memory alone; none where it has none yet.

    Raises EngineError where the state cannot be read, a missing passphrase for one.
    """
    resources = resources_of(project, stack, engine, secrets=True)
    reached = connections(project, stack, engine, resources)
    written = written_as(project, stack)
    return [
        _login(row, resources, stack, written, *reached[provider_of(row)])
        for row in resources
        if kind_of(row) == _GRANT
    ]


def connections(
    project: Project, stack: Stack, engine: Engine, resources: list[dict[str, Any]]
) -> dict[str, tuple[Connection | None, tuple[str, ...]]]:
    """How the orgs of a state's logins are reached, by their providers' URNs; None where it cannot be used, with the problems."""
    providers = {row["urn"]: row for row in resources if row.get("type") == _PROVIDER}
    used = {provider_of(row) for row in resources if kind_of(row) == _GRANT}
    return {urn: _connection(project, stack, engine, providers.get(urn), alone=len(used) == 1) for urn in used}


def consumer_keys(project: Project, stack: Stack, engine: Engine) -> list[str]:
    """The consumer keys of a stack's logins; none where they cannot be read without its passphrase."""
    return [
        key
        for row in resources_of(project, stack, engine, secrets=False)
        if kind_of(row) == _GRANT and isinstance(key := row.get("inputs", {}).get("consumerKey"), str)
    ]


def _login(
    row: Mapping[str, Any],
    resources: list[dict[str, Any]],
    stack: Stack,
    written: Written,
    connection: Connection | None,
    problems: tuple[str, ...],
) -> StackLogin:
    inputs, outputs = opened(row.get("inputs") or {}), opened(row.get("outputs") or {})
    key = str(inputs.get("consumerKey") or "")
    app = next((app for app in _apps(resources) if app[1].get("consumerKey") == key), None)
    address = (
        connection.instance_url if connection else str(outputs.get("instanceUrl") or inputs.get("instanceUrl") or "")
    )
    component = opened(next((each for each in resources if each["urn"] == row.get("parent")), {}).get("outputs") or {})
    settings = place_of(key, component, written)
    login = ExaminedLogin(
        instance_url=address,
        consumer_key=key,
        username=str(inputs.get("username") or ""),
        private_key=str(inputs.get("privateKeyPem") or ""),
        audience=str(inputs.get("audience") or ""),
        app_kind=app[0] if app else str(inputs.get("appKind") or ""),
        app_name=str(app[1].get("name") or "") if app else "",
        org_id=str(outputs.get("orgId") or ""),
        org_kind=str(outputs.get("orgKind") or ""),
        stack=stack.name,
        blocked_by=_blocked_by(row, settings) if inputs.get("blocked") else "",
        declared=_declared(row, key, resources),
        settings=settings,
    )
    return StackLogin(name_of(row), login, connection, problems)


def _blocked_by(grant: Mapping[str, Any], settings: SettingPlace) -> str:
    """The setting by which a stack blocks the app of a login."""
    if settings.written is Written.INPUTS:
        return f"`blocked` of {name_of(grant)} and what keeps its app from being used"
    return settings.setting("app.blocked")


def _declared(grant: Mapping[str, Any], key: str, resources: list[dict[str, Any]]) -> dict[str, Any]:
    """What a stack declares of a login's app, permission set and users, by path; nothing where the app is not in the state."""
    parts = {
        "PermissionSet": "permissionSet",
        "PermissionSetAssignments": "assignments",
        **dict.fromkeys(KIND_OF, "app"),
    }
    found: dict[str, Any] = {}
    for row in resources:
        part, inputs = parts.get(kind_of(row)), opened(row.get("inputs") or {})
        if part and row.get("parent") == grant.get("parent") and (part != "app" or inputs.get("consumerKey") == key):
            found |= {f"{part}.{name}": value for name, value in inputs.items()}
    return found if any(path.startswith("app.") for path in found) else {}


def _apps(resources: list[dict[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for row in resources:
        if kind := KIND_OF.get(kind_of(row)):
            yield kind, {**opened(row.get("inputs") or {}), **opened(row.get("outputs") or {})}


def _connection(
    project: Project, stack: Stack, engine: Engine, provider: Mapping[str, Any] | None, *, alone: bool
) -> tuple[Connection | None, tuple[str, ...]]:
    """How the org is reached: as the stack file says now, where it speaks for the only org; else as the provider in the state had it."""
    values: Mapping[str, Any] = opened(provider.get("inputs") or {}) if provider else {}
    if alone:
        try:
            config = connection_config(project, stack, engine, seconds=60.0)
            values = {name.partition(":")[2]: value for name, value in config.items()}
        except StackFileError:
            pass
    known = {
        name: value for name, value in values.items() if name not in ("version", "pluginDownloadURL", "__internal")
    }
    connection, problems = parse_connection(known)
    return connection, tuple(f"salesforce:{each.path} {each.reason}" for each in problems)

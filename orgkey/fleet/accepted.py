"""The apps that a stack's clients can log in through: the current generation of each component and the retiring ones, from its state."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orgkey.fleet.engine import Engine
from orgkey.fleet.logins import KIND_OF, connections
from orgkey.fleet.project import Project, Stack
from orgkey.fleet.state import generation_of, kind_of, opened, provider_of, resources_of
from orgkey.model.connection import Connection
from orgkey.provider.urn import Urn

_UPDATES = {"update", "refresh", "destroy", "import"}
_MOST_UPDATES = 100


@dataclass(frozen=True, slots=True)
class AcceptedApp:
    """One app: `retiring` where another generation is handed out. `users` are those who hold the permission set, by id.

    `connection` is None where its org cannot be reached, for the reasons in `problems`.
    """

    component: str
    generation: int
    retiring: bool
    kind: str
    name: str
    label: str
    username: str
    users: Mapping[str, str]
    connection: Connection | None
    problems: tuple[str, ...] = field(default=(), repr=False)


def accepted_apps(project: Project, stack: Stack, engine: Engine) -> list[AcceptedApp]:
    """A stack's apps that have a proof, by component, the current one first; raises EngineError where the state cannot be read."""
    resources = resources_of(project, stack, engine, secrets=True)
    reached = connections(project, stack, engine, resources)
    by_urn = {str(row["urn"]): row for row in resources}
    apps = [
        (KIND_OF[kind_of(row)], {**_values(row, "inputs"), **_values(row, "outputs")})
        for row in resources
        if kind_of(row) in KIND_OF
    ]
    found = []
    for row in resources:
        if kind_of(row) != "JwtGrant":
            continue
        inputs, outputs = _values(row, "inputs"), _values(row, "outputs")
        key = str(inputs.get("consumerKey") or "")
        kind, app = next(((kind, app) for kind, app in apps if app.get("consumerKey") == key), ("", {}))
        parent = by_urn.get(str(row.get("parent") or ""), {})
        number, retiring = generation_of(key, _values(parent, "outputs"))
        connection, problems = reached[provider_of(row)]
        username = str(inputs.get("username") or "")
        users = _holders(resources, str(row.get("parent") or ""))
        if outputs.get("userId"):
            users = {str(outputs["userId"]): username, **users}
        found.append(
            AcceptedApp(
                component=Urn.parse(str(parent.get("urn") or row["urn"])).name,
                generation=number,
                retiring=retiring,
                kind=kind,
                name=str(app.get("name") or ""),
                label=str(app.get("label") or app.get("name") or ""),
                username=username,
                users=users,
                connection=connection,
                problems=problems,
            )
        )
    return sorted(found, key=lambda each: (each.component, each.retiring, -each.generation))


def runs_of(project: Project, stack: Stack, engine: Engine) -> list[tuple[datetime, datetime]]:
    """From when to when each of the stack's last updates ran, by Pulumi's history; previews and drift checks are in none."""
    command = ["stack", "history", "--json", "--page-size", str(_MOST_UPDATES), "--page", "1", "--stack", stack.name]
    listed = json.loads(engine.answer(command, folder=project.folder) or "[]") or []
    return [
        (datetime.fromisoformat(row["startTime"]), datetime.fromisoformat(row["endTime"]))
        for row in listed
        if row.get("kind") in _UPDATES and row.get("startTime") and row.get("endTime")
    ]


def _holders(resources: Sequence[Mapping[str, Any]], parent: str) -> dict[str, str]:
    """Users who hold the permission set of a component, by id."""
    return {
        str(each["userId"]): str(each.get("username") or "")
        for row in resources
        if kind_of(row) == "PermissionSetAssignments" and str(row.get("parent") or "") == parent
        for each in _values(row, "outputs").get("assignments") or ()
        if each.get("userId")
    }


def _values(row: Mapping[str, Any], side: str) -> dict[str, Any]:
    return dict(opened(row.get(side) or {}))

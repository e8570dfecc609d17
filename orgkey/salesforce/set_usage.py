"""What hangs on a permission set beside its holders: the apps that admit them, and the groups that contain it.

SetupEntityAccess is the link from a set to an app (platform notes 3.2), PermissionSetGroupComponent the one to a group. Both need View
Setup and Configuration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orgkey.metadata.identifiers import name_key, short_id
from orgkey.salesforce import soql
from orgkey.salesforce.access import read_holders
from orgkey.salesforce.answers import Record, Rows
from orgkey.salesforce.errors import RefusedError, UnreadableError, host_of
from orgkey.salesforce.read import Snapshot

_NAMES = {
    "ExternalClientApplication": (soql.external_client_apps, "DeveloperName"),
    "ConnectedApplication": (soql.connected_apps, "Name"),
}
"""By the type of a link: how to ask for apps by id, and the field with the name."""


@dataclass(frozen=True, slots=True)
class SetUsage:
    """Names of the apps that admit a set's holders, and of the groups that contain it."""

    apps: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """Who or what they are, for a sentence; empty where there is nothing."""
        apps = [f"the app {name} admits its holders" for name in self.apps]
        return " and ".join([*apps, *(f"the permission set group {name} contains it" for name in self.groups)])


def usage_questions(permission_set: str) -> tuple[str, str]:
    """What `read_usage` asks first, for whoever asks something else in the same request."""
    return soql.links_of_set(permission_set), soql.groups_of_set(permission_set)


def read_usage(
    snapshot: Snapshot,
    permission_set: str,
    permission_set_id: str,
    *,
    expected_apps: int = 0,
    answers: Sequence[Rows | RefusedError] = (),
) -> SetUsage:
    """Say what hangs on a set; as many apps as are expected, and no more, are not worth the question for their names.

    `answers` are those to `usage_questions` where they were asked already: a refusal would be asked for once more.

    Raises UnreadableError for a login that may not see it.
    """
    links, components = answers or snapshot.ask(*usage_questions(permission_set))
    for refusal, what in ((links, "SetupEntityAccess"), (components, "PermissionSetGroupComponent")):
        if isinstance(refusal, RefusedError):
            if refusal.transient:
                raise refusal
            raise UnreadableError(
                f"{host_of(snapshot.org.url)} does not show this login what hangs on the permission set {permission_set} "
                f"({what}: {refusal.in_short}).\n"
                "Nothing was changed. Use a login with View Setup and Configuration."
            )
    linked = [row for row in _of(links, "ParentId", permission_set_id) if row["SetupEntityType"] in _NAMES]
    return SetUsage(
        _apps(snapshot, linked) if len(linked) > expected_apps else (),
        tuple(sorted(_full_name(row) for row in _of(components, "PermissionSetId", permission_set_id))),
    )


def holders_by_group(
    snapshot: Snapshot, permission_set: str, permission_set_id: str, users: Sequence[str], now: float
) -> dict[str, str]:
    """Which of `users` hold a set as members of a group that contains it, in lower case, with the group; none where that is not shown."""
    (components,) = snapshot.ask(soql.groups_of_set(permission_set))
    groups = sorted(_full_name(row) for row in _of(components, "PermissionSetId", permission_set_id))
    if not groups or not users:
        return {}
    try:
        holders = read_holders(snapshot, permission_set, users=users, groups=groups)
    except RefusedError as refusal:
        if refusal.transient:
            raise
        return {}
    return {name_key(item.username): item.group for item in holders.memberships if item.lasts(now)}


def _of(rows: Rows | RefusedError, field: str, permission_set_id: str) -> Rows:
    """Those rows that are about this set: a package may bring one of the same name."""
    return [] if isinstance(rows, RefusedError) else [row for row in rows if row.text(field) == permission_set_id]


def _apps(snapshot: Snapshot, links: Rows) -> tuple[str, ...]:
    """Names of the linked apps; an app that the org does not show goes by its id."""
    ids: dict[str, list[str]] = {}
    for link in links:
        if (kind := link.text("SetupEntityType")) in _NAMES:
            ids.setdefault(kind, []).append(link.text("SetupEntityId"))
    names: list[str] = []
    questions = {kind: _NAMES[kind][0](of_kind) for kind, of_kind in ids.items()}
    asked = [question for each in questions.values() for question in each]
    answers = dict(zip(asked, snapshot.ask(*asked), strict=True))
    for kind, of_kind in ids.items():
        answered = (answers[question] for question in questions[kind])
        seen = [row for rows in answered if not isinstance(rows, RefusedError) for row in rows]
        shown = {short_id(row.text("Id")): row.text(_NAMES[kind][1]) for row in seen}
        names += [shown.get(short_id(each)) or each for each in of_kind]
    return tuple(sorted(names))


def _full_name(component: Record) -> str:
    prefix, name = (component.text(f"PermissionSetGroup.{part}") for part in ("NamespacePrefix", "DeveloperName"))
    return f"{prefix}__{name}" if prefix else name

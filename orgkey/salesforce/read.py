"""The org snapshot: what a stack's resources need to know of an org, read in as few requests as possible.

The engine Reads all resources of a stack within a few milliseconds of each other. Their SOQL questions are gathered for a moment
and asked in one composite; every answer serves all who ask the same; any write drops what was read before it.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING

from orgkey.metadata.codec import text_of
from orgkey.metadata.identifiers import name_key
from orgkey.metadata.members import (
    MEMBER_TYPES,
    OPTIONAL_MEMBERS,
    RESOURCE_MEMBERS,
    ROOT_MEMBER,
    Resource,
    member_names,
)
from orgkey.metadata.parse import Found, parse
from orgkey.salesforce import soql
from orgkey.salesforce.answers import Rows
from orgkey.salesforce.errors import DeadlineExceededError, RefusedError
from orgkey.salesforce.org import Org
from orgkey.salesforce.org_identity import Identity
from orgkey.salesforce.shared import Shared
from orgkey.salesforce.side_by_side import side_by_side

if TYPE_CHECKING:
    from lxml import etree

    from orgkey.salesforce.soap import Listed

GATHER = 0.015  # seconds in which the engine's simultaneous Reads arrive


class Snapshot:
    """Answers about one org, shared until something is written. Whoever waits for another's question does so within its own time."""

    def __init__(self, org: Org, gather: float = GATHER) -> None:
        self.org, self.gather = org, gather
        self._lock = threading.Lock()
        self._answers: dict[str, Future[Rows]] = {}
        self._pending: dict[str, Future[Rows]] = {}
        self._gathering = False
        self._shared = Shared(org.clock, host=org.host)

    def rows(self, *soqls: str) -> list[Rows]:
        """Answer SOQL queries, together with whatever others ask at the same time; raises the first refusal."""
        return rows_of(self.ask(*soqls))

    def ask(self, *soqls: str) -> list[Rows | RefusedError]:
        """Answer SOQL queries as `rows` does, with a refusal in the place of its answer."""
        while True:
            futures, leads = self._join(soqls)
            if leads:
                self._ask()
            try:
                return [self._answer_of(future) for future in futures]
            except DeadlineExceededError:  # whoever asked for all had less time than we have
                if self.org.clock.seconds_left() <= 0:
                    raise

    def identity(self) -> Identity:
        """Which org this is; asked together with whatever else is asked at the same time, once per process."""
        if not self.org.known:
            self.rows(soql.ORGANIZATION)
        return self.org.identity()

    def prefetch(self, *soqls: str) -> None:
        """Ask several questions in one request, for whoever needs the answers next; a refusal is theirs to hear."""
        self.ask(*soqls)

    def tooling(self, question: str) -> Rows:
        """Answer one SOQL query of the Tooling API."""
        found: Rows = self._shared.get(("tooling", question), lambda: self.org.tooling_query(question))
        return found

    def listed(self, type_name: str) -> Sequence[Listed]:
        """All members of one metadata type, those of packages too."""
        from orgkey.salesforce.soap import list_metadata

        found: Sequence[Listed] = self._shared.get(
            ("listed", type_name), lambda: list_metadata(self.org, [type_name]).get(type_name, [])
        )
        return found

    def members(self, type_name: str, full_names: Sequence[str]) -> Mapping[str, etree._Element]:
        """The org's members of one metadata type by full name; what it does not have is left out."""
        from orgkey.salesforce.soap import read_metadata

        found: Mapping[str, etree._Element] = self._shared.get(
            (type_name, tuple(full_names)), lambda: read_metadata(self.org, type_name, full_names)
        )
        return found

    def drop(self) -> None:
        """Forget everything: something was written."""
        with self._lock:
            self._answers.clear()
        self._shared.drop()

    def _answer_of(self, future: Future[Rows]) -> Rows | RefusedError:
        try:
            return self.org.clock.result(future, host=self.org.host)
        except RefusedError as refusal:
            return refusal

    def _join(self, questions: Sequence[str]) -> tuple[list[Future[Rows]], bool]:
        with self._lock:
            new = [question for question in dict.fromkeys(questions) if question not in self._answers]
            for (
                question
            ) in new:  # one that waits already is waited for, also when a write made the answers before it void
                self._answers[question] = self._pending.setdefault(question, Future())
            leads = bool(new) and not self._gathering
            self._gathering = self._gathering or leads
            return [self._answers[question] for question in questions], leads

    def _ask(self) -> None:
        """Log in, wait for the others, ask for all. Logging in takes longer than the others' coming, so it goes first."""
        try:
            self.org.log_in()
            self.org.clock.wait(self.gather)
        except BaseException as error:  # noqa: BLE001 — whoever waits for the same answer must hear of it
            self._fail(self._take(), error)
            return
        waiting = self._take()
        try:
            answers = self.org.answers(list(waiting))
        except BaseException as error:  # noqa: BLE001 — as above
            self._fail(waiting, error)
            return
        for (question, future), answer in zip(waiting.items(), answers, strict=True):
            if isinstance(answer, RefusedError):
                self._forget(question, future)
                future.set_exception(answer)
            else:
                future.set_result(answer)

    def _take(self) -> dict[str, Future[Rows]]:
        with self._lock:
            waiting, self._pending, self._gathering = self._pending, {}, False
            return waiting

    def _fail(self, waiting: Mapping[str, Future[Rows]], error: BaseException) -> None:
        for question, future in waiting.items():
            self._forget(question, future)
            future.set_exception(error)

    def _forget(self, question: str, future: Future[Rows]) -> None:
        with self._lock:
            if self._answers.get(question) is future:
                del self._answers[question]


def rows_of(answers: Sequence[Rows | RefusedError]) -> list[Rows]:
    """The answers, or the first refusal among them raised."""
    for answer in answers:
        if isinstance(answer, RefusedError):
            raise answer
    return [answer for answer in answers if not isinstance(answer, RefusedError)]


def read_resource(
    snapshot: Snapshot, resource: Resource, name: str, known_names: Mapping[str, str] | None = None
) -> Found | None:
    """Read a permission set or an app by developer name, or None when the org does not have it.

    `known_names` are the full names of its members where they were seen before. A satellite of an External Client App has a free name
    (platform notes 2.2): whose it is is told by what it points at, and one that is not found under its usual name is looked for.
    """
    names = {
        kind: full
        for kind, full in member_names(resource, name, known_names).items()
        if kind in RESOURCE_MEMBERS[resource]
    }
    root_type = ROOT_MEMBER[resource]
    present, optional = _read_members(snapshot, names, _optional(snapshot, resource))
    if root_type not in present and (namespace := snapshot.identity().namespace):
        names = {type_name: f"{namespace}__{full_name}" for type_name, full_name in names.items()}
        present, _ = _read_members(snapshot, names)
    if root_type not in present:
        return None
    names |= {kind: full_name for kind, (full_name, _) in present.items()}
    records = {kind: record for kind, (_, record) in present.items()}
    apps = {name_key(name), name_key(names[root_type])}  # developer names know no case
    records = {kind: record for kind, record in records.items() if kind == root_type or _parent(record) in apps}
    missing = [type_name for type_name in RESOURCE_MEMBERS[resource] if type_name not in records]
    if missing:
        listed = _listed(snapshot, missing)
        moved = _satellites_elsewhere(snapshot, listed, apps, names)
        records |= {type_name: record for type_name, (_, record) in moved.items()}
        names |= {type_name: full_name for type_name, (full_name, _) in moved.items()}
        names |= {kind: _free_name(kind, name, listed[kind]) for kind in missing if kind not in moved}
    for kind, found in optional.items():
        for full_name, record in found.items():
            if _parent(record) in apps:
                records, names = {**records, kind: record}, {**names, kind: full_name}
    return parse(resource, records, names)


def _optional(snapshot: Snapshot, resource: Resource) -> list[str]:
    """Types of members that an app may have and seldom has, as far as the API version knows them."""
    version = float(snapshot.org.connection.api_version)
    return [kind for kind in OPTIONAL_MEMBERS.get(resource, ()) if MEMBER_TYPES[kind].since <= version]


def _read_members(
    snapshot: Snapshot, names: Mapping[str, str], optional: Sequence[str] = ()
) -> tuple[dict[str, tuple[str, etree._Element]], dict[str, Mapping[str, etree._Element]]]:
    """Members by type with their names as the org spells them, as far as they are there; and all of the `optional` types, whosever."""
    tasks = [
        *(partial(snapshot.members, kind, [name]) for kind, name in names.items()),
        *(partial(_all_members, snapshot, kind) for kind in optional),
    ]
    answers = side_by_side(tasks)
    members = {
        kind: (full_name, record)
        for (kind, name), found in zip(names.items(), answers, strict=False)
        for full_name, record in found.items()
        if name_key(full_name) == name_key(name)
    }
    return members, dict(zip(optional, answers[len(names) :], strict=True))


def _all_members(snapshot: Snapshot, type_name: str) -> Mapping[str, etree._Element]:
    """All members of a type; none where the org does not show the type to this login, or does not know it."""
    try:
        full_names = [item.full_name for item in snapshot.listed(type_name) if item.full_name]
        return snapshot.members(type_name, full_names) if full_names else {}
    except RefusedError:
        return {}


def _parent(record: etree._Element) -> str:
    """Which app a satellite points at."""
    return name_key(text_of(record, "externalClientApplication") or "")


def _listed(snapshot: Snapshot, types: Sequence[str]) -> dict[str, list[str]]:
    from orgkey.salesforce.soap import list_metadata

    listed = list_metadata(snapshot.org, types)
    return {kind: [item.full_name for item in listed.get(kind, ()) if item.full_name] for kind in types}


def _satellites_elsewhere(
    snapshot: Snapshot, listed: Mapping[str, Sequence[str]], apps: Collection[str], tried: Mapping[str, str]
) -> dict[str, tuple[str, etree._Element]]:
    """Satellites by type with their full names: members of the same name but another type are none of each other's business."""
    found: dict[str, tuple[str, etree._Element]] = {}
    for type_name, full_names in listed.items():
        candidates = [name for name in full_names if name_key(name) != name_key(tried[type_name])]
        for full_name, record in (snapshot.members(type_name, candidates) if candidates else {}).items():
            if _parent(record) in apps:
                found[type_name] = (full_name, record)
    return found


def _free_name(type_name: str, app: str, taken: Sequence[str]) -> str:
    """What a new satellite is called: the usual name, numbered where another app's satellite has it."""
    usual, others = app + MEMBER_TYPES[type_name].satellite, {name_key(name) for name in taken}
    numbered = (f"{usual}{number or ''}" for number in (0, *range(2, len(others) + 3)))
    return next(name for name in numbered if name_key(name) not in others)


def other_kind(resource: Resource) -> Resource:
    """The other kind of app."""
    return Resource.CONNECTED_APP if resource is Resource.EXTERNAL_CLIENT_APP else Resource.EXTERNAL_CLIENT_APP

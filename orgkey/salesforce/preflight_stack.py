"""A whole stack against its org at once, as `orgkey check` asks: the same facts and the same judge as a preview's, resource by resource."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orgkey.metadata.members import Resource
from orgkey.metadata.ownership import Ownership, unmark
from orgkey.salesforce import soql
from orgkey.salesforce.access import own_set
from orgkey.salesforce.app_links import grantees
from orgkey.salesforce.apps import is_there, read_app
from orgkey.salesforce.errors import RefusedError
from orgkey.salesforce.org_identity import ownership_of
from orgkey.salesforce.preflight import (
    permission_questions,
    read_absent,
    read_consumer_keys,
    read_groups,
    read_permissions,
    read_terms,
    read_users,
    terms_questions,
    user_questions,
)
from orgkey.salesforce.preflight_judge import (
    API,
    ASSIGN,
    EXTERNAL,
    KINDS,
    METADATA,
    SETUP,
    Thing,
    judge_consumer_key,
    judge_groups,
    judge_name,
    judge_other_kind,
    judge_permissions,
    judge_users,
)
from orgkey.salesforce.preflight_table import TABLE, Code, Verdict, note, right, wrong
from orgkey.salesforce.read import Snapshot, other_kind


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a stack wants of its org. An empty name is one that is not known, and is not asked about."""

    managed_by: str
    kind: Resource
    app: str = ""
    consumer_key: str = ""
    permission_set: str = ""
    license: str = ""
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    other_sets: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    imports_app: bool = False
    imports_set: bool = False


def verdicts_of(snapshot: Snapshot, wanted: Wanted) -> Iterator[Verdict]:
    """What is right and wrong, as it is found out; raises SalesforceError where the org does not answer."""
    _prefetch(snapshot, wanted)
    yield from _permission_verdicts(snapshot, wanted)
    yield from _set_verdicts(snapshot, wanted)
    host = snapshot.org.host
    if wanted.users:
        terms, _ = read_terms(snapshot, wanted.permission_set, wanted.license)
        yield from judge_users(wanted.users, read_users(snapshot, wanted.users), terms, host=host)
    if wanted.groups:
        yield from judge_groups(wanted.groups, read_groups(snapshot, wanted.groups), host=host)
    yield from _app_verdicts(snapshot, wanted)
    if not snapshot.org.connection.validate_on_preview:
        yield note(Code.DEPLOY, TABLE[Code.DEPLOY].wrong, TABLE[Code.DEPLOY].remedy)


def _prefetch(snapshot: Snapshot, wanted: Wanted) -> None:
    snapshot.prefetch(
        *permission_questions(),
        *([soql.permission_set(wanted.permission_set)] if wanted.permission_set else []),
        *terms_questions(wanted.license),
        *(user_questions(wanted.users) if wanted.users else []),
        *(soql.groups(wanted.groups) if wanted.groups else []),
        *([soql.external_client_app(wanted.app)] if wanted.app else []),
    )


def _permission_verdicts(snapshot: Snapshot, wanted: Wanted) -> list[Verdict]:
    needs = (API, SETUP, METADATA, ASSIGN, *((EXTERNAL,) if wanted.kind is Resource.EXTERNAL_CLIENT_APP else ()))
    return judge_permissions(read_permissions(snapshot), needs, host=snapshot.org.host, login=snapshot.org.whose())


def _set_verdicts(snapshot: Snapshot, wanted: Wanted) -> Iterator[Verdict]:
    name = wanted.permission_set
    if not name:
        return
    (rows,) = snapshot.ask(soql.permission_set(name))
    if not isinstance(rows, RefusedError):
        own = own_set(snapshot, rows)
        marker = next((unmark(row.text("Description"))[1] for row in rows if row.text("Id") == own), None)
        thing = Thing(ownership_of(marker, wanted.managed_by, snapshot.identity()), marker) if own else None
        yield _name_verdict(snapshot, Resource.PERMISSION_SET, name, thing, imports=wanted.imports_set)
    if wanted.license:
        _, is_there = read_terms(snapshot, name, wanted.license)
        facts = {"host": snapshot.org.host, "name": name, "license": wanted.license}
        yield right(Code.SET_LICENSE, **facts) if is_there else wrong(Code.SET_LICENSE, **facts)


def _app_verdicts(snapshot: Snapshot, wanted: Wanted) -> Iterator[Verdict]:
    host, name, kind = snapshot.org.host, wanted.app, wanted.kind
    if name:
        other = Thing(Ownership.UNMARKED) if is_there(snapshot, other_kind(kind), name) else None
        if other is not None:
            other = _app(snapshot, other_kind(kind), wanted) or other
        yield judge_other_kind(kind, name, other, host=host)
        yield _name_verdict(snapshot, kind, name, _app(snapshot, kind, wanted), imports=wanted.imports_app)
    if wanted.consumer_key:
        whose = read_consumer_keys(snapshot).get(wanted.consumer_key, "")
        yield judge_consumer_key(name, whose, host=host)
    admitted = grantees(wanted.other_sets, wanted.profiles)
    absent = read_absent(snapshot, admitted) if admitted else []
    for each in admitted:
        yield wrong(Code.ADMITTED, host=host, what=each) if each in absent else right(Code.ADMITTED, what=each)


def _app(snapshot: Snapshot, kind: Resource, wanted: Wanted) -> Thing | None:
    app = read_app(snapshot, kind, wanted.app)
    if app is None:
        return None
    marker = app.found.marker
    return Thing(ownership_of(marker, wanted.managed_by, snapshot.identity()), marker)


def _name_verdict(snapshot: Snapshot, kind: Resource, name: str, thing: Thing | None, *, imports: bool) -> Verdict:
    what, setting = f"{KINDS[kind]} {name}", "permissionSet" if kind is Resource.PERMISSION_SET else "app"
    if imports:
        return right(Code.IMPORT, what=what) if thing else wrong(Code.IMPORT, host=snapshot.org.host, what=what)
    take_over = f"set orgkey:import.{setting} to true (docs/guides/taking-over-an-app.md)."
    return judge_name(kind, name, thing, host=snapshot.org.host, take_over=take_over)

"""A whole stack against its org at once, as `orgkey check` asks: the same facts and the same judge as a preview's, resource by resource."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from orgkey.metadata.members import Resource
from orgkey.metadata.ownership import Ownership, unmark
from orgkey.model.setting_place import STACK_FILE, SettingPlace
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
class WantedApp:
    """The app of one generation; `place` is where its settings are written."""

    kind: Resource
    name: str = ""
    consumer_key: str = ""
    imported: bool = False
    place: SettingPlace = STACK_FILE


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a stack wants of its org: `apps` are its generations. An empty name is one that is not known, and is not asked about."""

    managed_by: str
    apps: tuple[WantedApp, ...]
    permission_set: str = ""
    license: str = ""
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    other_sets: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
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
    yield from _apps_verdicts(snapshot, wanted)
    if not snapshot.org.connection.validate_on_preview:
        yield note(Code.DEPLOY, TABLE[Code.DEPLOY].wrong, TABLE[Code.DEPLOY].remedy)


def _prefetch(snapshot: Snapshot, wanted: Wanted) -> None:
    snapshot.prefetch(
        *permission_questions(),
        *([soql.permission_set(wanted.permission_set)] if wanted.permission_set else []),
        *terms_questions(wanted.license),
        *(user_questions(wanted.users) if wanted.users else []),
        *(soql.groups(wanted.groups) if wanted.groups else []),
        *(soql.external_client_app(app.name) for app in wanted.apps if app.name),
    )


def _permission_verdicts(snapshot: Snapshot, wanted: Wanted) -> list[Verdict]:
    external = any(app.kind is Resource.EXTERNAL_CLIENT_APP for app in wanted.apps)
    needs = (API, SETUP, METADATA, ASSIGN, *((EXTERNAL,) if external else ()))
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
        import_setting = "" if wanted.imports_set else "orgkey:import.permissionSet"
        yield _name_verdict(snapshot, Resource.PERMISSION_SET, name, thing, import_setting)
    if wanted.license:
        _, is_there = read_terms(snapshot, name, wanted.license)
        facts = {"host": snapshot.org.host, "name": name, "license": wanted.license}
        yield right(Code.SET_LICENSE, **facts) if is_there else wrong(Code.SET_LICENSE, **facts)


def _apps_verdicts(snapshot: Snapshot, wanted: Wanted) -> Iterator[Verdict]:
    keys = read_consumer_keys(snapshot) if any(app.consumer_key for app in wanted.apps) else {}
    for app in wanted.apps:
        verdicts = list(_app_verdicts(snapshot, app, wanted.managed_by)) if app.name else []
        if app.consumer_key:
            verdicts.append(judge_consumer_key(app.name, keys.get(app.consumer_key, ""), host=snapshot.org.host))
        yield from (_placed(each, app.place) for each in verdicts)
    admitted = grantees(wanted.other_sets, wanted.profiles)
    absent = read_absent(snapshot, admitted) if admitted else []
    for each in admitted:
        is_absent = each in absent
        yield wrong(Code.ADMITTED, host=snapshot.org.host, what=each) if is_absent else right(Code.ADMITTED, what=each)


def _placed(verdict: Verdict, place: SettingPlace) -> Verdict:
    """A verdict that names the settings of that place."""
    return replace(verdict, says=place.told(verdict.says), remedy=place.told(verdict.remedy))


def _app_verdicts(snapshot: Snapshot, wanted: WantedApp, managed_by: str) -> Iterator[Verdict]:
    """What is said of the name of one generation's app, in either kind."""
    kind, name = wanted.kind, wanted.name
    other = None
    if is_there(snapshot, other_kind(kind), name):
        other = _app(snapshot, other_kind(kind), name, managed_by) or Thing(Ownership.UNMARKED)
    yield judge_other_kind(kind, name, other, host=snapshot.org.host)
    thing = _app(snapshot, kind, name, managed_by)
    yield _name_verdict(snapshot, kind, name, thing, "" if wanted.imported else "orgkey:import.app")


def _app(snapshot: Snapshot, kind: Resource, name: str, managed_by: str) -> Thing | None:
    app = read_app(snapshot, kind, name)
    if app is None:
        return None
    marker = app.found.marker
    return Thing(ownership_of(marker, managed_by, snapshot.identity()), marker)


def _name_verdict(snapshot: Snapshot, kind: Resource, name: str, thing: Thing | None, import_setting: str) -> Verdict:
    """Whether a stack may have that name; `import_setting` would take over what has it, empty where it is set."""
    what, host = f"{kind.in_words} {name}", snapshot.org.host
    if not import_setting:
        return right(Code.IMPORT, what=what) if thing else wrong(Code.IMPORT, host=host, what=what)
    take_over = f"set {import_setting} to true (docs/guides/taking-over-an-app.md)."
    return judge_name(kind, name, thing, host=host, take_over=take_over)

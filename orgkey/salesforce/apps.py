"""Which record an app is, who may use it, and what the org holds of it.

ExternalClientApplication is an object of the data API. ConnectedApplication has its developer name in the Tooling API only, "for internal
use" (object reference): so the Metadata API alone says whether a Connected App is there, and where Tooling does not tell its id, the
listing does. Packaged apps may bear the same developer name; they are never ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orgkey.metadata.identifiers import name_key, same_id
from orgkey.metadata.members import ROOT_MEMBER, Resource
from orgkey.metadata.parse import Found
from orgkey.salesforce import soql
from orgkey.salesforce.answers import Rows
from orgkey.salesforce.app_links import NOT_SHOWN
from orgkey.salesforce.errors import RefusedError, UnreadableError, host_of
from orgkey.salesforce.read import Snapshot, read_resource

if TYPE_CHECKING:
    from orgkey.salesforce.soap import Listed

ID_PREFIX = {Resource.CONNECTED_APP: "0H4", Resource.EXTERNAL_CLIENT_APP: "0xI"}
"""The first three characters of an app's id."""


@dataclass(frozen=True, slots=True)
class App:
    """An app as the org has it; `record_id` is empty where the org does not show it.

    `links` are the permission sets and profiles that may use it, or the refusal of a login that may not see them.
    """

    found: Found
    record_id: str
    links: Rows | RefusedError


def read_app(
    snapshot: Snapshot,
    kind: Resource,
    name: str,
    *,
    known_names: Mapping[str, str] | None = None,
    known_id: str = "",
) -> App | None:
    """Read an app by developer name; None where the org does not have it. `known_id` saves a request where it is still right.

    Raises UnreadableError where the org lists the app and the Metadata API does not show it, RefusedError where it refuses to say.
    """
    listing: Rows | RefusedError = []
    questions = [soql.external_client_app(name)] if kind is Resource.EXTERNAL_CLIENT_APP else []
    links = soql.links(known_id) if known_id else ""
    asked = [*questions, *([links] if links else [])]
    answers = dict(zip(asked, snapshot.ask(*asked), strict=True))
    if questions:
        listing = answers[questions[0]]
        if not isinstance(listing, RefusedError) and not _own(snapshot, listing):
            return None
    found = read_resource(snapshot, kind, name, known_names)
    if found is None:
        if isinstance(listing, RefusedError):
            raise listing
        if _is_listed(snapshot, kind, name):
            raise UnreadableError(
                f"{host_of(snapshot.org.url)} lists the app {name}, but its Metadata API does not show it.\n"
                "Nothing was changed. It may have lost its settings, or this login may not see them: look at it in Setup."
            )
        return None
    app_id = record_id(snapshot, kind, name)
    if app_id and not same_id(app_id, known_id):
        links = soql.links(app_id)
        answers[links] = snapshot.ask(links)[0]
    seen = answers[links] if links else []
    if isinstance(seen, RefusedError) and seen.code not in NOT_SHOWN:
        raise seen
    return App(found, app_id, seen)


def is_there(snapshot: Snapshot, kind: Resource, name: str) -> bool:
    """Whether the org has an app of that name, as far as it says: a refusal counts as no."""
    if kind is Resource.EXTERNAL_CLIENT_APP:
        rows = snapshot.ask(soql.external_client_app(name))[0]
        return not isinstance(rows, RefusedError) and bool(_own(snapshot, rows))
    try:
        return bool(snapshot.members(ROOT_MEMBER[kind], [name]))
    except RefusedError:
        return False


def package_of(snapshot: Snapshot, kind: Resource, name: str) -> str:
    """Namespace of a package that has an app of that name (with or without its prefix); empty where none is known."""
    prefix, _, bare = name.rpartition("__")
    try:
        if kind is Resource.EXTERNAL_CLIENT_APP:
            (rows,) = snapshot.rows(soql.external_client_app(bare))
            namespaces = [row.text("NamespacePrefix") for row in rows]
        else:
            namespaces = [
                item.namespace
                for item in snapshot.listed(ROOT_MEMBER[kind])
                if name_key(item.bare_name) == name_key(bare)
            ]
    except RefusedError:
        return ""
    own = ("", snapshot.identity().namespace)
    return next((each for each in namespaces if each not in own and prefix in ("", each)), "")


def record_id(snapshot: Snapshot, kind: Resource, name: str) -> str:
    """Id of the org's own app of that name, which is there; empty where the org does not show it."""
    rows = _rows(snapshot, kind, name)
    if rows is not None and len(rows) == 1:
        return rows[0].text("Id")
    listed = _listed(snapshot, kind, name)
    return listed.record_id if listed else ""


def _is_listed(snapshot: Snapshot, kind: Resource, name: str) -> bool:
    rows = _rows(snapshot, kind, name)
    if kind is Resource.EXTERNAL_CLIENT_APP or rows == []:
        return bool(rows)
    return _listed(snapshot, kind, name) is not None


def _rows(snapshot: Snapshot, kind: Resource, name: str) -> Rows | None:
    """What the org answers of an app; None where it does not tell.

    Tooling does not tell the namespace: an app of a package may be among them.
    """
    if kind is Resource.EXTERNAL_CLIENT_APP:
        answer = snapshot.ask(soql.external_client_app(name))[0]
        return None if isinstance(answer, RefusedError) else _own(snapshot, answer)
    try:
        return snapshot.tooling(soql.connected_app(name))
    except RefusedError:
        return None


def _listed(snapshot: Snapshot, kind: Resource, name: str) -> Listed | None:
    try:
        listed = snapshot.listed(ROOT_MEMBER[kind])
    except RefusedError:
        return None
    namespace = snapshot.identity().namespace
    candidates = (item for item in listed if item.namespace in ("", namespace))
    return next((item for item in candidates if name_key(item.bare_name) == name_key(name)), None)


def _own(snapshot: Snapshot, rows: Rows) -> Rows:
    namespace = snapshot.identity().namespace
    return [row for row in rows if row.text("NamespacePrefix") in ("", namespace)]

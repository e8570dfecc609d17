"""What a start needs to know of an org, read in few requests. Reads, never writes.

What one login may not see is noted, and the rest is looked at all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from orgkey.metadata.codec import children, text_of
from orgkey.metadata.identifiers import name_key, short_id
from orgkey.metadata.members import ECA, GLOBAL_OAUTH, ROOT_MEMBER, Resource
from orgkey.metadata.ownership import unmark
from orgkey.model.connection import DEFAULT_API_VERSION, FLOOR
from orgkey.salesforce import soql
from orgkey.salesforce.answers import Rows, version
from orgkey.salesforce.errors import RefusedError, UnreachableError
from orgkey.salesforce.org_identity import Identity
from orgkey.salesforce.preflight_judge import API_INTEGRATION
from orgkey.salesforce.read import Snapshot
from orgkey.start.apps import AppSeen, Jwt
from orgkey.start.users import LICENSES, NAME_PARTS, USERNAME_STARTS, Candidate, UserSeen, candidates

if TYPE_CHECKING:
    from lxml import etree

    from orgkey.salesforce.soap import Listed

_MOST_APPS = 100  # of one kind whose settings are read, those that were changed last; ten are a request


@dataclass(frozen=True, slots=True)
class OrgSeen:
    """An org as a start sees it. `newest_version` is the newest API version that it serves; `unseen` says what was not shown, and why."""

    identity: Identity
    login: str
    email: str
    newest_version: str
    users: tuple[Candidate, ...]
    apps: tuple[AppSeen, ...]
    unseen: tuple[str, ...] = field(default=())


def api_version(served: Sequence[str], host: str) -> tuple[str, str]:
    """The version to use, and the newest that an org serves; raises UnreachableError where it serves none that knows apps' certificates."""
    newest = max(served, key=version, default="")
    if version(newest) < FLOOR:
        raise UnreachableError(
            f"{host} serves API versions up to {newest or 'none'}, and orgkey needs {FLOOR} or newer.\n"
            "Is it an org of Salesforce? Its My Domain is in Setup > My Domain."
        )
    return min(DEFAULT_API_VERSION, newest, key=version), newest


def look(snapshot: Snapshot, newest_version: str) -> OrgSeen:
    """Look at an org; raises SalesforceError where its login does not work, or it does not answer."""
    identity = snapshot.identity()
    login = snapshot.org.whose()
    unseen: list[str] = []
    asked = [soql.users_like(USERNAME_STARTS, NAME_PARTS, LICENSES), *([soql.email_of(login)] if login else [])]
    users, *emails = snapshot.ask(*asked)
    email = next((row.text("Email") for rows in emails if not isinstance(rows, RefusedError) for row in rows), "")
    return OrgSeen(
        identity,
        login,
        email,
        newest_version,
        tuple(candidates(_users(snapshot, users, unseen))),
        tuple(_apps(snapshot, unseen)),
        tuple(unseen),
    )


def _users(snapshot: Snapshot, rows: Rows | RefusedError, unseen: list[str]) -> list[UserSeen]:
    if isinstance(rows, RefusedError):
        if rows.transient:
            raise rows
        unseen.append(f"which users look like integration users ({rows.in_short})")
        return []
    names, ids = [row.text("Username") for row in rows], [row.text("Id") for row in rows]
    licensed = _answered(snapshot, soql.holders_of_license(API_INTEGRATION, names) if names else [])
    frozen = _answered(snapshot, soql.frozen_users(ids) if ids else [])
    holders = None if licensed is None else {name_key(row.text("Assignee.Username")) for row in licensed}
    cold = {short_id(row.text("UserId")) for row in frozen or ()}
    return [
        UserSeen(
            username=row.text("Username"),
            full_name=row.text("Name"),
            profile=row.text("Profile.Name"),
            license=row.text("Profile.UserLicense.Name"),
            api_only=row.flag("Profile.PermissionsApiUserOnly"),
            api_license=None if holders is None else name_key(row.text("Username")) in holders,
            frozen=short_id(row.text("Id")) in cold,
        )
        for row in rows
    ]


def _answered(snapshot: Snapshot, questions: Sequence[str]) -> Rows | None:
    """The rows of all answers; None where the org refuses one."""
    answers = snapshot.ask(*questions) if questions else []
    if any(isinstance(each, RefusedError) for each in answers):
        return None
    return [row for each in answers if not isinstance(each, RefusedError) for row in each]


def _apps(snapshot: Snapshot, unseen: list[str]) -> list[AppSeen]:
    found: list[AppSeen] = []
    for kind, read in (("external", _external), ("connected", _connected)):
        try:
            found += read(snapshot)
        except RefusedError as refusal:
            if refusal.transient:
                raise
            unseen.append(f"which {kind} apps there are ({refusal.in_short})")
    if any(each.jwt is Jwt.YES for each in found):
        return found
    return [
        replace(each, jwt=Jwt.UNKNOWN) for each in found
    ]  # an org that shows no certificate may show none of any app


def _external(snapshot: Snapshot) -> list[AppSeen]:
    listed = snapshot.listed(ECA)
    read = _newest(listed, snapshot)
    roots = snapshot.members(ECA, read)
    oauth: dict[str, etree._Element] = {}
    if roots:
        settings = snapshot.listed(GLOBAL_OAUTH)
        found = snapshot.members(GLOBAL_OAUTH, _newest(settings, snapshot))
        oauth = {name_key(text_of(record, "externalClientApplication") or ""): record for record in found.values()}
    own = _Own(snapshot.identity().namespace, frozenset(read))
    return [_seen("external", each, roots, oauth.get(name_key(each.full_name)), own) for each in listed]


def _connected(snapshot: Snapshot) -> list[AppSeen]:
    type_name = ROOT_MEMBER[Resource.CONNECTED_APP]
    listed = snapshot.listed(type_name)
    read = _newest(listed, snapshot)
    records = snapshot.members(type_name, read)
    settings = {name: next(iter(children(record, "oauthConfig")), None) for name, record in records.items()}
    own = _Own(snapshot.identity().namespace, frozenset(read))
    return [_seen("connected", each, records, settings.get(each.full_name), own) for each in listed]


@dataclass(frozen=True, slots=True)
class _Own:
    """The org's own namespace, and the full names of those of its apps whose settings were asked for."""

    namespace: str
    read: frozenset[str]


def _seen(
    kind: str,
    listed: Listed,
    records: Mapping[str, etree._Element],
    oauth: etree._Element | None,
    own: _Own,
) -> AppSeen:
    record = records.get(listed.full_name)
    marker = unmark(text_of(record, "description") or "")[1] if record is not None else None
    return AppSeen(
        kind=kind,
        name=listed.bare_name,
        label=(text_of(record, "label") or "") if record is not None else "",
        namespace=listed.namespace if listed.namespace != own.namespace else "",
        settings_shown=record is not None or listed.full_name not in own.read,
        jwt=_jwt(oauth),
        manager=marker.manager if marker else "",
    )


def _jwt(oauth: etree._Element | None) -> Jwt:
    """By the certificate, which not every org shows (platform notes 1.4)."""
    if oauth is None:
        return Jwt.UNKNOWN
    return Jwt.YES if text_of(oauth, "certificate") else Jwt.NO


def _newest(listed: Sequence[Listed], snapshot: Snapshot) -> list[str]:
    """The org's own, those that were changed last; what packages brought is read by nobody."""
    own = [each for each in listed if each.full_name and each.namespace in ("", snapshot.identity().namespace)]
    return [each.full_name for each in sorted(own, key=lambda each: each.changed_at, reverse=True)[:_MOST_APPS]]

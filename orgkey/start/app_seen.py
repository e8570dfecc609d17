"""An app that is to be taken over, with everything that hangs on it: its settings, whom it admits, who holds the sets, who logs in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from orgkey.metadata.identifiers import name_key
from orgkey.metadata.members import Resource
from orgkey.metadata.ownership import Marker, Ownership
from orgkey.metadata.parse import Found
from orgkey.model.names import permission_set_of
from orgkey.salesforce.access import read_holders
from orgkey.salesforce.app_links import Grantee, links_of
from orgkey.salesforce.app_logins import AppLogin, read_app_logins
from orgkey.salesforce.apps import read_app
from orgkey.salesforce.errors import RefusedError, SalesforceError, UnreadableError, host_of
from orgkey.salesforce.org_identity import ownership_of
from orgkey.salesforce.preflight import read_users
from orgkey.salesforce.read import Snapshot, read_resource
from orgkey.salesforce.set_usage import SetUsage, read_usage
from orgkey.start.apps import AppSeen

LOGIN_DAYS = 30
"""How far back the login history is looked at for who logs in through an app."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a set by an assignment of its own: until when (empty: for ever), and whether the user is active, None where untold."""

    username: str
    expires: str = ""
    active: bool | None = None


@dataclass(frozen=True, slots=True)
class SetSeen:
    """A permission set: what it is, who holds it, and what else hangs on it.

    `admitted` says whether the app admits its holders; `taken` is the stack that manages it where that is another one.
    """

    found: Found
    holders: tuple[Holder, ...]
    usage: SetUsage
    taken: str = ""
    admitted: bool = True

    @property
    def name(self) -> str:
        """Its API name."""
        return str(self.found.settings["name"])

    @property
    def gives_more(self) -> bool:
        """Whether it gives its holders more than access to an app."""
        return bool(self.found.unknown_parts or self.found.settings.get("userPermissions"))


@dataclass(frozen=True, slots=True)
class Admitted:
    """An app, and everything that hangs on it. `sets` are the org's own, also one that was asked for; `others` are those of packages.

    `logins` are the good ones of the last days, newest first; `unseen` says what was not shown, and why.
    """

    app: AppSeen
    found: Found
    sets: tuple[SetSeen, ...]
    others: tuple[str, ...]
    profiles: tuple[str, ...]
    logins: tuple[AppLogin, ...]
    unseen: tuple[str, ...] = ()

    @property
    def consumer_key(self) -> str:
        """OAuth client id, empty where the org does not show it."""
        return str(self.found.settings.get("consumerKey") or "")

    @property
    def certificate(self) -> str:
        """Its certificate, empty where it has none or the org does not show it."""
        return str(self.found.settings.get("certificatePem") or "")

    @property
    def who_logs_in(self) -> tuple[str, ...]:
        """User names of those who logged in through it, the last one first."""
        return tuple({name_key(each.username): each.username for each in self.logins}.values())


class TakenError(Exception):
    """Something belongs to another stack; `str()` says which, and what to do."""


def read_admitted(snapshot: Snapshot, app: AppSeen, manager: str, also_set: str = "") -> Admitted:
    """Read an app with everything that hangs on it; `also_set` is a permission set that may not be admitted yet.

    `manager` is the stack that is to take it over, `owner/stack`. Raises TakenError where another one has it, SalesforceError where the
    org does not tell what must be known.
    """
    read = read_app(snapshot, app.resource, app.name)
    if read is None:
        raise UnreadableError(
            f"{host_of(snapshot.org.url)} lists the {app.in_words}, but does not show it to this login.\n"
            "Use a login with Customize Application and View Setup and Configuration."
        )
    if taken := _taken(snapshot, read.found.marker, manager):
        raise TakenError(
            f"The {app.in_words} in {host_of(snapshot.org.url)} is managed by orgkey {taken}, as its description says.\n"
            "Move that stack (docs/guides/moving-a-stack.md), or make an app of your own: --app NAME in the place of --adopt."
        )
    unseen: list[str] = []
    grantees = _grantees(snapshot, read.links, read.found, unseen)
    own = [each.name for each in grantees if not each.is_profile and "__" not in each.name]
    sets = [found for name in own if (found := _set(snapshot, name, manager, unseen))]
    wanted = also_set or ("" if sets else permission_set_of(app.name))
    if wanted and name_key(wanted) not in map(name_key, own) and (other := _set(snapshot, wanted, manager, unseen)):
        sets.append(replace(other, admitted=False))
    return Admitted(
        app,
        read.found,
        tuple(sets),
        tuple(each.name for each in grantees if not each.is_profile and "__" in each.name),
        tuple(each.name for each in grantees if each.is_profile and each.name),
        _logins(snapshot, str(read.found.settings["label"]), unseen),
        tuple(unseen),
    )


def _taken(snapshot: Snapshot, marker: Marker | None, manager: str) -> str:
    """The stack that has a thing with this marker, where it is another one; a sandbox's copy of a project's own is no other's."""
    ownership = ownership_of(marker, manager, snapshot.identity())
    return marker.manager if marker and ownership is Ownership.ANOTHERS else ""


def _grantees(snapshot: Snapshot, links: object, found: Found, unseen: list[str]) -> list[Grantee]:
    """Whom the app admits, by the links or, where they are not shown, by what its document lists."""
    if isinstance(links, list):
        return [each.grantee for each in links_of(links, snapshot.identity().namespace)]
    reason = links.in_short if isinstance(links, RefusedError) else "not shown"
    unseen.append(
        f"which permission sets and profiles may use the app ({reason}); what its settings list is taken for it"
    )
    listed = ((name, found.settings.get(name) or []) for name in ("permissionSets", "profiles"))
    return [
        Grantee(str(each), is_profile=name == "profiles")
        for name, value in listed
        for each in (value if isinstance(value, list) else [])
    ]


def _set(snapshot: Snapshot, name: str, manager: str, unseen: list[str]) -> SetSeen | None:
    found = read_resource(snapshot, Resource.PERMISSION_SET, name)
    if found is None:
        return None
    holders = read_holders(snapshot, name)
    now = snapshot.org.clock.now()
    lasting = [each for each in holders.assignments if each.lasts(now)]
    names = [each.username for each in lasting]
    users = {name_key(each.username): each.active for each in (read_users(snapshot, names) if names else [])}
    try:
        usage = read_usage(snapshot, name, holders.permission_set_id)
    except UnreadableError as error:
        unseen.append(str(error).partition("\n")[0])
        usage = SetUsage()
    return SetSeen(
        found,
        tuple(Holder(each.username, each.expires, users.get(name_key(each.username))) for each in lasting),
        usage,
        _taken(snapshot, found.marker, manager),
    )


def _logins(snapshot: Snapshot, label: str, unseen: list[str]) -> tuple[AppLogin, ...]:
    since = datetime.fromtimestamp(snapshot.org.clock.now(), UTC) - timedelta(days=LOGIN_DAYS)
    try:
        seen = read_app_logins(snapshot, [], since)
    except SalesforceError as error:
        unseen.append(f"who logs in through the app ({str(error).partition(chr(10))[0]})")
        return ()
    return tuple(each for each in seen.of({label}) if each.good)

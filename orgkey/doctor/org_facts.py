"""What an org's administrator sees of a login: the app, the user, who may use what, the last logins. Reads, never writes.

What one login may not see is noted and the rest is looked at all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from cryptography.hazmat.primitives import hashes

from orgkey.doctor.facts import (
    AppFacts,
    AppSearch,
    CertificateFacts,
    ExaminedLogin,
    Held,
    LoginLine,
    OrgFacts,
    Unseen,
    UserFacts,
    UserSearch,
)
from orgkey.identity.key_pair import certificate_public_key_sha256
from orgkey.identity.reading import read_certificate
from orgkey.metadata.codec import text_of
from orgkey.metadata.identifiers import name_key, same_id
from orgkey.metadata.members import MEMBER_TYPES, RESOURCE_MEMBERS, Resource
from orgkey.salesforce import soql
from orgkey.salesforce.answers import Record, Rows
from orgkey.salesforce.app_links import links_of
from orgkey.salesforce.apps import App, read_app
from orgkey.salesforce.errors import CredentialsError, RefusedError, SalesforceError
from orgkey.salesforce.soap import Listed, read_metadata

if TYPE_CHECKING:
    from lxml import etree

    from orgkey.salesforce.read import Snapshot

T = TypeVar("T")

KINDS: Mapping[str, Resource] = {"external": Resource.EXTERNAL_CLIENT_APP, "connected": Resource.CONNECTED_APP}
_KEY_MEMBER = {"external": "ExtlClntAppGlobalOauthSettings", "connected": "ConnectedApp"}
_MOST_APPS = 300
"""Apps of one kind that are read to find the one with the key; ten come in a request."""
_SENDER_BOUND = ("isDPopEnabled", "isMtlsEnabled", "isPKImTLSEnabled", "isIpBindingEnabled")
_SENDER_BOUND_SINCE = 68.0
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class OrgExaminer:
    """Looks at one org for one login; `unseen` is what it could not see."""

    def __init__(self, snapshot: Snapshot, login: ExaminedLogin) -> None:
        self._snapshot = snapshot
        self._login = login
        self.unseen: list[Unseen] = []

    def org(self) -> OrgFacts:
        """Which org it is; raises SalesforceError where its administrator's login does not work."""
        identity = self._snapshot.identity()
        zone = self._look("the org's time zone", lambda: self._rows(soql.TIME_ZONE)[0].text("TimeZoneSidKey"))
        control = self._look("whether API Access Control is on", self._api_access_control)
        return OrgFacts(identity.org_id, identity.name, identity.kind, zone or "", control)

    def apps(self) -> AppSearch | None:
        """Look for the app that has the consumer key: first where it is expected, then among all."""
        named = self._look(f"the app {self._login.app_name}", self._expected) if self._login.app_name else None
        if named and named.consumer_key == self._login.consumer_key:
            return AppSearch(named, complete=True)
        complete, hidden, seen_any = True, 0, False
        for kind in KINDS:
            found = self._look(f"the org's {_in_words(kind)}", lambda kind=kind: self._with_key(kind))  # type: ignore[misc]
            if found is None:
                complete = False
                continue
            seen_any = True
            name, every, unread = found
            complete, hidden = complete and every, hidden + unread
            if name and (app := self._look(f"the app {name}", lambda kind=kind, name=name: self._app(kind, name))):  # type: ignore[misc]
                return AppSearch(app, complete=True, named=named)
        if not seen_any and named is None:
            return None
        missing = (
            bool(self._login.app_name) and named is None and not self._is_unseen(f"the app {self._login.app_name}")
        )
        return AppSearch(None, complete, named, missing, hidden)

    def user(self) -> UserSearch | None:
        """Look for the user, and at everything that can stop its login."""
        rows = self._look("the user", lambda: self._rows(soql.login_user(self._login.username)))
        if rows is None:
            return None
        if not rows:
            return UserSearch(None, self._similar())
        row = rows[0]
        held = self._look("permission set assignments", lambda: self._held(row.text("Id")))
        login = self._look("whether the user is frozen", lambda: self._rows(soql.user_login(row.text("Id"))))
        profile = self._look("the profile's IP ranges and login hours", lambda: self._profile(row.text("ProfileId")))
        facts = UserFacts(
            record_id=row.text("Id"),
            active=row.flag("IsActive"),
            user_type=row.text("UserType"),
            profile=row.text("Profile.Name"),
            license=row.text("Profile.UserLicense.Name"),
            frozen=login[0].flag("IsFrozen") if login else None,
            password_locked=login[0].flag("IsPasswordLocked") if login else None,
            held=held[0] if held else None,
            api_enabled=self._api_enabled(row.text("ProfileId"), held),
            approved_apps=self._look("which apps the user approved", lambda: self._approved(row.text("Id"))),
            ip_ranges=profile[0] if profile else None,
            login_hours=profile[1] if profile else None,
            history=self._look("the login history", lambda: self._history(row.text("Id"))),
        )
        return UserSearch(facts)

    def _look(self, what: str, question: Callable[[], T]) -> T | None:
        """An answer, or None and a note of why there is none."""
        try:
            return question()
        except CredentialsError:
            raise
        except SalesforceError as error:
            why = error.in_short if isinstance(error, RefusedError) else str(error).split("\n", maxsplit=1)[0]
            self.unseen.append(Unseen(what, why))
            return None

    def _is_unseen(self, what: str) -> bool:
        return any(each.what == what for each in self.unseen)

    def _rows(self, question: str) -> Rows:
        return self._snapshot.rows(question)[0]

    def _api_access_control(self) -> bool | None:
        """ConnectedAppSettings (Metadata API): only apps that an administrator approved may be used."""
        found = read_metadata(self._snapshot.org, "ConnectedAppSettings", ["ConnectedApp"])
        settings = found.get("ConnectedApp")
        return None if settings is None else text_of(settings, "enableAdminApprovedAppsOnly") == "true"

    # --- the app

    def _expected(self) -> AppFacts | None:
        kind = self._login.app_kind or "external"
        return self._app(kind, self._login.app_name)

    def _app(self, kind: str, name: str) -> AppFacts | None:
        app = read_app(self._snapshot, KINDS[kind], name)
        return None if app is None else self._facts_of(app, kind)

    def _facts_of(self, app: App, kind: str) -> AppFacts:
        settings, namespace = app.found.settings, self._snapshot.identity().namespace
        parts = "".join(part.xml for part in app.found.unknown_parts)
        links = None if isinstance(app.links, RefusedError) else tuple(links_of(app.links, namespace))
        if links is None and isinstance(app.links, RefusedError):
            self.unseen.append(Unseen("which permission sets and profiles may use the app", app.links.in_short))
        changed = self._look("when the app last changed", lambda: self._changed(app, kind))
        bound = tuple(tag for tag in _SENDER_BOUND if f"<{tag}" in parts and f">true</{tag}" in parts)
        return AppFacts(
            name=str(settings["name"]),
            label=str(settings["label"]),
            kind=kind,
            consumer_key=str(settings.get("consumerKey") or ""),
            admin_approved=settings.get("permittedUsers") == "AdminApprovedPreAuthorized",
            scopes=frozenset(str(each) for each in _list(settings.get("scopes"))),
            enabled=settings.get("isEnabled", True) is not False
            and settings.get("isOauthPluginEnabled", True) is not False,
            certificate=_certificate(str(settings.get("certificatePem") or "")),
            ip_relaxation=str(settings.get("ipRelaxation") or ""),
            session_level=str(settings.get("requiredSessionLevel") or ""),
            sender_bound=bound if float(self._snapshot.org.connection.api_version) >= _SENDER_BOUND_SINCE else None,
            missing=app.found.missing,
            changed_at=changed[0] if changed else None,
            changed_by=changed[1] if changed else "",
            links=links,
        )

    def _changed(self, app: App, kind: str) -> tuple[datetime, str] | None:
        """When one of the app's members was last deployed or edited, and by whom."""
        members = [
            member
            for type_name in RESOURCE_MEMBERS[KINDS[kind]]
            if type_name in MEMBER_TYPES
            for member in self._snapshot.listed(type_name)
            if member.full_name == app.found.names.get(type_name)
        ]
        dated = [(at, member.changed_by) for member in members if (at := moment(member.changed_at))]
        return max(dated) if dated else None

    def _with_key(self, kind: str) -> tuple[str, bool, int]:
        """Name of the app of a kind that has the key (empty: none has), whether every app was read, and how many show no key."""
        type_name = _KEY_MEMBER[kind]
        own, namespace = self._snapshot.listed(type_name), self._snapshot.identity().namespace
        names = [each.full_name for each in own if _is_own(each, namespace)]
        hidden = sum(not _is_own(each, namespace) for each in own)
        members = self._snapshot.members(type_name, names[:_MOST_APPS]) if names else {}
        for full_name, record in members.items():
            if _key_of(record, kind) == self._login.consumer_key:
                parent = text_of(record, "externalClientApplication") if kind == "external" else full_name
                return parent or full_name, True, hidden
        return "", len(names) <= _MOST_APPS, hidden + sum(not _key_of(each, kind) for each in members.values())

    # --- the user

    def _similar(self) -> tuple[str, ...]:
        name = self._login.username.partition("@")[0]
        rows = self._look("users of a similar name", lambda: self._rows(soql.users_called(name))) if name else None
        return tuple(row.text("Username") for row in rows or ())

    def _held(self, user_id: str) -> tuple[tuple[Held, ...], frozenset[bool]]:
        """What the user holds, and for each thing that counts whether it gives API Enabled."""
        rows = self._rows(soql.held_by(user_id))
        groups = [row for row in rows if row.text("PermissionSetGroupId")]
        inside: list[Record] = []
        for question in soql.sets_of_groups([row.text("PermissionSetGroupId") for row in groups]) if groups else ():
            inside += self._rows(question)
        names = self._licenses([*rows, *inside])
        held, api = [], set()
        for row in rows:
            ended = _ended(row)
            if not row.text("PermissionSetGroupId"):
                held.append(_held(row, names, ended))
                api |= {not ended and row.flag("PermissionSet.PermissionsApiEnabled")}
                continue
            for part in inside:
                if same_id(part.text("PermissionSetGroupId"), row.text("PermissionSetGroupId")):
                    held.append(_held(part, names, ended, group=True))
                    api |= {not ended and part.flag("PermissionSet.PermissionsApiEnabled")}
        return tuple(held), frozenset(api)

    def _licenses(self, rows: Iterable[Record]) -> dict[str, str]:
        """Developer names of the permission set licences that sets carry, by id."""
        ids = {row.text("PermissionSet.LicenseId") for row in rows if row["PermissionSet"] is not None} - {""}
        found = self._snapshot.rows(*soql.set_licenses(sorted(ids))) if ids else []
        return {row.text("Id"): row.text("DeveloperName") for part in found for row in part}

    def _api_enabled(self, profile_id: str, held: tuple[tuple[Held, ...], frozenset[bool]] | None) -> bool | None:
        """Whether profile or permission sets give the user API Enabled."""
        if held and True in held[1]:
            return True
        rows = self._look("the profile's permissions", lambda: self._rows(soql.own_set_of_profile(profile_id)))
        if rows and any(row.flag("PermissionsApiEnabled") for row in rows):
            return True
        return False if rows and held is not None else None

    def _approved(self, user_id: str) -> frozenset[str]:
        return frozenset(row.text("AppName") for row in self._rows(soql.tokens_of(user_id)))

    def _history(self, user_id: str) -> tuple[LoginLine, ...]:
        return tuple(
            LoginLine(row.text("LoginTime"), row.text("Status"), row.text("Application"), row.text("SourceIp"))
            for row in self._rows(soql.login_history(user_id))
        )

    def _profile(self, profile_id: str) -> tuple[tuple[tuple[str, str], ...], Mapping[str, tuple[int, int]]] | None:
        rows = self._snapshot.tooling(soql.profile(profile_id))
        metadata: Any = rows[0].get("Metadata") if rows else None
        if not isinstance(metadata, Mapping):
            return None
        ranges = [each for each in _list(metadata.get("loginIpRanges")) if isinstance(each, Mapping)]
        hours = metadata.get("loginHours")
        return (
            tuple((str(each.get("startAddress", "")), str(each.get("endAddress", ""))) for each in ranges),
            _hours(hours) if isinstance(hours, Mapping) else {},
        )


def _held(row: Record, licenses: Mapping[str, str], ended: str, *, group: bool = False) -> Held:
    license_id = row.text("PermissionSet.LicenseId")
    name = next((name for known, name in licenses.items() if license_id and same_id(known, license_id)), "")
    return Held(row.text("PermissionSetId"), row.text("PermissionSet.Name"), name, ended, group)


def _ended(row: Record) -> str:
    """When an assignment stopped counting; empty while it counts. One that is inactive without a date was revoked."""
    return "" if row.flag("IsActive") else row.text("ExpirationDate") or "revoked"


def _hours(hours: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    found = {}
    for day in _DAYS:
        start, end = hours.get(f"{day}Start"), hours.get(f"{day}End")
        if start is not None and end is not None:
            found[day] = (int(start), int(end))
    return found


def _key_of(record: etree._Element, kind: str) -> str:
    if kind == "external":
        return text_of(record, "consumerKey") or ""
    return next((text_of(each, "consumerKey") or "" for each in record if each.tag.endswith("oauthConfig")), "")


def _is_own(member: Listed, namespace: str) -> bool:
    return member.namespace in ("", namespace)


def _certificate(text: str) -> CertificateFacts | None:
    if not text:
        return None
    try:
        certificate = read_certificate(text)
        return CertificateFacts(
            certificate.fingerprint(hashes.SHA256()).hex(),
            certificate_public_key_sha256(text),
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
        )
    except ValueError:
        return None


def _in_words(kind: str) -> str:
    return "External Client Apps" if kind == "external" else "Connected Apps"


def _list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else ()


def moment(text: str) -> datetime | None:
    """An org's timestamp; None for none."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def is_same_user(left: str, right: str) -> bool:
    """User names have no case."""
    return name_key(left) == name_key(right)

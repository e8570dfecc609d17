"""What an org's administrator sees of a login: the app, the user, who may use what, the last logins. Reads, never writes.

What one login may not see is noted and the rest is looked at all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes

from orgkey.doctor.evidence import moment
from orgkey.doctor.facts import AppFacts, AppSearch, CertificateFacts, ExaminedLogin, OrgFacts, Unseen, UserSearch
from orgkey.doctor.looking import Look
from orgkey.doctor.user_facts import UserExaminer
from orgkey.identity.key_pair import certificate_public_key_sha256
from orgkey.identity.reading import read_certificate
from orgkey.metadata.codec import text_of
from orgkey.metadata.members import APP_KINDS, RESOURCE_MEMBERS
from orgkey.salesforce import soql
from orgkey.salesforce.app_links import Link, links_of
from orgkey.salesforce.apps import App, read_app
from orgkey.salesforce.errors import RefusedError
from orgkey.salesforce.soap import Listed, list_metadata, read_metadata

if TYPE_CHECKING:
    from lxml import etree

    from orgkey.metadata.codec import Value
    from orgkey.salesforce.read import Snapshot

_KEY_MEMBER = {"external": "ExtlClntAppGlobalOauthSettings", "connected": "ConnectedApp"}
_MOST_APPS = 60
"""Apps of one kind that are read to find the one with the key, those that were changed last; ten come in a request."""
_SENDER_BOUND = ("isDPopEnabled", "isMtlsEnabled", "isPKImTLSEnabled", "isIpBindingEnabled")
_SENDER_BOUND_SINCE = 68.0
_SETTINGS, _OAUTH = "ExtlClntAppOauthSettings", "ExtlClntAppOauthConfigurablePolicies"
_GLOBAL, _GENERAL = "ExtlClntAppGlobalOauthSettings", "ExtlClntAppConfigurablePolicies"
_LINKS = "which permission sets and profiles may use the app"


class OrgExaminer:
    """Looks at one org for one login; `unseen` is what it could not see."""

    def __init__(self, snapshot: Snapshot, login: ExaminedLogin) -> None:
        self._snapshot = snapshot
        self._login = login
        self._look = Look(snapshot)

    @property
    def unseen(self) -> list[Unseen]:
        """What could not be seen so far, and why."""
        return self._look.unseen

    def org(self) -> OrgFacts:
        """Which org it is; raises SalesforceError where its administrator's login does not work."""
        self._look.ahead(soql.ORGANIZATION, soql.TIME_ZONE)
        identity = self._snapshot.identity()
        zone = self._look.at("the org's time zone", lambda: self._look.rows(soql.TIME_ZONE)[0].text("TimeZoneSidKey"))
        control = self._look.at("whether API Access Control is on", self._api_access_control)
        return OrgFacts(identity.org_id, identity.name, identity.kind, zone or "", control)

    def apps(self) -> AppSearch | None:
        """Look for the app that has the consumer key: first where it is expected, then among all."""
        expected = f"the app {self._login.app_name}"
        named = self._look.at(expected, self._expected) if self._login.app_name else None
        if named and named.consumer_key == self._login.consumer_key:
            return AppSearch(named, complete=True)
        complete, hidden, seen_any, packages = True, 0, False, set[str]()
        for kind in APP_KINDS:
            found = self._look.at(f"the org's {_in_words(kind)}", lambda kind=kind: self._with_key(kind))  # type: ignore[misc]
            if found is None:
                complete = False
                continue
            seen_any = True
            name, every, unread, of_packages = found
            complete, hidden, packages = complete and every, hidden + unread, packages | of_packages
            if name:
                app = self._look.at(f"the app {name}", lambda kind=kind, name=name: self._app(kind, name))  # type: ignore[misc]
                if app:
                    return AppSearch(app, complete=True, named=named)
                complete = False  # it is there, and could not be read
        if not seen_any and named is None:
            return None
        missing = bool(self._login.app_name) and named is None and not self._look.is_unseen(expected)
        return AppSearch(None, complete, named, missing, hidden, tuple(sorted(packages)))

    def user(self) -> UserSearch | None:
        """Look for the user, and at everything that can stop its login."""
        return UserExaminer(self._look, self._login.username).examine()

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
        app = read_app(self._snapshot, APP_KINDS[kind], name)
        return None if app is None else self._facts_of(app, kind)

    def _facts_of(self, app: App, kind: str) -> AppFacts:
        settings, missing = app.found.settings, app.found.missing
        parts = "".join(part.xml for part in app.found.unknown_parts)
        changed = self._look.at("when the app last changed", lambda: self._changed(app, kind))
        bound = tuple(tag for tag in _SENDER_BOUND if f"<{tag}" in parts and f">true</{tag}" in parts)
        shows_binding = (
            float(self._snapshot.org.connection.api_version) >= _SENDER_BOUND_SINCE and _GLOBAL not in missing
        )

        def of(member: str, name: str) -> Value:
            return None if member in missing else settings.get(name)

        policy, scopes = of(_OAUTH, "permittedUsers"), of(_SETTINGS, "scopes")
        flags = [settings.get(name, True) is not False for name in ("isEnabled", "isOauthPluginEnabled")]
        return AppFacts(
            name=str(settings["name"]),
            label=str(settings["label"]),
            kind=kind,
            consumer_key=str(settings.get("consumerKey") or ""),
            admin_approved=None if policy is None else policy == "AdminApprovedPreAuthorized",
            scopes=None if scopes is None else frozenset(str(each) for each in _list(scopes)),
            enabled=None if _GENERAL in missing else all(flags),
            certificate=_certificate(str(settings.get("certificatePem") or "")),
            ip_relaxation=_text(of(_OAUTH, "ipRelaxation")),
            session_level=None if _OAUTH in missing else str(settings.get("requiredSessionLevel") or ""),
            sender_bound=bound if shows_binding else None,
            missing=missing,
            changed_at=changed[0] if changed else None,
            changed_by=changed[1] if changed else "",
            links=self._links(app),
        )

    def _links(self, app: App) -> tuple[Link, ...] | None:
        if isinstance(app.links, RefusedError):
            self.unseen.append(Unseen(_LINKS, app.links.in_short))
            return None
        if not app.record_id:
            self.unseen.append(Unseen(_LINKS, "the org does not show the app's id to this login"))
            return None
        return tuple(links_of(app.links, self._snapshot.identity().namespace))

    def _changed(self, app: App, kind: str) -> tuple[datetime, str] | None:
        """When one of the app's members was last deployed or edited, and by whom."""
        listed = list_metadata(self._snapshot.org, RESOURCE_MEMBERS[APP_KINDS[kind]])
        members = [
            member
            for type_name, of_type in listed.items()
            for member in of_type
            if member.full_name == app.found.names.get(type_name)
        ]
        dated = [(at, member.changed_by) for member in members if (at := moment(member.changed_at))]
        return max(dated) if dated else None

    def _with_key(self, kind: str) -> tuple[str, bool, int, set[str]]:
        """Name of the app of a kind that has the key (empty: none), whether all were read, how many show no key, of which packages."""
        type_name = _KEY_MEMBER[kind]
        listed, namespace = self._snapshot.listed(type_name), self._snapshot.identity().namespace
        own = sorted((each for each in listed if _is_own(each, namespace)), key=lambda each: each.changed_at)
        names = [each.full_name for each in reversed(own)][:_MOST_APPS]
        packages = {each.namespace for each in listed if not _is_own(each, namespace)}
        members = self._snapshot.members(type_name, names) if names else {}
        hidden = len(listed) - len(own) + len(names) - len(members)
        for full_name, record in members.items():
            key = _key_of(record, kind)
            if key == self._login.consumer_key:
                parent = text_of(record, "externalClientApplication") if kind == "external" else full_name
                return parent or full_name, True, hidden, packages
            hidden += not key
        return "", len(own) <= _MOST_APPS, hidden, packages


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


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) and value else None

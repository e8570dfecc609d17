"""The admin port: what a test or a person does to the landscape that the platform has no API for."""

from __future__ import annotations

import ipaddress
import json
import logging
import os
import re
from collections.abc import Callable
from typing import Any

from localorg.doors.call import Answer, Call, as_json
from localorg.doors.page import show_page
from localorg.errors import LandscapeError, PlatformError
from localorg.faults import Faults
from localorg.identity.apps import effective_apps
from localorg.identity.sessions import Sessions, random_text
from localorg.knobs import EVERYWHERE, KNOBS
from localorg.landscape import Landscape
from localorg.orgs import Org
from localorg.population import Person, add_person
from localorg.request_log import RequestLog
from localorg.store import Row

log = logging.getLogger("localorg")
Handler = Callable[["Admin", Call, dict[str, str]], Answer]


class Admin:
    """Knobs, faults, clock, request log, refresh, and edits behind the platform's back."""

    def __init__(
        self, landscape: Landscape, faults: Faults, log: RequestLog, ca_bundle: str, on_change: Callable[[], None]
    ) -> None:
        self.landscape = landscape
        self.faults = faults
        self.log = log
        self.ca_bundle = ca_bundle
        self.on_change = on_change

    def answer(self, call: Call) -> Answer:
        """Answer a request of the admin port."""
        allowed = []
        try:
            for method, pattern, handler in _ROUTES:
                if match := re.fullmatch(pattern, call.path):
                    if method == call.method:
                        return handler(self, call, match.groupdict())
                    allowed.append(method)
        except LandscapeError as error:
            return as_json({"error": str(error)}, 400)
        except PlatformError as error:
            return as_json({"error": error.message}, 400)
        except Exception:
            log.exception("%s %s failed", call.method, call.path)
            return as_json({"error": "this is a defect of the local org; see `localorg logs`"}, 500)
        if allowed:
            return as_json({"error": f"{call.method} is not for {call.path}; there is: {', '.join(allowed)}"}, 405)
        return as_json({"error": f"nothing is at {call.path}"}, 404)

    def about(self) -> dict[str, Any]:
        """Return what `localorg status --json` prints."""
        landscape = self.landscape
        return {
            "running": True,
            "pid": os.getpid(),
            "admin": f"https://localhost:{landscape.admin_port}",
            "login": landscape.hosts.login.url,
            "test": landscape.hosts.test.url,
            "caBundle": self.ca_bundle,
            "orgs": [landscape.describe_org(org, self.ca_bundle) for org in landscape.orgs()],
        }

    def org_of(self, body: dict[str, Any]) -> Org:
        """Return the org that a body names, production when it names none."""
        name = body.get("org")
        return self.landscape.org(str(name)) if name is not None else self.landscape.production()

    def user_of(self, org: Org, body: dict[str, Any]) -> Row:
        """Return the user that a body names. Raises LandscapeError."""
        name = body.get("username")
        row = self.landscape.store.one(
            "SELECT * FROM User WHERE org = ? AND Username = ? COLLATE NOCASE", (org.name, str(name))
        )
        if row is None:
            raise LandscapeError(f"{org.name} has no user {name!r}")
        return row


def _landscape(admin: Admin, _call: Call, _path: dict[str, str]) -> Answer:
    return as_json(admin.about())


def _page(admin: Admin, _call: Call, _path: dict[str, str]) -> Answer:
    return show_page(admin.landscape)


def _get_knobs(admin: Admin, call: Call, _path: dict[str, str]) -> Answer:
    org = call.query.get("org")
    scope = admin.landscape.org(org).name if org else EVERYWHERE
    meanings = {name: knob.meaning for name, knob in KNOBS.items()}
    return as_json({"values": admin.landscape.knobs.values(scope), "meanings": meanings})


def _set_knobs(admin: Admin, call: Call, _path: dict[str, str]) -> Answer:
    body = call.json_object()
    org = body.pop("org", None)
    scope = admin.landscape.org(str(org)).name if org is not None else EVERYWHERE
    admin.landscape.knobs.set(body, scope)
    admin.landscape.jobs.run_all()
    return as_json({"values": admin.landscape.knobs.values(scope)})


def _reset_knobs(admin: Admin, _call: Call, _path: dict[str, str]) -> Answer:
    admin.landscape.knobs.reset()
    return as_json({"values": admin.landscape.knobs.values()})


def _add_fault(admin: Admin, call: Call, _path: dict[str, str]) -> Answer:
    places = frozenset({*(org.name for org in admin.landscape.orgs()), "login", "test"})
    return as_json(admin.faults.register(call.json(), places).as_dict(), 201)


def _list_faults(admin: Admin, _call: Call, _path: dict[str, str]) -> Answer:
    return as_json(
        {
            "faults": [each.as_dict() for each in admin.faults.all()],
            "unused": [each.as_dict() for each in admin.faults.unused()],
        }
    )


def _clear_faults(admin: Admin, _call: Call, _path: dict[str, str]) -> Answer:
    unused = [each.as_dict() for each in admin.faults.unused()]
    admin.faults.clear()
    return as_json({"unused": unused})


def _get_clock(admin: Admin, _call: Call, _path: dict[str, str]) -> Answer:
    clock = admin.landscape.clock
    return as_json({"now": clock.now(), "timestamp": clock.timestamp(), "offset": clock.offset})


def _set_clock(admin: Admin, call: Call, _path: dict[str, str]) -> Answer:
    body = call.json_object()
    keys = [key for key in ("advance", "offset", "now") if key in body]
    if len(keys) != 1 or isinstance(body[keys[0]], bool) or not isinstance(body[keys[0]], int | float):
        raise LandscapeError("a clock change is one of: advance, offset, now (seconds)")
    clock, value = admin.landscape.clock, float(body[keys[0]])
    offset = {"advance": clock.offset + value, "offset": value, "now": clock.offset + value - clock.now()}[keys[0]]
    admin.landscape.move_clock(offset)
    return _get_clock(admin, call, {})


def _requests(admin: Admin, call: Call, _path: dict[str, str]) -> Answer:
    return as_json({"requests": admin.log.entries(call.query.get("org")), "counts": admin.log.counts()})


def _reset_requests(admin: Admin, _call: Call, _path: dict[str, str]) -> Answer:
    admin.log.reset()
    return as_json({"requests": [], "counts": {}})


def _refresh(admin: Admin, _call: Call, path: dict[str, str]) -> Answer:
    org = admin.landscape.refresh(path["org"])
    admin.on_change()
    return as_json(admin.landscape.describe_org(org, admin.ca_bundle))


def _set_state(admin: Admin, call: Call, path: dict[str, str]) -> Answer:
    org = admin.landscape.set_state(path["org"], str(call.json_object().get("state")))
    admin.on_change()
    return as_json(admin.landscape.describe_org(org, admin.ca_bundle))


def _add_user(admin: Admin, call: Call, _path: dict[str, str]) -> Answer:
    """Create a user: {org, alias, name, profile?, active?, frozen?}."""
    body = call.json_object()
    org = admin.org_of(body)
    try:
        person = Person(**{key: value for key, value in body.items() if key != "org"})
    except TypeError:
        raise LandscapeError("a user has: org, alias, name, and if wanted profile, active, frozen, title") from None
    store = admin.landscape.store
    profiles = store.find(org.name, "Profile", Name=person.profile)
    if not profiles:
        raise LandscapeError(f"{org.name} has no profile {person.profile!r}")
    username = f"{person.alias}@acme.com{org.suffix}"
    if store.one("SELECT 1 FROM User WHERE Username = ? COLLATE NOCASE", (username,)):
        raise LandscapeError(f"a user {username} exists already")
    admin_id = admin.user_of(org, {"username": store.setting(f"admin:{org.name}")["username"]})["Id"]
    with store.transaction():
        audit = admin.landscape.jobs.change(org, admin_id, 68.0).audit(new=True)
        made = add_person(store, org, person, profiles[0]["Id"], audit)
    return as_json({"id": made, "username": username}, 201)


def _edit_user(admin: Admin, call: Call, _path: dict[str, str]) -> Answer:
    """Change a user: {org, username, active?, frozen?, profile?}; sessions end as they would by hand."""
    body = call.json_object()
    org = admin.org_of(body)
    user, store = admin.user_of(org, body), admin.landscape.store
    if unknown := set(body) - {"org", "username", "active", "frozen", "profile"}:
        raise LandscapeError(f"a user's edit has no {', '.join(sorted(unknown))}")
    with store.transaction():
        if "active" in body:
            store.change(org.name, "User", user["Id"], {"IsActive": int(bool(body["active"]))})
        if "frozen" in body:
            for login in store.find(org.name, "UserLogin", UserId=user["Id"]):
                store.change(org.name, "UserLogin", login["Id"], {"IsFrozen": int(bool(body["frozen"]))})
        if "profile" in body:
            profiles = store.find(org.name, "Profile", Name=str(body["profile"]))
            if not profiles:
                raise LandscapeError(f"{org.name} has no profile {body['profile']!r}")
            store.change(org.name, "User", user["Id"], {"ProfileId": profiles[0]["Id"]})
        if body.get("active") is False or body.get("frozen"):
            Sessions(store, admin.landscape.clock).end_all(org.name, user["Id"])
    return as_json({"id": user["Id"], "username": user["Username"]})


def _add_consent(admin: Admin, call: Call, _path: dict[str, str]) -> Answer:
    """Let a user approve an app, as the web flow would: {org, username, consumerKey}; answers the refresh token."""
    body = call.json_object()
    org = admin.org_of(body)
    user, store = admin.user_of(org, body), admin.landscape.store
    key = str(body.get("consumerKey"))
    apps = [app for app in effective_apps(store, key, admin.landscape.clock.now()) if app.org == org.name]
    if not apps:
        raise LandscapeError(f"{org.name} has no app with that consumer key")
    token = f"5Aep8{random_text(80)}"
    row = {
        "AppName": apps[0].label,
        "UserId": user["Id"],
        "DeleteToken": token,
        "UseCount": 0,
        "_ConsumerKey": key,
        "_Scope": apps[0].scope,
    }
    store.insert(org.name, "OAuthToken", row)
    return as_json({"refreshToken": token}, 201)


def _end_sessions(admin: Admin, call: Call, _path: dict[str, str]) -> Answer:
    """End the sessions of a user, or of all users: {org, username?}. The administrator's own token dies as well."""
    body = call.json_object()
    org = admin.org_of(body)
    store = admin.landscape.store
    if "username" in body:
        Sessions(store, admin.landscape.clock).end_all(org.name, admin.user_of(org, body)["Id"])
    else:
        store.do("DELETE FROM _Session WHERE org = ?", (org.name,))
    return as_json({"ended": True})


def _set_ip_ranges(admin: Admin, call: Call, _path: dict[str, str]) -> Answer:
    """Restrict a profile to address ranges: {org, profile, ranges: [[low, high], …]}; none lifts it."""
    body = call.json_object()
    org, store = admin.org_of(body), admin.landscape.store
    profiles = store.find(org.name, "Profile", Name=str(body.get("profile")))
    if not profiles:
        raise LandscapeError(f"{org.name} has no profile {body.get('profile')!r}")
    try:
        ranges = [(str(ipaddress.ip_address(low)), str(ipaddress.ip_address(high))) for low, high in body["ranges"]]
    except (KeyError, ValueError, TypeError):
        raise LandscapeError("ranges is a list of [low, high] addresses") from None
    with store.transaction():
        store.do("DELETE FROM _IpRange WHERE org = ? AND profile_id = ?", (org.name, profiles[0]["Id"]))
        for low, high in ranges:
            store.put("_IpRange", {"org": org.name, "profile_id": profiles[0]["Id"], "low": low, "high": high})
    return as_json({"ranges": ranges})


def _reset_login_rate(admin: Admin, _call: Call, _path: dict[str, str]) -> Answer:
    admin.landscape.grants.rate.reset()
    return as_json({"reset": True})


def _list_grants(admin: Admin, call: Call, _path: dict[str, str]) -> Answer:
    rows = admin.landscape.store.all("SELECT * FROM _Grant ORDER BY seq DESC LIMIT 100")
    org = call.query.get("org")
    return as_json({"grants": [row for row in rows if org in {None, row["org"]}]})


def _list_jobs(admin: Admin, call: Call, path: dict[str, str]) -> Answer:  # noqa: ARG001 — every handler takes them
    org = admin.landscape.org(path["org"])
    jobs = admin.landscape.jobs.recent(org, "deploy", 50)
    return as_json({"jobs": [{**job, "outcome": json.loads(job["outcome"] or "{}")} for job in jobs]})


_ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/", _page),
    ("GET", "/landscape", _landscape),
    ("GET", "/knobs", _get_knobs),
    ("PATCH", "/knobs", _set_knobs),
    ("DELETE", "/knobs", _reset_knobs),
    ("POST", "/faults", _add_fault),
    ("GET", "/faults", _list_faults),
    ("DELETE", "/faults", _clear_faults),
    ("GET", "/clock", _get_clock),
    ("PATCH", "/clock", _set_clock),
    ("GET", "/requests", _requests),
    ("DELETE", "/requests", _reset_requests),
    ("GET", "/grants", _list_grants),
    ("GET", r"/orgs/(?P<org>\w+)/deploys", _list_jobs),
    ("POST", r"/orgs/(?P<org>\w+)/refresh", _refresh),
    ("PATCH", r"/orgs/(?P<org>\w+)", _set_state),
    ("POST", "/users", _add_user),
    ("PATCH", "/users", _edit_user),
    ("POST", "/consents", _add_consent),
    ("POST", "/end-sessions", _end_sessions),
    ("PUT", "/ip-ranges", _set_ip_ranges),
    ("DELETE", "/login-rate", _reset_login_rate),
)

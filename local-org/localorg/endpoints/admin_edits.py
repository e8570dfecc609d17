"""Edits behind the platform's back: users, consents, sessions, packages. `org` is production when not named."""

from __future__ import annotations

from typing import Any

from localorg.endpoints.call import Answer, as_json
from localorg.errors import LandscapeError
from localorg.identity.apps import effective_apps
from localorg.identity.grants import PLATFORM_CLI_SCOPE
from localorg.identity.profiles import take_profile
from localorg.identity.sessions import PLATFORM_CLI, Sessions, random_text
from localorg.landscape import Landscape
from localorg.metadata.change import ComponentError
from localorg.metadata.components import install_app
from localorg.orgs import Org
from localorg.population import Person, add_person
from localorg.store import Row

_OF_LOGIN = {"frozen": "IsFrozen", "passwordLocked": "IsPasswordLocked"}


def add_user(landscape: Landscape, body: dict[str, Any]) -> Answer:
    """Create a user: {org, alias, name, profile?, active?, frozen?}."""
    org = org_of(landscape, body)
    try:
        person = Person(**{key: value for key, value in body.items() if key != "org"})
    except TypeError:
        raise LandscapeError("a user has: org, alias, name, and if wanted profile, active, frozen, title") from None
    store = landscape.store
    profiles = store.find(org.name, "Profile", Name=person.profile)
    if not profiles:
        raise LandscapeError(f"{org.name} has no profile {person.profile!r}")
    username = f"{person.alias}@acme.com{org.suffix}"
    if store.one("SELECT 1 FROM User WHERE Username = ? COLLATE NOCASE", (username,)):
        raise LandscapeError(f"a user {username} exists already")
    admin_id = _user_of(landscape, org, {"username": store.setting(f"admin:{org.name}")["username"]})["Id"]
    with store.transaction():
        audit = landscape.jobs.change(org, admin_id, 68.0).audit(new=True)
        made = add_person(store, org, person, profiles[0]["Id"], audit)
    return as_json({"id": made, "username": username}, 201)


def edit_user(landscape: Landscape, body: dict[str, Any]) -> Answer:
    """Change a user: {org, username, active?, frozen?, passwordLocked?, profile?}; sessions end as they would by hand."""
    org = org_of(landscape, body)
    user, store = _user_of(landscape, org, body), landscape.store
    if unknown := set(body) - {"org", "username", "active", "frozen", "passwordLocked", "profile"}:
        raise LandscapeError(f"a user's edit has no {', '.join(sorted(unknown))}")
    with store.transaction():
        if "active" in body:
            store.change(org.name, "User", user["Id"], {"IsActive": int(bool(body["active"]))})
        held_off = {column: int(bool(body[key])) for key, column in _OF_LOGIN.items() if key in body}
        for login in store.find(org.name, "UserLogin", UserId=user["Id"]):
            store.change(org.name, "UserLogin", login["Id"], held_off)
        if "profile" in body:
            profiles = store.find(org.name, "Profile", Name=str(body["profile"]))
            if not profiles:
                raise LandscapeError(f"{org.name} has no profile {body['profile']!r}")
            store.change(org.name, "User", user["Id"], {"ProfileId": profiles[0]["Id"]})
            take_profile(store, org.name, user["Id"], profiles[0]["Id"], landscape.clock.timestamp())
        if body.get("active") is False or body.get("frozen"):
            Sessions(store, landscape.clock).end_all(org.name, user["Id"])
    return as_json({"id": user["Id"], "username": user["Username"]})


def add_consent(landscape: Landscape, body: dict[str, Any]) -> Answer:
    """Let a user approve an app, as the web flow would: {org, username, consumerKey}; answers the refresh token."""
    org = org_of(landscape, body)
    user, store = _user_of(landscape, org, body), landscape.store
    key = str(body.get("consumerKey"))
    apps = [app for app in effective_apps(store, key, landscape.clock.now()) if app.org == org.name]
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
    store.insert(org.name, "OauthToken", row)
    return as_json({"refreshToken": token}, 201)


def install_package(landscape: Landscape, body: dict[str, Any]) -> Answer:
    """Install a managed package that brings an app: {org, namespace, name, kind?, label?}."""
    org = org_of(landscape, body)
    kind, namespace, name = (str(body.get(key, "")) for key in ("kind", "namespace", "name"))
    kind = kind or "ConnectedApp"
    if kind not in {"ConnectedApp", "ExternalClientApplication"} or not namespace or not name:
        raise LandscapeError("a package has: org, namespace, name, and if wanted kind (of app) and label")
    store = landscape.store
    admin_id = _user_of(landscape, org, {"username": store.setting(f"admin:{org.name}")["username"]})["Id"]
    try:
        with store.transaction():
            change = landscape.jobs.change(org, admin_id, 68.0)
            made = install_app(change, kind, namespace, name, str(body.get("label") or name))
    except ComponentError as problem:
        raise LandscapeError(problem.message) from None
    return as_json({"id": made, "fullName": f"{namespace}__{name}"}, 201)


def end_sessions(landscape: Landscape, body: dict[str, Any]) -> Answer:
    """End the sessions of a user, or of all users: {org, username?}. The administrator's own token dies as well."""
    org = org_of(landscape, body)
    store = landscape.store
    if "username" in body:
        Sessions(store, landscape.clock).end_all(org.name, _user_of(landscape, org, body)["Id"])
    else:
        store.do("DELETE FROM _Session WHERE org = ?", (org.name,))
    return as_json({"ended": True})


def start_session(landscape: Landscape, body: dict[str, Any]) -> Answer:
    """Log a user in as the Salesforce CLI would: {org, username}; answers the access token."""
    org = org_of(landscape, body)
    user = _user_of(landscape, org, body)
    timeout = landscape.knobs.number("session_timeout", org.name)
    sessions = Sessions(landscape.store, landscape.clock)
    token = sessions.start(org, user["Id"], PLATFORM_CLI, PLATFORM_CLI_SCOPE, timeout=timeout)
    return as_json({"accessToken": token}, 201)


def org_of(landscape: Landscape, body: dict[str, Any]) -> Org:
    """Return the org that a body names, production when it names none."""
    name = body.get("org")
    return landscape.org(str(name)) if name is not None else landscape.production()


def _user_of(landscape: Landscape, org: Org, body: dict[str, Any]) -> Row:
    """Return the user that a body names. Raises LandscapeError."""
    name = body.get("username")
    row = landscape.store.one("SELECT * FROM User WHERE org = ? AND Username = ? COLLATE NOCASE", (org.name, str(name)))
    if row is None:
        raise LandscapeError(f"{org.name} has no user {name!r}")
    return row

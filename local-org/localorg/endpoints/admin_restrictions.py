"""Edits of what keeps people and apps out: login hours, address ranges, a profile's permissions, blocked apps, API Access Control."""

from __future__ import annotations

import ipaddress
from typing import Any

from localorg.endpoints.admin_edits import org_of
from localorg.endpoints.call import Answer, as_json
from localorg.errors import LandscapeError
from localorg.identity.apps import current_app
from localorg.identity.blocking import set_blocked
from localorg.identity.login_restrictions import (
    DAYS,
    MINUTES_OF_A_DAY,
    Hours,
    Range,
    ip_ranges,
    login_hours,
    set_ip_ranges,
    set_login_hours,
)
from localorg.identity.profiles import own_set
from localorg.identity.sessions import Sessions
from localorg.landscape import Landscape
from localorg.metadata.change import Change
from localorg.metadata.components import write_component
from localorg.metadata.types import CONNECTED_APP_SETTINGS, CONNECTED_APP_SETTINGS_NAME
from localorg.orgs import Org
from localorg.sobjects.reference import PERMISSIONS
from localorg.store import Row

_NEEDED_BY = {
    "ViewSetup": (
        "AssignPermissionSets",
        "CustomizeApplication",
        "ManageProfilesPermissionsets",
        "ManageSessionPermissionSets",
        "ManageUsers",
    ),
    "AssignPermissionSets": ("ManageUsers",),
    "ModifyMetadata": ("AuthorApex", "ModifyAllData"),
}
"""A permission that is taken away takes those along that need it (that Modify All Data goes with Modify Metadata is so that one
switch is enough: either of the two lets a caller deploy)."""


def edit_login_hours(landscape: Landscape, body: dict[str, Any]) -> Answer:
    """Let a profile's users log in at some hours only: {org, profile, hours: {monday: [first, last], …}}; none lifts it.

    Minutes of the day in UTC, 0 to 1440. Once a day has hours, a day without is closed.
    """
    org = org_of(landscape, body)
    profile = _profile_of(landscape, org, body)
    hours = _hours(body.get("hours"))
    with landscape.store.transaction():
        set_login_hours(landscape.store, org.name, profile["Id"], hours)
    return as_json({"hours": login_hours(landscape.store, org.name, profile["Id"])})


def edit_ip_ranges(landscape: Landscape, body: dict[str, Any]) -> Answer:
    """Restrict a profile to address ranges: {org, profile, ranges: [[low, high], [low, high, description], …]}; none lifts it."""
    org = org_of(landscape, body)
    profile = _profile_of(landscape, org, body)
    ranges = _ranges(body.get("ranges"))
    with landscape.store.transaction():
        set_ip_ranges(landscape.store, org.name, profile["Id"], ranges)
    return as_json({"ranges": ip_ranges(landscape.store, org.name, profile["Id"])})


def edit_profile_permissions(landscape: Landscape, body: dict[str, Any]) -> Answer:
    """Give or take permissions of a profile: {org, profile, permissions: {ViewSetup: false, …}, like?}.

    `like`: the profile that a new one starts as a copy of, where there is none of the name yet.
    """
    org, store = org_of(landscape, body), landscape.store
    given = body.get("permissions")
    if not isinstance(given, dict) or not all(isinstance(each, bool) for each in given.values()):
        raise LandscapeError("permissions is an object of names with true or false")
    if unknown := sorted(set(given) - set(PERMISSIONS)):
        raise LandscapeError(f"no permission is named {', '.join(unknown)}")
    taken = {each for name, on in given.items() if not on for each in _NEEDED_BY.get(name, ())}
    values = {**dict.fromkeys(sorted(taken - set(given)), False), **given}
    with store.transaction():
        if "like" in body and not store.find(org.name, "Profile", Name=str(body.get("profile"))):
            _copy_profile(landscape, org, str(body["like"]), str(body.get("profile")))
        profile = _profile_of(landscape, org, body)
        own = own_set(store, org.name, profile["Id"])
        if own is not None:
            store.change(
                org.name, "PermissionSet", own["Id"], {f"Permissions{name}": int(on) for name, on in values.items()}
            )
    return as_json({"id": profile["Id"], "permissions": values})


def edit_api_access_control(landscape: Landscape, body: dict[str, Any]) -> Answer:
    """Let only admin approved apps use the API, or any: {org, on}."""
    on = _switch(body, "on")
    change = _change(landscape, org_of(landscape, body))
    with landscape.store.transaction():
        settings = {"enableAdminApprovedAppsOnly": on, "enableAdminApprovedAppsOnlyForExternalUser": False}
        write_component(change, CONNECTED_APP_SETTINGS.name, CONNECTED_APP_SETTINGS_NAME, settings)
    return as_json({"on": on})


def edit_blocked_apps(landscape: Landscape, body: dict[str, Any]) -> Answer:
    """Block an app of either kind by its developer name, or let it in again: {org, name, blocked}. Its sessions end."""
    org, store = org_of(landscape, body), landscape.store
    blocked, name = _switch(body, "blocked"), str(body.get("name"))
    row = store.one(
        "SELECT id FROM _Component WHERE org = ? AND name = ? COLLATE NOCASE "
        "AND type IN ('ConnectedApp', 'ExternalClientApplication')",
        (org.name, name),
    )
    app = current_app(store, org.name, row["id"]) if row else None
    if app is None:
        raise LandscapeError(f"{org.name} has no app {name!r}")
    with store.transaction():
        set_blocked(store, org.name, app.id, blocked=blocked)
        if blocked:
            Sessions(store, landscape.clock).end_app(org.name, app.consumer_key)
    return as_json({"name": app.name, "blocked": blocked})


def _profile_of(landscape: Landscape, org: Org, body: dict[str, Any]) -> Row:
    """Return the profile that a body names. Raises LandscapeError."""
    profiles = landscape.store.find(org.name, "Profile", Name=str(body.get("profile")))
    if not profiles:
        raise LandscapeError(f"{org.name} has no profile {body.get('profile')!r}")
    return profiles[0]


def _copy_profile(landscape: Landscape, org: Org, like: str, name: str) -> None:
    store = landscape.store
    source = _profile_of(landscape, org, {"profile": like})
    own = own_set(store, org.name, source["Id"])
    audit = _change(landscape, org).audit(new=True)
    kept = {column: source[column] for column in ("UserLicenseId", "UserType")}
    made = store.insert(org.name, "Profile", {"Name": name, **kept, **audit})
    permissions = {column: value for column, value in (own or {}).items() if column.startswith("Permissions")}
    row = {
        "Name": f"X{made}",
        "Label": made,
        "ProfileId": made,
        "IsOwnedByProfile": 1,
        "IsCustom": 1,
        "Type": "Profile",
    }
    store.insert(org.name, "PermissionSet", {**row, **permissions, **audit})


def _change(landscape: Landscape, org: Org) -> Change:
    """Return the writer that the org's first administrator is."""
    username = landscape.store.setting(f"admin:{org.name}")["username"]
    admin = landscape.store.find(org.name, "User", Username=username)[0]
    return landscape.jobs.change(org, admin["Id"], 68.0)


def _switch(body: dict[str, Any], name: str) -> bool:
    value = body.get(name)
    if not isinstance(value, bool):
        raise LandscapeError(f"{name} is true or false")
    return value


def _hours(given: Any) -> Hours:
    problem = LandscapeError(
        f"hours is an object of days ({', '.join(DAYS)}) with [first, last], minutes of the day from 0 to {MINUTES_OF_A_DAY}"
    )
    if not isinstance(given, dict) or set(given) - set(DAYS):
        raise problem
    hours: Hours = {}
    for day, bounds in given.items():
        if not isinstance(bounds, list) or len(bounds) != 2:  # noqa: PLR2004 — from and to
            raise problem
        first, last = bounds
        if not all(isinstance(each, int) and not isinstance(each, bool) for each in bounds):
            raise problem
        if not 0 <= first <= last <= MINUTES_OF_A_DAY:
            raise problem
        hours[day] = (first, last)
    return hours


def _ranges(given: Any) -> list[Range]:
    problem = LandscapeError("ranges is a list of [low, high] addresses, with a description behind them if wanted")
    if not isinstance(given, list):
        raise problem
    ranges: list[Range] = []
    for each in given:
        try:
            low, high, *more = each
            bounds = ipaddress.ip_address(low), ipaddress.ip_address(high)
        except (ValueError, TypeError):
            raise problem from None
        if bounds[0].version != bounds[1].version or int(bounds[0]) > int(bounds[1]) or len(more) > 1:
            raise problem
        ranges.append({"low": str(bounds[0]), "high": str(bounds[1]), "description": str(more[0]) if more else ""})
    return ranges

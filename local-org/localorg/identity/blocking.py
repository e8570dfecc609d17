"""What keeps an app from everybody, whoever logs in: blocked by the administrator, switched off, API Access Control."""

from __future__ import annotations

import json

from localorg.errors import OAuthError
from localorg.identity.apps import App
from localorg.metadata.types import CONNECTED_APP_SETTINGS, CONNECTED_APP_SETTINGS_NAME
from localorg.store import Store

BLOCKED = "this app is blocked by admin"


def check_not_blocked(store: Store, app: App) -> None:
    """Raise OAUTH_APP_BLOCKED for an app that is blocked or off, and under API Access Control for one that is not admin approved.

    That API Access Control answers with these words is assumed.
    """
    if not app.enabled or is_blocked(store, app.org, app.id):
        raise OAuthError("OAUTH_APP_BLOCKED", BLOCKED)
    if not app.admin_approved and api_access_control(store, app.org):
        raise OAuthError("OAUTH_APP_BLOCKED", BLOCKED)


def is_blocked(store: Store, org: str, app_id: str) -> bool:
    """Tell whether the administrator has blocked an app (Connected Apps OAuth Usage)."""
    return store.one("SELECT 1 FROM _BlockedApp WHERE org = ? AND app_id = ?", (org, app_id)) is not None


def set_blocked(store: Store, org: str, app_id: str, *, blocked: bool) -> None:
    """Block an app or let it in again."""
    store.do("DELETE FROM _BlockedApp WHERE org = ? AND app_id = ?", (org, app_id))
    if blocked:
        store.put("_BlockedApp", {"org": org, "app_id": app_id})


def api_access_control(store: Store, org: str) -> bool:
    """Tell whether an org lets only admin approved apps use its API (ConnectedAppSettings.enableAdminApprovedAppsOnly)."""
    row = store.one(
        "SELECT document FROM _Component WHERE org = ? AND type = ? AND name = ?",
        (org, CONNECTED_APP_SETTINGS.name, CONNECTED_APP_SETTINGS_NAME),
    )
    return bool(row and json.loads(row["document"]).get("enableAdminApprovedAppsOnly"))

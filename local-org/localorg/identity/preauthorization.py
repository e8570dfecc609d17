"""May this user use this app? The policy, the sets that pre-authorize, an earlier consent (platform notes 3.1, 4.3, 4.5)."""

from __future__ import annotations

from localorg.errors import OAuthError
from localorg.identity.access_links import has_api_integration_license
from localorg.identity.apps import App
from localorg.identity.blocking import check_not_blocked
from localorg.identity.holding import held_sets
from localorg.store import Store

FULL = "Full"
REFRESH_TOKEN = "RefreshToken"  # noqa: S105 — the name of a scope
NEEDS_REFRESH_TOKEN = "refresh_token scope is required and the connected app should be installed and preauthorized"  # noqa: S105
NOT_PREAUTHORIZED = "user is not admin approved to access this app"
NO_SCOPES = "no valid scopes defined"
NOT_APPROVED = "user hasn't approved this consumer"


def check_use(store: Store, app: App, user_id: str, now: str) -> None:
    """Let a user through, or raise the OAuthError that tells why not."""
    check_not_blocked(store, app)
    if not set(app.scopes) - {REFRESH_TOKEN} or set(app.scopes) == {FULL}:
        raise OAuthError("invalid_grant", NO_SCOPES)
    if REFRESH_TOKEN not in app.scopes:
        raise OAuthError("invalid_request", NEEDS_REFRESH_TOKEN)
    if app.admin_approved:
        _check_preauthorized(store, app, user_id, now)
    elif not store.find(app.org, "OauthToken", UserId=user_id, _ConsumerKey=app.consumer_key):
        raise OAuthError("invalid_grant", NOT_APPROVED)


def _check_preauthorized(store: Store, app: App, user_id: str, now: str) -> None:
    held = held_sets(store, app.org, user_id, now) & set(app.sets)
    if not held:
        raise OAuthError("invalid_app_access", NOT_PREAUTHORIZED)
    if all(has_api_integration_license(store, app.org, each) for each in held):
        raise OAuthError("invalid_grant", NOT_APPROVED)

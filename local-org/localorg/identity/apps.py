"""Apps as the login servers see them: a view per change, so that a propagation delay is a matter of which one.

A view holds all that a grant needs to know of a Connected App or External Client App. `publish` writes a new one
whenever the app, its satellites or its links change; a deleted app gets an empty one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from localorg.clock import Clock
from localorg.identity.access_links import linked_ids
from localorg.metadata.scopes import OAUTH_STRINGS, normalize_scopes
from localorg.store import Store

CONNECTED, EXTERNAL = "ConnectedApp", "ExternalClientApplication"
KEEP_VERSIONS = 50


@dataclass(frozen=True)
class App:
    """One app at one moment. `sets` are the linked permission sets' ids, those of profiles included."""

    org: str
    id: str
    kind: str
    name: str
    label: str
    consumer_key: str
    consumer_secret: str
    certificate: str
    scopes: tuple[str, ...]
    admin_approved: bool
    enabled: bool
    sets: tuple[str, ...]
    enforce_ip: bool
    client_credentials_user: str
    session_minutes: int
    high_assurance: bool
    secret_optional: bool
    introspect_all: bool
    jwt_tokens: bool
    dpop: bool
    mtls: bool
    ip_binding: bool

    @property
    def scope(self) -> str:
        """The scopes as a token answer writes them."""
        return " ".join(OAUTH_STRINGS.get(each, each.lower()) for each in self.scopes)


def publish(store: Store, clock: Clock, org: str, app_id: str) -> None:
    """Write the view of an app as it is now (nothing when it did not change)."""
    app = current_app(store, org, app_id)
    last = store.one(
        "SELECT view, consumer_key FROM _AppVersion WHERE org = ? AND app_id = ? ORDER BY seq DESC LIMIT 1",
        (org, app_id),
    )
    view = json.dumps(asdict(app), sort_keys=True) if app else ""
    if last is not None and last["view"] == view:
        return
    key = app.consumer_key if app else (last["consumer_key"] if last else "")
    store.put("_AppVersion", {"org": org, "app_id": app_id, "consumer_key": key, "at": clock.now(), "view": view})
    store.do(
        "DELETE FROM _AppVersion WHERE org = ? AND app_id = ? AND seq NOT IN "
        "(SELECT seq FROM _AppVersion WHERE org = ? AND app_id = ? ORDER BY seq DESC LIMIT ?)",
        (org, app_id, org, app_id, KEEP_VERSIONS),
    )


def effective_apps(
    store: Store, consumer_key: str, now: float, delay_in: Callable[[str], float] = lambda _org: 0.0
) -> list[App]:
    """Return the apps of all orgs that answer to a consumer key, as the login servers see them.

    `delay_in` tells an org's propagation delay in seconds: the servers see the app as it was that long ago.
    """
    found: list[App] = []
    if not consumer_key:
        return found  # an app without OAuth settings answers to none
    for row in store.all("SELECT DISTINCT org, app_id FROM _AppVersion WHERE consumer_key = ?", (consumer_key,)):
        version = store.one(
            "SELECT view FROM _AppVersion WHERE org = ? AND app_id = ? AND at <= ? ORDER BY seq DESC LIMIT 1",
            (row["org"], row["app_id"], now - delay_in(row["org"])),
        )
        if version and version["view"]:
            app = _load(version["view"])
            if app.consumer_key == consumer_key:
                found.append(app)
    return found


def current_app(store: Store, org: str, app_id: str) -> App | None:
    """Return an app as its components and links say now, or None when it is gone."""
    row = store.one("SELECT type, name, document FROM _Component WHERE org = ? AND id = ?", (org, app_id))
    if row is None:
        return None
    document = json.loads(row["document"])
    links = tuple(linked_ids(store, org, app_id))
    if row["type"] == CONNECTED:
        return _connected(org, app_id, row["name"], document, links)
    if row["type"] == EXTERNAL:
        return _external(store, org, app_id, row["name"], document, links)
    return None


@lru_cache(maxsize=1024)
def _load(view: str) -> App:
    values = json.loads(view)
    return App(**{**values, "scopes": tuple(values["scopes"]), "sets": tuple(values["sets"])})


def _connected(org: str, app_id: str, name: str, document: dict[str, Any], links: tuple[str, ...]) -> App:
    oauth = document.get("oauthConfig", {})
    session = document.get("sessionPolicy", {})
    return App(
        org=org,
        id=app_id,
        kind=CONNECTED,
        name=name,
        label=document.get("label", name),
        consumer_key=oauth.get("consumerKey", ""),
        consumer_secret=oauth.get("consumerSecret", ""),
        certificate=oauth.get("certificate", ""),
        scopes=tuple(normalize_scopes(oauth.get("scopes", []))),
        admin_approved=bool(oauth.get("isAdminApproved")),
        enabled=True,
        sets=links,
        enforce_ip=document.get("oauthPolicy", {}).get("ipRelaxation", "ENFORCE").startswith("ENFORCE"),
        client_credentials_user=oauth.get("oauthClientCredentialUser", "")
        if oauth.get("isClientCredentialEnabled")
        else "",
        session_minutes=session.get("sessionTimeout", 0),
        high_assurance=session.get("sessionLevel") == "HIGH_ASSURANCE",
        secret_optional=bool(oauth.get("isConsumerSecretOptional")),
        introspect_all=bool(oauth.get("isIntrospectAllTokens")),
        jwt_tokens=bool(oauth.get("isNamedUserJwtEnabled")),
        dpop=bool(oauth.get("isDPopEnabled")),
        mtls=bool(oauth.get("isPKImTLSEnabled")),
        ip_binding=bool(oauth.get("isIpBindingEnabled")),
    )


def _external(store: Store, org: str, app_id: str, name: str, document: dict[str, Any], links: tuple[str, ...]) -> App:
    oauth = satellite(store, org, "ExtlClntAppGlobalOauthSettings", name)
    settings = satellite(store, org, "ExtlClntAppOauthSettings", name)
    policies = satellite(store, org, "ExtlClntAppOauthConfigurablePolicies", name)
    switches = satellite(store, org, "ExtlClntAppConfigurablePolicies", name)
    scopes = [each.strip() for each in settings.get("commaSeparatedOauthScopes", "").split(",") if each.strip()]
    runs_as = policies.get("clientCredentialsFlowUser", "")
    flow = oauth.get("isClientCredentialsFlowEnabled") and policies.get("isClientCredentialsFlowEnabled")
    return App(
        org=org,
        id=app_id,
        kind=EXTERNAL,
        name=name,
        label=document.get("label", name),
        consumer_key=oauth.get("consumerKey", ""),
        consumer_secret=oauth.get("consumerSecret", ""),
        certificate=oauth.get("certificate", ""),
        scopes=tuple(normalize_scopes(scopes)),
        admin_approved=policies.get("permittedUsersPolicyType") == "AdminApprovedPreAuthorized",
        enabled=bool(switches.get("isEnabled", True)) and bool(switches.get("isOauthPluginEnabled", True)),
        sets=links,
        enforce_ip=policies.get("ipRelaxationPolicyType", "Enforce").startswith("Enforce"),
        client_credentials_user=runs_as if flow else "",
        session_minutes=policies.get("sessionTimeoutInMinutes", 0),
        high_assurance=policies.get("requiredSessionLevel") == "HIGH_ASSURANCE",
        secret_optional=bool(oauth.get("isConsumerSecretOptional")),
        introspect_all=bool(oauth.get("isIntrospectAllTokens")),
        jwt_tokens=bool(oauth.get("isNamedUserJwtEnabled")),
        dpop=bool(oauth.get("isDPopEnabled")),
        mtls=bool(oauth.get("isMtlsEnabled")),
        ip_binding=False,
    )


def satellite(store: Store, org: str, kind: str, app: str) -> dict[str, Any]:
    """Return the document of an External Client App's satellite of one type, or an empty one."""
    row = store.one(
        "SELECT document FROM _Component WHERE org = ? AND type = ? "
        "AND json_extract(document, '$.externalClientApplication') = ? COLLATE NOCASE",
        (org, kind, app),
    )
    return json.loads(row["document"]) if row else {}

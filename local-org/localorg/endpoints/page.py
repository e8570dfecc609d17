"""The page for people on the admin port: orgs, apps, permission sets, last deploys and grants. Read-only, no scripts."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from localorg.clock import format_timestamp
from localorg.endpoints.call import Answer
from localorg.identity.apps import CONNECTED, App, current_app
from localorg.identity.certificates import certificate_facts
from localorg.landscape import Landscape
from localorg.metadata.jobs import DEPLOY
from localorg.orgs import Org

if TYPE_CHECKING:
    from jinja2 import Template

LAST = 15
HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "Cache-Control": "no-store"}


def show_page(landscape: Landscape) -> Answer:
    """Return the page as it is now."""
    html = _template().render(now=landscape.clock.timestamp(), orgs=[_org(landscape, org) for org in landscape.orgs()])
    return Answer(200, html.encode(), "text/html; charset=utf-8", HEADERS)


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment

    source = resources.files("localorg.endpoints").joinpath("page.html").read_text()
    return Environment(autoescape=True, trim_blocks=True).from_string(source)


def _org(landscape: Landscape, org: Org) -> dict[str, Any]:
    store = landscape.store
    users = store.one("SELECT COUNT(*) AS n FROM User WHERE org = ?", (org.name,)) or {"n": 0}
    grants = store.all("SELECT * FROM _Grant WHERE org = ? ORDER BY seq DESC LIMIT ?", (org.name, LAST))
    return {
        "name": org.name,
        "kind": org.kind,
        "state": org.state,
        "url": org.url,
        "org_id": org.org_id,
        "users": users["n"],
        "apps": _apps(landscape, org),
        "sets": _sets(landscape, org),
        "deploys": _deploys(landscape, org),
        "grants": grants,
    }


def _apps(landscape: Landscape, org: Org) -> list[dict[str, Any]]:
    rows = landscape.store.all(
        "SELECT id FROM _Component WHERE org = ? AND type IN ('ConnectedApp', 'ExternalClientApplication') ORDER BY name",
        (org.name,),
    )
    found = (current_app(landscape.store, org.name, row["id"]) for row in rows)
    return [_app(landscape, app) for app in found if app]


def _app(landscape: Landscape, app: App) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": app.name,
        "kind": "Connected App" if app.kind == CONNECTED else "External Client App",
        "consumer_key": app.consumer_key,
        "scopes": app.scope,
        "policy": "all users may self-authorize",
    }
    if app.admin_approved:
        names = [
            row["Name"]
            for each in app.sets
            if (row := landscape.store.get(app.org, "PermissionSet", each)) and row["ProfileId"] is None
        ]
        shown["policy"] = f"admin approved: {', '.join(names) or 'no permission set'}"
    if app.certificate:
        facts = certificate_facts(app.certificate)
        expired = facts.not_after[:19] < landscape.clock.timestamp()[:19]
        shown |= {
            "fingerprint": facts.fingerprint,
            "not_after": facts.not_after[:10],
            "bits": facts.bits,
            "expired": expired,
        }
    return shown


def _sets(landscape: Landscape, org: Org) -> list[dict[str, Any]]:
    rows = landscape.store.all(
        "SELECT s.Id, s.Name, s.Label, s.Description, u.Username FROM PermissionSet s "
        "LEFT JOIN PermissionSetAssignment a ON a.org = s.org AND a.PermissionSetId = s.Id "
        "LEFT JOIN User u ON u.org = a.org AND u.Id = a.AssigneeId "
        "WHERE s.org = ? AND s.IsOwnedByProfile = 0 AND s.PermissionSetGroupId IS NULL ORDER BY s.Name, u.Username",
        (org.name,),
    )
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        shown = found.setdefault(
            row["Id"],
            {"name": row["Name"], "label": row["Label"], "description": row["Description"], "holders": []},
        )
        if row["Username"]:
            shown["holders"].append(row["Username"])
    return list(found.values())


def _deploys(landscape: Landscape, org: Org) -> list[dict[str, Any]]:
    shown = []
    for job in landscape.jobs.recent(org, DEPLOY, LAST):
        outcome = json.loads(job["outcome"]) if job["outcome"] else {}
        problems = [
            f"{each['kind']} {each['name']}: {each['problem']}"
            for each in outcome.get("messages", [])
            if not each["success"]
        ]
        shown.append(
            {
                "id": job["id"],
                "at": format_timestamp(job["created_at"]),
                "status": job["status"],
                "check_only": json.loads(job["options"])["checked"]["check_only"],
                "problems": problems or [each for each in (outcome.get("error_message"),) if each],
            }
        )
    return shown

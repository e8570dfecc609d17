"""The admin port: what a test or a person does to the landscape that the platform has no API for."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localorg.endpoints.admin_edits import (
    add_consent,
    add_user,
    edit_user,
    end_sessions,
    install_package,
    start_session,
)
from localorg.endpoints.admin_restrictions import (
    edit_api_access_control,
    edit_blocked_apps,
    edit_ip_ranges,
    edit_login_hours,
    edit_profile_permissions,
)
from localorg.endpoints.call import Answer, Call, as_json
from localorg.endpoints.page import show_page
from localorg.errors import LandscapeError, PlatformError
from localorg.faults import Faults
from localorg.knobs import EVERYWHERE, KNOBS
from localorg.landscape import Landscape
from localorg.request_log import RequestLog

Edit = Callable[[Landscape, dict[str, Any]], Answer]
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

    def application(self) -> Starlette:
        """Return the admin port's application."""
        return Starlette(
            routes=[
                Route(path, partial(self._respond, handlers), methods=list(handlers))
                for path, handlers in _ROUTES.items()
            ],
            exception_handlers={HTTPException: self._respond_without_route},
        )

    async def _respond(self, handlers: dict[str, Handler], request: Request) -> Response:
        call = Call(self.landscape, "admin", request.method, request.url.path, dict(request.query_params), {})
        try:
            call.body = await request.body()
            made = handlers["GET" if request.method == "HEAD" else request.method](self, call, request.path_params)
        except (LandscapeError, PlatformError) as error:
            made = as_json({"error": error.message if isinstance(error, PlatformError) else str(error)}, 400)
        except Exception:
            log.exception("%s %s failed", request.method, request.url.path)
            made = as_json({"error": "this is a defect of the local org; see `localorg logs`"}, 500)
        return Response(made.body, made.status, {"content-type": made.content_type, **made.headers})

    async def _respond_without_route(self, request: Request, problem: Exception) -> Response:
        allow = (problem.headers or {}).get("Allow") if isinstance(problem, HTTPException) else None
        path = request.url.path
        if allow:
            return JSONResponse({"error": f"{request.method} is not for {path}; there is: {allow}"}, 405)
        return JSONResponse({"error": f"nothing is at {path}"}, 404)

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
    org = call.query.get("org")
    return as_json(
        {"requests": admin.log.entries(org), "counts": admin.log.counts(), "underWay": admin.log.count_under_way(org)}
    )


def _reset_requests(admin: Admin, _call: Call, _path: dict[str, str]) -> Answer:
    admin.log.reset()
    return as_json({"requests": [], "counts": {}, "underWay": admin.log.count_under_way()})


def _refresh(admin: Admin, _call: Call, path: dict[str, str]) -> Answer:
    org = admin.landscape.refresh(path["org"])
    admin.on_change()
    return as_json(admin.landscape.describe_org(org, admin.ca_bundle))


def _rename(admin: Admin, _call: Call, path: dict[str, str]) -> Answer:
    org = admin.landscape.rename(path["org"])
    admin.on_change()
    return as_json(admin.landscape.describe_org(org, admin.ca_bundle))


def _set_state(admin: Admin, call: Call, path: dict[str, str]) -> Answer:
    org = admin.landscape.set_state(path["org"], str(call.json_object().get("state")))
    admin.on_change()
    return as_json(admin.landscape.describe_org(org, admin.ca_bundle))


def _edit(change: Edit) -> Handler:
    """Return the handler of an edit."""
    return lambda admin, call, _path: change(admin.landscape, call.json_object())


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


_ROUTES: dict[str, dict[str, Handler]] = {
    "/": {"GET": _page},
    "/landscape": {"GET": _landscape},
    "/knobs": {"GET": _get_knobs, "PATCH": _set_knobs, "DELETE": _reset_knobs},
    "/faults": {"POST": _add_fault, "GET": _list_faults, "DELETE": _clear_faults},
    "/clock": {"GET": _get_clock, "PATCH": _set_clock},
    "/requests": {"GET": _requests, "DELETE": _reset_requests},
    "/grants": {"GET": _list_grants},
    "/orgs/{org}/deploys": {"GET": _list_jobs},
    "/orgs/{org}/refresh": {"POST": _refresh},
    "/orgs/{org}/rename": {"POST": _rename},
    "/orgs/{org}": {"PATCH": _set_state},
    "/users": {"POST": _edit(add_user), "PATCH": _edit(edit_user)},
    "/consents": {"POST": _edit(add_consent)},
    "/packages": {"POST": _edit(install_package)},
    "/end-sessions": {"POST": _edit(end_sessions)},
    "/sessions": {"POST": _edit(start_session)},
    "/ip-ranges": {"PUT": _edit(edit_ip_ranges)},
    "/login-hours": {"PUT": _edit(edit_login_hours)},
    "/profile-permissions": {"PUT": _edit(edit_profile_permissions)},
    "/api-access-control": {"PUT": _edit(edit_api_access_control)},
    "/blocked-apps": {"PUT": _edit(edit_blocked_apps)},
    "/login-rate": {"DELETE": _reset_login_rate},
}

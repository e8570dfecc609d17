"""The admin port: what a test or a person does to the landscape that the platform has no API for."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable
from typing import Any

from localorg.doors.admin_edits import add_consent, add_user, edit_user, end_sessions, set_ip_ranges
from localorg.doors.call import Answer, Call, as_json
from localorg.doors.page import show_page
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
    ("POST", r"/orgs/(?P<org>\w+)/rename", _rename),
    ("PATCH", r"/orgs/(?P<org>\w+)", _set_state),
    ("POST", "/users", _edit(add_user)),
    ("PATCH", "/users", _edit(edit_user)),
    ("POST", "/consents", _edit(add_consent)),
    ("POST", "/end-sessions", _edit(end_sessions)),
    ("PUT", "/ip-ranges", _edit(set_ip_ranges)),
    ("DELETE", "/login-rate", _reset_login_rate),
)

"""The ASGI application of all ports: reads a request, fires faults, logs, answers.

Handlers run one after another in one thread, and never wait: two requests cannot meet inside a transaction.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable
from email.utils import formatdate
from functools import partial
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import Message, Receive, Scope, Send

from localorg.endpoints.admin import Admin
from localorg.endpoints.call import Answer, Call, Held
from localorg.endpoints.dispatch import HTML, MAINTENANCE, answer, finish, refused
from localorg.endpoints.request_body import MAX_BODY, decoded, read_body, read_parts
from localorg.endpoints.routes import BAYEUX, OAUTH, OPERATIONS, REST, Route, by_path
from localorg.errors import OAuthError, PlatformError, gack, locked
from localorg.faults import ERROR_CODES, GACK, LOCK, OAUTH_ERRORS, Faults, returned_status, stall_seconds
from localorg.landscape import Landscape
from localorg.request_log import Entry, RequestLog

TRANSPORT = "localorg.transport"
DAY = 86_400


class Front:
    """All endpoints of a landscape, told apart by port."""

    def __init__(self, landscape: Landscape, ca_bundle: str, on_change: Callable[[], None]) -> None:
        self.landscape = landscape
        self.faults = Faults(OPERATIONS)
        self.log = RequestLog()
        self.admin = Admin(landscape, self.faults, self.log, ca_bundle, on_change)
        self._used: Counter[tuple[str, int]] = Counter()
        self._admin_app = self.admin.application()
        self._org_app = Starlette(
            routes=[
                StarletteRoute(path, partial(self._respond, routes), methods=list(routes))
                for path, routes in by_path().items()
            ],
            exception_handlers={HTTPException: self._respond_without_route},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        if len(scope["path"]) > 1:
            scope["path"] = scope["path"].rstrip("/") or "/"
        app = self._org_app if scope["server"][1] in self.landscape.login_hosts() else self._admin_app

        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(self.landscape.clock.now(), usegmt=True)
                message["headers"] = [*message.get("headers", ()), (b"date", date.encode())]
            await send(message)

        await app(scope, receive, send_dated)
        self.landscape.streaming.look()

    async def _respond(self, routes: dict[str, Route], request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await self._serve(request, routes[method], [])

    async def _respond_without_route(self, request: Request, problem: Exception) -> Response:
        allow = (problem.headers or {}).get("Allow", "") if isinstance(problem, HTTPException) else ""
        return await self._serve(
            request, None, [each.strip() for each in allow.split(",") if each.strip() not in {"", "HEAD"}]
        )

    async def _serve(self, request: Request, route: Route | None, allowed: list[str]) -> Response:
        begin = time.monotonic()
        call = self._read_head(request)
        problem: PlatformError | None = None
        try:
            call.body = await read_body(request)
            call.body = decoded(call.body, request.headers.get("content-encoding", ""))
            if len(call.body) > MAX_BODY:
                problem = PlatformError("LIMIT_EXCEEDED", "Maximum size of request reached.", status=413)
            else:
                call.parts = await read_parts(request.headers, call.body)
        except ClientDisconnect:
            return Response(status_code=400)
        except PlatformError as error:
            problem = error
        with self.log.under_way(call.place):
            return await self._answer(call, request, route, allowed, problem, begin)

    async def _answer(
        self,
        call: Call,
        request: Request,
        route: Route | None,
        allowed: list[str],
        problem: PlatformError | None,
        begin: float,
    ) -> Response:
        operation = "notFound" if route is None else route.name(call) if route.name else route.operation
        fault = self.faults.take(call.place, operation)
        wait = self.landscape.knobs.number("latency", call.place)
        wait += (stall_seconds(fault) or 0.0) if fault else 0.0
        if wait:
            await asyncio.sleep(wait)
        cut = fault in {"reset-before", "reset-after"}
        made: Answer | None = None
        if problem is not None:
            made = refused(call, route.endpoint if route else REST, problem)
        elif fault != "reset-before":
            call.holds_back = {LOCK: locked(), GACK: gack()}.get(fault or "")
            made = self._faulty(call, route, fault) or self._limited(call, route) or answer(call, route, allowed)
        if made is not None and made.held is not None:
            if await _is_gone_before(made.held, request.receive):
                made.held.leave()
                return Response(status_code=400)  # nobody is there to read it
            made = finish(call, BAYEUX, made.held)
        digest = hashlib.sha256(request.scope["query_string"] + b"\0" + call.body).hexdigest()[:16]
        status = made.status if made and not cut else 0
        end = time.monotonic()
        self.log.add(Entry(call.place, call.method, call.path, operation, status, digest, begin, end))
        return _Cut() if made is None or cut else _response(made, self._limit_header(call, route))

    def _read_head(self, request: Request) -> Call:
        scope = request.scope
        port = scope["server"][1]
        hosts = self.landscape.login_hosts()
        host = hosts.get(port)
        org = host.org if host else None
        place = org.name if org else "login" if host is self.landscape.hosts.login else "test"
        return Call(
            landscape=self.landscape,
            place=place,
            method=scope["method"],
            path=scope["path"],
            query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
            address=scope["client"][0] if scope.get("client") else "",
            host=host,
            org=org,
            parameters={name: str(value) for name, value in request.path_params.items()},
        )

    def _faulty(self, call: Call, route: Route | None, fault: str | None) -> Answer | None:
        """Return the answer that a fault puts in place of the real one."""
        if fault is None:
            return None
        if fault == "html":
            return Answer(503, MAINTENANCE, HTML)
        if status := returned_status(fault):
            return Answer(status, b"", "text/plain")
        if fault in OAUTH_ERRORS:
            return refused(call, route.endpoint if route else REST, OAuthError(fault, OAUTH_ERRORS[fault]))
        if fault not in ERROR_CODES:
            return None
        code_status, message = ERROR_CODES[fault]
        endpoint = route.endpoint if route else REST
        if fault == "INVALID_SESSION_ID" and route and route.operation in {"userinfo", "identity"}:
            return Answer(403, b"Bad_OAuth_Token", "text/plain;charset=UTF-8")
        if endpoint == "oauth":
            return refused(call, endpoint, OAuthError("invalid_grant", message, status=400))
        return refused(call, endpoint, PlatformError(fault, message, status=code_status))

    def _limited(self, call: Call, route: Route | None) -> Answer | None:
        """Count an API request; refuse it above the day's limit (platform notes 5.7, 8)."""
        if call.org is None or route is None or route.endpoint in {OAUTH, BAYEUX}:
            return None
        used = self._count(call, 1)
        if used <= self.landscape.knobs.number("daily_requests", call.place):
            return None
        return refused(
            call, route.endpoint, PlatformError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)
        )

    def _limit_header(self, call: Call, route: Route | None) -> dict[str, str]:
        if call.org is None or route is None or route.endpoint != REST:
            return {}
        most = int(self.landscape.knobs.number("daily_requests", call.place))
        return {"Sforce-Limit-Info": f"api-usage={self._count(call, 0)}/{most}"}

    def _count(self, call: Call, more: int) -> int:
        today = int(self.landscape.clock.now() // DAY)
        key = (call.place, today)
        if key not in self._used:
            self._used = Counter({each: count for each, count in self._used.items() if each[1] == today})
        self._used[key] += more
        call.parameters["used"] = str(self._used[key])
        return self._used[key]


async def _is_gone_before(held: Held, receive: Receive) -> bool:
    """Wait until a held answer is due; tell whether the one who asked has gone before that."""

    async def until_gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    due, gone = asyncio.ensure_future(held.wait()), asyncio.ensure_future(until_gone())
    try:
        await asyncio.wait({due, gone}, return_when=asyncio.FIRST_COMPLETED)
        return not due.done()
    finally:
        for each in (due, gone):
            each.cancel()
        await asyncio.gather(due, gone, return_exceptions=True)


class _Cut(Response):
    """No answer: the connection is cut as a crashed server does it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _reset(scope)


def _response(made: Answer, more: dict[str, str]) -> Response:
    return Response(made.body, made.status, {"content-type": made.content_type, **made.headers, **more})


def _reset(scope: Scope) -> None:
    """Cut the connection as a crashed server does: the client sees a reset, not an answer."""
    transport = scope["state"][TRANSPORT]
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()

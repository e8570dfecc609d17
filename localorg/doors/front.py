"""The ASGI application of all ports: reads a request, fires faults, logs, answers.

Handlers run one after another in one thread, and never wait: two requests cannot meet inside a transaction.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
import struct
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from localorg.doors.admin import Admin
from localorg.doors.call import Answer, Call
from localorg.doors.dispatch import HTML, MAINTENANCE, answer, refused
from localorg.doors.routes import OPERATIONS, REST, Route, find_route
from localorg.errors import OAuthError, PlatformError
from localorg.faults import ERROR_CODES, LOCK, Faults, returned_status, stall_seconds
from localorg.landscape import Landscape
from localorg.request_log import Entry, RequestLog

MAX_BODY = 60 * 1024 * 1024
TRANSPORT = "localorg.transport"
DAY = 86_400
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Front:
    """All doors of a landscape."""

    def __init__(self, landscape: Landscape, ca_bundle: str, on_change: Callable[[], None]) -> None:
        self.landscape = landscape
        self.faults = Faults(OPERATIONS)
        self.log = RequestLog()
        self.admin = Admin(landscape, self.faults, self.log, ca_bundle, on_change)
        self._used: Counter[tuple[str, int]] = Counter()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        call = self._read_head(scope)
        body = await _read_body(receive)
        if body is None:
            return
        if call.place == "admin":
            call.body = body
            await _send(send, self.admin.answer(call), call)
            return
        call.body = body[:MAX_BODY]
        with self.log.under_way(call.place):
            await self._serve(call, scope, send, too_large=len(body) > MAX_BODY)

    async def _serve(self, call: Call, scope: Message, send: Send, *, too_large: bool) -> None:
        route, call.parameters, allowed = find_route(call.method, call.path)
        operation = "notFound" if route is None else route.name(call) if route.name else route.operation
        fault = self.faults.take(call.place, operation)
        wait = self.landscape.knobs.number("latency", call.place)
        wait += (stall_seconds(fault) or 0.0) if fault else 0.0
        if wait:
            await asyncio.sleep(wait)
        status = 0
        if fault == "reset-before":
            _reset(scope)
        elif too_large:
            error = PlatformError("LIMIT_EXCEEDED", "Maximum size of request reached.", status=413)
            made = refused(call, route.door if route else REST, error)
        else:
            call.locked = fault == LOCK
            made = self._faulty(call, route, fault) or self._limited(call, route) or answer(call, route, allowed)
            if fault == "reset-after":
                _reset(scope)
            else:
                status = made.status
        digest = hashlib.sha256(scope["query_string"] + b"\0" + call.body).hexdigest()[:16]
        self.log.add(Entry(call.place, call.method, call.path, operation, status or (413 if too_large else 0), digest))
        if fault not in {"reset-before", "reset-after"}:
            await _send(send, made, call, self._limit_header(call, route))

    def _read_head(self, scope: Message) -> Call:
        port = scope["server"][1]
        hosts = self.landscape.login_hosts()
        host = hosts.get(port)
        org = host.org if host else None
        place = (
            "admin" if host is None else org.name if org else "login" if host is self.landscape.hosts.login else "test"
        )
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
        )

    def _faulty(self, call: Call, route: Route | None, fault: str | None) -> Answer | None:
        """Return the answer that a fault puts in place of the real one."""
        if fault is None:
            return None
        if fault == "html":
            return Answer(503, MAINTENANCE, HTML)
        if status := returned_status(fault):
            return Answer(status, b"", "text/plain")
        if fault not in ERROR_CODES:
            return None
        code_status, message = ERROR_CODES[fault]
        door = route.door if route else REST
        if fault == "INVALID_SESSION_ID" and route and route.operation in {"userinfo", "identity"}:
            return Answer(403, b"Bad_OAuth_Token", "text/plain;charset=UTF-8")
        if door == "oauth":
            return refused(call, door, OAuthError("invalid_grant", message, status=400))
        return refused(call, door, PlatformError(fault, message, status=code_status))

    def _limited(self, call: Call, route: Route | None) -> Answer | None:
        """Count an API request; refuse it above the day's limit (platform notes 5.7, 8)."""
        if call.org is None or route is None or route.door == "oauth":
            return None
        used = self._count(call, 1)
        if used <= self.landscape.knobs.number("daily_requests", call.place):
            return None
        return refused(
            call, route.door, PlatformError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)
        )

    def _limit_header(self, call: Call, route: Route | None) -> dict[str, str]:
        if call.org is None or route is None or route.door != REST:
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


async def _read_body(receive: Receive) -> bytes | None:
    """Return the body (at most one byte more than is allowed), None when the client went away."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        if size <= MAX_BODY:
            parts.append(part)
            size += len(part)
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)[: MAX_BODY + 1]


async def _send(send: Send, made: Answer, call: Call, more: dict[str, str] | None = None) -> None:
    headers = {"content-type": made.content_type, **made.headers, **(more or {})}
    body = b"" if call.method == "HEAD" else made.body
    if made.status != 204:  # noqa: PLR2004 — No Content
        headers["content-length"] = str(len(made.body))
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": made.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def _reset(scope: Message) -> None:
    """Cut the connection as a crashed server does: the client sees a reset, not an answer."""
    transport = scope["state"][TRANSPORT]
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()

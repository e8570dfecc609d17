"""A request's body as every client may send it: in chunks, compressed, in parts."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from localorg.endpoints.call import Part
from localorg.errors import PlatformError

MAX_BODY = 60 * 1024 * 1024
_WINDOW = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class _InMemory(MultiPartParser):
    """Starlette's parser, keeping files in memory whatever their size."""

    spool_max_size = MAX_BODY + 1


async def read_body(request: Request) -> bytes:
    """Return the body, at most one byte more than is allowed. Raises ClientDisconnect when the client went away."""
    parts: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        if size <= MAX_BODY:
            parts.append(chunk)
            size += len(chunk)
    return b"".join(parts)[: MAX_BODY + 1]


def decoded(body: bytes, encoding: str) -> bytes:
    """Return a body without its Content-Encoding, at most one byte more than is allowed. Raises PlatformError."""
    for name in reversed([each.strip().lower() for each in encoding.split(",")]):
        if name in {"", "identity"}:
            continue
        if name not in _WINDOW:
            raise PlatformError("UNSUPPORTED_MEDIA_TYPE", f"Content-Encoding {name[:40]} is not supported", status=415)
        unpacker = zlib.decompressobj(_WINDOW[name])
        try:
            body = unpacker.decompress(body, MAX_BODY + 1)
        except zlib.error:
            unpacker = None  # type: ignore[assignment]
        if unpacker is None or (not unpacker.eof and len(body) <= MAX_BODY):
            raise PlatformError("INVALID_INPUT", f"The request body is not valid {name}")
    return body


async def read_parts(headers: Headers, body: bytes) -> tuple[Part, ...]:
    """Return the parts of a multipart body, none for another one. Raises PlatformError for one that cannot be read."""
    if not headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return ()

    async def whole() -> AsyncIterator[bytes]:
        yield body

    try:
        form = await _InMemory(headers, whole(), max_part_size=MAX_BODY).parse()  # type: ignore[arg-type]
    except (MultiPartException, KeyError, ValueError) as problem:
        raise PlatformError(
            "INVALID_MULTIPART_REQUEST", f"The multipart request cannot be read: {str(problem)[:80]}"
        ) from None
    parts = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            parts.append(Part(name, value.filename or "", value.file.read()))
        else:
            parts.append(Part(name, "", _bytes(value)))
    return tuple(parts)


def _bytes(text: str) -> bytes:
    """Return what a part without a file name held: the parser read it as UTF-8 or, where it was none, as Latin-1."""
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()
    return data if data.startswith(b"PK") else text.encode()

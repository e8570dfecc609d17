"""A multipart body to its parts, in memory."""

from __future__ import annotations

from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from localorg.errors import PlatformError


@dataclass(frozen=True)
class Part:
    """One part: its name, its file name if it has one, its content."""

    name: str
    file: str
    data: bytes


def read_parts(content_type: str, body: bytes) -> list[Part]:
    """Return the parts of a body. Raises PlatformError for one that is no multipart."""
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise PlatformError("INVALID_MULTIPART_REQUEST", "The multipart request has no boundary")
    reader = _Reader()
    try:
        parser = MultipartParser(boundary, reader.callbacks())  # type: ignore[arg-type]
        parser.write(body)
        parser.finalize()
    except (FormParserError, ValueError):
        raise PlatformError("INVALID_MULTIPART_REQUEST", "The multipart request cannot be read") from None
    return reader.parts


class _Reader:
    """Collects what the parser reports."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self._headers: dict[str, str] = {}
        self._name = bytearray()
        self._value = bytearray()
        self._data = bytearray()

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header,
            "on_part_data": lambda data, start, end: self._data.extend(data[start:end]),
            "on_part_end": self._end,
        }

    def _begin(self) -> None:
        self._headers, self._data = {}, bytearray()

    def _header(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value.decode("latin-1")
        self._name, self._value = bytearray(), bytearray()

    def _end(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition", ""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        file = options.get(b"filename", b"").decode("utf-8", "replace")
        self.parts.append(Part(name, file, bytes(self._data)))

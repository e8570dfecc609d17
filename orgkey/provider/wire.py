"""The engine's property maps to Python and back: secrets, unknowns, numbers.

Only three signatures exist on this wire, because we answer `acceptOutputs: false`: the secret envelope, the unknown sentinel, and
plain values (engine notes 2.4). Numbers come as floats and leave as they are. A null within an object is what was left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf import struct_pb2

SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 — the protocol's mark, no secret
UNKNOWN_SENTINEL: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class Unknown:
    """A value that a preview cannot know yet. There is one: `UNKNOWN`; it is false, so that `if value` reads naturally."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True)
class Properties:
    """A property map: plain values by name, and the names whose value is secret."""

    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    secrets: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.values)


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """Read a property map. A secret anywhere below a property makes the whole property secret."""
    values, secrets = {}, set()
    for name, value in struct.fields.items():
        plain, secret = _plain(value)
        values[name] = plain
        if secret:
            secrets.add(name)
    return Properties(values, frozenset(secrets))


def to_struct(values: Mapping[str, Any], secrets: Iterable[str] = ()) -> struct_pb2.Struct:
    """Write a property map, each secret property in its envelope; None is left out."""
    hidden = frozenset(secrets)
    struct = struct_pb2.Struct()
    for name, value in values.items():
        if value is None:
            continue
        wire = _wire(value)
        if name in hidden:
            envelope = struct_pb2.Struct()
            envelope.fields[SIGNATURE_KEY].string_value = SECRET_SIGNATURE
            envelope.fields["value"].CopyFrom(wire)
            struct.fields[name].struct_value.CopyFrom(envelope)
        else:
            struct.fields[name].CopyFrom(wire)
    return struct


def has_unknown(value: Any) -> bool:
    """Whether anything in a value is not known yet."""
    if isinstance(value, Mapping):
        return any(map(has_unknown, value.values()))
    if isinstance(value, list | tuple):
        return any(map(has_unknown, value))
    return value is UNKNOWN


def _plain(value: struct_pb2.Value) -> tuple[Any, bool]:
    match value.WhichOneof("kind"):
        case "string_value":
            text = value.string_value
            return (UNKNOWN if text == UNKNOWN_SENTINEL else text), False
        case "number_value":
            number = value.number_value
            return (int(number) if number.is_integer() else number), False
        case "bool_value":
            return value.bool_value, False
        case "list_value":
            items = [_plain(item) for item in value.list_value.values]
            return [item for item, _ in items], any(secret for _, secret in items)
        case "struct_value":
            fields = value.struct_value.fields
            if SIGNATURE_KEY in fields and fields[SIGNATURE_KEY].string_value == SECRET_SIGNATURE:
                return _plain(fields["value"])[0], True
            inner = {name: _plain(item) for name, item in fields.items()}
            return {name: item for name, (item, _) in inner.items() if item is not None}, any(
                secret for _, secret in inner.values()
            )
    return None, False


def _wire(value: Any) -> struct_pb2.Value:
    match value:
        case Unknown():
            return struct_pb2.Value(string_value=UNKNOWN_SENTINEL)
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=value)
        case str():
            return struct_pb2.Value(string_value=value)
        case None:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case Mapping():
            inner = struct_pb2.Struct()
            for name, item in value.items():
                inner.fields[name].CopyFrom(_wire(item))
            return struct_pb2.Value(struct_value=inner)
    return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_wire(item) for item in value]))

"""A property's difference as the engine shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orgkey.provider.handler import (
    Diff,
)
from orgkey.provider.protocol import provider_pb2

_KIND = provider_pb2.PropertyDiff


def property_diff(
    path: str, before: Mapping[str, Any], after: Mapping[str, Any], diff: Diff, *, is_input: bool
) -> provider_pb2.PropertyDiff:
    """How a property differs: added, removed or changed, and whether that replaces the resource."""
    adds, removes = not _has(before, path), not _has(after, path)
    replaces = path in diff.replaces
    if adds and not removes:
        kind = _KIND.ADD_REPLACE if replaces else _KIND.ADD
    elif removes and not adds:
        kind = _KIND.DELETE_REPLACE if replaces else _KIND.DELETE
    else:
        kind = _KIND.UPDATE_REPLACE if replaces else _KIND.UPDATE
    return provider_pb2.PropertyDiff(kind=kind, inputDiff=is_input)


def _has(values: Mapping[str, Any], name: str) -> bool:
    return values.get(name) is not None

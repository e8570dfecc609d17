"""Null: in YAML what a name has whose value is commented out, in JSON and on the wire a value that is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def without_nulls(value: Any) -> Any:
    """A value in which a name whose value is null is left out, at any depth. A null that is an item of a list stays: it is a mistake."""
    if isinstance(value, Mapping):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return type(value)(map(without_nulls, value)) if type(value) in {list, tuple} else value
    return value

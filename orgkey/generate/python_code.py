"""Pieces of generated Python: names, annotations, docstrings, formatting."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
"""The checkout."""


def annotation(described: Mapping[str, Any], *, item: str = "{}") -> str:
    """The annotation of a property; `item` is a pattern for the type of a list's items."""
    match described["type"]:
        case "array":
            return f"Sequence[{item.format(annotation(described['items']))}]"
        case "object":
            return f"Mapping[str, {annotation(described['additionalProperties'])}]"
        case other:
            return {"string": "str", "boolean": "bool", "integer": "int", "number": "float"}[other]


def docstring(text: str) -> list[str]:
    """The lines of a field's docstring; none for an empty text."""
    return [f'    """{text}"""'] if text else []


def formatted(text: str, target: Path) -> str:
    """The text as `ruff format` writes it in a file of that name; raises CalledProcessError for what is no Python."""
    formatter = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(target), "-"]
    return subprocess.run(formatter, input=text, capture_output=True, text=True, check=True, timeout=120).stdout

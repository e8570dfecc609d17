"""Words of others, an org's or a server's, as they may be shown."""

from __future__ import annotations

import unicodedata

_COMMANDS = frozenset({"Cc", "Cf", "Cs", "Cn"})


def printable(text: str) -> str:
    """Text without what a terminal or an XML parser would take for a command: control and direction characters."""
    return "".join(char if char == "\n" or unicodedata.category(char) not in _COMMANDS else "\ufffd" for char in text)

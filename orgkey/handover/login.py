"""A login that is handed over."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class HandedLogin:
    """What a client needs to log in: `instance_url` is the host that it asks for the token, `audience` is `aud` of its assertion.

    `stack` is the stack's short name. `certificate_pem` is empty where the stack's state has none for this key.
    """

    stack: str
    instance_url: str
    audience: str
    username: str
    consumer_key: str
    private_key_pem: str = field(repr=False)
    certificate_pem: str = field(default="", repr=False)

    @property
    def identifier(self) -> str:
        """The stack's name as an identifier: letters, digits and underscores, a letter first."""
        name = re.sub(r"[^A-Za-z0-9]+", "_", self.stack).strip("_") or "salesforce"
        return name if name[0].isalpha() else f"org_{name}"


class HandoverError(Exception):
    """A login cannot be written in a format; the text says what is in the way and what to do."""

"""The orgs of the landscape as the endpoints see them: name, kind, id, port, hosts."""

from __future__ import annotations

from dataclasses import dataclass

PRODUCTION, SANDBOX = "production", "sandbox"
HOST = "localhost"
LOGIN_AUDIENCE, TEST_AUDIENCE = "https://login.salesforce.com", "https://test.salesforce.com"


@dataclass(frozen=True)
class Org:
    """One org. `state` is active, locked (closed, suspended) or building (platform notes 4.5, the HTML page)."""

    name: str
    kind: str
    org_id: str
    port: int
    label: str
    state: str = "active"

    @property
    def url(self) -> str:
        """The org's My Domain, which is also its instance URL."""
        return f"https://{HOST}:{self.port}"

    @property
    def is_sandbox(self) -> bool:
        """Whether users log in through the test host."""
        return self.kind == SANDBOX

    @property
    def suffix(self) -> str:
        """What a sandbox appends to production's user names."""
        return f".{self.name}" if self.is_sandbox else ""

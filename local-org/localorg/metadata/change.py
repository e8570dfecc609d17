"""Who changes what, when, in which org: what every rule of a component needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from localorg.clock import Clock
from localorg.knobs import Knobs
from localorg.metadata.document import Reading
from localorg.orgs import Org
from localorg.store import Store


class ComponentError(Exception):
    """A component is refused: shown as a component failure of a deploy, or as an error of a CRUD result.

    `code` is the status code of the CRUD calls.
    """

    def __init__(self, message: str, code: str = "INVALID_CROSS_REFERENCE_KEY") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


@dataclass(frozen=True)
class Change:
    """One writer at work in one org. `version` is the API version of the request or the package."""

    store: Store
    knobs: Knobs
    clock: Clock
    org: Org
    user_id: str
    version: float = 68.0

    def reading(self) -> Reading:
        """Return how this writer's documents are read."""
        return Reading(self.version, self.knobs.get("disordered_elements", self.org.name) == "refuse")

    def audit(self, *, new: bool) -> dict[str, Any]:
        """Return the audit fields of a row written now."""
        now = self.clock.timestamp()
        fields = {"LastModifiedDate": now, "LastModifiedById": self.user_id, "SystemModstamp": now}
        return {**fields, "CreatedDate": now, "CreatedById": self.user_id} if new else fields


@dataclass(frozen=True)
class WriteResult:
    """What became of a component: its id, whether it is new or changed, and warnings."""

    id: str
    created: bool
    changed: bool
    warnings: tuple[str, ...] = ()


def component(change: Change, kind: str, name: str) -> dict[str, Any] | None:
    """Return a component's stored row, by name in any case (developer names are unique without regard to case)."""
    return change.store.one(
        "SELECT * FROM _Component WHERE org = ? AND type = ? AND name = ? COLLATE NOCASE", (change.org.name, kind, name)
    )

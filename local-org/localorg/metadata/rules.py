"""What a type must do beyond keeping its document: the protocol that every type's rules follow."""

from __future__ import annotations

from typing import Protocol

from localorg.metadata.change import Change
from localorg.metadata.document import Document


class Rules(Protocol):
    """The rules of one type. Everything runs inside the transaction of the deploy or call."""

    def prepare(
        self, change: Change, name: str, document: Document, old: Document | None, component_id: str
    ) -> tuple[Document, tuple[str, ...]]:
        """Check a document and return the one to keep, with warnings. Raises ComponentError."""

    def wrote(self, change: Change, name: str, given: Document, document: Document, component_id: str) -> None:
        """Bring rows and links in line with what was written."""

    def removed(self, change: Change, name: str, document: Document, component_id: str) -> None:
        """Take rows and links of a deleted component away."""

    def shown(self, change: Change, document: Document, component_id: str) -> Document:
        """Add to a document what lives elsewhere (links, server-made names)."""

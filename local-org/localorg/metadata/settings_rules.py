"""The settings of an org that are components of their own: there is one of each type, and nobody makes or deletes it."""

from __future__ import annotations

from localorg.metadata.change import Change, ComponentError
from localorg.metadata.document import Document
from localorg.metadata.types import CONNECTED_APP_SETTINGS_NAME


class ConnectedAppSettingsRules:
    """ConnectedAppSettings: API Access Control. An org that never had it shows none of its elements (assumed)."""

    def prepare(
        self, change: Change, name: str, document: Document, old: Document | None, component_id: str
    ) -> tuple[Document, tuple[str, ...]]:
        """Change what is given, leave the rest alone."""
        if name != CONNECTED_APP_SETTINGS_NAME:
            raise ComponentError(f"In field: fullName - no ConnectedAppSettings named {name} found")
        return {**(old or {}), **document}, ()

    def wrote(self, change: Change, name: str, given: Document, document: Document, component_id: str) -> None:
        """Do no more."""

    def removed(self, change: Change, name: str, document: Document, component_id: str) -> None:
        """Refuse."""
        raise ComponentError("ConnectedAppSettings cannot be deleted.", "INSUFFICIENT_ACCESS_OR_READONLY")

    def shown(self, change: Change, document: Document, component_id: str) -> Document:
        """Fill in what every org has."""
        return {"enableSkipUserProvisioningWizardWelcomePage": False, **document}

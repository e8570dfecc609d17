"""What the platform checks and does when an External Client App or one of its satellites is written (platform notes 2)."""

from __future__ import annotations

from localorg.identity.apps import publish
from localorg.metadata.change import Change, ComponentError, component
from localorg.metadata.connected_app_rules import forget_app, save_menu_item, save_row
from localorg.metadata.document import Document
from localorg.metadata.types import SATELLITES

APP = "ExternalClientApplication"


class ExternalClientAppRules:
    """Rules of the app itself."""

    def prepare(
        self,
        change: Change,
        name: str,
        document: Document,
        old: Document | None,
        component_id: str,
    ) -> tuple[Document, tuple[str, ...]]:
        """Refuse the name of a Connected App (2.4), and a server-made name of another org."""
        if old is None and component(change, "ConnectedApp", name):
            raise ComponentError(f"A connected app with the name {name} already exists.", "DUPLICATE_DEVELOPER_NAME")
        scoped = document.get("orgScopedExternalApp")
        made = f"{change.org.org_id[:15]}:{name}"
        if scoped and scoped not in {made, f"{change.org.org_id}:{name}"}:
            raise ComponentError(f"Invalid orgScopedExternalApp: {scoped}", "FIELD_INTEGRITY_EXCEPTION")
        defaults = {"distributionState": "Local", "label": name}
        return {**defaults, **document, "orgScopedExternalApp": made}, ()

    def wrote(self, change: Change, name: str, given: Document, document: Document, component_id: str) -> None:
        """Write the sObject rows."""
        row = {
            "DeveloperName": name.rpartition("__")[2],
            "NamespacePrefix": name.rpartition("__")[0] or None,
            "MasterLabel": document["label"],
            "Language": "en_US",
            "ContactEmail": document.get("contactEmail"),
            "ContactPhone": document.get("contactPhone"),
            "Description": document.get("description"),
            "IconUrl": document.get("iconUrl"),
            "InfoUrl": document.get("infoUrl"),
            "LogoUrl": document.get("logoUrl"),
            "ManagedType": document.get("managedType"),
            "DistributionState": document["distributionState"],
            "OrgScopedExternalApp": document["orgScopedExternalApp"],
        }
        save_row(change, APP, component_id, row)
        save_menu_item(change, component_id, name, document["label"], APP, 0)
        publish(change.store, change.clock, change.org.name, component_id)

    def removed(self, change: Change, name: str, document: Document, component_id: str) -> None:
        """Take the satellites, rows, links, tokens and key with it (that satellites go is assumed)."""
        for kind in SATELLITES:
            for row in satellites(change, kind.name, name):
                change.store.do("DELETE FROM _Component WHERE org = ? AND id = ?", (change.org.name, row["id"]))
                change.store.remove(change.org.name, "ExtlClntAppOauthPlcyCnfg", Id=row["id"])
        forget_app(change, component_id, APP)

    def shown(self, change: Change, document: Document, component_id: str) -> Document:
        """Fill in what nobody set; a copied app's scoped name is that of its own org."""
        scoped = f"{change.org.org_id[:15]}:{document['orgScopedExternalApp'].partition(':')[2]}"
        filled = {"isProtected": False} if change.knobs.on("defaults_returned", change.org.name) else {}
        return {**filled, **document, "orgScopedExternalApp": scoped}


def satellites(change: Change, kind: str, app: str) -> list[dict[str, str]]:
    """Return the stored satellites of one type that an app has."""
    return change.store.all(
        "SELECT name, id FROM _Component WHERE org = ? AND type = ? "
        "AND json_extract(document, '$.externalClientApplication') = ? COLLATE NOCASE",
        (change.org.name, kind, app),
    )

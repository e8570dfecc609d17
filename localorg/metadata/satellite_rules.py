"""What the platform checks and does when a satellite of an External Client App is written (platform notes 2.3 to 2.5)."""

from __future__ import annotations

from localorg.identity.access_links import linked_profiles, linked_sets, replace_links
from localorg.identity.apps import publish
from localorg.metadata.change import Change, ComponentError, component
from localorg.metadata.connected_app_rules import checked_certificate, save_row
from localorg.metadata.connected_app_type import SCOPES, normalize_scopes
from localorg.metadata.consumer_keys import claim_key, new_secret, release_keys
from localorg.metadata.document import Document
from localorg.metadata.external_client_app_rules import APP, satellites

_ROTATE_WARNING = "The {what} of the external client app was rotated. Update the clients that use it."


class SatelliteRules:
    """Rules that all satellites share: an existing parent, and one satellite of a type for each app."""

    kind = ""

    def prepare(
        self, change: Change, name: str, document: Document, old: Document | None, component_id: str
    ) -> tuple[Document, tuple[str, ...]]:
        """Check the parent, then what is special to the type."""
        parent = document["externalClientApplication"]
        app = component(change, APP, parent)
        if app is None:
            raise ComponentError(f"In field: externalClientApplication - no {APP} named {parent} found")
        for row in satellites(change, self.kind, parent):
            if row["name"].lower() != name.lower():
                raise ComponentError(
                    "duplicate value found: ExternalClientApplicationId duplicates value on record with id: "
                    + row["id"][:15],
                    "DUPLICATE_VALUE",
                )
        document = {**document, "externalClientApplication": app["name"]}
        if old is not None and old["externalClientApplication"].lower() != parent.lower():
            raise ComponentError("Cannot change the external client app of a setting.", "FIELD_INTEGRITY_EXCEPTION")
        return self.special(change, document, old, app["id"], component_id)

    def special(
        self,
        change: Change,
        document: Document,
        old: Document | None,
        app_id: str,
        component_id: str,
    ) -> tuple[Document, tuple[str, ...]]:
        """Check what only this type has."""
        return document, ()

    def wrote(self, change: Change, name: str, given: Document, document: Document, component_id: str) -> None:
        """Write what only this type has, and the view of the app."""
        app_id = _app_id(change, document)
        self.write_rows(change, name, given, document, app_id, component_id)
        publish(change.store, change.clock, change.org.name, app_id)

    def write_rows(
        self,
        change: Change,
        name: str,
        given: Document,
        document: Document,
        app_id: str,
        component_id: str,
    ) -> None:
        """Write rows and links."""

    def removed(self, change: Change, name: str, document: Document, component_id: str) -> None:
        """Let the login servers see the app without this satellite."""
        app_id = _app_id(change, document)
        self.remove_rows(change, app_id, component_id)
        publish(change.store, change.clock, change.org.name, app_id)

    def remove_rows(self, change: Change, app_id: str, component_id: str) -> None:
        """Take what only this type has away."""

    def shown(self, change: Change, document: Document, component_id: str) -> Document:
        """Return the document."""
        return document


class GlobalOauthRules(SatelliteRules):
    """Key, secret and certificate. Another key is ignored without a word; no certificate means none (platform notes 2.4)."""

    kind = "ExtlClntAppGlobalOauthSettings"

    def special(
        self,
        change: Change,
        document: Document,
        old: Document | None,
        app_id: str,
        component_id: str,
    ) -> tuple[Document, tuple[str, ...]]:
        """Claim, keep or rotate the key; check the certificate."""
        kept = dict(document)
        warnings = []
        old_key = (old or {}).get("consumerKey", "")
        if not old_key:
            kept["consumerKey"] = claim_key(change, app_id, document.get("consumerKey", ""))
        elif document.get("shouldRotateConsumerKey"):
            release_keys(change, app_id)
            kept["consumerKey"] = claim_key(change, app_id, "")
            warnings.append(_ROTATE_WARNING.format(what="consumer key"))
        else:
            kept["consumerKey"] = old_key
        old_secret = (old or {}).get("consumerSecret", "")
        if document.get("shouldRotateConsumerSecret"):
            kept["consumerSecret"] = new_secret()
            warnings.append(_ROTATE_WARNING.format(what="consumer secret"))
        else:
            kept["consumerSecret"] = document.get("consumerSecret") or old_secret or new_secret()
        kept.pop("shouldRotateConsumerKey", None)
        kept.pop("shouldRotateConsumerSecret", None)
        certificate = checked_certificate(document.get("certificate", ""))
        kept.pop("certificate", None)
        if certificate:
            kept["certificate"] = certificate
        return kept, tuple(warnings)

    def remove_rows(self, change: Change, app_id: str, component_id: str) -> None:
        """Free the consumer key."""
        release_keys(change, app_id)


class OauthSettingsRules(SatelliteRules):
    """Scopes, and the server-made link to the key's record."""

    kind = "ExtlClntAppOauthSettings"

    def special(
        self,
        change: Change,
        document: Document,
        old: Document | None,
        app_id: str,
        component_id: str,
    ) -> tuple[Document, tuple[str, ...]]:
        """Check the scopes; a wrong oauthLink fails (2.4)."""
        for scope in _split(document.get("commaSeparatedOauthScopes", "")):
            if scope not in SCOPES:
                raise ComponentError(f"Invalid OAuth scope: {scope}", "FIELD_INTEGRITY_EXCEPTION")
        link = f"{change.org.org_id[:15]}:{component_id[:15]}"
        if document.get("oauthLink") not in {None, "", link}:
            raise ComponentError(f"Invalid oauthLink: {document['oauthLink']}", "FIELD_INTEGRITY_EXCEPTION")
        return {**document, "oauthLink": link}, ()

    def shown(self, change: Change, document: Document, component_id: str) -> Document:
        """Normalise the scopes, as a retrieve does (1.7)."""
        scopes = normalize_scopes(_split(document.get("commaSeparatedOauthScopes", "")))
        return {**document, "commaSeparatedOauthScopes": ", ".join(scopes)} if scopes else document


class OauthPoliciesRules(SatelliteRules):
    """Who may use the app; the linked sets and profiles are SetupEntityAccess rows (platform notes 2.5)."""

    kind = "ExtlClntAppOauthConfigurablePolicies"
    lists = (("commaSeparatedPermissionSet", False), ("commaSeparatedProfile", True))

    def special(
        self,
        change: Change,
        document: Document,
        old: Document | None,
        app_id: str,
        component_id: str,
    ) -> tuple[Document, tuple[str, ...]]:
        """Keep everything but the links."""
        names = {name for name, _ in self.lists}
        return {key: value for key, value in document.items() if key not in names}, ()

    def write_rows(
        self, change: Change, name: str, given: Document, document: Document, app_id: str, component_id: str
    ) -> None:
        """Write the policy's row and the links; an absent list leaves the links alone, an empty one clears them."""
        row = {
            "DeveloperName": name,
            "MasterLabel": document.get("label"),
            "ExternalClientApplicationId": app_id,
            "PermittedUsersPolicyType": document.get("permittedUsersPolicyType", "AllSelfAuthorized"),
            "IpRelaxationPolicyType": document.get("ipRelaxationPolicyType", "Enforce"),
            "RefreshTokenPolicyType": document.get("refreshTokenPolicyType", "Infinite"),
            "RefreshTokenValidityPeriod": document.get("refreshTokenValidityPeriod"),
            "RefreshTokenValidityUnit": document.get("refreshTokenValidityUnit"),
            "RequiredSessionLevel": document.get("requiredSessionLevel", "STANDARD"),
            "SessionTimeoutInMinutes": document.get("sessionTimeoutInMinutes"),
            "ClientCredentialsFlowUser": document.get("clientCredentialsFlowUser"),
            "Language": "en_US",
            **{
                flag[:1].upper() + flag[1:]: int(bool(document.get(flag)))
                for flag in (
                    "isClientCredentialsFlowEnabled",
                    "isGuestCodeCredFlowEnabled",
                    "isNamedUserJwtEnabled",
                    "isTokenExchangeFlowEnabled",
                )
            },
        }
        save_row(change, "ExtlClntAppOauthPlcyCnfg", component_id, row)
        admin = row["PermittedUsersPolicyType"] == "AdminApprovedPreAuthorized"
        for item in change.store.find(change.org.name, "AppMenuItem", ApplicationId=app_id):
            change.store.change(change.org.name, "AppMenuItem", item["Id"], {"IsUsingAdminAuthorization": int(admin)})
        for element, profiles in self.lists:
            if element in given:
                names = _split(given[element])
                replace_links(change, app_id, APP, names, profiles=profiles, element=element)

    def remove_rows(self, change: Change, app_id: str, component_id: str) -> None:
        """Take the policy's row and the links away."""
        change.store.remove(change.org.name, "ExtlClntAppOauthPlcyCnfg", Id=component_id)
        change.store.remove(change.org.name, "SetupEntityAccess", SetupEntityId=app_id)

    def shown(self, change: Change, document: Document, component_id: str) -> Document:
        """List the links by name."""
        app_id = _app_id(change, document)
        shown = dict(document)
        if sets := linked_sets(change.store, change.org.name, app_id):
            shown["commaSeparatedPermissionSet"] = ", ".join(sets)
        if profiles := linked_profiles(change.store, change.org.name, app_id):
            shown["commaSeparatedProfile"] = ", ".join(profiles)
        return shown


class PoliciesRules(SatelliteRules):
    """Which plug-ins are on."""

    kind = "ExtlClntAppConfigurablePolicies"


def _app_id(change: Change, document: Document) -> str:
    row = component(change, APP, document["externalClientApplication"])
    return row["id"] if row else ""


def _split(words: str) -> list[str]:
    return [each.strip() for each in words.split(",") if each.strip()]

"""What the platform checks and does when a satellite of an External Client App is written (platform notes 2.3 to 2.5)."""

from __future__ import annotations

from localorg.identity.access_links import linked_profiles, linked_sets, replace_links
from localorg.identity.apps import publish
from localorg.metadata.change import Change, ComponentError, component
from localorg.metadata.connected_app_rules import checked_certificate, save_row
from localorg.metadata.consumer_keys import claim_key, new_secret, release_keys
from localorg.metadata.document import Document, not_in_enum
from localorg.metadata.external_client_app_rules import APP, satellites
from localorg.metadata.returned import flags
from localorg.metadata.scopes import EXTERNAL_CLIENT_APP_SCOPES, normalize_scopes
from localorg.metadata.types import TYPES

_GLOBAL_FLAGS = flags(TYPES["ExtlClntAppGlobalOauthSettings"].elements)
_POLICY_FLAGS = flags(TYPES["ExtlClntAppOauthConfigurablePolicies"].elements)
_POLICY_DEFAULTS = {
    "ipRelaxationPolicyType": "Enforce",
    "permittedUsersPolicyType": "AllSelfAuthorized",
    "refreshTokenPolicyType": "Infinite",
    "requiredSessionLevel": "STANDARD",
}
_WORDS = {
    "ipRelaxationPolicyType": ("Enforce", "Bypass", "Bypass_2factor", "Enforce_relaxrefresh"),
    "refreshTokenValidityUnit": ("Days", "Hours", "Months"),
}
"""Words that the WSDL calls a string. Orgs return Enforce_relaxrefresh, the reference writes Enforce_RelaxRefresh."""

DEFAULT_OAUTH_POLICY = {
    "ipRelaxationPolicyType": "Enforce",
    "permittedUsersPolicyType": "AllSelfAuthorized",
    "refreshTokenPolicyType": "SpecificLifetime",
    "refreshTokenValidityPeriod": 365,
    "refreshTokenValidityUnit": "Days",
    "requiredSessionLevel": "STANDARD",
}
DEFAULT_POLICY = {"isEnabled": True, "isOauthPluginEnabled": True, "startPage": "None"}
"""The policies that an org makes for an app that a deploy left without."""

_NO_SETTINGS = "The external client app configured in your global OAuth Settings doesn't have a valid OAuth settings configuration."
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
                    f"duplicate value found: ExternalClientApplicationId duplicates value on {row['name']}",
                    "DUPLICATE_VALUE",
                )
        document = {"label": name, **document, "externalClientApplication": app["name"]}
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
        """Claim, keep or rotate the key; check the certificate, and that there are OAuth settings."""
        if old is None and not satellites(change, OauthSettingsRules.kind, document["externalClientApplication"]):
            raise ComponentError(_NO_SETTINGS, "FIELD_INTEGRITY_EXCEPTION")
        kept = dict(document)
        if change.knobs.on("pkce_springs_back", change.org.name):
            kept["isPkceRequired"] = True
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

    def shown(self, change: Change, document: Document, component_id: str) -> Document:
        """Fill in what nobody set; the two rotations are orders, not states: false."""
        filled = {**_GLOBAL_FLAGS, **document} if change.knobs.on("defaults_returned", change.org.name) else document
        return dict(filled)

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
        """Check the scopes; a wrong oauthLink fails (2.4), and by knob an app that has lost its settings."""
        app = document["externalClientApplication"]
        mendable = change.knobs.on("broken_eca_mendable", change.org.name)
        if old is None and not mendable and satellites(change, OauthPoliciesRules.kind, app):
            raise ComponentError("Invalid plugin settings.", "FIELD_INTEGRITY_EXCEPTION")
        unknown = [
            each
            for each in _split(document.get("commaSeparatedOauthScopes", ""))
            if each not in EXTERNAL_CLIENT_APP_SCOPES
        ]
        if unknown:
            raise ComponentError(
                f"There's a problem with your scope(s): {', '.join(unknown)}. Select from these scopes: "
                + ", ".join(EXTERNAL_CLIENT_APP_SCOPES),
                "FIELD_INTEGRITY_EXCEPTION",
            )
        consumer = (old or {}).get("oauthLink", "").partition(":")[2] or change.store.next_id("888")[:15]
        link = f"{change.org.org_id[:15]}:{consumer}"
        if document.get("oauthLink") not in {None, "", link}:
            raise ComponentError(f"Invalid oauthLink: {document['oauthLink']}", "FIELD_INTEGRITY_EXCEPTION")
        return {**document, "oauthLink": link}, ()

    def shown(self, change: Change, document: Document, component_id: str) -> Document:
        """Normalise the scopes, as a retrieve does (1.7); a copied app's link names its own org."""
        shown = dict(document)
        shown["oauthLink"] = f"{change.org.org_id[:15]}:{document['oauthLink'].partition(':')[2]}"
        if scopes := normalize_scopes(_split(document.get("commaSeparatedOauthScopes", ""))):
            shown["commaSeparatedOauthScopes"] = ", ".join(scopes)
        if change.knobs.on("defaults_returned", change.org.name):
            shown.setdefault("isFirstPartyAppEnabled", False)
        return shown


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
        """Keep everything but the links, in the words that orgs return."""
        runs_as = document.get("clientCredentialsFlowUser")
        if runs_as and not change.store.find(change.org.name, "User", Username=runs_as):
            raise ComponentError(f"In field: clientCredentialsFlowUser - no User named {runs_as} found")
        names = {name for name, _ in self.lists}
        kept = {key: value for key, value in document.items() if key not in names}
        for element, words in _WORDS.items():
            if (given := kept.get(element)) is not None:
                known = {each.lower(): each for each in words}
                if given.lower() not in known:
                    enum = element[:1].upper() + element[1:]
                    raise ComponentError(not_in_enum(given, enum), "FIELD_INTEGRITY_EXCEPTION")
                kept[element] = known[given.lower()]
        return kept, ()

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
        """Fill in what nobody set, and list the links by name."""
        app_id = _app_id(change, document)
        filled = change.knobs.on("defaults_returned", change.org.name)
        shown = {**_POLICY_FLAGS, **_POLICY_DEFAULTS, **document} if filled else dict(document)
        if sets := linked_sets(change.store, change.org.name, app_id):
            shown["commaSeparatedPermissionSet"] = ", ".join(sets)
        if profiles := linked_profiles(change.store, change.org.name, app_id):
            shown["commaSeparatedProfile"] = ", ".join(profiles)
        return shown


class PoliciesRules(SatelliteRules):
    """Which plug-ins are on. Of the others than OAuth's an org shows none that nobody set."""

    kind = "ExtlClntAppConfigurablePolicies"

    def shown(self, change: Change, document: Document, component_id: str) -> Document:
        """Fill in what nobody set."""
        defaults = {"isOauthPluginEnabled": True, "startPage": "None"}
        return {**defaults, **document} if change.knobs.on("defaults_returned", change.org.name) else document


class SecurityRules(SatelliteRules):
    """Addresses that may use the app's tokens, and its TLS certificate (kept, never used)."""

    kind = "ExtlClntAppOauthSecuritySettings"


def _app_id(change: Change, document: Document) -> str:
    row = component(change, APP, document["externalClientApplication"])
    return row["id"] if row else ""


def _split(words: str) -> list[str]:
    return [each.strip() for each in words.split(",") if each.strip()]

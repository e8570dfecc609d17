"""What the platform checks and does when a ConnectedApp is written (platform notes 1, 2.1)."""

from __future__ import annotations

import re

from localorg.identity.access_links import (
    LABELS,
    LABELS_AND_NAMES,
    linked_labels,
    linked_profiles,
    linked_sets,
    replace_links,
)
from localorg.identity.apps import publish
from localorg.identity.certificates import CertificateError, normalize_certificate
from localorg.metadata.change import Change, ComponentError, component
from localorg.metadata.consumer_keys import CANNOT_PROVIDE, claim_key, new_secret, release_keys
from localorg.metadata.document import Document, not_in_enum
from localorg.metadata.returned import flags
from localorg.metadata.scopes import normalize_scopes
from localorg.metadata.types import CONNECTED_APP

CREATION_OFF = (
    "You can't create a connected app. To enable connected app creation, contact Salesforce Customer Support."
)
_OAUTH_FLAGS = flags(CONNECTED_APP.by_name["oauthConfig"].parts)
_POLICY = {"ipRelaxation": "ENFORCE", "isTokenExchangeFlowEnabled": False, "refreshTokenPolicy": "infinite"}
_WORDS = (
    ("oauthPolicy", "ipRelaxation", ("ENFORCE", "BYPASS_2FACTOR", "BYPASS", "ENFORCE_RELAXREFRESH")),
    ("sessionPolicy", "policyAction", ("Block", "RaiseSessionLevel")),
    ("sessionPolicy", "sessionLevel", ("LOW", "STANDARD", "HIGH_ASSURANCE")),
)
_REFRESH_POLICY = re.compile(r"infinite|zero|(specific_lifetime|specific_inactivity):\d+:(HOURS|DAYS|MONTHS)")


class ConnectedAppRules:
    """Rules of ConnectedApp."""

    def prepare(
        self, change: Change, name: str, document: Document, old: Document | None, component_id: str
    ) -> tuple[Document, tuple[str, ...]]:
        """Refuse creation while it is off; keep the key; check certificate and policies."""
        if old is None and not change.knobs.on("connected_app_creation", change.org.name):
            raise ComponentError(CREATION_OFF, "INSUFFICIENT_ACCESS")
        if old is None and component(change, "ExternalClientApplication", name):
            raise ComponentError(
                f"An external client app with the name {name} already exists.", "DUPLICATE_DEVELOPER_NAME"
            )
        kept = {key: value for key, value in document.items() if key not in {"permissionSetName", "profileName"}}
        oauth = dict(document.get("oauthConfig", {}))
        old_oauth = (old or {}).get("oauthConfig", {})
        if oauth:
            oauth["consumerKey"] = self._key(change, component_id, oauth.get("consumerKey", ""), old_oauth)
            oauth["consumerSecret"] = oauth.get("consumerSecret") or old_oauth.get("consumerSecret") or new_secret()
            oauth["certificate"] = self._certificate(oauth.get("certificate"), old_oauth.get("certificate", ""))
            if not oauth["certificate"]:
                del oauth["certificate"]
            kept["oauthConfig"] = oauth
        elif old_oauth:
            kept["oauthConfig"] = old_oauth
        linking = [each for key in ("permissionSetName", "profileName") for each in document.get(key, []) if each]
        if linking and not kept.get("oauthConfig", {}).get("isAdminApproved"):
            raise ComponentError(
                "Profiles and permission sets can be set only when isAdminApproved is true.",
                "FIELD_INTEGRITY_EXCEPTION",
            )
        _check_words(document)
        if (runs_as := kept.get("pluginExecutionUser")) and not change.store.find(
            change.org.name, "User", Username=runs_as
        ):
            del kept["pluginExecutionUser"]  # silently removed at deploy (platform notes 1.2)
        return kept, ()

    def wrote(self, change: Change, name: str, given: Document, document: Document, component_id: str) -> None:
        """Write the sObject rows; an empty element clears a list, an absent one leaves it alone (platform notes 1.6)."""
        taken = (
            LABELS if change.knobs.get("connected_app_links_taken", change.org.name) == "label" else LABELS_AND_NAMES
        )
        for element, profiles in (("permissionSetName", False), ("profileName", True)):
            if element in given:
                names = [each for each in given[element] if each]
                replace_links(
                    change, component_id, "ConnectedApplication", names, profiles=profiles, element=element, by=taken
                )
        oauth = document.get("oauthConfig", {})
        policy = document.get("oauthPolicy", {}).get("refreshTokenPolicy", "infinite").split(":")
        admin = int(bool(oauth.get("isAdminApproved")))
        row = {
            "Name": document["label"],
            "DeveloperName": name.rpartition("__")[2],
            "ContactEmail": document["contactEmail"],
            "ContactPhone": document.get("contactPhone"),
            "Description": document.get("description"),
            "OptionsAllowAdminApprovedUsersOnly": admin,
            "OptionsRefreshTokenValidityMetric": int(policy[0] == "specific_inactivity"),
            "OptionsHasSessionLevelPolicy": int(
                document.get("sessionPolicy", {}).get("sessionLevel") == "HIGH_ASSURANCE"
            ),
            "OptionsTokenExchangeManageBitEnabled": int(bool(oauth.get("isTokenExchangeEnabled"))),
            "RefreshTokenValidityPeriod": int(policy[1]) if len(policy) > 1 else None,
            "StartUrl": document.get("startUrl"),
        }
        save_row(change, "ConnectedApplication", component_id, row)
        save_menu_item(change, component_id, name, document["label"], "ConnectedApplication", admin)
        publish(change.store, change.clock, change.org.name, component_id)

    def removed(self, change: Change, name: str, document: Document, component_id: str) -> None:
        """Take the app's rows, links, tokens and key with it."""
        forget_app(change, component_id, "ConnectedApplication")

    def shown(self, change: Change, document: Document, component_id: str) -> Document:
        """Normalise scopes, fill in what nobody set, and list the links by label, in whose language they are."""
        org = change.org.name
        shown = dict(document)
        filled = change.knobs.on("defaults_returned", org)
        if "oauthConfig" in shown:
            oauth = {**(_OAUTH_FLAGS if filled else {}), **shown["oauthConfig"]}
            if oauth.get("scopes"):
                oauth["scopes"] = normalize_scopes(oauth["scopes"])
            shown["oauthConfig"] = oauth
        if filled:
            shown["oauthPolicy"] = {**_POLICY, **shown.get("oauthPolicy", {})}
        by_label = change.knobs.get("connected_app_links_shown", org) == "label"
        if sets := (linked_labels if by_label else linked_sets)(change.store, org, component_id):
            shown["permissionSetName"] = sets
        if profiles := linked_profiles(change.store, org, component_id):
            shown["profileName"] = profiles
        return shown

    def _key(self, change: Change, component_id: str, given: str, old_oauth: Document) -> str:
        old = old_oauth.get("consumerKey", "")
        if not old:
            return claim_key(change, component_id, given)
        mode = change.knobs.get("connected_app_key_on_update", change.org.name)
        if given and (mode == "refuse" or (mode == "same" and given != old)):
            raise ComponentError(CANNOT_PROVIDE, "FIELD_INTEGRITY_EXCEPTION")
        return str(old)

    def _certificate(self, given: str | None, old: str) -> str:
        """Return the certificate to keep. Absent leaves the old one (assumed; the External Client App clears it)."""
        if given is None:
            return old
        return checked_certificate(given)


def _check_words(document: Document) -> None:
    """Check what the WSDL calls a string, and orgs take a few words for. Raises ComponentError."""
    for part, element, words in _WORDS:
        if (given := document.get(part, {}).get(element)) is not None and given not in words:
            raise ComponentError(not_in_enum(given, element[:1].upper() + element[1:]), "FIELD_INTEGRITY_EXCEPTION")
    policy = document.get("oauthPolicy", {}).get("refreshTokenPolicy")
    if policy is not None and not _REFRESH_POLICY.fullmatch(policy):
        raise ComponentError(f"Invalid refresh token policy: {policy}", "FIELD_INTEGRITY_EXCEPTION")


def checked_certificate(given: str) -> str:
    """Return a certificate as stored; empty for none, and for the ECDSA one that is silently rejected (1.4)."""
    if not given:
        return ""
    try:
        return normalize_certificate(given) or ""
    except CertificateError as problem:
        raise ComponentError(str(problem), "FIELD_INTEGRITY_EXCEPTION") from None


def save_row(change: Change, name: str, record_id: str, values: dict[str, object]) -> None:
    """Write the sObject row of a component. When it was last changed is written by `stamp`, and only for a change."""
    if change.store.get(change.org.name, name, record_id):
        change.store.change(change.org.name, name, record_id, values)
    else:
        change.store.insert(change.org.name, name, {"Id": record_id, **values, **change.audit(new=True)})


def stamp(change: Change, name: str, record_id: str) -> None:
    """Write down that the sObject row of a component was changed now, and by whom."""
    change.store.change(change.org.name, name, record_id, change.audit(new=False))


def save_menu_item(change: Change, app_id: str, name: str, label: str, kind: str, admin: int) -> None:
    """Write the AppMenuItem row of an app."""
    rows = change.store.find(change.org.name, "AppMenuItem", ApplicationId=app_id)
    values = {"Name": name, "Label": label, "Type": kind, "ApplicationId": app_id, "IsUsingAdminAuthorization": admin}
    if rows:
        change.store.change(change.org.name, "AppMenuItem", rows[0]["Id"], values)
    else:
        change.store.insert(change.org.name, "AppMenuItem", {**values, **change.audit(new=True)})


def forget_app(change: Change, app_id: str, entity: str) -> None:
    """Delete what an app leaves behind: links, menu item, consents, sessions, key."""
    store, org = change.store, change.org.name
    keys = [
        row["consumer_key"]
        for row in store.all("SELECT consumer_key FROM _ConsumerKey WHERE org = ? AND app_id = ?", (org, app_id))
    ]
    for key in keys:
        store.remove(org, "OauthToken", _ConsumerKey=key)
        store.do("DELETE FROM _Session WHERE org = ? AND consumer_key = ?", (org, key))
    store.remove(org, "SetupEntityAccess", SetupEntityId=app_id)
    store.remove(org, "AppMenuItem", ApplicationId=app_id)
    store.remove(org, entity, Id=app_id)
    store.do("DELETE FROM _BlockedApp WHERE org = ? AND app_id = ?", (org, app_id))
    release_keys(change, app_id)
    publish(store, change.clock, org, app_id)

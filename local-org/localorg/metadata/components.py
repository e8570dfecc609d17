"""Write, delete, read and list components: the verbs that deploys, CRUD calls, retrieves and REST rows share."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from localorg.metadata.change import Change, ComponentError, WriteResult, component
from localorg.metadata.connected_app_rules import ConnectedAppRules, stamp
from localorg.metadata.document import Document
from localorg.metadata.external_client_app_rules import APP, ExternalClientAppRules, satellites
from localorg.metadata.permission_set_rules import PermissionSetRules
from localorg.metadata.returned import as_returned
from localorg.metadata.rules import Rules
from localorg.metadata.satellite_rules import (
    DEFAULT_OAUTH_POLICY,
    DEFAULT_POLICY,
    GlobalOauthRules,
    OauthPoliciesRules,
    OauthSettingsRules,
    PoliciesRules,
    SecurityRules,
)
from localorg.metadata.settings_rules import ConnectedAppSettingsRules
from localorg.metadata.types import COMPONENT_TYPES, CONNECTED_APP_SETTINGS, SATELLITES

_RULES: dict[str, Rules] = {
    "PermissionSet": PermissionSetRules(),
    "ConnectedApp": ConnectedAppRules(),
    "ExternalClientApplication": ExternalClientAppRules(),
    GlobalOauthRules.kind: GlobalOauthRules(),
    OauthSettingsRules.kind: OauthSettingsRules(),
    OauthPoliciesRules.kind: OauthPoliciesRules(),
    PoliciesRules.kind: PoliciesRules(),
    SecurityRules.kind: SecurityRules(),
    CONNECTED_APP_SETTINGS.name: ConnectedAppSettingsRules(),
}
_RECORDS = {
    "PermissionSet": "PermissionSet",
    "ConnectedApp": "ConnectedApplication",
    APP: APP,
    OauthPoliciesRules.kind: "ExtlClntAppOauthPlcyCnfg",
}
"""Which object has the record of a component."""
_SATELLITES = frozenset(each.name for each in SATELLITES)
MAX_NAME = 80
NAMESPACE = "_namespace"
"""The member of a stored document that names the package which an app came with."""
_OF_PACKAGE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,14}__")
_DEVELOPER_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
_BAD_NAME = (
    "The {kind} API Name can only contain underscores and alphanumeric characters. It must be unique, begin with a "
    "letter, not include spaces, not end with an underscore, and not contain two consecutive underscores."
)


_FOREIGN = (
    "Cannot create a new component with the namespace: {namespace}.  Only components in the same namespace as the "
    "organization can be created through the API"
)


@dataclass(frozen=True)
class Properties:
    """What listMetadata and a retrieve's file properties tell of a component."""

    kind: str
    name: str
    id: str
    created_by: str
    created_at: str
    modified_by: str
    modified_at: str
    namespace: str = ""


def write_component(change: Change, kind: str, name: str, given: Document) -> WriteResult:
    """Create or update a component. Raises ComponentError; the caller's transaction undoes what was begun."""
    stored = component(change, kind, name)
    if stored is None and (prefix := _OF_PACKAGE.match(name)):
        raise ComponentError(_FOREIGN.format(namespace=prefix[0].removesuffix("__")), "INVALID_FIELD")
    if stored is None and (not _DEVELOPER_NAME.fullmatch(name) or len(name) > MAX_NAME):
        raise ComponentError(_BAD_NAME.format(kind=kind), "INVALID_FIELD")
    name = stored["name"] if stored else name
    old = json.loads(stored["document"]) if stored else None
    component_id = stored["id"] if stored else change.store.next_id(COMPONENT_TYPES[kind].prefix)
    rules = _RULES[kind]
    before = rules.shown(change, old, component_id) if old is not None else None
    document, warnings = rules.prepare(change, name, given, old, component_id)
    if old and NAMESPACE in old:
        document = {**document, NAMESPACE: old[NAMESPACE]}
    now = change.clock.timestamp()
    row = {
        "org": change.org.name,
        "type": kind,
        "name": name,
        "id": component_id,
        "document": json.dumps(document),
        "created_by": stored["created_by"] if stored else change.user_id,
        "created_at": stored["created_at"] if stored else now,
        "modified_by": change.user_id,
        "modified_at": now,
    }
    change.store.put("_Component", row)
    rules.wrote(change, name, given, document, component_id)
    changed = (
        old is None or rules.shown(change, document, component_id) != before
    )  # saying a default aloud changes nothing
    if stored and not changed:
        change.store.put("_Component", stored)
    if changed:
        _stamp(change, kind, component_id, document)
    return WriteResult(component_id, created=stored is None, changed=changed, warnings=warnings)


def _stamp(change: Change, kind: str, component_id: str, document: Document) -> None:
    """Write down the change in the record of a component, and in the app's for a satellite (that it moves the app's is assumed)."""
    if record := _RECORDS.get(kind):
        stamp(change, record, component_id)
    if app := component(change, APP, document.get("externalClientApplication", "")):
        stamp(change, APP, app["id"])


def complete_apps(change: Change, kinds: set[str]) -> None:
    """Make the default policies of External Client Apps that a deploy left without, if it wrote one of these types."""
    if not kinds & {APP, OauthSettingsRules.kind}:
        return
    for settings in list_components(change, OauthSettingsRules.kind):
        row = component(change, OauthSettingsRules.kind, settings.name)
        app = json.loads(row["document"])["externalClientApplication"] if row else ""
        _default_policy(change, OauthPoliciesRules.kind, app, f"{settings.name}_defaultPolicy", DEFAULT_OAUTH_POLICY)
    own = [each for each in list_components(change, APP) if not each.namespace]
    for app_row in own:
        _default_policy(change, PoliciesRules.kind, app_row.name, f"{app_row.name}_defaultPolicy", DEFAULT_POLICY)


def _default_policy(change: Change, kind: str, app: str, name: str, values: Document) -> None:
    if not satellites(change, kind, app):
        write_component(change, kind, name[:MAX_NAME], {"externalClientApplication": app, **values})


def delete_component(change: Change, kind: str, name: str) -> str | None:
    """Delete a component; return its id, or None when there was none."""
    stored = component(change, kind, name)
    if stored is None:
        return None
    rules = _RULES[kind]
    document = json.loads(stored["document"])
    change.store.do(
        "DELETE FROM _Component WHERE org = ? AND type = ? AND name = ?", (change.org.name, kind, stored["name"])
    )
    rules.removed(change, stored["name"], document, stored["id"])
    if kind in _SATELLITES:
        _stamp(change, "", stored["id"], document)
    return str(stored["id"])


def read_component(change: Change, kind: str, name: str, *, packaged: bool = True) -> tuple[str, Document] | None:
    """Return a component's proper name and its document as the platform gives it back, or None.

    `packaged`: also one that came with a package; readMetadata answers none of those.
    """
    stored = component(change, kind, name)
    if stored is None or (not packaged and NAMESPACE in json.loads(stored["document"])):
        return None
    document = _RULES[kind].shown(change, json.loads(stored["document"]), stored["id"])
    with_certificate = change.knobs.on("certificate_returned", change.org.name)
    return stored["name"], as_returned(document, with_certificate=with_certificate)


def install_app(change: Change, kind: str, namespace: str, name: str, label: str) -> str:
    """Put an app of a managed package into the org; return its id. Raises ComponentError."""
    full = f"{namespace}__{name}"
    if component(change, kind, full):
        raise ComponentError(f"The org has {full} already", "DUPLICATE_DEVELOPER_NAME")
    app_id = change.store.next_id(COMPONENT_TYPES[kind].prefix)
    policy = {"ipRelaxation": "ENFORCE", "isTokenExchangeFlowEnabled": False, "refreshTokenPolicy": "infinite"}
    document: Document = {"contactEmail": "vendor@example.com", "label": label, NAMESPACE: namespace}
    if kind == APP:
        document |= {"distributionState": "Managed", "orgScopedExternalApp": f"{change.org.org_id[:15]}:{full}"}
    else:
        document["oauthPolicy"] = policy
    now = change.clock.timestamp()
    row = {"org": change.org.name, "type": kind, "name": full, "id": app_id, "document": json.dumps(document)}
    audit = {"created_by": change.user_id, "created_at": now, "modified_by": change.user_id, "modified_at": now}
    change.store.put("_Component", {**row, **audit})
    _RULES[kind].wrote(change, full, {}, document, app_id)
    return app_id


def list_components(change: Change, kind: str) -> list[Properties]:
    """Return the properties of all components of a type, by name."""
    rows = change.store.all(
        "SELECT * FROM _Component WHERE org = ? AND type = ? ORDER BY name COLLATE NOCASE", (change.org.name, kind)
    )
    return [_properties(row) for row in rows]


def component_properties(change: Change, kind: str, name: str) -> Properties | None:
    """Return the properties of one component."""
    stored = component(change, kind, name)
    return _properties(stored) if stored else None


def _properties(row: dict[str, str]) -> Properties:
    return Properties(
        row["type"],
        row["name"],
        row["id"],
        row["created_by"],
        row["created_at"],
        row["modified_by"],
        row["modified_at"],
        json.loads(row["document"]).get(NAMESPACE, ""),
    )

"""The types that this landscape's orgs know, in the order in which one deploy writes them (platform notes 1.2, 2.2, 3.1)."""

from __future__ import annotations

from localorg.metadata.elements import MetadataType, metadata_type

_PARENT = {"externalClientApplication": "Enter the name of the parent external client app."}
PERMISSION_SET = metadata_type("PermissionSet", "permissionsets", "permissionset", "0PS")
CONNECTED_APP = metadata_type("ConnectedApp", "connectedApps", "connectedApp", "0H4")
EXTERNAL_CLIENT_APP = metadata_type("ExternalClientApplication", "externalClientApps", "eca", "0xI")
SATELLITES = (
    metadata_type("ExtlClntAppOauthSettings", "extlClntAppOauthSettings", "ecaOauth", "0xO", missing=_PARENT),
    metadata_type(
        "ExtlClntAppGlobalOauthSettings", "extlClntAppGlobalOauthSets", "ecaGlblOauth", "0xG", missing=_PARENT
    ),
    metadata_type(
        "ExtlClntAppOauthConfigurablePolicies", "extlClntAppOauthPolicies", "ecaOauthPlcy", "0yu", missing=_PARENT
    ),
    metadata_type("ExtlClntAppConfigurablePolicies", "extlClntAppPolicies", "ecaPlcy", "0yp", missing=_PARENT),
    metadata_type(
        "ExtlClntAppOauthSecuritySettings",
        "extlClntAppOauthSecuritySettings",
        "ecaOauthSecurity",
        "0yx",
        missing=_PARENT,
    ),
)
"""What hangs on an External Client App: its OAuth settings come before the global ones, which need them."""

CONNECTED_APP_SETTINGS = metadata_type("ConnectedAppSettings", "settings", "settings", "0hd")
CONNECTED_APP_SETTINGS_NAME = "ConnectedApp"

TYPES: dict[str, MetadataType] = {
    each.name: each for each in (PERMISSION_SET, CONNECTED_APP, EXTERNAL_CLIENT_APP, *SATELLITES)
}
"""What packages may hold."""

SETTINGS: dict[str, MetadataType] = {CONNECTED_APP_SETTINGS.name: CONNECTED_APP_SETTINGS}
"""What only the calls on single components read and update: one component each, which no package brings here."""

COMPONENT_TYPES: dict[str, MetadataType] = {**TYPES, **SETTINGS}
BY_FOLDER: dict[str, MetadataType] = {each.folder.lower(): each for each in TYPES.values()}


def known_types(version: float) -> dict[str, MetadataType]:
    """Return the types that a package of an API version may hold."""
    return {name: each for name, each in TYPES.items() if each.since <= version}


def known_components(version: float) -> dict[str, MetadataType]:
    """Return the types that the calls on single components know in an API version."""
    return {name: each for name, each in COMPONENT_TYPES.items() if each.since <= version}

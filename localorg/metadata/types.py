"""The types that this landscape's orgs know, in the order in which one deploy writes them."""

from __future__ import annotations

from localorg.metadata.connected_app_type import CONNECTED_APP
from localorg.metadata.elements import MetadataType
from localorg.metadata.external_client_app_types import EXTERNAL_CLIENT_APP, SATELLITES
from localorg.metadata.permission_set_type import PERMISSION_SET

TYPES: dict[str, MetadataType] = {
    each.name: each for each in (PERMISSION_SET, CONNECTED_APP, EXTERNAL_CLIENT_APP, *SATELLITES)
}
BY_FOLDER: dict[str, MetadataType] = {each.folder.lower(): each for each in TYPES.values()}

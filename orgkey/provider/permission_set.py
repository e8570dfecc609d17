"""PermissionSet: a small set, without licence and permissions, whose holders an app pre-authorizes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from metadata.members import Resource
from metadata.parse import Found
from orgkey.provider.handler import Values, Workplace
from orgkey.provider.metadata_resource import MetadataHandler
from orgkey.salesforce import soql
from orgkey.salesforce.access import own_set
from orgkey.salesforce.deploy_job import DeployStatus
from orgkey.salesforce.read import read_resource

_ID_PREFIX = "0PS"


class PermissionSetHandler(MetadataHandler):
    """See the module."""

    name: ClassVar[str] = "PermissionSet"
    resource: ClassVar[Resource] = Resource.PERMISSION_SET
    own_outputs: ClassVar[tuple[str, ...]] = (
        "permissionSetId",
        "orgId",
        "claim",
        "claimFound",
        "revision",
        "members",
        "otherParts",
        "carriedOver",
    )

    def find(
        self, name: str, place: Workplace, *, known_names: Mapping[str, str] | None = None, record_id: str = ""
    ) -> Found | None:
        if not self._id(name, place):
            return None
        return read_resource(place.snapshot, self.resource, name)

    def questions(self, name: str) -> list[str]:
        return [soql.permission_set(name)]

    def record_id(self, outputs: Values) -> str:
        return str(outputs.get("permissionSetId") or "")

    def deployed_outputs(self, outputs: Values, status: DeployStatus, place: Workplace) -> Values:
        deployed = (
            item.record_id
            for item in status.successes
            if item.type == "PermissionSet" and item.record_id.startswith(_ID_PREFIX)
        )
        return {"permissionSetId": next(deployed, "") or self._id(str(outputs["name"]), place)}

    def seen_outputs(self, name: str, outputs: Values, place: Workplace) -> Values:
        return {"permissionSetId": self._id(name, place)}

    def _id(self, name: str, place: Workplace) -> str:
        rows = place.snapshot.rows(soql.permission_set(name))[0]
        return own_set(place.snapshot, rows) or ""

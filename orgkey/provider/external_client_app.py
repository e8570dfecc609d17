"""ExternalClientApp: it needs a permission of its own, and is recreated where it lost its OAuth settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from orgkey.metadata.members import GLOBAL_OAUTH, OAUTH, Resource
from orgkey.metadata.ownership import Ownership
from orgkey.metadata.parse import Found
from orgkey.provider.app import AppHandler
from orgkey.provider.handler import Operation, Values
from orgkey.provider.metadata_deploy import NOTHING_INHERITED, Inherited, destroy
from orgkey.provider.same_name import ownership_seen
from orgkey.salesforce.errors import DeployFailedError
from orgkey.salesforce.preflight_judge import EXTERNAL, Need


class ExternalClientAppHandler(AppHandler):
    """The kind that every org lets one make."""

    name: ClassVar[str] = "ExternalClientApp"
    needs: ClassVar[tuple[Need, ...]] = (*AppHandler.needs, EXTERNAL)
    resource: ClassVar[Resource] = Resource.EXTERNAL_CLIENT_APP

    def put(
        self, inputs: Values, found: Found | None, operation: Operation, inherited: Inherited = NOTHING_INHERITED
    ) -> dict[str, Any]:
        """As for all metadata; an app of ours that lost its OAuth settings, and takes none again, is recreated (platform notes 2.4).

        A sandbox refresh may leave it so. Nobody can log in through it any more, so nobody loses anything.
        """
        try:
            return super().put(inputs, found, operation, inherited)
        except DeployFailedError as error:
            if (
                found is None
                or inherited.adopted
                or not error.broken_app
                or not self._is_broken(found, inputs, operation)
            ):
                raise
            name = str(inputs["name"])
            operation.warn(
                f"the External Client App {name} had lost its OAuth settings and takes none again: it is deleted and recreated"
            )
            destroy(self.resource, name, operation)
            return super().put(inputs, None, operation, replace(inherited, copied_from=""))

    def _is_broken(self, found: Found, inputs: Values, operation: Operation) -> bool:
        is_own = ownership_seen(found, inputs, operation) in {Ownership.OURS, Ownership.COPY}
        return is_own and bool({GLOBAL_OAUTH, OAUTH} & set(found.missing))

"""The table of resources: one handler each, found by the last part of the Pulumi type."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from orgkey.provider.handler import Handler
from orgkey.provider.urn import type_name

PACKAGE = "salesforce"


def handler_of(type_token: str) -> Handler | None:
    """The handler of a Pulumi type."""
    return _handlers().get(type_name(type_token))


@functools.cache
def _handlers() -> Mapping[str, Handler]:
    """Loaded with the first resource: a process that only checks the provider's settings needs none (ADR 7)."""
    from orgkey.provider.assignments import PermissionSetAssignmentsHandler
    from orgkey.provider.connected_app import ConnectedAppHandler
    from orgkey.provider.external_client_app import ExternalClientAppHandler
    from orgkey.provider.jwt_grant import JwtGrantHandler
    from orgkey.provider.key_pair import KeyPairHandler
    from orgkey.provider.permission_set import PermissionSetHandler

    handlers = (
        KeyPairHandler(),
        PermissionSetHandler(),
        PermissionSetAssignmentsHandler(),
        ConnectedAppHandler(),
        ExternalClientAppHandler(),
        JwtGrantHandler(),
    )
    return {handler.name: handler for handler in handlers}

"""The provider as a drift check serves it: what cannot be read is noted by name, and the rest is judged all the same.

One process serves every provider of a program. Requests do not name the instance, but the engine opens a connection for each, and
keeps it (pulumi/sdk/go/common/resource/plugin, NewProvider): an instance is told by its connection.
"""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc

from orgkey.provider.handler import Handler, Operation
from orgkey.provider.jwt_grant import JwtGrantHandler
from orgkey.provider.protocol import provider_pb2
from orgkey.provider.protocol import provider_pb2_grpc as provider_grpc
from orgkey.provider.retired import is_retiring
from orgkey.provider.secrecy import redacted
from orgkey.provider.servicer import SalesforceProvider
from orgkey.provider.urn import Urn
from orgkey.provider.wire import from_struct
from orgkey.salesforce.app_logins import KEPT_DAYS, AppLogins, read_app_logins
from orgkey.salesforce.clock import Clock
from orgkey.salesforce.errors import PartialReadError, SalesforceError


@dataclass(frozen=True, slots=True)
class SeenLogins:
    """What an org's login history showed, and from when to when the run was that asked."""

    logins: AppLogins
    run: tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of the Reads, by URN: what failed, what the login may not see of what was read, and the address of the org asked."""

    failed: dict[str, SalesforceError] = field(default_factory=dict)
    partly_read: dict[str, PartialReadError] = field(default_factory=dict)
    instance_urls: dict[str, str] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    """What the errors say, without what the settings have as secrets."""
    logins: dict[str, SeenLogins | str] = field(default_factory=dict)
    """Of the proofs of retiring generations: the logins that the org shows, or why it does not."""


class DriftProvider(SalesforceProvider):
    """Answers a Read that failed with the state as it is; settings that cannot be used are the reason of each of its Reads."""

    def __init__(
        self, reading: Reading, clock: Clock | None = None, environment: Mapping[str, str] = os.environ
    ) -> None:
        super().__init__(clock=clock, environment=environment)
        self._reading = reading

    def _operation(self, request: Any, handler: Handler) -> Operation:
        operation = super()._operation(request, handler)
        url = operation.connection.instance_url
        self._reading.instance_urls[request.urn] = url if redacted(url) == url else ""
        return operation

    def Read(  # noqa: N802 — the protocol names it
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        """Read as an `up` does; and where it is the proof of a retiring generation, see who uses that."""
        response = super().Read(request, context)
        inputs, outputs = from_struct(request.inputs).values, from_struct(request.properties).values
        if Urn.parse(request.urn).type_name == JwtGrantHandler.name and is_retiring(request.urn, inputs):
            self._reading.logins[request.urn] = self._logins(request, str(outputs.get("userId") or ""))
        return response

    def _logins(self, request: provider_pb2.ReadRequest, user_id: str) -> SeenLogins | str:
        try:
            operation = self._operation(request, JwtGrantHandler())
            now = datetime.fromtimestamp(operation.clock.now(), UTC)
            seen = read_app_logins(operation.snapshot, {user_id} - {""}, now - timedelta(days=KEPT_DAYS))
        except SalesforceError as error:
            return redacted(str(error)).replace("\n", " ")
        return SeenLogins(seen, (datetime.fromtimestamp(self._run.started, UTC), now))

    def _not_read(self, request: provider_pb2.ReadRequest, error: Exception) -> provider_pb2.ReadResponse:
        return self._read_failed(request, error)

    def _read_failed(self, request: provider_pb2.ReadRequest, error: Exception) -> provider_pb2.ReadResponse:
        known = error if isinstance(error, SalesforceError) else _unexpected(error)
        self._reading.failed[request.urn], self._reading.said[request.urn] = known, redacted(str(known))
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def _partly_read(self, urn: str, error: PartialReadError) -> None:
        self._reading.partly_read[urn], self._reading.said[urn] = error, redacted(str(error))


class DriftProviders(provider_grpc.ResourceProviderServicer):
    """A DriftProvider for each connection."""

    def __init__(self, make: Callable[[], DriftProvider]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._instances: dict[str, DriftProvider] = {}
        self._shut_down = False

    def cancel(self) -> None:
        """End for good what is under way in any org, and begin nothing more."""
        with self._lock:
            self._shut_down = True
            instances = list(self._instances.values())
        for instance in instances:
            instance.cancel(shut_down=True)

    def instance(self, context: grpc.ServicerContext) -> DriftProvider:
        """The provider of a request's connection."""
        with self._lock:
            instance = self._instances.get(context.peer())
            if instance is None:
                instance = self._instances[context.peer()] = self._make()
                if self._shut_down:
                    instance.cancel(shut_down=True)
            return instance


def _verb(name: str) -> Callable[[DriftProviders, Any, grpc.ServicerContext], Any]:
    def verb(self: DriftProviders, request: Any, context: grpc.ServicerContext) -> Any:
        return getattr(self.instance(context), name)(request, context)

    return verb


for _method in provider_pb2.DESCRIPTOR.services_by_name["ResourceProvider"].methods:
    setattr(DriftProviders, _method.name, _verb(_method.name))


def _unexpected(error: Exception) -> SalesforceError:
    """An unexpected error, by file and line; its text may hold anything."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}, line {place.lineno}"
    return SalesforceError(f"orgkey failed with an unexpected {type(error).__name__} in {where}. Please report it.")

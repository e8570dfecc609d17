"""One instance of the provider: handshake, settings, the org that they lead to, and its end."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from typing import Any

import grpc
from google.protobuf import empty_pb2

from orgkey.model.connection import Connection, parse_connection
from orgkey.model.my_domain import as_my_domain
from orgkey.model.secret_texts import place_of, texts_of
from orgkey.provider.engine import Engine
from orgkey.provider.engine_run import Run
from orgkey.provider.handler import Handler, Operation
from orgkey.provider.outcome import with_outcome
from orgkey.provider.protocol import plugin_pb2, provider_pb2
from orgkey.provider.protocol import provider_pb2_grpc as provider_grpc
from orgkey.provider.secrecy import (
    failures,
    note_request,
    note_texts,
    sealed_inputs,
)
from orgkey.provider.settings import NOT_OURS, connection_values, verdict
from orgkey.provider.urn import Urn
from orgkey.provider.wire import UNKNOWN, from_struct, to_struct
from orgkey.salesforce.clock import Clock
from orgkey.salesforce.errors import SettingError
from orgkey.salesforce.org import Org
from orgkey.salesforce.read import Snapshot
from orgkey.version import VERSION

_NOT_CONFIGURED = (
    "The provider was not configured.\nSet salesforce:instanceUrl and salesforce:credentials in the stack file."
)


@with_outcome
class ProviderInstance(provider_grpc.ResourceProviderServicer):
    """Serves one engine at a time; the last Configure wins, and a Cancel of the engine's lasts until then (engine notes 8)."""

    def __init__(
        self,
        engine: Engine | None = None,
        clock: Clock | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._engine = engine or Engine()
        self._clock = clock or Clock()
        self._environment = environment
        self._lock = threading.Lock()
        self._shut_down = False
        self._connection: Connection | None = None
        self._why_not = SettingError(_NOT_CONFIGURED)
        self._org: Org | None = None
        self._snapshot: Snapshot | None = None
        self._stated_url = ""
        self._run = Run()
        self._refused: list[str] = []
        self._told: set[str] = set()
        self._secret_texts: frozenset[str] = frozenset()
        """Texts in the connection's settings that are secret."""
        self._failed: dict[str, str] = {}

    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        if request.engine_address:
            self._engine.attach(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False, accept_outputs=False)

    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self._engine.attach(request.address)
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetSchema(
        self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        from orgkey.provider.schema import schema

        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema()))

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        note_request(request)
        values = from_struct(request.news).values
        _, problems = parse_connection(
            {name: value for name, value in values.items() if value is not UNKNOWN and name not in NOT_OURS}
        )
        missing_because_unknown = {name for name, value in values.items() if value is UNKNOWN}
        reported = [problem for problem in problems if problem.path not in missing_because_unknown]
        inputs, name = request.news, Urn.parse(request.urn).name
        inputs.MergeFrom(to_struct(verdict(name, values, self._environment)))
        return provider_pb2.CheckResponse(
            inputs=inputs, failures=failures(reported, prefix="salesforce:", secrets=from_struct(request.news).secrets)
        )

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        """Say that something changed, never that resources must be replaced: credentials are how we come in, not what is there."""
        changes = (
            provider_pb2.DiffResponse.DIFF_SOME if request.olds != request.news else provider_pb2.DiffResponse.DIFF_NONE
        )
        return provider_pb2.DiffResponse(changes=changes)

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        configured = from_struct(request.args).values or dict(request.variables)
        values = connection_values(request.name, configured, self._environment)
        sealed = from_struct(request.args).secrets
        secrets = frozenset(
            text for name in sealed for source in (configured, values) for text in texts_of(source.get(name))
        )
        note_request(request)
        note_texts(secrets)
        connection, problems = parse_connection(values)
        if connection is None:
            places = [place_of(each.path, each.reason, secret=each.path.split(".")[0] in sealed) for each in problems]
            listed = "\n".join(
                f"  - salesforce:{place} {problem.reason}" for place, problem in zip(places, problems, strict=True)
            )
            reason = f"The provider's settings are wrong:\n{listed}\nCorrect them in the stack file."
            self._why_not, self._refused = SettingError(reason), [f"salesforce:{place}" for place in places]
        with self._lock:
            if not self._shut_down:
                self._clock.canceled.clear()
            self._connection, self._org, self._snapshot = connection, None, None
            self._secret_texts = secrets
            self._stated_url = as_my_domain(str(configured.get("instanceUrl") or ""))
            self._run, self._told, self._failed = Run(started=self._clock.now()), set(), {}
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=False, acceptOutputs=False
        )

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self.cancel()
        return empty_pb2.Empty()

    def cancel(self, *, shut_down: bool = False) -> None:
        """End what is under way; lasts until the next Configure, unless it is to `shut_down`."""
        with self._lock:
            self._shut_down = self._shut_down or shut_down
            self._clock.canceled.set()
            org = self._org
        if org is not None:
            org.abort()

    def _operation(self, request: Any, handler: Handler) -> Operation:
        with self._lock:
            if self._connection is None:
                raise self._why_not
            if self._org is None or self._snapshot is None:
                self._org = Org(self._connection, clock=self._clock, environment=self._environment)
                self._snapshot = Snapshot(self._org)
                if self._clock.canceled.is_set():
                    self._org.abort()
            connection, org, snapshot = self._connection, self._org, self._snapshot
        deadline = self._clock.monotonic() + (request.timeout or handler.seconds)
        self._clock.set_deadline(deadline)
        return Operation(
            connection=connection,
            org=org,
            snapshot=snapshot,
            clock=self._clock,
            urn=request.urn,
            deadline=deadline,
            stated_url=self._stated_url,
            run=self._run,
            secrets=sealed_inputs(request),
            progress=lambda message: self._engine.progress(request.urn, message),
            info=lambda message: self._engine.info(request.urn, message),
            warn=lambda message: self._engine.warn(request.urn, message),
            warn_once=lambda message: self._warn_once(request.urn, message),
        )

    def _warn_once(self, urn: str, message: str) -> None:
        with self._lock:
            warned_already = message in self._told
            self._told.add(message)
        if not warned_already:
            self._engine.warn(urn, message)

"""The engine's side of the provider protocol, over real gRPC, in plain Python values.

`client.create(...)` sends what an engine would send and gives back what came over the wire: secret envelopes and unknowns included,
because those are what the tests are about.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import struct_pb2
from google.protobuf.json_format import MessageToDict, ParseDict
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"


def secret(value: Any) -> dict[str, Any]:
    return {SIGNATURE: SECRET, "value": value}


def struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    return ParseDict(dict(values), struct_pb2.Struct())


def plain(message: struct_pb2.Struct) -> dict[str, Any]:
    return dict(MessageToDict(message))


def open_secrets(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value["value"] if isinstance(value, dict) and value.get(SIGNATURE) == SECRET else value
        for name, value in values.items()
    }


@dataclass(eq=False)
class VerbFailedError(Exception):
    """A verb that failed: code, message, and the partial failure in it."""

    code: str
    message: str
    init_failed: dict[str, Any] | None = None


@dataclass
class Client:
    """One provider process, seen by an engine."""

    port: int
    stack: str = "t"
    name: str = ""
    component: str = "orgkey:index:JwtBearerAccess$"
    """Type of the parent; empty for a resource without one."""
    stub: provider_pb2_grpc.ResourceProviderStub = field(init=False)

    def __post_init__(self) -> None:
        # A connection of its own, as the engine opens one for each provider: clients of one process share them otherwise.
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.port}", [("grpc.use_local_subchannel_pool", 1)])
        self.stub = provider_pb2_grpc.ResourceProviderStub(self.channel)

    def about(self, name: str) -> Client:
        """The same engine and provider, with calls about the resource of that name."""
        client = copy.copy(self)
        client.name = name
        return client

    def configure(self, values: Mapping[str, Any], *, name: str = "default") -> None:
        self._call("Configure", provider_pb2.ConfigureRequest(args=struct(values), name=name))

    def check_config(self, values: Mapping[str, Any]) -> list[tuple[str, str]]:
        answer = self._call("CheckConfig", provider_pb2.CheckRequest(urn=self.urn("X"), news=struct(values)))
        return _told(answer)

    def provider_inputs(self, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """What CheckConfig makes of the inputs of a provider of that name."""
        urn = f"urn:pulumi:{self.stack}::orgkey::pulumi:providers:salesforce::{name}"
        return plain(self._call("CheckConfig", provider_pb2.CheckRequest(urn=urn, news=struct(values))).inputs)

    def check(
        self, kind: str, news: Mapping[str, Any], olds: Mapping[str, Any] = {}
    ) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        request = provider_pb2.CheckRequest(urn=self.urn(kind), news=struct(news), olds=struct(olds))
        answer = self._call("Check", request)
        return plain(answer.inputs), _told(answer)

    def diff(
        self,
        kind: str,
        old_inputs: Mapping[str, Any],
        old_outputs: Mapping[str, Any],
        news: Mapping[str, Any],
        *,
        ignored: Sequence[str] = (),
    ) -> provider_pb2.DiffResponse:
        request = provider_pb2.DiffRequest(
            urn=self.urn(kind),
            id=str(old_inputs.get("name") or "x"),
            old_inputs=struct(old_inputs),
            olds=struct(old_outputs),
            news=struct(news),
            ignoreChanges=ignored,
        )
        return self._call("Diff", request)

    def create(
        self, kind: str, inputs: Mapping[str, Any], *, preview: bool = False, timeout: float = 0
    ) -> tuple[str, dict[str, Any]]:
        request = provider_pb2.CreateRequest(
            urn=self.urn(kind), properties=struct(inputs), preview=preview, timeout=timeout
        )
        answer = self._call("Create", request)
        return answer.id, plain(answer.properties)

    def read(
        self,
        kind: str,
        resource_id: str,
        inputs: Mapping[str, Any] | None = None,
        outputs: Mapping[str, Any] | None = None,
    ) -> provider_pb2.ReadResponse:
        request = provider_pb2.ReadRequest(urn=self.urn(kind), id=resource_id)
        if inputs is not None:
            request.inputs.CopyFrom(struct(inputs))
        if outputs is not None:
            request.properties.CopyFrom(struct(outputs))
        return self._call("Read", request)

    def update(
        self,
        kind: str,
        resource_id: str,
        old: tuple[Mapping[str, Any], Mapping[str, Any]],
        news: Mapping[str, Any],
        *,
        preview: bool = False,
        timeout: float = 0,
    ) -> dict[str, Any]:
        request = provider_pb2.UpdateRequest(
            urn=self.urn(kind),
            id=resource_id,
            old_inputs=struct(old[0]),
            olds=struct(old[1]),
            news=struct(news),
            preview=preview,
            timeout=timeout,
        )
        return plain(self._call("Update", request).properties)

    def delete(self, kind: str, resource_id: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
        request = provider_pb2.DeleteRequest(
            urn=self.urn(kind), id=resource_id, old_inputs=struct(inputs), properties=struct(outputs)
        )
        self._call("Delete", request)

    def cancel(self) -> None:
        from google.protobuf import empty_pb2

        self.stub.Cancel(empty_pb2.Empty())

    def urn(self, kind: str) -> str:
        part = {
            "KeyPair": "key",
            "PermissionSet": "set",
            "PermissionSetAssignments": "assignments",
            "JwtGrant": "grant",
        }
        name = self.name or f"access-{part.get(kind, 'app')}"
        return f"urn:pulumi:{self.stack}::orgkey::{self.component}salesforce:index:{kind}::{name}"

    def _call(self, verb: str, request: Any) -> Any:
        try:
            return getattr(self.stub, verb)(request)
        except grpc.RpcError as error:
            raise VerbFailedError(error.code().name, str(error.details()), _init_failed(error)) from None


def _told(answer: provider_pb2.CheckResponse) -> list[tuple[str, str]]:
    """Path and reason of each failure. No failure names a property to the engine, which would print its value."""
    assert [failure.property for failure in answer.failures if failure.property] == []
    told = [
        re.fullmatch(r"(?:(?P<path>[a-z]\S*) )?(?P<reason>.*)", failure.reason, re.DOTALL)
        for failure in answer.failures
    ]
    return [(found["path"] or "", found["reason"]) for found in told if found]


def _init_failed(error: Any) -> dict[str, Any] | None:
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status = status_pb2.Status.FromString(value)
            detail = provider_pb2.ErrorResourceInitFailed()
            assert status.details[0].Unpack(detail)
            return {
                "id": detail.id,
                "properties": plain(detail.properties),
                "inputs": plain(detail.inputs),
                "reasons": list(detail.reasons),
                "refresh_before_update": detail.refresh_before_update,
            }
    return None

"""How a verb ends, in the engine's own terms.

| outcome | what the engine gets |
| --- | --- |
| problems with inputs | check failures, all of them; the property's path is in the text (`secrecy.failures`) |
| nothing happened | FAILED_PRECONDITION with what happened and what to do |
| it exists but is not what was asked for | the same with an `ErrorResourceInitFailed`: kept in state, tried again by the next `up` |
| gone | an empty id |
| a fault of ours | INTERNAL with the exception's type and place; the engine does not save a Create that ends so |
"""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NoReturn, TypeVar

import grpc
from google.protobuf import any_pb2, struct_pb2

from orgkey.provider.handler import (
    Handler,
    ImportRefusedError,
    InitFailedError,
    Values,
)
from orgkey.provider.protocol import provider_pb2, status_pb2
from orgkey.provider.secrecy import (
    redacted,
    sealed_struct,
)
from orgkey.provider.state_version import refuse_newer, stamped, upgraded
from orgkey.provider.wire import from_struct
from orgkey.salesforce.errors import SalesforceError

T = TypeVar("T")


def with_outcome(provider: type[T]) -> type[T]:
    """Put every verb into an `Outcome`: whatever happens on the way to a handler or back, the engine hears of it in its own terms."""

    def wrapped(verb: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(verb)
        def run(self: T, request: Any, context: grpc.ServicerContext) -> Any:
            with Outcome(lambda error: abort(context, grpc.StatusCode.FAILED_PRECONDITION, str(error)), context):
                return verb(self, request, context)

        return run

    for name, verb in list(vars(provider).items()):
        if name[0].isupper() and callable(verb):  # the protocol's names
            setattr(provider, name, wrapped(verb))
    return provider


def outcome(context: grpc.ServicerContext, handler: Handler, inputs: Any, hidden: frozenset[str]) -> Outcome:
    """The outcome of a verb of `handler`; `inputs` are those that the state keeps where it fails half-way, `hidden` names of secrets."""
    return Outcome(lambda error: init_failed(context, handler, inputs, hidden, error), context)


class Outcome:
    """Turns the exceptions we know into the engine's terms; an unexpected one is reported by file and line, with none of its values."""

    def __init__(self, init_failed: Callable[[InitFailedError], NoReturn], context: grpc.ServicerContext) -> None:
        self._init_failed, self._context = init_failed, context

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        match error:
            case InitFailedError():
                self._init_failed(error)
            case SalesforceError() | ImportRefusedError():
                abort(self._context, grpc.StatusCode.FAILED_PRECONDITION, str(error))
            case Exception() if not self._context.is_active() or _is_abort(error):
                return False
            case Exception():
                place = traceback.extract_tb(trace)[-1]
                where = f"{Path(place.filename).name}, line {place.lineno} ({place.name})"
                message = f"orgkey failed with an unexpected {type(error).__name__} in {where}."
                abort(self._context, grpc.StatusCode.INTERNAL, f"{message}\nPlease report it.")
        return False


def init_failed(
    context: grpc.ServicerContext,
    handler: Handler,
    inputs: Any,
    hidden: frozenset[str],
    error: InitFailedError,
) -> NoReturn:
    """Say that the resource exists and is not what was asked for: it is kept in state, and the next `up` tries again."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.resource_id,
        properties=outputs_for_state(error.outputs, hidden),
        reasons=[redacted(reason) for reason in error.reasons],
        inputs=inputs,
        refresh_before_update=handler.lives_in_org,
    )
    packed = any_pb2.Any()
    packed.Pack(detail)
    code = grpc.StatusCode.FAILED_PRECONDITION
    status = status_pb2.Status(code=code.value[0], message=redacted(str(error)), details=[packed])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    abort(context, code, str(error))


def state_of(handler: Handler, outputs: struct_pb2.Struct) -> Values:
    """Outputs that a state has, in the present form; raises SettingError for a form that is newer than ours."""
    values = from_struct(outputs).values
    refuse_newer(values)
    return upgraded(handler.name, values)


def outputs_for_state(outputs: Values, hidden: frozenset[str]) -> struct_pb2.Struct:
    """Outputs for the engine, which keeps them: with the form that they have."""
    return sealed_struct(stamped(outputs), hidden)


def _is_abort(error: Exception) -> bool:
    """`context.abort` raises a bare Exception to leave the verb."""
    return type(error) is Exception and not error.args


def abort(context: grpc.ServicerContext, code: grpc.StatusCode, message: str) -> NoReturn:
    """End the verb with a message without secrets."""
    context.abort(code, redacted(message))
    raise AssertionError  # pragma: no cover — abort raises

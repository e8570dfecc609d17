"""The provider's gRPC verbs: decode, call the handler, encode; and every outcome in the engine's own terms.

| outcome | what the engine gets |
| --- | --- |
| problems with inputs | check failures, all of them; the property's path is in the text (`secrecy.failures`) |
| nothing happened | FAILED_PRECONDITION with what happened and what to do |
| it exists but is not what was asked for | the same with an `ErrorResourceInitFailed`: kept in state, tried again by the next `up` |
| gone | an empty id |
"""

from __future__ import annotations

import functools
import json
import os
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NoReturn, TypeVar

import grpc
from google.protobuf import any_pb2, empty_pb2, struct_pb2

from orgkey.model.connection import Connection, parse_connection
from orgkey.model.my_domain import as_my_domain
from orgkey.model.pasted import pasted
from orgkey.model.secret_texts import place_of, texts_of
from orgkey.provider.adoption import is_taken_over
from orgkey.provider.engine import Engine
from orgkey.provider.handler import (
    DeclaredApp,
    Diff,
    Handler,
    ImportRefusedError,
    InitFailedError,
    Operation,
    Run,
    Values,
)
from orgkey.provider.protocol import plugin_pb2, provider_pb2, status_pb2
from orgkey.provider.protocol import provider_pb2_grpc as provider_grpc
from orgkey.provider.registry import handler_of
from orgkey.provider.same_org import has_moved, refuse_moved
from orgkey.provider.schema import schema
from orgkey.provider.secrecy import (
    failures,
    hidden_names,
    note_request,
    note_texts,
    redacted,
    sealed_inputs,
    sealed_struct,
    unsealed,
)
from orgkey.provider.settings import NOT_OURS, connection_values, verdict
from orgkey.provider.state_version import refuse_newer, stamped, upgraded
from orgkey.provider.urn import Urn
from orgkey.provider.wire import UNKNOWN, Properties, from_struct, to_struct
from orgkey.salesforce.clock import Clock
from orgkey.salesforce.errors import ConflictError, PartialReadError, SalesforceError, SettingError
from orgkey.salesforce.org import Org
from orgkey.salesforce.read import Snapshot
from orgkey.version import VERSION

T = TypeVar("T")

_KIND = provider_pb2.PropertyDiff
_PREVIEW_SECONDS = 15.0  # for the questions of a preview's create, which may go unanswered
_NOT_CONFIGURED = (
    "The provider was not configured.\nSet salesforce:instanceUrl and salesforce:credentials in the stack file."
)


def _with_outcome(provider: type[T]) -> type[T]:
    """Put every verb into an `_Outcome`: whatever happens on the way to a handler or back, the engine hears of it in its own terms."""

    def wrapped(verb: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(verb)
        def run(self: T, request: Any, context: grpc.ServicerContext) -> Any:
            with _Outcome(lambda error: _abort(context, grpc.StatusCode.FAILED_PRECONDITION, str(error)), context):
                return verb(self, request, context)

        return run

    for name, verb in list(vars(provider).items()):
        if name[0].isupper() and callable(verb):  # the protocol's names
            setattr(provider, name, wrapped(verb))
    return provider


@_with_outcome
class SalesforceProvider(provider_grpc.ResourceProviderServicer):
    """Serves one engine at a time; the last Configure wins, and a Cancel of the engine's lasts until then (engine notes 8).

    What cannot be read fails an `up`; a subclass that only reads may go on (`_read_failed`, `_partly_read`).

    Settings that cannot be used fail every verb that would ask the org, but for the Reads before an `up`: they leave the state as it is,
    so that the program comes to list these problems with all others of the stack file; what it registers, CheckConfig refuses.
    """

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

    # --- the instance -------------------------------------------------------------------------------------------------------

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
            self._run, self._told, self._failed = Run(), set(), {}
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

    # --- a resource ---------------------------------------------------------------------------------------------------------

    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        handler, news = self._handler(request, context), from_struct(request.news)
        state = from_struct(request.olds).values
        if state:
            self._saw(
                request.urn, handler, handler.id_of(state), state, {}
            )  # a replacement is checked again, without it
        olds = {**self._run.lasts(request.urn, (handler.name, handler.id_of(news.values))), **state}
        left_out = [name for name in handler.lasting if news.values.get(name) is None]
        lasting = {name: olds[name] for name in left_out if name in olds}
        self._run.defaulted[request.urn] = frozenset(left_out) - set(lasting)
        with self._outcome(context, handler, None, frozenset()):
            found = [*unsealed(handler, news), *pasted(news.values, except_for=handler.secret_outputs)]
            inputs, problems = handler.check({**news.values, **lasting}, self._connection, self._clock.now())
            self._run.checked.add(request.urn)
            for caution in [] if found or problems else handler.cautions(inputs):
                self._engine.warn(request.urn, caution)
        note_texts(self._secret_texts)  # an input may come from the connection
        return provider_pb2.CheckResponse(
            inputs=sealed_struct(inputs, hidden_names(handler, news)),
            failures=failures([*found, *problems], secrets=news.secrets),
        )

    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        handler = self._handler(request, context)
        outputs = _state(handler, request.olds)
        old_inputs, inputs = from_struct(request.old_inputs).values, from_struct(request.news).values
        if request.urn not in self._run.checked:  # a refresh: an org holds none of the flags that last
            inputs = {**inputs, **{name: old_inputs[name] for name in handler.lasting if name in old_inputs}}
        ignored = {path.split("[")[0].split(".")[0] for path in request.ignoreChanges}
        with self._outcome(context, handler, None, frozenset()):
            wanted = {**inputs, **{name: old_inputs[name] for name in ignored if name in old_inputs}}
            diff = handler.diff(old_inputs, outputs, wanted, self._clock.now())
            if key := handler.app_key(wanted, outputs):
                self._run.apps[key] = DeclaredApp(handler, request.id, old_inputs, outputs, wanted)
            if diff.refusal and request.urn in self._run.checked:
                raise ConflictError(diff.refusal)
            if request.urn in self._run.checked and not diff.replaces:
                self._run.kept.add((handler.name, request.id))
        for warning in diff.warnings:
            self._warn_once(request.urn, warning)
        shown = [path for path in diff.outputs if handler.shown_in.get(path, path) not in ignored]
        detailed = {path: _property_diff(path, old_inputs, inputs, diff, is_input=True) for path in diff.inputs}
        detailed |= {path: _property_diff(path, outputs, outputs, diff, is_input=False) for path in shown}
        changes = provider_pb2.DiffResponse.DIFF_SOME if detailed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=changes,
            replaces=list(diff.replaces),
            diffs=sorted(detailed),
            detailedDiff=detailed,
            hasDetailedDiff=bool(detailed),
            deleteBeforeReplace=diff.delete_before_replace,
        )

    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        handler, inputs = self._handler(request, context), from_struct(request.properties)
        hidden = hidden_names(handler, inputs)
        if request.preview:
            self._refuse_early(context, handler, request, inputs)
            self._validate(context, handler, request, inputs)
            return provider_pb2.CreateResponse(properties=_outputs(handler.plan(inputs.values, None, None), hidden))
        with self._outcome(context, handler, request.properties, hidden), self._noting(handler) as note:
            resource_id, outputs = handler.create(inputs.values, self._operation(request, handler))
            note(resource_id, outputs)
        return provider_pb2.CreateResponse(
            id=resource_id,
            properties=_outputs(outputs, hidden),
            refresh_before_update=handler.lives_in_org,
        )

    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        handler, inputs, outputs = (
            self._handler(request, context),
            from_struct(request.inputs),
            from_struct(request.properties),
        )
        hidden = hidden_names(handler, inputs, outputs)
        key = (handler.name, request.id)
        if inputs.values:  # whatever the org answers: this is what the state has
            self._saw(request.urn, handler, request.id, inputs.values, outputs.values)
            self._run.adopted[key] = is_taken_over(outputs.values) or self._run.adopted.get(key, False)
        with self._outcome(context, handler, request.inputs, hidden):
            try:
                refuse_newer(outputs.values)
                operation = replace(
                    self._operation(request, handler), partly_read=lambda error: self._partly_read(request.urn, error)
                )
                known = upgraded(handler.name, outputs.values)
                found = handler.read(request.id, inputs.values, known, operation)
            except ImportRefusedError:
                raise
            except Exception as error:  # noqa: BLE001 — it is raised again, unless somebody only reads
                before_an_up = handler.lives_in_org and request.HasField("inputs")
                if error is self._why_not and self._refused and before_an_up:
                    return self._not_read(request, error)
                return self._read_failed(request, error)
            if found is not None and found.failed:
                self._init_failed(
                    context,
                    handler,
                    to_struct(found.inputs, hidden),
                    hidden,
                    InitFailedError(found.id, found.outputs, found.failed),
                )
        if found is not None and not inputs.values and not outputs.values:  # an import takes it over
            self._run.wrote(handler.name, found.id, found.outputs)
        if found is None:
            return provider_pb2.ReadResponse(
                id=""
            )  # `properties` stays unset: that is how the engine sees "does not exist"
        return provider_pb2.ReadResponse(
            id=found.id,
            properties=_outputs(found.outputs, hidden),
            inputs=to_struct(found.inputs, hidden),
            refresh_before_update=handler.lives_in_org,
        )

    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        handler, news = self._handler(request, context), from_struct(request.news)
        old_inputs, old_outputs = from_struct(request.old_inputs).values, _state(handler, request.olds)
        hidden = hidden_names(handler, news, before=from_struct(request.olds))
        if request.preview:
            self._validate(context, handler, request, news)
            diff = handler.diff(old_inputs, old_outputs, news.values, self._clock.now())
            return provider_pb2.UpdateResponse(
                properties=_outputs(handler.plan(news.values, old_outputs, diff), hidden)
            )
        with self._outcome(context, handler, request.news, hidden), self._noting(handler) as note:
            operation = self._operation(request, handler)
            if handler.lives_in_org:
                refuse_moved(old_outputs, operation)
            outputs = handler.update(request.id, old_inputs, old_outputs, news.values, operation)
            note(request.id, outputs)
        return provider_pb2.UpdateResponse(
            properties=_outputs(outputs, hidden), refresh_before_update=handler.lives_in_org
        )

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        handler = self._handler(request, context)
        outputs = _state(handler, request.properties)
        if self._run.is_anothers(handler.name, request.id, outputs):
            self._engine.info(
                request.urn, f"{handler.name} {request.id} is another resource's in this run; it is left alone"
            )
            return empty_pb2.Empty()
        with self._outcome(context, handler, request.old_inputs, frozenset()):
            operation = self._operation(request, handler)
            if handler.lives_in_org and has_moved(outputs, operation):
                return empty_pb2.Empty()  # it stays in its own org
            handler.delete(request.id, from_struct(request.old_inputs).values or outputs, outputs, operation)
        return empty_pb2.Empty()

    def _saw(self, urn: str, handler: Handler, resource_id: str, inputs: Values, outputs: Values) -> None:
        """Note which flags last, as the state has them: a Create that took nothing from anybody says so in its outputs."""
        lasting = {name: inputs[name] and outputs.get(name) is not False for name in handler.lasting if name in inputs}
        self._run.saw(urn, (handler.name, resource_id), lasting)

    @contextmanager
    def _noting(self, handler: Handler) -> Iterator[Callable[[str, Values], None]]:
        """Note what a verb wrote, also where it failed after that."""

        def note(resource_id: str, outputs: Values) -> None:
            self._run.wrote(handler.name, resource_id, outputs)

        try:
            yield note
        except InitFailedError as error:
            note(error.resource_id, error.outputs)
            raise

    def _refuse_early(self, context: grpc.ServicerContext, handler: Handler, request: Any, inputs: Properties) -> None:
        """Ask the org in a preview what would be in the way; an org that does not answer soon is no reason to end the preview."""
        hurried = provider_pb2.CreateRequest(urn=request.urn, timeout=_PREVIEW_SECONDS)
        with self._outcome(context, handler, None, frozenset()):
            try:
                handler.refuse_early(inputs.values, self._operation(hurried, handler))
            except ConflictError:
                raise
            except SalesforceError as error:
                reason = str(error).split("\n", maxsplit=1)[0]
                self._engine.warn(request.urn, f"the org was not asked whether something is in the way: {reason}")

    def _validate(self, context: grpc.ServicerContext, handler: Handler, request: Any, inputs: Properties) -> None:
        if self._connection is not None and self._connection.validate_on_preview:
            with self._outcome(context, handler, None, frozenset()):
                handler.validate(inputs.values, self._operation(request, handler))

    # --- how it is done -----------------------------------------------------------------------------------------------------

    def _handler(self, request: Any, context: grpc.ServicerContext) -> Handler:
        """The handler of a request; from now on this thread's messages are without the secrets of request and connection."""
        note_request(request)
        note_texts(self._secret_texts)
        handler = handler_of(Urn.parse(request.urn).type if request.urn else request.type)
        if handler is None:
            _abort(
                context,
                grpc.StatusCode.INVALID_ARGUMENT,
                f"There is no resource {request.type or request.urn} in this provider.",
            )
        return handler

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

    def _not_read(self, request: provider_pb2.ReadRequest, error: Exception) -> provider_pb2.ReadResponse:
        """Leave the state as it is where the settings do not let us ask the org."""
        self._warn_once(request.urn, f"the org was not read: wrong settings ({', '.join(self._refused)})")
        return provider_pb2.ReadResponse(
            id=request.id, properties=request.properties, inputs=request.inputs, refresh_before_update=True
        )

    def _read_failed(self, request: provider_pb2.ReadRequest, error: Exception) -> provider_pb2.ReadResponse:
        """Raise the error: what could not be read must not be changed. One that another resource told already is told by its name."""
        with self._lock:
            first = self._failed.setdefault(str(error), request.urn)
        if isinstance(error, SalesforceError) and first != request.urn:
            raise SalesforceError(f"Not read: see the error of {Urn.parse(first).name}.")
        raise error

    def _partly_read(self, urn: str, error: PartialReadError) -> None:
        """Warn of what the login may not see of a resource."""
        self._engine.warn(urn, str(error))

    def _outcome(
        self, context: grpc.ServicerContext, handler: Handler, inputs: Any, hidden: frozenset[str]
    ) -> _Outcome:
        return _Outcome(lambda error: self._init_failed(context, handler, inputs, hidden, error), context)

    def _init_failed(
        self,
        context: grpc.ServicerContext,
        handler: Handler,
        inputs: Any,
        hidden: frozenset[str],
        error: InitFailedError,
    ) -> NoReturn:
        detail = provider_pb2.ErrorResourceInitFailed(
            id=error.resource_id,
            properties=_outputs(error.outputs, hidden),
            reasons=[redacted(reason) for reason in error.reasons],
            inputs=inputs,
            refresh_before_update=handler.lives_in_org,
        )
        packed = any_pb2.Any()
        packed.Pack(detail)
        code = grpc.StatusCode.FAILED_PRECONDITION
        status = status_pb2.Status(code=code.value[0], message=redacted(str(error)), details=[packed])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        _abort(context, code, str(error))


class _Outcome:
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
                _abort(self._context, grpc.StatusCode.FAILED_PRECONDITION, str(error))
            case Exception() if not self._context.is_active() or _is_abort(error):
                return False
            case Exception():
                place = traceback.extract_tb(trace)[-1]
                where = f"{Path(place.filename).name}, line {place.lineno} ({place.name})"
                message = f"orgkey failed with an unexpected {type(error).__name__} in {where}."
                _abort(self._context, grpc.StatusCode.INTERNAL, f"{message}\nPlease report it.")
        return False


def _state(handler: Handler, outputs: struct_pb2.Struct) -> Values:
    """Outputs that a state has, in the present form; raises SettingError for a form that is newer than ours."""
    values = from_struct(outputs).values
    refuse_newer(values)
    return upgraded(handler.name, values)


def _outputs(outputs: Values, hidden: frozenset[str]) -> struct_pb2.Struct:
    """Outputs for the engine, which keeps them: with the form that they have."""
    return sealed_struct(stamped(outputs), hidden)


def _is_abort(error: Exception) -> bool:
    """`context.abort` raises a bare Exception to leave the verb."""
    return type(error) is Exception and not error.args


def _abort(context: grpc.ServicerContext, code: grpc.StatusCode, message: str) -> NoReturn:
    context.abort(code, redacted(message))
    raise AssertionError  # pragma: no cover — abort raises


def _property_diff(
    path: str, before: Mapping[str, Any], after: Mapping[str, Any], diff: Diff, *, is_input: bool
) -> provider_pb2.PropertyDiff:
    adds, removes = not _has(before, path), not _has(after, path)
    replaces = path in diff.replaces
    if adds and not removes:
        kind = _KIND.ADD_REPLACE if replaces else _KIND.ADD
    elif removes and not adds:
        kind = _KIND.DELETE_REPLACE if replaces else _KIND.DELETE
    else:
        kind = _KIND.UPDATE_REPLACE if replaces else _KIND.UPDATE
    return provider_pb2.PropertyDiff(kind=kind, inputDiff=is_input)


def _has(values: Mapping[str, Any], name: str) -> bool:
    return values.get(name) is not None

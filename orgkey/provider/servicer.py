"""The provider's gRPC verbs for resources: decode, call the handler, encode. How each ends is in `outcome`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import grpc
from google.protobuf import empty_pb2

from orgkey.metadata.check import Problem
from orgkey.model.characters import each_place_once, unwritable
from orgkey.model.pasted import pasted
from orgkey.provider.adoption import is_taken_over, refuse_odd_id
from orgkey.provider.engine_run import DeclaredApp, resource_key
from orgkey.provider.handler import Handler, ImportRefusedError, InitFailedError, Values
from orgkey.provider.instance import ProviderInstance
from orgkey.provider.one_owner import note_absence, note_state, refusals
from orgkey.provider.outcome import abort, init_failed, outcome, outputs_for_state, state_of, with_outcome
from orgkey.provider.preview import COMPONENT, in_the_way, stands_in_the_way
from orgkey.provider.property_diff import property_diff
from orgkey.provider.protocol import provider_pb2
from orgkey.provider.registry import handler_of
from orgkey.provider.retired import block_of, going_on, last_uses, note_read, retired_by
from orgkey.provider.same_key import note_key, shared_key
from orgkey.provider.same_org import has_moved, refuse_moved
from orgkey.provider.secrecy import (
    failures,
    hidden_names,
    note_request,
    note_settings_place,
    note_texts,
    placed,
    sealed_struct,
    unsealed,
)
from orgkey.provider.setting_places import SETTINGS_AT, note_place, place_of, with_key_kept
from orgkey.provider.state_version import refuse_newer, upgraded
from orgkey.provider.urn import Urn
from orgkey.provider.wire import Properties, from_struct, to_struct
from orgkey.salesforce.errors import ConflictError, PartialReadError, SalesforceError
from orgkey.salesforce.preflight_table import State

_PREVIEW_SECONDS = 15.0  # for the questions of a preview's create, which may go unanswered


@with_outcome
class SalesforceProvider(ProviderInstance):
    """The verbs of a resource.

    What cannot be read fails an `up`; a subclass that only reads may go on (`_not_read`, `_read_failed`, `_partly_read`).

    Settings that cannot be used fail every verb that would ask the org, but for the Reads before an `up`: they leave the state as it is,
    so that the program comes to list these problems with all others of the stack file; what it registers, CheckConfig refuses.
    """

    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        handler, news = self._handler(request, context), from_struct(request.news)
        if hint := news.values.get(SETTINGS_AT):
            note_place(self._run, request.urn, hint)
            note_settings_place(place_of(self._run, request.urn))
            news = with_key_kept(self._run, request.urn, news, from_struct(request.olds))
        state = from_struct(request.olds).values
        if state:
            self._saw(
                request.urn, handler, handler.id_of(state), state, {}
            )  # a replacement is checked again, without it
        olds = {**self._run.lasts(request.urn, resource_key(handler.name, handler.id_of(news.values))), **state}
        left_out = [name for name in handler.lasting if news.values.get(name) is None]
        lasting = {name: olds[name] for name in left_out if name in olds}
        self._run.defaulted[request.urn] = frozenset(left_out) - set(lasting)
        with outcome(context, handler, None, frozenset()):
            odd = unwritable(news.values)
            found = [*odd, *unsealed(handler, news), *pasted(news.values, except_for=handler.secret_outputs)]
            inputs, problems = handler.check({**news.values, **lasting}, self._connection, self._clock.now())
            self._run.checked.add(request.urn)
            if not problems:
                found += [Problem("", refusal) for refusal in self._same_keys(handler, request.urn, {}, {}, inputs)]
                found += [Problem("", refusal) for refusal in refusals(self._run, request.urn, handler, inputs)]
            if handler.concludes and self._run.in_the_way:
                found.append(Problem("", in_the_way(self._run.in_the_way)))
            for caution in [] if found or problems else handler.cautions(inputs):
                self._engine.warn(request.urn, caution)
            if handler.concludes and not found and not problems:
                self._tell_of_retired(handler, request.urn, inputs)
        note_texts(self._secret_texts)  # an input may come from the connection
        return provider_pb2.CheckResponse(
            inputs=sealed_struct(inputs, hidden_names(handler, news)),
            failures=failures(each_place_once(odd, [*found, *problems]), secrets=news.secrets),
        )

    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        handler = self._handler(request, context)
        outputs = state_of(handler, request.olds)
        old_inputs, inputs = from_struct(request.old_inputs).values, from_struct(request.news).values
        if request.urn not in self._run.checked:  # a refresh: an org holds none of the flags that last
            inputs = {**inputs, **{name: old_inputs[name] for name in handler.lasting if name in old_inputs}}
        ignored = {path.split("[")[0].split(".")[0] for path in request.ignoreChanges}
        with outcome(context, handler, None, frozenset()):
            wanted = {**inputs, **{name: old_inputs[name] for name in ignored if name in old_inputs}}
            diff = handler.diff(old_inputs, outputs, wanted, self._clock.now())
            if key := handler.app_key(wanted, outputs):
                self._run.apps[key] = DeclaredApp(handler, request.id, old_inputs, outputs, wanted)
            if diff.refusal and request.urn in self._run.checked:
                raise ConflictError(diff.refusal)
            if request.urn in self._run.checked and (
                refused := self._same_keys(handler, request.urn, old_inputs, outputs, wanted)
            ):
                raise ConflictError("\n".join(refused))
            if request.urn in self._run.checked and diff.delete_before_replace:
                self._before_deletion(handler, request.urn, old_inputs, wanted)
            if request.urn in self._run.checked and diff.replaces:
                self._run.replaced[request.urn] = outputs
            if request.urn in self._run.checked and not diff.replaces:
                self._run.kept.add(resource_key(handler.name, request.id))
        for warning in diff.warnings:
            self._warn_once(request.urn, warning)
        shown = [path for path in diff.outputs if handler.shown_in.get(path, path) not in ignored]
        detailed = {path: property_diff(path, old_inputs, inputs, diff, is_input=True) for path in diff.inputs}
        detailed |= {path: property_diff(path, outputs, outputs, diff, is_input=False) for path in shown}
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
            self._preflight(context, handler, request, inputs.values, None)
            self._validate(context, handler, request, inputs)
            return provider_pb2.CreateResponse(
                properties=outputs_for_state(handler.plan(inputs.values, None, None), hidden)
            )
        with outcome(context, handler, request.properties, hidden), self._noting(handler) as note:
            resource_id, outputs = handler.create(inputs.values, self._operation(request, handler))
            note(resource_id, outputs)
        return provider_pb2.CreateResponse(
            id=resource_id,
            properties=outputs_for_state(outputs, hidden),
            refresh_before_update=handler.lives_in_org,
        )

    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        handler, inputs, outputs = (
            self._handler(request, context),
            from_struct(request.inputs),
            from_struct(request.properties),
        )
        hidden = hidden_names(handler, inputs, outputs)
        key = resource_key(handler.name, request.id)
        if inputs.values:  # whatever the org answers: this is what the state has
            self._saw(request.urn, handler, request.id, inputs.values, outputs.values)
            self._run.adopted[key] = is_taken_over(outputs.values) or self._run.adopted.get(key, False)
            if isinstance(claim := outputs.values.get("claim"), int | float):
                self._run.claims[key] = max(int(claim), self._run.claims.get(key, 0))
        with outcome(context, handler, request.inputs, hidden):
            try:
                refuse_odd_id(request.id)
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
                init_failed(
                    context,
                    handler,
                    to_struct(found.inputs, hidden),
                    hidden,
                    InitFailedError(found.id, found.outputs, found.failed),
                )
        if found is not None:
            note_read(self._run, request.urn, handler.name, found.outputs)
        if found is not None and not inputs.values and not outputs.values:  # an import takes it over
            note_state(self._run, request.urn, handler, found.id, found.inputs, found.outputs)
            self._run.wrote(handler.name, found.id, found.outputs)
        if found is None:
            note_absence(self._run, request.urn, handler, request.id)
            return provider_pb2.ReadResponse(
                id=""
            )  # `properties` stays unset: that is how the engine sees "does not exist"
        return provider_pb2.ReadResponse(
            id=found.id,
            properties=outputs_for_state(found.outputs, hidden),
            inputs=to_struct(found.inputs, hidden),
            refresh_before_update=handler.lives_in_org,
        )

    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        handler, news = self._handler(request, context), from_struct(request.news)
        old_inputs, old_outputs = from_struct(request.old_inputs).values, state_of(handler, request.olds)
        hidden = hidden_names(handler, news, before=from_struct(request.olds))
        if request.preview:
            self._preflight(context, handler, request, news.values, old_inputs)
            self._validate(context, handler, request, news)
            diff = handler.diff(old_inputs, old_outputs, news.values, self._clock.now())
            return provider_pb2.UpdateResponse(
                properties=outputs_for_state(handler.plan(news.values, old_outputs, diff), hidden)
            )
        with outcome(context, handler, request.news, hidden), self._noting(handler) as note:
            operation = self._operation(request, handler)
            if handler.lives_in_org:
                refuse_moved(old_outputs, operation)
            outputs = handler.update(request.id, old_inputs, old_outputs, news.values, operation)
            note(request.id, outputs)
        return provider_pb2.UpdateResponse(
            properties=outputs_for_state(outputs, hidden), refresh_before_update=handler.lives_in_org
        )

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        handler = self._handler(request, context)
        outputs = state_of(handler, request.properties)
        if handler.has_to_be_deleted and self._run.is_anothers(handler.name, request.id, outputs):
            self._engine.info(
                request.urn, f"{handler.name} {request.id} is another resource's in this run; it is left alone"
            )
            return empty_pb2.Empty()
        with outcome(context, handler, request.old_inputs, frozenset()):
            operation = self._operation(request, handler)
            if handler.lives_in_org and has_moved(outputs, operation):
                return empty_pb2.Empty()  # it stays in its own org
            handler.delete(request.id, from_struct(request.old_inputs).values or outputs, outputs, operation)
        return empty_pb2.Empty()

    def _saw(self, urn: str, handler: Handler, resource_id: str, inputs: Values, outputs: Values) -> None:
        """Note what the state has, and which flags last: a Create that took nothing from anybody says so in its outputs."""
        note_state(self._run, urn, handler, resource_id, inputs, outputs)
        lasting = {name: inputs[name] and outputs.get(name) is not False for name in handler.lasting if name in inputs}
        self._run.saw(urn, resource_key(handler.name, resource_id), lasting)

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

    def _preflight(
        self, context: grpc.ServicerContext, handler: Handler, request: Any, inputs: Values, before: Values | None
    ) -> None:
        """Ask the org in a preview what would be in the way; one that does not answer soon is no reason to end the preview."""
        if self._run.unanswered or (self._connection is not None and not self._connection.check_on_preview):
            return
        hurried = provider_pb2.CreateRequest(urn=request.urn, timeout=_PREVIEW_SECONDS)
        with outcome(context, handler, None, frozenset()):
            try:
                operation = self._operation(hurried, handler)
                verdicts = handler.preflight(inputs, before, operation)
            except SalesforceError as error:
                if stands_in_the_way(error):
                    raise
                reason = str(error).split("\n", maxsplit=1)[0]
                self._run.unanswered = True
                self._warn_once(request.urn, f"the org was not asked whether something is in the way: {reason}")
                return
            if problems := self._run.untold(placed(each.text) for each in verdicts if each.state is State.WRONG):
                self._tell(handler, request.urn, problems)

    def _before_deletion(self, handler: Handler, urn: str, old_inputs: Values, inputs: Values) -> None:
        """Raise ConflictError where the new one could not be made after the old one is deleted."""
        if self._connection is None:
            return
        operation = self._operation(provider_pb2.CreateRequest(urn=urn), handler)
        verdicts = handler.before_deletion(old_inputs, inputs, operation)
        if problems := [each.text for each in verdicts if each.state is State.WRONG]:
            raise ConflictError("\n".join(problems))

    def _same_keys(
        self, handler: Handler, urn: str, old_inputs: Values, old_outputs: Values, inputs: Values
    ) -> list[str]:
        """Why a key pair must not be what another generation's is; where it may be, that is told."""
        public = handler.public_key(old_inputs, old_outputs, inputs)
        if public is None:
            return []
        note_key(self._run, urn, public, blocked=inputs.get("blocked") is True)
        refused, told = shared_key(self._run, urn)
        for each in told:
            self._warn_once(urn, each)
        return refused

    def _tell_of_retired(self, handler: Handler, urn: str, inputs: Values) -> None:
        """Say of each generation that a program declares no more who used it last, and what a new one or a block means for clients."""
        if says := block_of(self._run, urn, inputs):
            self._engine.warn(urn, says)
        if says := going_on(self._run, urn, inputs):
            self._engine.info(urn, says)
        if self._connection is None or not self._connection.check_on_preview:
            return
        for retired in retired_by(self._run, urn, inputs):
            operation = self._operation(provider_pb2.CreateRequest(urn=urn, timeout=_PREVIEW_SECONDS), handler)
            says, matters = last_uses(retired, inputs, operation)
            if matters:
                self._warn_once(urn, says)
            else:
                self._engine.info(urn, says)

    def _tell(self, handler: Handler, urn: str, problems: Sequence[str]) -> None:
        """Tell problems under their resource, each as an error of its own; raises ConflictError where nothing comes later that would.

        An error that ends the preview would keep the others of a component from being asked about (engine notes 3).
        """
        if not (handler.waited_for and Urn.parse(urn).parent_type.endswith(COMPONENT)):
            raise ConflictError("\n".join(problems))
        for problem in problems:
            self._engine.error(urn, problem)
        self._run.in_the_way += len(problems)

    def _validate(self, context: grpc.ServicerContext, handler: Handler, request: Any, inputs: Properties) -> None:
        if self._connection is not None and self._connection.validate_on_preview:
            with outcome(context, handler, None, frozenset()):
                handler.validate(inputs.values, self._operation(request, handler))

    def _handler(self, request: Any, context: grpc.ServicerContext) -> Handler:
        """The handler of a request; from now on this thread's messages are without the secrets of request and connection."""
        note_request(request)
        note_texts(self._secret_texts)
        note_settings_place(place_of(self._run, request.urn))
        handler = handler_of(Urn.parse(request.urn).type if request.urn else request.type)
        if handler is None:
            abort(
                context,
                grpc.StatusCode.INVALID_ARGUMENT,
                f"There is no resource {request.type or request.urn} in this provider.",
            )
        return handler

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

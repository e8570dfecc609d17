"""JwtGrant: the proof that the login works, repeated by every `up` and every drift check.

That of a retiring generation is repeated when something of it changed, and until it succeeds: whether clients still use it is read in the
org's login history, and a proof every night would look like one.

A failing proof keeps the resource in state (the next `up` tries again by Update) and says what the org answered, what it means and
what to do. `verified: false` is for a grant that the org refused; where the administrator's own login fails, nothing is concluded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from orgkey.metadata.check import Problem
from orgkey.model.connection import Connection
from orgkey.model.grant import NEW_EXTERNAL_APP_MINUTES, JwtGrantArgs, longest_propagation
from orgkey.provider.handler import (
    Diff,
    Handler,
    ImportRefusedError,
    InitFailedError,
    Operation,
    ReadResult,
    Values,
    unknown_outputs,
)
from orgkey.provider.login_diagnosis import command_for, diagnosis_of
from orgkey.provider.model_inputs import as_args, changed, check_model
from orgkey.provider.retired import is_retiring
from orgkey.provider.same_org import has_moved, same_address
from orgkey.salesforce.app_sessions import end_sessions
from orgkey.salesforce.error_table import Retry
from orgkey.salesforce.errors import GrantRefusedError, SalesforceError, SettingError, UnusableKeyError
from orgkey.salesforce.grant import (
    JwtLogin,
    Proof,
    StillGrantedError,
    audiences,
    prove,
    prove_within,
    refused_within,
)
from orgkey.salesforce.oauth import retry_of
from orgkey.salesforce.retry import retry_refused

_PROVES_NOTHING = {"propagationMinutes", "generations", "unusedAfterDays"}
"""Inputs that could not make another proof necessary: how long to wait for a login, and what to say of other generations."""
_OUTPUTS = ("verified", "reasonCode", "reason", "diagnosis", "orgId", "orgKind", "userId", "scopes", "audience")


class JwtGrantHandler(Handler):
    """See the module."""

    name: ClassVar[str] = "JwtGrant"
    concludes: ClassVar[bool] = True
    has_to_be_deleted: ClassVar[bool] = False
    secret_outputs: ClassVar[frozenset[str]] = frozenset({"privateKeyPem"})
    seconds: ClassVar[float] = NEW_EXTERNAL_APP_MINUTES * 60 + 300  # the propagation, and the proof itself
    derived: ClassVar[Mapping[str, frozenset[str]]] = {"instanceUrl": frozenset({"audience"})}

    def check(self, values: Values, connection: Connection | None, now: float) -> tuple[Values, list[Problem]]:
        if values.get("instanceUrl") is None and connection is not None:
            values = {**values, "instanceUrl": connection.instance_url}
        return check_model(JwtGrantArgs, values)

    def diff(self, old_inputs: Values, old_outputs: Values, inputs: Values, now: float) -> Diff:
        failing = old_outputs.get("verified") is bool(old_inputs.get("blocked"))
        names = [name for name in JwtGrantArgs.names() if name not in _PROVES_NOTHING]
        return Diff(inputs=changed(names, old_inputs, inputs), outputs=["verified", "reason"] if failing else [])

    def plan(self, inputs: Values, old_outputs: Values | None, diff: Diff | None) -> Values:
        return unknown_outputs(inputs, _OUTPUTS)

    def create(self, inputs: Values, operation: Operation) -> tuple[str, Values]:
        args = _args(inputs, operation)
        start = datetime.fromisoformat(args.deployed_at).timestamp() if args.deployed_at else operation.clock.now()
        minutes = longest_propagation(args.app_kind, args.propagation_minutes)
        window = Window(start, minutes, certificate_changed=True)
        return _id(args, operation), self._prove(inputs, args, operation, window)

    def read(self, resource_id: str, inputs: Values, outputs: Values, operation: Operation) -> ReadResult | None:
        if not inputs:
            raise ImportRefusedError(
                "A JwtGrant cannot be imported: it is a proof, and every `pulumi up` makes it anew."
            )
        if has_moved(outputs, operation):
            return None
        args = as_args(JwtGrantArgs, inputs)
        if is_retiring(operation.urn, inputs) and not args.blocked and outputs.get("verified") is True:
            return ReadResult(resource_id, inputs, outputs)  # a login would look as if somebody still used it
        if outputs.get("verified") is True:
            from orgkey.identity.reading import take_as_sound

            take_as_sound(
                args.private_key_pem
            )  # proving it again takes 50 ms, of an `up` and of each org of a drift check
        attempt = _attempt(args, operation)
        try:
            return ReadResult(resource_id, inputs, _proved(inputs, attempt(), operation))
        except GrantRefusedError as error:
            if retry_of(error) is Retry.LATER:  # a limit says nothing about the login
                raise
            if args.blocked:
                return ReadResult(resource_id, inputs, _blocked(inputs, error, operation))
            # No failure of the Read: every `up` begins with one, by the user of the last one, and a warning of the engine's would
            # stand beside the proof in which the same `up` ends. The outputs are drift by themselves (`diff`).
            refused = _refused(inputs, outputs, args, error, operation)
            operation.info(f"Before this run: {_verdict(args, error, refused, operation)}")
            return ReadResult(resource_id, inputs, refused)

    def update(
        self, resource_id: str, old_inputs: Values, old_outputs: Values, inputs: Values, operation: Operation
    ) -> Values:
        args = _args(inputs, operation)
        written = set(changed(JwtGrantArgs.names(), old_inputs, inputs))
        start = datetime.fromisoformat(args.deployed_at).timestamp() if args.deployed_at else 0.0
        if written:  # what the login depends on was changed within this very `up`
            start = max(start, operation.clock.now())
        is_new = "userId" not in old_outputs or "consumerKey" in written  # no login by this key was ever proved
        minutes = longest_propagation(args.app_kind if is_new else "", args.propagation_minutes)
        return self._prove(inputs, args, operation, Window(start, minutes, certificate_changed="deployedAt" in written))

    def delete(self, resource_id: str, old_inputs: Values, old_outputs: Values, operation: Operation) -> None:
        """Nothing to remove: a proof leaves nothing in the org."""

    def _prove(self, inputs: Values, args: JwtGrantArgs, operation: Operation, window: Window) -> Values:
        """Prove the login; where it fails for the certificate of an app that this run has not deployed, deploy the app and prove again.

        Of a blocked app the refusal is proved.
        """
        if args.blocked:
            return self._prove_blocked(inputs, args, operation, window)
        try:
            try:
                return _proved(inputs, _proof(args, operation, window), operation)
            except GrantRefusedError as error:
                if retry_of(error) is not Retry.CERTIFICATE or not _deploy_again(inputs, args, error, operation):
                    raise
            again = Window(operation.clock.now(), window.minutes, certificate_changed=True)
            return _proved(inputs, _proof(args, operation, again), operation)
        except GrantRefusedError as error:
            refused = _refused(inputs, {}, args, error, operation)
            reasons = [_verdict(args, error, refused, operation)]
            raise InitFailedError(_id(args, operation), refused, reasons) from error

    def _prove_blocked(self, inputs: Values, args: JwtGrantArgs, operation: Operation, window: Window) -> Values:
        """Wait until the login is refused, then end what the app gave out before."""
        attempt = _attempt(args, operation)
        until = min(window.start + window.minutes * 60, operation.clock.now() + operation.seconds_left)
        try:
            refusal = refused_within(attempt, clock=operation.clock, until=until, progress=operation.progress)
        except StillGrantedError as error:
            raise InitFailedError(_id(args, operation), {**inputs, "verified": True}, [str(error)]) from error
        ended = end_sessions(operation.org, args.app_label or "")
        operation.info(f"the login of {args.username} is refused ({refusal.in_short}); {ended.in_words}")
        return _blocked(inputs, refusal, operation)


@dataclass(frozen=True, slots=True)
class Window:
    """For how long a refusal may be a change that is still propagating: from a moment (Unix time) on, for so many minutes."""

    start: float
    minutes: float
    certificate_changed: bool


def _proof(args: JwtGrantArgs, operation: Operation, window: Window) -> Proof:
    until = min(window.start + window.minutes * 60, operation.clock.now() + operation.seconds_left)
    return prove_within(
        _attempt(args, operation),
        clock=operation.clock,
        until=until,
        certificate_changed=window.certificate_changed,
        progress=operation.progress,
    )


def _deploy_again(inputs: Values, args: JwtGrantArgs, error: GrantRefusedError, operation: Operation) -> bool:
    """Send the app once more whose certificate the org no longer takes; False where this run has sent it already, or knows none.

    What goes wrong there is told beside the refusal of the login.
    """
    app = operation.run.apps.get(args.consumer_key)
    if app is None or app.is_written(operation.run):
        return False
    operation.info(
        f"the org refuses the login for its certificate ({error.in_short}): deploying the app {app.id} again"
    )
    try:
        app.deploy_again(operation)
    except (InitFailedError, SalesforceError) as failure:
        refused = _refused(inputs, {}, args, error, operation)
        reasons = [
            _verdict(args, error, refused, operation),
            f"The app {app.id} was to be deployed again, and that failed: {failure}",
        ]
        raise InitFailedError(_id(args, operation), refused, reasons) from failure
    return True


def _args(inputs: Values, operation: Operation) -> JwtGrantArgs:
    """Inputs that a program gives now; raises SettingError where they name another org than the provider's.

    What a state says is not asked: its My Domain may have been renamed since.
    """
    args = as_args(JwtGrantArgs, inputs)
    if args.instance_url and not same_address(args.instance_url, operation.org.url):
        raise SettingError(
            f"The JWT login of {args.username} cannot be tried: instanceUrl is {args.instance_url}, and the provider's org is "
            f"{operation.org.url}.\nLeave the grant's instanceUrl out: it is its provider's."
        )
    return args


def _attempt(args: JwtGrantArgs, operation: Operation) -> Callable[[], Proof]:
    """One try of the whole proof. Asks first which org this is: a failing administrator's login is never blamed on the grant."""
    identity = operation.snapshot.identity()
    ladder = audiences(operation.org.url, args.app_kind, identity.kind, args.audience)

    login = JwtLogin(args.consumer_key, args.username, args.private_key_pem)

    def once() -> Proof:
        try:
            return prove(
                operation.org.transport,
                operation.org.url,
                login,
                ladder=ladder,
                api_version=operation.connection.api_version,
                revoke=args.revoke,
            )
        except UnusableKeyError as error:
            raise SettingError(
                f"The JWT login of {args.username} cannot be tried: {error}.\nCheck privateKeyPem."
            ) from None

    return lambda: retry_refused(once, clock=operation.clock)


def _proved(inputs: Values, proof: Proof, operation: Operation) -> dict[str, Any]:
    return {
        **inputs,
        "verified": True,
        "reasonCode": "",
        "reason": "",
        "diagnosis": "",
        "orgId": proof.org_id,
        "orgKind": operation.snapshot.identity().kind,
        "userId": proof.user_id,
        "scopes": list(proof.scopes),
        "audience": proof.audience,
    }


def _blocked(inputs: Values, refusal: GrantRefusedError, operation: Operation) -> dict[str, Any]:
    """What is known of a login that is to be refused, and is."""
    identity = operation.snapshot.identity()
    nothing: dict[str, Any] = {"diagnosis": "", "userId": "", "scopes": [], "audience": ""}
    org = {"orgId": identity.org_id, "orgKind": identity.kind}
    return {**inputs, **nothing, **org, "verified": False, "reasonCode": refusal.code, "reason": refusal.text}


def _refused(
    inputs: Values, outputs: Values, args: JwtGrantArgs, error: GrantRefusedError, operation: Operation
) -> dict[str, Any]:
    """`orgId` is the org that refused: after a sandbox refresh another than the one that is known."""
    known, identity = {name: outputs[name] for name in _OUTPUTS if name in outputs}, operation.snapshot.identity()
    org = {"orgId": identity.org_id, "orgKind": identity.kind}
    why = {"reasonCode": error.code, "reason": error.text, "diagnosis": diagnosis_of(args, error, operation)}
    return {**inputs, **known, **org, "verified": False, **why}


def _id(args: JwtGrantArgs, operation: Operation) -> str:
    """The user name, unless it is a secret: Pulumi keeps ids in clear."""
    return "login" if "username" in operation.secrets else args.username


def _verdict(args: JwtGrantArgs, error: GrantRefusedError, refused: Values, operation: Operation) -> str:
    why = f"\nWhy: {refused['diagnosis']}." if refused["diagnosis"] else ""
    return (
        f"The JWT login of {args.username} does not work. {error}{why}\nTo see it all: `{command_for(operation.urn)}`"
    )

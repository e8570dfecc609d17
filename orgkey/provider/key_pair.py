"""KeyPair: the RSA key, its certificate and the app's consumer key, made once and kept as encrypted state.

Renew (a new certificate for the same key) and rekey (a new key) are updates: no client notices the first, every client must change
after the second. Nothing here touches an org.
"""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from orgkey.identity.inputs import key_pair_problems
from orgkey.metadata.check import Problem
from orgkey.model.connection import Connection
from orgkey.model.key_pair import RENEW_JITTER, KeyPairArgs, KeyPairInputs
from orgkey.provider.handler import Diff, Handler, ImportRefusedError, Operation, ReadResult, Values, unknown_outputs
from orgkey.provider.model_inputs import as_args, changed, check_model, replacing
from orgkey.provider.setting_places import SETTINGS_AT
from orgkey.provider.wire import UNKNOWN, Unknown, has_unknown

if TYPE_CHECKING:
    from orgkey.identity.key_pair import KeyPair

_CONSUMER_KEY_LENGTH = 64
_OF_THE_KEY = ("privateKeyPem", "publicKeySha256")
_OF_THE_CERTIFICATE = (
    "certificatePem",
    "certificateFingerprint",
    "csrPem",
    "serial",
    "notBefore",
    "notAfter",
    "renewAt",
    "renewalDue",
)
REKEY = frozenset({"bits", "generation", "privateKeyPem"})
"""Inputs whose change makes a new key."""
_REKEY_WARNING = (
    "a new key pair under the same consumer key: every client must get the new key, and the old one stops working "
    "as soon as the new certificate has propagated"
)
_OWN = frozenset({"privateKeyPem", "certificatePem"})
RENEW = frozenset({"subject", "validityDays", "certificatePem"})
"""Inputs whose change makes a new certificate for the same key."""
_DATED_BY = frozenset({"renewAfter", "renewJitter"})
"""Inputs whose change moves the renewal."""
_RENEWAL = ("renewAt", "renewalDue")


class KeyPairHandler(Handler):
    """See the module."""

    name: ClassVar[str] = "KeyPair"
    secret_outputs: ClassVar[frozenset[str]] = frozenset({"privateKeyPem"})
    derived: ClassVar[Mapping[str, frozenset[str]]] = {
        "subject": frozenset({"certificatePem", "csrPem"}),
        "certificatePem": frozenset({"csrPem"}),
    }
    lives_in_org: ClassVar[bool] = False

    def check(self, values: Values, connection: Connection | None, now: float) -> tuple[Values, list[Problem]]:
        inputs, problems = check_model(KeyPairInputs, values)
        inputs.pop(SETTINGS_AT, None)  # for messages alone: `setting_places`
        if problems:
            return inputs, problems
        judged = (inputs.get(name) for name in ("subject", "privateKeyPem", "certificatePem"))
        return inputs, [Problem(*found) for found in key_pair_problems(*judged, now=time.time())]

    def cautions(self, inputs: Values) -> list[str]:
        certificate = inputs.get("certificatePem")
        if not isinstance(certificate, str):
            return []
        from orgkey.identity.reading import read_certificate, weak_signature

        weak = weak_signature(read_certificate(certificate))
        return [weak] if weak else []

    def diff(self, old_inputs: Values, old_outputs: Values, inputs: Values, now: float) -> Diff:
        names = changed(KeyPairArgs.names(), old_inputs, inputs)
        written_anew = _written_anew(names, old_outputs, inputs)
        names = [name for name in names if name not in written_anew]
        due = not inputs.get("privateKeyPem") and _is_due(old_outputs, now)
        warnings = [_REKEY_WARNING] if _is_rekey(names, inputs) else []
        outputs = ["renewalDue"] if due else []
        return Diff(inputs=names, outputs=outputs, replaces=replacing(KeyPairArgs, names), warnings=warnings)

    def public_key(self, old_inputs: Values, old_outputs: Values, inputs: Values) -> str:
        """One's own key tells; of one made here the outputs do, unless it is to be made anew."""
        own = inputs.get("privateKeyPem")
        if isinstance(own, str):
            from orgkey.identity.key_pair import public_key_sha256

            return public_key_sha256(own)
        is_new = _is_rekey(changed(KeyPairArgs.names(), old_inputs, inputs), inputs)
        return "" if is_new else str(old_outputs.get("publicKeySha256") or "")

    def plan(self, inputs: Values, old_outputs: Values | None, diff: Diff | None) -> Values:
        if old_outputs is None or diff is None:
            own, certificate = inputs.get("privateKeyPem"), inputs.get("certificatePem")
            if isinstance(own, str) and isinstance(
                certificate, str
            ):  # nothing has to be made: all but the consumer key is known
                from orgkey.identity.key_pair import load_key_pair

                known = {name: value for name, value in inputs.items() if not has_unknown(value)}
                consumer_key = known.get("consumerKey") or UNKNOWN
                outputs = _outputs(
                    as_args(KeyPairArgs, known), inputs, load_key_pair(own, certificate), consumer_key, 0.0
                )
                later = _RENEWAL if any(has_unknown(inputs.get(name)) for name in _DATED_BY) else ()
                return {**outputs, **dict.fromkeys(later, UNKNOWN)}
            planned = unknown_outputs(inputs, (*_OF_THE_KEY, *_OF_THE_CERTIFICATE, "consumerKey"))
            if inputs.get("consumerKey"):
                planned["consumerKey"] = inputs["consumerKey"]
            return planned
        rekey, renew = _is_rekey(diff.inputs, inputs), _is_renewal(diff, inputs)
        unknown = (
            *(_OF_THE_KEY if rekey else ()),
            *(_OF_THE_CERTIFICATE if rekey or renew else ()),
            *(_RENEWAL if _DATED_BY & set(diff.inputs) else ()),
        )
        planned = {**old_outputs, **_plain_inputs(inputs), **dict.fromkeys(unknown, UNKNOWN)}
        given = inputs.get("consumerKey")
        consumer_key = given if given or given is UNKNOWN else old_outputs.get("consumerKey", UNKNOWN)
        return {**planned, "consumerKey": consumer_key}

    def create(self, inputs: Values, operation: Operation) -> tuple[str, Values]:
        args = as_args(KeyPairArgs, inputs)
        pair = _make(args, None, operation.clock.now())
        consumer_key = args.consumer_key or _new_consumer_key()
        return pair.public_key_sha256[:16], _outputs(args, inputs, pair, consumer_key, operation.clock.now())

    def read(self, resource_id: str, inputs: Values, outputs: Values, operation: Operation) -> ReadResult | None:
        if not outputs:
            raise ImportRefusedError(
                "A KeyPair cannot be imported: no org gives a private key away.\n"
                "Give your own with orgkey:key.privateKeyPem (a secret) and orgkey:key.certificatePem.",
            )
        return ReadResult(resource_id, inputs, {**outputs, "renewalDue": _is_due(outputs, operation.clock.now())})

    def update(
        self, resource_id: str, old_inputs: Values, old_outputs: Values, inputs: Values, operation: Operation
    ) -> Values:
        from orgkey.identity.key_pair import load_key_pair

        args, now = as_args(KeyPairArgs, inputs), operation.clock.now()
        diff = self.diff(old_inputs, old_outputs, inputs, now)
        if _is_rekey(diff.inputs, inputs):
            operation.progress("rekey: a new key pair; every client must get the new key")
            pair = _make(args, None, now)
        elif _is_renewal(diff, inputs):
            operation.progress("renew: a new certificate for the same key; no client notices")
            pair = _make(args, str(old_outputs["privateKeyPem"]), now)
        else:
            pair = load_key_pair(str(old_outputs["privateKeyPem"]), str(old_outputs["certificatePem"]))
        outputs = _outputs(args, inputs, pair, args.consumer_key or str(old_outputs["consumerKey"]), now)
        is_same = outputs["certificateFingerprint"] == old_outputs.get("certificateFingerprint")
        if is_same and not _DATED_BY & set(diff.inputs):  # a renewal that was announced stays where it is
            outputs |= {name: old_outputs[name] for name in ("renewAt",) if old_outputs.get(name)}
            outputs["renewalDue"] = _is_due(outputs, now)
        return outputs

    def delete(self, resource_id: str, old_inputs: Values, old_outputs: Values, operation: Operation) -> None:
        """Nothing to remove: the key leaves with the state."""


def _is_rekey(names: Iterable[str], inputs: Values) -> bool:
    """Whether changed inputs mean another key; what only a key made here is made of does not matter beside one's own."""
    return bool(set(names) & ({"privateKeyPem"} if inputs.get("privateKeyPem") else REKEY))


def _is_renewal(diff: Diff, inputs: Values) -> bool:
    """Whether a difference means another certificate for the same key."""
    own = bool(inputs.get("privateKeyPem"))
    return "renewalDue" in diff.outputs or bool(set(diff.inputs) & ({"certificatePem"} if own else RENEW))


def _written_anew(names: Iterable[str], old_outputs: Values, inputs: Values) -> set[str]:
    """Changed inputs that mean the same key or certificate as before: other line ends, PKCS #1 for PKCS #8, a chain around it."""
    changed_ones = _OWN & set(names)
    key, certificate = inputs.get("privateKeyPem"), inputs.get("certificatePem")
    if not changed_ones or not isinstance(key, str) or not isinstance(certificate, str):
        return set()
    from orgkey.identity.key_pair import certificate_fingerprint, public_key_sha256

    same = {
        "privateKeyPem": public_key_sha256(key) == old_outputs.get("publicKeySha256"),
        "certificatePem": certificate_fingerprint(certificate, key) == old_outputs.get("certificateFingerprint"),
    }
    return {name for name in changed_ones if same[name]}


def _make(args: KeyPairArgs, private_key_pem: str | None, now: float) -> KeyPair:
    from orgkey.identity.key_pair import certify, generate_key, load_key_pair

    if args.private_key_pem and args.certificate_pem:
        return load_key_pair(args.private_key_pem, args.certificate_pem)
    key = private_key_pem or generate_key(args.bits)
    return certify(key, subject=args.subject, validity_days=args.validity_days, now=datetime.fromtimestamp(now, UTC))


def _outputs(
    args: KeyPairArgs, inputs: Values, pair: KeyPair, consumer_key: str | Unknown, now: float
) -> dict[str, Any]:
    certificate = pair.certificate
    outputs = {
        **_plain_inputs(inputs),
        "privateKeyPem": pair.private_key_pem,
        "publicKeySha256": pair.public_key_sha256,
        "certificatePem": certificate.pem,
        "certificateFingerprint": certificate.fingerprint,
        "csrPem": pair.csr_pem,
        "serial": certificate.serial,
        "notBefore": _iso(certificate.not_before),
        "notAfter": _iso(certificate.not_after),
        "renewAt": _iso(pair.renew_at(args.renew_after, _jitter(args))),
        "consumerKey": consumer_key,
    }
    return {**outputs, "renewalDue": _is_due(outputs, now)}


def _jitter(args: KeyPairArgs) -> float:
    if args.renew_jitter is not None:
        return args.renew_jitter
    return 0.0 if args.private_key_pem else RENEW_JITTER


def _plain_inputs(inputs: Values) -> dict[str, Any]:
    return {
        name: value for name, value in inputs.items() if name not in {"privateKeyPem", "certificatePem", "consumerKey"}
    }


def _is_due(outputs: Values, now: float) -> bool:
    return bool(outputs.get("renewAt")) and datetime.fromisoformat(str(outputs["renewAt"])).timestamp() <= now


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _new_consumer_key() -> str:
    """A consumer key of letters and digits (platform notes 1.3), unique in all of Salesforce by its 380 bits."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(_CONSUMER_KEY_LENGTH))

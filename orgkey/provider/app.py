"""ConnectedApp and ExternalClientApp: the OAuth app that trusts the certificate.

The consumer key is sent while the app has none and compared after it: the platform can answer Succeeded and keep another key (notes 2.4).
The certificate is sent with every deploy, because an update without it clears it; where an org gives it back, one that is not ours shows.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

from orgkey.metadata.certificate import fingerprint
from orgkey.metadata.identifiers import name_key
from orgkey.metadata.members import ROOT_MEMBER
from orgkey.metadata.ownership import Ownership
from orgkey.metadata.parse import Found
from orgkey.provider.admitted import admit_after, admit_before, unseen_links, with_links
from orgkey.provider.adoption import is_deployed
from orgkey.provider.app_preflight import app_verdicts, key_verdict, other_kind_verdict, replacement_verdicts
from orgkey.provider.cut_off import cut_off
from orgkey.provider.engine_run import resource_key
from orgkey.provider.giving_way import make_room, make_room_for_key, with_room
from orgkey.provider.handler import Diff, ImportRefusedError, InitFailedError, Operation, ReadResult, Values
from orgkey.provider.metadata_resource import MetadataHandler
from orgkey.provider.wire import UNKNOWN
from orgkey.salesforce import soql
from orgkey.salesforce.app_links import links_of
from orgkey.salesforce.apps import ID_PREFIX, is_there, package_of, read_app
from orgkey.salesforce.apps import record_id as app_id
from orgkey.salesforce.deploy_job import ComponentResult
from orgkey.salesforce.errors import ConflictError, DeployFailedError, RefusedError, host_of
from orgkey.salesforce.preflight_judge import API, METADATA, SETUP, Need
from orgkey.salesforce.preflight_table import State, Verdict
from orgkey.salesforce.read import other_kind
from orgkey.salesforce.side_by_side import side_by_side

_THROW_AWAY_BITS = 2048


class AppHandler(MetadataHandler):
    """See the module."""

    thing: ClassVar[str] = "app"
    needs: ClassVar[tuple[Need, ...]] = (API, SETUP, METADATA)

    own_outputs: ClassVar[tuple[str, ...]] = (
        "appId",
        "orgId",
        "instanceUrl",
        "claim",
        "claimFound",
        "revision",
        "deployedAt",
        "members",
        "otherParts",
        "carriedOver",
        "notKept",
        "adopted",
        "copiedFrom",
        "deployedCertificate",
        "certificateReturned",
    )

    def questions(self, inputs: Values) -> list[str]:
        return [soql.external_client_app(str(inputs["name"]))]

    def ask_first(self, inputs: Values, operation: Operation) -> None:
        """As for all metadata; beside it, once it is known which org this is, whether there is an app of the other kind."""
        first, other = partial(super().ask_first, inputs, operation), other_kind(self.resource)
        look = partial(is_there, operation.snapshot, other, str(inputs["name"]))
        tasks: list[Callable[[], object]] = [first, look]
        side_by_side(tasks if operation.org.known else [first])

    def asked_after(self, inputs: Values, successes: Sequence[ComponentResult]) -> list[str]:
        """Whom the app admits, which is compared next; where the deploy does not tell its id, that is asked first."""
        deployed = self._deployed_id(str(inputs["name"]), successes)
        return [soql.links(deployed)] if deployed else []

    def _deployed_id(self, name: str, successes: Sequence[ComponentResult]) -> str:
        """The app's record id by the answer of its deploy; empty where that does not tell."""
        root, prefix = ROOT_MEMBER[self.resource], ID_PREFIX[self.resource]
        ids = (each.record_id for each in successes if each.type == root and name_key(each.full_name) == name_key(name))
        return next((each for each in ids if each.startswith(prefix)), "")

    def validated_inputs(self, inputs: Values, operation: Operation) -> Values:
        """A throw-away certificate and consumer key where the real ones are not made yet; only sets that the org has already."""
        known = dict(inputs)
        if known.get("certificatePem") is UNKNOWN:
            from orgkey.identity.key_pair import certify, generate_key

            now = datetime.fromtimestamp(operation.clock.now(), UTC)
            known["certificatePem"] = certify(
                generate_key(_THROW_AWAY_BITS), subject="CN=preview", validity_days=1, now=now
            ).certificate.pem
        if known.get("consumerKey") is UNKNOWN:
            known["consumerKey"] = secrets.token_hex(32)
        sets = [str(name) for name in known.get("permissionSets") or () if name is not UNKNOWN]
        found_sets = operation.snapshot.rows(*(soql.permission_set(name) for name in sets)) if sets else []
        return {**known, "permissionSets": [name for name, rows in zip(sets, found_sets, strict=True) if rows]}

    def diff(self, old_inputs: Values, old_outputs: Values, inputs: Values, now: float) -> Diff:
        """As for all metadata, with a word on who is cut off by a new certificate.

        Where an import cannot read the certificate, one's own is taken for the one that is there: it is sent, and shows nothing.
        """
        diff = super().diff(old_inputs, old_outputs, inputs, now)
        if "certificatePem" not in diff.inputs:
            return diff
        unread = (
            not old_inputs.get("certificatePem")
            and bool(old_inputs.get("consumerKey"))
            and not is_deployed(old_outputs)
        )
        if unread and inputs.get("certificatePem") is not UNKNOWN:
            diff = replace(diff, inputs=[name for name in diff.inputs if name != "certificatePem"])
        warning = cut_off(str(inputs.get("name")), old_inputs, old_outputs, inputs)
        return replace(diff, warnings=[*diff.warnings, warning]) if warning else diff

    def replacing(self, names: Sequence[str], old_inputs: Values, old_outputs: Values, inputs: Values) -> list[str]:
        """Neither a consumer key that the app has already needs another app, nor the first one of an app that has none."""
        stays = inputs.get("consumerKey") == old_outputs.get("consumerKey") or not old_inputs.get("consumerKey")
        found = super().replacing(names, old_inputs, old_outputs, inputs)
        return [name for name in found if name != "consumerKey" or not stays]

    def replacement_warning(self, old_inputs: Values, replaces: Sequence[str]) -> str:
        warning = super().replacement_warning(old_inputs, replaces)
        cut_off = "; clients that use the present consumer key are cut off" if "consumerKey" in replaces else ""
        renamed = (
            "; its clients are cut off until the new one works. A generation that retires keeps a name of its own where "
            "orgkey:retiring gives it, and orgkey:generation renames an app without cutting anybody off"
        )
        return warning + cut_off + (renamed if "name" in replaces else "")

    def app_key(self, inputs: Values, outputs: Values) -> str:
        return str(outputs.get("consumerKey") or inputs.get("consumerKey") or "")

    def record_id(self, outputs: Values) -> str:
        return str(outputs.get("appId") or "")

    def preflight(self, inputs: Values, before: Values | None, operation: Operation) -> list[Verdict]:
        """Whether the login may make such an app, and whose its name is, in either kind."""
        return app_verdicts(self, self.needs, inputs, before, operation)

    def before_deletion(self, old_inputs: Values, inputs: Values, operation: Operation) -> list[Verdict]:
        """Whether somebody has the new one's name, in either kind, or its consumer key."""
        return replacement_verdicts(self, old_inputs, inputs, operation)

    def refuse_conflict(self, inputs: Values, operation: Operation) -> None:
        verdict = other_kind_verdict(self, inputs, operation)
        if verdict.state is State.WRONG:
            raise ConflictError(verdict.text)

    def read(self, resource_id: str, inputs: Values, outputs: Values, operation: Operation) -> ReadResult | None:
        """As for all metadata; an import of what a package brought is refused as that, and not as something that is not there."""
        result = super().read(resource_id, inputs, outputs, operation)
        if result is None and not inputs and not outputs:
            package = package_of(operation.snapshot, self.resource, resource_id)
            if package:
                raise ImportRefusedError(
                    f"The {self.resource} {resource_id} in {host_of(operation.org.url)} belongs to the package {package}: "
                    "its publisher alone changes it, and an org does not show its settings.\n"
                    "Make an app of your own with another name, and do not import this one."
                )
        return result

    def find(
        self, name: str, operation: Operation, *, known_names: Mapping[str, str] | None = None, record_id: str = ""
    ) -> Found | None:
        app = read_app(operation.snapshot, self.resource, name, known_names=known_names, known_id=record_id)
        if app is None:
            return None
        if isinstance(app.links, RefusedError):
            operation.partly_read(unseen_links(name, app.links, operation))
        elif app.links:
            return with_links(app.found, links_of(app.links, operation.snapshot.identity().namespace))
        return self.as_listed(app.found, operation)

    def as_listed(self, found: Found, operation: Operation) -> Found:
        """What the document itself lists, with API names."""
        return found

    def seen_outputs(self, name: str, outputs: Values, operation: Operation) -> Values:
        return {"appId": app_id(operation.snapshot, self.resource, name)}

    def refuse_adoption(self, found: Found, inputs: Values, ownership: Ownership, operation: Operation) -> None:
        found_key = str(found.settings.get("consumerKey") or "")
        if not found_key or found_key == inputs["consumerKey"] or self.keeps_its_key(ownership):
            return
        make_room(self, str(inputs["name"]), found, ownership, operation)
        verdict = key_verdict(self, found, inputs, operation)
        if verdict.state is State.WRONG:
            raise ConflictError(verdict.text)

    def create(self, inputs: Values, operation: Operation) -> tuple[str, Values]:
        create = partial(super().create, inputs, operation)
        try:
            return with_room(create)
        except DeployFailedError:
            name = str(inputs["name"])
            if resource_key(self.name, name) not in operation.run.gone or self.find(name, operation) is None:
                raise
            return with_room(create)  # it arrived between the look and the deploy

    def seen_facts(self, found: Found, inputs: Values, outputs: Values) -> Values:
        returned = bool(found.settings["certificatePem"]) or bool(outputs.get("certificateReturned"))
        facts: dict[str, Any] = {"certificateReturned": returned}
        if "revision" in outputs and "deployedCertificate" not in outputs:
            # A state from before it was remembered, or a deploy whose answer was lost: then the outputs have what was sent.
            sent, shown = str(outputs.get("certificatePem") or ""), str(found.settings["certificatePem"])
            arrived = bool(shown) and fingerprint(shown) == fingerprint(sent)
            facts["deployedCertificate"] = fingerprint(sent if arrived else str(inputs.get("certificatePem") or ""))
        return facts

    def shows_absence(self, found: Found, facts: Values) -> bool:
        return bool(facts["certificateReturned"]) or not found.settings["consumerKey"]

    def deployed_outputs(
        self, outputs: Values, after: Found | None, successes: Sequence[ComponentResult], operation: Operation
    ) -> Values:
        name = str(outputs["name"])
        if after is not None:
            self._compare_consumer_key(outputs, after, operation)
        return {
            "appId": self._deployed_id(name, successes) or app_id(operation.snapshot, self.resource, name),
            "deployedAt": _now(operation),
            "deployedCertificate": fingerprint(str(outputs["certificatePem"])),
            "certificateReturned": bool(after and after.settings["certificatePem"]),
        }

    def uncertain_outputs(self, operation: Operation) -> Values:
        return {"deployedAt": _now(operation)}  # from then on the proof waits for a propagation that may be under way

    def arrived_outputs(self, outputs: Values, operation: Operation) -> Values:
        certificate = fingerprint(str(outputs["certificatePem"]))
        return {**self.uncertain_outputs(operation), "deployedCertificate": certificate}

    def prepare_deploy(self, inputs: Values, found: Found | None, operation: Operation) -> None:
        """Make room for the consumer key; admit whom an app that is there does not admit yet, that nobody is locked out until the links."""
        make_room_for_key(self, inputs, operation)
        admit_before(self.resource, inputs, found, operation)

    def complete_deploy(self, outputs: Values, operation: Operation) -> None:
        """Make the links that the deploy did not make, and delete those that nobody wants."""
        admit_after(outputs, operation)

    def _compare_consumer_key(self, outputs: Values, after: Found, operation: Operation) -> None:
        name, deployed_key = str(outputs["name"]), str(after.settings.get("consumerKey") or "")
        if deployed_key and deployed_key != outputs["consumerKey"]:
            reason = (
                f"{host_of(operation.org.url)} says that the deploy succeeded, but the app {name} kept another consumer key.\n"
                "Set orgkey:key.consumerKey to the app's own consumer key, or delete the app in the org and run `pulumi up` again."
            )
            raise InitFailedError(
                name, {**outputs, **self.arrived_outputs(outputs, operation), "consumerKey": deployed_key}, [reason]
            )


def _now(operation: Operation) -> str:
    return datetime.fromtimestamp(operation.clock.now(), UTC).isoformat(timespec="milliseconds")

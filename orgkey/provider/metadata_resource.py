"""What PermissionSet, ConnectedApp and ExternalClientApp share: the verbs, by the field table.

Where they differ is in the hooks (`metadata_hooks.py`).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from orgkey.metadata.check import Problem
from orgkey.metadata.compare import differences
from orgkey.metadata.fields import WAYS, fields_of
from orgkey.metadata.members import RESOURCE_MEMBERS
from orgkey.metadata.parse import Found
from orgkey.metadata.render import UnknownPart
from orgkey.model.connection import DEFAULT_API_VERSION, Connection
from orgkey.provider.adoption import is_deployed, is_taken_over, refusal_to_replace
from orgkey.provider.carry_over import carried_over_parts
from orgkey.provider.claims import claim_of, claims, claims_of_copy, next_above, next_claim, says_taken_over
from orgkey.provider.engine_run import resource_key
from orgkey.provider.handler import Diff, Operation, ReadResult, Values, unknown_outputs
from orgkey.provider.metadata_deploy import NOTHING_INHERITED, Inherited, deploy_settings, destroy, try_settings
from orgkey.provider.metadata_hooks import MetadataHooks
from orgkey.provider.metadata_inputs import changed_inputs, check_inputs, in_terms_of_inputs, names_collide, revision_of
from orgkey.provider.owner import MANAGED_BY, managed_by, present_manager
from orgkey.provider.read_back import NOT_KEPT, as_sent
from orgkey.provider.same_name import (
    copied_from_org,
    is_a_later_ones,
    is_anothers,
    is_copy,
    ownership_seen,
    refuse_strangers,
)
from orgkey.provider.same_org import has_moved
from orgkey.provider.wire import UNKNOWN, has_unknown


class MetadataHandler(MetadataHooks):
    """A resource that is a metadata file or several: its verbs."""

    # --- pure ---------------------------------------------------------------------------------------------------------------

    def check(self, values: Values, connection: Connection | None, now: float) -> tuple[Values, list[Problem]]:
        return check_inputs(self.resource, values, float(connection.api_version if connection else DEFAULT_API_VERSION))

    def diff(self, old_inputs: Values, old_outputs: Values, inputs: Values, now: float) -> Diff:
        names = changed_inputs(self.resource, old_inputs, inputs)
        replaces = self.replacing(names, old_inputs, old_outputs, inputs)
        outputs = self._changed_outputs(old_outputs)
        if replaces and is_taken_over(old_outputs):
            refusal = refusal_to_replace(self.resource, replaces, old_inputs, inputs)
            return Diff(inputs=names, outputs=outputs, refusal=refusal)
        return Diff(
            inputs=names,
            outputs=outputs,
            replaces=replaces,
            delete_before_replace=bool(replaces) and names_collide(old_inputs, inputs),
            warnings=[self.replacement_warning(old_inputs, replaces)] if replaces else [],
        )

    def _changed_outputs(self, outputs: Values) -> list[str]:
        """What a Read found that no input tells: parts that are not ours, members that are not there."""
        parts, members = outputs.get("otherParts", []), outputs.get("members")
        shown = {
            "otherParts": parts != outputs.get("carriedOver", parts),
            "claimFound": outputs.get("claimFound", claim_of(outputs)) != claim_of(outputs),
            "members": bool(members) and not set(RESOURCE_MEMBERS[self.resource]) <= set(members or ()),
        }
        return [name for name, differs in shown.items() if differs]

    def plan(self, inputs: Values, old_outputs: Values | None, diff: Diff | None) -> Values:
        if old_outputs is None:
            return unknown_outputs(inputs, self.own_outputs)
        certain = {name: value for name, value in old_outputs.items() if name in self.own_outputs}
        if diff and "claimFound" in diff.outputs:
            certain |= {"claim": UNKNOWN, "claimFound": UNKNOWN}
        return {**inputs, **certain, "revision": UNKNOWN, "deployedAt": UNKNOWN}

    # --- in the org ---------------------------------------------------------------------------------------------------------

    def create(self, inputs: Values, operation: Operation) -> tuple[str, Values]:
        if resource_key(self.name, str(inputs["name"])) in operation.run.gone:
            operation.snapshot.drop()  # it may have arrived since the look
        self.ask_first(inputs, operation)
        operation.snapshot.identity()
        self.refuse_conflict(inputs, operation)
        found = self.find(str(inputs["name"]), operation)
        if found is None:
            return str(inputs["name"]), self.put(inputs, None, operation)
        self._adopt(found, inputs, operation)
        key = resource_key(self.name, str(inputs["name"]))
        org_id = operation.snapshot.identity().org_id
        adopted = operation.run.adopted.get(key, says_taken_over(found.marker, org_id))
        highest = max(found.marker.claim if found.marker else 0, operation.run.claims.get(key, 0))
        inherited = Inherited(
            claim=next_above(highest, taken_over=adopted),
            adopted=adopted,
            carried_over=carried_over_parts(inputs, found.unknown_parts, found.unknown_parts),
            copied_from=copied_from_org(self, found, inputs, {}, operation),
        )
        return str(inputs["name"]), self.put(inputs, found, operation, inherited)

    def read(self, resource_id: str, inputs: Values, outputs: Values, operation: Operation) -> ReadResult | None:
        known_names = outputs.get("members") if outputs else None
        found = self.find(resource_id, operation, known_names=known_names, record_id=self.record_id(outputs))
        org_id = operation.snapshot.identity().org_id
        present = {**inputs, MANAGED_BY: present_manager(found.marker if found else None, inputs, operation)}
        if has_moved(outputs, operation):
            return None
        if found is None:
            operation.run.gone[resource_key(self.name, resource_id)] = outputs
            return None
        if inputs and is_anothers(self, found, present, outputs, operation):
            return None
        facts: dict[str, Any] = {}
        copied = is_taken_over(outputs) and is_copy(found, present, outputs, operation)
        if copied:
            facts = {"adopted": False}  # what was there before the stack went with the org that it was in
            operation.run.adopted[resource_key(self.name, resource_id)] = False
        seen = {**found.settings, MANAGED_BY: managed_by(found.marker, org_id)}
        copied_from = copied_from_org(self, found, inputs, outputs, operation)
        if copied_from:
            facts |= {"consumerKey": seen["consumerKey"], "copiedFrom": copied_from}
            operation.warn(
                f"the {self.in_words} {resource_id} came with a sandbox refresh and keeps the consumer key of org "
                f"{copied_from}: clients of this org must use that one"
            )
        facts |= self.seen_facts(found, inputs, outputs)
        for row in fields_of(self.resource):
            if not row.readable and not seen.get(row.name) and not self.shows_absence(found, facts):
                seen[row.name] = inputs.get(row.name, "")  # unknown: what we sent last stands
            if row.name == "consumerKey" and (copied_from or not seen.get(row.name)):
                seen[row.name] = inputs.get(row.name, "")  # not ours to choose, or to be put back: as above
        ways = [row for row in WAYS[self.resource] if row.name in inputs or not inputs]
        seen |= {row.name: row.value_in(inputs, self.resource) for row in ways}
        written = in_terms_of_inputs(self.resource, as_sent(self.resource, seen, outputs), inputs)
        if "revision" in outputs and self._changed_out_of_band(outputs, seen):
            facts |= {"revision": revision_of(written), **self.uncertain_outputs(operation)}
        parts = [asdict(part) for part in found.unknown_parts]
        facts |= {
            "orgId": org_id,
            "instanceUrl": operation.org.url,
            "members": {kind: name for kind, name in found.names.items() if kind not in found.missing},
            "otherParts": parts,
            "carriedOver": outputs.get("carriedOver", parts),
            **(claims_of_copy(outputs) if copied else claims(found.marker, outputs, org_id)),
            **self.seen_outputs(resource_id, outputs, operation),
        }
        return ReadResult(resource_id, written, {**outputs, **seen, **facts})

    def update(
        self, resource_id: str, old_inputs: Values, old_outputs: Values, inputs: Values, operation: Operation
    ) -> Values:
        org_id = operation.snapshot.identity().org_id
        found = self.find(
            resource_id, operation, known_names=old_outputs.get("members"), record_id=self.record_id(old_outputs)
        )
        claim = next_claim(old_outputs, found.marker if found else None, org_id)
        known = [UnknownPart(**part) for part in old_outputs.get("carriedOver", old_outputs.get("otherParts", []))]
        carried = carried_over_parts(inputs, known, found.unknown_parts if found else ())
        inherited = Inherited(
            claim=claim,
            adopted=is_taken_over(old_outputs),
            carried_over=carried,
            copied_from=copied_from_org(self, found, inputs, old_outputs, operation) if found else "",
            not_kept=old_outputs.get(NOT_KEPT, ()),
        )
        return self.put(inputs, found, operation, inherited)

    def delete(self, resource_id: str, old_inputs: Values, old_outputs: Values, operation: Operation) -> None:
        operation.snapshot.identity()
        known_names, record_id = old_outputs.get("members"), self.record_id(old_outputs)
        found = self.find(resource_id, operation, known_names=known_names, record_id=record_id)
        if found is None or is_anothers(self, found, old_inputs, old_outputs, operation):
            return
        if not is_deployed(old_outputs):  # whatever its marker says: an import takes the former owner's for its input
            operation.warn(
                f"the {self.in_words} {resource_id} was imported and never deployed by this stack: it is left as it is"
            )
            return
        if is_a_later_ones(self, found, resource_id, old_outputs, operation):
            operation.info(
                f"the {self.in_words} {resource_id} was taken over by a later resource of this stack; it is left alone"
            )
            return
        if reason := self.still_used(resource_id, old_inputs, operation):
            operation.warn(f"the {self.in_words} {resource_id} is kept: {reason}")
            return
        destroy(self.resource, resource_id, operation)

    def validate(self, inputs: Values, operation: Operation) -> None:
        known = self.validated_inputs(inputs, operation)
        if any(has_unknown(value) for value in known.values()):
            return  # its own name is not known yet: the org could not judge it
        found = self.find(str(known["name"]), operation)
        try_settings(self, known, found, operation)

    # --- shared steps -------------------------------------------------------------------------------------------------------

    def put(
        self, inputs: Values, found: Found | None, operation: Operation, inherited: Inherited = NOTHING_INHERITED
    ) -> dict[str, Any]:
        """Deploy the settings beside what is there; return the outputs."""
        return deploy_settings(self, inputs, found, operation, inherited)

    def _adopt(self, found: Found, inputs: Values, operation: Operation) -> None:
        refuse_strangers(self, found, inputs, operation)
        ownership = ownership_seen(found, inputs, operation)
        self.refuse_adoption(found, inputs, ownership, operation)
        operation.progress(f"adopting the {self.in_words} {inputs['name']} that is there already: {ownership}")

    def _changed_out_of_band(self, outputs: Values, seen: Values) -> bool:
        """Whether the org holds other settings than the last known: somebody else's, or those of an `up` that was killed.

        Then the proof has something to prove, and a propagation may be under way.
        """
        compared = {row.name for row in fields_of(self.resource) if row.name != "consumerKey"}
        return any(found.path in compared for found in differences(self.resource, outputs, seen))

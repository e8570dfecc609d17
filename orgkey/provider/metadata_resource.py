"""What PermissionSet, ConnectedApp and ExternalClientApp share: settings by the field table, deployed and read back.

Subclasses say what is theirs: how existing things of the same name are judged beyond the ownership marker, and their own outputs.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, ClassVar

from orgkey.metadata.bundle import deployment, destruction
from orgkey.metadata.check import Problem
from orgkey.metadata.compare import differences
from orgkey.metadata.fields import WAYS, OnChange, fields_of
from orgkey.metadata.identifiers import same_id
from orgkey.metadata.members import RESOURCE_MEMBERS, ROOT_MEMBER, Resource, member_names
from orgkey.metadata.ownership import Marker, Ownership, mark
from orgkey.metadata.parse import Found
from orgkey.metadata.parts import switched_off
from orgkey.metadata.render import Member, UnknownPart, render
from orgkey.model.connection import DEFAULT_API_VERSION, Connection
from orgkey.provider.adoption import import_command, is_deployed, is_taken_over, refusal_to_replace
from orgkey.provider.carry_over import carried_over_parts, with_parts
from orgkey.provider.claims import claim_of, claims, next_claim
from orgkey.provider.handler import Diff, Handler, InitFailedError, Operation, ReadResult, Values, unknown_outputs
from orgkey.provider.metadata_inputs import changed_inputs, check_inputs, in_terms_of_inputs, names_collide, revision_of
from orgkey.provider.owner import MANAGED_BY, managed_by, present_manager
from orgkey.provider.read_back import NOT_KEPT, as_sent, read_back
from orgkey.provider.same_org import has_moved
from orgkey.provider.wire import UNKNOWN, has_unknown
from orgkey.salesforce import soql
from orgkey.salesforce.deploy_job import ComponentResult, deploy
from orgkey.salesforce.errors import (
    CanceledError,
    ConflictError,
    DeployFailedError,
    DeployUnfinishedError,
    SalesforceError,
    UnreachableError,
    host_of,
)
from orgkey.salesforce.org_identity import ownership_of
from orgkey.salesforce.preflight_judge import Thing, judge_name
from orgkey.salesforce.preflight_table import State, Verdict
from orgkey.salesforce.read import read_resource
from orgkey.salesforce.side_by_side import side_by_side

_SECOND = 2
"""The claim of whoever takes over what its own stack made; a later one may be of what an import took over before."""
_KINDS = {
    "PermissionSet": "permission set",
    "ConnectedApp": "Connected App",
    "ExternalClientApp": "External Client App",
}


class MetadataHandler(Handler):
    """A resource that is a metadata file or several."""

    resource: ClassVar[Resource]
    own_outputs: ClassVar[tuple[str, ...]]
    """Outputs beyond the inputs."""

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
        if (self.name, str(inputs["name"])) in operation.run.gone:
            operation.snapshot.drop()  # it may have arrived since the look
        self.ask_first(inputs, operation)
        operation.snapshot.identity()
        self.refuse_conflict(inputs, operation)
        found = self.find(str(inputs["name"]), operation)
        if found is None:
            return str(inputs["name"]), self._put(inputs, None, operation)
        self._adopt(found, inputs, operation)
        copied_from = self._copied_from(found, inputs, {}, operation)
        in_state = operation.run.claims.get((self.name, str(inputs["name"])), 0)
        claim = max(found.marker.claim if found.marker else 0, in_state) + 1
        return str(inputs["name"]), self._put(
            inputs,
            found,
            operation,
            claim=claim,
            adopted=operation.run.adopted.get((self.name, str(inputs["name"])), claim > _SECOND),
            carried_over=carried_over_parts(inputs, found.unknown_parts, found.unknown_parts),
            copied_from=copied_from,
        )

    def read(self, resource_id: str, inputs: Values, outputs: Values, operation: Operation) -> ReadResult | None:
        known_names = outputs.get("members") if outputs else None
        found = self.find(resource_id, operation, known_names=known_names, record_id=self.record_id(outputs))
        org_id = operation.snapshot.identity().org_id
        present = {**inputs, MANAGED_BY: present_manager(found.marker if found else None, inputs, operation)}
        if has_moved(outputs, operation):
            return None
        if found is None:
            operation.run.gone[self.name, resource_id] = outputs
            return None
        if inputs and self._is_anothers(found, present, outputs, operation):
            return None
        seen = {**found.settings, MANAGED_BY: managed_by(found.marker, org_id)}
        copied_from = self._copied_from(found, inputs, outputs, operation)
        facts: dict[str, Any] = {}
        if copied_from:
            facts = {"consumerKey": seen["consumerKey"], "copiedFrom": copied_from}
            operation.warn(
                f"the {_KINDS[self.resource]} {resource_id} came with a sandbox refresh and keeps the consumer key of org "
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
            **claims(found.marker, outputs, org_id),
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
        copied_from = self._copied_from(found, inputs, old_outputs, operation) if found else ""
        return self._put(
            inputs,
            found,
            operation,
            claim=claim,
            adopted=is_taken_over(old_outputs),
            carried_over=carried,
            copied_from=copied_from,
            not_kept=old_outputs.get(NOT_KEPT, ()),
        )

    def delete(self, resource_id: str, old_inputs: Values, old_outputs: Values, operation: Operation) -> None:
        operation.snapshot.identity()
        known_names, record_id = old_outputs.get("members"), self.record_id(old_outputs)
        found = self.find(resource_id, operation, known_names=known_names, record_id=record_id)
        if found is None or self._is_anothers(found, old_inputs, old_outputs, operation):
            return
        if not is_deployed(old_outputs):  # whatever its marker says: an import takes the former owner's for its input
            operation.warn(
                f"the {_KINDS[self.resource]} {resource_id} was imported and never deployed by this stack: it is left as it is"
            )
            return
        if self._is_taken_over(found, resource_id, old_outputs, operation):
            operation.info(
                f"the {_KINDS[self.resource]} {resource_id} was taken over by a later resource of this stack; it is left alone"
            )
            return
        if reason := self.still_used(resource_id, old_inputs, operation):
            operation.warn(f"the {_KINDS[self.resource]} {resource_id} is kept: {reason}")
            return
        self.destroy(resource_id, operation)

    def validate(self, inputs: Values, operation: Operation) -> None:
        known = self.validated_inputs(inputs, operation)
        if any(has_unknown(value) for value in known.values()):
            return  # its own name is not known yet: the org could not judge it
        found = self.find(str(known["name"]), operation)
        names = member_names(self.resource, str(known["name"]), found.names if found else None)
        claim = found.marker.claim if found and found.marker else 1
        members = self._members(known, found, names, operation.snapshot.identity().org_id, operation, claim)
        bundle = deployment(members, api_version=operation.connection.api_version)
        deploy(operation.org, bundle, seconds=operation.seconds_left, check_only=True, progress=operation.progress)

    # --- what subclasses say ------------------------------------------------------------------------------------------------

    @abstractmethod
    def find(
        self, name: str, operation: Operation, *, known_names: Mapping[str, str] | None = None, record_id: str = ""
    ) -> Found | None:
        """Read it from the org."""

    @abstractmethod
    def deployed_outputs(
        self, outputs: Values, after: Found | None, successes: Sequence[ComponentResult], operation: Operation
    ) -> Values:
        """The subclass's own outputs after a deploy, beside those known so far; raises when the org did not do what it said.

        `after` is what the org holds by then, as far as it shows it.
        """

    def uncertain_outputs(self, operation: Operation) -> Values:
        """The subclass's own outputs after a deploy that may have arrived."""
        return {}

    def arrived_outputs(self, outputs: Values, operation: Operation) -> Values:
        """The subclass's own outputs after a deploy that arrived, where the org then failed to tell what it made of it."""
        return self.uncertain_outputs(operation)

    def replacement_warning(self, old_inputs: Values, replaces: Sequence[str]) -> str:
        """Why replacing this is dangerous."""
        return (
            f"{', '.join(replaces)} cannot be changed: the {_KINDS[self.resource]} {old_inputs.get('name')} "
            "is recreated: a new one is made and the old one deleted"
        )

    def replacing(self, names: Sequence[str], old_inputs: Values, old_outputs: Values, inputs: Values) -> list[str]:
        """Which of the changed inputs need a new one."""
        replace = {row.name for row in fields_of(self.resource) if row.on_change is OnChange.REPLACE}
        return [name for name in names if name in replace]

    def validated_inputs(self, inputs: Values, operation: Operation) -> Values:
        """Inputs for a check-only deploy, stand-ins for what a preview cannot know."""
        return inputs

    def keeps_its_key(self, ownership: Ownership) -> bool:
        """Whether a copy that a sandbox refresh made keeps the consumer key it came with."""
        return False

    def still_used(self, name: str, inputs: Values, operation: Operation) -> str:
        """Who else would lose something by a deletion, as a sentence; then it is kept."""
        return ""

    @abstractmethod
    def questions(self, inputs: Values) -> list[str]:
        """What a create asks first, in SOQL."""

    def ask_first(self, inputs: Values, operation: Operation) -> None:
        """Ask what a create needs to know, for whoever needs it next."""
        operation.snapshot.prefetch(soql.ORGANIZATION, *self.questions(inputs))

    def asked_after(self, inputs: Values, successes: Sequence[ComponentResult]) -> list[str]:
        """What is asked beside the look at what was written: the record that no deploy tells of."""
        return [] if successes else self.questions(inputs)

    def document(self, inputs: Values, found: Found | None, operation: Operation) -> tuple[Values, Values | None]:
        """The settings as the document has them, and those of what is there: in what is the same in both, it stays as it is."""
        return inputs, found.settings if found else None

    def prepare_deploy(self, inputs: Values, found: Found | None, operation: Operation) -> None:
        """Do what must be done before a deploy, beside it."""

    def make_at_once(self, members: Sequence[Member], operation: Operation) -> bool:
        """Make what is not there by a call that needs no deploy; whether that was done."""
        return False

    def complete_deploy(self, outputs: Values, operation: Operation) -> None:
        """Do what a deploy did not; raises SalesforceError, and the resource goes into state as it is."""

    def seen_outputs(self, name: str, outputs: Values, operation: Operation) -> Values:
        """The subclass's own outputs after a Read."""
        return {}

    def seen_facts(self, found: Found, inputs: Values, outputs: Values) -> Values:
        """The subclass's own outputs that a Read tells from what it found."""
        return {}

    def shows_absence(self, found: Found, facts: Values) -> bool:
        """Whether the org would show a setting that it may withhold, so that it does not have it."""
        return False

    def record_id(self, outputs: Values) -> str:
        """The record's id where state has it."""
        return ""

    def refuse_conflict(self, inputs: Values, operation: Operation) -> None:
        """Raise ConflictError for a reason beyond the name."""

    def refuse_adoption(self, found: Found, inputs: Values, ownership: Ownership, operation: Operation) -> None:
        """Raise ConflictError where something of ours cannot be taken over as it is."""

    # --- shared steps -------------------------------------------------------------------------------------------------------

    def _put(
        self,
        inputs: Values,
        found: Found | None,
        operation: Operation,
        *,
        claim: int = 1,
        adopted: bool = False,
        carried_over: Sequence[UnknownPart] = (),
        copied_from: str = "",
        not_kept: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        name, org_id = str(inputs["name"]), operation.snapshot.identity().org_id
        names = member_names(
            self.resource, name, found.names if found else None, also={part.member for part in carried_over}
        )
        members = self._members(inputs, found, names, org_id, operation, claim, carried_over)
        outputs = {
            **inputs,
            "adopted": adopted,
            "orgId": org_id,
            "instanceUrl": operation.org.url,
            "claim": claim,
            "claimFound": claim,
            "members": names,
            "revision": revision_of(inputs),
            "otherParts": [asdict(part) for part in carried_over],
            "carriedOver": [asdict(part) for part in carried_over],
        }
        if copied_from and found is not None:
            outputs |= {"copiedFrom": copied_from, "consumerKey": found.settings["consumerKey"]}
        if self.resource is not Resource.PERMISSION_SET and found is None:
            del outputs["carriedOver"]  # the org adds elements of its own; the first Read takes them as they are
        self.prepare_deploy(inputs, found, operation)
        try:
            made_at_once = found is None and self.make_at_once(members, operation)
            successes = () if made_at_once else self._deploy(members, operation)
        except (
            DeployUnfinishedError,
            CanceledError,
            UnreachableError,
        ) as error:  # it may have arrived: into state, never lost
            raise InitFailedError(name, {**outputs, **self.uncertain_outputs(operation)}, [str(error)]) from error
        except DeployFailedError as error:
            raise with_parts(error, carried_over) from error
        finally:
            operation.snapshot.drop()
        try:
            after = self._look_again(name, names, self.asked_after(inputs, successes), operation)
            own = self.deployed_outputs(outputs, after, successes, operation)
            outputs |= {**self._read_back(inputs, carried_over, found, after, operation, not_kept), **own}
            self.complete_deploy({**outputs, **inputs, **own}, operation)
        except SalesforceError as error:  # it did arrive: the old revision and date must not stay in state
            raise InitFailedError(
                name, {**outputs, **self.arrived_outputs(outputs, operation)}, [str(error)]
            ) from error
        return outputs

    def _deploy(self, members: Sequence[Member], operation: Operation) -> Sequence[ComponentResult]:
        bundle = deployment(members, api_version=operation.connection.api_version)
        return deploy(operation.org, bundle, seconds=operation.seconds_left, progress=operation.progress).successes

    def _look_again(
        self, name: str, names: Mapping[str, str], also: Sequence[str], operation: Operation
    ) -> Found | None:
        """What the org holds after a write; `also` is asked beside it, for whoever needs it next."""
        snapshot, found = operation.snapshot, list[Found | None]()

        def look() -> None:
            found.append(read_resource(snapshot, self.resource, name, names))

        side_by_side([look, lambda: snapshot.prefetch(*also)] if also else [look])
        return found[0]

    def _read_back(
        self,
        inputs: Values,
        carried_over: Sequence[UnknownPart],
        before: Found | None,
        after: Found | None,
        operation: Operation,
        known: Sequence[Mapping[str, str]],
    ) -> Values:
        """Outputs of what the org made of a deploy; what it does not keep is told here, and never again."""
        if after is None:
            return {}
        outputs, warnings = read_back(self.resource, inputs, carried_over, before, after, known)
        for sentence in warnings:
            operation.warn(sentence)
        return outputs

    def _members(
        self,
        inputs: Values,
        found: Found | None,
        names: Mapping[str, str],
        org_id: str,
        operation: Operation,
        claim: int,
        carried_over: Sequence[UnknownPart] = (),
    ) -> list[Member]:
        manager, version = str(inputs.get(MANAGED_BY) or ""), operation.connection.api_version
        description = mark(str(inputs.get("description") or ""), Marker(manager, org_id, claim) if manager else None)
        settings, previous = self.document(inputs, found, operation)
        if found is not None and previous is not None:
            previous = {**previous, "description": mark(str(found.settings["description"]), found.marker)}
        return render(
            self.resource,
            {**settings, "description": description},
            names,
            api_version=float(version),
            previous=previous,
            carried_over=[*carried_over, *(switched_off(found.unknown_parts, carried_over) if found else ())],
        )

    def destroy(self, name: str, operation: Operation) -> None:
        """Remove the root member; what hangs on it goes with it (platform notes 2.4)."""
        bundle = destruction([(ROOT_MEMBER[self.resource], name)], api_version=operation.connection.api_version)
        try:
            deploy(
                operation.org, bundle, seconds=operation.seconds_left, progress=operation.progress, ignore_warnings=True
            )
        finally:
            operation.snapshot.drop()

    def _adopt(self, found: Found, inputs: Values, operation: Operation) -> None:
        self.refuse_strangers(found, inputs, operation)
        ownership = self._ownership(found, inputs, operation)
        self.refuse_adoption(found, inputs, ownership, operation)
        operation.progress(f"adopting the {_KINDS[self.resource]} {inputs['name']} that is there already: {ownership}")

    def refuse_strangers(self, found: Found, inputs: Values, operation: Operation) -> None:
        """Raise ConflictError for something of our name that is not ours."""
        verdict = self._whose_name(self._thing(found.marker, inputs, operation), inputs, operation)
        if verdict.state is State.WRONG:
            raise ConflictError(verdict.text)

    def _thing(self, marker: Marker | None, inputs: Values, operation: Operation, consumer_key: str = "") -> Thing:
        manager = str(inputs.get(MANAGED_BY) or "")
        return Thing(ownership_of(marker, manager, operation.snapshot.identity()), marker, consumer_key)

    def _whose_name(self, thing: Thing | None, inputs: Values, operation: Operation) -> Verdict:
        name = str(inputs["name"])
        take_over = import_command(self.name, operation.urn, name)
        return judge_name(self.resource, name, thing, host=host_of(operation.org.url), take_over=take_over)

    def _is_anothers(self, found: Found, inputs: Values, outputs: Values, operation: Operation) -> bool:
        """Whether what has our name by now is not ours: then ours is gone, and theirs is not touched.

        Another's marker says so; so does another record without any marker (somebody made it by hand after ours was deleted).
        """
        name = str(inputs["name"])
        ownership = self._ownership(found, inputs, operation)
        if ownership is Ownership.UNMARKED and inputs.get(MANAGED_BY):
            seen, own = self.record_id(self.seen_outputs(name, outputs, operation)), self.record_id(outputs)
            if not own or not seen or same_id(seen, own):
                return False
            whose = "was made by somebody else"
        elif ownership is Ownership.ANOTHERS and found.marker:
            whose = f"is managed by orgkey {found.marker.manager} now"
        else:
            return False
        operation.warn(f"the {_KINDS[self.resource]} {name} {whose}; it is left alone")
        return True

    def _is_taken_over(self, found: Found, name: str, outputs: Values, operation: Operation) -> bool:
        """Whether a later resource of this stack has made this thing or taken it over: then it is that one's to delete (ADR 10).

        A later claim in state says so: a late deploy of an earlier one may have marked the thing again. So does a later claim in the
        marker, and another record under our own marker.
        """
        if operation.run.claims.get((self.name, name), 0) > claim_of(outputs):
            return True
        if found.marker is None or not same_id(found.marker.org_id, operation.snapshot.identity().org_id):
            return False
        seen, own = self.record_id(self.seen_outputs(name, outputs, operation)), self.record_id(outputs)
        another = bool(seen and own) and not same_id(seen, own)
        return another or found.marker.claim > claim_of(outputs)

    def _ownership(self, found: Found, inputs: Values, operation: Operation) -> Ownership:
        return ownership_of(found.marker, str(inputs.get(MANAGED_BY) or ""), operation.snapshot.identity())

    def _copied_from(self, found: Found, inputs: Values, outputs: Values, operation: Operation) -> str:
        """Id of the org whose copy this is, where a copy keeps the consumer key it came with; else an empty string."""
        ownership = self._ownership(found, inputs, operation)
        if (
            self.keeps_its_key(ownership)
            and found.marker
            and found.settings.get("consumerKey") != inputs.get("consumerKey")
        ):
            return found.marker.org_id
        if found.settings.get("consumerKey") == inputs.get("consumerKey"):
            return ""  # the stack took the app's key over: nothing is special about it any more
        return str(outputs.get("copiedFrom") or "")

    def _changed_out_of_band(self, outputs: Values, seen: Values) -> bool:
        """Whether the org holds other settings than the last known: somebody else's, or those of an `up` that was killed.

        Then the proof has something to prove, and a propagation may be under way.
        """
        compared = {row.name for row in fields_of(self.resource) if row.name != "consumerKey"}
        return any(found.path in compared for found in differences(self.resource, outputs, seen))

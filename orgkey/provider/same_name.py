"""Whose the thing is that has a resource's name in the org: this stack's, a later resource's of it, a copy, or somebody else's.

The ownership marker says so, and where there is none the record's id.
"""

from __future__ import annotations

from orgkey.metadata.identifiers import same_id
from orgkey.metadata.ownership import Marker, Ownership
from orgkey.metadata.parse import Found
from orgkey.provider.adoption import import_command
from orgkey.provider.claims import claim_of
from orgkey.provider.engine_run import resource_key
from orgkey.provider.handler import Operation, Values
from orgkey.provider.metadata_hooks import MetadataHooks
from orgkey.provider.owner import MANAGED_BY
from orgkey.salesforce.errors import ConflictError, host_of
from orgkey.salesforce.org_identity import ownership_of
from orgkey.salesforce.preflight_judge import Thing, judge_name
from orgkey.salesforce.preflight_table import State, Verdict


def refuse_strangers(handler: MetadataHooks, found: Found, inputs: Values, operation: Operation) -> None:
    """Raise ConflictError for something of our name that is not ours."""
    verdict = judge_name_of(handler, thing_of(found.marker, inputs, operation), inputs, operation)
    if verdict.state is State.WRONG:
        raise ConflictError(verdict.text)


def judge_name_of(handler: MetadataHooks, thing: Thing | None, inputs: Values, operation: Operation) -> Verdict:
    """Judge whether the resource may have its name, where `thing` has it already."""
    name = str(inputs["name"])
    take_over = import_command(handler.name, operation.urn, name)
    return judge_name(handler.resource, name, thing, host=host_of(operation.org.url), take_over=take_over)


def thing_of(marker: Marker | None, inputs: Values, operation: Operation, consumer_key: str = "") -> Thing:
    """What is there, as verdicts take it: whose it is by its marker."""
    manager = str(inputs.get(MANAGED_BY) or "")
    return Thing(ownership_of(marker, manager, operation.snapshot.identity()), marker, consumer_key)


def ownership_seen(found: Found, inputs: Values, operation: Operation) -> Ownership:
    """Whose a thing that was found is."""
    return ownership_of(found.marker, str(inputs.get(MANAGED_BY) or ""), operation.snapshot.identity())


def is_anothers(handler: MetadataHooks, found: Found, inputs: Values, outputs: Values, operation: Operation) -> bool:
    """Whether what has our name by now is not ours: then ours is gone, and theirs is not touched.

    Another's marker says so; so does another record without any marker (somebody made it by hand after ours was deleted).
    """
    name = str(inputs["name"])
    ownership = ownership_seen(found, inputs, operation)
    if ownership is Ownership.UNMARKED and inputs.get(MANAGED_BY):
        seen, own = handler.record_id(handler.seen_outputs(name, outputs, operation)), handler.record_id(outputs)
        if not own or not seen or same_id(seen, own):
            return False
        whose = "was made by somebody else"
    elif ownership is Ownership.ANOTHERS and found.marker:
        whose = f"is managed by orgkey {found.marker.manager} now"
    else:
        return False
    operation.warn(f"the {handler.in_words} {name} {whose}; it is left alone")
    return True


def is_a_later_ones(handler: MetadataHooks, found: Found, name: str, outputs: Values, operation: Operation) -> bool:
    """Whether a later resource of this stack has made this thing or taken it over: then it is that one's to delete (ADR 10).

    A later claim in state says so: a late deploy of an earlier one may have marked the thing again. So does a later claim in the
    marker, and another record under our own marker.
    """
    if operation.run.claims.get(resource_key(handler.name, name), 0) > claim_of(outputs):
        return True
    if found.marker is None or not same_id(found.marker.org_id, operation.snapshot.identity().org_id):
        return False
    seen, own = handler.record_id(handler.seen_outputs(name, outputs, operation)), handler.record_id(outputs)
    another = bool(seen and own) and not same_id(seen, own)
    return another or found.marker.claim > claim_of(outputs)


def is_copy(found: Found, inputs: Values, outputs: Values, operation: Operation) -> bool:
    """Whether a sandbox refresh put this copy in the place of what these outputs are of: that one is gone, whoever had made it."""
    before, identity = str(outputs.get("orgId") or ""), operation.snapshot.identity()
    refreshed = bool(before) and not same_id(before, identity.org_id)
    return refreshed and ownership_seen(found, inputs, operation) is Ownership.COPY


def copied_from_org(handler: MetadataHooks, found: Found, inputs: Values, outputs: Values, operation: Operation) -> str:
    """Id of the org whose copy this is, where a copy keeps the consumer key it came with; else an empty string."""
    ownership = ownership_seen(found, inputs, operation)
    if (
        handler.keeps_its_key(ownership)
        and found.marker
        and found.settings.get("consumerKey") != inputs.get("consumerKey")
    ):
        return found.marker.org_id
    if found.settings.get("consumerKey") == inputs.get("consumerKey"):
        return ""  # the stack took the app's key over: nothing is special about it any more
    return str(outputs.get("copiedFrom") or "")

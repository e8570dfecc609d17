"""Settings deployed: rendered for what is there, sent, looked at again; and the root of a thing destroyed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from orgkey.metadata.bundle import deployment, destruction
from orgkey.metadata.members import ROOT_MEMBER, Resource, member_names
from orgkey.metadata.ownership import Marker, mark
from orgkey.metadata.parse import Found
from orgkey.metadata.parts import switched_off
from orgkey.metadata.render import Member, UnknownPart, render
from orgkey.provider.carry_over import with_parts
from orgkey.provider.handler import InitFailedError, Operation, Values
from orgkey.provider.metadata_hooks import MetadataHooks
from orgkey.provider.metadata_inputs import revision_of
from orgkey.provider.owner import MANAGED_BY
from orgkey.provider.read_back import read_back
from orgkey.salesforce.deploy_job import ComponentResult, deploy
from orgkey.salesforce.errors import (
    CanceledError,
    DeployFailedError,
    DeployUnfinishedError,
    SalesforceError,
    UnreachableError,
)
from orgkey.salesforce.read import read_resource
from orgkey.salesforce.side_by_side import side_by_side


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a deploy takes from what the state or the org has: the claim that it writes, and whether the thing was there before the stack.

    `carried_over` are parts that no setting names and that are sent again, `copied_from` is the org whose copy with a consumer key of its
    own the app is, `not_kept` what the org does not keep and was told before.
    """

    claim: int = 1
    adopted: bool = False
    carried_over: Sequence[UnknownPart] = ()
    copied_from: str = ""
    not_kept: Sequence[Mapping[str, str]] = ()


NOTHING_INHERITED = Inherited()


def deploy_settings(
    handler: MetadataHooks,
    inputs: Values,
    found: Found | None,
    operation: Operation,
    inherited: Inherited,
) -> dict[str, Any]:
    """Deploy the settings beside what is there, and look what the org made of them; return the outputs.

    Raises InitFailedError where the deploy arrived, or may have; another SalesforceError where nothing came of it.
    """
    name, org_id = str(inputs["name"]), operation.snapshot.identity().org_id
    names = member_names(
        handler.resource, name, found.names if found else None, also={part.member for part in inherited.carried_over}
    )
    members = _members(handler, inputs, found, names, operation, inherited)
    outputs = {
        **inputs,
        "adopted": inherited.adopted,
        "orgId": org_id,
        "instanceUrl": operation.org.url,
        "claim": inherited.claim,
        "claimFound": inherited.claim,
        "members": names,
        "revision": revision_of(inputs),
        "otherParts": [asdict(part) for part in inherited.carried_over],
        "carriedOver": [asdict(part) for part in inherited.carried_over],
    }
    if inherited.copied_from and found is not None:
        outputs |= {"copiedFrom": inherited.copied_from, "consumerKey": found.settings["consumerKey"]}
    if handler.resource is not Resource.PERMISSION_SET and found is None:
        del outputs["carriedOver"]  # the org adds elements of its own; the first Read takes them as they are
    handler.prepare_deploy(inputs, found, operation)
    try:
        made_at_once = found is None and handler.make_at_once(members, operation)
        successes = () if made_at_once else _deploy(members, operation)
    except (
        DeployUnfinishedError,
        CanceledError,
        UnreachableError,
    ) as error:  # it may have arrived: into state, never lost
        raise InitFailedError(name, {**outputs, **handler.uncertain_outputs(operation)}, [str(error)]) from error
    except DeployFailedError as error:
        raise with_parts(error, inherited.carried_over) from error
    finally:
        operation.snapshot.drop()
    try:
        after = _look_again(handler, name, names, handler.asked_after(inputs, successes), operation)
        own = handler.deployed_outputs(outputs, after, successes, operation)
        outputs |= {**_read_back(handler, inputs, inherited, found, after, operation), **own}
        handler.complete_deploy({**outputs, **inputs, **own}, operation)
    except SalesforceError as error:  # it did arrive: the old revision and date must not stay in state
        raise InitFailedError(name, {**outputs, **handler.arrived_outputs(outputs, operation)}, [str(error)]) from error
    return outputs


def try_settings(handler: MetadataHooks, inputs: Values, found: Found | None, operation: Operation) -> None:
    """Let the org say whether it would take the settings, changing nothing."""
    names = member_names(handler.resource, str(inputs["name"]), found.names if found else None)
    inherited = Inherited(claim=found.marker.claim if found and found.marker else 1)
    bundle = deployment(
        _members(handler, inputs, found, names, operation, inherited), api_version=operation.connection.api_version
    )
    deploy(operation.org, bundle, seconds=operation.seconds_left, check_only=True, progress=operation.progress)


def _members(
    handler: MetadataHooks,
    inputs: Values,
    found: Found | None,
    names: Mapping[str, str],
    operation: Operation,
    inherited: Inherited,
) -> list[Member]:
    org_id, carried_over = operation.snapshot.identity().org_id, inherited.carried_over
    manager, version = str(inputs.get(MANAGED_BY) or ""), operation.connection.api_version
    description = mark(
        str(inputs.get("description") or ""), Marker(manager, org_id, inherited.claim) if manager else None
    )
    settings, previous = handler.document(inputs, found, operation)
    if found is not None and previous is not None:
        previous = {**previous, "description": mark(str(found.settings["description"]), found.marker)}
    return render(
        handler.resource,
        {**settings, "description": description},
        names,
        api_version=float(version),
        previous=previous,
        carried_over=[*carried_over, *(switched_off(found.unknown_parts, carried_over) if found else ())],
    )


def destroy(resource: Resource, name: str, operation: Operation) -> None:
    """Remove the root member; what hangs on it goes with it (platform notes 2.4)."""
    bundle = destruction([(ROOT_MEMBER[resource], name)], api_version=operation.connection.api_version)
    try:
        deploy(operation.org, bundle, seconds=operation.seconds_left, progress=operation.progress, ignore_warnings=True)
    finally:
        operation.snapshot.drop()


def _deploy(members: Sequence[Member], operation: Operation) -> Sequence[ComponentResult]:
    bundle = deployment(members, api_version=operation.connection.api_version)
    return deploy(operation.org, bundle, seconds=operation.seconds_left, progress=operation.progress).successes


def _look_again(
    handler: MetadataHooks, name: str, names: Mapping[str, str], also: Sequence[str], operation: Operation
) -> Found | None:
    """What the org holds after a write; `also` is asked beside it, for whoever needs it next."""
    snapshot, found = operation.snapshot, list[Found | None]()

    def look() -> None:
        found.append(read_resource(snapshot, handler.resource, name, names))

    side_by_side([look, lambda: snapshot.prefetch(*also)] if also else [look])
    return found[0]


def _read_back(
    handler: MetadataHooks,
    inputs: Values,
    inherited: Inherited,
    before: Found | None,
    after: Found | None,
    operation: Operation,
) -> Values:
    """Outputs of what the org made of a deploy; what it does not keep is told here, and never again."""
    if after is None:
        return {}
    outputs, warnings = read_back(handler.resource, inputs, inherited.carried_over, before, after, inherited.not_kept)
    for sentence in warnings:
        operation.warn(sentence)
    return outputs

"""What stands in the way of an app: a missing permission, an app of the other kind, a name or a consumer key that somebody has."""

from __future__ import annotations

from collections.abc import Sequence

from orgkey.metadata.identifiers import name_key
from orgkey.metadata.ownership import Ownership
from orgkey.metadata.parse import Found
from orgkey.provider.cut_off import tell_whom
from orgkey.provider.giving_way import gives_way
from orgkey.provider.handler import Operation, Values
from orgkey.provider.metadata_hooks import MetadataHooks
from orgkey.provider.one_owner import has_in_state
from orgkey.provider.owner import MANAGED_BY
from orgkey.provider.preview import permission_verdicts, tell_what_a_deploy_tells
from orgkey.provider.same_name import judge_name_of, thing_of
from orgkey.provider.wire import has_unknown
from orgkey.salesforce import soql
from orgkey.salesforce.apps import is_there, read_app
from orgkey.salesforce.errors import host_of
from orgkey.salesforce.preflight import permission_questions, read_consumer_keys
from orgkey.salesforce.preflight_judge import Need, Thing, judge_consumer_key, judge_key, judge_other_kind
from orgkey.salesforce.preflight_table import Code, State, Verdict, right
from orgkey.salesforce.read import other_kind

_MOST_APPS = 50  # whose consumer keys a preview looks at: ten are a request
_ALL_APPS = 100_000  # before a deletion there is no haste


def app_verdicts(
    handler: MetadataHooks, needs: Sequence[Need], inputs: Values, before: Values | None, operation: Operation
) -> list[Verdict]:
    """Whether the login may make such an app, and whose its name is, in either kind."""
    tell_what_a_deploy_tells(operation)
    name, manager = inputs.get("name"), inputs.get(MANAGED_BY) or ""
    if before is not None:
        tell_whom(str(name), before, inputs, operation)
    if before is not None or has_unknown(name) or has_unknown(manager):
        return permission_verdicts(needs, operation)
    operation.snapshot.prefetch(soql.ORGANIZATION, *permission_questions(), soql.external_client_app(str(name)))
    verdicts = [*permission_verdicts(needs, operation), other_kind_verdict(handler, inputs, operation)]
    if _is_new(handler, inputs, operation):
        verdicts.append(_consumer_key_verdict(handler, inputs, operation))
    if manager:
        verdicts += _name_verdicts(handler, inputs, operation)
    return verdicts


def replacement_verdicts(
    handler: MetadataHooks, old_inputs: Values, inputs: Values, operation: Operation
) -> list[Verdict]:
    """Whether an app can be made after the one that it replaces is deleted: whose its name is, in either kind, and its consumer key."""
    name, key = inputs.get("name"), inputs.get("consumerKey")
    verdicts: list[Verdict] = []
    if not has_unknown(name) and name_key(str(name)) != name_key(str(old_inputs.get("name"))):
        verdicts += [
            other_kind_verdict(handler, inputs, operation),
            *_name_verdicts(handler, inputs, operation),
        ]
    if not has_unknown(key) and key != old_inputs.get("consumerKey"):
        verdicts.append(_consumer_key_verdict(handler, inputs, operation, at_most=_ALL_APPS))
    return verdicts


def key_verdict(handler: MetadataHooks, found: Found, inputs: Values, operation: Operation) -> Verdict:
    """Whether an app that is there has the consumer key that the settings give, or gives way."""
    name, key, thing = str(inputs["name"]), str(inputs["consumerKey"]), app_thing(found, inputs, operation)
    if thing.consumer_key and thing.consumer_key != key and gives_way(handler, name, found, inputs, operation):
        return right(Code.APP_KEY, name=name)
    return judge_key(handler.resource, name, thing, key, host=host_of(operation.org.url))


def _name_verdicts(handler: MetadataHooks, inputs: Values, operation: Operation) -> list[Verdict]:
    """Whose the app is that has the name, and whether it has the key."""
    found = handler.find(str(inputs["name"]), operation)
    if found is None:
        return []
    verdicts = [judge_name_of(handler, app_thing(found, inputs, operation), inputs, operation)]
    if verdicts[-1].state is State.RIGHT and _is_new(handler, inputs, operation):
        verdicts.append(key_verdict(handler, found, inputs, operation))
    return verdicts


def _consumer_key_verdict(
    handler: MetadataHooks, inputs: Values, operation: Operation, *, at_most: int = _MOST_APPS
) -> Verdict:
    """Whether another app has the consumer key; one that the state has under this URN hands it on."""
    name = str(inputs["name"])
    whose = read_consumer_keys(operation.snapshot, at_most=at_most).get(str(inputs["consumerKey"]), "")
    own = has_in_state(operation.run, operation.urn, handler, whose)
    return judge_consumer_key(name, "" if own else whose, host=host_of(operation.org.url))


def other_kind_verdict(handler: MetadataHooks, inputs: Values, operation: Operation) -> Verdict:
    """Whether an app of the other kind has the name."""
    name, other, thing = str(inputs["name"]), other_kind(handler.resource), None
    if is_there(operation.snapshot, other, name):
        thing = Thing(Ownership.UNMARKED)
        app = read_app(operation.snapshot, other, name) if inputs.get(MANAGED_BY) else None
        thing = thing_of(app.found.marker, inputs, operation) if app else thing
    return judge_other_kind(handler.resource, name, thing, host=host_of(operation.org.url))


def app_thing(found: Found, inputs: Values, operation: Operation) -> Thing:
    """What is there, as verdicts take it: whose it is, and its consumer key."""
    return thing_of(found.marker, inputs, operation, str(found.settings.get("consumerKey") or ""))


def _is_new(handler: MetadataHooks, inputs: Values, operation: Operation) -> bool:
    """Whether the state has no such app under this URN, whose replacement would bring another key, and the key is known."""
    name = str(inputs["name"])
    return not has_unknown(inputs.get("consumerKey")) and not has_in_state(operation.run, operation.urn, handler, name)

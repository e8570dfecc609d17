"""When an app of ours that is in the way of a new one gives way: nobody can know its key any more, or it is replaced by order.

Everything else that has the name is kept, and the new one is refused.
"""

from __future__ import annotations

from collections.abc import Callable

from orgkey.metadata.identifiers import name_key
from orgkey.metadata.members import Resource
from orgkey.metadata.ownership import Ownership
from orgkey.metadata.parse import Found
from orgkey.provider.adoption import is_taken_over
from orgkey.provider.engine_run import resource_key
from orgkey.provider.handler import Operation, Values
from orgkey.provider.metadata_deploy import destroy
from orgkey.provider.metadata_hooks import MetadataHooks
from orgkey.provider.one_owner import belongs_to_another
from orgkey.provider.same_name import is_a_later_ones, ownership_seen

_LOST = "came of a deploy whose answer was lost: making it again with the present key"


class MadeRoomError(Exception):
    """A sandbox's copy of production's app, or one that came of a lost deploy, was removed; creating starts anew."""


def gives_way(handler: MetadataHooks, name: str, found: Found, inputs: Values, operation: Operation) -> bool:
    """Whether an app with another consumer key than the new one's gives way to it."""
    return bool(_reason_to_give_way(handler, name, found, ownership_seen(found, inputs, operation), operation))


def make_room(handler: MetadataHooks, name: str, found: Found, ownership: Ownership, operation: Operation) -> None:
    """Remove the app with another consumer key than the new one's where it gives way; then raise MadeRoomError."""
    if why := _reason_to_give_way(handler, name, found, ownership, operation):
        operation.progress(f"the {handler.resource} {name} {why}")
        destroy(handler.resource, name, operation)
        raise MadeRoomError


def make_room_for_key(handler: MetadataHooks, inputs: Values, operation: Operation) -> None:
    """Remove the app that this very resource has under another name, where the new one gets its consumer key: no two apps share one.

    So it is where an app is replaced by order (`--replace`, a taint) and renamed in one `up`: the engine makes the new one first. What was
    there before the stack stays, as does what a later resource of it has, and the org refuses the key.
    """
    name, key = str(inputs["name"]), str(inputs["consumerKey"])
    app = operation.run.seen_apps.get(key)
    if app is None or app.urn != operation.urn or app.taken_over or name_key(app.name) == name_key(name):
        return
    found = None if _is_others(handler, app.name, operation) else handler.find(app.name, operation)
    if (
        found is not None
        and found.settings.get("consumerKey") in (key, "", None)
        and ownership_seen(found, inputs, operation) is Ownership.OURS
        and not is_a_later_ones(handler, found, app.name, app.outputs, operation)
    ):
        operation.progress(f"the {handler.resource} {app.name} is replaced by {name}, which gets its consumer key")
        destroy(handler.resource, app.name, operation)


def with_room(create: Callable[[], tuple[str, Values]]) -> tuple[str, Values]:
    """Create, and once more where the first try made room."""
    try:
        return create()
    except MadeRoomError:
        return create()


def _reason_to_give_way(
    handler: MetadataHooks, name: str, found: Found, ownership: Ownership, operation: Operation
) -> str:
    """Why the app with another consumer key than the new one's gives way, as the rest of a sentence about it; empty where it stays."""
    if ownership is Ownership.COPY and handler.name == Resource.EXTERNAL_CLIENT_APP:
        return "came with the sandbox's refresh: making it again with this stack's key"
    if ownership is not Ownership.OURS or _is_others(handler, name, operation):
        return ""
    found_key = str(found.settings.get("consumerKey") or "")
    if _is_replaced_by_order(name, found_key, operation):
        return "is replaced by order: making it again with the present key"
    if _arrived_late(handler, name, found_key, operation) or _was_left_by_a_lost_run(
        handler, name, found_key, operation
    ):
        return _LOST
    return ""


def _is_others(handler: MetadataHooks, name: str, operation: Operation) -> bool:
    """Whether another resource of this stack has the app: it declares and keeps it, or the state has it there."""
    kept = resource_key(handler.name, name) in operation.run.kept
    return kept or belongs_to_another(operation.run, operation.urn, handler, name)


def _is_replaced_by_order(name: str, found_key: str, operation: Operation) -> bool:
    """Whether this is the very app that is replaced here: by order (`--replace`, a taint), which does not ask what goes first."""
    app = operation.run.seen_apps.get(found_key)
    return app is not None and app.urn == operation.urn and name_key(app.name) == name_key(name) and not app.taken_over


def _arrived_late(handler: MetadataHooks, name: str, found_key: str, operation: Operation) -> bool:
    """Whether this is the app that the state had with this key, and that was not in the org when the run looked.

    Its deploy's answer was lost, so nobody was ever told of the key. The run has another key pair for it by now, and the engine has
    dropped it: nothing else remembers the key.
    """
    outputs = operation.run.gone.get(resource_key(handler.name, name), {})
    return bool(outputs) and not is_taken_over(outputs) and handler.app_key(outputs, outputs) == found_key


def _was_left_by_a_lost_run(handler: MetadataHooks, name: str, found_key: str, operation: Operation) -> bool:
    """Whether this is what an engine made, and was killed before it wrote the state, amid a replacement that is done again now.

    The one in state has another key and is to be replaced under this very name, so nobody else's it can be; and no state knows its key.
    """
    outputs = operation.run.replaced.get(operation.urn, {})
    known = handler.app_key(outputs, outputs) if outputs else ""
    same_name = name_key(str(outputs.get("name") or "")) == name_key(name)
    is_known = found_key == known or found_key in operation.run.seen_apps
    return bool(known) and same_name and not is_known and not is_taken_over(outputs)

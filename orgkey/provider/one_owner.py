"""Whether another resource of the same stack has what a resource is to have: all things of one stack bear the same ownership marker.

| who has the name | what follows |
| --- | --- |
| another resource that the program declares | both are refused |
| another one by the state, of a component that the program declares | refused, also where that one gives the name up in the same `up` |
| another one by the state, which the program does not declare | taken over, as by a component of another name; but no app goes for it |

An app is one thing in both kinds. Assignments of one set may be several, where each leaves the others' users alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from orgkey.metadata.identifiers import name_key
from orgkey.model.generations import number_of, part_name
from orgkey.provider.engine_run import Declaration, Run, StateEntry
from orgkey.provider.handler import Handler, Values
from orgkey.provider.preview import COMPONENT
from orgkey.provider.urn import Urn

_PARTS = ("key", "set", "assignments", "app", "grant")
_SETTINGS = {
    "app": "orgkey:app.name, or the name of its generation",
    "permission set": "orgkey:permissionSet.name",
    "assignments": "orgkey:permissionSet.name",
}


def note_state(run: Run, urn: str, handler: Handler, resource_id: str, inputs: Values, outputs: Values) -> None:
    """Note what the state has under a URN, before the org says whether it is there."""
    if not handler.thing or not resource_id:
        return
    entry = StateEntry(
        urn, handler.name, resource_id, handler.app_key(inputs, outputs), alone=inputs.get("authoritative") is not False
    )
    run.stated.setdefault((urn, handler.name, name_key(resource_id)), entry)


def note_absence(run: Run, urn: str, handler: Handler, resource_id: str) -> None:
    """Note that the org does not have it, or has it as somebody else's."""
    run.absent.add((urn, handler.name, name_key(resource_id)))


def has_in_state(run: Run, urn: str, handler: Handler, name: str) -> bool:
    """Whether the state has a thing of that name under this URN."""
    return (urn, handler.name, name_key(name)) in run.stated


def refusals(run: Run, urn: str, handler: Handler, inputs: Values) -> list[str]:
    """Why a resource that a program declares must not have its name; notes that it is declared."""
    name = handler.id_of(inputs)
    if not handler.thing or not name:
        return []
    own = Declaration(handler.thing, name, alone=inputs.get("authoritative") is not False)
    run.declared[urn] = own
    return [
        f"{handler.name} {name} is that of {_named(other)} too: each would rewrite what the other has, and delete it for both.\n"
        f"Nothing of this resource was changed. {remedy}"
        for other, remedy in _others(run, urn, handler, inputs, own)
    ]


def belongs_to_another(run: Run, urn: str, handler: Handler, name: str) -> bool:
    """Whether the thing of that name is another resource's by the program, or by the state, and not this one's."""
    if any(_is_same(each, handler.thing, name) for other, each in list(run.declared.items()) if other != urn):
        return True
    return not has_in_state(run, urn, handler, name) and any(_stated_by_others(run, urn, handler, name))


def _others(run: Run, urn: str, handler: Handler, inputs: Values, own: Declaration) -> Iterator[tuple[str, str]]:
    """Other resources that have the name, or are to have it, and what to do."""
    setting, told = _SETTINGS[own.thing], set()
    for other, each in list(run.declared.items()):
        if other != urn and _is_same(each, own.thing, own.name) and _is_either_alone(own, each):
            told.add(other)
            yield other, f"Give one of them another name: {setting}. {_additive(own)}".rstrip()
    if has_in_state(run, urn, handler, own.name):
        return
    for entry in _stated_by_others(run, urn, handler, own.name):
        if entry.urn in told or not _is_either_alone(own, entry):
            continue
        if _is_declared(run, entry.urn, urn):
            if own.thing == "assignments" and entry.urn in run.declared:
                continue  # that one has another set by now
            told.add(entry.urn)
            yield (
                entry.urn,
                f"Choose another name: {setting}. Where that one is to give the name up, let it do so in an `up` before this. "
                f"{_additive(own)}".rstrip(),
            )
        elif entry.key and _replaces_an_app(run, urn, handler) and entry.key != str(inputs.get("consumerKey") or ""):
            told.add(entry.urn)
            yield entry.urn, f"Choose another name: {setting}. Or take that one away in an `up` before this."


def _additive(own: Declaration) -> str:
    return "Or set authoritative to false for both." if own.thing == "assignments" else ""


def _is_same(declared: Declaration, thing: str, name: str) -> bool:
    return declared.thing == thing and name_key(declared.name) == name_key(name)


def _is_either_alone(one: Declaration, other: Declaration | StateEntry) -> bool:
    """Whether the two exclude each other: all do but assignments that leave other users alone."""
    return one.thing != "assignments" or one.alone or other.alone


def _stated_by_others(run: Run, urn: str, handler: Handler, name: str) -> Iterator[StateEntry]:
    """What the state has of that kind and name under other URNs; what is not there counts as long as it is not declared otherwise."""
    for key, entry in list(run.stated.items()):
        if entry.urn == urn or key[1:] != (handler.name, name_key(name)):
            continue
        if key not in run.absent or (entry.urn not in run.declared and _is_declared(run, entry.urn, urn)):
            yield entry


def _replaces_an_app(run: Run, urn: str, handler: Handler) -> bool:
    """Whether the state has an app of another name under this URN: it goes before the new one is made."""
    return any(key[:2] == (urn, handler.name) for key in list(run.stated))


def _is_declared(run: Run, other: str, urn: str) -> bool:
    """Whether the program declares another resource: itself, or another part of its component, whose parts come one after the other."""
    if other in run.checked:
        return True
    component = _component(other)
    return bool(component) and component != _component(urn) and component in map(_component, list(run.checked))


def _component(urn: str) -> tuple[str, str, str, str] | None:
    """What tells a component from others, by the URN of one of its parts; None for a resource without one."""
    own = Urn.parse(urn)
    if not own.parent_type.endswith(COMPONENT):
        return None
    number = number_of(own.name)
    ends = (f"-{part_name(part, number)}" for part in _PARTS)
    base = next((own.name.removesuffix(end) for end in ends if own.name.endswith(end)), "")
    return (own.stack, own.project, own.parent_type, base) if base else None


def _named(urn: str) -> str:
    return f"the resource {Urn.parse(urn).name}"

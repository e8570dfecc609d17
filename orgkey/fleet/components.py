"""Which resources of a program belong together: an app, its key pair, its permission set and users, and the proof of its login.

A JwtBearerAccess is one component, whatever of it is there. Elsewhere a component is what hangs together by the outputs handed on,
within one parent and one provider.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from orgkey.fleet.digest import Digest, Step
from orgkey.provider.registry import PACKAGE
from orgkey.provider.urn import Urn

_ACCESS = "orgkey:index:JwtBearerAccess"
_KEY, _APPS, _GRANT = "KeyPair", frozenset({"ConnectedApp", "ExternalClientApp"}), frozenset({"JwtGrant"})
_STACK = "pulumi:pulumi:Stack"


@dataclass(frozen=True, slots=True)
class Component:
    """What belongs together. `name` is unique within the stack; `deployed` says that it has a proven login, or needs none."""

    name: str
    steps: tuple[Step, ...]
    deployed: bool

    @property
    def is_access(self) -> bool:
        """Whether it is a JwtBearerAccess, which has settings or arguments; what there is nothing of may be one."""
        return all(Urn.parse(step.urn).parent_type.endswith(_ACCESS) for step in self.steps)


def components_of(digest: Digest) -> tuple[Component, ...]:
    """The components of a stack by name, of our resources alone; one without a name where there is none of these."""
    steps = sorted((step for step in digest.steps if step.type.startswith(f"{PACKAGE}:")), key=lambda step: step.urn)
    parents = {step.urn for step in digest.steps} | {step.parent for step in steps if step.parent}
    accesses = sorted(urn for urn in parents if Urn.parse(urn).type == _ACCESS)
    components = []
    for urn in accesses:
        inside = tuple(step for step in steps if step.parent == urn)
        components.append(Component(Urn.parse(urn).name, inside, _has(inside, _GRANT)))
    proven = _has(steps, _GRANT)
    others: dict[str, list[Step]] = {}
    for step in steps:
        if step.parent not in accesses:
            others.setdefault(step.parent, []).append(step)
    for parent, steps in others.items():
        groups = _linked(steps)
        for group in groups:
            name = _name_of(group) if len(groups) > 1 else _name_below(parent) or _name_of(group)
            deployed = _has(group, _GRANT) or (proven and not _has(group, _APPS))
            components.append(Component(name, tuple(group), deployed))
    return _told_apart(components) or (Component("", (), deployed=False),)


def _linked(steps: Sequence[Step]) -> list[list[Step]]:
    """Steps of one parent, parted by what hangs together. A key pair that serves several goes with the first of them.

    What hangs on no app and no proof goes with the first group of its provider.
    """
    group_of = {step.urn: [step] for step in steps}
    by_urn = {step.urn: step for step in steps}
    taken: set[str] = set()
    for step in steps:
        for need in (by_urn[urn] for urn in step.needs if urn in by_urn):
            if Urn.parse(need.urn).type_name == _KEY:
                if need.urn in taken:
                    continue
                taken.add(need.urn)
            elif need.provider != step.provider:
                continue
            _join(group_of, step.urn, need.urn)
    groups = list({id(group): group for group in group_of.values()}.values())
    first: dict[str, list[Step]] = {}
    for group in groups:
        if _has(group, _APPS | _GRANT):
            first.setdefault(group[0].provider, group)
    kept = []
    for group in groups:
        if group is first.setdefault(group[0].provider, group) or _has(group, _APPS | _GRANT):
            kept.append(group)
        else:
            first[group[0].provider] += group
    return kept


def _join(group_of: dict[str, list[Step]], one: str, other: str) -> None:
    first, second = group_of[one], group_of[other]
    if first is not second:
        first += second
        for step in second:
            group_of[step.urn] = first


def _has(steps: Iterable[Step], types: frozenset[str]) -> bool:
    return any(Urn.parse(step.urn).type_name in types for step in steps)


def _name_of(steps: Sequence[Step]) -> str:
    """The name of the resource that the component is for: its proof, else its app, else the first."""
    for types in (_GRANT, _APPS):
        for step in steps:
            if Urn.parse(step.urn).type_name in types:
                return step.name
    return steps[0].name


def _name_below(parent: str) -> str:
    return "" if not parent or Urn.parse(parent).type == _STACK else Urn.parse(parent).name


def _told_apart(components: Iterable[Component]) -> tuple[Component, ...]:
    """By name; components of one name (their types differ) are numbered."""
    ordered, used = sorted(components, key=lambda each: each.name), Counter[str]()
    for index, each in enumerate(ordered):
        used[each.name] += 1
        if used[each.name] > 1:
            ordered[index] = replace(each, name=f"{each.name} ({used[each.name]})")
    return tuple(ordered)

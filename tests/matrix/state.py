"""What the small engine keeps of a stack, and which of it a command is about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pulumi.runtime.proto import provider_pb2

from tests.provider.protocol import plain

ORDER = ("key", "set", "assignments", "app", "grant")
"""Parts in an order in which each comes after those it needs; deletes go the other way."""


@dataclass(frozen=True)
class Problem:
    """What one resource's verb answered."""

    part: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.part}: {self.code}: {self.message}"


class CommandFailedError(Exception):
    """A command ended with errors."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass
class Resource:
    """One resource in state; values as they go over the wire, secrets in their envelopes. `needs` are names of resources."""

    part: str
    component: str
    kind: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    needs: tuple[str, ...] = ()
    property_needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    looked_at: bool = True
    init_errors: tuple[str, ...] = ()
    imported_as: str = ""
    tainted: bool = False
    pending_replacement: bool = False
    """It was deleted for a replacement that is not made yet."""
    differs: tuple[str, ...] = ()
    """Paths in which the last Read found it changed."""

    @property
    def name(self) -> str:
        """The resource's name in its URN."""
        return f"{self.component}-{self.part}"

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others in state: an app of the other kind is another resource."""
        return self.kind, self.name


@dataclass(frozen=True)
class Options:
    """Options of a command; resources by their names (`access-app`)."""

    replace: frozenset[str] = frozenset()
    target: frozenset[str] = frozenset()
    target_dependents: bool = False
    exclude: frozenset[str] = frozenset()
    exclude_dependents: bool = False
    stopped_before_deletes: bool = False
    """Not an option: the engine is killed when everything is made and what was replaced is not deleted yet."""

    def arguments(self, urns: Mapping[str, str]) -> list[str]:
        """The same for a command line of `pulumi`; `urns` by name, of which one that is not there is made up."""
        given = [("--replace", self.replace), ("--target", self.target), ("--exclude", self.exclude)]
        listed = [
            f"{option}={urns.get(name, f'urn:pulumi:t::orgkey::none::{name}')}"
            for option, names in given
            for name in sorted(names)
        ]
        flags = [("--target-dependents", self.target_dependents), ("--exclude-dependents", self.exclude_dependents)]
        return listed + [flag for flag, on in flags if on]


EVERYTHING = Options()


@dataclass
class Scope:
    """Which resources a command is about, as it meets them in the order of their needs (step_generator.go, isIncludedInOperation)."""

    options: Options

    def __post_init__(self) -> None:
        self._inside, self._outside = set(self.options.target), set(self.options.exclude)

    def includes(self, name: str, needs: Collection[str]) -> bool:
        """Whether a resource takes part; what needs one that does (does not) may follow it."""
        options = self.options
        if options.target:
            inside = name in options.target or (options.target_dependents and not self._inside.isdisjoint(needs))
            self._inside |= {name} if inside else set()
            return inside
        outside = name in options.exclude or (options.exclude_dependents and not self._outside.isdisjoint(needs))
        self._outside |= {name} if outside else set()
        return not outside

    def deletes(self, doomed: list[Resource], state: Collection[Resource]) -> list[Resource]:
        """Of what would be deleted at the end, what may be (GenerateDeletes); raises CommandFailedError for what was not named."""
        options = self.options
        if options.target:
            allowed = dependents(options.target, state)
            doomed = [each for each in doomed if each.name in allowed]
            strays = [each for each in doomed if each.name not in options.target and not options.target_dependents]
            if strays:
                raise CommandFailedError(
                    Problem(each.part, "target", f"{each.name} will be destroyed but was not named") for each in strays
                )
        elif options.exclude:
            kept = dependencies(options.exclude, state)
            if options.exclude_dependents:
                kept = dependencies(dependents(kept, state), state)
            doomed = [each for each in doomed if each.name not in kept]
        return doomed


def dependents(names: Iterable[str], state: Collection[Resource]) -> set[str]:
    """Names, and the names of everything that needs them, however indirectly."""
    found = set(names)
    while more := {each.name for each in state if not found.isdisjoint(each.needs)} - found:
        found |= more
    return found


def dependencies(names: Iterable[str], state: Collection[Resource]) -> set[str]:
    """Names, and the names of everything that they need, however indirectly."""
    found = set(names)
    while more := {need for each in state if each.name in found for need in each.needs} - found:
        found |= more
    return found


def in_order(resources: Collection[Resource]) -> list[Resource]:
    """Resources after those they need."""
    return sorted(resources, key=lambda each: ORDER.index(base_of(each.part)))


def base_of(part: str) -> str:
    """What a part is, of whichever generation: `app` of `app-2`."""
    return part.partition("-")[0]


def number_of(part: str) -> int:
    """Of which generation a part is: 2 of `app-2`, 1 of `app`."""
    return int(part.partition("-")[2].split(" ")[0] or 1)


def as_read(old: Resource, answer: provider_pb2.ReadResponse) -> Resource:
    """A resource as a Read answered it."""
    return replace(
        old,
        id=answer.id,
        inputs=plain(answer.inputs),
        outputs=plain(answer.properties),
        looked_at=answer.refresh_before_update,
        init_errors=(),
    )


def after(old: Resource, failed: Mapping[str, Any], *, inputs: dict[str, Any]) -> Resource:
    """A resource whose verb failed and that is there all the same."""
    return replace(
        old,
        id=failed["id"],
        inputs=inputs,
        outputs=failed["properties"],
        looked_at=failed["refresh_before_update"],
        init_errors=tuple(failed["reasons"]),
    )

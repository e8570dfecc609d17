"""A small engine: the order of calls and the rules of state of Pulumi's own, over real gRPC to a provider in this process.

It proves what the provider does between the engine's calls, at a hundredth of a process start per command. What it takes for granted
about the engine (facts/pulumi.md 1.6, 2.4, 8; the tests with the real `pulumi` hold it against them):

- `up` first Reads every resource that asked for it, from the state, with a provider configured anew; then it configures again and
  works through the program: Check, Diff, then Create, Update, or Create and later Delete of what is replaced;
- a verb that fails with `ErrorResourceInitFailed` leaves the resource in state with what it said; the next `up` Updates it even
  without a difference; an Update that failed so keeps the old inputs beside the new outputs;
- any other failure leaves the state as it was; what depends on a failed resource is not touched, everything else is;
- a look Reads everything, and asks Diff from what was read to the old inputs; it writes nothing.

Not here: dependants that are deleted before a replacement by deletion first, hooks, targets, protection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime.proto import provider_pb2

from tests.matrix.program import Declaration, Outputs, Registration, declare
from tests.provider.protocol import Client, VerbFailedError, plain

_SOME = provider_pb2.DiffResponse.DIFF_SOME
_ORDER = ("key", "set", "assignments", "app", "grant")
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
    """One resource in state; values as they go over the wire, secrets in their envelopes."""

    part: str
    kind: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    looked_at: bool = True
    init_errors: tuple[str, ...] = ()


@dataclass
class Engine:
    """One stack's commands. `resources` and `condemned` (replaced, not deleted yet) are its state."""

    client: Client
    resources: dict[str, Resource] = field(default_factory=dict)
    condemned: list[Resource] = field(default_factory=list)

    def up(self, config: Mapping[str, Any]) -> None:
        """Bring the org to what the stack file declares; raises CommandFailedError."""
        declaration = declare(config)
        self._look_first(declaration)
        self._configure(declaration)
        problems: list[Problem] = []
        outputs: dict[str, Outputs] = {}
        for registration in declaration.registrations:
            if any(part not in outputs for part in registration.needs):
                continue
            try:
                self._register(registration, registration.inputs(outputs))
            except VerbFailedError as error:
                problems.append(Problem(registration.part, error.code, error.message))
            except CommandFailedError as error:
                problems.extend(error.problems)
            else:
                outputs[registration.part] = self.resources[registration.part].outputs
        if not problems:
            problems = self._delete(list(reversed(self.condemned)))
        if problems:
            raise CommandFailedError(problems)

    def look(self, config: Mapping[str, Any]) -> list[str]:
        """Say what differs from the state, as `refresh --preview-only` does; writes nothing."""
        self._configure(declare(config))
        before = list(self.resources.values())
        seen, problems = self._read(before)
        if problems:
            raise CommandFailedError(problems)
        found: list[str] = []
        for old in before:
            now = seen[old.part]
            if now is None:
                found.append(f"{old.part}: gone")
                continue
            diff = self.client.diff(old.kind, now.inputs, now.outputs, old.inputs)
            if diff.changes == _SOME:
                found += [f"{old.part}.{path}" for path in diff.diffs]
        return found

    def destroy(self, config: Mapping[str, Any]) -> None:
        """Delete everything, dependants first; does not run the program."""
        self._look_first(declare(config))
        doomed = [*reversed(self.condemned), *reversed(self.resources.values())]
        if problems := self._delete(doomed):
            raise CommandFailedError(problems)

    def _configure(self, declaration: Declaration) -> None:
        try:
            self.client.configure(declaration.provider)
        except VerbFailedError as error:
            raise CommandFailedError([Problem("provider", error.code, error.message)]) from None

    def _look_first(self, declaration: Declaration) -> None:
        self._configure(declaration)
        seen, problems = self._read([each for each in self.resources.values() if each.looked_at])
        for part, now in seen.items():
            if now is None:
                del self.resources[part]
            else:
                self.resources[part] = now
        if problems:
            raise CommandFailedError(problems)

    def _read(self, resources: list[Resource]) -> tuple[dict[str, Resource | None], list[Problem]]:
        seen: dict[str, Resource | None] = {}
        problems = []
        with ThreadPoolExecutor(max_workers=max(1, len(resources))) as pool:
            for old, answer in zip(resources, pool.map(self._read_one, resources), strict=True):
                if isinstance(answer, Problem):
                    problems.append(answer)
                else:
                    seen[old.part] = answer
        return seen, problems

    def _read_one(self, old: Resource) -> Resource | Problem | None:
        try:
            answer = self.client.read(old.kind, old.id, old.inputs, old.outputs)
        except VerbFailedError as error:
            if error.init_failed is None:
                return Problem(old.part, error.code, error.message)
            return _after(old, error.init_failed, inputs=error.init_failed["inputs"])
        if not answer.id:
            return None
        return Resource(
            old.part, old.kind, answer.id, plain(answer.inputs), plain(answer.properties), answer.refresh_before_update
        )

    def _register(self, registration: Registration, news: Mapping[str, Any]) -> None:
        part, kind = registration.part, registration.kind
        inputs, failures = self.client.check(kind, news)
        if failures:
            raise CommandFailedError(Problem(part, "check", f"{path} {reason}") for path, reason in failures)
        old = self.resources.get(part)
        if old is None:
            self._create(registration, inputs)
            return
        diff = self.client.diff(kind, old.inputs, old.outputs, inputs)
        if diff.replaces or old.kind != kind:
            if diff.deleteBeforeReplace:
                self.client.delete(old.kind, old.id, old.inputs, old.outputs)
                del self.resources[part]
                self._create(registration, inputs)
            else:
                self._create(registration, inputs, replaced=old)
        elif diff.changes == _SOME or old.init_errors:
            self._update(old, inputs)
        else:
            old.inputs = inputs

    def _create(self, registration: Registration, inputs: dict[str, Any], *, replaced: Resource | None = None) -> None:
        made = Resource(registration.part, registration.kind, "", inputs, {}, registration.kind != "KeyPair")
        try:
            made.id, made.outputs = self.client.create(made.kind, inputs)
        except VerbFailedError as error:
            if error.init_failed is None:
                raise
            self._enter(_after(made, error.init_failed, inputs=inputs), replaced)
            raise
        self._enter(made, replaced)

    def _enter(self, made: Resource, replaced: Resource | None) -> None:
        if replaced is not None:
            self.condemned.append(replaced)
            del self.resources[made.part]
        self.resources[made.part] = made
        self.resources = {part: self.resources[part] for part in _ORDER if part in self.resources}

    def _update(self, old: Resource, inputs: dict[str, Any]) -> None:
        try:
            outputs = self.client.update(old.kind, old.id, (old.inputs, old.outputs), inputs)
        except VerbFailedError as error:
            if error.init_failed is not None:
                self.resources[old.part] = _after(old, error.init_failed, inputs=old.inputs)
            raise
        self.resources[old.part] = Resource(old.part, old.kind, old.id, inputs, outputs, old.looked_at)

    def _delete(self, resources: list[Resource]) -> list[Problem]:
        for resource in resources:
            try:
                self.client.delete(resource.kind, resource.id, resource.inputs, resource.outputs)
            except VerbFailedError as error:
                return [Problem(resource.part, error.code, error.message)]  # what it depends on must stay
            if resource in self.condemned:
                self.condemned.remove(resource)
            else:
                del self.resources[resource.part]
        return []


def _after(old: Resource, failed: Mapping[str, Any], *, inputs: dict[str, Any]) -> Resource:
    return Resource(
        old.part,
        old.kind,
        failed["id"],
        inputs,
        failed["properties"],
        failed["refresh_before_update"],
        tuple(failed["reasons"]),
    )

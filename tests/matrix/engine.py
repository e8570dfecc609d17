"""A small engine: the order of calls and the rules of state of Pulumi's own, over real gRPC to a provider in this process.

It proves what the provider does between the engine's calls, at a hundredth of a process start per command. What it takes for granted
about the engine (engine notes 2.4, 8; pkg/resource/deploy 3.259: step_generator.go, step.go, deployment_executor.go; the tests with
the real `pulumi` hold it against them):

- every command has a provider process of its own. `up` first Reads every resource that asked for it, from the state; then the same
  process works through the program, or another one where the provider's settings are others than in state: Check, Diff, then Create,
  Update, or Create and later Delete of what is replaced;
- a verb that fails with `ErrorResourceInitFailed` leaves the resource in state with what it said; the next `up` Updates it even
  without a difference; an Update that failed so keeps the old inputs beside the new outputs;
- any other failure leaves the state as it was; what depends on a failed resource is not touched, everything else is;
- `--replace` and a taint skip the Diff: Check, Create, and at the end Delete of the old one; first Delete, then Create only by the
  program's option, never by the provider's wish. What an import declares cannot be replaced;
- what is replaced and not deleted yet stays in state under the same URN, is Read like everything else, and is deleted at the end of
  the next command that ends well; so is what the program does not declare any more;
- where the provider wants the deletion first, what depends on it and would be replaced for it (a Diff with unknown values says so) is
  deleted before it, and stays in state as pending replacement until its Create;
- with `--target`, everything else is left as it is without a call, not Read either; a Delete of something not named fails the command;
- what the program ignores of a resource in state is as it was, unless the resource is replaced by order;
- every Read of what is in state is followed by a Diff from what was read to the old inputs; a look Reads everything and writes nothing,
  a refresh writes what was read.

Not here: hooks, aliases, protection, providers that change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from pulumi.runtime.proto import provider_pb2

from tests.matrix.program import Declaration, Outputs, Registration, declare
from tests.matrix.state import (
    EVERYTHING,
    CommandFailedError,
    Options,
    Problem,
    Resource,
    Scope,
    after,
    as_read,
    dependents,
    in_order,
)
from tests.provider.protocol import UNKNOWN, Client, VerbFailedError

Key = tuple[str, str]
_SOME = provider_pb2.DiffResponse.DIFF_SOME


@dataclass
class Engine:
    """One stack's commands. `resources` (by kind and name) and `condemned` (replaced, not deleted yet) are its state."""

    connect: Callable[[], Client]
    """Starts a provider process; ends the one before."""
    component: str = "access"
    """The name that the program gives its component."""
    resources: dict[Key, Resource] = field(default_factory=dict)
    condemned: list[Resource] = field(default_factory=list)
    components: set[str] = field(default_factory=set)
    client: Client = field(init=False)
    current: int = 1
    """Number of the generation that the stack's outputs hand out: that of the last `up` that ended well."""
    _settings: Mapping[str, str] = field(default_factory=dict)
    """The provider's settings in state."""

    def __post_init__(self) -> None:
        self.client = self.connect()

    @property
    def state(self) -> list[Resource]:
        """Everything in state."""
        return [*self.condemned, *self.resources.values()]

    def up(self, config: Mapping[str, Any], options: Options = EVERYTHING) -> None:
        """Bring the org to what the stack file declares; raises CommandFailedError."""
        declaration = declare(config, stack=self.client.stack)
        self._look_first(declaration, options)
        self._expect({each.name for each in self.state}, options.replace)
        if self._settings != declaration.provider:
            self._configure(declaration)
        self._settings = declaration.provider
        run = _Run(options, self.component, may_make_children=self._make_component(options))
        problems: list[Problem] = []
        for registration in declaration.registrations:
            if any(part not in run.outputs for part in registration.needs):
                continue
            try:
                self._register(registration, run)
            except VerbFailedError as error:
                problems.append(Problem(registration.part, error.code, error.message))
            except CommandFailedError as error:
                problems.extend(error.problems)
        if not problems and options.stopped_before_deletes:
            problems = [Problem("engine", "killed", "before the deletes")]
        if not problems:
            problems = self._delete_what_is_left(run)
        if problems:
            raise CommandFailedError(problems)
        self.current = declaration.current
        self._expect({name for _, name in run.seen} | {each.name for each in self.state}, options.target)

    def look(self, config: Mapping[str, Any]) -> list[str]:
        """Say what differs from the state, as `refresh --preview-only` does; writes nothing."""
        self._configure(declare(config, stack=self.client.stack))
        seen, problems = self._read(self.state)
        if problems:
            raise CommandFailedError(problems)
        found: list[str] = []
        for old, now in seen:
            if now is None:
                found.append(f"{old.part}: gone")
                continue
            found += [f"{old.part}.{path}" for path in now.differs]
        return found

    def refresh(self, config: Mapping[str, Any]) -> None:
        """Take into state what the org holds."""
        self._configure(declare(config, stack=self.client.stack))
        self._read_into_state(self.state)

    def destroy(self, config: Mapping[str, Any]) -> None:
        """Delete everything, dependants first; does not run the program."""
        self._look_first(declare(config, stack=self.client.stack), EVERYTHING)
        if problems := self._delete(self.state):
            raise CommandFailedError(problems)

    def forget(self) -> None:
        """Begin anew with an empty state."""
        self.component, self.current = "access", 1
        self.resources, self.condemned, self.components, self._settings = {}, [], set(), {}

    def taint(self, part: str) -> None:
        """Let the next `up` replace a resource, as `pulumi state taint` does."""
        next(each for each in self.resources.values() if each.name == f"{self.component}-{part}").tainted = True

    # --- what comes before the program

    def _configure(self, declaration: Declaration) -> None:
        self.client = self.connect()
        try:
            self.client.configure(declaration.provider)
        except VerbFailedError as error:
            raise CommandFailedError([Problem("provider", error.code, error.message)]) from None

    def _look_first(self, declaration: Declaration, options: Options) -> None:
        self._configure(declaration)
        if any(each.looked_at for each in self.state):
            self._expect({each.name for each in self.state}, options.target | options.exclude)
        scope = Scope(options)
        looked_at = [each for each in in_order(self.state) if each.looked_at]
        self._read_into_state([each for each in looked_at if scope.includes(each.name, each.needs)])

    def _read_into_state(self, resources: list[Resource]) -> None:
        seen, problems = self._read(resources)
        for old, now in seen:
            if self._is_condemned(old):
                self.condemned = [now if each is old else each for each in self.condemned if each is not old or now]
            elif now is None:
                del self.resources[old.key]
            else:
                self.resources[old.key] = now
        if problems:
            raise CommandFailedError(problems)

    def _expect(self, there: Collection[str], named: Collection[str]) -> None:
        if missing := set(named) - set(there):
            raise CommandFailedError(Problem(name, "target", "could not be found in the stack") for name in missing)

    def _read(self, resources: list[Resource]) -> tuple[list[tuple[Resource, Resource | None]], list[Problem]]:
        with ThreadPoolExecutor(max_workers=max(1, len(resources))) as pool:
            answers = list(zip(resources, pool.map(self._read_one, resources), strict=True))
        problems = [answer for _, answer in answers if isinstance(answer, Problem)]
        return [(old, answer) for old, answer in answers if not isinstance(answer, Problem)], problems

    def _read_one(self, old: Resource) -> Resource | Problem | None:
        """Read one resource, and ask for its Diff, which the engine shows."""
        if old.pending_replacement:
            return old
        try:
            answer = self._of(old).read(old.kind, old.id, old.inputs, old.outputs)
            now = as_read(old, answer) if answer.id else None
        except VerbFailedError as error:
            if error.init_failed is None:
                return Problem(old.part, error.code, error.message)
            now = after(old, error.init_failed, inputs=error.init_failed["inputs"])
        if now is not None:
            try:
                now.differs = self._differs(old, now)
            except VerbFailedError as error:  # as when the Read of another one ended the process
                return Problem(old.part, error.code, error.message)
        return now

    def _differs(self, old: Resource, now: Resource) -> tuple[str, ...]:
        diff = self._of(old).diff(old.kind, now.inputs, now.outputs, old.inputs)
        return tuple(diff.diffs) if diff.changes == _SOME else ()

    # --- one registration

    def _make_component(self, options: Options) -> bool:
        """Whether the component is in state, or comes into it now; its children cannot be made without it."""
        if not options.target:
            self.components.add(self.component)
        return self.component in self.components

    def _register(self, registration: Registration, run: _Run) -> None:
        part, kind, needs = registration.part, registration.kind, run.names(registration.needs)
        name, news = run.name(part), registration.inputs(run.outputs)
        run.seen.add((kind, name))
        old = self.resources.get((kind, name))
        recreating = (kind, name) in run.deleted
        if registration.import_id and not recreating and (old is None or old.imported_as != registration.import_id):
            old = self._import(registration, run, old)
        forced = old is not None and (name in run.scope.options.replace or old.tainted)
        if old is not None and not forced:
            kept = {path: old.inputs[path] for path in registration.ignored if path in old.inputs}
            news = {path: value for path, value in news.items() if path not in registration.ignored} | kept
        included = run.scope.includes(name, needs)
        if not included:
            if old is None:
                run.skipped.add(name)
            run.outputs[part] = old.outputs if old else defaultdict(lambda: None, news)
            return
        run.news[part] = news
        inputs = self._checked(part, kind, name, news, {} if old is None or recreating or forced else old.inputs)
        if (run.scope.options.target or run.scope.options.replace) and (
            not run.may_make_children or not run.skipped.isdisjoint(needs)
        ):
            raise CommandFailedError([Problem(part, "target", "needs something that would be made and was not named")])
        made = Resource(
            part, self.component, kind, "", inputs, {}, needs, run.by_property(registration), kind != "KeyPair"
        )
        if old is None or recreating:
            self._create(made)
        elif forced:
            self._replace(registration, old, made, run, delete_first=registration.delete_before_replace or False)
        else:
            self._change(registration, old, made, run)
        run.outputs[part] = self.resources[kind, name].outputs

    def _checked(
        self, part: str, kind: str, name: str, news: Mapping[str, Any], olds: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Check inputs; the old ones count for nothing where the resource is recreated."""
        inputs, failures = self._named(name).check(kind, news, olds)
        if failures:
            raise CommandFailedError(Problem(part, "check", f"{path} {reason}") for path, reason in failures)
        return inputs

    def _change(self, registration: Registration, old: Resource, made: Resource, run: _Run) -> None:
        diff = self._of(old).diff(old.kind, old.inputs, old.outputs, made.inputs)
        if diff.replaces or old.pending_replacement:
            made.inputs = self._checked(made.part, made.kind, made.name, run.news[made.part], {})
            delete_first = registration.delete_before_replace
            self._replace(
                registration,
                old,
                made,
                run,
                delete_first=diff.deleteBeforeReplace if delete_first is None else delete_first,
            )
        elif diff.changes == _SOME or old.init_errors:
            self._update(old, made)
        else:
            old.inputs, old.needs, old.property_needs = made.inputs, made.needs, made.property_needs

    def _replace(
        self, registration: Registration, old: Resource, made: Resource, run: _Run, *, delete_first: bool
    ) -> None:
        if registration.import_id:
            reason = "previously-imported resources that still specify an ID may not be replaced"
            raise CommandFailedError([Problem(old.part, "import", reason)])
        if not delete_first:
            self._create(made, replaced=old)
            return
        for each in [*reversed(self._replaced_with(old, run)), old]:
            if not each.pending_replacement:
                self._call_delete(each)
                each.pending_replacement = True
                run.deleted.add(each.key)
        self._create(made)

    def _replaced_with(self, root: Resource, run: _Run) -> list[Resource]:
        """What must be replaced because `root` is deleted first: dependants that say so of values not known yet."""
        replaced = {root.name}
        found = []
        above = dependents([root.name], list(self.resources.values()))
        for each in in_order(list(self.resources.values())):
            unknown = [path for path, needs in each.property_needs.items() if not replaced.isdisjoint(needs)]
            if each.key in run.seen or each.name not in above or not unknown:
                continue
            inputs = {**each.inputs, **{path: UNKNOWN for path in unknown if path in each.inputs}}
            if self._of(each).diff(each.kind, each.inputs, each.outputs, inputs).replaces:
                replaced.add(each.name)
                found.append(each)
        return found

    def _create(self, made: Resource, *, replaced: Resource | None = None) -> None:
        try:
            made.id, made.outputs = self._of(made).create(made.kind, made.inputs)
        except VerbFailedError as error:
            if error.init_failed is None:
                raise
            self._enter(after(made, error.init_failed, inputs=made.inputs), replaced)
            raise
        self._enter(made, replaced)

    def _enter(self, made: Resource, replaced: Resource | None) -> None:
        if replaced is not None:
            self.condemned.append(replaced)
        self.resources[made.key] = made

    def _import(self, registration: Registration, run: _Run, old: Resource | None) -> Resource:
        part, kind, needs = registration.part, registration.kind, run.names(registration.needs)
        answer = self._named(run.name(part)).read(kind, registration.import_id)
        if not answer.id or not answer.HasField("properties"):
            raise CommandFailedError([Problem(part, "import", f"resource '{registration.import_id}' does not exist")])
        blank = Resource(part, self.component, kind, "", {}, {}, needs, run.by_property(registration))
        made = replace(as_read(blank, answer), imported_as=registration.import_id)
        self._enter(made, old)
        return made

    def _update(self, old: Resource, made: Resource) -> None:
        try:
            outputs = self._of(old).update(old.kind, old.id, (old.inputs, old.outputs), made.inputs)
        except VerbFailedError as error:
            if error.init_failed is not None:
                self.resources[old.key] = after(old, error.init_failed, inputs=old.inputs)
            raise
        self.resources[old.key] = replace(
            made, id=old.id, outputs=outputs, looked_at=old.looked_at, imported_as=old.imported_as
        )

    # --- deletes

    def _delete_what_is_left(self, run: _Run) -> list[Problem]:
        doomed = [*self.condemned, *(each for key, each in self.resources.items() if key not in run.seen)]
        try:
            doomed = run.scope.deletes(doomed, self.state)
        except CommandFailedError as error:
            return list(error.problems)
        return self._delete(doomed)

    def _delete(self, doomed: list[Resource]) -> list[Problem]:
        for each in reversed(in_order(doomed)):
            is_condemned = self._is_condemned(each)
            if is_condemned or not each.pending_replacement:
                try:
                    self._call_delete(each)
                except VerbFailedError as error:
                    return [Problem(each.part, error.code, error.message)]  # what it depends on must stay
            if is_condemned:
                self.condemned = [other for other in self.condemned if other is not each]
            else:
                del self.resources[each.key]
        left = {each.component for each in self.state}
        self.components &= left | {self.component} if left else set()
        return []

    def _call_delete(self, each: Resource) -> None:
        self._of(each).delete(each.kind, each.id, each.inputs, each.outputs)

    def _is_condemned(self, resource: Resource) -> bool:
        return any(each is resource for each in self.condemned)

    def _of(self, resource: Resource) -> Client:
        return self._named(resource.name)

    def _named(self, name: str) -> Client:
        return self.client.about(name)


@dataclass
class _Run:
    """One `up` under way. `seen` is what the program has registered."""

    options: Options
    component: str
    may_make_children: bool
    news: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    outputs: dict[str, Outputs] = field(default_factory=dict)
    seen: set[Key] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    deleted: set[Key] = field(default_factory=set)
    scope: Scope = field(init=False)

    def __post_init__(self) -> None:
        self.scope = Scope(self.options)

    def name(self, part: str) -> str:
        return f"{self.component}-{part}"

    def names(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(self.name, parts))

    def by_property(self, registration: Registration) -> dict[str, tuple[str, ...]]:
        return {path: self.names(parts) for path, parts in registration.property_needs.items()}

"""The crash matrix: a scenario, a kind of app, a request, a fault; the documented recovery; and whether it ended as a clean run does.

The documented recovery is the same command again, at most twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.login import refused
from tests.matrix.observation import Kept, contradictions, differences, likeness
from tests.matrix.sandbox import TIMEOUT, Config, Sandbox
from tests.matrix.stacks import Ended, Stack
from tests.matrix.state import EVERYTHING, ORDER, Options

FAULTS = (
    "reset-before",
    "reset-after",
    "return-500",
    "return-503",
    f"stall-{TIMEOUT + 0.2}",
    "html",
    "INVALID_SESSION_ID",
)
KILLS = {"kill -9 of the provider": "provider", "kill -9 of the engine": "engine"}
_LATE = "stall-1"
"""A request that is under way when its sender is killed."""
WRITES = {"createMetadata", "deploy", "createRecords", "updateRecords", "deleteRecords"}
"""Operations that change the org."""
KINDS = ("external", "connected")
MOST_TRIES = 2
_FOR_GOOD = 400
"""Faults in a row that no command outlasts."""
_UNEXPLAINED = {"UNKNOWN", "INTERNAL", "DATA_LOSS"}
Edits = Mapping[str, Any]

_AS_DECLARED: Edits = {}
_CHANGED: Edits = {
    "app": {"label": "Other label", "description": "for <CI> & friends", "ipRelaxation": "Bypass"},
    "users": ["ci", "devops"],
}


@dataclass(frozen=True)
class Scenario:
    """A command between two states of the stack file; in the next turn it leads the other way.

    A command that is about a part of the stack is followed by a plain `up`, which must bring the rest there.
    """

    name: str
    command: str
    edits: tuple[Edits, Edits] = (_AS_DECLARED, _AS_DECLARED)
    starts_with_nothing: bool = False
    options: Options = EVERYTHING
    tainted: str = ""
    """The part that is tainted before the command."""

    @property
    def is_partial(self) -> bool:
        """Whether the command leaves something undone on purpose."""
        return bool(self.options.target or self.options.exclude)


def _of(part: str) -> frozenset[str]:
    return frozenset({f"access-{part}"})


PLAIN = (
    Scenario("first up", "up", starts_with_nothing=True),
    Scenario("update", "up", (_AS_DECLARED, _CHANGED)),
    Scenario("renewal", "up", ({"key": {"validityDays": 365}}, {"key": {"validityDays": 300}})),
    Scenario("look", "look"),
    Scenario("destroy", "destroy"),
)
MOVED = Scenario("My Domain renamed", "up", ({"address": "one"}, {"address": "other"}))
FORCED = (
    *(Scenario(f"replace {part}", "up", options=Options(replace=_of(part))) for part in ORDER),
    *(Scenario(f"taint {part}", "up", tainted=part) for part in ORDER),
)
PARTIAL = (
    *(Scenario(f"target {part}", "up", (_AS_DECLARED, _CHANGED), options=Options(target=_of(part))) for part in ORDER),
    Scenario(
        "target set and dependents",
        "up",
        (_AS_DECLARED, _CHANGED),
        options=Options(target=_of("set"), target_dependents=True),
    ),
    Scenario("exclude app", "up", (_AS_DECLARED, _CHANGED), options=Options(exclude=_of("app"))),
    Scenario("rekey, target key", "up", ({}, {"key": {"generation": 2}}), options=Options(target=_of("key"))),
)
_SECOND: Edits = {"generation": {"number": 2}, "retiring": [{"number": 1}]}
GENERATIONS = (
    Scenario("add a generation", "up", (_AS_DECLARED, _SECOND)),
    Scenario("retire a generation", "up", (_SECOND, {"generation": {"number": 2}})),
    Scenario("change of kind", "up", (_AS_DECLARED, {**_SECOND, "of the other kind": True})),
    Scenario("block", "up", (_AS_DECLARED, {"app": {"blocked": True}})),
)
"""In the other direction they take the new generation away, make the retired one anew, change back, let in again."""
SCENARIOS = (*PLAIN, MOVED, *FORCED, *PARTIAL, *GENERATIONS)


Case = tuple[str, int]
"""A fault, and the number of the request that it meets."""


def every(requests: Sequence[str]) -> list[int]:
    """The numbers of all requests, from 1."""
    return list(range(1, len(requests) + 1))


def one_of_each_run(requests: Sequence[str]) -> list[int]:
    """The first of requests of one kind that follow each other: the Reads of a command are under way at once and have no order."""
    return [at for at in every(requests) if at == 1 or requests[at - 1] != requests[at - 2]]


def turning_points(requests: Sequence[str]) -> list[int]:
    """Writes, and the login that comes last: after each of them state or org is another one."""
    proofs = [at for at in every(requests) if requests[at - 1] == "jwtGrant"]
    return sorted({*(at for at in every(requests) if requests[at - 1] in WRITES), *proofs[-1:]})


def in_turn(numbers: Iterable[int], faults: Sequence[str] = FAULTS) -> list[Case]:
    """One fault at each of these requests, another one at the next."""
    return [(faults[index % len(faults)], at) for index, at in enumerate(numbers)]


def all_at(numbers: Iterable[int], faults: Sequence[str] = FAULTS) -> list[Case]:
    """Every fault at each of these requests."""
    return [(fault, at) for at in numbers for fault in faults]


@dataclass(frozen=True)
class Outcome:
    """How one case ended. `problems` is empty when it converged."""

    scenario: str
    kind: str
    fault: str
    request: int
    operation: str
    fired: bool
    tries: int
    problems: tuple[str, ...] = ()
    first_error: str = ""
    possible: bool = True
    """Whether a clean run in that direction makes so many requests."""


@dataclass
class Bench:
    """Runs the cases of one scenario and kind, one after another, each from where the scenario starts."""

    sandbox: Sandbox
    stack: Stack
    scenario: Scenario
    kind: str
    requests: list[str] = field(default_factory=list)
    lengths: dict[int, int] = field(default_factory=dict)
    """How many requests a clean run makes, in either direction."""
    clean: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    """What clean runs end in, in either direction; one bench's are another's where the engine makes no difference."""
    _turn: int = 0
    _at: Edits | None = None
    _kept_before: dict[str, Kept] = field(default_factory=dict)

    def measure(self) -> None:
        """Run clean, in each direction: what a case must end in, and how many requests there are to fail."""
        self.sandbox.renew()
        self.stack.forget()
        for _ in range(self._directions):
            self._start()
            self.clean[self._direction] = []
            for again in range(2):  # a recovery is a second command: what that alone changes in state is no difference
                self.sandbox.forget_requests()
                ended = self._command()
                assert ended.ok, ended.text
                if not again:
                    operations = self.sandbox.operations()
                    self.lengths[self._direction] = len(operations)
                    self.requests = max(self.requests, operations, key=len)
                problems = self._finish()
                assert problems == [], problems
                self.clean[self._direction].append(self._likeness())
            problems = self._problems()
            assert problems == [], problems
            self._turn += 1

    def run(self, fault: str, request: int, *, operation: str = "*", for_good: bool = False) -> Outcome:
        """Run one case: `fault` at the `request`-th request (from 1) of an operation, or from it on until the command has ended."""
        self._start()
        possible = operation != "*" or request <= self.lengths.get(self._direction, request)
        self.sandbox.forget_requests()
        ordered = _LATE if fault in KILLS else fault
        self.sandbox.order([ordered] * (_FOR_GOOD if for_good else 1), skip=request - 1, operation=operation)
        self.stack.doom(KILLS.get(fault, ""))
        first = ended = self._command()
        operations = self.sandbox.operations()
        fired = len(operations) >= request if for_good else True
        fired = self.sandbox.clear() or (for_good and fired)
        problems = said_well(first)
        if for_good and fired and first.ok:
            problems.append("ended well while every request failed")
        tries = 0
        while not ended.ok and tries < MOST_TRIES:
            tries += 1
            self.stack.recover()
            ended = self._command()
        came_later = self.sandbox.wait_for_late_requests()
        found = self._found(ended, tries)
        if found and ended.ok and came_later and fault in KILLS and tries < MOST_TRIES:
            # What the dead process had sent, a deletion, came after the recovery: drift, which the next `up` mends.
            tries += 1
            found = self._found(self._command(), tries)
        problems += found
        self._turn += 1
        if problems:
            self._at = None
            self.sandbox.renew()
            self.stack.forget()
        return Outcome(
            self.scenario.name,
            self.kind,
            f"{fault} for good" if for_good else fault,
            request,
            operation if operation != "*" else operations[request - 1] if len(operations) >= request else "",
            fired,
            tries,
            tuple(problems),
            first.text,
            possible,
        )

    def _found(self, ended: Ended, tries: int) -> list[str]:
        """What is wrong after the last try."""
        if not ended.ok:
            return [f"try {tries + 1} failed: {ended.text}"]
        return self.stack.settle() + self._finish() + self._problems()

    def config(self, edits: Edits) -> Config:
        """The stack file with some edits; an address in it is the only one under which the org can be reached."""
        edits = dict(edits)
        if "address" in edits:
            self.sandbox.move_to(edits["address"])
        if "users" in edits:
            edits["users"] = [self.sandbox.org.user(alias) for alias in edits["users"]]
        if edits.pop("of the other kind", False):
            other = next(kind for kind in KINDS if kind != self.kind)
            edits["retiring"] = [{"number": 1, "kind": self.kind}]
            edits["app"] = {**edits.get("app", {}), "kind": other, "protect": False}
        return self.sandbox.config(self.kind, **edits)

    @property
    def _directions(self) -> int:
        """In how many ways the scenario goes from one state of the stack file to the other."""
        return 1 if self.scenario.edits[0] == self.scenario.edits[1] else 2

    @property
    def _direction(self) -> int:
        return self._turn % self._directions

    @property
    def _before(self) -> Edits:
        return self.scenario.edits[self._turn % 2]

    @property
    def _after(self) -> Edits:
        return self.scenario.edits[1 - self._turn % 2]

    def _start(self) -> None:
        self._bring_to_the_start()
        if self.scenario.tainted:
            self.stack.taint(self.scenario.tainted)
        self._kept_before = self.stack.kept()

    def _bring_to_the_start(self) -> None:
        if self.scenario.starts_with_nothing:
            if self._at is not None:
                ended = self.stack.destroy(self.config(self._at))
                assert ended.ok, ended.text
                self._at = None
            return
        if self._at != self._before:
            ended = self.stack.up(self.config(self._before))
            assert ended.ok, ended.text
            self._at = self._before

    def _command(self) -> Ended:
        config, scenario = self.config(self._after), self.scenario
        ended: Ended = (
            self.stack.up(config, scenario.options)
            if scenario.command == "up"
            else getattr(self.stack, scenario.command)(config)
        )
        self._at = None if scenario.command == "destroy" else self._after
        return ended

    def _finish(self) -> list[str]:
        """What a command that ended well owes at once, a login; then the plain `up` after one that left something undone."""
        if self.scenario.command == "destroy":
            return []
        problems = self._no_login("the command")
        if self.scenario.is_partial:
            ended = self.stack.up(self.config(self._after))
            problems += [] if ended.ok else [f"the plain up afterwards: {ended.text}"]
            problems += self._no_login("the plain up afterwards")
        return problems

    def _no_login(self, after: str) -> list[str]:
        reason = refused(self.stack.outputs(), self.sandbox.org)
        if self._after.get("app", {}).get("blocked"):
            return [] if reason else [f"after {after}: the login works, and the app is blocked"]
        return [f"after {after}: {reason}"] if reason else []

    def _likeness(self) -> dict[str, Any]:
        return likeness(self.stack.kept(), self.sandbox.standing(), self.sandbox.org, self._kept_before)

    def _problems(self) -> list[str]:
        kept, standing = self.stack.kept(), self.sandbox.standing()
        found = contradictions(kept, standing, self.sandbox.org)
        seen = likeness(kept, standing, self.sandbox.org, self._kept_before)
        found += min((differences(seen, clean) for clean in self.clean.get(self._direction, [seen])), key=len)
        if kept and not (look := self.stack.look(self.config(self._after))).ok:
            found.append(f"a look afterwards: {look.text}")
        return found


def said_well(ended: Ended) -> list[str]:
    """What is wrong with the way a failure was told: an unexplained code, a secret, a false alarm."""
    problems = [f"unexplained code {code}: {ended.text}" for code in ended.codes if code in _UNEXPLAINED]
    problems += ["a secret in the message"] if "PRIVATE KEY" in ended.text else []
    false = [path for path in ended.found if not path.startswith("grant.")]
    return problems + ([f"a false alarm: {false}"] if false else [])

"""The crash matrix: a scenario, a kind of app, a request, a fault; the documented recovery; and whether it ended as a clean run does.

The documented recovery is the same command again, at most twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.matrix.observation import Kept, contradictions, differences, likeness
from tests.matrix.sandbox import TIMEOUT, Config, Sandbox
from tests.matrix.stacks import Ended, Stack

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
    """A command between two states of the stack file; in the next turn it leads the other way."""

    name: str
    command: str
    edits: tuple[Edits, Edits] = (_AS_DECLARED, _AS_DECLARED)
    starts_with_nothing: bool = False


SCENARIOS = (
    Scenario("first up", "up", starts_with_nothing=True),
    Scenario("update", "up", (_AS_DECLARED, _CHANGED)),
    Scenario("renewal", "up", ({"key": {"validityDays": 365}}, {"key": {"validityDays": 300}})),
    Scenario("look", "look"),
    Scenario("destroy", "destroy"),
)


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


@dataclass
class Bench:
    """Runs the cases of one scenario and kind, one after another, each from where the scenario starts."""

    sandbox: Sandbox
    stack: Stack
    scenario: Scenario
    kind: str
    requests: list[str] = field(default_factory=list)
    _clean: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    _turn: int = 0
    _at: Edits | None = None
    _kept_before: dict[str, Kept] = field(default_factory=dict)

    def measure(self) -> None:
        """Run clean, in both directions: what a case must end in, and how many requests there are to fail."""
        self.sandbox.renew()
        self.stack.forget()
        for _ in range(2):
            self._start()
            self.sandbox.forget_requests()
            ended = self._command()
            assert ended.ok, ended.text
            operations = self.sandbox.operations()
            self.requests = max(self.requests, operations, key=len)
            self._clean[self._turn % 2] = [self._likeness()]
            ended = self._command()  # a recovery is a second command: what that alone changes in state is no difference
            assert ended.ok, ended.text
            self._clean[self._turn % 2].append(self._likeness())
            problems = self._problems()
            assert problems == [], problems
            self._turn += 1

    def run(self, fault: str, request: int, *, operation: str = "*", for_good: bool = False) -> Outcome:
        """Run one case: `fault` at the `request`-th request (from 1) of an operation, or from it on until the command has ended."""
        self._start()
        self.sandbox.forget_requests()
        ordered = _LATE if fault in KILLS else fault
        self.sandbox.order([ordered] * (_FOR_GOOD if for_good else 1), skip=request - 1, operation=operation)
        self.stack.doom(KILLS.get(fault, ""))
        first = ended = self._command()
        operations = self.sandbox.operations()
        fired = len(operations) >= request if for_good else True
        fired = self.sandbox.clear() or (for_good and fired)
        problems = _said_well(first)
        if for_good and fired and first.ok:
            problems.append("ended well while every request failed")
        tries = 0
        while not ended.ok and tries < MOST_TRIES:
            tries += 1
            self.stack.recover()
            ended = self._command()
        self.sandbox.wait_for_late_requests()
        problems += (
            [f"try {tries + 1} failed: {ended.text}"] if not ended.ok else self.stack.settle() + self._problems()
        )
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
        )

    def config(self, edits: Edits) -> Config:
        """The stack file with some edits."""
        edits = dict(edits)
        if "users" in edits:
            edits["users"] = [self.sandbox.org.user(alias) for alias in edits["users"]]
        return self.sandbox.config(self.kind, **edits)

    @property
    def _before(self) -> Edits:
        return self.scenario.edits[self._turn % 2]

    @property
    def _after(self) -> Edits:
        return self.scenario.edits[1 - self._turn % 2]

    def _start(self) -> None:
        self._bring_to_the_start()
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
        ended: Ended = getattr(self.stack, self.scenario.command)(self.config(self._after))
        self._at = None if self.scenario.command == "destroy" else self._after
        return ended

    def _likeness(self) -> dict[str, Any]:
        return likeness(self.stack.kept(), self.sandbox.standing(), self.sandbox.org, self._kept_before)

    def _problems(self) -> list[str]:
        kept, standing = self.stack.kept(), self.sandbox.standing()
        found = contradictions(kept, standing, self.sandbox.org)
        seen = likeness(kept, standing, self.sandbox.org, self._kept_before)
        found += min((differences(seen, clean) for clean in self._clean.get(self._turn % 2, [seen])), key=len)
        if kept and not (look := self.stack.look(self.config(self._after))).ok:
            found.append(f"a look afterwards: {look.text}")
        return found


def _said_well(ended: Ended) -> list[str]:
    """What is wrong with the way a failure was told: an unexplained code, a secret, a false alarm."""
    problems = [f"unexplained code {code}: {ended.text}" for code in ended.codes if code in _UNEXPLAINED]
    problems += ["a secret in the message"] if "PRIVATE KEY" in ended.text else []
    false = [path for path in ended.found if not path.startswith("grant.")]
    return problems + ([f"a false alarm: {false}"] if false else [])

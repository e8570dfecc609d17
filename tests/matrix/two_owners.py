"""Cases with two stacks of one org, and with one stack that is led to the wrong org: what is somebody else's stays as it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.login import refused
from tests.matrix.cases import MOST_TRIES, Bench, Outcome, Scenario, said_well
from tests.matrix.observation import Kept, Standing, contradictions
from tests.matrix.sandbox import OTHER, Config
from tests.matrix.stacks import Ended, Stack

TAKE_OVER, FORMER_OWNER = (
    Scenario("taken over by import", "up"),
    Scenario("destroy of the former owner", "destroy"),
)
WRONG_ORG = tuple(Scenario(f"wrong org, {command}", command) for command in ("up", "look", "refresh", "destroy"))


@dataclass
class HandOver(Bench):
    """`stack` owns set, assignments and app until `twin` takes them over by import; then the former owner is destroyed.

    The faulted command is the import, or the destroy. After either, and after both, a client of the twin logs in.
    """

    twin: Stack = field(kw_only=True)

    def measure(self) -> None:
        """Run clean once."""
        self.sandbox.renew()
        self._start_anew()
        self.sandbox.forget_requests()
        ended = self._faulted()
        assert ended.ok, ended.text
        self.requests = self.sandbox.operations()
        problems = self._after_it()
        assert problems == [], problems

    def run(self, fault: str, request: int, *, operation: str = "*", for_good: bool = False) -> Outcome:
        """Run one case."""
        assert not for_good
        self._start_anew()
        self.sandbox.forget_requests()
        self.sandbox.order([fault], skip=request - 1, operation=operation)
        first = ended = self._faulted()
        operations, fired = self.sandbox.operations(), self.sandbox.clear()
        problems, tries = said_well(first), 0
        while not ended.ok and tries < MOST_TRIES:
            tries += 1
            ended = self._faulted()
        self.sandbox.wait_for_late_requests()
        problems += self._after_it() if ended.ok else [f"try {tries + 1} failed: {ended.text}"]
        if problems:
            self.sandbox.renew()
        return Outcome(
            self.scenario.name,
            self.kind,
            fault,
            request,
            operations[request - 1] if len(operations) >= request else "",
            fired,
            tries,
            tuple(problems),
            first.text,
        )

    def _start_anew(self) -> None:
        self.stack.forget()
        self.twin.forget()
        assert (ended := self.stack.up(self.config({}))).ok, ended.text
        self._imported = self._import()
        if self.scenario is FORMER_OWNER:
            assert (ended := self.twin.up(self._imported)).ok, ended.text

    def _import(self) -> Config:
        everything = {"app": True, "permissionSet": True, "assignments": True}
        return self.config({"import": everything, "key": {"consumerKey": self.stack.outputs()["consumerKey"]}})

    def _faulted(self) -> Ended:
        return self.twin.up(self._imported) if self.scenario is TAKE_OVER else self.stack.destroy(self.config({}))

    def _after_it(self) -> list[str]:
        """What is wrong now; ends with a clean org."""
        problems = self._twin("the command")
        if self.scenario is TAKE_OVER:
            ended = self.stack.destroy(self.config({}))
            problems += [] if ended.ok else [f"the former owner's destroy: {ended.text}"]
            problems += self._twin("the former owner's destroy")
        again = self.twin.up(self._imported)
        problems += [] if again.ok else [f"the twin's next up: {again.text}"]
        problems += self._twin("the twin's next up")
        ended = self.twin.destroy(self._imported)
        problems += [] if ended.ok else [f"the twin's destroy: {ended.text}"]
        standing = self.sandbox.standing()
        return problems + ([f"left behind: {standing}"] if standing != Standing((), (), ()) else [])

    def _twin(self, after: str) -> list[str]:
        standing, org = self.sandbox.standing(), self.sandbox.org
        found = contradictions(self.twin.kept(), standing, org, stack="beside")
        if reason := refused(self.twin.outputs(), org):
            found.append(reason)
        return [f"after {after}: {problem}" for problem in found]


@dataclass
class WrongOrg(Bench):
    """A stack of one sandbox, and a command with the address and the login of another one: refused, and nothing is changed anywhere."""

    def measure(self) -> None:
        """Run clean once."""
        self.sandbox.renew()
        self.stack.forget()
        ended = self.stack.up(self.config({}))
        assert ended.ok, ended.text
        ended = self.stack.up(self.config({}))  # takes into state what the org made of it
        assert ended.ok, ended.text
        before = self._all()
        self.sandbox.forget_requests()
        ended = self._led_astray()
        self.requests = self.sandbox.operations(OTHER)
        problems = self._changed(before, ended)
        assert problems == [], problems

    def run(self, fault: str, request: int, *, operation: str = "*", for_good: bool = False) -> Outcome:
        """Run one case. There is no recovery but the right stack file."""
        assert not for_good
        before = self._all()
        self.sandbox.forget_requests()
        self.sandbox.order([fault], skip=request - 1, operation=operation, org=OTHER)
        first = self._led_astray()
        operations, fired = self.sandbox.operations(OTHER), self.sandbox.clear()
        problems = said_well(first) + self._changed(before, first, faulted=fired)
        problems += self._changed(before, self._led_astray())
        ended = self.stack.up(self.config({}))
        problems += [] if ended.ok else [f"with the right stack file: {ended.text}"]
        name = operations[request - 1] if len(operations) >= request else ""
        return Outcome(self.scenario.name, self.kind, fault, request, name, fired, 0, tuple(problems), first.text)

    def _led_astray(self) -> Ended:
        config = self.sandbox.config(self.kind, org=self.sandbox.other)
        ended: Ended = getattr(self.stack, self.scenario.command)(config)
        return ended

    def _all(self) -> tuple[dict[str, Kept], Standing, Standing]:
        return self.stack.kept(), self.sandbox.standing(), self.sandbox.standing(self.sandbox.other)

    def _changed(
        self, before: tuple[dict[str, Kept], Standing, Standing], ended: Ended, *, faulted: bool = False
    ) -> list[str]:
        named = (self.sandbox.org.org_id, self.sandbox.other.org_id)
        problems = ["it ended well"] if ended.ok else []
        seen = self._all()
        for what, was, now in zip(("state", "org", "other org"), before, seen, strict=True):
            problems += [f"the {what} changed: {was} is {now}"] if was != now else []
        reason = refused(self.stack.outputs(), self.sandbox.org)
        problems += [reason] if reason else []
        if not faulted and not all(name in ended.text for name in named):
            problems.append(f"the message does not name both orgs: {ended.text}")
        return problems

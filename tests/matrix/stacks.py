"""One stack's commands at the level of the provider protocol (`engine.py`), answered as a person would see them: ended well or not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

from orgkey.model.generations import part_name
from tests.matrix.engine import Engine
from tests.matrix.observation import Kept, opened
from tests.matrix.program import has_lost_its_key, stack_outputs
from tests.matrix.provider import Provider
from tests.matrix.recording import Call
from tests.matrix.state import EVERYTHING, CommandFailedError, Options, Problem, Resource, base_of, number_of
from tests.waiting import join

_GLANCE = 0.02  # seconds between two looks at whether the victim's hour has come


@dataclass(frozen=True)
class Ended:
    """How a command ended. `found` is what a look found; `codes` are the gRPC codes of what failed."""

    ok: bool
    text: str = ""
    found: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


class Stack(Protocol):
    """What a case does with a stack, at whatever level."""

    def up(self, config: Mapping[str, Any], options: Options = EVERYTHING) -> Ended: ...

    def look(self, config: Mapping[str, Any]) -> Ended: ...

    def refresh(self, config: Mapping[str, Any]) -> Ended: ...

    def taint(self, part: str) -> None:
        """Let the next `up` replace a resource."""

    def rename(self, component: str) -> None:
        """Give the program's component another name."""

    def destroy(self, config: Mapping[str, Any]) -> Ended: ...

    def kept(self) -> dict[str, Kept]: ...

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, of which a client logs in; empty where the stack has no whole access."""

    def forget(self) -> None:
        """Begin anew with an empty state."""

    def doom(self, victim: str) -> None:
        """Kill a process in the next command."""

    def recover(self) -> None:
        """What is to be done before a command is run again."""

    def settle(self) -> list[str]:
        """What is to be done after a recovery; returns what is left behind that should not be."""


@dataclass
class ProtocolStack:
    """A stack that the small engine drives."""

    engine: Engine
    provider: Provider
    caught: Callable[[], bool]
    """Whether an ordered fault has met its request."""
    victim: str = ""

    @property
    def calls(self) -> list[Call]:
        """What the engine has called so far."""
        return self.provider.calls

    def up(self, config: Mapping[str, Any], options: Options = EVERYTHING) -> Ended:
        return self._run(lambda: self._up(config, options))

    def _up(self, config: Mapping[str, Any], options: Options) -> None:
        self.engine.up(config, options)
        made = {part: each.outputs for part, each in self.kept().items()}
        if has_lost_its_key(made, self.engine.current):
            raise CommandFailedError(
                [Problem("program", "FAILED", "the app trusts a key pair that this stack has no more")]
            )

    def refresh(self, config: Mapping[str, Any]) -> Ended:
        return self._run(lambda: self.engine.refresh(config))

    def taint(self, part: str) -> None:
        self.engine.taint(part)

    def rename(self, component: str) -> None:
        self.engine.component = component

    def look(self, config: Mapping[str, Any]) -> Ended:
        found: list[str] = []
        ended = self._run(lambda: found.extend(self.engine.look(config)))
        return Ended(ended.ok and not found, ended.text or f"found: {found}", tuple(found), ended.codes)

    def destroy(self, config: Mapping[str, Any]) -> Ended:
        return self._run(lambda: self.engine.destroy(config))

    def kept(self) -> dict[str, Kept]:
        live = sorted(self.engine.resources.values(), key=lambda each: each.component != self.engine.component)
        return by_part(
            [
                *((each.part, _kept(each)) for each in live),
                *((f"condemned {each.part}", _kept(each)) for each in self.engine.condemned),
            ]
        )

    def outputs(self) -> dict[str, Any]:
        return self.logins().get(self.engine.current, {})

    def logins(self) -> dict[int, dict[str, Any]]:
        """What a client logs in with, by the number of each generation that is whole in state."""
        made = {part: each.outputs for part, each in self.kept().items()}
        if not {"set", "assignments"} <= set(made):
            return {}
        numbers = [number_of(part) for part in made if base_of(part) == "grant" and " " not in part]
        return {
            number: stack_outputs(made, number)
            for number in numbers
            if {part_name(part, number) for part in ("key", "app", "grant")} <= set(made)
        }

    def doom(self, victim: str) -> None:
        assert victim in {"", "provider"}, "there is no engine's process to kill at this level"
        self.victim = victim

    def recover(self) -> None:
        """Nothing: nobody holds a lock."""

    def settle(self) -> list[str]:
        return []

    def forget(self) -> None:
        self.engine.forget()

    def _run(self, command: Callable[[], None]) -> Ended:
        victim, self.victim = self.victim, ""
        try:
            with self._killer() if victim else nullcontext():
                command()
        except CommandFailedError as error:
            return Ended(ok=False, text=str(error), codes=tuple(problem.code for problem in error.problems))
        return Ended(ok=True)

    @contextmanager
    def _killer(self) -> Iterator[None]:
        """Run the provider in a process of its own, and kill it as soon as the ordered stall has caught its request."""
        over = threading.Event()

        def kill() -> None:
            while not over.wait(_GLANCE):
                if self.caught():
                    self.provider.kill()
                    return

        killer = threading.Thread(target=kill)
        self.provider.is_mortal = True
        killer.start()
        try:
            yield
        finally:
            over.set()
            join(killer)
            self.provider.is_mortal = False
            self.provider.stop()


def _kept(each: Resource) -> Kept:
    return Kept(each.id, opened(each.inputs), opened(each.outputs), each.init_errors)


def by_part(resources: Iterable[tuple[str, Kept]]) -> dict[str, Kept]:
    """Resources by their part; a second one of a part under a name that says so."""
    kept: dict[str, Kept] = {}
    for part, each in resources:
        kept[f"{part} {len(kept)}" if part in kept else part] = each
    return kept

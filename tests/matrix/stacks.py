"""One stack's commands at the level of the provider protocol (`engine.py`), answered as a person would see them: ended well or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.matrix.engine import CommandFailedError, Engine
from tests.matrix.observation import Kept, opened


@dataclass(frozen=True)
class Ended:
    """How a command ended. `found` is what a look found; `codes` are the gRPC codes of what failed."""

    ok: bool
    text: str = ""
    found: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


class Stack(Protocol):
    """What a case does with a stack, at whatever level."""

    def up(self, config: Mapping[str, Any]) -> Ended: ...

    def look(self, config: Mapping[str, Any]) -> Ended: ...

    def destroy(self, config: Mapping[str, Any]) -> Ended: ...

    def kept(self) -> dict[str, Kept]: ...

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
    found: list[str] = field(default_factory=list)

    def up(self, config: Mapping[str, Any]) -> Ended:
        return self._run(lambda: self.engine.up(config))

    def look(self, config: Mapping[str, Any]) -> Ended:
        found: list[str] = []
        ended = self._run(lambda: found.extend(self.engine.look(config)))
        return Ended(ended.ok and not found, ended.text or f"found: {found}", tuple(found), ended.codes)

    def destroy(self, config: Mapping[str, Any]) -> Ended:
        return self._run(lambda: self.engine.destroy(config))

    def kept(self) -> dict[str, Kept]:
        condemned = {f"condemned {each.part}": each for each in self.engine.condemned}
        return {
            part: Kept(each.id, opened(each.inputs), opened(each.outputs), each.init_errors)
            for part, each in {**self.engine.resources, **condemned}.items()
        }

    def doom(self, victim: str) -> None:
        assert not victim, "there is no process to kill at this level"

    def recover(self) -> None:
        """Nothing: nobody holds a lock."""

    def settle(self) -> list[str]:
        return []

    def forget(self) -> None:
        self.engine.resources, self.engine.condemned = {}, []

    def _run(self, command: Callable[[], None]) -> Ended:
        try:
            command()
        except CommandFailedError as error:
            return Ended(ok=False, text=str(error), codes=tuple(problem.code for problem in error.problems))
        return Ended(ok=True)

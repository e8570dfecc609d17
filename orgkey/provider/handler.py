"""What a resource handler is: the six verbs over plain values, with everything it may touch passed in.

`check` and `diff` are pure. The others get an `Operation`: the org, its snapshot, the clock, a way to tell progress.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from orgkey.metadata.check import Problem
from orgkey.model.connection import Connection
from orgkey.model.timeouts import DEFAULT_TIMEOUT
from orgkey.provider.engine_run import Run
from orgkey.provider.wire import UNKNOWN
from orgkey.salesforce.clock import Clock
from orgkey.salesforce.errors import PartialReadError
from orgkey.salesforce.org import Org
from orgkey.salesforce.preflight_table import Verdict
from orgkey.salesforce.read import Snapshot

Values = Mapping[str, Any]
"""Property values by name, as `wire.py` reads them."""


@dataclass(frozen=True, slots=True)
class Operation:
    """The context of one verb. `deadline` is on the clock's monotonic scale; `progress` shows a line under the resource.

    `stated_url` is the address that the state's provider had, where that is not the present one. `warn_once` is for what concerns all
    resources alike. `partly_read` is called with what the org does not show this login of a resource; a Read sets it,
    since it comes first in every `up`.
    """

    connection: Connection
    org: Org
    snapshot: Snapshot
    clock: Clock
    urn: str
    deadline: float
    stated_url: str = ""
    run: Run = field(default_factory=Run)
    secrets: frozenset[str] = frozenset()
    """Names of inputs that are secret."""
    progress: Callable[[str], None] = lambda _: None
    info: Callable[[str], None] = lambda _: None
    warn: Callable[[str], None] = lambda _: None
    warn_once: Callable[[str], None] = lambda _: None
    partly_read: Callable[[PartialReadError], None] = lambda _: None

    @property
    def seconds_left(self) -> float:
        """How long the verb may still take."""
        return max(0.0, self.deadline - self.clock.monotonic())


@dataclass(frozen=True, slots=True)
class Diff:
    """Which properties change. `outputs` are paths whose change was seen in what the org holds, not in what was written."""

    inputs: Sequence[str] = ()
    outputs: Sequence[str] = ()
    replaces: Sequence[str] = ()
    delete_before_replace: bool = False
    warnings: Sequence[str] = ()
    """What people must know before they let this happen."""
    refusal: str = ""
    """Why this must not happen at all, and what to do instead; a refresh shows the difference all the same."""


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What a Read found: inputs as somebody would have to write them, and outputs. `failed` are reasons why it is unhealthy."""

    id: str
    inputs: Values = field(repr=False)
    outputs: Values = field(repr=False)
    failed: Sequence[str] = ()


class InitFailedError(Exception):
    """The resource exists (or may exist) but is not what was asked for: it goes into state, and the next `up` goes on from there."""

    def __init__(self, resource_id: str, outputs: Values, reasons: Sequence[str]) -> None:
        self.resource_id, self.outputs, self.reasons = resource_id, outputs, tuple(reasons)
        super().__init__("\n".join(reasons))


class ImportRefusedError(Exception):
    """This resource cannot be imported; the text says what to do instead."""


class Handler(ABC):
    """One resource."""

    name: ClassVar[str]
    """Last part of the Pulumi type."""
    secret_outputs: ClassVar[frozenset[str]] = frozenset()
    derived: ClassVar[Mapping[str, frozenset[str]]] = {}
    """Outputs that hold the value of an input, by the input's name: they are secret where it is."""
    has_to_be_deleted: ClassVar[bool] = True
    """Whether a Delete has anything to take away; a proof has not."""
    lives_in_org: ClassVar[bool] = True
    """Whether every `up` reads it first (`refresh_before_update`)."""
    seconds: ClassVar[float] = DEFAULT_TIMEOUT
    """How long a verb may take where customTimeouts says nothing."""
    shown_in: ClassVar[Mapping[str, str]] = {}
    """Inputs by the output that shows them as the org has them: ignoring this input also ignores this output."""

    thing: ClassVar[str] = ""
    """What it is in an org that has one of each name, and one resource each (`one_owner`); empty where it is no such thing."""
    waited_for: ClassVar[bool] = False
    """Whether in a component others are asked about after it: then its problems must not end a preview before theirs are told."""
    concludes: ClassVar[bool] = False
    """Whether it comes last in a component: what was told of the others ends the preview here."""
    lasting: ClassVar[frozenset[str]] = frozenset()
    """Flags that stay as the state has them where a program leaves them out; a default is for what is new."""

    @abstractmethod
    def check(self, values: Values, connection: Connection | None, now: float) -> tuple[Values, list[Problem]]:
        """Return the inputs with defaults filled in, and all problems; `now` in epoch seconds. Unknown values pass."""

    def cautions(self, inputs: Values) -> list[str]:
        """What people must know of inputs that are right; told each time they are checked."""
        return []

    @abstractmethod
    def diff(self, old_inputs: Values, old_outputs: Values, inputs: Values, now: float) -> Diff:
        """Say what changes from an old state to new inputs; `now` in epoch seconds."""

    def id_of(self, inputs: Values) -> str:
        """The id under which a Create of these inputs goes into state; empty where they do not tell, or not yet."""
        return ""

    def public_key(self, old_inputs: Values, old_outputs: Values, inputs: Values) -> str | None:
        """What the key pair that this is to be is known by, SHA-256; empty while it is not known, None for what is no key pair.

        In a check nothing old is known.
        """
        return None

    def before_deletion(self, old_inputs: Values, inputs: Values, operation: Operation) -> list[Verdict]:
        """Ask what stands in the way of the new one where the old one is deleted first: nothing must be lost for nothing; reads only.

        Raises SalesforceError where the org cannot be asked.
        """
        return []

    def app_key(self, inputs: Values, outputs: Values) -> str:
        """Consumer key of the app that this is; empty for what is no app."""
        return ""

    @abstractmethod
    def plan(self, inputs: Values, old_outputs: Values | None, diff: Diff | None) -> Values:
        """Outputs as a preview of create (no old outputs) or update can know them."""

    def validate(self, inputs: Values, operation: Operation) -> None:  # noqa: B027 — most resources have nothing to ask
        """Let the org itself say whether it would take this, changing nothing; for previews that ask for it."""

    def preflight(self, inputs: Values, before: Values | None, operation: Operation) -> list[Verdict]:
        """Ask in a preview what stands in the way of a create or, where inputs `before` are given, of an update; reads only.

        An input that is not known yet is not judged. Raises SalesforceError where the org cannot be asked.
        """
        return []

    @abstractmethod
    def create(self, inputs: Values, operation: Operation) -> tuple[str, Values]:
        """Make it; return id and outputs. Safe to repeat after an interruption."""

    @abstractmethod
    def read(self, resource_id: str, inputs: Values, outputs: Values, operation: Operation) -> ReadResult | None:
        """Look at it; None when it is gone. No inputs and no outputs means an import."""

    @abstractmethod
    def update(
        self, resource_id: str, old_inputs: Values, old_outputs: Values, inputs: Values, operation: Operation
    ) -> Values:
        """Change it; return the new outputs."""

    @abstractmethod
    def delete(self, resource_id: str, old_inputs: Values, old_outputs: Values, operation: Operation) -> None:
        """Remove it; something that is gone already is a success."""


def unknown_outputs(inputs: Values, names: Sequence[str]) -> dict[str, Any]:
    """The inputs, and outputs that a preview cannot know."""
    return {**inputs, **dict.fromkeys(names, UNKNOWN)}

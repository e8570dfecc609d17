"""What a resource handler is: the six verbs over plain values, with everything it may touch passed in.

`check` and `diff` are pure. The others get an `Operation`: the org, its snapshot, the clock, a way to tell progress.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from orgkey.metadata.check import Problem
from orgkey.metadata.identifiers import name_key
from orgkey.model.connection import Connection
from orgkey.model.setting_place import SettingPlace
from orgkey.model.timeouts import DEFAULT_TIMEOUT
from orgkey.provider.wire import UNKNOWN, Properties
from orgkey.salesforce.clock import Clock
from orgkey.salesforce.errors import PartialReadError
from orgkey.salesforce.org import Org
from orgkey.salesforce.preflight_table import Verdict
from orgkey.salesforce.read import Snapshot

Values = Mapping[str, Any]
"""Property values by name, as `wire.py` reads them."""


def resource_key(type_name: str, resource_id: str) -> tuple[str, str]:
    """Type and id of a resource as a run remembers it: ids are names, in which small and capital letters are one."""
    return type_name, name_key(resource_id)


@dataclass(frozen=True, slots=True)
class DeclaredApp:
    """An app as the engine last compared it: all that its Update takes."""

    handler: Handler
    id: str
    old_inputs: Values = field(repr=False)
    old_outputs: Values = field(repr=False)
    inputs: Values = field(repr=False)

    def is_written(self, run: Run) -> bool:
        """Whether it was sent in this run: then what is known of it here is out of date."""
        return resource_key(self.handler.name, self.id) in run.written

    def deploy_again(self, operation: Operation) -> None:
        """Send it once more, as it is declared."""
        operation.run.wrote(self.handler.name, self.id, self.old_outputs)
        self.handler.update(self.id, self.old_inputs, self.old_outputs, self.inputs, operation)


@dataclass(frozen=True, slots=True)
class SeenApp:
    """An app of the state as a Read found it: under which URN, and whether it was there before the stack."""

    urn: str
    name: str
    label: str
    taken_over: bool = False
    outputs: Values = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Declaration:
    """A name that a program declares for a `thing`; `alone`: nobody else may have users of it (assignments)."""

    thing: str
    name: str
    alone: bool


@dataclass(frozen=True, slots=True)
class StateEntry:
    """What the state has under a URN: its kind and name, an app's consumer key; `alone` as above."""

    urn: str
    kind: str
    name: str
    key: str = ""
    alone: bool = True


@dataclass(frozen=True, slots=True)
class SeenGrant:
    """A proof as a Read found it: by which key, and whose login; `blocked` where it is the refusal that was proved."""

    consumer_key: str
    username: str
    user_id: str
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class SeenKey:
    """A declared key pair: `public` is SHA-256 of its public key, hex, empty while that is not known; `blocked` says that its app is."""

    public: str
    blocked: bool


@dataclass(slots=True)
class Run:
    """What the provider did since it was configured: one run of the engine, which deletes what is replaced at its end.

    `left` are assignments of this stack by URN, as its outputs show them, that a Delete left where they are because a login hangs on
    them: whatever comes later in the run goes on from there. `apps` are those that the engine compared, by consumer key; `checked`
    are the URNs that a program declares (a refresh compares too, and declares nothing), `kept` what is to stay of them, by type and id.
    `lasting` are inputs by URN that stay as the state has them, from its Reads: a replacement by order comes without the old inputs.
    `spared` are those that take nothing from anybody, by type and id: a component of another name, or a Read that found nothing of ours,
    leaves no URN to go by. `defaulted` are those that neither a program nor the state gives, by URN: a default takes nothing from anybody.
    `adopted` tells of what is in state, by type and id, whether it was there before the stack, `claims` the highest claim to it there: a
    Create whose deploy failed has one that no marker shows. `gone` are the outputs of what is in state and was not found in its org, by
    type and id: a deploy whose answer was lost may bring it yet. `replaced` are the outputs of what is to be replaced, by URN. `declared`
    are the names that a program gives, by URN; `stated` is what the state has, by URN, kind and name, `absent` what of it the org has
    not. Of previews: `told` are problems that were told, each once,
    `in_the_way` counts those that have not ended the preview yet, `licenses` are those of permission sets that it plans, by name,
    `unanswered` says that the org did not answer, and is asked no more. `keys` are the key pairs that a program
    declares, by URN. `own_ends` are ids of assignments whose
    end this stack decided, by its states. `started` is when, in epoch seconds; `grants` are the proofs in
    state by URN and `seen_apps` the apps by consumer key, as the Reads of this run found them. `places` are where the settings of a
    component's generations are written, by component and number; `kept_keys` the consumer keys that retiring key pairs keep, by URN.

    Verbs run side by side and write here, so whoever looks at all of a collection looks at a copy (`list(...)`, which is made at once).
    """

    written: dict[tuple[str, str], Any] = field(default_factory=dict)
    apps: dict[str, DeclaredApp] = field(default_factory=dict)
    checked: set[str] = field(default_factory=set)
    left: dict[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
    lasting: dict[str, dict[str, bool]] = field(default_factory=dict)
    kept: set[tuple[str, str]] = field(default_factory=set)
    spared: dict[tuple[str, str], dict[str, bool]] = field(default_factory=dict)
    defaulted: dict[str, frozenset[str]] = field(default_factory=dict)
    adopted: dict[tuple[str, str], bool] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    own_ends: set[str] = field(default_factory=set)
    licenses: dict[str, str] = field(default_factory=dict)
    in_the_way: int = 0
    unanswered: bool = False
    started: float = 0.0
    grants: dict[str, SeenGrant] = field(default_factory=dict)
    seen_apps: dict[str, SeenApp] = field(default_factory=dict)
    claims: dict[tuple[str, str], int] = field(default_factory=dict)
    gone: dict[tuple[str, str], Values] = field(default_factory=dict)
    replaced: dict[str, Values] = field(default_factory=dict)
    keys: dict[str, SeenKey] = field(default_factory=dict)
    places: dict[tuple[str, int], SettingPlace] = field(default_factory=dict)
    kept_keys: dict[str, Properties] = field(default_factory=dict, repr=False)
    declared: dict[str, Declaration] = field(default_factory=dict)
    stated: dict[tuple[str, str, str], StateEntry] = field(default_factory=dict)
    absent: set[tuple[str, str, str]] = field(default_factory=set)

    def untold(self, problems: Iterable[str]) -> list[str]:
        """Those problems that were not told before in this run."""
        new = [each for each in dict.fromkeys(problems) if each not in self.told]
        self.told.update(new)
        return new

    def saw(self, urn: str, key: tuple[str, str], lasting: Mapping[str, bool]) -> None:
        """Note what the state has of inputs that last; of two resources under one URN the one that takes nothing from anybody counts."""
        before = self.lasting.setdefault(urn, {})
        before.update({name: value and before.get(name, True) for name, value in lasting.items()})
        self.spared.setdefault(key, {}).update({name: False for name, value in lasting.items() if value is False})

    def lasts(self, urn: str, key: tuple[str, str]) -> dict[str, bool]:
        """Inputs that last, as the state has them for this URN, or for another one of the same thing."""
        return self.lasting.get(urn) or self.spared.get(key, {})

    def wrote(self, type_name: str, resource_id: str, outputs: Values) -> None:
        """Note that a Create or Update wrote a resource, under its claim."""
        self.written[resource_key(type_name, resource_id)] = outputs.get("claim")

    def is_anothers(self, type_name: str, resource_id: str, outputs: Values) -> bool:
        """Whether what has that id belongs to another resource than the one with these outputs, which is about to be deleted.

        Another one has written it: under another claim, or any where these outputs are from before there were claims. Or nobody has
        written it, and the program declares it: what it declares and keeps is never deleted, what awaits its deletion beside it is.
        """
        key, claim = resource_key(type_name, resource_id), outputs.get("claim")
        if key in self.written:
            return claim is None or self.written[key] != claim
        return key in self.kept


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

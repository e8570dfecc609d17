"""What the provider remembers of one run of the engine: what the state has, what the program declares, what was done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from orgkey.metadata.identifiers import name_key
from orgkey.model.setting_place import SettingPlace
from orgkey.provider.wire import Properties

if TYPE_CHECKING:
    from orgkey.provider.handler import Handler, Operation, Values


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
    """What the provider saw and did since it was configured: one run of the engine, which deletes what is replaced at its end.

    Verbs run side by side and write here, so whoever looks at all of a collection looks at a copy (`list(...)`, which is made at once).
    """

    started: float = 0.0
    """When, in epoch seconds."""

    # --- what the state has, by the Reads of this run
    stated: dict[tuple[str, str, str], StateEntry] = field(default_factory=dict)
    """Everything in state, by URN, kind and name."""
    absent: set[tuple[str, str, str]] = field(default_factory=set)
    """What of it the org does not have, or has as somebody else's."""
    gone: dict[tuple[str, str], Values] = field(default_factory=dict)
    """The outputs of what was not found in its org, by type and id: a deploy whose answer was lost may bring it yet."""
    lasting: dict[str, dict[str, bool]] = field(default_factory=dict)
    """Inputs by URN that stay as the state has them: a replacement by order comes without the old inputs."""
    spared: dict[tuple[str, str], dict[str, bool]] = field(default_factory=dict)
    """The same by type and id, of what takes nothing from anybody: after a component's rename, or a Read that found nothing of ours, no
    URN leads there."""
    adopted: dict[tuple[str, str], bool] = field(default_factory=dict)
    """Whether what is in state was there before the stack, by type and id."""
    claims: dict[tuple[str, str], int] = field(default_factory=dict)
    """The highest claim to it in state, by type and id: a Create whose deploy failed has one that no marker shows."""
    own_ends: set[str] = field(default_factory=set)
    """Ids of assignments whose end this stack decided."""
    grants: dict[str, SeenGrant] = field(default_factory=dict)
    """The proofs, by URN."""
    seen_apps: dict[str, SeenApp] = field(default_factory=dict)
    """The apps, by consumer key."""

    # --- what the program declares, by its Checks and Diffs
    checked: set[str] = field(default_factory=set)
    """The URNs that it declares; a refresh compares too, and declares nothing."""
    declared: dict[str, Declaration] = field(default_factory=dict)
    """The names that it gives, by URN."""
    kept: set[tuple[str, str]] = field(default_factory=set)
    """What is to stay, by type and id."""
    replaced: dict[str, Values] = field(default_factory=dict)
    """The outputs of what is to be replaced, by URN."""
    defaulted: dict[str, frozenset[str]] = field(default_factory=dict)
    """Inputs that neither program nor state gives, by URN: a default takes nothing from anybody."""
    apps: dict[str, DeclaredApp] = field(default_factory=dict)
    """The apps that the engine compared, by consumer key."""
    keys: dict[str, SeenKey] = field(default_factory=dict)
    """The key pairs, by URN."""
    kept_keys: dict[str, Properties] = field(default_factory=dict, repr=False)
    """The consumer keys that retiring key pairs keep, by URN."""
    places: dict[tuple[str, int], SettingPlace] = field(default_factory=dict)
    """Where the settings of a component's generations are written, by component and number."""

    # --- what was done
    written: dict[tuple[str, str], Any] = field(default_factory=dict)
    """The claim under which a Create or Update wrote a resource, by type and id."""
    left: dict[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
    """Assignments by URN, as outputs show them, that a Delete left because a login hangs on them: what comes later goes on from there."""

    # --- of previews
    told: set[str] = field(default_factory=set)
    """Problems that were told, each once."""
    in_the_way: int = 0
    """How many problems have not ended the preview yet."""
    licenses: dict[str, str] = field(default_factory=dict)
    """Licences of the permission sets that it plans, by name."""
    unanswered: bool = False
    """The org did not answer, and is asked no more."""

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

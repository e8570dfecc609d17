"""What somebody may change in the stack file of a random life: settings, users, names, keys, and the generations of the app."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from tests.matrix.cases import KINDS
from tests.matrix.declared import Declared, Generation

USERS = ("ci", "devops", "release", "admin")
WHICH = st.integers(0, 2)
"""The place of something among those that there are."""
MOST = 3
"""How many generations a stack has at most."""
_CHOSEN = "CI_Robot"
_SETTINGS: dict[str, st.SearchStrategy[Any]] = {
    "label": st.sampled_from(["CI Integration", "Other <label> & more", "Ünïcode"]),
    "description": st.sampled_from(["", "for CI", "two\nlines"]),
    "ipRelaxation": st.sampled_from(["Enforce", "Bypass"]),
    "scopes": st.sampled_from([["Api", "RefreshToken"], ["Api", "RefreshToken", "Chatter"]]),
    "sessionTimeoutMinutes": st.sampled_from([30, 60]),
    "contactEmail": st.sampled_from(["ops@acme.com", "other@acme.com"]),
}


@dataclass(frozen=True)
class Setting:
    """A setting of the app; None takes it out."""

    name: str
    value: Any

    def of(self, file: Declared) -> Declared:
        others = {name: value for name, value in file.app.items() if name != self.name}
        return replace(file, app=others if self.value is None else {**others, self.name: self.value})


@dataclass(frozen=True)
class Users:
    """The users, of whom the first logs in."""

    users: tuple[str, ...]

    def of(self, file: Declared) -> Declared:
        return replace(file, users=self.users)


@dataclass(frozen=True)
class Key:
    """Another life of the certificate, or another key in place."""

    days: int | None

    def of(self, file: Declared) -> Declared:
        known = file.key.get("generation", 1)
        said = {"generation": known + 1} if self.days is None else {"validityDays": self.days}
        return replace(file, key={**file.key, **said})


@dataclass(frozen=True)
class Names:
    """Other names of the first app and of the set, in place."""

    app: str
    permission_set: str

    def of(self, file: Declared) -> Declared:
        return replace(file, names=(self.app, self.permission_set))


Edit = Setting | Users | Key | Names
AN_EDIT: st.SearchStrategy[Edit] = st.one_of(
    st.sampled_from(sorted(_SETTINGS)).flatmap(
        lambda name: st.builds(Setting, st.just(name), st.none() | _SETTINGS[name])
    ),
    st.builds(Users, st.lists(st.sampled_from(USERS), min_size=1, unique=True).map(tuple)),
    st.builds(Key, st.none() | st.integers(30, 400)),
    st.builds(Names, st.sampled_from(["CI_Integration", "CI_Other"]), st.sampled_from(["CI_A", "CI_B"])),
)


@dataclass(frozen=True)
class Taken:
    """Numbers and names that generations have by now, in the file, in state or in the org."""

    numbers: Collection[int]
    names: Collection[str]


@dataclass(frozen=True)
class Next:
    """A new key, another kind or another name of the app beside the one before, which may have leaked and is blocked then."""

    kind: str
    named: bool
    blocks_the_former: bool

    def of(self, file: Declared, taken: Taken) -> Declared:
        if len(file.generations) == MOST:
            return file
        numbers, names = {*taken.numbers, *file.apps()}, {*taken.names, *file.apps().values()}
        number = next(each for each in range(1, 99) if each not in numbers)
        name = _CHOSEN if self.named and _CHOSEN not in names else ""
        former = file.current.number
        made = file.next(Generation(number, self.kind, name))
        return made.blocking(former, blocked=True) if self.blocks_the_former else made


@dataclass(frozen=True)
class Back:
    """A retiring generation is current again."""

    which: int

    def of(self, file: Declared, _: Taken) -> Declared:
        return file.next(file.retiring[self.which % len(file.retiring)]) if file.retiring else file


@dataclass(frozen=True)
class Retire:
    """A retiring generation goes."""

    which: int

    def of(self, file: Declared, _: Taken) -> Declared:
        return file.without(file.retiring[self.which % len(file.retiring)].number) if file.retiring else file


@dataclass(frozen=True)
class Replace:
    """Another generation at once, without one that retires."""

    kind: str

    def of(self, file: Declared, taken: Taken) -> Declared:
        made = Next(self.kind, named=False, blocks_the_former=False).of(file, taken)
        return replace(made, generations=made.generations[:1])


@dataclass(frozen=True)
class Block:
    """A generation is blocked, or let in again."""

    which: int

    def of(self, file: Declared, _: Taken) -> Declared:
        each = file.generations[self.which % len(file.generations)]
        return file.blocking(each.number, blocked=not each.blocked)


Change = Next | Back | Retire | Replace | Block
A_CHANGE: st.SearchStrategy[Change] = st.one_of(
    st.builds(Next, st.sampled_from(KINDS), st.booleans(), st.sampled_from([False, False, True])),
    st.builds(Back, WHICH),
    st.builds(Retire, WHICH),
    st.builds(Replace, st.sampled_from(KINDS)),
    st.builds(Block, WHICH),
)

"""A stack file of a random life, as data: what it declares of the app's generations, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from orgkey.model.generations import app_name

FIRST_NAMES = ("CI_Integration", "CI_Integration_Access")


@dataclass(frozen=True)
class Generation:
    """One generation: `name` is its app's where the file gives one, `consumer_key` that of an app it keeps."""

    number: int
    kind: str
    name: str = ""
    blocked: bool = False
    consumer_key: str = ""


@dataclass(frozen=True)
class Declared:
    """A stack file. The first of `generations` is the current one, the others retire."""

    generations: tuple[Generation, ...]
    app: Mapping[str, Any] = field(default_factory=dict)
    users: tuple[str, ...] = ("ci",)
    key: Mapping[str, Any] = field(default_factory=dict)
    names: tuple[str, str] = FIRST_NAMES

    @property
    def current(self) -> Generation:
        return self.generations[0]

    @property
    def retiring(self) -> tuple[Generation, ...]:
        return self.generations[1:]

    @property
    def blocked(self) -> frozenset[int]:
        """Numbers of the generations that are blocked."""
        return frozenset(each.number for each in self.generations if each.blocked)

    def apps(self) -> dict[int, str]:
        """The names of the apps, by the numbers of their generations."""
        return {each.number: each.name or app_name(self.names[0], each.number) for each in self.generations}

    def next(self, made: Generation) -> Declared:
        """Another current generation; the one before retires. What a key has of its own stays with the one it is of."""
        key = {name: value for name, value in self.key.items() if name != "consumerKey"}
        former = replace(self.current, consumer_key=self.key.get("consumerKey", ""))
        others = (each for each in (former, *self.retiring) if each.number != made.number)
        return replace(self, generations=(replace(made, consumer_key=""), *others), key=key)

    def without(self, number: int) -> Declared:
        """The same without a retiring generation."""
        return replace(self, generations=tuple(each for each in self.generations if each.number != number))

    def with_kind(self, kind: str) -> Declared:
        """The same with a current app of another kind."""
        return replace(self, generations=(replace(self.current, kind=kind), *self.retiring))

    def blocking(self, number: int, *, blocked: bool) -> Declared:
        """The same with a generation blocked or let in."""
        changed = (replace(each, blocked=blocked) if each.number == number else each for each in self.generations)
        return replace(self, generations=tuple(changed))

    def keeping(self, consumer_keys: Mapping[int, str]) -> Declared:
        """The same with apps that have these consumer keys."""
        kept = (replace(each, consumer_key=consumer_keys[each.number]) for each in self.retiring)
        key = {**self.key, "consumerKey": consumer_keys[self.current.number]}
        return replace(self, generations=(self.current, *kept), key=key)

    def settings(self, *, imported: bool = False) -> dict[str, Any]:
        """The settings of the `orgkey` namespace but `users`; `imported`: everything is taken over."""
        current = self.current
        settings: dict[str, Any] = {
            "app": {**self.app, "name": self.names[0], **({"blocked": True} if current.blocked else {})},
            "permissionSet": {"name": self.names[1]},
            "key": dict(self.key),
        }
        if current.number > 1 or current.name:
            settings["generation"] = {"number": current.number, **({"name": current.name} if current.name else {})}
        if self.retiring:
            settings["retiring"] = [self._retiring(each, imported=imported) for each in self.retiring]
        if imported:
            settings["import"] = {"app": True, "permissionSet": True, "assignments": True}
        return settings

    def _retiring(self, each: Generation, *, imported: bool) -> dict[str, Any]:
        said = {
            "name": each.name,
            "kind": each.kind if each.kind != self.current.kind else "",
            "blocked": each.blocked,
            "import": imported,
            "key": {"consumerKey": each.consumer_key} if each.consumer_key else {},
        }
        return {"number": each.number, **{name: value for name, value in said.items() if value}}

"""The apps of an org, as far as a start needs them: which do JWT, whose they are, and which one somebody means. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from orgkey.metadata.check import suggestion
from orgkey.metadata.identifiers import name_key
from orgkey.metadata.members import APP_KINDS, Resource

_SHOWN = 20  # names in one message
_LONGEST_ENDING = 40  # characters; a developer name has 80 at most


class Jwt(StrEnum):
    """Whether an app has a certificate, without which nobody logs in by JWT."""

    YES = "has a certificate"
    NO = "has no certificate"
    UNKNOWN = "whether it has a certificate is not shown"


@dataclass(frozen=True, slots=True)
class AppSeen:
    """An app of the org. `kind` is `external` or `connected`; `namespace` is that of the package it came with, empty for the org's own.

    `settings_shown` is false where the org lists it and does not show it: a vendor's. `manager` is the stack that its marker names.
    """

    kind: str
    name: str
    label: str = ""
    namespace: str = ""
    settings_shown: bool = True
    jwt: Jwt = Jwt.UNKNOWN
    manager: str = ""

    @property
    def resource(self) -> Resource:
        """Its kind as the field table has it."""
        return APP_KINDS[self.kind]

    @property
    def own(self) -> bool:
        """Whether it is the org's own, and not a package's or a vendor's."""
        return not self.namespace and self.settings_shown

    @property
    def in_words(self) -> str:
        """Kind, name and label."""
        label = f" (label {self.label!r})" if self.label and self.label != self.name else ""
        return f"{self.resource.in_words} {self.name}{label}"

    @property
    def whose(self) -> str:
        """Whose it is where it is not the org's own; else empty."""
        if self.namespace:
            return f"of the package {self.namespace}"
        return "" if self.settings_shown else "of a vendor: the org does not show its settings"


class AppNotFoundError(Exception):
    """No app, or no one app, is meant; `str()` names what there is."""


def doing_jwt(apps: Iterable[AppSeen]) -> list[AppSeen]:
    """The org's own apps with a certificate that no stack manages yet: which a stack may take over."""
    found = [each for each in apps if each.own and each.jwt is Jwt.YES and not each.manager]
    return sorted(found, key=lambda each: (name_key(each.name), each.kind))


def manager_of(name: str, apps: Iterable[AppSeen]) -> str:
    """The stack that manages an app of that developer name; empty for none."""
    return next((each.manager for each in apps if each.manager and name_key(each.name) == name_key(name)), "")


def free_name(wanted: str, apps: Iterable[AppSeen], stack: str) -> str:
    """A developer name that no app has: the one wanted, or that with the stack's name; empty where both are taken.

    No number is put behind it: so a later generation of an app is called.
    """
    taken = {name_key(each.name) for each in apps}
    own = re.sub(r"[^A-Za-z]+", "_", stack).strip("_")
    names = (wanted, f"{wanted}_{own[:_LONGEST_ENDING].rstrip('_')}" if own else wanted)
    return next((each for each in names if name_key(each) not in taken), "")


def app_called(wanted: str, apps: Sequence[AppSeen], *, kind: str = "", host: str) -> AppSeen:
    """The app of a developer name or, where no app has that, of a label; raises AppNotFoundError."""
    of_kind = [each for each in apps if kind in ("", each.kind)]
    spoken = name_key(wanted)
    by_name = [each for each in of_kind if spoken == name_key(each.name)]
    found = by_name or [each for each in of_kind if spoken == name_key(each.label)]
    own = [each for each in found if each.own]
    if len(own) == 1:
        return own[0]
    if own:
        listed = "\n".join(f"  {each.in_words}" for each in own)
        by_kind = len({each.kind for each in own}) == len(own)
        how = "Say which by --kind external or --kind connected." if by_kind else "Name one by its developer name."
        raise AppNotFoundError(f"{host} has several apps called {wanted}:\n{listed}\n{how}")
    if found:
        raise AppNotFoundError(
            f"{found[0].in_words} in {host} is {found[0].whose}. Its publisher alone changes it, so no stack can take it over.\n"
            "Make an app of your own: the same command with --app NAME in the place of --adopt."
        )
    raise AppNotFoundError(
        f"{host} has no app called {wanted}{_of_that_kind(kind)}.\n{_what_there_is(wanted, of_kind)}"
    )


def _of_that_kind(kind: str) -> str:
    return f" among its {APP_KINDS[kind].in_words}s" if kind else ""


def _what_there_is(wanted: str, apps: Sequence[AppSeen]) -> str:
    own = sorted((each for each in apps if each.own), key=lambda each: name_key(each.name))
    if not own:
        return "It has no app of its own. To make one, give --app NAME in the place of --adopt."
    names = [each.name for each in own]
    close = suggestion(wanted, tuple(names))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"Its own apps are: {', '.join(names[:_SHOWN])}{more}{close or '.'}"

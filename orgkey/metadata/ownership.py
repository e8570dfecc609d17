"""The ownership marker: a line in the description of app and permission set that tells who manages it.

`managed by orgkey <owner>/<stack> in <org id>`: shown, never hidden. The org id tells a sandbox's copy of production's things
from the things of this stack (platform notes 1.9: a refreshed sandbox is a copy of production under a new org id).

`... in <org id>#3` says that a second resource of the stack has taken the thing over, as the engine's replacements do: the first one
is to delete it no more (ADR 10). The id has 15 characters there, so that the line grows no longer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from orgkey.metadata.identifiers import same_id, short_id

_MARKER = re.compile(
    r"\s*managed by orgkey (?P<owner>[^\s/]+)/(?P<stack>\S+) in (?P<org>[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?)\b"
    r"(?:#(?P<claim>[1-9][0-9]{0,8})\b)?\s*"
)

_UNSEEN = r"\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff0-\uffff"
"""Characters that nobody sees, or that no XML carries: the marker is to be read by people and by orgkey."""
OWNER = rf"[^\s/{_UNSEEN}]+"
"""Who manages, in all stacks: one word."""
MANAGER = rf"(?=.{{3,64}}$){OWNER}/[^\s{_UNSEEN}]+"
"""Owner and stack; no longer, so that marker and description of a permission set stay within the platform's 255 characters."""


class Ownership(StrEnum):
    """What a marker means to one stack in one org."""

    OURS = "ours"
    COPY = "a copy of another org's, made by a sandbox refresh"
    ANOTHERS = "somebody else's"
    UNMARKED = "not managed by orgkey"


@dataclass(frozen=True, slots=True)
class Marker:
    """Who manages a thing: owner and stack joined by a slash, and the org it was made in.

    `claim` numbers the resources of that stack which made it or took it over, from 1; the last one's counts.
    """

    manager: str
    org_id: str
    claim: int = 1

    def line(self) -> str:
        """The line as it stands in a description."""
        where = self.org_id if self.claim == 1 else f"{short_id(self.org_id)}#{self.claim}"
        return f"managed by orgkey {self.manager} in {where}"

    @property
    def owner(self) -> str:
        """The part before the slash: the project that manages, in all its stacks."""
        return self.manager.split("/", 1)[0]


def mark(description: str, marker: Marker | None) -> str:
    """Return the description with the marker as its last line."""
    return "\n".join(part for part in (description, marker.line() if marker else "") if part)


def unmark(description: str) -> tuple[str, Marker | None]:
    """Split a description, as the org gives it, into its text and its marker (None where it has none).

    The last marker counts: whoever wrote last put it there, and text that was copied from elsewhere may hold another.
    """
    markers = list(_MARKER.finditer(description))
    if not markers:
        return description.strip(), None
    found = markers[-1]
    text = description[: found.start()] + "\n" * bool(description[found.end() :]) + description[found.end() :]
    return text.strip(), Marker(f"{found['owner']}/{found['stack']}", found["org"], int(found["claim"] or 1))


def judge(marker: Marker | None, *, manager: str, org_id: str) -> Ownership:
    """Say whose a thing with this marker is, seen by the stack `manager` (`owner/stack`) in the org `org_id`."""
    if marker is None:
        return Ownership.UNMARKED
    own = Marker(manager, org_id)
    if marker.owner != own.owner:
        return Ownership.ANOTHERS
    if same_id(marker.org_id, org_id):
        return Ownership.OURS if marker.manager == manager else Ownership.ANOTHERS
    return Ownership.COPY

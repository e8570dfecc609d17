"""A resource's URN, read in one place: `urn:pulumi:<stack>::<project>::<parent type>$<type>::<name>`.

A name may hold anything, `::` and `$` included, and stands last; nothing before it does (pulumi/sdk/go/common/resource/urn).
"""

from __future__ import annotations

from dataclasses import dataclass

_PREFIX = "urn:pulumi:"
_PARTS = 4


@dataclass(frozen=True, slots=True)
class Urn:
    """The parts of a URN. `parent_type` is the qualified type of the parent, empty for a resource without one."""

    stack: str
    project: str
    parent_type: str
    type: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Urn:
        """Read a URN; raises ValueError for anything else."""
        parts = text.removeprefix(_PREFIX).split("::", _PARTS - 1)
        if not text.startswith(_PREFIX) or len(parts) != _PARTS:
            raise ValueError(f"{text!r} is not a URN")
        stack, project, qualified_type, name = parts
        parent_type, _, type_token = qualified_type.rpartition("$")
        return cls(stack, project, parent_type, type_token, name)

    @property
    def type_name(self) -> str:
        """The last part of the type token: `PermissionSet` of `salesforce:index:PermissionSet`."""
        return type_name(self.type)

    def parent(self, name: str) -> str:
        """URN of the parent, whose own name the child's does not tell."""
        return f"{_PREFIX}{self.stack}::{self.project}::{self.parent_type}::{name}"


def type_name(type_token: str) -> str:
    """The last part of a type token, which says what it is within its package."""
    return type_token.rpartition(":")[2]

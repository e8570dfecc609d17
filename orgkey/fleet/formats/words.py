"""Words that several formats share."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from metadata.fields import APP_FIELDS, PERMISSION_SET_FIELDS
from orgkey.fleet.report import Finding, Report, StackReport, Verdict
from orgkey.model.assignments import PermissionSetAssignmentsArgs
from orgkey.model.key_pair import KeyPairArgs

UNKNOWN_REST = "the stack"
"""What an unknown without a path is called."""

_PROPERTIES: Mapping[str, frozenset[str]] = {
    "app": frozenset(row.name for row in APP_FIELDS),
    "permissionSet": frozenset(row.name for row in PERMISSION_SET_FIELDS),
    "assignments": frozenset(PermissionSetAssignmentsArgs.names()),
    "key": frozenset(KeyPairArgs.names()),
}

_COMMANDS = frozenset({"Cc", "Cf", "Cs", "Cn"})


def headline(report: Report) -> str:
    """One line: how many stacks, and how they are."""
    counted = [(verdict, report.count(verdict)) for verdict in Verdict]
    parts = ", ".join(f"{number} {verdict}" for verdict, number in counted if number)
    stacks = "1 stack" if len(report.stacks) == 1 else f"{len(report.stacks)} stacks"
    return f"{stacks}: {parts or 'none'}"


def org_of(each: StackReport) -> str:
    """The org's host, as people know it."""
    return each.instance_url.removeprefix("https://")


def place_of(found: Finding) -> str:
    """The property path as a sentence begins with it; empty where the summary says it better."""
    return "" if found.path.endswith(".otherParts") or not found.path else f"{found.path}: "


def commands(report: Report) -> list[str]:
    """What to type, for all stacks, each once."""
    return list(dict.fromkeys(command for each in report.stacks for command in each.commands))


def printable(text: str) -> str:
    """An org's own words without what a terminal or an XML parser would take for a command: control and direction characters."""
    return "".join(char if char == "\n" or unicodedata.category(char) not in _COMMANDS else "\ufffd" for char in text)


def can_be_ignored(path: str) -> bool:
    """Whether `orgkey:ignore` takes this path: properties that a stack declares, and not what only the org or the state has."""
    part, _, name = path.partition(".")
    return name in _PROPERTIES.get(part, ())

"""A provider that notes which verbs an engine calls of which resource: how two engines are held against each other."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any

from orgkey.provider.servicer import SalesforceProvider

_VERBS = ("Check", "Diff", "Create", "Read", "Update", "Delete")
Call = tuple[str, str]


class RecordingProvider(SalesforceProvider):
    """The provider, and `calls` (verb, resource name) in the order of their arrival."""

    def __init__(self, calls: list[Call], **options: Any) -> None:
        super().__init__(**options)
        self.calls = calls


def _noting(verb: str) -> Callable[..., Any]:
    def call(self: RecordingProvider, request: Any, context: Any) -> Any:
        self.calls.append((verb, request.urn.rsplit("::", 1)[-1]))
        return getattr(SalesforceProvider, verb)(self, request, context)

    return call


for _verb in _VERBS:
    setattr(RecordingProvider, _verb, _noting(_verb))


def in_order(calls: list[Call]) -> list[Call]:
    """Calls with those in one order that an engine makes at the same time: the Reads that follow each other, and their Diffs."""
    groups = (list(group) for _, group in groupby(calls, lambda call: call[0] in {"Read", "Diff"}))
    return [call for group in groups for call in (sorted(group) if group[0][0] == "Read" else group)]

"""What an org made of a deploy: settings that it does not keep, parts that it added, left or dropped.

What an org fills in or does not keep is told once, after the deploy, and remembered in the outputs: it is never a change that the next
`up` would try again in vain.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from orgkey.metadata.codec import Value
from orgkey.metadata.compare import differences
from orgkey.metadata.members import Resource
from orgkey.metadata.parse import Found
from orgkey.metadata.render import UnknownPart

NOT_KEPT = "notKept"
_JUDGED_ELSEWHERE = frozenset({"certificatePem", "permissionSets", "profiles"})
"""An org that does not show the certificate, or has lost a pre-authorization, is no org that does not keep a setting."""


def read_back(
    resource: Resource,
    sent: Mapping[str, Any],
    carried_over: Sequence[UnknownPart],
    before: Found | None,
    after: Found,
    known: Sequence[Mapping[str, str]] = (),
) -> tuple[dict[str, Any], list[str]]:
    """Compare what was sent with what the org holds after the deploy; return outputs, and a sentence for each thing to tell.

    `known` is what the state has of such things: they were told before.
    """
    kept = [
        difference
        for difference in differences(resource, sent, after.settings)
        if difference.path not in _JUDGED_ELSEWHERE and not difference.replaces
    ]
    parts = [asdict(part) for part in after.unknown_parts]
    items = [{"setting": each.path, "sent": _written(each.before), "kept": _written(each.after)} for each in kept]
    outputs: dict[str, Any] = {each.path: after.settings[each.path] for each in kept}
    outputs |= {NOT_KEPT: items, "members": dict(after.names), "otherParts": parts, "carriedOver": parts}
    warnings = [
        f"the org does not keep {each.path}: {_shown(each.before)} was sent, it holds {_shown(each.after)}"
        for each, item in zip(kept, items, strict=True)
        if item not in known
    ]
    return outputs, [*warnings, *_parts_told(carried_over, before, after)]


def as_sent(resource: Resource, seen: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
    """What was seen, with the value that was sent where the org still holds what it made of it."""
    sent, kept = (
        {str(item["setting"]): json.loads(item[side]) for item in outputs.get(NOT_KEPT, ())}
        for side in ("sent", "kept")
    )
    moved = {difference.path for difference in differences(resource, kept, seen)}
    return {**seen, **{name: value for name, value in sent.items() if name not in moved}}


def _written(value: Value) -> str:
    """A value of any type as text, for the state."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=list)


def _parts_told(carried_over: Sequence[UnknownPart], before: Found | None, after: Found) -> Iterator[str]:
    present = set(after.unknown_parts)
    for part in carried_over:
        if part not in present:
            yield f"the org does not keep a part that was there before: {part.xml}"
    for part in before.unknown_parts if before else ():
        if part in present and part not in carried_over:
            yield f"the org keeps a part that was left out of the deploy: {part.xml}"


def _shown(value: Any) -> str:
    match value:
        case None | "" | [] | ():
            return "nothing"
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return ", ".join(map(_shown, value))
        case Mapping():
            return "-".join(str(value[name]) for name in ("start", "end") if name in value)
    return str(value)

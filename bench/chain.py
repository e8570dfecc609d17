"""Which requests wait for each other: from when each began and ended to the longest chain of them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: what it asked for, and when it began and ended, in seconds of one clock."""

    operation: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Link:
    """A request of a chain, and the requests that were under way beside it."""

    request: Asked
    beside: tuple[Asked, ...] = ()


def asked(logged: Iterable[Mapping[str, Any]]) -> list[Asked]:
    """Requests as the local org's log tells them (docs/local-org.md)."""
    return [Asked(each["operation"], each["begin"], each["end"]) for each in logged]


def longest_chain(requests: Iterable[Asked]) -> list[Link]:
    """The largest number of requests none of which overlaps another, in their order.

    One that begins when another ends does not overlap it. Always the next one that ends first: no other choice leaves room for more
    (interval scheduling). Every request that is no link overlaps at least one, and stands beside the first of those.
    """
    links: list[Asked] = []
    beside: list[list[Asked]] = []
    for request in sorted(requests, key=lambda each: (each.end, each.begin)):
        if not links or request.begin >= links[-1].end:
            links.append(request)
            beside.append([])
        else:  # it ends no earlier than the last link and begins before that one's end; perhaps before those before it, too
            first = next(number for number, link in enumerate(links) if request.begin < link.end)
            beside[first].append(request)
    return [Link(link, tuple(others)) for link, others in zip(links, beside, strict=True)]


def in_words(chain: Sequence[Link]) -> str:
    """The operations of a chain: `jwtGrant > composite (beside it: 2 readMetadata) > 2 x query`."""
    said: list[tuple[str, int]] = []
    for link in chain:
        others = Counter(each.operation for each in link.beside)
        listed = ", ".join(f"{count} {operation}" for operation, count in sorted(others.items()))
        text = f"{link.request.operation} (beside it: {listed})" if listed else link.request.operation
        if said and said[-1][0] == text:
            said[-1] = (text, said[-1][1] + 1)
        else:
            said.append((text, 1))
    return " > ".join(text if count == 1 else f"{count} x {text}" for text, count in said)

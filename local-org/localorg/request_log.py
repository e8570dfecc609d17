"""What was asked of the landscape: the last requests, and counts by operation since the last reset."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

KEEP = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One request: its org (or login, test), what it asked for, how it was answered (0: the connection was reset).

    `digest` is of its query and body: a request made twice shows as the same digest twice. `begin` and `end` are when its head came
    and when its answer was ready, in real seconds of the machine's monotonic clock: two requests of which neither ends before the other
    begins were under way side by side.
    """

    org: str
    method: str
    path: str
    operation: str
    status: int
    digest: str
    begin: float
    end: float


class RequestLog:
    """The requests since the last reset; of very many only the last are kept, all are counted."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEEP)
        self._counts: Counter[str] = Counter()
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def under_way(self, org: str) -> Iterator[None]:
        """Count a request as under way while it waits and is handled; its sender may be gone long before that."""
        self._under_way[org] += 1
        try:
            yield
        finally:
            self._under_way[org] -= 1

    def count_under_way(self, org: str | None = None) -> int:
        """Return how many requests have come and are not handled yet."""
        return self._under_way.total() if org is None else self._under_way[org]

    def add(self, entry: Entry) -> None:
        """Note a request that was handled."""
        self._entries.append(entry)
        self._counts[entry.operation] += 1

    def entries(self, org: str | None = None) -> list[dict[str, object]]:
        """Return the kept requests, oldest first."""
        return [asdict(entry) for entry in self._entries if org in {None, entry.org}]

    def counts(self) -> dict[str, int]:
        """Return how many requests each operation had."""
        return dict(sorted(self._counts.items()))

    def reset(self) -> None:
        """Start counting anew."""
        self._entries.clear()
        self._counts.clear()

"""How often a user may log in: so many times an hour (platform notes 8). Counted in memory: a restart forgets."""

from __future__ import annotations

from collections import deque

HOUR = 3600.0


class LoginRate:
    """Logins of the last hour, per org and user."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], deque[float]] = {}

    def allow(self, org: str, user_id: str, now: float, limit: float) -> bool:
        """Count one login; tell whether it is within the limit (0: no limit)."""
        if limit <= 0:
            return True
        seen = self._seen.setdefault((org, user_id), deque())
        while seen and seen[0] <= now - HOUR:
            seen.popleft()
        if len(seen) >= limit:
            return False
        seen.append(now)
        return True

    def reset(self) -> None:
        """Forget all counts."""
        self._seen.clear()

"""Which permission sets a user holds now, and what they allow: profile, assignments, groups."""

from __future__ import annotations

from localorg.store import Store

_HELD = """
SELECT s.Id FROM PermissionSet s WHERE s.org = :org AND (
  s.ProfileId = (SELECT ProfileId FROM User WHERE org = :org AND Id = :user)
  OR s.Id IN (SELECT PermissionSetId FROM PermissionSetAssignment WHERE org = :org AND AssigneeId = :user
    AND PermissionSetId IS NOT NULL AND (ExpirationDate IS NULL OR ExpirationDate > :now))
  OR s.Id IN (SELECT c.PermissionSetId FROM PermissionSetGroupComponent c JOIN PermissionSetAssignment a
    ON a.org = c.org AND a.PermissionSetGroupId = c.PermissionSetGroupId WHERE c.org = :org AND a.AssigneeId = :user
    AND (a.ExpirationDate IS NULL OR a.ExpirationDate > :now)))
"""


def held_sets(store: Store, org: str, user_id: str, now: str) -> set[str]:
    """Return the ids of the sets that a user holds, the profile's own included."""
    return {row[0] for row in store.sql.execute(_HELD, {"org": org, "user": user_id, "now": now})}


def allows(store: Store, org: str, user_id: str, now: str, *permissions: str) -> bool:
    """Tell whether a user has at least one of the permissions, ModifyAllData standing for every metadata one."""
    wanted = " OR ".join(f'p."Permissions{name}" = 1' for name in permissions)
    statement = f"SELECT 1 FROM PermissionSet p WHERE p.org = :org AND ({wanted}) AND p.Id IN ({_HELD}) LIMIT 1"
    return store.sql.execute(statement, {"org": org, "user": user_id, "now": now}).fetchone() is not None

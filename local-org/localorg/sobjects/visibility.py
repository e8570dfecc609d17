"""Who may see which objects: to others they are not there (object reference, "Special Access Rules")."""

from __future__ import annotations

from collections.abc import Iterable

from localorg.identity.holding import allows
from localorg.store import Store

_SETUP, _ASSIGN, _USERS, _SESSIONS = "ViewSetup", "AssignPermissionSets", "ManageUsers", "ManageSessionPermissionSets"
VIEWERS: dict[str, tuple[str, ...]] = {
    "SetupEntityAccess": (_SETUP,),
    "PermissionSet": (_SETUP, _SESSIONS, _ASSIGN, "ManageProfilesPermissionsets"),
    "PermissionSetAssignment": (_SETUP, _ASSIGN, _USERS),
    "PermissionSetGroup": (_SETUP, _SESSIONS, _ASSIGN),
    "PermissionSetGroupComponent": (_SETUP, _SESSIONS, _ASSIGN),
    "LoginHistory": (_USERS,),
    "UserLogin": (_USERS,),
}
"""Object -> the permissions of which its viewers have at least one. Those of the last three are assumed."""


def hidden_object(store: Store, org: str, user_id: str, now: str, objects: Iterable[str]) -> str | None:
    """Return the first of some objects that a user may not see, or None."""
    return next(
        (name for name in objects if name in VIEWERS and not allows(store, org, user_id, now, *VIEWERS[name])),
        None,
    )

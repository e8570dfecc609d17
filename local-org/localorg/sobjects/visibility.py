"""Who may see which objects: to others they are not there (object reference, "Special Access Rules").

Assign Permission Sets and Manage Users need View Setup and Configuration themselves, so that is what tells for permission sets.
"""

from __future__ import annotations

from collections.abc import Iterable

from localorg.identity.holding import allows
from localorg.store import Store

_SETUP, _USERS = "ViewSetup", "ManageUsers"
VIEWERS: dict[str, tuple[str, ...]] = {
    "SetupEntityAccess": (_SETUP,),
    "PermissionSet": (_SETUP,),
    "PermissionSetAssignment": (_SETUP,),
    "PermissionSetGroup": (_SETUP,),
    "PermissionSetGroupComponent": (_SETUP,),
    "LoginHistory": (_SETUP, _USERS),
    "UserLogin": (_USERS,),
}
"""Object -> the permissions that its viewers have, all of them."""


def hidden_object(store: Store, org: str, user_id: str, now: str, objects: Iterable[str]) -> str | None:
    """Return the first of some objects that a user may not see, or None."""
    return next(
        (name for name in objects if not all(allows(store, org, user_id, now, each) for each in VIEWERS.get(name, ()))),
        None,
    )

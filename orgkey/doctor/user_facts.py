"""What an org's administrator sees of the user: whether it may log in, what it holds, its profile's limits, its last logins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orgkey.doctor.facts import Held, LoginLine, Unseen, UserFacts, UserSearch
from orgkey.metadata.identifiers import same_id
from orgkey.salesforce import soql

if TYPE_CHECKING:
    from orgkey.doctor.looking import Look
    from orgkey.salesforce.answers import Record, Rows

_SEES_ALL_USERS, _SEES_ALL_TOKENS = ("ViewAllUsers", "ManageUsers", "ModifyAllData"), ("CustomizeApplication",)
_LICENSE_PREFIX = "0PL"  # of a permission set licence; a permission set may carry a user licence instead
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_GROUPS = "the permission set groups of the user"


class UserExaminer:
    """Looks at the user of one name."""

    def __init__(self, look: Look, username: str) -> None:
        self._look = look
        self._username = username

    def examine(self) -> UserSearch | None:
        """Look for the user, and at everything that can stop its login; None where the org does not tell."""
        look = self._look
        rows = look.at("the user", lambda: look.rows(soql.login_user(self._username)))
        if rows is None:
            return None
        if not rows:
            complete = self._may("whether every user can be seen", _SEES_ALL_USERS, "View All Users")
            return UserSearch(None, self._similar(), complete=complete)
        return UserSearch(self._user(rows[0]))

    def _user(self, row: Record) -> UserFacts:
        look, user_id, profile_id = self._look, row.text("Id"), row.text("ProfileId")
        held_by, own_set = soql.held_by(user_id), soql.own_set_of_profile(profile_id)
        look.ahead(
            held_by,
            own_set,
            soql.user_login(user_id),
            soql.tokens_of(user_id),
            soql.login_history(user_id),
            soql.own_permissions(_SEES_ALL_TOKENS),
        )
        assigned = look.at("permission set assignments", lambda: look.rows(held_by))
        of_profile = look.at("the profile's permissions", lambda: look.rows(own_set))
        groups = sorted({each for row in assigned or () if (each := row.text("PermissionSetGroupId"))})
        inside = look.at(_GROUPS, lambda: look.all_rows(soql.sets_of_groups(groups))) if groups else []
        of_groups = (
            look.at("what the groups allow", lambda: look.all_rows(soql.own_sets_of_groups(groups))) if groups else []
        )
        login = look.at("whether the user is frozen", lambda: look.rows(soql.user_login(user_id)))
        profile = look.at("the profile's IP ranges and login hours", lambda: self._profile(profile_id))
        return UserFacts(
            record_id=user_id,
            active=row.flag("IsActive"),
            user_type=row.text("UserType"),
            profile=row.text("Profile.Name"),
            license=row.text("Profile.UserLicense.Name"),
            profile_set_id=of_profile[0].text("Id") if of_profile else "",
            frozen=login[0].flag("IsFrozen") if login else None,
            password_locked=login[0].flag("IsPasswordLocked") if login else None,
            held=None if assigned is None or inside is None else self._held(assigned, inside, of_groups or []),
            api_enabled=_api_enabled(assigned, of_profile, of_groups),
            approved_apps=self._approved(user_id),
            ip_ranges=profile[0] if profile else None,
            login_hours=profile[1] if profile else None,
            history=look.at("the login history", lambda: self._history(user_id)),
        )

    def _may(self, what: str, permissions: tuple[str, ...], name: str) -> bool:
        """Whether the login that looks surely has one of some permissions (UserPermissionAccess); where not, that is noted."""
        rows = self._look.at(what, lambda: self._look.rows(soql.own_permissions(permissions)))
        if rows and any(rows[0].flag(f"Permissions{each}") for each in permissions):
            return True
        if not self._look.is_unseen(what):
            self._look.unseen.append(Unseen(what, f"this login lacks {name}"))
        return False

    def _similar(self) -> tuple[str, ...]:
        name = self._username.strip().partition("@")[0]
        if not name:
            return ()
        rows = self._look.at("users of a similar name", lambda: self._look.rows(soql.users_called(name)))
        return tuple(row.text("Username") for row in rows or ())

    def _held(self, assigned: Rows, inside: Rows, of_groups: Rows) -> tuple[Held, ...]:
        """What the user holds: sets that are assigned, those in groups that are, and the set that each group owns."""
        licenses = self._licenses([*assigned, *inside])
        held = []
        for row in assigned:
            ended, group = _ended(row), row.text("PermissionSetGroupId")
            if not group:
                held.append(_held(row, licenses, ended))
                continue
            held += [
                _held(part, licenses, ended, group=True)
                for part in inside
                if same_id(part.text("PermissionSetGroupId"), group)
            ]
            held += [
                Held(own.text("Id"), "", None, ended, group=True)
                for own in of_groups
                if same_id(own.text("PermissionSetGroupId"), group)
            ]
        return tuple(held)

    def _licenses(self, rows: Rows) -> dict[str, str]:
        """Developer names of the permission set licences that sets carry, by id."""
        ids = {row.text("PermissionSet.LicenseId") for row in rows if row["PermissionSet"] is not None}
        wanted = sorted(each for each in ids if each.startswith(_LICENSE_PREFIX))
        if not wanted:
            return {}
        found = self._look.at("the licences of permission sets", lambda: self._look.all_rows(soql.set_licenses(wanted)))
        return {row.text("Id"): row.text("DeveloperName") for row in found or ()}

    def _approved(self, user_id: str) -> frozenset[str] | None:
        """Labels of the apps that the user has approved. Without Customize Application a login sees its own alone (OauthToken)."""
        what = "which apps the user approved"
        rows = self._look.at(what, lambda: self._look.rows(soql.tokens_of(user_id)))
        if rows is None or (not rows and not self._may(what, _SEES_ALL_TOKENS, "Customize Application")):
            return None
        return frozenset(row.text("AppName") for row in rows)

    def _history(self, user_id: str) -> tuple[LoginLine, ...]:
        return tuple(
            LoginLine(row.text("LoginTime"), row.text("Status"), row.text("Application"), row.text("SourceIp"))
            for row in self._look.rows(soql.login_history(user_id))
        )

    def _profile(self, profile_id: str) -> tuple[tuple[tuple[str, str], ...], Mapping[str, tuple[int, int]]] | None:
        rows = self._look.snapshot.tooling(soql.profile(profile_id))
        metadata: Any = rows[0].get("Metadata") if rows else None
        if not isinstance(metadata, Mapping):
            return None
        ranges = [each for each in metadata.get("loginIpRanges") or () if isinstance(each, Mapping)]
        hours = metadata.get("loginHours")
        return (
            tuple((str(each.get("startAddress", "")), str(each.get("endAddress", ""))) for each in ranges),
            _hours(hours) if isinstance(hours, Mapping) else {},
        )


def _api_enabled(assigned: Rows | None, of_profile: Rows | None, of_groups: Rows | None) -> bool | None:
    """Whether profile, permission sets or groups give the user API Enabled. A set that has to be activated gives nothing to a login."""
    if of_profile and any(row.flag("PermissionsApiEnabled") for row in of_profile):
        return True
    counting = [row for row in assigned or () if not _ended(row)]
    groups = [row.text("PermissionSetGroupId") for row in counting]
    for row in counting:
        session = row.flag("PermissionSet.HasActivationRequired")
        if not row.text("PermissionSetGroupId") and row.flag("PermissionSet.PermissionsApiEnabled") and not session:
            return True
    for row in of_groups or ():
        counts = any(same_id(row.text("PermissionSetGroupId"), each) for each in groups if each)
        if counts and row.flag("PermissionsApiEnabled"):
            return True
    return False if of_profile and assigned is not None and of_groups is not None else None


def _held(row: Record, licenses: Mapping[str, str], ended: str, *, group: bool = False) -> Held:
    license_id = row.text("PermissionSet.LicenseId")
    carried: str | None = ""
    if license_id.startswith(_LICENSE_PREFIX):
        carried = next((name for known, name in licenses.items() if same_id(known, license_id)), None)
    session = row.flag("PermissionSet.HasActivationRequired")
    return Held(row.text("PermissionSetId"), row.text("PermissionSet.Name"), carried, ended, group, session)


def _ended(row: Record) -> str:
    """When an assignment stopped counting; empty while it counts. One that is inactive without a date was revoked."""
    return "" if row.flag("IsActive") else row.text("ExpirationDate") or "revoked"


def _hours(hours: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    found = {}
    for day in _DAYS:
        start, end = hours.get(f"{day}Start"), hours.get(f"{day}End")
        if str(start).isdigit() and str(end).isdigit():
            found[day] = (int(str(start)), int(str(end)))
    return found

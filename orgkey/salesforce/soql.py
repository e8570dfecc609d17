"""Every question that orgkey asks in SOQL (platform notes 3.4), values quoted by simple-salesforce."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

ORGANIZATION = (
    "SELECT Id, Name, InstanceName, IsSandbox, TrialExpirationDate, OrganizationType, NamespacePrefix FROM Organization"
)
LATEST_DEPLOYS = "SELECT Id, Status FROM DeployRequest ORDER BY CreatedDate DESC LIMIT 5"
"""The newest deploys; for the Tooling API (platform notes 5.6). Which are under way is judged here: not every org knows every status."""

LONGEST_QUESTION = 15_000
"""Characters of one question, encoded for a URL: a REST URI takes 16,384 bytes, path included."""


def permission_set(name: str) -> str:
    """The set itself: profiles and permission set groups have rows that stand for them, and those are not meant."""
    question = (
        "SELECT Id, Name, Label, Description, LicenseId FROM PermissionSet "
        "WHERE Name = {} AND IsOwnedByProfile = false AND PermissionSetGroupId = null"
    )
    return _quoted(question, name)


def permission_sets(names: Sequence[str]) -> list[str]:
    """Sets by API name, those of packages by their prefix too."""
    question = (
        "SELECT Id, Name, Label, NamespacePrefix, IsOwnedByProfile FROM PermissionSet "
        "WHERE Name IN {} AND IsOwnedByProfile = false AND PermissionSetGroupId = null"
    )
    return _in(question, _bare(names))


def sets_labelled(labels: Sequence[str]) -> list[str]:
    """Sets by label."""
    question = (
        "SELECT Id, Name, Label, NamespacePrefix, IsOwnedByProfile FROM PermissionSet "
        "WHERE Label IN {} AND IsOwnedByProfile = false AND PermissionSetGroupId = null"
    )
    return _in(question, labels)


def sets_of_profiles(names: Sequence[str]) -> list[str]:
    """The sets that profiles own, by the profiles' names as Setup shows them."""
    question = (
        "SELECT Id, Label, IsOwnedByProfile, Profile.Name FROM PermissionSet "
        "WHERE IsOwnedByProfile = true AND Profile.Name IN {}"
    )
    return _in(question, names)


def namespaces(permission_set_ids: Sequence[str]) -> str:
    """Which of several sets of one name is the org's own: a managed package may bring one too."""
    return _quoted("SELECT Id, NamespacePrefix FROM PermissionSet WHERE Id IN {}", sorted(permission_set_ids))


def assignments(permission_set_name: str, *, with_expiration: bool = True) -> str:
    """Who holds the set, `with_expiration` until when; an assignment may be ended by its date or revoked by a user access policy."""
    question = (
        "SELECT Id, ExpirationDate, IsActive, AssigneeId, Assignee.Username, PermissionSetId FROM PermissionSetAssignment "
        "WHERE PermissionSet.Name = {} AND PermissionSet.IsOwnedByProfile = false"
    )
    return _quoted(question if with_expiration else _without_expiration(question), permission_set_name)


def groups(names: Sequence[str]) -> list[str]:
    """Permission set groups by developer name; a managed package's group is told apart by its namespace."""
    question = "SELECT Id, DeveloperName, NamespacePrefix FROM PermissionSetGroup WHERE DeveloperName IN {}"
    return _in(question, _bare(names))


def memberships(usernames: Sequence[str], group_names: Sequence[str], *, with_expiration: bool = True) -> list[str]:
    """Which of some users are in which of some groups, `with_expiration` until when; nobody else's is asked for."""
    question = (
        "SELECT Id, ExpirationDate, IsActive, AssigneeId, Assignee.Username, "
        "PermissionSetGroup.DeveloperName, PermissionSetGroup.NamespacePrefix "
        "FROM PermissionSetAssignment WHERE Assignee.Username IN {} AND PermissionSetGroup.DeveloperName IN {}"
    )
    question = question if with_expiration else _without_expiration(question)
    return [
        part
        for groups_in_one in _packed(_bare(group_names), LONGEST_QUESTION // 2)
        for part in _in(question, usernames, groups_in_one)
    ]


def users(usernames: Sequence[str]) -> list[str]:
    """What must be known of users before they are given a set, in as few questions as their names allow."""
    return _in("SELECT Id, Username, IsActive FROM User WHERE Username IN {}", usernames)


def user(user_id: str) -> str:
    """One user, by id: what every user with API access may ask about itself."""
    return _quoted("SELECT Id, Username FROM User WHERE Id = {}", user_id)


def connected_app(name: str) -> str:
    """Connected Apps by developer name, those of packages among them; for the Tooling API (the data API knows them by label only)."""
    return _quoted("SELECT Id, DeveloperName FROM ConnectedApplication WHERE DeveloperName = {}", name)


def external_client_app(name: str) -> str:
    """External Client Apps by developer name, which is unique in its namespace only."""
    question = "SELECT Id, DeveloperName, NamespacePrefix FROM ExternalClientApplication WHERE DeveloperName = {}"
    return _quoted(question, name)


def links(app_id: str) -> str:
    """Which permission sets and profiles an app pre-authorizes (platform notes 3.2)."""
    return _quoted(
        "SELECT Id, ParentId, Parent.Name, Parent.NamespacePrefix, Parent.IsOwnedByProfile, Parent.Profile.Name "
        "FROM SetupEntityAccess "
        "WHERE SetupEntityId = {}",
        app_id,
    )


def links_of_set(permission_set_name: str) -> str:
    """What a permission set gives access to, apps among it (platform notes 3.2)."""
    question = (
        "SELECT Id, ParentId, SetupEntityId, SetupEntityType FROM SetupEntityAccess "
        "WHERE Parent.Name = {} AND Parent.IsOwnedByProfile = false"
    )
    return _quoted(question, permission_set_name)


def groups_of_set(permission_set_name: str) -> str:
    """Which permission set groups contain a set."""
    question = (
        "SELECT Id, PermissionSetId, PermissionSetGroup.DeveloperName, PermissionSetGroup.NamespacePrefix "
        "FROM PermissionSetGroupComponent WHERE PermissionSet.Name = {}"
    )
    return _quoted(question, permission_set_name)


def external_client_apps(ids: Sequence[str]) -> list[str]:
    """Names of External Client Apps."""
    return _in("SELECT Id, DeveloperName FROM ExternalClientApplication WHERE Id IN {}", ids)


def connected_apps(ids: Sequence[str]) -> list[str]:
    """Labels of Connected Apps: the data API knows no other name of them."""
    return _in("SELECT Id, Name FROM ConnectedApplication WHERE Id IN {}", ids)


def own_permissions(permissions: Sequence[str]) -> str:
    """Which permissions the login that asks has: one row, which every user with API access may ask for (since API 41)."""
    return " ".join(("SELECT", _permissions(permissions), "FROM UserPermissionAccess"))


def permissions_of_sets(username: str, permissions: Sequence[str]) -> str:
    """Which permissions a user has by permission sets and groups."""
    question = (
        "SELECT PermissionSetGroupId,",
        _permissions(permissions, "PermissionSet."),
        "FROM PermissionSetAssignment",
    )
    return _quoted(" ".join((*question, "WHERE Assignee.Username = {}")), username)


def permissions_of_profile(username: str, permissions: Sequence[str]) -> str:
    """Which permissions a user has by the profile."""
    return _quoted(
        " ".join(("SELECT", _permissions(permissions, "Profile."), "FROM User WHERE Username = {}")), username
    )


def users_with_license(usernames: Sequence[str]) -> list[str]:
    """Users as `users` asks for them, and their licences by name."""
    return _in("SELECT Id, Username, IsActive, Profile.UserLicense.Name FROM User WHERE Username IN {}", usernames)


def holders_of_license(developer_name: str, usernames: Sequence[str]) -> list[str]:
    """Which of some users hold a permission set licence."""
    question = (
        "SELECT Id, Assignee.Username FROM PermissionSetLicenseAssign "
        "WHERE Assignee.Username IN {} AND PermissionSetLicense.DeveloperName = {}"
    )
    return _in(question, usernames, developer_name)


def user_license(name: str) -> str:
    """A user licence by name."""
    return _quoted("SELECT Id, Name FROM UserLicense WHERE Name = {}", name)


def permission_set_license(name: str) -> str:
    """A permission set licence by API name or label."""
    question = "SELECT Id, DeveloperName FROM PermissionSetLicense WHERE DeveloperName = {} OR MasterLabel = {}"
    return _quoted(question, name, name)


def _permissions(names: Sequence[str], path: str = "") -> str:
    return ", ".join(f"{path}Permissions{name}" for name in names)


TIME_ZONE = "SELECT TimeZoneSidKey FROM Organization"


def login_user(username: str) -> str:
    """What must be known of a user who logs in, by user name."""
    return _quoted(
        "SELECT Id, Username, IsActive, UserType, ProfileId, Profile.Name, Profile.UserLicense.Name FROM User WHERE Username = {}",
        username,
    )


def users_called(name: str) -> str:
    """Users whose name begins so, in front of the @: whom somebody may have meant."""
    from orgkey.salesforce.rest_client import format_soql

    return str(format_soql("SELECT Username FROM User WHERE Username LIKE '{:like}@%' LIMIT 50", name))


def user_login(user_id: str) -> str:
    """Whether a user is frozen, or locked out by passwords."""
    return _quoted("SELECT Id, IsFrozen, IsPasswordLocked FROM UserLogin WHERE UserId = {}", user_id)


def held_by(user_id: str) -> str:
    """Permission sets, the profile's own among them, and groups that a user holds, with what decides about a login."""
    return _quoted(
        "SELECT Id, PermissionSetId, PermissionSetGroupId, ExpirationDate, IsActive, PermissionSet.Name, PermissionSet.LicenseId, "
        "PermissionSet.PermissionsApiEnabled, PermissionSet.IsOwnedByProfile, PermissionSet.HasActivationRequired "
        "FROM PermissionSetAssignment WHERE AssigneeId = {}",
        user_id,
    )


def own_set_of_profile(profile_id: str) -> str:
    """The set that a profile owns, which holds its permissions."""
    return _quoted("SELECT Id, PermissionsApiEnabled FROM PermissionSet WHERE ProfileId = {}", profile_id)


def sets_of_groups(group_ids: Sequence[str]) -> list[str]:
    """The permission sets that some groups contain."""
    return _in(
        "SELECT PermissionSetId, PermissionSetGroupId, PermissionSet.Name, PermissionSet.LicenseId, PermissionSet.HasActivationRequired "
        "FROM PermissionSetGroupComponent WHERE PermissionSetGroupId IN {}",
        group_ids,
    )


def own_sets_of_groups(group_ids: Sequence[str]) -> list[str]:
    """The set that each group owns: what its sets allow together, less what it mutes (object reference, PermissionSet)."""
    return _in(
        "SELECT Id, PermissionSetGroupId, PermissionsApiEnabled FROM PermissionSet WHERE PermissionSetGroupId IN {}",
        group_ids,
    )


def set_licenses(ids: Sequence[str]) -> list[str]:
    """Permission set licences by id; the licence of a permission set may also be a user licence, which is none of them."""
    return _in("SELECT Id, DeveloperName FROM PermissionSetLicense WHERE Id IN {}", ids)


def login_history(user_id: str) -> str:
    """A user's last logins, good and refused."""
    return _quoted(
        "SELECT LoginTime, Status, Application, SourceIp, LoginType FROM LoginHistory WHERE UserId = {} "
        "ORDER BY LoginTime DESC LIMIT 20",
        user_id,
    )


def tokens_of(user_id: str) -> str:
    """The apps that a user has approved or uses tokens of."""
    return _quoted("SELECT AppName, LastUsedDate, UseCount FROM OauthToken WHERE UserId = {}", user_id)


MOST_LOGINS = 2000
"""Lines of the login history that one question is answered with at most."""
_LOGIN = "SELECT UserId, LoginTime, Status, Application, SourceIp FROM LoginHistory WHERE "


def logins_of_users(user_ids: Sequence[str], since: datetime) -> list[str]:
    """Newest logins of some users, good and refused. Only time, type and user can be filtered by, not the app (LoginHistory, Usage)."""
    question = _LOGIN + f"UserId IN {{}} AND LoginTime >= {{:literal}} ORDER BY LoginTime DESC LIMIT {MOST_LOGINS}"
    return _in(question, user_ids, _literal(since)) if user_ids else []


def oauth_logins(since: datetime) -> str:
    """Newest logins through apps of whoever it was: those by JWT are `Remote Access 2.0`, as all that give an OAuth token."""
    question = _LOGIN + f"LoginType = {{}} AND LoginTime >= {{:literal}} ORDER BY LoginTime DESC LIMIT {MOST_LOGINS}"
    return _quoted(question, "Remote Access 2.0", _literal(since))


def tokens_of_users(user_ids: Sequence[str]) -> list[str]:
    """Tokens of some users, by the labels of their apps: what an org has stored, which a JWT login leaves only where it is asked to."""
    return _in("SELECT AppName, UserId, LastUsedDate, UseCount FROM OauthToken WHERE UserId IN {}", user_ids)


def users_by_id(user_ids: Sequence[str]) -> list[str]:
    """User names by id."""
    return _in("SELECT Id, Username FROM User WHERE Id IN {}", user_ids)


def users_like(username_starts: Sequence[str], name_parts: Sequence[str], licenses: Sequence[str]) -> str:
    """Active users who may be no persons: by the beginning of the user name, a part of the full name, the licence, an API-only profile."""
    from orgkey.salesforce.rest_client import format_soql

    question = (
        "SELECT Id, Username, Name, Profile.Name, Profile.UserLicense.Name, Profile.PermissionsApiUserOnly FROM User "
        "WHERE IsActive = true AND UserType = 'Standard' AND (Profile.PermissionsApiUserOnly = true OR Profile.UserLicense.Name IN {}"
    )
    likes = [
        *(str(format_soql("Username LIKE '{:like}%'", each)) for each in username_starts),
        *(str(format_soql("Name LIKE '%{:like}%'", each)) for each in name_parts),
    ]
    return " OR ".join([_quoted(question, sorted(licenses)), *likes]) + ") ORDER BY Username LIMIT 200"


def frozen_users(user_ids: Sequence[str]) -> list[str]:
    """Which of some users are frozen."""
    return _in("SELECT Id, UserId FROM UserLogin WHERE UserId IN {} AND IsFrozen = true", user_ids)


def email_of(username: str) -> str:
    """The e-mail address of a user."""
    return _quoted("SELECT Id, Email FROM User WHERE Username = {}", username)


def profile(profile_id: str) -> str:
    """A profile with its metadata, for the Tooling API: one at a time, as it demands (Tooling API, Profile)."""
    return _quoted("SELECT Id, FullName, Metadata FROM Profile WHERE Id = {}", profile_id)


def external_client_apps_labelled(label: str) -> str:
    """External Client Apps with a label, which need not be one app's own."""
    return _quoted("SELECT Id FROM ExternalClientApplication WHERE MasterLabel = {}", label)


def connected_apps_labelled(label: str) -> str:
    """Connected Apps with a label."""
    return _quoted("SELECT Id FROM ConnectedApplication WHERE Name = {}", label)


AUTH_SESSIONS = "SELECT Id, UsersId, LoginHistoryId FROM AuthSession"
RECENT_LOGINS = "SELECT Id, Application, Status FROM LoginHistory WHERE LoginTime = LAST_N_DAYS:1"
"""No session lives longer than 24 hours (Session Settings). The history is filtered by time alone: not every field of it can be."""
APP_TOKENS = "SELECT Id, AppName, DeleteToken FROM OauthToken"


def _without_expiration(question: str) -> str:
    return question.replace(" ExpirationDate, IsActive,", "", 1)


def _bare(names: Iterable[str]) -> list[str]:
    """Developer names without their namespace."""
    return sorted({name.rpartition("__")[2] for name in names})


def _in(question: str, values: Iterable[str], *others: Any) -> list[str]:
    """A question with `IN {}` of many values as its first blank, in as few questions as their length allows."""
    room = LONGEST_QUESTION - len(quote_plus(_quoted(question, [], *others)))
    return [_quoted(question, part, *others) for part in _packed(sorted(values), room)]


def _packed(values: Iterable[str], room: int) -> Iterator[list[str]]:
    """Values in order, as many together as fit into `room` encoded characters; at least one."""
    part: list[str] = []
    left = room
    for value in values:
        needed = len(quote_plus(_quoted("{},", value)))
        if part and needed > left:
            yield part
            part, left = [], room
        part.append(value)
        left -= needed
    if part:
        yield part


def _literal(moment: datetime) -> str:
    """A moment as SOQL writes it, without quotes."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _quoted(question: str, *values: Any) -> str:
    from orgkey.salesforce.rest_client import format_soql

    return str(format_soql(question, *values))

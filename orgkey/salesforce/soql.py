"""Every question that orgkey asks in SOQL (platform notes 3.4), values quoted by simple-salesforce."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

ORGANIZATION = (
    "SELECT Id, Name, InstanceName, IsSandbox, TrialExpirationDate, OrganizationType, NamespacePrefix FROM Organization"
)
LATEST_DEPLOYS = "SELECT Id, Status FROM DeployRequest ORDER BY CreatedDate DESC LIMIT 5"
"""The newest deploys; for the Tooling API (platform notes 5.6). Which are under way is judged here: not every org knows every status."""

_USERS_IN_ONE_QUERY = 200  # a query has a length limit; 200 user names stay far below it


def permission_set(name: str) -> str:
    """The set itself; profiles own sets too, and those are not meant."""
    question = (
        "SELECT Id, Name, Label, Description, LicenseId FROM PermissionSet WHERE Name = {} AND IsOwnedByProfile = false"
    )
    return _quoted(question, name)


def namespaces(permission_set_ids: Sequence[str]) -> str:
    """Which of several sets of one name is the org's own: a managed package may bring one too."""
    return _quoted("SELECT Id, NamespacePrefix FROM PermissionSet WHERE Id IN {}", sorted(permission_set_ids))


def assignments(permission_set_name: str, *, until: bool = True) -> str:
    """Who holds the set, and `until` when."""
    question = (
        "SELECT Id, ExpirationDate, AssigneeId, Assignee.Username, PermissionSetId FROM PermissionSetAssignment "
        "WHERE PermissionSet.Name = {} AND PermissionSet.IsOwnedByProfile = false"
    )
    return _quoted(question if until else _without_end(question), permission_set_name)


def groups(names: Sequence[str]) -> str:
    """Permission set groups by developer name; a managed package's group is told apart by its namespace."""
    return _quoted(
        "SELECT Id, DeveloperName, NamespacePrefix FROM PermissionSetGroup WHERE DeveloperName IN {}",
        sorted({name.rpartition("__")[2] for name in names}),
    )


def memberships(usernames: Sequence[str], group_names: Sequence[str], *, until: bool = True) -> list[str]:
    """Which of some users are assigned to which of some groups, and `until` when; nobody else's membership is asked for."""
    question = (
        "SELECT Id, ExpirationDate, AssigneeId, Assignee.Username, "
        "PermissionSetGroup.DeveloperName, PermissionSetGroup.NamespacePrefix "
        "FROM PermissionSetAssignment WHERE Assignee.Username IN {} AND PermissionSetGroup.DeveloperName IN {}"
    )
    question = question if until else _without_end(question)
    bare = sorted({name.rpartition("__")[2] for name in group_names})
    return [_quoted(question, sorted(part), bare) for part in _parts(usernames)] if bare else []


def users(usernames: Sequence[str]) -> list[str]:
    """What must be known of users before they are given a set, in as many questions as their number needs."""
    return [
        _quoted("SELECT Id, Username, IsActive FROM User WHERE Username IN {}", sorted(part))
        for part in _parts(usernames)
    ]


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
        "SELECT Id, ParentId, Parent.Name, Parent.IsOwnedByProfile, Parent.Profile.Name FROM SetupEntityAccess "
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


def external_client_apps(ids: Sequence[str]) -> str:
    """Names of External Client Apps."""
    return _quoted("SELECT Id, DeveloperName FROM ExternalClientApplication WHERE Id IN {}", sorted(ids))


def connected_apps(ids: Sequence[str]) -> str:
    """Labels of Connected Apps: the data API knows no other name of them."""
    return _quoted("SELECT Id, Name FROM ConnectedApplication WHERE Id IN {}", sorted(ids))


def _without_end(question: str) -> str:
    return question.replace(" ExpirationDate,", "", 1)


def _parts(usernames: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(usernames), _USERS_IN_ONE_QUERY):
        yield usernames[start : start + _USERS_IN_ONE_QUERY]


def _quoted(question: str, *values: Any) -> str:
    from simple_salesforce.format import format_soql

    return str(format_soql(question, *values))

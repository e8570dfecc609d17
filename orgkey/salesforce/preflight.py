"""Facts about an org that are asked for before anything is written: reads alone, through the snapshot, in as few requests as possible.

What they mean is judged in `preflight_judge.py`. What an org does not show this login is not known, and is no fact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from orgkey.metadata.codec import children, text_of
from orgkey.metadata.identifiers import name_key
from orgkey.metadata.members import GLOBAL_OAUTH, ROOT_MEMBER, Resource
from orgkey.salesforce import soql
from orgkey.salesforce.answers import Record, Rows
from orgkey.salesforce.app_links import Grantee
from orgkey.salesforce.app_links import absent as absent_grantees
from orgkey.salesforce.errors import RefusedError
from orgkey.salesforce.preflight_judge import API_INTEGRATION, EXTERNAL, NEEDS, Permissions, SetTerms, User
from orgkey.salesforce.read import Snapshot
from orgkey.salesforce.side_by_side import side_by_side

if TYPE_CHECKING:
    from lxml import etree

_EXTERNAL = EXTERNAL.any_of
_CORE = tuple(name for need in NEEDS if need is not EXTERNAL for name in need.any_of)


def permission_questions() -> list[str]:
    """What `read_permissions` asks; by themselves those that not every API version knows."""
    return [soql.own_permissions(_CORE), soql.own_permissions(_EXTERNAL)]


def read_permissions(snapshot: Snapshot, *, by_sets: bool = True) -> Permissions:
    """Which permissions the login has, by its own word or, where the org does not give that, `by_sets` and its profile."""
    core, external = snapshot.ask(*permission_questions())
    told = dict(_told(external, _EXTERNAL))
    if isinstance(core, RefusedError) or not core:
        told |= _by_sets(snapshot) if by_sets else {}
    else:
        told |= dict(_told(core, _CORE))
    return Permissions(
        frozenset(name for name, held in told.items() if held),
        frozenset(name for name, held in told.items() if not held),
    )


def terms_questions(license_name: str) -> list[str]:
    """What `read_terms` asks."""
    return [soql.user_license(license_name), soql.permission_set_license(license_name)] if license_name else []


def read_terms(snapshot: Snapshot, name: str, license_name: str) -> tuple[SetTerms, bool]:
    """What a permission set of that licence asks of its holders, and whether the org has the licence, as far as it tells."""
    if not license_name:
        return SetTerms(name), True
    of_users, of_sets = snapshot.ask(*terms_questions(license_name))
    if isinstance(of_users, RefusedError) or isinstance(of_sets, RefusedError):
        return SetTerms(name, own_license=license_name), True
    by_user = of_users[0].text("Name") if of_users and not of_sets else ""
    return SetTerms(name, by_user, license_name), bool(of_users or of_sets)


def user_questions(usernames: Sequence[str]) -> list[str]:
    """What `read_users` asks."""
    return [*soql.users_with_license(usernames), *soql.holders_of_license(API_INTEGRATION, usernames)]


def read_users(snapshot: Snapshot, usernames: Sequence[str]) -> list[User]:
    """Those of the users whom the org has, with their licences where it shows them."""
    asked = soql.users_with_license(usernames)
    answers = snapshot.ask(*user_questions(usernames))
    found, holders = answers[: len(asked)], answers[len(asked) :]
    if any(isinstance(each, RefusedError) for each in found):
        rows = [row for each in snapshot.rows(*soql.users(usernames)) for row in each]
        return [User(row.text("Username"), row.flag("IsActive")) for row in rows]
    told = not any(isinstance(each, RefusedError) for each in holders)
    integrating = {name_key(row.text("Assignee.Username")) for row in _rows(holders)}
    return [
        User(
            row.text("Username"),
            row.flag("IsActive"),
            row.text("Profile.UserLicense.Name"),
            name_key(row.text("Username")) in integrating if told else None,
        )
        for row in _rows(found)
    ]


def read_groups(snapshot: Snapshot, names: Sequence[str]) -> list[str]:
    """Those of the permission set groups that the org has, by full name; all where it does not show groups to this login."""
    answers = snapshot.ask(*soql.groups(names))
    if any(isinstance(each, RefusedError) for each in answers):
        return list(names)
    rows = _rows(answers)
    return [
        f"{prefix}__{name}" if (prefix := row.text("NamespacePrefix")) else name
        for row in rows
        for name in (row.text("DeveloperName"),)
    ]


def read_absent(snapshot: Snapshot, grantees: Sequence[Grantee]) -> list[Grantee]:
    """Those of the permission sets and profiles that the org does not have; none where it does not tell."""
    try:
        return absent_grantees(snapshot, grantees)
    except RefusedError:
        return []


def read_consumer_keys(snapshot: Snapshot, *, at_most: int = 100_000) -> Mapping[str, str]:
    """Consumer keys of the org's own apps, as far as it shows them, with the apps' names. Ten apps are a request.

    None where there are more than `at_most` apps.
    """
    from orgkey.salesforce.soap import list_metadata

    try:
        listed = list_metadata(snapshot.org, (GLOBAL_OAUTH, ROOT_MEMBER[Resource.CONNECTED_APP]))
        names = {
            kind: [item.full_name for item in items if item.full_name and not item.namespace]
            for kind, items in listed.items()
        }
        if sum(map(len, names.values())) > at_most:
            return {}
        tasks = [partial(snapshot.members, kind, each) for kind, each in names.items() if each]
        answers = side_by_side(tasks) if tasks else []
    except RefusedError:
        return {}
    found: dict[str, str] = {}
    for members in answers:
        for name, record in members.items():
            if key := _consumer_key(record):
                found[key] = text_of(record, "externalClientApplication") or name
    return found


def _consumer_key(record: etree._Element) -> str:
    settings = children(record, "oauthConfig")  # of a Connected App
    return text_of(settings[0] if settings else record, "consumerKey") or ""


def _by_sets(snapshot: Snapshot) -> dict[str, bool]:
    """Permissions by profile and permission sets. What a group adds may not show: then nothing is known to be lacking."""
    login = snapshot.org.whose()
    if not login:
        return {}
    answers = snapshot.ask(soql.permissions_of_sets(login, _CORE), soql.permissions_of_profile(login, _CORE))
    rows = list(_rows(answers))
    paths = ["PermissionSet" if "PermissionSetGroupId" in row else "Profile" for row in rows]
    held = {
        name
        for row, path in zip(rows, paths, strict=True)
        for name in _CORE
        if row[path] is not None and row.flag(f"{path}.Permissions{name}")
    }
    by_group = any("PermissionSetGroupId" in row and row.text("PermissionSetGroupId") for row in rows)
    certain = not by_group and not any(isinstance(each, RefusedError) for each in answers)
    return {name: name in held for name in _CORE if certain or name in held}


def _told(answer: Rows | RefusedError, names: Sequence[str]) -> Iterator[tuple[str, bool]]:
    for row in [] if isinstance(answer, RefusedError) else answer[:1]:
        for name in names:
            yield name, row.flag(f"Permissions{name}")


def _rows(answers: Sequence[Rows | RefusedError]) -> Iterator[Record]:
    for answer in answers:
        if not isinstance(answer, RefusedError):
            yield from answer

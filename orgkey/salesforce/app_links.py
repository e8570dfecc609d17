"""Which permission sets and profiles may use an app: SetupEntityAccess rows are the truth (platform notes 3.2).

A row links a permission set, or the set that a profile owns, to an app. What an app's document lists is made of the rows, in whatever
words; so what is wanted is compared with the rows, and rows are made and deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orgkey.metadata.identifiers import name_key
from orgkey.salesforce import records, soql
from orgkey.salesforce.answers import Record, Rows
from orgkey.salesforce.errors import ConflictError, RefusedError, host_of
from orgkey.salesforce.org import Org
from orgkey.salesforce.read import Snapshot
from orgkey.salesforce.records import ROLLED_BACK

GONE = frozenset({"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"})
"""What an org says of a record that is deleted already."""

NOT_SHOWN = frozenset({"INVALID_TYPE", "INVALID_FIELD", "MALFORMED_QUERY", "INSUFFICIENT_ACCESS"})
"""What an org says to a login that may not ask a question."""


@dataclass(frozen=True, slots=True, order=True)
class Grantee:
    """Whose users may use an app: a permission set by API name (with the prefix of its package), or a profile by the name in Setup."""

    name: str
    is_profile: bool = False

    @property
    def key(self) -> tuple[str, bool]:
        """Neither kind of name has a case."""
        return name_key(self.name), self.is_profile

    def __str__(self) -> str:
        """What to call it."""
        return f"the {'profile' if self.is_profile else 'permission set'} {self.name}"


@dataclass(frozen=True, slots=True)
class Link:
    """One row; `set_id` is the permission set's, or that of the set which the profile owns."""

    record_id: str
    grantee: Grantee
    set_id: str = ""


@dataclass(frozen=True, slots=True)
class PermissionSetRow:
    """A permission set as a link needs it: its id, and its label as documents write it."""

    record_id: str
    label: str


def grantees(sets: Iterable[str], profiles: Iterable[str]) -> list[Grantee]:
    """Permission sets and profiles by name, each once."""
    named = [*map(Grantee, sets), *(Grantee(name, is_profile=True) for name in profiles)]
    return list({each.key: each for each in named}.values())


def links_of(rows: Rows, namespace: str) -> list[Link]:
    """The links in an org's answer; `namespace` is the org's own, which its names do not carry here."""
    return [Link(row.text("Id"), _grantee(row, namespace), row.text("ParentId")) for row in rows]


def read_links(snapshot: Snapshot, app_id: str) -> list[Link] | RefusedError:
    """Which links there are; the refusal of a login that may not see them. Raises any other refusal."""
    (rows,) = snapshot.ask(soql.links(app_id))
    if isinstance(rows, RefusedError):
        if rows.code not in NOT_SHOWN:
            raise rows
        return rows
    return links_of(rows, snapshot.identity().namespace)


def missing(wanted: Sequence[Grantee], links: Sequence[Link]) -> list[Grantee]:
    """What is wanted and has no link."""
    existing = {each.grantee.key for each in links}
    return [each for each in wanted if each.key not in existing]


def unwanted(wanted: Sequence[Grantee], links: Sequence[Link]) -> list[Link]:
    """What has a link and is not wanted; a profile whose name is not shown is left alone."""
    named = {each.key for each in wanted}
    return [each for each in links if each.grantee.name and each.grantee.key not in named]


def questions(wanted: Sequence[Grantee]) -> list[str]:
    """What `permission_set_rows` asks, for whoever asks something else in the same request."""
    sets = sorted({each.name for each in wanted if not each.is_profile})
    profiles = sorted({each.name for each in wanted if each.is_profile})
    return [*soql.permission_sets(sets), *soql.sets_of_profiles(profiles)]


def permission_set_rows(snapshot: Snapshot, wanted: Sequence[Grantee]) -> dict[Grantee, PermissionSetRow]:
    """The permission set of each, the org's own where a package has one of the same name.

    Raises ConflictError, before anything is changed, with all that the org does not have.
    """
    found = _sets_of(snapshot, wanted)
    if lacking := [each for each in wanted if each.key not in found]:
        profiles = any(each.is_profile for each in lacking)
        how = " Profiles go by the name that Setup shows, in the org's language." if profiles else ""
        raise ConflictError(
            f"{host_of(snapshot.org.url)} does not have {' and '.join(map(str, lacking))}, which is to admit users to the app.\n"
            f"Correct orgkey:app, then run the same command again.{how}"
        )
    named = {each: found[each.key] for each in wanted}
    return {each: PermissionSetRow(row.text("Id"), row.text("Label")) for each, row in named.items()}


def absent(snapshot: Snapshot, wanted: Sequence[Grantee]) -> list[Grantee]:
    """What is wanted and the org does not have."""
    found = _sets_of(snapshot, wanted) if wanted else {}
    return [each for each in wanted if each.key not in found]


def names_of_labels(snapshot: Snapshot, labels: Sequence[str]) -> list[str]:
    """API names of permission sets by label; a label that is no set's, or several sets', stays as it is."""
    namespace = snapshot.identity().namespace
    named: dict[str, list[str]] = {}
    for answer in snapshot.ask(*soql.sets_labelled(labels)):
        for row in () if isinstance(answer, RefusedError) else answer:
            named.setdefault(name_key(row.text("Label")), []).append(_grantee_of_set(row, namespace).name)
    answers = [named.get(name_key(label), []) for label in labels]
    return sorted(names[0] if len(names) == 1 else label for label, names in zip(labels, answers, strict=True))


def make_links(snapshot: Snapshot, app_id: str, permission_set_ids: Sequence[str]) -> None:
    """Link permission sets to an app, all or none; a link that is there by now is none to make. Raises RefusedError."""
    org, left = snapshot.org, list(permission_set_ids)
    try:
        while left:
            saved = records.insert(org, [_record(each, app_id) for each in left])
            for answer in saved:
                if not answer.success and answer.code != ROLLED_BACK and not answer.code.startswith("DUPLICATE"):
                    raise RefusedError(answer.code, answer.text, where=f"{host_of(org.url)} (access to the app)")
            rolled_back = [each for each, answer in zip(left, saved, strict=True) if answer.code == ROLLED_BACK]
            left = rolled_back if len(rolled_back) < len(left) else []
    finally:
        snapshot.drop()


def delete_links(snapshot: Snapshot, record_ids: Sequence[str]) -> None:
    """Delete links; one that is gone already is no error. Raises RefusedError."""
    org: Org = snapshot.org
    try:
        for answer in records.delete(org, record_ids) if record_ids else ():
            if not answer.success and answer.code not in GONE:
                raise RefusedError(answer.code, answer.text, where=f"{host_of(org.url)} (access to the app)")
    finally:
        snapshot.drop()


def _sets_of(snapshot: Snapshot, wanted: Sequence[Grantee]) -> dict[tuple[str, bool], Record]:
    namespace = snapshot.identity().namespace
    rows = [row for answer in snapshot.rows(*questions(wanted)) for row in answer]
    return {_grantee_of_set(row, namespace).key: row for row in rows}


def _record(permission_set_id: str, app_id: str) -> dict[str, object]:
    return {
        "attributes": {"type": "SetupEntityAccess"},
        "ParentId": permission_set_id,
        "SetupEntityId": app_id,
    }  # the type is derived, and must not be sent


def _grantee(row: Record, namespace: str) -> Grantee:
    if row.flag("Parent.IsOwnedByProfile"):
        return Grantee(row.text("Parent.Profile.Name"), is_profile=True)
    return Grantee(_full_name(row.text("Parent.NamespacePrefix"), row.text("Parent.Name"), namespace))


def _grantee_of_set(row: Record, namespace: str) -> Grantee:
    if row.flag("IsOwnedByProfile"):
        return Grantee(row.text("Profile.Name"), is_profile=True)
    return Grantee(_full_name(row.text("NamespacePrefix"), row.text("Name"), namespace))


def _full_name(prefix: str, name: str, namespace: str) -> str:
    return name if prefix in ("", namespace) else f"{prefix}__{name}"

"""Which org this is, and whether the settings describe it."""

from __future__ import annotations

from dataclasses import dataclass

from orgkey.metadata.identifiers import same_id
from orgkey.metadata.ownership import Marker, Ownership, judge
from orgkey.model.connection import Connection
from orgkey.salesforce.answers import Record, Rows
from orgkey.salesforce.errors import RefusedError, WrongOrgError, host_of


@dataclass(frozen=True, slots=True)
class Identity:
    """Which org this is."""

    org_id: str
    name: str
    kind: str  # production, sandbox, scratch or developer
    namespace: str = ""
    """The org's own, where it develops packages: names of its own things may carry it."""


def identity_of(rows: Rows | RefusedError, connection: Connection) -> Identity:
    """Which org the rows of an Organization query describe; raises WrongOrgError where the settings describe another one."""
    host = host_of(connection.instance_url)
    if isinstance(rows, RefusedError):
        raise rows
    if not rows:
        raise WrongOrgError(f"{host} has no Organization record that this login may see.")
    row = rows[0]
    identity = Identity(row.text("Id"), row.text("Name"), _kind(row), row.text("NamespacePrefix"))
    if connection.expected_org_id and not same_id(connection.expected_org_id, identity.org_id):
        raise WrongOrgError(
            f"{host} is org {identity.org_id} ({identity.name}), "
            f"but salesforce:expectedOrgId is {connection.expected_org_id}.\n"
            "Nothing was changed. Correct salesforce:instanceUrl or salesforce:expectedOrgId.",
        )
    if connection.expected_kind and connection.expected_kind != identity.kind:
        raise WrongOrgError(
            f"{host} is a {identity.kind} org ({identity.name}), but salesforce:expectedKind is {connection.expected_kind}.\n"
            "Nothing was changed. Correct salesforce:instanceUrl or salesforce:expectedKind.",
        )
    return identity


def ownership_of(marker: Marker | None, manager: str, identity: Identity) -> Ownership:
    """Whose a thing with this marker is, seen by a stack (`owner/stack`) in its org."""
    ownership = judge(marker, manager=manager, org_id=identity.org_id)
    if ownership is Ownership.COPY and identity.kind != "sandbox":
        return Ownership.ANOTHERS  # only a sandbox is ever a copy of another org
    return ownership


def _kind(row: Record) -> str:
    """Scratch orgs are sandboxes with an end date (platform notes 3.4)."""
    if row.flag("IsSandbox"):
        return "scratch" if row.text("TrialExpirationDate") else "sandbox"
    return "developer" if row.text("OrganizationType") == "Developer Edition" else "production"

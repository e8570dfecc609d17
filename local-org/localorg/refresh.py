"""A sandbox refresh: the sandbox becomes a copy of production under its new org id (platform notes 1.9).

Users get the sandbox's suffix; permission sets come with their descriptions; apps and assignments by knobs, because
sources differ. An app that comes along keeps its keys and secret, and runs as the sandbox's user (assumed). What the sandbox had made,
its sessions and its jobs are gone.
"""

from __future__ import annotations

from localorg.knobs import Knobs
from localorg.orgs import Org
from localorg.sobjects.objects import OBJECTS
from localorg.store import Store

_NOT_COPIED = {"LoginHistory", "AuthSession", "OauthToken", "DeployRequest"}
_OF_APPS = {
    "ConnectedApplication",
    "ExternalClientApplication",
    "ExtlClntAppOauthPlcyCnfg",
    "AppMenuItem",
    "SetupEntityAccess",
}
_WITHOUT_ASSIGNMENTS = {
    "PermissionSetAssignment": " AND PermissionSetId IN (SELECT Id FROM PermissionSet WHERE IsOwnedByProfile = 1)",
    "PermissionSetLicenseAssign": " AND 1 = 0",
}
"""Which rows come along where assignments do not: users keep their profiles."""
_TRANSIENT = (
    "_Component",
    "_ConsumerKey",
    "_Session",
    "_Event",
    "_Cursor",
    "_Job",
    "_IpRange",
    "_LoginHours",
    "_BlockedApp",
    "_Grant",
)
_RUN_AS = {
    "ConnectedApp": "$.oauthConfig.oauthClientCredentialUser",
    "ExtlClntAppOauthConfigurablePolicies": "$.clientCredentialsFlowUser",
}
"""Where a document names a user by user name: an org keeps it by id, and so it is the sandbox's own after a copy."""
_RESTRICTIONS = ("_IpRange", "_LoginHours")
"""What a profile restricts comes along with the profile."""


def copy_production(store: Store, knobs: Knobs, production: Org, sandbox: Org) -> None:
    """Empty a sandbox and fill it with production's rows. Runs inside the caller's transaction."""
    for table in (*OBJECTS, *_TRANSIENT):
        store.do(f'DELETE FROM "{table}" WHERE org = ?', (sandbox.name,))
    skipped = set(_NOT_COPIED)
    types = "type IN ('PermissionSet', 'ConnectedAppSettings')"
    if knobs.on("refresh_copies_apps", sandbox.name):
        types = "1 = 1"
        store.do(
            "INSERT INTO _ConsumerKey SELECT consumer_key, ?, app_id FROM _ConsumerKey WHERE org = ?",
            (sandbox.name, production.name),
        )
    else:
        skipped |= _OF_APPS
    chosen = dict[str, str]()
    if not knobs.on("refresh_copies_assignments", sandbox.name):
        chosen = _WITHOUT_ASSIGNMENTS
    for name, definition in OBJECTS.items():
        if name not in skipped:
            columns = ", ".join(f'"{field.name}"' for field in definition.columns_of_table)
            values = ", ".join(_copied(name, field.name) for field in definition.columns_of_table)
            store.do(
                f'INSERT INTO "{name}" (org, {columns}) SELECT :to, {values} FROM "{name}" '
                f"WHERE org = :from{chosen.get(name, '')} ORDER BY rowid",
                {"to": sandbox.name, "from": production.name, "suffix": sandbox.suffix, "id": sandbox.org_id},
            )
    if knobs.on("refresh_breaks_eca", sandbox.name):
        types += " AND type NOT IN ('ExtlClntAppGlobalOauthSettings', 'ExtlClntAppOauthSettings')"
        store.do(
            "DELETE FROM _ConsumerKey WHERE org = ? AND app_id IN (SELECT id FROM _Component WHERE org = ? AND type = ?)",
            (sandbox.name, production.name, "ExternalClientApplication"),
        )
    for table in _RESTRICTIONS:
        columns = ", ".join(row["name"] for row in store.all(f"PRAGMA table_info({table})") if row["name"] != "org")
        statement = (
            f"INSERT INTO {table} (org, {columns}) SELECT ?, {columns} FROM {table} WHERE org = ? ORDER BY rowid"
        )
        store.do(statement, (sandbox.name, production.name))
    store.do(
        "INSERT INTO _Component SELECT ?, type, name, id, document, created_by, created_at, modified_by, modified_at "
        f"FROM _Component WHERE org = ? AND {types}",
        (sandbox.name, production.name),
    )
    for kind, path in _RUN_AS.items():
        store.do(
            "UPDATE _Component SET document = json_set(document, :path, json_extract(document, :path) || :suffix) "
            "WHERE org = :to AND type = :kind AND json_extract(document, :path) <> ''",
            {"to": sandbox.name, "kind": kind, "path": path, "suffix": sandbox.suffix},
        )


def _copied(table: str, column: str) -> str:
    """Return the SQL of one column of a copied row."""
    special = {
        ("User", "Username"): "Username || :suffix",
        ("User", "Email"): "Email || '.invalid'",
        ("Organization", "Id"): ":id",
        ("Organization", "IsSandbox"): "1",
        ("Organization", "InstanceName"): "'LOC2S'",
    }
    return special.get((table, column), f'"{column}"')

"""Queries against one org: rows to records, and pages for results that are longer than one answer."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localorg.clock import Clock
from localorg.errors import PlatformError
from localorg.identity.holding import held_sets
from localorg.orgs import Org
from localorg.sobjects.profile_metadata import profile_metadata
from localorg.sobjects.reference import COMPLEX, DATA, OWN_PERMISSIONS, PERMISSIONS
from localorg.sobjects.visibility import hidden_object
from localorg.store import Store

if TYPE_CHECKING:
    from localorg.soql.compile import Column, Compiled, Subquery

CURSOR_LIFE = 15 * 60.0
MAX_QUERY = 100_000
_ONE_ROW = (
    "When retrieving results with Metadata or FullName fields, the query qualifications must specify no more than one row for "
    "retrieval."
)
_METADATA = {"Profile": profile_metadata}
_OWN_ROW = "0uP000000000000AAA"


@dataclass(frozen=True)
class Page:
    """One answer of a query: total, the records of this page, and the locator of the next page, if there is one."""

    total: int
    records: list[dict[str, Any]]
    next_locator: str | None = None


class Queries:
    """Runs SOQL for the orgs of a landscape."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def run(self, org: Org, text: str, *, base: str, page_size: int, user_id: str, api: str = DATA) -> Page:
        """Run a user's query to an API (`sobjects.reference`). `base`: the path of the version in use (`/services/data/v67.0`).

        Raises PlatformError as the platform words it.
        """
        from localorg.soql.compile import compile_query, unknown_type  # brings the grammar: not before the first query

        if len(text) > MAX_QUERY:
            raise PlatformError("QUERY_TOO_COMPLICATED", "Query is too long: 100000 characters at most")
        compiled = compile_query(text, api)
        source = compiled.source
        if source.production_only and org.is_sandbox:
            raise unknown_type(text, source.name, compiled.at)
        self._check_visible(compiled, org, user_id, text)
        if source.name == OWN_PERMISSIONS:
            self._show_permissions(org, user_id)
        rows = self._rows(compiled, org)
        if compiled.of_one and len(rows) > 1:
            raise PlatformError("MALFORMED_QUERY", _ONE_ROW)
        if compiled.count is not None:
            return _counted(compiled, rows[0][0])
        records = [_record(compiled, row, base) for row in rows]
        self._fill_metadata(compiled, records, org)
        for subquery in compiled.subqueries:
            self._place_children(subquery, dict(zip((row[0] for row in rows), records, strict=True)), org, base)
        if len(records) <= page_size:
            return Page(len(records), records)
        cursor = f"01gLo00000{secrets.token_hex(4)}"
        now = self._clock.now()
        with self._store.transaction():
            self._store.do("DELETE FROM _Cursor WHERE at < ?", (now - CURSOR_LIFE,))
            row = {"id": cursor, "org": org.name, "at": now, "total": len(records), "records": json.dumps(records)}
            self._store.put("_Cursor", row)
        return Page(len(records), records[:page_size], f"{cursor}-{page_size}")

    def _check_visible(self, compiled: Compiled, org: Org, user_id: str, text: str) -> None:
        """Refuse a query of what a user may not see, as if it were not there."""
        from localorg.soql.compile import unknown_type

        hidden = hidden_object(self._store, org.name, user_id, self._clock.timestamp(), sorted(compiled.objects))
        if hidden is not None:
            raise unknown_type(text, hidden, compiled.at)

    def _fill_metadata(self, compiled: Compiled, records: list[dict[str, Any]], org: Org) -> None:
        """Put the metadata of a record where its id stands so far."""
        for column in compiled.columns:
            if column.field.type == COMPLEX and not column.relationships:
                make = _METADATA.get(compiled.source.name)
                for record in records:
                    record_id = record[column.field.name]
                    record[column.field.name] = make(self._store, org.name, record_id) if make else None

    def _show_permissions(self, org: Org, user_id: str) -> None:
        """Put the one row there that this user sees: what any of the sets allows that it holds."""
        now = self._clock.timestamp()
        held = self._store.all(
            "SELECT p.* FROM PermissionSet p WHERE p.org = ? AND p.Id IN (SELECT value FROM json_each(?))",
            (org.name, json.dumps(sorted(held_sets(self._store, org.name, user_id, now)))),
        )
        flags = {f"Permissions{each}": int(any(row[f"Permissions{each}"] for row in held)) for each in PERMISSIONS}
        with self._store.transaction():
            self._store.remove(org.name, OWN_PERMISSIONS)
            self._store.insert(org.name, OWN_PERMISSIONS, {"Id": _OWN_ROW, "LastCacheUpdate": now, **flags})

    def _rows(self, compiled: Compiled, org: Org, parents: Sequence[str] = ()) -> list[Any]:
        from localorg.soql.compile import resolve

        parameters = resolve(compiled.parameters, org.name, self._clock.now(), parents)
        try:
            return self._store.sql.execute(compiled.sql, parameters).fetchall()
        except sqlite3.OperationalError:  # conditions too deep or patterns too long for SQLite
            raise PlatformError(
                "QUERY_TOO_COMPLICATED",
                "Query is either selecting too many fields or the filter conditions are too complicated.",
            ) from None

    def _place_children(self, subquery: Subquery, records: dict[str, dict[str, Any]], org: Org, base: str) -> None:
        """Add to each record those that refer to it, as a result of its own; null when there are none."""
        name, children = subquery.relationship, dict[str, list[dict[str, Any]]]()
        for row in self._rows(subquery.compiled, org, tuple(records)):
            children.setdefault(row[-1], []).append(_record(subquery.compiled, row, base))
        for parent, record in records.items():
            found = children.get(parent, [])[: subquery.limit]
            record[name] = {"totalSize": len(found), "done": True, "records": found} if found else None

    def more(self, org: str, locator: str, *, page_size: int) -> Page:
        """Return the page at a locator. Raises PlatformError INVALID_QUERY_LOCATOR when it is unknown or too old."""
        cursor, _, start_text = locator.rpartition("-")
        row = self._store.one(
            "SELECT total, records FROM _Cursor WHERE id = ? AND org = ? AND at >= ?",
            (cursor, org, self._clock.now() - CURSOR_LIFE),
        )
        if row is None or not start_text.isdigit():
            raise PlatformError("INVALID_QUERY_LOCATOR", "invalid query locator")
        start = int(start_text)
        records = json.loads(row["records"])[start : start + page_size]
        end = start + page_size
        return Page(row["total"], records, f"{cursor}-{end}" if end < row["total"] else None)


def _counted(compiled: Compiled, number: int) -> Page:
    if compiled.count is None or compiled.count.path is None:
        return Page(number, [])
    return Page(1, [{"attributes": {"type": "AggregateResult"}, compiled.count.alias: number}])


def _record(compiled: Compiled, row: Any, base: str) -> dict[str, Any]:
    record: dict[str, Any] = {"attributes": _attributes(compiled.source.name, row[0], base)}
    for column in compiled.columns:
        _place(record, column, row, compiled, base)
    return record


def _place(record: dict[str, Any], column: Column, row: Any, compiled: Compiled, base: str) -> None:
    target = record
    for depth, relationship in enumerate(column.relationships, start=1):
        if relationship not in target:
            entity, index = compiled.entities[column.relationships[:depth]]
            target[relationship] = None if row[index] is None else {"attributes": _attributes(entity, row[index], base)}
        if target[relationship] is None:
            return
        target = target[relationship]
    value = row[column.index]
    target[column.field.name] = bool(value) if column.field.type == "boolean" else value


def _attributes(entity: str, record_id: str, base: str) -> dict[str, str]:
    return {"type": entity, "url": f"{base}/sobjects/{entity}/{record_id}"}

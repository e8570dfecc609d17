"""The landscape's state in SQLite: the tables, transactions, and the few verbs that every table shares.

One connection, used from one thread. A transaction is what an answer stands on: it is committed before the answer
goes out, so a killed process loses nothing that was answered and keeps no half of anything.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localorg.errors import LandscapeError
from localorg.ids import make_id
from localorg.sobjects.objects import OBJECTS

Row = dict[str, Any]

_TABLES = """
-- format 4 of what is kept as JSON: raise it when the JSON of older landscapes cannot be read any more
CREATE TABLE IF NOT EXISTS _Serial (id INTEGER PRIMARY KEY CHECK (id = 1), value INTEGER NOT NULL);
INSERT OR IGNORE INTO _Serial VALUES (1, 1000);
CREATE TABLE IF NOT EXISTS _Setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS _Org (name TEXT PRIMARY KEY, kind TEXT, org_id TEXT, port INTEGER, label TEXT,
  state TEXT NOT NULL DEFAULT 'active', position INTEGER);
CREATE TABLE IF NOT EXISTS _Knob (org TEXT, name TEXT, value TEXT, PRIMARY KEY (org, name));
CREATE TABLE IF NOT EXISTS _Component (org TEXT, type TEXT, name TEXT, id TEXT, document TEXT, created_by TEXT,
  created_at TEXT, modified_by TEXT, modified_at TEXT, PRIMARY KEY (org, type, name));
CREATE TABLE IF NOT EXISTS _ConsumerKey (consumer_key TEXT, org TEXT, app_id TEXT, PRIMARY KEY (consumer_key, org));
CREATE TABLE IF NOT EXISTS _AppVersion (seq INTEGER PRIMARY KEY, org TEXT, app_id TEXT, consumer_key TEXT, at REAL,
  view TEXT);
CREATE INDEX IF NOT EXISTS _AppVersion_key ON _AppVersion (consumer_key);
CREATE INDEX IF NOT EXISTS _AppVersion_app ON _AppVersion (org, app_id, seq);
CREATE TABLE IF NOT EXISTS _Session (token TEXT PRIMARY KEY, org TEXT, user_id TEXT, consumer_key TEXT, scope TEXT,
  created REAL, expires REAL, timeout REAL, address TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS _Session_user ON _Session (org, user_id, consumer_key);
CREATE TABLE IF NOT EXISTS _Grant (seq INTEGER PRIMARY KEY, org TEXT, at TEXT, kind TEXT, app TEXT, username TEXT,
  outcome TEXT, reason TEXT);
CREATE TABLE IF NOT EXISTS _IpRange (org TEXT, profile_id TEXT, low TEXT, high TEXT, description TEXT);
CREATE TABLE IF NOT EXISTS _LoginHours (org TEXT, profile_id TEXT, day TEXT, first INTEGER, last INTEGER,
  PRIMARY KEY (org, profile_id, day));
CREATE TABLE IF NOT EXISTS _BlockedApp (org TEXT, app_id TEXT, PRIMARY KEY (org, app_id));
CREATE TABLE IF NOT EXISTS _Event (org TEXT, channel TEXT, replay_id INTEGER, at REAL, data TEXT,
  PRIMARY KEY (org, channel, replay_id));
CREATE TABLE IF NOT EXISTS _Cursor (id TEXT PRIMARY KEY, org TEXT, at REAL, total INTEGER, records TEXT);
CREATE TABLE IF NOT EXISTS _Job (id TEXT PRIMARY KEY, org TEXT, kind TEXT, seq INTEGER, status TEXT, owner TEXT,
  options TEXT, package BLOB, size INTEGER, files INTEGER, version TEXT, created_at REAL, started_at REAL,
  ended_at REAL, total INTEGER, outcome TEXT);
CREATE INDEX IF NOT EXISTS _Job_org ON _Job (org, status, seq);
"""
_INDEXES = """
CREATE UNIQUE INDEX IF NOT EXISTS User_username ON User (Username COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS Assignment_set ON PermissionSetAssignment (org, PermissionSetId);
CREATE INDEX IF NOT EXISTS Assignment_user ON PermissionSetAssignment (org, AssigneeId);
CREATE INDEX IF NOT EXISTS Access_entity ON SetupEntityAccess (org, SetupEntityId);
CREATE INDEX IF NOT EXISTS LoginHistory_user ON LoginHistory (org, UserId, LoginTime);
CREATE INDEX IF NOT EXISTS AuthSession_token ON AuthSession (_Token);
CREATE TRIGGER IF NOT EXISTS Session_ended AFTER DELETE ON _Session BEGIN
  DELETE FROM AuthSession WHERE _Token = OLD.token; END;
CREATE TRIGGER IF NOT EXISTS AuthSession_ended AFTER DELETE ON AuthSession BEGIN
  DELETE FROM _Session WHERE token = OLD._Token; END;
CREATE INDEX IF NOT EXISTS UserLogin_user ON UserLogin (org, UserId);
"""


def _ddl() -> str:
    statements = [_TABLES]
    for each in OBJECTS.values():
        columns = ", ".join(f'"{field.name}" {field.sql_type}' for field in each.columns_of_table)
        statements.append(f'CREATE TABLE IF NOT EXISTS "{each.name}" (org TEXT, {columns}, PRIMARY KEY (org, Id));')
    return "\n".join([*statements, _INDEXES])


@dataclass
class Transaction:
    """One change under way. `undo` lets the block go on, but nothing of it is kept."""

    undone: bool = False

    def undo(self) -> None:
        """Keep nothing of this transaction."""
        self.undone = True


class Store:
    """The database of one landscape. `path` is a file, or `:memory:`."""

    def __init__(self, path: Path | str) -> None:
        self.sql = sqlite3.connect(path, isolation_level=None, cached_statements=512)
        # NORMAL with WAL: a killed process loses nothing (the pages are the kernel's); only a power cut may.
        self._depth = 0
        try:
            self.sql.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;")
            self._create(_ddl())
        except sqlite3.DatabaseError as error:
            self.close()
            raise LandscapeError(
                f"the state cannot be read ({error}); `localorg reset` makes a new landscape"
            ) from None

    def _create(self, ddl: str) -> None:
        """Make the tables. Raises LandscapeError when there are those of another version."""
        digest = hashlib.sha256(ddl.encode()).hexdigest()
        if self.sql.execute("SELECT 1 FROM sqlite_master WHERE name = '_Setting'").fetchone():
            if self.setting("schema") != digest:
                self.close()
                raise LandscapeError(
                    "this landscape was made by another version of localorg; `localorg reset` makes a new one"
                )
            return
        self.sql.executescript(f"BEGIN; {ddl} INSERT INTO _Setting VALUES ('schema', '\"{digest}\"'); COMMIT;")

    def close(self) -> None:
        """Close the database; the write-ahead log is folded in."""
        self.sql.close()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Make everything inside one change: kept when the block ends, undone when it raises or asks for it. Nests."""
        transaction = Transaction()
        name = f"level{self._depth}"
        self.sql.execute(f"SAVEPOINT {name}" if self._depth else "BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield transaction
        except BaseException:
            self._leave(name, keep=False)
            raise
        self._leave(name, keep=not transaction.undone)

    def _leave(self, name: str, *, keep: bool) -> None:
        self._depth -= 1
        if not self._depth:
            self.sql.execute("COMMIT" if keep else "ROLLBACK")
            return
        if not keep:
            self.sql.execute(f"ROLLBACK TO {name}")
        self.sql.execute(f"RELEASE {name}")

    def all(self, statement: str, values: Iterable[object] = ()) -> list[Row]:
        """Return the rows of a statement as dicts."""
        found = self.sql.execute(statement, tuple(values))
        names = _names(found)
        return [dict(zip(names, row, strict=True)) for row in found]

    def one(self, statement: str, values: Iterable[object] = ()) -> Row | None:
        """Return the first row of a statement, or None."""
        found = self.sql.execute(statement, tuple(values))
        row = found.fetchone()
        return None if row is None else dict(zip(_names(found), row, strict=True))

    def do(self, statement: str, values: Iterable[object] | Mapping[str, object] = ()) -> int:
        """Run a statement; return how many rows it changed."""
        return self.sql.execute(statement, values if isinstance(values, Mapping) else tuple(values)).rowcount

    def next_id(self, prefix: str) -> str:
        """Return a record id that no org of the landscape has used."""
        row = self.sql.execute("UPDATE _Serial SET value = value + 1 RETURNING value").fetchone()
        return make_id(prefix, row[0])

    def insert(self, org: str, name: str, values: Mapping[str, object]) -> str:
        """Add a row of an sObject, with defaults for what is not given; return its id."""
        definition = OBJECTS[name]
        row: Row = {
            field.name: (0 if field.default is None else field.default) if field.type == "boolean" else field.default
            for field in definition.columns_of_table
        }
        row.update(values)
        row["Id"] = row["Id"] or self.next_id(definition.prefix)
        self.put(name, {"org": org, **row})
        return str(row["Id"])

    def put(self, table: str, row: Mapping[str, object]) -> None:
        """Insert a row, replacing one of the same key."""
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" * len(row))
        self.sql.execute(f'INSERT OR REPLACE INTO "{table}" ({names}) VALUES ({marks})', tuple(row.values()))

    def get(self, org: str, name: str, record_id: str) -> Row | None:
        """Return an sObject's row by id, or None."""
        return self.one(f'SELECT {OBJECTS[name].columns} FROM "{name}" t WHERE org = ? AND Id = ?', (org, record_id))

    def find(self, org: str, name: str, **equal: object) -> list[Row]:
        """Return the rows of an sObject whose fields equal the given values, in order of creation."""
        where = "".join(f' AND "{field}" IS ?' for field in equal)
        return self.all(f'SELECT * FROM "{name}" WHERE org = ?{where} ORDER BY rowid', (org, *equal.values()))

    def change(self, org: str, name: str, record_id: str, values: Mapping[str, object]) -> None:
        """Set fields of an sObject's row."""
        if values:
            sets = ", ".join(f'"{field}" = ?' for field in values)
            self.do(f'UPDATE "{name}" SET {sets} WHERE org = ? AND Id = ?', (*values.values(), org, record_id))

    def remove(self, org: str, name: str, **equal: object) -> int:
        """Delete the rows of an sObject whose fields equal the given values; return how many."""
        where = "".join(f' AND "{field}" = ?' for field in equal)
        return self.do(f'DELETE FROM "{name}" WHERE org = ?{where}', (org, *equal.values()))

    def setting(self, name: str, default: Any = None) -> Any:
        """Return a landscape-wide value."""
        row = self.one("SELECT value FROM _Setting WHERE name = ?", (name,))
        return default if row is None else json.loads(row["value"])

    def set_setting(self, name: str, value: object) -> None:
        """Keep a landscape-wide value."""
        self.put("_Setting", {"name": name, "value": json.dumps(value)})


def _names(found: sqlite3.Cursor) -> list[str]:
    """The columns of a result. `dict(sqlite3.Row)` looks each of them up among all: a permission set has 500."""
    return [column[0] for column in found.description]

"""The sObject table: one row per object and field. SQL tables, SOQL, describe and CRUD all read it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

SQL_TYPES = {"boolean": "INTEGER", "int": "INTEGER", "double": "REAL"}


@dataclass(frozen=True)
class Field:
    """One field: its API type, what may write it, and, for a reference, to which object under which name.

    `children` is the name of the relationship seen from the other side, for subqueries. `computed` is SQL for a value that follows
    from the rest of the row `{row}` and from the landscape's time, `landscape_now()`.
    """

    name: str
    type: str = "string"
    nillable: bool = True
    createable: bool = False
    updateable: bool = False
    refers: str | None = None
    relationship: str | None = None
    children: str | None = None
    default: object = None
    length: int = 255
    computed: str = ""

    def sql(self, row: str) -> str:
        """The field's value in a row of that alias, as SQL."""
        return f"({self.computed.format(row=row)})" if self.computed else f'{row}."{self.name}"'

    @property
    def sql_type(self) -> str:
        """The column's SQL type: booleans and numbers are numbers, all else is text."""
        return SQL_TYPES.get(self.type, "TEXT")


@dataclass(frozen=True)
class SObject:
    """One object: name, key prefix, fields in order. `name_field` is what a person would call the record."""

    name: str
    prefix: str
    fields: tuple[Field, ...]
    label: str = ""
    createable: bool = False
    updateable: bool = False
    deletable: bool = False
    audited: bool = True
    production_only: bool = False

    @cached_property
    def columns_of_table(self) -> tuple[Field, ...]:
        """Id, the object's own fields, then the audit fields: what is kept of a record. What an API shows is in reference.py."""
        return (ID, *self.fields, *(AUDIT if self.audited else ()))

    @cached_property
    def columns(self) -> str:
        """Every column of a row `t`, as SQL to select."""
        return ", ".join(["t.org", *(f'{each.sql("t")} AS "{each.name}"' for each in self.columns_of_table)])

    @cached_property
    def column_names(self) -> frozenset[str]:
        """The names of what is kept of a record."""
        return frozenset(each.name for each in self.columns_of_table)


ID = Field("Id", "id", nillable=False)
AUDIT = (
    Field("CreatedDate", "datetime", nillable=False),
    Field("CreatedById", "reference", nillable=False, refers="User", relationship="CreatedBy"),
    Field("LastModifiedDate", "datetime", nillable=False),
    Field("LastModifiedById", "reference", nillable=False, refers="User", relationship="LastModifiedBy"),
    Field("SystemModstamp", "datetime", nillable=False),
)


def text(name: str, *, write: bool = False, required: bool = False, kind: str = "string", length: int = 255) -> Field:
    """Return a text field; `write` makes it createable and updateable."""
    return Field(name, kind, nillable=not required, createable=write, updateable=write, length=length)


def flag(name: str, *, write: bool = False, default: bool = False) -> Field:
    """Return a boolean field."""
    return Field(name, "boolean", nillable=False, createable=write, updateable=write, default=default)


def number(name: str) -> Field:
    """Return an integer field."""
    return Field(name, "int")


def moment(name: str, *, write: bool = False) -> Field:
    """Return a date-time field."""
    return Field(name, "datetime", createable=write, updateable=write)


def reference(
    name: str,
    refers: str,
    *,
    create: bool = False,
    update: bool = False,
    required: bool = False,
    children: str | None = None,
) -> Field:
    """Return a reference field; its relationship is the name without `Id`."""
    return Field(
        name,
        "reference",
        nillable=not required,
        createable=create,
        updateable=update,
        refers=refers,
        relationship=name.removesuffix("Id"),
        children=children,
    )

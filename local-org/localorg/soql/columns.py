"""What a query's columns are (`columns=true`), which the Salesforce CLI asks before it shows rows."""

from __future__ import annotations

from typing import Any

from localorg.sobjects.objects import OBJECTS
from localorg.sobjects.reference import relationships
from localorg.sobjects.schema import Field, SObject
from localorg.soql.compile import Compiled, compile_query

_APEX_TYPES = {"id": "Id", "reference": "Id", "boolean": "Boolean", "int": "Integer", "double": "Double"}
_NUMBERS = frozenset({"Integer", "Double"})


def describe_columns(text: str, api: str) -> dict[str, Any]:
    """Return the answer of `query?q=…&columns=true`; the query is not run. Raises PlatformError as the query would."""
    compiled = compile_query(text, api)
    source = compiled.source
    columns: list[dict[str, Any]] = []
    if compiled.count is None:
        columns.extend(_selected(compiled))
        for subquery in compiled.subqueries:
            under = {"aggregate": True, "joinColumns": _selected(subquery.compiled)}
            columns.append(_row(subquery.relationship, subquery.relationship) | under)
    elif compiled.count.path is not None:
        shown = f"count({'.'.join(compiled.count.path.parts)})"
        columns.append(
            _row(compiled.count.alias, shown) | {"aggregate": True, "apexType": "Integer", "numberType": True}
        )
    return {
        "columnMetadata": columns,
        "entityName": source.name,
        "groupBy": False,
        "idSelected": any(not each.relationships and each.field.name == "Id" for each in compiled.columns),
        "keyPrefix": source.prefix,
    }


def _selected(compiled: Compiled) -> list[dict[str, Any]]:
    columns: list[dict[str, Any]] = []
    for column in compiled.columns:
        joined, entity = columns, compiled.source
        for relationship in column.relationships:
            link = relationships(entity, compiled.api)[relationship.lower()]
            joined = _join(joined, relationship, link)
            entity = OBJECTS[link.refers or ""]
        joined.append(_column(column.field, entity))
    return columns


def _join(columns: list[dict[str, Any]], relationship: str, link: Field) -> list[dict[str, Any]]:
    """Return the columns under a relationship, which is one column of its own."""
    made = next((each for each in columns if each["columnName"] == relationship), None)
    if made is None:
        made = _row(relationship, relationship) | {"foreignKeyName": link.name}
        columns.append(made)
    under: list[dict[str, Any]] = made["joinColumns"]
    return under


def _column(field: Field, entity: SObject) -> dict[str, Any]:
    apex = _APEX_TYPES.get(field.type, "Datetime" if field.type == "datetime" else "String")
    return _row(field.name, field.name) | {
        "apexType": apex,
        "booleanType": apex == "Boolean",
        "insertable": entity.createable and field.createable,
        "numberType": apex in _NUMBERS,
        "textType": apex == "String",
        "updatable": entity.updateable and field.updateable,
    }


def _row(name: str, shown: str) -> dict[str, Any]:
    return {
        "aggregate": False,
        "apexType": None,
        "booleanType": False,
        "columnName": name,
        "custom": False,
        "displayName": shown,
        "foreignKeyName": None,
        "insertable": False,
        "joinColumns": [],
        "numberType": False,
        "textType": False,
        "updatable": False,
    }

"""A parsed query to SQL: names are looked up in the sObject table, relationships become joins.

Text compares without regard to case, ids with; `!=` and NOT IN keep rows whose field is null, as on the platform.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from localorg.clock import format_timestamp
from localorg.errors import PlatformError
from localorg.ids import normalize_id
from localorg.sobjects.objects import OBJECTS, find_object
from localorg.sobjects.reference import DATA, has_object, relationships, shown_fields
from localorg.sobjects.schema import Field, SObject
from localorg.soql.parse import (
    Children,
    Condition,
    Count,
    DateTime,
    FieldGroup,
    Inner,
    Literal,
    Logic,
    Membership,
    Path,
    Query,
    Relative,
    malformed,
    parse_query,
)

ORG_PARAMETER, PARENTS_PARAMETER = object(), object()
MAX_OFFSET = 2000
ONE_AT_A_TIME = frozenset({"Metadata", "FullName"})
NOT_FILTERED = {
    "LoginHistory": frozenset(
        {"ApiType", "ApiVersion", "Application", "Browser", "ClientVersion", "Platform", "SourceIp", "Status"}
    )
}
"""Fields by object that no query filters by (object reference, LoginHistory, Usage)."""
_NO_COLUMN = (
    "No such column '{name}' on entity '{entity}'. If you are attempting to use a custom field, be sure to append the "
    "'__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names."
)
_NO_RELATIONSHIP = (
    "Didn't understand relationship '{name}' in field path. If you are attempting to use a custom relationship, be "
    "sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for "
    "the appropriate names."
)
_NO_CHILDREN = (
    "Didn't understand relationship '{name}' in FROM part of query call. If you are attempting to use a custom "
    "relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the "
    "describe call for the appropriate names."
)
_NO_TYPE = (
    "sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append the "
    "'__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
)


@dataclass(frozen=True)
class Column:
    """One selected field: the relationships to it, its name, the index of its value in the SQL row."""

    relationships: tuple[str, ...]
    field: Field
    index: int


@dataclass(frozen=True)
class Compiled:
    """SQL with its parameters (a day waits for the clock), and how to make records of the rows.

    `objects` are those that the query and its parts are FROM.
    """

    @property
    def of_one(self) -> bool:
        """Whether it asks for what the platform tells of one record at a time: Metadata, FullName."""
        return any(each.field.name in ONE_AT_A_TIME for each in self.columns)

    source: SObject
    sql: str
    parameters: tuple[object, ...]
    columns: tuple[Column, ...]
    at: int
    entities: dict[tuple[str, ...], tuple[str, int]]
    count: Count | None
    api: str
    objects: frozenset[str]
    subqueries: tuple[Subquery, ...] = ()


@dataclass(frozen=True)
class Subquery:
    """Records that refer to those of the query, and the name they go under. A row's last value is the parent's id."""

    relationship: str
    compiled: Compiled
    limit: int | None


@dataclass
class _Source:
    """The tables of one SELECT: the root and what its relationships reach."""

    root: SObject
    text: str
    prefix: str
    api: str
    names: frozenset[str] = frozenset()
    aliases: dict[tuple[str, ...], tuple[str, SObject]] = field(default_factory=dict)
    joins: list[str] = field(default_factory=list)
    inner: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.aliases[()] = (f"{self.prefix}0", self.root)

    def reach(self, path: Path) -> tuple[str, SObject, Field, tuple[str, ...]]:
        """Return table alias, object, field and the relationships' proper names of a path; join what it needs."""
        parts = path.parts
        if len(parts) > 1 and parts[0].lower() in self.names:
            parts = parts[1:]
        way: tuple[str, ...] = ()
        alias, at = self.aliases[()]
        for name in parts[:-1]:
            link = relationships(at, _api_of(at, self.api)).get(name.lower())
            if link is None or link.relationship is None or link.refers is None:
                raise malformed(self.text, path.at, _NO_RELATIONSHIP.format(name=name), "INVALID_FIELD")
            way = (*way, link.relationship)
            if way not in self.aliases:
                joined = f"{self.prefix}{len(self.aliases)}"
                self.joins.append(
                    f'LEFT JOIN "{link.refers}" {joined} ON {joined}.org = {alias}.org AND {joined}.Id = {alias}."{link.name}"'
                )
                self.aliases[way] = (joined, OBJECTS[link.refers])
            alias, at = self.aliases[way]
        found = shown_fields(at, _api_of(at, self.api)).get(parts[-1].lower())
        if found is None:
            problem = _NO_COLUMN.format(name=parts[-1], entity=at.name)
            raise malformed(self.text, path.at, problem, "INVALID_FIELD")
        return alias, at, found, way


@lru_cache(maxsize=1024)
def compile_query(text: str, api: str = DATA) -> Compiled:
    """Return the SQL of a query to an API. Raises PlatformError MALFORMED_QUERY, INVALID_FIELD, INVALID_TYPE."""
    query = parse_query(text)
    return _compile(query, _object(query.text, query.source, query.at, api), api)


def _compile(query: Query, root: SObject, api: str, link: Field | None = None) -> Compiled:
    """Compile a query, or, with the `link` to its parents, a subquery."""
    source = _Source(root, query.text, "t", api, names=frozenset({root.name.lower(), query.alias.lower()}))
    parameters: list[object] = []
    selected, columns, count = _select(query, source)
    where = _condition(query.where, source, parameters) if query.where else ""
    order = _order(query, source)
    for way, (alias, _) in source.aliases.items():
        if count is None and way and f'{alias}."Id"' not in selected:
            selected.append(f'{alias}."Id"')
    entities = {
        way: (entity.name, selected.index(f'{alias}."Id"'))
        for way, (alias, entity) in source.aliases.items()
        if f'{alias}."Id"' in selected
    }
    if link:
        selected.append(f't0."{link.name}"')
    sql = f'SELECT {", ".join(selected)} FROM "{root.name}" t0 {" ".join(source.joins)} WHERE t0.org = ?'
    sql += f' AND t0."{link.name}" IN (SELECT value FROM json_each(?))' if link else ""
    sql += f" AND {where}" if where else ""
    if count is None:
        sql += f" ORDER BY {order}t0.rowid"
        if query.offset > MAX_OFFSET:
            raise PlatformError("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
        sql += f" LIMIT {-1 if query.limit is None else query.limit} OFFSET {query.offset}"
    fixed = (ORG_PARAMETER, PARENTS_PARAMETER) if link else (ORG_PARAMETER,)
    subqueries = tuple(_subquery(each, query, root, api) for each in query.selection if isinstance(each, Children))
    objects = frozenset({root.name, *source.inner}).union(*(each.compiled.objects for each in subqueries))
    given = (*fixed, *parameters)
    return Compiled(root, sql, given, tuple(columns), query.at, entities, count, api, objects, subqueries)


def _subquery(children: Children, query: Query, root: SObject, api: str) -> Subquery:
    for child in OBJECTS.values():
        for link in shown_fields(child, api).values():
            name = link.children or ""
            if link.refers == root.name and name.lower() == children.relationship.lower():
                inner = Query(
                    query.text, children.selection, child.name, children.at, child.name, children.where, children.order
                )
                return Subquery(name, _compile(inner, child, api, link), children.limit)
    raise malformed(query.text, children.at, _NO_CHILDREN.format(name=children.relationship), "INVALID_TYPE")


def resolve(parameters: tuple[object, ...], org: str, now: float, parents: Sequence[str] = ()) -> list[object]:
    """Fill in what is known only when the query runs: the org, the day, the records that a subquery is about."""
    known = {ORG_PARAMETER: org, PARENTS_PARAMETER: json.dumps(parents)}
    return [_day(each, now) if isinstance(each, _Edge) else known.get(each, each) for each in parameters]


def unknown_type(text: str, name: str, at: int) -> PlatformError:
    """Return the error for an object that the org does not have."""
    return malformed(text, at, _NO_TYPE.format(name=name), "INVALID_TYPE")


def _object(text: str, name: str, at: int, api: str) -> SObject:
    found = find_object(name)
    if found is None or not has_object(found, api):
        raise unknown_type(text, name, at)
    return found


def _api_of(entity: SObject, api: str) -> str:
    """Return the API whose fields an object shows: that of the query, or the data API for what only that one has."""
    return api if has_object(entity, api) else DATA


def _select(query: Query, source: _Source) -> tuple[list[str], list[Column], Count | None]:
    first = query.selection[0]
    if isinstance(first, Count):
        if len(query.selection) > 1:
            raise malformed(query.text, query.at, "Grouped queries are not supported by this org")
        if first.path is None:
            return ["COUNT(*)"], [], first
        alias, _, found, _ = source.reach(first.path)
        return [f"COUNT({found.sql(alias)})"], [], first
    selected = ['t0."Id"']
    columns: list[Column] = []
    seen: set[tuple[tuple[str, ...], str]] = set()
    for item in query.selection:
        if isinstance(item, Children):
            continue
        paths = _group(item, source, query) if isinstance(item, FieldGroup) else [item]
        for path in paths:
            if isinstance(path, Count):
                raise malformed(query.text, query.at, "Grouped queries are not supported by this org")
            alias, _, found, way = source.reach(path)
            if (way, found.name) in seen:
                problem = f"duplicate field selected: {'.'.join((*way, found.name))}"
                raise malformed(query.text, path.at, problem)
            seen.add((way, found.name))
            name = found.sql(alias)
            if name not in selected:
                selected.append(name)
            columns.append(Column(way, found, selected.index(name)))
    return selected, columns, None


def _group(item: FieldGroup, source: _Source, query: Query) -> list[Path]:
    if item.which == "CUSTOM":
        return []
    if query.limit is None or query.limit > 200:  # noqa: PLR2004 — the platform's own bound for FIELDS()
        raise malformed(query.text, query.at, "The SOQL FIELDS function must have a LIMIT of at most 200")
    return [
        Path((each.name,), query.at) for each in shown_fields(source.root, _api_of(source.root, source.api)).values()
    ]


def _order(query: Query, source: _Source) -> str:
    parts = []
    for each in query.order:
        alias, _, found, _ = source.reach(each.path)
        collate = "" if found.sql_type != "TEXT" or found.type in {"id", "reference"} else " COLLATE NOCASE"
        nulls = "LAST" if each.nulls_last else "FIRST"
        direction = "DESC" if each.descending else "ASC"
        parts.append(f"{found.sql(alias)}{collate} {direction} NULLS {nulls}, ")
    return "".join(parts)


def _condition(condition: Condition, source: _Source, parameters: list[object]) -> str:
    if isinstance(condition, Logic):
        parts = [_condition(each, source, parameters) for each in condition.parts]
        return f"(NOT {parts[0]})" if condition.word == "NOT" else f"({f' {condition.word} '.join(parts)})"
    alias, entity, found, _ = source.reach(condition.path)
    if found.name in ONE_AT_A_TIME or found.name in NOT_FILTERED.get(entity.name, ()):
        problem = f"field '{found.name}' can not be filtered in a query call"
        raise malformed(source.text, condition.path.at, problem, "INVALID_FIELD")
    name = found.sql(alias)
    collate = " COLLATE NOCASE" if found.sql_type == "TEXT" and found.type not in {"id", "reference"} else ""
    if isinstance(condition, Membership):
        return _membership(condition, found, f"{name}{collate}", source, parameters)
    if condition.operator == "LIKE":
        if found.sql_type != "TEXT" or found.type in {"id", "reference", "datetime"}:
            problem = f"invalid operator on {found.type} field: {found.name}"
            raise malformed(source.text, condition.path.at, problem, "INVALID_QUERY_FILTER_OPERATOR")
        parameters.append(condition.value)
        return f"({name} LIKE ? ESCAPE '\\')"
    value = _value(condition.value, found, condition.path, source)
    if isinstance(value, Relative):
        return _range(name, condition.operator, value, parameters)
    parameters.append(value)
    if condition.operator == "=":
        return f"({name}{collate} IS ?)"
    if condition.operator == "!=":
        return f"({name}{collate} IS NOT ?)"
    return f"({name}{collate} {condition.operator} ?)"


@dataclass(frozen=True)
class _Edge:
    """Where a range of days begins or ends; it waits for the clock."""

    relative: Relative
    end: bool


def _range(name: str, operator: str, days: Relative, parameters: list[object]) -> str:
    """Compare with a range of days, as the platform does: `=` is within it, `>` after its end, `<` before its start."""
    start, end = _Edge(days, end=False), _Edge(days, end=True)
    sql, edges = {
        "=": (f"({name} >= ? AND {name} < ?)", [start, end]),
        "!=": (f"({name} IS NULL OR {name} < ? OR {name} >= ?)", [start, end]),
        ">": (f"({name} >= ?)", [end]),
        ">=": (f"({name} >= ?)", [start]),
        "<": (f"({name} < ?)", [start]),
        "<=": (f"({name} < ?)", [end]),
    }[operator]
    parameters += edges
    return sql


def _membership(condition: Membership, found: Field, name: str, source: _Source, parameters: list[object]) -> str:
    word = "NOT IN" if condition.negated else "IN"
    values = condition.values
    if isinstance(values, Inner):
        inner = _Source(
            _object(source.text, values.source, values.at, source.api), source.text, source.prefix + "s", source.api
        )
        source.inner.add(inner.root.name)
        alias, _, selected, _ = inner.reach(values.path)
        parameters.append(ORG_PARAMETER)
        where = f" AND {_condition(values.where, inner, parameters)}" if values.where else ""
        source.inner |= inner.inner
        return (
            f'({name} {word} (SELECT {alias}."{selected.name}" FROM "{inner.root.name}" {inner.prefix}0 '
            f'{" ".join(inner.joins)} WHERE {inner.prefix}0.org = ? AND {alias}."{selected.name}" IS NOT NULL{where}))'
        )
    checked = [_value(each, found, condition.path, source) for each in values]
    given = [_Edge(each, end=False) if isinstance(each, Relative) else each for each in checked if each is not None]
    parameters.extend(given)
    listed = f"{name} {word} ({', '.join('?' * len(given))})"
    if condition.negated:
        return f"({name} IS NOT NULL AND {listed})" if len(given) < len(checked) else f"({name} IS NULL OR {listed})"
    return f"({listed} OR {name} IS NULL)" if len(given) < len(checked) else f"({listed})"


def _value(value: Literal, found: Field, path: Path, source: _Source) -> object:
    """Return the SQL value of a literal for a field. Raises PlatformError when the types do not meet."""
    if value is None:
        return None
    wanted = {"boolean": bool, "int": int, "double": (int, float), "datetime": (DateTime, Relative)}.get(
        found.type, str
    )
    if not isinstance(value, wanted) or (found.type == "int" and isinstance(value, bool)):  # type: ignore[arg-type]
        kind = {"int": "int", "datetime": "dateTime", "boolean": "boolean", "double": "double"}.get(
            found.type, "string"
        )
        quotes = "be enclosed in quotes" if kind == "string" else "not be enclosed in quotes"
        problem = f"value of filter criterion for field '{found.name}' must be of type {kind} and should {quotes}"
        raise malformed(source.text, path.at, problem, "INVALID_FIELD")
    if isinstance(value, DateTime):
        return _moment(value.text, source.text, path.at)
    if isinstance(value, Relative):
        return value
    if isinstance(value, bool):
        return int(value)
    if found.type in {"id", "reference"} and isinstance(value, str) and value:
        normal = normalize_id(value)
        if normal is None:
            raise malformed(source.text, path.at, f"invalid ID field: {value}", "INVALID_QUERY_FILTER_OPERATOR")
        return normal
    return value


def _moment(text: str, query: str, at: int) -> str:
    try:
        parsed = dt.datetime.fromisoformat(text)
    except ValueError:
        raise malformed(query, at, f"Invalid datetime: {text}") from None
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=dt.UTC)
    try:
        return format_timestamp(aware.timestamp())
    except (OverflowError, ValueError, OSError):
        raise malformed(query, at, f"Invalid datetime: {text}") from None


def _day(edge: _Edge, now: float) -> str:
    """Return the first moment of a range of days, or the first one after it; the days are UTC's."""
    days = edge.relative.days
    first, last = {
        "TODAY": (0, 1),
        "YESTERDAY": (-1, 0),
        "TOMORROW": (1, 2),
        "LAST_N_DAYS": (-days, 1),
        "NEXT_N_DAYS": (1, days + 1),
    }[edge.relative.word]
    day = dt.datetime.fromtimestamp(now, dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return format_timestamp((day + dt.timedelta(days=last if edge.end else first)).timestamp())

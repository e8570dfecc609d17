"""SOQL text to a syntax tree: what was written and where, before any name is looked up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken, VisitError

from localorg.errors import PlatformError

MAX_INTEGER, MAX_DAYS = 2**63 - 1, 100_000
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


@dataclass(frozen=True)
class Path:
    """A field, perhaps through relationships, and its place in the text."""

    parts: tuple[str, ...]
    at: int


@dataclass(frozen=True)
class Count:
    """COUNT() of rows, or of a field that is not null."""

    path: Path | None = None
    alias: str = "expr0"


@dataclass(frozen=True)
class FieldGroup:
    """FIELDS(ALL | STANDARD | CUSTOM)."""

    which: str


@dataclass(frozen=True)
class Children:
    """A subquery: fields of the records that refer to this one."""

    selection: tuple[Path, ...]
    relationship: str
    at: int
    where: Condition | None = None
    order: tuple[Ordering, ...] = ()
    limit: int | None = None


@dataclass(frozen=True)
class DateTime:
    """A date or date-time literal, as written."""

    text: str


@dataclass(frozen=True)
class Relative:
    """TODAY, LAST_N_DAYS:7 and the like."""

    word: str
    days: int = 0


Literal = str | float | int | bool | None | DateTime | Relative


@dataclass(frozen=True)
class Comparison:
    """Field, operator (`=`, `!=`, `<`, `LIKE`, …), value."""

    path: Path
    operator: str
    value: Literal


@dataclass(frozen=True)
class Membership:
    """Field IN a list, or in what an inner query selects."""

    path: Path
    values: tuple[Literal, ...] | Inner
    negated: bool = False


@dataclass(frozen=True)
class Logic:
    """AND, OR or NOT over conditions."""

    word: str
    parts: tuple[Condition, ...]


Condition = Comparison | Membership | Logic


@dataclass(frozen=True)
class Inner:
    """The query of a semi-join."""

    path: Path
    source: str
    at: int
    where: Condition | None


@dataclass(frozen=True)
class Ordering:
    """One ORDER BY item."""

    path: Path
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True)
class Query:
    """A whole query."""

    text: str
    selection: tuple[Path | Count | FieldGroup | Children, ...]
    source: str
    at: int
    alias: str
    where: Condition | None = None
    order: tuple[Ordering, ...] = ()
    limit: int | None = None
    offset: int = 0


def parse_query(text: str) -> Query:
    """Parse SOQL. Raises PlatformError MALFORMED_QUERY in the platform's style, with row and column."""
    try:
        parts = _TREE.transform(_parser().parse(text))
    except UnexpectedToken as error:
        found = "<EOF>" if error.token.type == "$END" else str(error.token)
        problem = f"unexpected token: '{found}'"
        raise malformed(text, len(text) if found == "<EOF>" else error.pos_in_stream or 0, problem) from None
    except UnexpectedCharacters as error:
        problem = f"line {error.line}:{error.column} no viable alternative at character '{error.char}'"
        raise malformed(text, error.pos_in_stream or 0, problem) from None
    except VisitError as error:
        raise malformed(text, 0, f"For input string: {str(error.orig_exc)[:80]}") from None
    except (UnexpectedEOF, UnexpectedInput):
        raise malformed(text, len(text), "unexpected token: '<EOF>'") from None
    except RecursionError:
        raise PlatformError("MALFORMED_QUERY", "query is too complicated") from None
    return Query(text=text, **parts)


def malformed(text: str, at: int, problem: str, code: str = "MALFORMED_QUERY") -> PlatformError:
    """Return the platform's error with the line, a caret, row and column."""
    row = text.count("\n", 0, at) + 1
    start = text.rfind("\n", 0, at) + 1
    column = at - start + 1
    line = text[start:].split("\n", 1)[0]
    shown = line[max(0, column - 61) : column + 40]
    caret = " " * (min(column, 61) - 1) + "^"
    return PlatformError(code, f"\n{shown}\n{caret}\nERROR at Row:{row}:Column:{column}\n{problem}")


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = resources.files("localorg.soql").joinpath("grammar.lark").read_text()
    return Lark(grammar, parser="lalr", lexer="contextual", maybe_placeholders=True)


def unescape(token: str, *, pattern: bool = False) -> str:
    r"""Return a string literal's value. In a LIKE pattern an escaped `%`, `_` or `\` stays escaped for SQL."""
    body, out, index = token[1:-1], [], 0
    while index < len(body):
        char = body[index]
        if char == "\\":
            index += 1
            escaped = body[index]
            out.append("\\" + escaped if pattern and escaped in "%_\\" else _ESCAPES.get(escaped, escaped))
        else:
            out.append(char)
        index += 1
    return "".join(out)


def _integer(words: str, *, most: int = MAX_INTEGER) -> int:
    """Return a whole number. Raises ValueError for one that no column could hold."""
    number = int(words)
    if abs(number) > most:
        raise ValueError(words[:40])
    return number


def _path(token: Token) -> Path:
    return Path(tuple(str(token).split(".")), token.start_pos or 0)


@v_args(inline=True)
class _Tree(Transformer[Token, Any]):
    """Lark's tree to the dataclasses above."""

    def start(self, selection: Any, source: Token, alias: Any, *rest: Any) -> dict[str, Any]:
        parts = dict(each for each in rest if each is not None)
        named = {"source": str(source), "at": source.start_pos or 0, "alias": str(alias or source)}
        return {"selection": selection, **named, **parts}

    def count_all(self) -> tuple[Count, ...]:
        return (Count(),)

    def items(self, *items: Any) -> tuple[Any, ...]:
        return items

    def column(self, path: Token) -> Path:
        return _path(path)

    def count_column(self, path: Token, alias: Token | None) -> Count:
        return Count(_path(path), str(alias) if alias else "expr0")

    def field_group(self, which: Token) -> FieldGroup:
        return FieldGroup(str(which).upper())

    def fields(self, *paths: Token) -> tuple[Path, ...]:
        return tuple(_path(each) for each in paths)

    def children(self, fields: tuple[Path, ...], name: Token, *rest: Any) -> Children:
        parts = dict(each for each in rest if each is not None)
        return Children(fields, str(name), name.start_pos or 0, **parts)

    def where(self, condition: Condition) -> tuple[str, Condition]:
        return ("where", condition)

    def all_of(self, *parts: Condition) -> Logic:
        return Logic("AND", parts)

    def any_of(self, *parts: Condition) -> Logic:
        return Logic("OR", parts)

    def negated(self, part: Condition) -> Logic:
        return Logic("NOT", (part,))

    def comparison(self, path: Token, operator: Token, value: Literal) -> Comparison:
        return Comparison(_path(path), "!=" if operator == "<>" else str(operator), value)

    def like(self, path: Token, pattern: Token) -> Comparison:
        return Comparison(_path(path), "LIKE", unescape(pattern, pattern=True))

    def within(self, path: Token, values: Any) -> Membership:
        return Membership(_path(path), values)

    def not_within(self, path: Token, values: Any) -> Membership:
        return Membership(_path(path), values, negated=True)

    def values(self, *values: Any) -> Any:
        return values[0] if isinstance(values[0], Inner) else values

    def inner(self, path: Token, source: Token, where: Any) -> Inner:
        return Inner(_path(path), str(source), source.start_pos or 0, where[1] if where else None)

    def text(self, token: Token) -> str:
        return unescape(token)

    def moment(self, token: Token) -> DateTime:
        return DateTime(str(token))

    def number(self, token: Token) -> float | int:
        return float(token) if "." in token else _integer(token)

    def true(self) -> bool:
        return True

    def false(self) -> bool:
        return False

    def null(self) -> None:
        return None

    def relative(self, token: Token) -> Relative:
        word, _, days = str(token).upper().partition(":")
        return Relative(word, _integer(days or "0", most=MAX_DAYS))

    def order(self, *orderings: Ordering) -> tuple[str, tuple[Ordering, ...]]:
        return ("order", orderings)

    def ordering(self, path: Token, direction: Token | None, nulls: Token | None) -> Ordering:
        last = bool(nulls) and str(nulls).upper().endswith("LAST")
        return Ordering(_path(path), bool(direction) and str(direction).upper() == "DESC", last)

    def limit(self, token: Token) -> tuple[str, int]:
        return ("limit", _integer(token))

    def offset(self, token: Token) -> tuple[str, int]:
        return ("offset", _integer(token))


_TREE = _Tree()

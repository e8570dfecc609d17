"""Whether settings are ones that the platform takes; every problem at once, each with its property path.

A problem never shows the value: whatever somebody wrote may be a key or token that went to the wrong place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from orgkey.metadata.codec import Joined, Value
from orgkey.metadata.fields import Field, inputs_of
from orgkey.metadata.members import Resource
from orgkey.metadata.nulls import without_nulls
from orgkey.metadata.place import Place, Type


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one property: `path` as Pulumi writes it (`scopes[1]`), and a sentence that says what to do."""

    path: str
    reason: str


def problems(resource: Resource, settings: Mapping[str, object], *, api_version: float) -> list[Problem]:
    """List what is wrong with the settings of one resource, in the table's order."""
    return [
        problem
        for row in inputs_of(resource)
        for problem in field_problems(resource, row, settings, api_version=api_version)
    ]


def field_problems(
    resource: Resource,
    row: Field,
    settings: Mapping[str, object],
    *,
    api_version: float,
) -> Iterator[Problem]:
    """Yield what is wrong with one setting."""
    value = settings.get(row.name)
    if value is None or _is_empty(row, value):
        if row.required:
            yield Problem(row.name, f"is required: {row.meaning}")
        elif value is not None and row.default_for(resource):  # the platform would fall back to a default of its own
            yield Problem(row.name, "must not be empty; leave it out for the default")
        return
    place = row.places.get(resource)
    if place and not place.is_in(api_version) and value != row.default_for(resource):
        needed = f"{place.since:.1f} or newer" if api_version < place.since else f"{place.until:.1f} or older"
        yield Problem(row.name, f"needs API version {needed}; salesforce:apiVersion is {api_version:.1f}")
    yield from _of_type(row, value, row.longest_in.get(resource, row.longest))
    for path, name in _named(row, value):
        if api_version < (since := row.values_since.get(name, 0.0)):
            yield Problem(
                path, f"{name} needs API version {since:.1f} or newer; salesforce:apiVersion is {api_version:.1f}"
            )
    if place:
        yield from _inseparable(row, place, value)


def _named(row: Field, value: object) -> Iterator[tuple[str, str]]:
    """Path and text of each value of a setting that has a list of them."""
    if isinstance(value, str):
        yield row.name, value
    elif isinstance(value, list | tuple):
        yield from ((f"{row.name}[{index}]", item) for index, item in enumerate(value) if isinstance(item, str))


def _is_empty(row: Field, value: object) -> bool:
    """Whether a value of the setting's type has nothing in it; an empty text is no list and no flag."""
    if row.type is Type.STRING:
        return _is_blank(value)
    return row.type in {Type.STRINGS, Type.RANGES} and value in ([], ())


def _is_blank(value: object) -> bool:
    """Whether a text is empty; what Python alone takes for white space (U+001C to U+001F) is none to XML."""
    return isinstance(value, str) and not value.strip() and not _NOT_IN_XML.search(value)


def _of_type(row: Field, value: object, longest: int) -> Iterator[Problem]:
    match row.type:
        case Type.BOOLEAN:
            if not isinstance(value, bool):
                yield Problem(row.name, "must be true or false")
        case Type.INTEGER:
            if isinstance(value, bool) or not isinstance(value, int | float) or value % 1 != 0 or value < 1:
                yield Problem(row.name, "must be a whole number above 0")
        case Type.STRING:
            yield from _text(row, row.name, value, longest)
        case Type.STRINGS:
            yield from _texts(row, value, longest)
        case Type.RANGES:
            yield from _ranges(row, value)


def _texts(row: Field, value: object, longest: int) -> Iterator[Problem]:
    if not isinstance(value, list | tuple):
        yield Problem(row.name, "must be a list")
        return
    for index, item in enumerate(value):
        if _is_blank(item):
            yield Problem(f"{row.name}[{index}]", "must not be empty")
        else:
            yield from _text(row, f"{row.name}[{index}]", item, longest)
    if row.caseless:
        yield from _spelt_twice(row, value)


def _spelt_twice(row: Field, items: Sequence[object]) -> Iterator[Problem]:
    """A name in two spellings, which are one to the platform; the very same one again says nothing new."""
    first: dict[str, int] = {}
    for index, item in enumerate(items):
        if isinstance(item, str) and items[seen := first.setdefault(row.key_of(item.strip()), index)] != item:
            yield Problem(
                f"{row.name}[{index}]", f"is the same as [{seen}], small and capital letters apart; name it once"
            )


def _text(row: Field, path: str, value: object, longest: int) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield Problem(path, "must be text")
        return
    if problem := character_problem(path, value):
        yield problem
        return
    if row.values and value not in row.values:
        few = f"; use one of {', '.join(row.values)}" if len(row.values) <= _FEW else ""
        yield Problem(path, f"is no value of it{few or suggestion(value, row.values)}")
    if row.pattern and not re.fullmatch(row.pattern, value):
        yield Problem(path, f"is not {row.pattern_says}{_of_a_package(row, value)}")
    if longest and len(value) > longest:
        yield Problem(path, f"has {len(value)} characters; at most {longest} are allowed")


def _of_a_package(row: Field, value: str) -> str:
    """What a name that orgs do give, and nobody else can, stands for."""
    if row.name != "name" or "__" not in value:
        return ""
    return (
        "; what stands before two underscores is the namespace of a package, and what a package brought is its publisher's: "
        "choose a name of the org's own"
    )


_FEW = 8  # values that fit into a message
_LONGEST_NAME = 100  # characters; no setting has a name that is like a longer one
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def character_problem(path: str, text: str) -> Problem | None:
    """The problem with a text that no XML can carry: a control character, half of a surrogate pair, a noncharacter."""
    found = _NOT_IN_XML.search(text)
    return (
        Problem(path, f"holds the character U+{ord(found[0]):04X}, which metadata XML cannot carry") if found else None
    )


def _inseparable(row: Field, place: Place, value: object) -> Iterator[Problem]:
    """An item that holds what separates the items: it would come back as two."""
    if not isinstance(place.codec, Joined) or not isinstance(value, list | tuple):
        return
    separator = place.codec.separator.strip()
    for index, item in enumerate(value):
        if separator and separator in str(item):
            yield Problem(f"{row.name}[{index}]", f"holds {separator!r}, which separates the items in this kind of app")


def _ranges(row: Field, value: object) -> Iterator[Problem]:
    if not isinstance(value, list | tuple):
        yield Problem(row.name, "must be a list of {start, end, description}")
        return
    for index, item in enumerate(without_nulls(value)):
        if not isinstance(item, Mapping):
            yield Problem(f"{row.name}[{index}]", "must be {start, end, description}")
            continue
        for key in ("start", "end"):
            if not item.get(key):
                yield Problem(f"{row.name}[{index}].{key}", "is required: an IP address")
            elif _address(item[key]) is None:
                yield Problem(f"{row.name}[{index}].{key}", "is not an IP address")
        yield from _order(f"{row.name}[{index}]", _address(item.get("start")), _address(item.get("end")))
        yield from _text_of_range(f"{row.name}[{index}].description", item.get("description"))
        for key in sorted(set(item) - {"start", "end", "description"}, key=str):
            yield Problem(
                f"{row.name}[{index}].{shown(key)}", "is not a property of an IP range (start, end, description)"
            )


def _address(value: object) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return (
        None if getattr(address, "scope_id", None) else address
    )  # a zone (fe80::1%eth0) means something on one machine only


def _order(
    path: str, start: IPv4Address | IPv6Address | None, end: IPv4Address | IPv6Address | None
) -> Iterator[Problem]:
    if start is None or end is None:
        return
    if start.version != end.version:
        yield Problem(f"{path}.end", "must be of the same IP version as start")
    elif int(start) > int(end):
        yield Problem(f"{path}.end", "must not be lower than start")


def _text_of_range(path: str, value: object) -> Iterator[Problem]:
    if isinstance(value, str):
        yield from filter(None, (character_problem(path, value),))
    elif value is not None:
        yield Problem(path, "must be text")


def shown(name: object) -> str:
    """A name that somebody wrote, for a message: what cannot be one (a key or token in its place) is not shown."""
    text = str(name)
    return text if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]{0,39}", text) else "(a name that is not shown)"


def sentence(text: str) -> str:
    """A text with a full stop, where it does not end a sentence already (`did you mean caBundle?`)."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def suggestion(name: str, names: Value | tuple[str, ...]) -> str:
    """A hint at the setting that a misspelt name was meant to be, or an empty string."""
    import difflib

    if len(name) > _LONGEST_NAME:
        return ""
    close = difflib.get_close_matches(name, [str(item) for item in names or ()], n=1)  # type: ignore[union-attr]
    return f"; did you mean {close[0]}?" if close else ""

"""How one setting is written into metadata XML and read back.

A codec knows the shape of an element (text, flag, repeated, comma separated …) and nothing of which setting it serves; that is
the field table's business (`orgkey/metadata/fields.py`). Every codec works on the element that *contains* the setting, because some
settings take several elements. `read` answers None where the org said nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

if TYPE_CHECKING:
    from lxml import etree

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"

_AS_THEY_ARE: Mapping[str, str] = {}

IpRange: TypeAlias = Mapping[str, str]
Value: TypeAlias = str | bool | int | Sequence[str] | Sequence[IpRange] | None


class Codec(Protocol):
    """The XML form of one setting inside its containing element."""

    @property
    def tags(self) -> tuple[str, ...]:
        """Local names of the elements this setting occupies."""

    def read(self, parent: etree._Element) -> Value:
        """Return the setting's value, or None when none of its elements is there."""

    def write(self, parent: etree._Element, value: Value, *, clear: bool = False) -> None:
        """Append the setting to `parent`; with `clear`, say "empty" aloud where silence would leave the old value."""


def new_element(tag: str) -> etree._Element:
    """Make a root element with the metadata namespace as its default namespace, as the platform writes it."""
    from lxml import etree  # whoever only knows the settings, as a program does, needs no XML

    return etree.Element(_qualified(tag), nsmap={None: NAMESPACE})  # type: ignore[dict-item] # the stubs know no default


def append(parent: etree._Element, tag: str, text: str | None = None) -> etree._Element:
    """Append `<tag>text</tag>` in the metadata namespace and return it."""
    element = parent.makeelement(_qualified(tag))
    element.text = text
    parent.append(element)
    return element


def children(parent: etree._Element, tag: str) -> list[etree._Element]:
    """The children of that local name, whatever prefix or namespace the org chose; a nil one says that there is none."""
    return [child for child in parent if isinstance(child.tag, str) and local_name(child) == tag and not is_nil(child)]


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def is_nil(element: etree._Element) -> bool:
    """Whether the org spells out that it has no such element."""
    return element.get(_NIL) in {"true", "1"}


def text_of(parent: etree._Element, tag: str) -> str | None:
    """Text of the first such child, stripped; None when absent or nil."""
    found = children(parent, tag)
    return (found[0].text or "").strip() if found else None


def _qualified(tag: str) -> str:
    return f"{{{NAMESPACE}}}{tag}"


@dataclass(frozen=True, slots=True)
class _OneTag:
    tag: str

    @property
    def tags(self) -> tuple[str, ...]:
        return (self.tag,)


class Text(_OneTag):
    """One element of text; an empty string is an absent element."""

    __slots__ = ()

    def read(self, parent: etree._Element) -> Value:
        return text_of(parent, self.tag) or None

    def write(self, parent: etree._Element, value: Value, *, clear: bool = False) -> None:
        if value or clear:
            append(parent, self.tag, str(value or "") or None)


class Flag(_OneTag):
    """`true` or `false`, always written: a flag left out means whatever the org's release says."""

    __slots__ = ()

    def read(self, parent: etree._Element) -> Value:
        text = text_of(parent, self.tag)
        return None if not text else text.lower() in {"true", "1"}

    def write(self, parent: etree._Element, value: Value, *, clear: bool = False) -> None:
        if value is not None:
            append(parent, self.tag, "true" if value else "false")


class Number(_OneTag):
    """A whole number, or no element: an empty one is no number, so it cannot be said aloud."""

    __slots__ = ()

    def read(self, parent: etree._Element) -> Value:
        text = text_of(parent, self.tag)
        return int(float(text)) if text else None

    def write(self, parent: etree._Element, value: Value, *, clear: bool = False) -> None:
        if value is not None:
            append(parent, self.tag, str(value))


@dataclass(frozen=True, slots=True)
class Mapped(_OneTag):
    """An enum whose spelling differs from ours: `names` maps our value to the element's text."""

    names: Mapping[str, str]

    def read(self, parent: etree._Element) -> Value:
        text = text_of(parent, self.tag)
        if not text:
            return None
        return next((value for value, element_text in self.names.items() if element_text.lower() == text.lower()), text)

    def write(self, parent: etree._Element, value: Value, *, clear: bool = False) -> None:
        if value:
            append(parent, self.tag, self.names.get(str(value), str(value)))


@dataclass(frozen=True, slots=True)
class Joined(_OneTag):
    """A list in one element, split by `separator` (ECA scopes: comma; callback URLs: line breaks, platform notes 1.3 and 2.3).

    `names` maps an item of ours to the platform's where the two differ.
    """

    separator: str
    names: Mapping[str, str] = field(default_factory=dict)

    def read(self, parent: etree._Element) -> Value:
        text = text_of(parent, self.tag)
        if text is None:
            return None
        return [part.strip() for part in text.split(self.separator.strip() or None) if part.strip()]

    def write(self, parent: etree._Element, value: Value, *, clear: bool = False) -> None:
        if value or clear:
            append(parent, self.tag, self.separator.join(_strings(value, self.names)) or None)


@dataclass(frozen=True, slots=True)
class Repeated(_OneTag):
    """A list as one element per item; one empty element clears the whole list (platform notes 1.6).

    `names` maps an item of ours to the element's text where the two differ.
    """

    names: Mapping[str, str] = field(default_factory=dict)

    def read(self, parent: etree._Element) -> Value:
        found = children(parent, self.tag)
        return [text for child in found if (text := (child.text or "").strip())] if found else None

    def write(self, parent: etree._Element, value: Value, *, clear: bool = False) -> None:
        for item in _strings(value, self.names):
            append(parent, self.tag, item)
        if not value and clear:
            append(parent, self.tag)


class EnabledNames(_OneTag):
    """`{enabled, name}` structs of which only the enabled ones count (PermissionSet userPermissions, platform notes 3.1)."""

    __slots__ = ()

    def read(self, parent: etree._Element) -> Value:
        found = children(parent, self.tag)
        return (
            [text_of(child, "name") or "" for child in found if text_of(child, "enabled") == "true"] if found else None
        )

    def write(self, parent: etree._Element, value: Value, *, clear: bool = False) -> None:
        for name in _strings(value):
            struct = append(parent, self.tag)
            append(struct, "enabled", "true")
            append(struct, "name", name)


@dataclass(frozen=True, slots=True)
class Ranges(_OneTag):
    """Trusted IP ranges: our `{start, end, description?}`, whose element names differ per app kind.

    None at all is no element: an empty one would be a range without its required ends.
    """

    start: str
    end: str

    def read(self, parent: etree._Element) -> Value:
        found = children(parent, self.tag)
        if not found:
            return None
        named = (("description", "description"), ("end", self.end), ("start", self.start))
        return [{key: text for key, tag in named if (text := text_of(child, tag))} for child in found]

    def write(self, parent: etree._Element, value: Value, *, clear: bool = False) -> None:
        for item in cast("Iterable[IpRange]", value or ()):
            struct = append(parent, self.tag)
            if item.get("description"):
                append(struct, "description", item["description"])
            append(struct, self.end, item["end"])
            append(struct, self.start, item["start"])


@dataclass(frozen=True, slots=True)
class RefreshPolicy:
    """Three ECA elements for what a ConnectedApp says in one, `specific_lifetime:30:DAYS` say (platform notes 1.5, 2.3)."""

    @property
    def tags(self) -> tuple[str, ...]:
        return ("refreshTokenPolicyType", "refreshTokenValidityPeriod", "refreshTokenValidityUnit")

    def read(self, parent: etree._Element) -> Value:
        kind = text_of(parent, self.tags[0])
        if not kind:
            return None
        name = {"specificlifetime": "specific_lifetime", "specificinactivity": "specific_inactivity"}.get(
            kind.lower(), kind.lower()
        )
        if not name.startswith("specific_"):
            return name
        return f"{name}:{text_of(parent, self.tags[1])}:{(text_of(parent, self.tags[2]) or '').upper()}"

    def write(self, parent: etree._Element, value: Value, *, clear: bool = False) -> None:
        name, *rest = str(value).split(":")
        append(parent, self.tags[0], "".join(word.capitalize() for word in name.split("_")))
        if rest:
            append(parent, self.tags[1], rest[0])
            append(parent, self.tags[2], rest[1].capitalize())


def _strings(value: Value, names: Mapping[str, str] = _AS_THEY_ARE) -> Sequence[str]:
    """The items once each, by the platform's `names`: it calls a repetition an error (platform notes 1.6)."""
    return list(dict.fromkeys(names.get(item, item) for item in cast("Sequence[str]", value or ())))

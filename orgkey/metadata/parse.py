"""Metadata XML, as an org gives it, back to settings.

Repairs the platform's habits, each where it is met: scopes that come back under another name (platform notes 1.7), elements that are left
out because they hold the default, whatever prefix or namespace, nil elements.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from orgkey.metadata.certificate import as_pem
from orgkey.metadata.codec import IpRange, Value, children, is_nil, local_name, new_element, text_of
from orgkey.metadata.fields import Field, fields_of
from orgkey.metadata.members import RESOURCE_MEMBERS, ROOT_MEMBER, Resource
from orgkey.metadata.nulls import without_nulls
from orgkey.metadata.ownership import Marker, unmark
from orgkey.metadata.parts import NEVER_CARRIED
from orgkey.metadata.render import UnknownPart

if TYPE_CHECKING:
    from lxml import etree

_STRUCTURAL = frozenset({"fullName", "externalClientApplication"})


class MalformedMetadataError(ValueError):
    """The org's XML cannot be read; nothing was concluded from it."""


@dataclass(frozen=True, slots=True)
class Found:
    """What an org holds of one resource.

    `settings` has every setting, platform defaults filled in; an empty `certificatePem` is one that the org does not have or does not
    show. `description` stands there without its ownership marker, which is `marker`. `missing` are the metadata types of which the org
    has no member; `names` has what a new one would be called.
    """

    settings: Mapping[str, Value]
    names: Mapping[str, str]
    marker: Marker | None
    unknown_parts: tuple[UnknownPart, ...]
    missing: tuple[str, ...] = ()


def parse_xml(document: bytes) -> etree._Element:
    """Parse one document without entities, DTDs or network; raises MalformedMetadataError."""
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise MalformedMetadataError(f"the org sent XML that cannot be read: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise MalformedMetadataError("the org sent XML with a document type definition, which metadata never has")
    return root


def parse(resource: Resource, members: Mapping[str, etree._Element], names: Mapping[str, str]) -> Found:
    """Read the members of one resource: root element by metadata type, and each one's full name."""
    settings: dict[str, Value] = {}
    for row in fields_of(resource):
        if row.name == "name":
            settings[row.name] = names[ROOT_MEMBER[resource]]
        else:
            settings[row.name] = canonical(row, _read(row, resource, members))
    description, marker = unmark(str(settings.get("description") or ""))
    settings["description"] = description
    missing = tuple(type_name for type_name in RESOURCE_MEMBERS[resource] if type_name not in members)
    return Found(settings, names, marker, _unknown_parts(resource, members, names), missing)


def canonical(row: Field, value: Value) -> Value:
    """One spelling for values that mean the same.

    Values by the name a retrieve gives, sets sorted and without repetition, no white space around text (the platform trims it),
    a certificate by its DER.
    """
    if row.name == "certificatePem" and isinstance(value, str):
        return as_pem(value)
    if row.type == "strings":
        return sorted({row.read_as.get(str(item), str(item)).strip() for item in cast("Sequence[str]", value or ())})
    if row.type == "ranges":
        ranges = [
            {key: text.strip() for key, text in sorted(item.items()) if text.strip()}
            for item in cast("Sequence[IpRange]", without_nulls(value or ()))
        ]
        return sorted(ranges, key=lambda item: [item.get(key, "") for key in ("start", "end", "description")])
    return value.strip() if isinstance(value, str) else value


def _read(row: Field, resource: Resource, members: Mapping[str, etree._Element]) -> Value:
    place = row.places[resource]
    root = members.get(place.member)
    container = root if root is None else _descend(root, place.path)
    value = None if container is None else place.codec.read(container)
    if value is not None:
        return value
    return place.absent if place.absent is not None else replace(row, default=None).default_for(resource)


def _descend(root: etree._Element, path: Sequence[str]) -> etree._Element | None:
    for tag in path:
        found = children(root, tag)
        if not found:
            return None
        root = found[0]
    return root


def _unknown_parts(
    resource: Resource, members: Mapping[str, etree._Element], names: Mapping[str, str]
) -> tuple[UnknownPart, ...]:
    """What no setting knows; a satellite's label is one where it is not its full name, as another tool may have written it."""
    known: dict[tuple[str, str], set[str]] = {}
    for row in fields_of(resource):
        if place := row.places.get(resource):
            known.setdefault((place.member, "/".join(place.path)), set()).update(place.codec.tags)
            for depth, tag in enumerate(place.path):
                known.setdefault((place.member, "/".join(place.path[:depth])), set()).add(tag)
    parts: list[UnknownPart] = []
    for type_name, root in members.items():
        containers = [path for member, path in known if member == type_name] or [""]
        usual = type_name != ROOT_MEMBER[resource] and text_of(root, "label") == names[type_name]
        structural = _STRUCTURAL | ({"label"} if usual else set())
        for path in sorted(set(containers)):
            container = _descend(root, [tag for tag in path.split("/") if tag])
            for child in () if container is None else sorted(container, key=local_name):
                tag = local_name(child)
                if tag not in known.get((type_name, path), set()) | structural | NEVER_CARRIED and not is_nil(child):
                    parts.append(UnknownPart(type_name, path, _verbatim(child)))
    return tuple(sorted(parts, key=lambda part: (part.member, part.path)))


def _verbatim(element: etree._Element) -> str:
    """The element alone, in the metadata namespace, without the white space and prefixes of the document it stood in."""
    from lxml import etree

    return etree.tostring(_rebuilt(element), encoding="unicode", with_tail=False)


def _rebuilt(element: etree._Element) -> etree._Element:
    copy = new_element(local_name(element))
    copy.text = (element.text or "").strip() or None
    copy.extend([_rebuilt(child) for child in element if not is_nil(child)])
    return copy

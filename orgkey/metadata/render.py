"""Settings to metadata XML, in the order that the platform expects.

The platform drops elements that stand out of WSDL order without a word (platform notes 1.2, 2.4); that order is alphabetical in every type
we write, so elements are sorted by name, repeated ones in the order they were written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orgkey.metadata.codec import Value, append, children, local_name, new_element
from orgkey.metadata.fields import Field, fields_of
from orgkey.metadata.members import ECA, MEMBER_TYPES, RESOURCE_MEMBERS, Resource

if TYPE_CHECKING:
    from lxml import etree

Settings = Mapping[str, Value]
"""Value of each setting by its name in the field table."""


@dataclass(frozen=True, slots=True)
class UnknownPart:
    """A piece of an app or set that the field table does not know: carried over verbatim, never interpreted."""

    member: str
    path: str
    xml: str


@dataclass(frozen=True, slots=True)
class Member:
    """One metadata file: type, full name, and the XML as bytes."""

    type: str
    full_name: str
    xml: bytes


def render(
    resource: Resource,
    settings: Settings,
    names: Mapping[str, str],
    *,
    api_version: float,
    previous: Settings | None = None,
    carried_over: Iterable[UnknownPart] = (),
) -> list[Member]:
    """Write every member of a resource.

    `names` gives the full name per metadata type; an optional member that has one is written, if only to say that it holds nothing but
    what is carried over. `previous`, what the org holds now, decides two things: the consumer key is
    written only while there is none (platform notes 1.8: an app that has one keeps it), and a setting that went back to "empty" is said
    aloud, because the platform leaves alone what is not mentioned (platform notes 1.6).
    """
    from lxml import etree

    optional = [
        kind for kind in names if kind not in RESOURCE_MEMBERS[resource] and MEMBER_TYPES[kind].since <= api_version
    ]
    carried_over = tuple(carried_over)
    labelled = {part.member for part in carried_over if not part.path and part.xml.startswith("<label")}
    roots = {
        type_name: _root(type_name, names, label=type_name not in labelled)
        for type_name in (*RESOURCE_MEMBERS[resource], *optional)
    }
    for row in fields_of(resource):
        _write(roots, row, resource, settings, api_version=api_version, previous=previous)
    for part in carried_over:
        if part.member in roots:
            _container(roots[part.member], tuple(filter(None, part.path.split("/")))).append(etree.fromstring(part.xml))
    containers = {tag for row in fields_of(resource) if (place := row.places.get(resource)) for tag in place.path}
    return [Member(type_name, names[type_name], serialize(root, containers)) for type_name, root in roots.items()]


def _write(
    roots: Mapping[str, etree._Element],
    row: Field,
    resource: Resource,
    settings: Settings,
    *,
    api_version: float,
    previous: Settings | None,
) -> None:
    place = row.places.get(resource)
    if place is None or not place.is_in(api_version):
        return
    if row.name == "consumerKey" and previous is not None and previous.get(row.name):
        return
    value = row.value_in(settings, resource)
    empty = value in ("", None, [], ())
    had = previous is not None and bool(previous.get(row.name))
    if empty and not had:
        return
    container = _container(roots[place.member], place.path)
    place.codec.write(container, value, clear=empty)
    if not len(container) and (parent := container.getparent()) is not None:
        parent.remove(container)


def _root(type_name: str, names: Mapping[str, str], *, label: bool) -> etree._Element:
    root = new_element(type_name)
    if ECA in names and type_name != ECA:
        append(root, "externalClientApplication", names[ECA])
        if label:
            append(root, "label", names[type_name])
    return root


def _container(root: etree._Element, path: tuple[str, ...]) -> etree._Element:
    for tag in path:
        found = children(root, tag)
        root = found[0] if found else append(root, tag)
    return root


def serialize(root: etree._Element, containers: Collection[str] = ()) -> bytes:
    """Sort into WSDL order and write as the platform itself lays metadata out: declaration, four spaces, a final newline.

    Sorted are the children of the root and of `containers`; what codecs write and orgs give stands in its order already.
    """
    from lxml import etree

    _sort(root, containers)
    etree.indent(root, space="    ")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(root, encoding="UTF-8") + b"\n"


def _sort(element: etree._Element, containers: Collection[str]) -> None:
    element[:] = sorted(element, key=local_name)
    for child in element:
        if local_name(child) in containers:
            _sort(child, containers)

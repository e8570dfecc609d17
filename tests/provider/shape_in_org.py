"""Puts a shape into an org by its own APIs, and tells what the org holds of it, element by element."""

from __future__ import annotations

import textwrap
from collections import Counter

from lxml import etree

from orgkey.metadata.members import MEMBER_TYPES
from tests.landscape import Org
from tests.provider.shapes import SET, Shape

NS = "http://soap.sforce.com/2006/04/metadata"
Document = Counter[tuple[str, str]]


def put_there(org: Org, shape: Shape, certificate_pem: str) -> None:
    """Deploy a shape as it stands, beside the permission sets that it names."""
    bare = "".join(certificate_pem.strip().splitlines()[1:-1])
    given = {"certificate": "\n".join(textwrap.wrap(bare, 64)), "key": shape.key, "user": org.user("ci")}
    bodies = {(SET, name): f"<label>{label}</label>" for name, label in shape.sets.items()} | dict(shape.members)
    files, types = {}, dict[str, list[str]]()
    for (kind, name), body in bodies.items():
        text = body.format_map(given)
        files[MEMBER_TYPES[kind].path(name)] = f'<{kind} xmlns="{NS}">{text}</{kind}>'
        types.setdefault(kind, []).append(name)
    org.deploy(files, types)


def what_is_there(org: Org, shape: Shape) -> dict[tuple[str, str], Document]:
    """Every element of each member of the app or set, whoever made it: path and text, as often as it is there."""
    found: dict[tuple[str, str], Document] = {}
    for kind in dict.fromkeys(
        [kind for kind, _ in shape.members] + [kind for kind in MEMBER_TYPES if kind.startswith("ExtlClnt")]
    ):
        names = [name for name in listed(org, kind) if name == shape.name or kind.startswith("ExtlClnt")]
        for name in names:
            document = elements(
                call(org, f"<readMetadata><type>{kind}</type><fullNames>{name}</fullNames></readMetadata>")
            )
            if kind.startswith("ExtlClnt") and document[("externalClientApplication", shape.name)] == 0:
                continue
            found[kind, name] = document
    return found


def listed(org: Org, kind: str) -> list[str]:
    answer = call(
        org, f"<listMetadata><queries><type>{kind}</type></queries><asOfVersion>67.0</asOfVersion></listMetadata>"
    )
    return [element.text or "" for element in answer.iter(f"{{{NS}}}fullName")]


def call(org: Org, body: str) -> etree._Element:
    inside = body.replace(">", f' xmlns="{NS}">', 1)
    envelope = (
        '<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/">'
        f'<Header><SessionHeader xmlns="{NS}"><sessionId>{org.access_token}</sessionId></SessionHeader></Header>'
        f"<Body>{inside}</Body></Envelope>"
    )
    headers = {"Content-Type": "text/xml", "SOAPAction": '""'}
    answer = org.call("POST", "/services/Soap/m/67.0", data=envelope.encode(), headers=headers)
    assert answer.ok, answer.text
    return etree.fromstring(answer.content)


def elements(answer: etree._Element) -> Document:
    """Leaves of the one record in an answer, by their path below it; each item of a comma separated list, whose order means nothing."""
    record = next(answer.iter(f"{{{NS}}}records"))
    leaves = (each for each in record.iter() if len(each) == 0)
    found = Counter[tuple[str, str]]()
    for leaf in leaves:
        path, text = path_below(record, leaf), (leaf.text or "").strip()
        items = text.split(",") if path.startswith("commaSeparated") else [text]
        found.update((path, item.strip()) for item in items)
    return found


def path_below(record: etree._Element, leaf: etree._Element) -> str:
    above = [etree.QName(each).localname for each in leaf.iterancestors() if each is not record]
    inner = above[: len(above) - len(list(record.iterancestors()))]
    return "/".join([*reversed(inner), etree.QName(leaf).localname])

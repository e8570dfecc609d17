"""Build the zip of a retrieve: the components asked for, a package.xml, and a message for each that is missing (5.4)."""

from __future__ import annotations

import io
import zipfile
from dataclasses import asdict, dataclass, field

from lxml import etree

from localorg.metadata.change import Change
from localorg.metadata.components import Properties, component_properties, list_components, read_component
from localorg.metadata.document import write_file
from localorg.metadata.elements import METADATA_NAMESPACE
from localorg.metadata.types import BY_FOLDER, TYPES, known_types

EPOCH = (1980, 1, 1, 0, 0, 0)
ROOT = "unpackaged/"


@dataclass(frozen=True)
class RetrieveRequest:
    """What to retrieve: members by type, files of a package, the version; `single` leaves out the top folder."""

    members: dict[str, list[str]] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    version: str = "67.0"
    single: bool = False


@dataclass
class RetrieveOutcome:
    """A retrieve's zip, the properties of its files, and messages."""

    zip: bytes
    properties: list[tuple[str, Properties]] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """Return what is kept with the job beside the zip."""
        return {
            "properties": [{"file": file, **asdict(each)} for file, each in self.properties],
            "messages": self.messages,
        }


def build_retrieve(change: Change, request: RetrieveRequest) -> RetrieveOutcome:
    """Read the components and pack them."""
    outcome = RetrieveOutcome(b"")
    root = "" if request.single else ROOT
    found: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    for package in request.packages:
        outcome.messages.append((root + "package.xml", f"No package named '{package}' found"))
    for kind, names in _wanted(change, request, outcome, root):
        for name in names:
            read = read_component(change, kind, name)
            properties = component_properties(change, kind, name)
            if read is None or properties is None:
                outcome.messages.append(
                    (root + "package.xml", f"Entity of type '{kind}' named '{name}' cannot be found")
                )
                continue
            path = root + TYPES[kind].path(read[0])
            if path not in files:
                files[path] = write_file(TYPES[kind], read[1], float(request.version))
                outcome.properties.append((path, properties))
                found.setdefault(kind, []).append(read[0])
    files[root + "package.xml"] = _manifest(found, request.version)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path, EPOCH), data, zipfile.ZIP_DEFLATED)
    outcome.zip = buffer.getvalue()
    return outcome


def _wanted(
    change: Change, request: RetrieveRequest, outcome: RetrieveOutcome, root: str
) -> list[tuple[str, list[str]]]:
    wanted = []
    for kind, members in request.members.items():
        if kind not in known_types(float(request.version)):
            message = f"Entity type: '{kind}' is unknown"
            outcome.messages.append((root + "package.xml", message))
            continue
        names = [each for each in members if each != "*"]
        if "*" in members:
            names += [each.name for each in list_components(change, kind)]
        wanted.append((kind, names))
    for file in request.files:
        folder, _, base = file.removeprefix(ROOT).partition("/")
        kind_of_folder = BY_FOLDER.get(folder.lower())
        if kind_of_folder and base.endswith(f".{kind_of_folder.suffix}"):
            wanted.append((kind_of_folder.name, [base[: -len(kind_of_folder.suffix) - 1]]))
        elif base:
            outcome.messages.append((file, f"File '{file}' cannot be found"))
    return wanted


def _manifest(found: dict[str, list[str]], version: str) -> bytes:
    package = etree.Element("Package", nsmap={None: METADATA_NAMESPACE})  # type: ignore[dict-item]
    for kind in sorted(found):
        types = etree.SubElement(package, "types")
        for name in sorted(found[kind]):
            etree.SubElement(types, "members").text = name
        etree.SubElement(types, "name").text = kind
    etree.SubElement(package, "version").text = version
    etree.indent(package, space="    ")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(package, encoding="utf-8") + b"\n"

"""A deployable bundle: the zip that the Metadata API takes, byte for byte the same for the same content.

Names are sorted and times fixed, so "has anything changed?" is a comparison of digests and previews stay quiet.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orgkey.metadata.codec import append, new_element
from orgkey.metadata.members import MEMBER_TYPES
from orgkey.metadata.render import Member, serialize

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the zip format's own zero


@dataclass(frozen=True, slots=True)
class Bundle:
    """A zip for one deploy: `content` in bytes, `digest` its SHA-256 in hex."""

    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the zip, in hex."""
        return hashlib.sha256(self.content).hexdigest()


def deployment(members: Sequence[Member], *, api_version: str) -> Bundle:
    """Bundle members for deployment, `package.xml` at the root (singlePackage)."""
    files = {MEMBER_TYPES[member.type].path(member.full_name): member.xml for member in members}
    files["package.xml"] = _manifest(((member.type, member.full_name) for member in members), api_version=api_version)
    return _zip(files)


def destruction(members: Iterable[tuple[str, str]], *, api_version: str) -> Bundle:
    """Bundle the removal of (metadata type, full name) pairs: `destructiveChanges.xml` beside an empty manifest (platform notes 5.2)."""
    return _zip(
        {
            "destructiveChanges.xml": _manifest(members, api_version=None),
            "package.xml": _manifest((), api_version=api_version),
        },
    )


def _manifest(members: Iterable[tuple[str, str]], *, api_version: str | None) -> bytes:
    root = new_element("Package")
    by_type: dict[str, list[str]] = {}
    for type_name, full_name in members:
        by_type.setdefault(type_name, []).append(full_name)
    for type_name in sorted(by_type):
        types = append(root, "types")
        for full_name in sorted(by_type[type_name]):
            append(types, "members", full_name)
        append(types, "name", type_name)
    if api_version:
        append(root, "version", api_version)
    return serialize(root)


def _zip(files: dict[str, bytes]) -> Bundle:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # the same bytes on every operating system
            archive.writestr(entry, files[path])  # stored, not deflated: compressors differ between zlib builds
    return Bundle(buffer.getvalue())

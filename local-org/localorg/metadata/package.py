"""A deploy's zip: opened within the platform's limits (platform notes 5.6), its manifests and files sorted out.

Nothing is written to disk, so a path in the zip can only be a wrong path.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from localorg.metadata.document import DocumentError, local_name, parse_xml

MAX_FILES = 10_000
MAX_ZIP = 39 * 1024 * 1024
MAX_UNPACKED = 629_145_600
MAX_COMPONENT = 10 * 1024 * 1024
MANIFEST = "package.xml"
DELETIONS = {"destructivechangespre.xml": "pre", "destructivechanges.xml": "pre", "destructivechangespost.xml": "post"}


class PackageError(Exception):
    """The zip as a whole cannot be deployed. `code` is the deploy's errorStatusCode."""

    def __init__(self, message: str, code: str = "FIELD_INTEGRITY_EXCEPTION") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


@dataclass
class Manifest:
    """What a package.xml or destructiveChanges.xml names: members by type, and the version."""

    members: dict[str, list[str]] = field(default_factory=dict)
    version: float | None = None


@dataclass
class Package:
    """One package of a zip. `root` is its folder with a slash, or empty; `files` are paths below it."""

    root: str
    archive: zipfile.ZipFile
    manifest: Manifest | None = None
    files: dict[str, zipfile.ZipInfo] = field(default_factory=dict)
    deletions: dict[str, list[tuple[str, Manifest]]] = field(default_factory=lambda: {"pre": [], "post": []})
    problems: list[tuple[str, DocumentError]] = field(default_factory=list)

    def read(self, path: str) -> bytes:
        """Return the content of a file. Raises PackageError when the zip is broken there, or the file too large."""
        with _unzipping():
            return _read(self.archive, self.files[path])


def open_packages(data: bytes, *, single: bool) -> tuple[list[Package], int]:
    """Open a zip; return its packages and the number of files. Raises PackageError."""
    with _unzipping():
        archive = zipfile.ZipFile(io.BytesIO(data))
        infos = [info for info in archive.infolist() if not info.is_dir()]
        _check_limits(infos)
        return _sort(archive, infos, single=single), len(infos)


@contextmanager
def _unzipping() -> Iterator[None]:
    """Turn whatever a broken zip makes the library raise into one PackageError."""
    try:
        yield
    except PackageError:
        raise
    except Exception as error:  # noqa: BLE001 — zipfile raises its own, zlib's, lzma's, struct's and a few of Python's
        raise PackageError(f"Not a valid zip file: {type(error).__name__}") from None


def read_manifest(data: bytes) -> Manifest:
    """Read a package.xml. Raises DocumentError."""
    root = parse_xml(data)
    if local_name(root) != "Package":
        raise DocumentError(f"Error parsing file: Element {root.tag} invalid at this location", root.sourceline)
    manifest = Manifest()
    for child in root:
        if local_name(child) == "version":
            manifest.version = read_version(child.text or "")
        elif local_name(child) == "types":
            members = [(each.text or "").strip() for each in child if local_name(each) == "members"]
            names = [(each.text or "").strip() for each in child if local_name(each) == "name"]
            if not names or not names[0]:
                raise DocumentError("Required field is missing: name", child.sourceline)
            manifest.members.setdefault(names[0], []).extend(members)
    return manifest


def read_version(words: str) -> float:
    """Return an API version such as 67.0. Raises DocumentError."""
    try:
        version = float(words.strip())
    except ValueError:
        raise DocumentError(f"Invalid version specified: {words.strip()[:40]}") from None
    return version


def _check_limits(infos: list[zipfile.ZipInfo]) -> None:
    if len(infos) > MAX_FILES:
        raise PackageError(f"Maximum number of files exceeded: {MAX_FILES}", "LIMIT_EXCEEDED")
    if sum(info.file_size for info in infos) > MAX_UNPACKED:
        raise PackageError(f"Maximum size of unzipped files exceeded: {MAX_UNPACKED}", "LIMIT_EXCEEDED")
    for info in infos:
        parts = info.filename.replace("\\", "/").split("/")
        if ".." in parts or info.filename.startswith(("/", "\\")) or ":" in parts[0]:
            raise PackageError(f"Invalid file path in the zip: {info.filename[:120]}")


def _sort(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo], *, single: bool) -> list[Package]:
    packages: dict[str, Package] = {}
    if single:
        packages[""] = Package("", archive)
    for info in infos:
        root, path = ("", info.filename) if single else _below_top(info.filename)
        package = packages.setdefault(root, Package(root, archive))
        base = path.lower()
        if base == MANIFEST or base in DELETIONS or "/" in path:
            _place(package, path, info)
    return list(packages.values()) or [Package("", archive)]


def _below_top(path: str) -> tuple[str, str]:
    top, slash, rest = path.partition("/")
    return (top + slash, rest) if slash else ("", path)


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as member:
        data = member.read(MAX_COMPONENT + 1)
    if len(data) > MAX_COMPONENT:
        raise PackageError(f"File too large: {info.filename[:120]}", "LIMIT_EXCEEDED")
    return data


def _place(package: Package, path: str, info: zipfile.ZipInfo) -> None:
    base = path.lower()
    try:
        if base == MANIFEST:
            package.manifest = read_manifest(_read(package.archive, info))
        elif base in DELETIONS:
            package.deletions[DELETIONS[base]].append((path, read_manifest(_read(package.archive, info))))
        else:
            package.files[path] = info
    except DocumentError as problem:
        package.problems.append((path, problem))

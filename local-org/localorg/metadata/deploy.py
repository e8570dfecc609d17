"""Apply a package to an org, as one transaction: delete, write, delete, and report on every component (platform notes 5.2-5.6).

A failed deploy with rollbackOnError, and every checkOnly one, leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial

from localorg.metadata.change import Change, ComponentError
from localorg.metadata.components import complete_apps, delete_component, write_component
from localorg.metadata.document import DocumentError, read_file
from localorg.metadata.elements import MetadataType
from localorg.metadata.package import Manifest, Package, PackageError, open_packages
from localorg.metadata.types import BY_FOLDER, TYPES, known_types

WARNING, ERROR = "Warning", "Error"
OLDEST_DEPLOY_VERSION = 7.0


@dataclass(frozen=True)
class DeployOptions:
    """The options that change what a deploy does; the rest is only echoed."""

    check_only: bool = False
    ignore_warnings: bool = False
    rollback_on_error: bool = True
    single_package: bool = False
    allow_missing_files: bool = False
    purge_on_delete: bool = False
    held_back: str = ""


@dataclass(frozen=True)
class ComponentMessage:
    """What became of one component (DeployMessage of the API)."""

    file: str
    kind: str = ""
    name: str = ""
    id: str | None = None
    changed: bool = False
    created: bool = False
    deleted: bool = False
    success: bool = True
    problem: str | None = None
    problem_type: str | None = None
    line: int | None = None


@dataclass(frozen=True)
class DeployOutcome:
    """The end of a deploy: its status, messages, and what failed as a whole."""

    status: str
    messages: tuple[ComponentMessage, ...] = ()
    error_message: str | None = None
    error_code: str | None = None

    def as_dict(self) -> dict[str, object]:
        """Return what is kept with the job."""
        return asdict(self)


@dataclass(frozen=True)
class _Item:
    """One component to write: its type, name, file in the zip; the content is read when it is its turn."""

    kind: MetadataType
    name: str
    file: str
    package: Package
    path: str


def apply_package(change: Change, data: bytes, options: DeployOptions) -> tuple[DeployOutcome, int]:
    """Deploy a zip; return the outcome and how many files it had."""
    messages: list[ComponentMessage] = []
    keep_parts = not options.rollback_on_error and change.org.is_sandbox
    try:
        packages, files = open_packages(data, single=options.single_package)
        with change.store.transaction() as transaction:
            for package in packages:
                _apply(change, package, options, messages)
            if options.held_back:
                held = next(index for index, each in enumerate(messages) if each.kind or index == len(messages) - 1)
                messages[held] = _failure(
                    messages[held].file, options.held_back, kind=messages[held].kind, name=messages[held].name
                )
            messages = [_with_warnings(each, options) for each in messages]
            failed = any(not each.success for each in messages)
            if options.check_only or (failed and not keep_parts):
                transaction.undo()
    except PackageError as problem:
        return DeployOutcome("Failed", error_message=problem.message, error_code=problem.code), 0
    if not failed:
        status = "Succeeded"
    else:
        some = any(each.success and each.kind for each in messages)
        status = "SucceededPartial" if keep_parts and some and not options.check_only else "Failed"
    return DeployOutcome(status, tuple(messages)), files


def count_components(data: bytes, options: DeployOptions) -> int:
    """Return how many components a zip will write or delete, 0 when it cannot be read."""
    try:
        packages, _ = open_packages(data, single=options.single_package)
    except PackageError:
        return 0
    deletions = sum(
        len(names)
        for package in packages
        for each in (*package.deletions["pre"], *package.deletions["post"])
        for names in each[1].members.values()
    )
    return deletions + sum(len(package.files) for package in packages)


def _with_warnings(message: ComponentMessage, options: DeployOptions) -> ComponentMessage:
    """Without ignoreWarnings a warning counts as an error (platform notes 5.3)."""
    if message.problem_type == WARNING:
        return replace(message, success=options.ignore_warnings)
    return message


def _apply(change: Change, package: Package, options: DeployOptions, messages: list[ComponentMessage]) -> None:
    manifest = package.manifest
    for path, problem in package.problems:
        messages.append(_failure(package.root + path, problem.message, line=problem.line))
    if manifest is None:
        if not any(path.lower() == "package.xml" for path, _ in package.problems):
            messages.append(_failure(package.root + "package.xml", "No package.xml found"))
        return
    version = manifest.version if manifest.version is not None else change.version
    if not OLDEST_DEPLOY_VERSION <= version <= change.knobs.number("newest_version", change.org.name):
        messages.append(_failure(package.root + "package.xml", f"Invalid version specified: {version}"))
        return
    change = replace(change, version=version)
    for path, deletions in package.deletions["pre"]:
        _delete(change, package.root + path, deletions, messages)
    _write(change, package, manifest, options, messages)
    for path, deletions in package.deletions["post"]:
        _delete(change, package.root + path, deletions, messages)
    if not any(each.file == package.root + "package.xml" and not each.success for each in messages):
        messages.append(ComponentMessage(package.root + "package.xml", name="package.xml", changed=True))


def _write(
    change: Change, package: Package, manifest: Manifest, options: DeployOptions, messages: list[ComponentMessage]
) -> None:
    items = _items(package, messages)
    named = {(kind, name.lower()) for kind, members in manifest.members.items() for name in members if name != "*"}
    everything = {kind for kind, members in manifest.members.items() if "*" in members}
    types = known_types(change.version)
    for kind in manifest.members:
        if kind not in types:
            problem = f"Unknown type name '{kind}' specified in package.xml"
            messages.append(_failure(package.root + "package.xml", problem, kind=kind))
    present = {(item.kind.name, item.name.lower()) for item in items}
    for kind, members in manifest.members.items():
        for name in members:
            if name != "*" and kind in types and (kind, name.lower()) not in present:
                problem = (
                    f"An object '{name}' of type {kind} was named in package.xml, but was not found in zipped directory"
                )
                kind_of_problem = WARNING if options.allow_missing_files else ERROR
                messages.append(
                    replace(
                        _failure(package.root + "package.xml", problem, kind=kind, name=name),
                        problem_type=kind_of_problem,
                    )
                )
    for item in items:
        if item.kind.name not in types:
            continue
        if (item.kind.name, item.name.lower()) not in named and item.kind.name not in everything:
            messages.append(
                ComponentMessage(
                    item.file, item.kind.name, item.name, problem="Not in package.xml", problem_type=WARNING
                )
            )
        else:
            messages.append(_attempt(change, item.file, item.kind.name, item.name, partial(_write_item, change, item)))
    complete_apps(change, {message.kind for message in messages if message.success})


def _items(package: Package, messages: list[ComponentMessage]) -> list[_Item]:
    """Return the components of a package in the order in which they are written."""
    found = []
    for path in package.files:
        folder, _, base = path.partition("/")
        kind = BY_FOLDER.get(folder.lower())
        if kind is None:
            messages.append(_failure(package.root + path, f"Unknown folder: {folder}"))
        elif not base.lower().endswith(f".{kind.suffix.lower()}") or "/" in base:
            messages.append(
                _failure(package.root + path, f"Unexpected file in folder {folder}: {base}", kind=kind.name)
            )
        else:
            found.append(_Item(kind, base[: -len(kind.suffix) - 1], package.root + path, package, path))
    order = list(TYPES)
    return sorted(found, key=lambda item: (order.index(item.kind.name), item.name))


def _write_item(change: Change, item: _Item) -> ComponentMessage:
    document = read_file(item.kind, item.package.read(item.path), change.reading())
    written = write_component(change, item.kind.name, item.name, document)
    return ComponentMessage(
        item.file,
        item.kind.name,
        item.name,
        id=written.id,
        changed=written.changed,
        created=written.created,
        problem=" ".join(written.warnings) or None,
        problem_type=WARNING if written.warnings else None,
    )


def _delete(change: Change, file: str, deletions: Manifest, messages: list[ComponentMessage]) -> None:
    """Delete what a destructiveChanges file names; a member that is not there is a warning."""
    for kind in sorted(deletions.members, key=lambda each: -list(TYPES).index(each) if each in TYPES else 0):
        if kind not in TYPES:
            messages.append(_failure(file, f"Unknown type name '{kind}' specified in package.xml", kind=kind))
            continue
        messages.extend(
            _attempt(change, file, kind, name, partial(_delete_item, change, file, kind, name))
            for name in deletions.members[kind]
        )


def _delete_item(change: Change, file: str, kind: str, name: str) -> ComponentMessage:
    deleted = delete_component(change, kind, name)
    if deleted is None:
        return ComponentMessage(file, kind, name, problem=f"No {kind} named: {name} found", problem_type=WARNING)
    return ComponentMessage(file, kind, name, id=deleted, changed=True, deleted=True)


def _attempt(change: Change, file: str, kind: str, name: str, act: Callable[[], ComponentMessage]) -> ComponentMessage:
    """Do one component's part; a refused one is undone alone and reported."""
    try:
        with change.store.transaction():
            return act()
    except DocumentError as problem:
        return _failure(file, problem.message, kind=kind, name=name, line=problem.line)
    except ComponentError as problem:
        return _failure(file, problem.message, kind=kind, name=name)


def _failure(file: str, problem: str, *, kind: str = "", name: str = "", line: int | None = None) -> ComponentMessage:
    return ComponentMessage(
        file, kind, name or file.rpartition("/")[2], success=False, problem=problem, problem_type=ERROR, line=line
    )

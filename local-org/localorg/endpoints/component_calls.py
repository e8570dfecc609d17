"""CRUD calls on components: up to ten at once, of one type, each with a result of its own (platform notes 5.1)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from lxml import etree

from localorg.endpoints.call import Call
from localorg.endpoints.envelope import XSI, SoapRequest, Typed, children, text_of, texts_of
from localorg.errors import PlatformError
from localorg.metadata.change import Change, ComponentError, component
from localorg.metadata.components import complete_apps, delete_component, read_component, write_component
from localorg.metadata.document import DocumentError, read_document
from localorg.metadata.elements import MetadataType
from localorg.metadata.types import COMPONENT_TYPES, known_components

MAX_COMPONENTS = 10
Results = list[dict[str, Any]]
Act = Callable[[Change, MetadataType, Any, str], dict[str, Any]]


def read_components(call: Call, request: SoapRequest) -> dict[str, Any]:
    """readMetadata: a record for each name, without a name when there is none such."""
    kind = _type(call, text_of(request.element, "type") or "")
    names = _limited(texts_of(request.element, "fullNames"))
    change = call.change()
    records = []
    for name in names:
        read = read_component(change, kind.name, name, packaged=False)
        records.append(Typed(kind, read[0], read[1]) if read else Typed(kind, None, {}))
    return {"records": records}


def create_components(call: Call, request: SoapRequest) -> Results:
    """createMetadata: refuses what exists."""

    def create(change: Change, kind: MetadataType, element: etree._Element, name: str) -> dict[str, Any]:
        if component(change, kind.name, name):
            raise ComponentError(
                f"The name {name} is already in use by another {kind.name}", "DUPLICATE_DEVELOPER_NAME"
            )
        write_component(change, kind.name, name, read_document(kind, element, change.reading()))
        return {}

    return _write_each(call, request, create)


def update_components(call: Call, request: SoapRequest) -> Results:
    """updateMetadata: refuses what is not there."""

    def update(change: Change, kind: MetadataType, element: etree._Element, name: str) -> dict[str, Any]:
        if not component(change, kind.name, name):
            raise ComponentError(f"In field: fullName - no {kind.name} named {name} found")
        write_component(change, kind.name, name, read_document(kind, element, change.reading()))
        return {}

    return _write_each(call, request, update)


def upsert_components(call: Call, request: SoapRequest) -> Results:
    """upsertMetadata: tells for each whether it was created."""

    def upsert(change: Change, kind: MetadataType, element: etree._Element, name: str) -> dict[str, Any]:
        written = write_component(change, kind.name, name, read_document(kind, element, change.reading()))
        return {"created": written.created}

    return _write_each(call, request, upsert, before={"created": False})


def delete_components(call: Call, request: SoapRequest) -> Results:
    """DeleteMetadata."""
    kind = _type(call, text_of(request.element, "type") or "")
    names = _limited(texts_of(request.element, "fullNames"))

    def delete(name: str, change: Change) -> dict[str, Any]:
        if delete_component(change, kind.name, name) is None:
            raise ComponentError(f"no {kind.name} named {name} found")
        return {}

    return _each(call, request, [(name, partial(delete, name)) for name in names])


def rename_component(call: Call, request: SoapRequest) -> dict[str, Any]:
    """renameMetadata: the same component under another name."""
    kind = _type(call, text_of(request.element, "type") or "")
    old, new = text_of(request.element, "oldFullName") or "", text_of(request.element, "newFullName") or ""

    def rename(change: Change) -> dict[str, Any]:
        stored = component(change, kind.name, old)
        if stored is None:
            raise ComponentError(f"no {kind.name} named {old} found")
        if old.lower() != new.lower() and component(change, kind.name, new):
            raise ComponentError(f"The name {new} is already in use by another {kind.name}", "DUPLICATE_DEVELOPER_NAME")
        if kind.name == "ExternalClientApplication":
            raise ComponentError("An external client app cannot be renamed.", "FIELD_INTEGRITY_EXCEPTION")
        change.store.do(
            "UPDATE _Component SET name = ? WHERE org = ? AND type = ? AND name = ?",
            (new, change.org.name, kind.name, stored["name"]),
        )
        read = read_component(change, kind.name, new)
        given = read[1] if read else json.loads(stored["document"])
        if kind.name == "ConnectedApp":
            given.get("oauthConfig", {}).pop("consumerKey", None)
        write_component(change, kind.name, new, given)
        return {}

    return _each(call, request, [(new, rename)])[0]


def _write_each(call: Call, request: SoapRequest, act: Act, *, before: dict[str, Any] | None = None) -> Results:
    elements = children(request.element, "metadata")
    kinds = {each.get(f"{{{XSI}}}type", "").rpartition(":")[2] for each in elements}
    if len(kinds) > 1:
        raise PlatformError("INVALID_TYPE", "All the components of a call must be of the same type")
    _limited(elements)
    kind = _type(call, next(iter(kinds), ""))
    work = []
    for element in elements:
        name = text_of(element, "fullName") or ""
        work.append((name, partial(_with_kind, act, kind, element, name)))
    return _each(call, request, work, kind=kind.name, before=before)


def _with_kind(act: Act, kind: MetadataType, element: Any, name: str, change: Change) -> dict[str, Any]:
    return act(change, kind, element, name)


def _each(
    call: Call,
    request: SoapRequest,
    work: Sequence[tuple[str, Callable[[Change], dict[str, Any]]]],
    *,
    kind: str = "",
    before: dict[str, Any] | None = None,
) -> Results:
    """Do each part in a transaction of its own, all of them in one (undone together under AllOrNoneHeader)."""
    change = call.change()
    results: Results = []
    with call.landscape.store.transaction() as transaction:
        for name, act in work:
            try:
                with call.landscape.store.transaction():
                    results.append({**(before or {}), **act(change), "fullName": name, "success": True})
            except ComponentError as problem:
                results.append(_failed(name, problem.message, problem.code, before))
            except DocumentError as problem:
                results.append(_failed(name, problem.message, "FIELD_INTEGRITY_EXCEPTION", before))
        complete_apps(change, {kind})
        if request.all_or_none and not all(each["success"] for each in results):
            transaction.undo()
            message = "Record rolled back because not all records were valid and the request was using AllOrNone header"
            code = "ALL_OR_NONE_OPERATION_ROLLED_BACK"
            return [_failed(each["fullName"], message, code, before) if each["success"] else each for each in results]
    return results


def _failed(name: str, message: str, code: str, before: dict[str, Any] | None) -> dict[str, Any]:
    error = {"message": message, "statusCode": code}
    return {**(before or {}), "errors": [error], "fullName": name, "success": False}


def _type(call: Call, name: str) -> MetadataType:
    if name not in known_components(call.version):
        raise PlatformError(
            "INVALID_TYPE", f"This type of metadata is not available for this organization: {name[:60]}"
        )
    return COMPONENT_TYPES[name]


def _limited(items: list[Any]) -> list[Any]:
    if len(items) > MAX_COMPONENTS:
        raise PlatformError("LIMIT_EXCEEDED", f"record limit reached. cannot submit more than {MAX_COMPONENTS} records")
    return items

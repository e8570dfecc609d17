"""composite/sobjects: up to 200 records in one request, each with a result of its own, or all or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localorg.endpoints.call import Answer, Call, as_json
from localorg.errors import PlatformError
from localorg.sobjects.records import create_record, delete_record, object_of, read_record, update_record

MAX_RECORDS = 200
_ROLLED_BACK = {
    "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "message": "Record rolled back because not all records were valid and the request was using AllOrNone header",
    "fields": [],
}
Result = dict[str, Any]


def insert_many(call: Call) -> Answer:
    """Answer POST composite/sobjects."""
    records, all_or_none = _records(call)

    def insert(record: Any) -> Result:
        return create_record(call.change(), _type(record), _fields(record)).as_result()

    return as_json(_each(call, records, insert, all_or_none=all_or_none))


def update_many(call: Call) -> Answer:
    """Answer PATCH composite/sobjects."""
    records, all_or_none = _records(call)

    def update(record: Any) -> Result:
        fields = _fields(record)
        record_id = str(next((value for key, value in fields.items() if key.lower() == "id"), ""))
        rest = {key: value for key, value in fields.items() if key.lower() != "id"}
        update_record(call.change(), _type(record), record_id, rest)
        return _done(record_id)

    return as_json(_each(call, records, update, all_or_none=all_or_none))


def delete_many(call: Call) -> Answer:
    """Answer DELETE composite/sobjects?ids=… ."""
    ids = [each.strip() for each in call.query.get("ids", "").split(",") if each.strip()]
    if not ids:
        raise PlatformError("MISSING_ARGUMENT", "ids parameter is missing")
    _check_count(ids)

    def delete(record_id: Any) -> Result:
        delete_record(call.change(), object_of(record_id), record_id)
        return _done(str(record_id))

    return as_json(_each(call, ids, delete, all_or_none=call.query.get("allOrNone", "").lower() == "true"))


def read_many(call: Call) -> Answer:
    """Answer GET composite/sobjects/X?ids=…&fields=…; what is not there is null."""
    ids = [each.strip() for each in call.query.get("ids", "").split(",") if each.strip()]
    fields = [each.strip() for each in call.query.get("fields", "").split(",") if each.strip()]
    _check_count(ids)
    name = call.parameters["object"]
    found: list[Result | None] = []
    for record_id in ids:
        try:
            record = read_record(call.change(), name, record_id, fields)
        except PlatformError as error:
            if error.status != 404:  # noqa: PLR2004 — not there
                raise
            found.append(None)
        else:
            url = f"{call.base}/sobjects/{name}/{record['Id']}"
            found.append({"attributes": {"type": name, "url": url}, **record})
    return as_json(found)


def _each(call: Call, records: list[Any], act: Callable[[Any], Result], *, all_or_none: bool) -> list[Result]:
    """Do one thing to each record, in one transaction."""
    results: list[Result] = []
    with call.landscape.store.transaction() as transaction:
        for index, record in enumerate(records):
            try:
                if call.holds_back and index == 0:
                    raise call.holds_back
                with call.landscape.store.transaction():
                    results.append(act(record))
            except PlatformError as error:
                shown = {"statusCode": error.code, "message": error.message, "fields": list(error.fields)}
                results.append({"success": False, "errors": [shown]})
        if all_or_none and not all(each["success"] for each in results):
            transaction.undo()
            return [{"success": False, "errors": [_ROLLED_BACK]} if each["success"] else each for each in results]
    return results


def _done(record_id: str) -> Result:
    return {"id": record_id, "success": True, "errors": []}


def _records(call: Call) -> tuple[list[Any], bool]:
    body = call.json_object()
    records = body.get("records")
    if not isinstance(records, list):
        raise PlatformError("REQUIRED_FIELD_MISSING", "Required fields are missing: [records]")
    _check_count(records)
    return records, body.get("allOrNone") is True


def _check_count(records: list[Any]) -> None:
    if len(records) > MAX_RECORDS:
        message = f"Record limit reached. cannot submit more than {MAX_RECORDS} records in this call"
        raise PlatformError("EXCEEDED_ID_LIMIT", message)


def _type(record: Any) -> str:
    attributes = record.get("attributes") if isinstance(record, dict) else None
    name = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(name, str):
        raise PlatformError("INVALID_FIELD", "type is missing in the attributes of the record")
    return name


def _fields(record: Any) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != "attributes"}

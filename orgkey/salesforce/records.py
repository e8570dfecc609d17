"""Records made, changed and deleted in collection calls (sObject Collections)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from orgkey.salesforce import answers
from orgkey.salesforce.answers import Saved
from orgkey.salesforce.errors import RefusedError
from orgkey.salesforce.org import Org
from orgkey.salesforce.retry import retry_refused

T = TypeVar("T")

ROLLED_BACK = "ALL_OR_NONE_OPERATION_ROLLED_BACK"
"""What the org says of a record that was refused for another's sake."""

BATCH_SIZE = 200  # records in one collection call


class _LockedRecordError(RefusedError):
    """Another change holds a record of a collection call; nothing of it was done."""


def insert(org: Org, records: Sequence[Mapping[str, Any]]) -> list[Saved]:
    """Insert records in all-or-none batches of 200 (platform notes 3.3: PermissionSetAssignment is data, not metadata)."""
    return [
        saved
        for batch in _batches(records)
        for saved in _collection(org, "POST", len(batch), json={"allOrNone": True, "records": batch})
    ]


def update(org: Org, records: Sequence[Mapping[str, Any]]) -> list[Saved]:
    """Change records, each with its `id`, in all-or-none batches of 200."""
    return [
        saved
        for batch in _batches(records)
        for saved in _collection(org, "PATCH", len(batch), json={"allOrNone": True, "records": batch})
    ]


def delete(org: Org, record_ids: Sequence[str]) -> list[Saved]:
    """Delete records by id in batches of 200; a record that is gone already is the answer's own affair."""
    return [
        saved
        for batch in _batches(record_ids)
        for saved in _collection(org, "DELETE", len(batch), params={"ids": ",".join(batch), "allOrNone": "false"})
    ]


def _collection(org: Org, method: str, count: int, **kwargs: Any) -> list[Saved]:
    """Send one collection call, and again while another change holds one of its records.

    All or none was done then; of a deletion, what was done is gone at the next try, and that is the caller's to take.
    """

    def send() -> list[Saved]:
        saved = answers.saved(org.rest(method, "composite/sobjects", **kwargs), count, org.url)
        for item in saved:
            refusal = RefusedError(item.code, item.text, where=org.host)
            if not item.success and refusal.transient:
                raise _LockedRecordError(item.code, item.text, where=org.host)
        if saved and all(not item.success and item.code == ROLLED_BACK for item in saved):
            reason = "nothing was changed, and no record says why" + (f" ({saved[0].text})" if saved[0].text else "")
            raise RefusedError(ROLLED_BACK, reason, where=org.host)
        return saved

    return retry_refused(send, clock=org.clock, on=_LockedRecordError)


def _batches(items: Sequence[T]) -> Iterator[list[T]]:
    for start in range(0, len(items), BATCH_SIZE):
        yield list(items[start : start + BATCH_SIZE])

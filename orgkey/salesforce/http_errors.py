"""What an error answer over HTTP means: the org's own refusal, or something before the org."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn

from orgkey.salesforce import answers
from orgkey.salesforce.error_table import Retry
from orgkey.salesforce.errors import (
    RefusedError,
    SessionExpiredError,
    TransientError,
    Unreachable,
    UnreachableError,
    host_of,
)

if TYPE_CHECKING:
    import requests


def retry_after(response: requests.Response) -> float | None:
    """Seconds after which the org asks to come back (Retry-After, RFC 9110 10.2.3: seconds, or a date); None where it says nothing."""
    value = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def what_failed(response: requests.Response) -> str:
    """What to tell of an error without the platform's own words, which comes from something before the org; and when to try again."""
    wait = retry_after(response)
    when = f"in {wait:.0f} seconds" if wait else "in a moment"
    return f"{host_of(response.url)} answered HTTP {response.status_code} {response.reason}.\nTry again {when}."


def refuse_foreign(url: str, response: requests.Response) -> None:
    """Raise UnreachableError for a redirect and for a web page: neither comes from an org's API."""
    host = host_of(url)
    if response.is_redirect or response.is_permanent_redirect:
        elsewhere = host_of(response.headers.get("Location", "")) or "elsewhere"
        raise UnreachableError(
            f"{host} sends us to {elsewhere}, and we do not follow with credentials in hand.\n"
            "Set salesforce:instanceUrl to the org's present My Domain.",
            why=Unreachable.ELSEWHERE,
        )
    if "text/html" in response.headers.get("Content-Type", "") and response.content.lstrip().startswith(b"<"):
        raise UnreachableError(
            f"{host} answered with a web page (HTTP {response.status_code}) instead of data.\n"
            "It is no Salesforce My Domain, or the org is down or still being made: check salesforce:instanceUrl, then try again.",
            why=Unreachable.WEB_PAGE,
        )


def is_fault(response: requests.Response) -> bool:
    """A 500 with the platform's own fault or error in it: an answer, not a broken connection (platform notes 5.7)."""
    head = response.content[:2000]
    return b"Fault" in head or b"errorCode" in head


def raise_api_error(response: Any, *, write: bool = False) -> NoReturn:
    """Raise what an error answer means. Of a `write`, only the org's own refusal says that nothing was done."""
    code, text = answers.api_error(response)
    wait = retry_after(response)
    if response.status_code == HTTPStatus.UNAUTHORIZED or code == "INVALID_SESSION_ID":
        raise SessionExpiredError(f"{code or 'INVALID_SESSION_ID'}: {text}" if text else code or "INVALID_SESSION_ID")
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR and not code:
        if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            raise TransientError(what_failed(response), retry_after=wait, why=Unreachable.UNWELL)
        raise UnreachableError(what_failed(response), why=Unreachable.UNWELL)
    refusal = RefusedError(
        code or f"HTTP {response.status_code}",
        text or "no description",
        where=host_of(response.url),
        retry_after=wait,
    )
    raise_refusal(refusal, write=write)


def raise_refusal(refusal: RefusedError, *, write: bool) -> NoReturn:
    """Raise a refusal, or of a `write` that may be done all the same that nobody knows."""
    if write and refusal.row and refusal.row.retry is Retry.READS_ONLY:
        raise UnreachableError(f"{refusal}\nIt may have done what it was asked to.")
    raise refusal

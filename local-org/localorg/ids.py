"""Salesforce record ids: three characters of key prefix, twelve of serial, three of case checksum."""

from __future__ import annotations

import string

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CHECKSUM = string.ascii_uppercase + "012345"
SHORT, LONG = 15, 18


def make_id(prefix: str, serial: int) -> str:
    """Return the 18-character id of the `serial`-th record (counted over the landscape) of a key prefix."""
    digits = ""
    while serial:
        serial, rest = divmod(serial, 62)
        digits = BASE62[rest] + digits
    return to_long(f"{prefix}Lo0000{digits.rjust(LONG - 12, '0')}")


def to_long(short: str) -> str:
    """Return the 18-character form: each checksum character holds which of five characters are upper case."""
    checksum = ""
    for start in range(0, SHORT, 5):
        bits = sum(1 << offset for offset, char in enumerate(short[start : start + 5]) if char.isupper())
        checksum += _CHECKSUM[bits]
    return short + checksum


def normalize_id(text: str) -> str | None:
    """Return the 18-character form of a well-formed id of either length, else None (the platform's MALFORMED_ID)."""
    if len(text) not in {SHORT, LONG} or not text.isascii() or not text.isalnum():
        return None
    if len(text) == SHORT:
        return to_long(text)
    long = to_long(text[:SHORT])
    return long if long == text else None

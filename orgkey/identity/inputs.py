"""What is wrong with the values that a key pair is to be made of; the libraries that read them are loaded only where one has to be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

_PLAIN_SUBJECT = re.compile(r"CN=[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,62}[A-Za-z0-9])?")
"""What most subjects are like: right without loading the library that reads them all, which takes longer than the check."""


def key_pair_problems(
    subject: object, private_key_pem: object, certificate_pem: object, *, now: float
) -> Iterator[tuple[str, str]]:
    """Yield (property, problem); `now` in epoch seconds. What is no text is not judged, and no problem shows a value."""
    if isinstance(subject, str) and not _PLAIN_SUBJECT.fullmatch(subject):
        from orgkey.identity.key_pair import parse_subject

        try:
            parse_subject(subject)
        except ValueError as error:
            yield "subject", str(error)
    key = private_key_pem if isinstance(private_key_pem, str) else None
    certificate = certificate_pem if isinstance(certificate_pem, str) else None
    if key is not None or certificate is not None:
        from orgkey.identity.key_pair import given_key_pair_problems

        yield from given_key_pair_problems(key, certificate, now=datetime.fromtimestamp(now, UTC))

"""A certificate as text: PEM or bare base64, one spelling for the same certificate, and its fingerprint.

An org gives a certificate back as base64 of its DER in lines of 64 characters, without header lines, whatever was sent (platform notes
1.4): so certificates are compared by their DER and never as text.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from textwrap import wrap

_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
_LINE = 64


def der_of(text: str) -> bytes | None:
    """The DER of the first certificate in a PEM text, or of one in bare base64; None where it is neither."""
    block = _BLOCK.search(text)
    try:
        return base64.b64decode("".join((block[1] if block else text).split()), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def as_pem(text: str) -> str:
    """The certificate as PEM, the same text for the same DER; a text that is no certificate stays as it is, without white space around."""
    der = der_of(text)
    if der is None:
        return text.strip()
    lines = wrap(base64.b64encode(der).decode(), _LINE)
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


def fingerprint(text: str) -> str:
    """SHA-256 of the certificate's DER, in hex; an empty string where the text is no certificate."""
    der = der_of(text)
    return hashlib.sha256(der).hexdigest() if der else ""

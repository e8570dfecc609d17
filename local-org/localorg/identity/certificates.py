"""Certificates that arrive in a deploy: PEM or bare base64, RSA of 2048 bits or more, under 4 KB (platform notes 1.4)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from functools import lru_cache
from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509

MAX_SIZE = 4096
MIN_BITS = 2048
_ARMOUR = re.compile(r"-----(BEGIN|END) CERTIFICATE-----")


class CertificateError(ValueError):
    """The text is no certificate that an app may hold. The texts are ours: the platform's are not sourced."""


@dataclass(frozen=True)
class CertificateFacts:
    """What the page for people shows of a certificate."""

    fingerprint: str
    not_after: str
    bits: int


def normalize_certificate(text: str) -> str | None:
    """Return the certificate as base64 of its DER in lines of 64 characters, as the platform gives it back, without header lines.

    None for an ECDSA one, which the platform drops silently.

    Raises CertificateError.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    if len(text.encode()) >= MAX_SIZE:
        raise CertificateError("The certificate is too large: it must be smaller than 4 KB.")
    try:
        der = base64.b64decode("".join(_ARMOUR.sub("", text).split()), validate=True)
        certificate = x509.load_der_x509_certificate(der)
        key = certificate.public_key()
    except (ValueError, binascii.Error, TypeError):
        raise CertificateError("The certificate is not valid: it could not be read as X.509.") from None
    except Exception:  # noqa: BLE001 — the library raises its own errors for odd algorithms; all mean the same here
        raise CertificateError("The certificate is not valid: its key could not be read.") from None
    if not isinstance(key, RSAPublicKey):
        return None
    if key.key_size < MIN_BITS:
        raise CertificateError(f"The certificate's key is too short: {key.key_size} bits, 2048 at least.")
    return "\n".join(wrap(base64.b64encode(der).decode(), 64))


@lru_cache(maxsize=256)
def load_certificate(stored: str) -> x509.Certificate:
    """Return the certificate that `normalize_certificate` stored."""
    from cryptography import x509

    return x509.load_der_x509_certificate(base64.b64decode(stored))


@lru_cache(maxsize=256)
def certificate_facts(stored: str) -> CertificateFacts:
    """Return fingerprint (SHA-256), end date and key size."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    certificate = load_certificate(stored)
    key = certificate.public_key()
    bits = key.key_size if isinstance(key, RSAPublicKey) else 0
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
    return CertificateFacts(fingerprint, certificate.not_valid_after_utc.isoformat(), bits)

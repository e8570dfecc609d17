"""Keystores: private key and certificate in one file, under a password.

JKS, the format that Java had before version 9, is written here: pyjks, the library for it, is of 2020 and needs a C extension of 2014 for
formats that nobody asks for. Sources: JavaKeyStore.java and KeyProtector.java of OpenJDK (package sun.security.provider). Its protection is
weak, a chain of SHA-1, so who can choose takes PKCS #12; Salesforce's own import of keystores and old servers ask for JKS.
"""

from __future__ import annotations

import hashlib
import os
import struct
import time

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12 as standard
from cryptography.x509 import Certificate

from orgkey.handover.login import HandedLogin, HandoverError
from orgkey.identity.reading import read_certificate, read_key

SHORTEST_PASSWORD = 6  # characters: keytool takes no shorter one
_MAGIC, _VERSION, _PRIVATE_KEY = 0xFEEDFEED, 2, 1
_WHITENER = b"Mighty Aphrodite"
_ALGORITHM = bytes.fromhex("300e060a2b060104012a0211010105 00")
"""AlgorithmIdentifier of JDK's own key protector, 1.3.6.1.4.1.42.2.17.1.1, without parameters, DER."""
_SHA1_BYTES = 20


def password_problem(password: str) -> str:
    """What is wrong with a keystore's password, or an empty text."""
    if len(password) < SHORTEST_PASSWORD:
        return f"is too short: Java takes {SHORTEST_PASSWORD} characters or more"
    if not (password.isascii() and password.isprintable()):
        return "has characters beyond printable ASCII, which keystores of different makers read differently"
    return ""


def pkcs12(login: HandedLogin, alias: str, password: str) -> bytes:
    """A PKCS #12 file (RFC 7292), encrypted with AES-256; Java reads it from 8u301 on."""
    key, certificate = _pair(login)
    protection = serialization.BestAvailableEncryption(password.encode())
    return standard.serialize_key_and_certificates(alias.encode(), key, certificate, None, protection)


def jks(login: HandedLogin, alias: str, password: str) -> bytes:
    """A Java keystore of the type JKS; the key has the keystore's password."""
    key, certificate = _pair(login)
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    protected = _protect(key.private_bytes(serialization.Encoding.DER, *form), password)
    content = b"".join(
        (
            struct.pack(">III", _MAGIC, _VERSION, 1),
            struct.pack(">I", _PRIVATE_KEY),
            _text(alias.lower()),  # in which spelling Java looks for it
            struct.pack(">Q", int(time.time() * 1000)),
            _bytes(_sequence(_ALGORITHM + _octets(protected))),
            struct.pack(">I", 1),
            _text("X.509"),
            _bytes(certificate.public_bytes(serialization.Encoding.DER)),
        )
    )
    return content + _sha1(_java(password) + _WHITENER + content)


def _pair(login: HandedLogin) -> tuple[rsa.RSAPrivateKey, Certificate]:
    if not login.certificate_pem:
        raise HandoverError(
            "The stack has no certificate for this key, and a keystore needs one: use --format pem=FILE."
        )
    try:
        key = read_key(login.private_key_pem)
        return key, read_certificate(login.certificate_pem, key)
    except ValueError as error:
        raise HandoverError(f"The stack's key or certificate {error}.") from None


def _protect(plain: bytes, password: str) -> bytes:
    """Salt, the key under a stream of chained SHA-1, and a checksum: KeyProtector.protect."""
    salt = block = os.urandom(_SHA1_BYTES)
    stream = b""
    while len(stream) < len(plain):
        block = _sha1(_java(password) + block)
        stream += block
    hidden = bytes(a ^ b for a, b in zip(plain, stream, strict=False))
    return salt + hidden + _sha1(_java(password) + plain)


def _java(password: str) -> bytes:
    return password.encode("utf-16-be")


def _sha1(content: bytes) -> bytes:
    return hashlib.sha1(content, usedforsecurity=False).digest()


def _text(text: str) -> bytes:
    return struct.pack(">H", len(text)) + text.encode("ascii")


def _bytes(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


def _sequence(content: bytes) -> bytes:
    return b"\x30" + _length(len(content)) + content


def _octets(content: bytes) -> bytes:
    return b"\x04" + _length(len(content)) + content


def _length(length: int) -> bytes:
    """A length in DER."""
    if length < 0x80:  # noqa: PLR2004 — the short form
        return bytes([length])
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(digits)]) + digits

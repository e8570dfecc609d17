r"""Private keys and certificates as people have them: read where the meaning is certain, else refused with what it is and what to do.

PEM and DER come with text around them, a byte order mark, line ends of other systems, line breaks lost or written as `\n`, as bare base64,
and in more than one format. Everything here ends as an RSA key or an X.509 certificate, written again in one canonical form; a refusal
is a ValueError whose text finishes the sentence "the value …" and shows nothing of what was given.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

SMALLEST_KEY = 2048  # bits
_MAKE_RSA = "make one with `openssl genrsa -out key.pem 2048`"
_UNLOCK = "take the passphrase off with `openssl pkey -in FILE -out key.pem`"
PATH = "the path of a file, not what stands in it; give its contents"
_SHORTEST = 60  # characters of base64 that could be a key or certificate
_PSS = bytes.fromhex("06092a864886f70d01010a")
"""RSASSA-PSS (RFC 4055) as an object identifier: such a key must not make the signatures of RS256."""
_PKCS7 = bytes.fromhex("06092a864886f70d0107")
_FAMILIES = (
    (ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey, "an elliptic curve (EC) key"),
    (ed25519.Ed25519PrivateKey | ed25519.Ed25519PublicKey, "an Ed25519 key"),
    (ed448.Ed448PrivateKey | ed448.Ed448PublicKey, "an Ed448 key"),
    (dsa.DSAPrivateKey | dsa.DSAPublicKey, "a DSA key"),
)


@dataclass(frozen=True, slots=True)
class _Block:
    """One thing out of what was given: its PEM label, or an empty one where only its bytes can tell what it is."""

    label: str
    der: bytes
    encrypted: bool = False
    text: bytes = b""
    """The block as PEM, line breaks put right, for the formats that are read as PEM."""


def read_key(given: str | bytes) -> rsa.RSAPrivateKey:
    """The RSA key in a file or setting; certificates beside it do not matter. Raises ValueError."""
    found = [(block, _what(block)) for block in _blocks(given, "a private key")]
    keys = [(block, what) for block, what in found if "private key" in what]
    if not keys:
        raise ValueError(_not_a_key(found[0][1]))
    if len(keys) > 1:
        raise ValueError(f"holds {len(keys)} private keys; give the one that belongs to the certificate")
    return _key(keys[0][0])


def read_certificate(given: str | bytes, key: rsa.RSAPrivateKey | None = None) -> x509.Certificate:
    """The certificate in a file or setting: of a chain the one that belongs to `key`, else the first. Raises ValueError."""
    found = [(block, _what(block)) for block in _blocks(given, "a certificate")]
    if any("private key" in what for _, what in found):
        beside = any(what == "a certificate" for _, what in found)
        raise ValueError(
            "holds a private key beside the certificate; give the certificate alone: `openssl x509 -in FILE -out cert.pem`"
            if beside
            else "is a private key, no certificate; give the key as privateKeyPem, and the certificate here"
        )
    certificates = [_certificate(block) for block, what in found if what == "a certificate"]
    if not certificates:
        raise ValueError(_not_a_certificate(found[0][1]))
    public_key = public_bytes(key.public_key()) if key else b""
    mine = next((each for each in certificates if _public_bytes_of(each) == public_key), certificates[0])
    _refuse_other_than_rsa(mine)
    return mine


def canonical_key(key: rsa.RSAPrivateKey) -> str:
    """PKCS #8 PEM, unencrypted: what openssl, node and Java read."""
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _note_sound(key.private_bytes(serialization.Encoding.DER, *form))
    return key.private_bytes(serialization.Encoding.PEM, *form).decode()


def take_as_sound(given: str | bytes) -> None:
    """Take a key that has made a login already as one whose numbers make a key: they are not proved when it is read.

    What holds no key is passed over; reading it says what it is.
    """
    with suppress(ValueError):
        for block in _blocks(given, "a private key"):
            _note_sound(block.der)


def canonical_certificate(certificate: x509.Certificate) -> str:
    """PEM, nothing around it."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def public_bytes(key: rsa.RSAPublicKey) -> bytes:
    """The public key as SubjectPublicKeyInfo, DER: equal where the keys are."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def weak_signature(certificate: x509.Certificate) -> str:
    """What is wrong with how a certificate is signed, or an empty text."""
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None or algorithm.name not in {"sha1", "md5", "md4", "md2"}:
        return ""
    name = algorithm.name.upper().replace("SHA1", "SHA-1")
    return (
        f"the certificate is signed with {name}, which is no longer safe; make a new one for the "
        "same key: `openssl req -new -x509 -sha256 -key key.pem -subj /CN=NAME -days 365 -out cert.pem`"
    )


# --- from what was given to blocks


def _blocks(given: str | bytes, wanted: str) -> list[_Block]:
    if isinstance(given, bytes) and given[:1] == b"\x30":
        return [_Block("", given)]
    text = _text(given)
    if not text:
        raise ValueError("is empty")
    if blocks := list(_pem(text)):
        return blocks
    if "-----BEGIN" in text:
        raise ValueError("is PEM that is cut off: a BEGIN line has no END line of its own; copy the file as a whole")
    packed = re.sub(r"\s+", "", text)
    if len(packed) >= _SHORTEST and (data := _decoded(packed)):
        if data[:1] == b"\x30":
            return [_Block("", data)]
        if b"-----BEGIN" in data:  # base64 of a whole file, as people store it in a CI variable
            return _blocks(data, wanted)
    raise ValueError(f"is {_other_text(text, wanted)}")


def _text(given: str | bytes) -> str:
    if isinstance(given, bytes):
        encoding = "utf-16" if given[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
        try:
            given = given.decode(encoding)
        except UnicodeDecodeError:
            raise ValueError("is neither text nor DER; give PEM: `openssl pkey -in FILE -out key.pem`") from None
    text = given.lstrip("\ufeff").replace("\\r", "").replace("\\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    return text.strip().strip("\"'").strip()


def _pem(text: str) -> Iterator[_Block]:
    """Each PEM block (RFC 7468); text around the blocks does not matter, nor where the lines of a body break."""
    for found in re.finditer(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", text, re.DOTALL):
        label, body = found[1], found[2]
        encrypted = "ENCRYPTED" in f"{label} {body}"
        if (
            encrypted and label != "ENCRYPTED PRIVATE KEY"
        ):  # RFC 1421: header lines before the body, which only openssl can read
            yield _Block(label, b"", encrypted=True)
            continue
        packed = re.sub(r"\s+", "", re.sub(r"(?m)^[A-Za-z-]+:.*\n", "", body))
        data = _decoded(packed)
        if data is None:
            raise ValueError(
                "is PEM that is damaged: what stands between BEGIN and END is no base64; copy the file as a whole"
            )
        lines = "\n".join(packed[start : start + 64] for start in range(0, len(packed), 64))
        pem = f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n".encode()
        yield _Block(label, data, encrypted=encrypted, text=pem)


def _decoded(packed: str) -> bytes | None:
    try:
        return base64.b64decode(packed, validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _other_text(text: str, wanted: str) -> str:
    """What a text is that holds no key and no certificate."""
    if text.startswith("ssh-"):
        return f"an SSH public key, not {wanted}"
    if text.startswith("PuTTY-User-Key-File"):
        return "a PuTTY key; convert it: `puttygen FILE -O private-openssl -o key.pem`"
    if text.startswith("{") and '"kty"' in text:
        return f"a JSON Web Key (JWK), not {wanted} in PEM"
    if text.startswith("force://"):
        return f"an auth URL, not {wanted}"
    if re.match(r"00D\w{12,15}!|eyJ", text):
        return f"an access token, not {wanted}"
    if "\n" not in text and re.fullmatch(
        r"(?:[A-Za-z]:)?[^\s<>|\"]*(?:[/\\][^\s<>|\"]*|\.(?:pem|key|crt|cer|der|p12|pfx|p8|txt))", text
    ):
        return PATH
    return f"no PEM and no base64 of DER, so not {wanted} that can be read"


# --- what a block is


def _what(block: _Block) -> str:
    """What a block is, with its article; everything that is a private key has that in its name."""
    label = block.label
    if "PRIVATE KEY" in label:
        return "a private key"
    if label:
        named = {
            "CERTIFICATE": "a certificate",
            "X509 CERTIFICATE": "a certificate",
            "TRUSTED CERTIFICATE": "a certificate of openssl's TRUSTED form",
            "CERTIFICATE REQUEST": "a certificate request (CSR)",
            "NEW CERTIFICATE REQUEST": "a certificate request (CSR)",
            "PUBLIC KEY": "a public key",
            "RSA PUBLIC KEY": "a public key",
            "PKCS7": "a PKCS #7 file",
            "EC PARAMETERS": "the parameters of an EC key",
        }
        return named.get(label, "PEM of another kind")
    return _what_der(block.der)


def _what_der(der: bytes) -> str:
    start = re.match(rb"\x30(?:[\x00-\x7f]|\x80|\x81.|\x82..|\x83...|\x84....)", der, re.DOTALL)
    inside = der[start.end() :] if start else b""
    if inside.startswith(b"\x02\x01\x03"):
        return "a PKCS #12 file"
    if inside.startswith((b"\x02\x01\x00", b"\x02\x01\x01")) or _loads(serialization.load_der_private_key, der, None):
        return "a private key"
    if inside.startswith(_PKCS7):
        return "a PKCS #7 file"
    if _loads(x509.load_der_x509_certificate, der):
        return "a certificate"
    if _loads(x509.load_der_x509_csr, der):
        return "a certificate request (CSR)"
    if _loads(serialization.load_der_public_key, der):
        return "a public key"
    return "DER of another kind"


def _loads(load: Callable[..., object], *arguments: object) -> bool:
    """Whether something can be read as that; a missing passphrase shows that it could."""
    try:
        load(*arguments)
    except TypeError:
        return True
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _key(block: _Block) -> rsa.RSAPrivateKey:
    if block.encrypted:
        raise ValueError(f"is a private key with a passphrase; {_UNLOCK}")
    try:
        if block.label == "OPENSSH PRIVATE KEY":
            key: object = serialization.load_ssh_private_key(block.text, password=None)
        else:
            key = _load(block.der)
    except TypeError:
        raise ValueError(f"is a private key with a passphrase; {_UNLOCK}") from None
    except UnsupportedAlgorithm:
        raise ValueError(
            f"is a private key of a kind that cannot be used; Salesforce takes RSA only: {_MAKE_RSA}"
        ) from None
    except ValueError as error:
        if block.label == "OPENSSH PRIVATE KEY" and "password" in str(error).lower():
            raise ValueError(
                "is an OpenSSH key with a passphrase; convert it: `ssh-keygen -p -m PEM -N '' -f FILE`"
            ) from None
        raise ValueError("is a private key that is damaged; copy the file as a whole") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"is {_family(key)}; Salesforce takes RSA only: {_MAKE_RSA}")  # noqa: TRY004 — the value is wrong
    if _PSS in block.der[:64]:
        raise ValueError(f"is an RSA-PSS key, which cannot sign as Salesforce wants it (RS256); {_MAKE_RSA}")
    if key.key_size < SMALLEST_KEY:
        raise ValueError(f"is an RSA key of {key.key_size} bits; Salesforce takes {SMALLEST_KEY} or more: {_MAKE_RSA}")
    return key


_sound: set[bytes] = set()
"""SHA-256 of keys whose numbers are known to make a key."""
_MOST_SOUND = 1000


def _load(der: bytes) -> object:
    """Read a private key; that its numbers make a key is looked at the first time.

    Its primes are proved, which takes as long as making a key (50 ms for 2048 bits), and a command reads the same key for each of its
    signatures.
    """
    is_sound = hashlib.sha256(der).digest() in _sound
    key = serialization.load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=is_sound)
    _note_sound(der)
    return key


def _note_sound(der: bytes) -> None:
    if len(_sound) >= _MOST_SOUND:
        _sound.clear()
    _sound.add(hashlib.sha256(der).digest())


def _certificate(block: _Block) -> x509.Certificate:
    try:
        with warnings.catch_warnings():  # of serial numbers that newer rules forbid
            warnings.simplefilter("ignore")
            return x509.load_der_x509_certificate(block.der)
    except ValueError:
        raise ValueError("is a certificate that is damaged; copy the file as a whole") from None


def _refuse_other_than_rsa(certificate: x509.Certificate) -> None:
    try:
        key: object = certificate.public_key()
        pss = certificate.public_key_algorithm_oid.dotted_string == "1.2.840.113549.1.1.10"
    except (ValueError, UnsupportedAlgorithm):
        key, pss = None, False
    if pss:
        raise ValueError(
            f"is the certificate of an RSA-PSS key, which cannot sign as Salesforce wants it (RS256); {_MAKE_RSA}"
        )
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError(f"is the certificate of {_family(key)}; Salesforce takes RSA only: {_MAKE_RSA}")  # noqa: TRY004


def _public_bytes_of(certificate: x509.Certificate) -> bytes:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return b"-"
    return public_bytes(key) if isinstance(key, rsa.RSAPublicKey) else b"-"


def _family(key: object) -> str:
    return next((name for kind, name in _FAMILIES if isinstance(key, kind)), "a key of another kind")


def _not_a_key(what: str) -> str:
    advice = {
        "a certificate": "give the key here, and the certificate as certificatePem",
        "a PKCS #12 file": "take the key out: `openssl pkcs12 -in FILE -nocerts -nodes -out key.pem`",
        "a public key": "give the private key that belongs to it",
        "a certificate request (CSR)": "give the private key that it was made with",
        "the parameters of an EC key": f"Salesforce takes RSA only: {_MAKE_RSA}",
    }
    return f"is {what}, no private key; {advice.get(what, 'give the RSA key, PEM, without a passphrase')}"


def _not_a_certificate(what: str) -> str:
    sign = "`openssl req -new -x509 -key key.pem -subj /CN=NAME -days 365 -out cert.pem`"
    advice = {
        "a PKCS #12 file": "take the certificate out: `openssl pkcs12 -in FILE -clcerts -nokeys -out cert.pem`",
        "a PKCS #7 file": "take the certificate out: `openssl pkcs7 -in FILE -print_certs -out cert.pem`",
        "a certificate of openssl's TRUSTED form": "convert it: `openssl x509 -in FILE -out cert.pem`",
        "a public key": f"make a certificate of the key: {sign}",
        "a certificate request (CSR)": "sign it: `openssl x509 -req -in FILE -signkey key.pem -days 365 -out cert.pem`",
    }
    return f"is {what}, no certificate; {advice.get(what, f'make one of the key: {sign}')}"

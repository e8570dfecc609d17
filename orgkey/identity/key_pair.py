"""RSA key, CSR and self-signed certificate: what the openssl steps of the classic guide produce, made in memory.

Salesforce takes RSA of 2048 bits or more and certificates under 4 KB; an ECDSA certificate is silently rejected (platform notes 1.4).
Expiry does not block the flow there, so watching it is our job: `renew_at` and `renewal_due`.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from orgkey.identity.reading import PATH, canonical_certificate, canonical_key, public_bytes, read_certificate, read_key

LARGEST_CERTIFICATE = 4096  # bytes of PEM
_PUBLIC_EXPONENT = 65537


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and what people ask of it; times are UTC, fingerprints SHA-256 in lower-case hex."""

    pem: str
    fingerprint: str
    serial: str
    subject: str
    not_before: datetime
    not_after: datetime

    def renew_at(self, renew_after: float) -> datetime:
        """When the given share (0 to 1) of the certificate's life is over."""
        return self.not_before + (self.not_after - self.not_before) * renew_after


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key and the certificate that speaks for it; the key never shows in a repr."""

    private_key_pem: str = field(repr=False)
    certificate: Certificate
    csr_pem: str
    public_key_sha256: str
    bits: int

    def renew_at(self, renew_after: float, jitter: float) -> datetime:
        """When the certificate is to be renewed: after that share of its life, or earlier by up to the share `jitter` of that time.

        How much earlier follows from the key, so that it is always the same for one, and another for each of a fleet.
        """
        earlier = int(self.public_key_sha256[:8], 16) / 2**32
        return self.certificate.renew_at(renew_after * (1 - jitter * earlier)).replace(microsecond=0)


def generate_key(bits: int) -> str:
    """Make an RSA key of `bits` and return it as PKCS #8 PEM, unencrypted: what `openssl genrsa` writes."""
    return canonical_key(rsa.generate_private_key(public_exponent=_PUBLIC_EXPONENT, key_size=bits))


def certify(
    private_key_pem: str, *, subject: str, validity_days: int, now: datetime, serial: int | None = None
) -> KeyPair:
    """Make CSR and self-signed certificate for a key, valid for `validity_days` from `now`.

    `subject` is RFC 4514 (`CN=CI,O=Acme`). Raises ValueError for a subject that is not, and for a key that is not plain RSA PEM.
    """
    key = read_key(private_key_pem)
    name = parse_subject(subject)
    start = now.astimezone(UTC).replace(microsecond=0)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=validity_days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    csr = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return _pair(key, certificate, csr)


def load_key_pair(private_key_pem: str, certificate_pem: str) -> KeyPair:
    """Take a key and certificate made elsewhere; what comes out is in canonical form. Raises ValueError where they cannot be read."""
    key = read_key(private_key_pem)
    certificate = read_certificate(certificate_pem, key)
    csr = x509.CertificateSigningRequestBuilder().subject_name(certificate.subject).sign(key, hashes.SHA256())
    return _pair(key, certificate, csr)


def given_key_pair_problems(
    private_key_pem: str | None, certificate_pem: str | None, *, now: datetime
) -> Iterator[tuple[str, str]]:
    """Yield (property, problem) for a key and certificate made elsewhere, None where one is not known yet.

    Nothing of the key is ever in a problem.
    """
    key: rsa.RSAPrivateKey | None = None
    try:
        key = None if private_key_pem is None else read_key(private_key_pem)
    except ValueError as error:
        yield "privateKeyPem", _with_command(str(error), "--secret --path orgkey:key.privateKeyPem")
    if certificate_pem is None:
        return
    try:
        certificate = read_certificate(certificate_pem, key)
    except ValueError as error:
        yield "certificatePem", _with_command(str(error), "--path orgkey:key.certificatePem")
        return
    if key and certificate.public_key() != key.public_key():
        yield "certificatePem", "does not belong to privateKeyPem: the public keys differ"
    size = len(canonical_certificate(certificate).strip())
    if size >= LARGEST_CERTIFICATE:
        yield "certificatePem", f"has {size} bytes as it is sent; Salesforce takes less than {LARGEST_CERTIFICATE}"
    if certificate.not_valid_after_utc <= now:
        yield (
            "certificatePem",
            f"expired on {certificate.not_valid_after_utc:%Y-%m-%d}; make a new one for the same key",
        )
    if certificate.not_valid_before_utc > now + timedelta(minutes=5):
        yield "certificatePem", f"is valid only from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"


def _with_command(problem: str, options: str) -> str:
    return f"{problem}: `pulumi config set {options} --stack STACK < FILE`" if problem.endswith(PATH) else problem


def public_key_sha256(private_key_pem: str | bytes) -> str:
    """What a key is known by: SHA-256 of its public half (SubjectPublicKeyInfo), hex, in whatever form it is written. Raises ValueError."""
    return hashlib.sha256(public_bytes(read_key(private_key_pem).public_key())).hexdigest()


def certificate_fingerprint(certificate_pem: str, private_key_pem: str) -> str:
    """What a certificate is known by: SHA-256 of its DER, hex; of a chain, of the one that belongs to the key. Raises ValueError."""
    return read_certificate(certificate_pem, read_key(private_key_pem)).fingerprint(hashes.SHA256()).hex()


def public_key_of(certificate_pem: str) -> bytes:
    """The certificate's public key as DER (SubjectPublicKeyInfo). Raises ValueError."""
    key = read_certificate(certificate_pem).public_key()
    return public_bytes(key) if isinstance(key, rsa.RSAPublicKey) else b""


def certificate_public_key_sha256(certificate_pem: str) -> str:
    """What a certificate's key is known by, as `public_key_sha256` has it; empty for a key that is not RSA. Raises ValueError."""
    public = public_key_of(certificate_pem)
    return hashlib.sha256(public).hexdigest() if public else ""


def parse_subject(subject: str) -> x509.Name:
    """Read an RFC 4514 subject; raises ValueError with what to write instead."""
    try:
        name = x509.Name.from_rfc4514_string(subject)
    except ValueError:
        raise ValueError("is not a subject; write it like CN=CI Integration,O=Acme,C=DE") from None
    if not list(name):
        raise ValueError("is empty; write it like CN=CI Integration,O=Acme,C=DE")
    return name


def _pair(key: rsa.RSAPrivateKey, certificate: x509.Certificate, csr: x509.CertificateSigningRequest) -> KeyPair:
    with warnings.catch_warnings():  # of serial numbers that newer rules forbid
        warnings.simplefilter("ignore")
        serial = certificate.serial_number
    return KeyPair(
        private_key_pem=canonical_key(key),
        certificate=Certificate(
            pem=canonical_certificate(certificate),
            fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
            serial=f"{serial:x}",
            subject=certificate.subject.rfc4514_string(),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
        ),
        csr_pem=csr.public_bytes(serialization.Encoding.PEM).decode(),
        public_key_sha256=hashlib.sha256(public_bytes(key.public_key())).hexdigest(),
        bits=key.key_size,
    )

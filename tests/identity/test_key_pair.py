"""Making, renewing and taking over key pairs, and what is said about a pair that Salesforce would not take."""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from hypothesis import given
from hypothesis import strategies as st

from orgkey.identity.key_pair import (
    Certificate,
    KeyPair,
    certify,
    given_key_pair_problems,
    load_key_pair,
    parse_subject,
)


def pem_of(key: PrivateKeyTypes, *, password: bytes = b"", traditional: bool = False) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL if traditional else serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption(),
    ).decode()


def loaded(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def certificate_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, *, now: datetime) -> str:
    name = x509.Name.from_rfc4514_string("CN=made elsewhere")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


# --- making and renewing


def test_a_renewed_certificate_speaks_for_the_same_key(key: str, now: datetime) -> None:
    first = certify(key, subject="CN=CI", validity_days=365, now=now)
    renewed = certify(key, subject="CN=CI", validity_days=365, now=now + timedelta(days=243))
    assert renewed.private_key_pem == first.private_key_pem
    assert renewed.public_key_sha256 == first.public_key_sha256
    assert renewed.certificate.fingerprint != first.certificate.fingerprint
    assert renewed.certificate.serial != first.certificate.serial
    assert renewed.certificate.not_after == datetime(2028, 7, 24, 12, 0, tzinfo=UTC)


def test_another_key_has_another_public_key(key: str, other_key: str, now: datetime) -> None:
    pairs = [certify(pem, subject="CN=CI", validity_days=1, now=now) for pem in (key, other_key)]
    assert pairs[0].public_key_sha256 != pairs[1].public_key_sha256


def test_a_given_serial_makes_the_same_certificate_again(key: str, now: datetime) -> None:
    one, other = (certify(key, subject="CN=CI", validity_days=1, now=now, serial=0xABC) for _ in range(2))
    assert one == other
    assert one.certificate.serial == "abc"


def test_validity_starts_now_in_whole_seconds_of_utc_whatever_zone_now_is_in(key: str) -> None:
    tokyo = datetime(2026, 11, 24, 21, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=9)))
    certificate = certify(key, subject="CN=CI", validity_days=30, now=tokyo).certificate
    assert certificate.not_before == datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    assert certificate.not_after == datetime(2026, 12, 24, 12, 0, tzinfo=UTC)


RENEWALS = [
    (0.5, datetime(2027, 5, 26, 0, 0, tzinfo=UTC)),
    (0.1, datetime(2026, 12, 31, 0, 0, tzinfo=UTC)),
    (2 / 3, datetime(2027, 7, 25, 20, 0, tzinfo=UTC)),
    (1.0, datetime(2027, 11, 24, 12, 0, tzinfo=UTC)),
]


@pytest.mark.parametrize(("share", "moment"), RENEWALS)
def test_a_certificate_is_renewed_when_its_share_of_life_is_over(pair: KeyPair, share: float, moment: datetime) -> None:
    assert pair.certificate.renew_at(share) == moment


@given(
    st.floats(0, 1, exclude_min=True, exclude_max=True),
    st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 — hypothesis adds it
    st.integers(1, 3650),
)
def test_the_moment_of_renewal_always_lies_within_the_life(share: float, start: datetime, days: int) -> None:
    end = start + timedelta(days=days)
    assert start <= Certificate("", "", "", "", start, end).renew_at(share) <= end


@given(
    st.text("0123456789abcdef", min_size=64, max_size=64),
    st.floats(0, 1, exclude_min=True, exclude_max=True),
    st.floats(0, 1, exclude_max=True),
)
def test_a_renewal_comes_earlier_by_less_than_its_jitter_and_always_the_same(
    pair: KeyPair, key: str, share: float, jitter: float
) -> None:
    of_key = replace(pair, public_key_sha256=key)
    latest, moment = pair.certificate.renew_at(share), of_key.renew_at(share, jitter)
    start, second = pair.certificate.not_before, timedelta(seconds=1)
    assert start <= moment <= latest
    assert latest - moment <= (latest - start) * jitter + second
    assert moment == of_key.renew_at(share, jitter)


def test_keys_of_a_fleet_are_renewed_on_different_days(pair: KeyPair) -> None:
    keys = [replace(pair, public_key_sha256=sha256(bytes([number])).hexdigest()) for number in range(50)]
    days = Counter(each.renew_at(0.6667, 0.05).date() for each in keys)
    assert len(days) > 10
    assert max(days.values()) < 10


# --- subjects

SUBJECTS = [
    ("CN=CI", "CN=CI"),
    ("CN=CI Integration,O=Acme,C=DE", "CN=CI Integration,O=Acme,C=DE"),
    (r"CN=Smith\, Sons,O=Löwe", r"CN=Smith\, Sons,O=Löwe"),
    ("CN=" + "x" * 64, "CN=" + "x" * 64),
]


@pytest.mark.parametrize(("written", "read"), SUBJECTS)
def test_a_subject_stands_in_the_certificate_as_it_was_written(
    key: str, now: datetime, written: str, read: str
) -> None:
    assert certify(key, subject=written, validity_days=1, now=now).certificate.subject == read


@pytest.mark.parametrize("subject", ["CI", "CN=", "CN=a,,O=b", "C=Germany", "CN=" + "x" * 65, "X=1", "", "/CN=CI"])
def test_what_is_no_subject_is_refused_with_an_example(subject: str) -> None:
    with pytest.raises(ValueError, match=r"write it like CN=CI Integration,O=Acme,C=DE"):
        parse_subject(subject)


# --- pairs made elsewhere


def problems(key_pem: str, certificate_pem: str, now: datetime) -> list[tuple[str, str]]:
    return list(given_key_pair_problems(key_pem, certificate_pem, now=now))


def test_a_good_pair_made_elsewhere_has_no_problem_in_any_form_of_pem(key: str, now: datetime) -> None:
    certificate = certificate_of(loaded(key), now=now)
    for given_key in (key, pem_of(loaded(key), traditional=True), f"\n\n{key.replace(chr(10), chr(13) + chr(10))}  \n"):
        assert problems(given_key, certificate, now) == []
        assert problems(given_key, f"\n{certificate}\n\n", now) == []


def test_a_pair_made_elsewhere_is_taken_as_it_is(key: str, now: datetime) -> None:
    certificate = certificate_of(loaded(key), now=now)
    taken = load_key_pair(key, certificate)
    assert taken.private_key_pem == key
    assert taken.certificate.pem == certificate
    assert taken.certificate.subject == "CN=made elsewhere"
    assert taken.certificate.serial == "1"
    assert taken.bits == 2048
    assert x509.load_pem_x509_csr(taken.csr_pem.encode()).is_signature_valid


@pytest.mark.parametrize(
    ("passed", "expected"),
    [
        (timedelta(0), []),
        (timedelta(minutes=-5), []),  # clocks differ
        (timedelta(days=30, seconds=-1), []),
        (
            timedelta(days=30),
            [("certificatePem", "expired on 2026-12-24; make a new one for the same key")],
        ),
        (timedelta(days=400), [("certificatePem", "expired on 2026-12-24; make a new one for the same key")]),
        (timedelta(minutes=-6), [("certificatePem", "is valid only from 2026-11-24 12:00 UTC")]),
    ],
)
def test_a_certificate_counts_only_while_it_is_valid(
    key: str, now: datetime, passed: timedelta, expected: list[tuple[str, str]]
) -> None:
    assert problems(key, certificate_of(loaded(key), now=now), now + passed) == expected


def test_a_certificate_of_another_key_is_told(key: str, other_key: str, now: datetime) -> None:
    assert problems(key, certificate_of(loaded(other_key), now=now), now) == [
        ("certificatePem", "does not belong to privateKeyPem: the public keys differ")
    ]


MAKE_RSA = "make one with `openssl genrsa -out key.pem 2048`"
ELLIPTIC = f"an elliptic curve (EC) key; Salesforce takes RSA only: {MAKE_RSA}"


def test_a_certificate_with_an_elliptic_key_is_told_even_beside_an_rsa_key(key: str, now: datetime) -> None:
    assert problems(key, certificate_of(ec.generate_private_key(ec.SECP256R1()), now=now), now) == [
        ("certificatePem", f"is the certificate of {ELLIPTIC}")
    ]


def test_an_elliptic_key_is_told(now: datetime) -> None:
    elliptic = ec.generate_private_key(ec.SECP256R1())
    assert problems(pem_of(elliptic), certificate_of(elliptic, now=now), now) == [
        ("privateKeyPem", f"is {ELLIPTIC}"),
        ("certificatePem", f"is the certificate of {ELLIPTIC}"),
    ]


def test_a_key_of_1024_bits_is_told(now: datetime) -> None:
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    assert problems(pem_of(small), certificate_of(small, now=now), now) == [
        ("privateKeyPem", f"is an RSA key of 1024 bits; Salesforce takes 2048 or more: {MAKE_RSA}")
    ]


@pytest.mark.parametrize("traditional", [True, False])
def test_an_encrypted_key_is_told(key: str, now: datetime, traditional: bool) -> None:  # noqa: FBT001
    encrypted = pem_of(loaded(key), password=b"secret", traditional=traditional)
    assert problems(encrypted, certificate_of(loaded(key), now=now), now) == [
        (
            "privateKeyPem",
            "is a private key with a passphrase; take the passphrase off with `openssl pkey -in FILE -out key.pem`",
        )
    ]


def test_a_certificate_of_4_kb_is_told(key: str, now: datetime) -> None:
    subject = ",".join(f"OU={number:02}{'x' * 62}" for number in range(20))
    large = certify(key, subject=subject, validity_days=365, now=now).certificate.pem
    assert problems(key, large, now) == [
        ("certificatePem", f"has {len(large) - 1} bytes as it is sent; Salesforce takes less than 4096")
    ]


def test_key_and_certificate_in_each_others_place_are_told(key: str, pair: KeyPair, now: datetime) -> None:
    assert problems(pair.certificate.pem, key, now) == [
        ("privateKeyPem", "is a certificate, no private key; give the key here, and the certificate as certificatePem"),
        ("certificatePem", "is a private key, no certificate; give the key as privateKeyPem, and the certificate here"),
    ]


def test_paths_in_their_place_come_with_the_commands_that_store_what_stands_in_the_files(now: datetime) -> None:
    told = dict(problems("server.key", "keys/server.crt", now))
    assert told["privateKeyPem"].endswith(
        "`pulumi config set --secret --path orgkey:key.privateKeyPem --stack STACK < FILE`"
    )
    assert told["certificatePem"].endswith("`pulumi config set --path orgkey:key.certificatePem --stack STACK < FILE`")


# --- secrecy


def secrets_of(pem: str) -> list[str]:
    """Every line of the key's body."""
    return [line for line in pem.splitlines() if line and not line.startswith("-----")]


def test_nothing_of_a_key_is_in_any_problem(key: str, other_key: str, pair: KeyPair, now: datetime) -> None:
    cut = key[: len(key) // 2] + "\n-----END PRIVATE KEY-----\n"
    encrypted = pem_of(loaded(key), password=b"secret")
    told = [
        text
        for given_key in (key, cut, encrypted, key.replace("PRIVATE", "PRIVAT"), pem_of(loaded(key), traditional=True))
        for certificate in (pair.certificate.pem, key, cut, certificate_of(loaded(other_key), now=now))
        for _, text in given_key_pair_problems(given_key, certificate, now=now + timedelta(days=9999))
    ]
    assert len(told) > 20
    lines = {line for pem in (key, cut, encrypted) for line in secrets_of(pem)}
    assert not [text for text in told if any(line in text for line in lines) or re.search(r"[A-Za-z0-9+/]{40}", text)]


def test_the_repr_of_a_pair_shows_no_private_key(pair: KeyPair) -> None:
    assert "PRIVATE" not in repr(pair)
    assert not [line for line in secrets_of(pair.private_key_pem) if line in f"{pair!r} {pair}"]


@pytest.mark.parametrize("garbage", ["-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n", "c2VjcmV0"])
def test_the_error_for_a_key_that_cannot_be_read_shows_nothing_of_it(garbage: str, now: datetime) -> None:
    with pytest.raises(ValueError, match=r"is a private key that is damaged|is no PEM") as caught:
        certify(garbage, subject="CN=CI", validity_days=1, now=now)
    assert "c2VjcmV0" not in f"{caught.value!r} {caught.value}"

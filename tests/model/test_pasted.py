"""Which texts are credentials, and where among some values they stand."""

import base64
import string

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from orgkey.identity.key_pair import generate_key
from orgkey.model.pasted import credential, pasted

KEY = generate_key(2048)


def traditional(bits: int) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()


def bare(pem: str) -> str:
    return "".join(line for line in pem.splitlines() if "-----" not in line)


CREDENTIALS = [
    ("a private key", KEY),
    ("a private key", KEY.replace("\n", " ")),
    ("a private key", KEY.replace("\n", "\\n")),
    ("a private key", f"Subject: CI\n{KEY}"),
    ("a private key", bare(KEY)),
    ("a private key", traditional(2048)),
    ("a private key", bare(traditional(2048))),
    ("a private key", bare(traditional(4096))),
    ("a private key", "-----BEGIN ENCRYPTED PRIVATE KEY-----"),
    ("a private key", "-----BEGIN OPENSSH PRIVATE KEY-----"),
    ("a private key", "-----BEGIN PGP PRIVATE KEY BLOCK-----"),
    ("an auth URL", "force://PlatformCLI::5Aep861x@acme.my.salesforce.com"),
    ("an auth URL", "see force://3MVG9+/=:secret:token@acme.my.salesforce.com!"),
    ("an access token", "00D000000000001!AQ4AQFakeAccessToken"),
    ("an access token", "00D000000000001EAA!AQ4AQFakeAccessToken"),
    ("a refresh token", "5Aep861TSESvWeug_xvFHRBTTbf_YrTWgEyjBJrfGgGNQmvDdlyR"),
    ("a signed token (JWT)", "Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2ln"),
]


@pytest.mark.parametrize(("what", "text"), CREDENTIALS)
def test_a_credential_is_known_by_its_shape(what: str, text: str) -> None:
    assert credential(text) == what


ORDINARY = [
    "",
    "3MVG9_8QnN0zQ1.w2bL",
    "00D000000000001AAA",
    "ci@acme.com.uat",
    "https://acme.my.salesforce.com",
    "CN=CI Integration,O=Acme",
    "force://",
    "The private key is in the vault",
    "-----BEGIN CERTIFICATE-----\nMIIDCTCCAfGgAwIBAgIUQ\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_what_people_write_otherwise_is_none(text: str) -> None:
    assert credential(text) is None


@given(st.text(alphabet=string.ascii_letters + string.digits + " ._@+/=-", max_size=200))
def test_looking_at_any_text_never_fails(text: str) -> None:
    assert credential(text) is None or len(text) > 10


@given(st.binary(max_size=40))
def test_bytes_that_are_no_key_are_none(data: bytes) -> None:
    assert credential(base64.b64encode(b"\x30\x82\x03\x00\x30\x82" + data).decode()) is None


def test_a_certificate_of_an_elliptic_key_is_none() -> None:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    assert credential(bare(pem)) is None


def test_each_place_is_told_by_its_path_and_a_name_that_is_a_credential_is_not_shown() -> None:
    token = "00D000000000001!AQ4AQFakeAccessToken"
    found = pasted(
        {
            "users": ["a@b.c", token],
            "app": {"description": token, "name": "CI"},
            "key": {"privateKeyPem": KEY},
            token: 1,
        },
        except_for=["key.privateKeyPem"],
        prefix="orgkey:",
    )
    assert [problem.path for problem in found] == [
        "orgkey:users[1]",
        "orgkey:app.description",
        "orgkey:(a name that is not shown)",
    ]
    assert not [problem for problem in found if token in problem.reason]

"""The assertion as Salesforce gets it. Verified with another JWT library than the one that signs, by the certificate alone."""

import base64
import json
import secrets
import string
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import RSAKey

from orgkey.identity.assertion import sign_assertion
from orgkey.identity.key_pair import KeyPair

NOW = 1_795_521_600  # 2026-11-24 12:00 UTC


def signed(pair: KeyPair, **other: Any) -> str:
    given_claims = {
        "consumer_key": "3MVG9abcdefgh",
        "username": "ci@acme.com.uat",
        "audience": "https://acme--uat.sandbox.my.salesforce.com",
        "now": NOW,
        "jti": "a-random-value",
    }
    return sign_assertion(pair.private_key_pem, **{**given_claims, **other})


def public_key(pair: KeyPair) -> RSAKey:
    certificate = x509.load_pem_x509_certificate(pair.certificate.pem.encode())
    return RSAKey.import_key(
        certificate.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def test_an_assertion_is_verified_by_the_certificate_and_says_exactly_what_salesforce_reads(pair: KeyPair) -> None:
    token = jwt.decode(signed(pair), public_key(pair), algorithms=["RS256"])
    assert token.header == {"alg": "RS256", "typ": "JWT"}
    assert token.claims == {
        "iss": "3MVG9abcdefgh",
        "sub": "ci@acme.com.uat",
        "aud": "https://acme--uat.sandbox.my.salesforce.com",
        "iat": 1_795_521_600,
        "exp": 1_795_521_780,
        "jti": "a-random-value",
    }


def test_an_assertion_signed_with_another_key_is_not_verified(pair: KeyPair, other_key: str) -> None:
    forged = sign_assertion(other_key, consumer_key="k", username="u", audience="a", now=NOW, jti="j")
    with pytest.raises(BadSignatureError):
        jwt.decode(forged, public_key(pair), algorithms=["RS256"])


@settings(max_examples=25)
@given(now=st.floats(0, 4e9), life=st.integers(1, 180))
def test_times_are_whole_seconds_and_never_more_than_180_ahead(pair: KeyPair, now: float, life: int) -> None:
    body = signed(pair, now=now, life=life).split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), parse_float=pytest.fail)
    assert claims["iat"] <= now < claims["iat"] + 1
    assert claims["exp"] == claims["iat"] + life
    assert claims["exp"] <= now + 180


@pytest.mark.parametrize("life", [181, 300, 0, -1])
def test_a_life_that_salesforce_would_not_take_is_refused(pair: KeyPair, life: int) -> None:
    with pytest.raises(ValueError, match=f"an assertion lives 1 to 180 seconds, not {life}"):
        signed(pair, life=life)


def test_each_assertion_has_the_jti_it_was_given(pair: KeyPair) -> None:
    given_values = [secrets.token_urlsafe(16) for _ in range(5)]
    tokens = [signed(pair, jti=value) for value in given_values]
    read = [jwt.decode(token, public_key(pair), algorithms=["RS256"]).claims["jti"] for token in tokens]
    assert read == given_values
    assert len(set(tokens)) == 5


def test_an_assertion_is_plain_ascii_that_fits_into_a_form(pair: KeyPair) -> None:
    assert set(signed(pair, username="jürgen@acme.com")) <= set(string.ascii_letters + string.digits + "-_.")

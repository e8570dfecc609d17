"""A certificate in whatever form it comes is the same certificate."""

import base64
import hashlib
from textwrap import wrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkey.metadata.certificate import as_pem, der_of, fingerprint

DER = bytes(range(200))
BARE = base64.b64encode(DER).decode()
LINES = "\n".join(wrap(BARE, 64))
PEM = f"-----BEGIN CERTIFICATE-----\n{LINES}\n-----END CERTIFICATE-----\n"

FORMS = {
    "PEM": PEM,
    "PEM with lines of 76": f"-----BEGIN CERTIFICATE-----\n{chr(10).join(wrap(BARE, 76))}\n-----END CERTIFICATE-----",
    "PEM with the line ends of another system": PEM.replace("\n", "\r\n"),
    "PEM with text before it": f"Bag Attributes\n    friendlyName: ci\n{PEM}",
    "the first of a chain": PEM + PEM.replace(BARE[:20], BARE[20:40]),
    "bare, as an org returns it": LINES,
    "bare, indented": "  " + LINES.replace("\n", "\n    ") + "\n",
    "bare, in one line": BARE,
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_every_form_of_a_certificate_is_the_same_pem_and_has_the_same_fingerprint(text: str) -> None:
    assert der_of(text) == DER
    assert as_pem(text) == PEM
    assert fingerprint(text) == hashlib.sha256(DER).hexdigest()


@pytest.mark.parametrize("text", ["", "  ", "My certificate", "-----BEGIN CERTIFICATE-----", "AAA", "日本"])
def test_what_is_no_certificate_has_no_fingerprint_and_stays_as_it_is(text: str) -> None:
    assert der_of(text) is None
    assert fingerprint(text) == ""
    assert as_pem(text) == text.strip()


@given(der=st.binary(min_size=1))
def test_what_was_made_canonical_stays_so(der: bytes) -> None:
    pem = as_pem(base64.b64encode(der).decode())
    assert as_pem(pem) == pem
    assert der_of(pem) == der

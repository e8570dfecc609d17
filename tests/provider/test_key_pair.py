"""KeyPair over the wire: what stays secret, what an update renews and what it makes anew. No org is involved."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orgkey.identity.key_pair import certify, generate_key
from tests.provider.protocol import SECRET, SIGNATURE, UNKNOWN, Client, VerbFailedError, open_secrets

KIND = "KeyPair"
OF_THE_CERTIFICATE = (
    "certificatePem",
    "certificateFingerprint",
    "csrPem",
    "serial",
    "notBefore",
    "notAfter",
    "renewAt",
)


@pytest.fixture
def made(offline: Client) -> tuple[dict[str, Any], dict[str, Any]]:
    inputs, _ = offline.check(KIND, {"subject": "CN=CI"})
    _, outputs = offline.create(KIND, inputs)
    return inputs, outputs


def test_the_private_key_leaves_in_a_secret_envelope_and_nothing_else_does(
    made: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    _, outputs = made
    enveloped = [name for name, value in outputs.items() if isinstance(value, dict) and value.get(SIGNATURE) == SECRET]
    assert enveloped == ["privateKeyPem"]


def test_a_preview_knows_no_key_yet_and_says_so(offline: Client) -> None:
    inputs, _ = offline.check(KIND, {"subject": "CN=CI"})
    resource_id, outputs = offline.create(KIND, inputs, preview=True)
    assert resource_id == ""
    assert open_secrets(outputs)["privateKeyPem"] == UNKNOWN
    assert {outputs[name] for name in OF_THE_CERTIFICATE} == {UNKNOWN}
    assert outputs["consumerKey"] == UNKNOWN
    assert outputs["bits"] == 2048


def test_a_given_consumer_key_is_known_in_the_preview(offline: Client) -> None:
    inputs, _ = offline.check(KIND, {"subject": "CN=CI", "consumerKey": "Chosen1234"})
    assert offline.create(KIND, inputs, preview=True)[1]["consumerKey"] == "Chosen1234"


@pytest.mark.parametrize(
    ("change", "same_key", "same_certificate"),
    [
        ({"subject": "CN=Other"}, True, False),
        ({"validityDays": 30}, True, False),
        ({"generation": 2}, False, False),
        ({"bits": 3072}, False, False),
        ({"renewAfter": 0.5}, True, True),
    ],
    ids=str,
)
def test_an_update_renews_or_rekeys_and_keeps_the_consumer_key(
    offline: Client,
    made: tuple[dict[str, Any], dict[str, Any]],
    change: dict[str, Any],
    same_key: bool,  # noqa: FBT001 — a column of the table
    same_certificate: bool,  # noqa: FBT001
) -> None:
    inputs, outputs = made
    news, problems = offline.check(KIND, {"subject": "CN=CI", **change})
    assert problems == []
    after = offline.update(KIND, "x", made, news)
    assert (open_secrets(after)["privateKeyPem"] == open_secrets(outputs)["privateKeyPem"]) is same_key
    assert (after["certificatePem"] == outputs["certificatePem"]) is same_certificate
    assert after["consumerKey"] == outputs["consumerKey"]
    diff = offline.diff(KIND, inputs, outputs, news)
    assert sorted(diff.diffs) == sorted(change)
    assert list(diff.replaces) == []


def test_a_renewal_in_preview_shows_a_known_key_and_an_unknown_certificate(
    offline: Client, made: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    news, _ = offline.check(KIND, {"subject": "CN=Other"})
    planned = offline.update(KIND, "x", made, news, preview=True)
    assert open_secrets(planned)["privateKeyPem"] == open_secrets(made[1])["privateKeyPem"]
    assert {planned[name] for name in OF_THE_CERTIFICATE} == {UNKNOWN}


def test_nothing_changes_before_renew_at_and_the_certificate_is_renewed_after_it(
    offline_at: Callable[[datetime], Client],
) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    today = offline_at(start)
    inputs, _ = today.check(KIND, {"subject": "CN=CI", "validityDays": 90, "renewAfter": 0.5})
    _, outputs = today.create(KIND, inputs)
    assert outputs["renewAt"] == "2026-02-15T00:00:00+00:00"
    before, later = offline_at(start + timedelta(days=44)), offline_at(start + timedelta(days=46))
    assert list(before.diff(KIND, inputs, outputs, inputs).diffs) == []
    assert list(later.diff(KIND, inputs, outputs, inputs).diffs) == ["renewalDue"]
    assert later.read(KIND, "x", inputs, outputs).properties.fields["renewalDue"].bool_value is True
    after = later.update(KIND, "x", (inputs, outputs), inputs)
    assert open_secrets(after)["privateKeyPem"] == open_secrets(outputs)["privateKeyPem"]
    assert after["notBefore"] == "2026-02-16T00:00:00+00:00"
    assert after["renewalDue"] is False


def test_ones_own_key_is_kept_secret_and_used_as_it_is(offline: Client) -> None:
    key = generate_key(2048)
    pair = certify(key, subject="CN=mine", validity_days=10, now=datetime.now(UTC))
    own = {"privateKeyPem": {SIGNATURE: SECRET, "value": key}, "certificatePem": pair.certificate.pem}
    inputs, problems = offline.check(KIND, own)
    assert problems == []
    assert inputs["privateKeyPem"][SIGNATURE] == SECRET
    _, outputs = offline.create(KIND, inputs)
    assert open_secrets(outputs)["privateKeyPem"] == key
    assert outputs["certificateFingerprint"] == pair.certificate.fingerprint


def test_a_certificate_of_another_key_is_a_problem_that_shows_no_key(offline: Client) -> None:
    key, other = generate_key(2048), generate_key(2048)
    certificate = certify(other, subject="CN=other", validity_days=10, now=datetime.now(UTC)).certificate.pem
    _, problems = offline.check(KIND, {"privateKeyPem": key, "certificatePem": certificate})
    assert problems == [("certificatePem", "does not belong to privateKeyPem: the public keys differ")]


@pytest.mark.parametrize(
    ("news", "path"),
    [
        ({"bits": 1024}, "bits"),
        ({"subject": "not a subject"}, "subject"),
        ({"validityDays": 0}, "validityDays"),
        ({"renewAfter": 1.5}, "renewAfter"),
        ({"consumerKey": "short"}, "consumerKey"),
        ({"bitz": 1}, "bitz"),
        ({"certificatePem": "x"}, "privateKeyPem"),
    ],
    ids=str,
)
def test_each_wrong_input_is_a_check_failure_at_its_property(offline: Client, news: dict[str, Any], path: str) -> None:
    _, problems = offline.check(KIND, news)
    assert [found for found, _ in problems] == [path]


def test_importing_a_key_pair_is_refused_with_what_to_do_instead(offline: Client) -> None:
    with pytest.raises(VerbFailedError) as failed:
        offline.read(KIND, "x")
    assert failed.value.code == "FAILED_PRECONDITION"
    assert "orgkey:key.privateKeyPem" in failed.value.message

"""KeyPair over the wire: what stays secret, what an update renews and what it makes anew. No org is involved."""

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orgkey.identity.key_pair import certify, generate_key
from tests.provider.protocol import SECRET, SIGNATURE, UNKNOWN, Client, VerbFailedError, open_secrets, secret

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
    inputs, _ = today.check(KIND, {"subject": "CN=CI", "validityDays": 90, "renewAfter": 0.5, "renewJitter": 0})
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


@pytest.mark.parametrize(
    ("change", "stays"),
    [
        ({"consumerKey": "Another12345"}, True),  # which makes no other certificate
        ({"renewJitter": 0}, False),
        ({"renewAfter": 0.5}, False),
        ({"validityDays": 30}, False),
        ({"generation": 2}, False),
    ],
    ids=str,
)
def test_an_announced_renewal_stays_until_a_new_certificate_or_another_date_is_asked_for(
    offline: Client,
    made: tuple[dict[str, Any], dict[str, Any]],
    change: dict[str, Any],
    stays: bool,  # noqa: FBT001 — a column of the table
) -> None:
    inputs, outputs = made
    announced = {**outputs, "renewAt": "2027-01-02T03:04:05+00:00"}  # as an earlier version dated it, without jitter
    news, problems = offline.check(KIND, {"subject": "CN=CI", **change})
    assert problems == []
    assert list(offline.diff(KIND, inputs, announced, inputs).diffs) == []
    after = offline.update(KIND, "x", (inputs, announced), news)
    assert (after["renewAt"] == announced["renewAt"]) is stays
    planned = offline.update(KIND, "x", (inputs, announced), news, preview=True)
    assert planned["renewAt"] == (announced["renewAt"] if stays else UNKNOWN)


def test_a_renewal_comes_up_to_a_twentieth_earlier_and_that_of_ones_own_key_does_not(offline: Client) -> None:
    inputs, _ = offline.check(KIND, {"subject": "CN=CI", "validityDays": 100, "renewAfter": 0.5})
    _, outputs = offline.create(KIND, inputs)
    start, renewal = (datetime.fromisoformat(outputs[name]) for name in ("notBefore", "renewAt"))
    assert timedelta(days=47.5) <= renewal - start <= timedelta(days=50)
    key = generate_key(2048)
    own = certify(key, subject="CN=mine", validity_days=100, now=datetime.now(UTC)).certificate
    inputs, _ = offline.check(KIND, {"privateKeyPem": secret(key), "certificatePem": own.pem, "renewAfter": 0.5})
    _, outputs = offline.create(KIND, inputs)
    assert datetime.fromisoformat(outputs["renewAt"]) == own.not_before + timedelta(days=50)


def test_ones_own_key_is_kept_secret_and_used_as_it_is(offline: Client) -> None:
    key = generate_key(2048)
    pair = certify(key, subject="CN=mine", validity_days=10, now=datetime.now(UTC))
    own = {"privateKeyPem": secret(key), "certificatePem": pair.certificate.pem}
    inputs, problems = offline.check(KIND, own)
    assert problems == []
    assert inputs["privateKeyPem"][SIGNATURE] == SECRET
    _, outputs = offline.create(KIND, inputs)
    assert open_secrets(outputs)["privateKeyPem"] == key
    assert outputs["certificateFingerprint"] == pair.certificate.fingerprint


def test_a_certificate_of_another_key_is_a_problem_that_shows_no_key(offline: Client) -> None:
    key, other = generate_key(2048), generate_key(2048)
    certificate = certify(other, subject="CN=other", validity_days=10, now=datetime.now(UTC)).certificate.pem
    _, problems = offline.check(KIND, {"privateKeyPem": secret(key), "certificatePem": certificate})
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


# --- one's own key


def of_ones_own(offline: Client, key: str, certificate: str, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    inputs, problems = offline.check(KIND, {"privateKeyPem": secret(key), "certificatePem": certificate, **more})
    assert problems == []
    return inputs, offline.create(KIND, inputs)[1]


@pytest.fixture(scope="module")
def own() -> tuple[str, str]:
    key = generate_key(2048)
    return key, certify(key, subject="CN=mine", validity_days=10, now=datetime.now(UTC)).certificate.pem


def pkcs1(pem: str) -> str:
    return openssl("rsa", "-traditional", given=pem)


def openssl(*arguments: str, given: str) -> str:
    run = subprocess.run(["openssl", *arguments], input=given, capture_output=True, text=True, check=True)
    return run.stdout


FORMS: dict[str, Callable[[str], str]] = {
    "CRLF": lambda pem: pem.replace("\n", "\r\n"),
    "a byte order mark": lambda pem: "\ufeff" + pem,
    "text before it": lambda pem: f"# nightly\n{pem}",
    "escaped line breaks": lambda pem: pem.replace("\n", "\\n"),
    "bare base64": lambda pem: "".join(line for line in pem.splitlines() if "-----" not in line),
    "PKCS #1": lambda pem: pkcs1(pem) if "PRIVATE" in pem else pem,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_same_key_and_certificate_written_otherwise_are_no_change_and_come_out_in_one_form(
    offline: Client, own: tuple[str, str], form: Callable[[str], str]
) -> None:
    inputs, outputs = of_ones_own(offline, *own)
    otherwise, same = of_ones_own(offline, form(own[0]), form(own[1]))
    for name in ("privateKeyPem", "certificatePem", "publicKeySha256", "certificateFingerprint"):
        assert open_secrets(same)[name] == open_secrets(outputs)[name]
    assert open_secrets(same)["privateKeyPem"] == own[0]
    assert list(offline.diff(KIND, inputs, outputs, otherwise).diffs) == []
    back = offline.diff(KIND, otherwise, same, inputs)
    assert list(back.diffs) == []


def test_a_certificate_issued_again_for_the_same_key_is_a_renewal(offline: Client, own: tuple[str, str]) -> None:
    made = of_ones_own(offline, *own)
    again = certify(own[0], subject="CN=mine", validity_days=20, now=datetime.now(UTC)).certificate.pem
    news, _ = offline.check(KIND, {"privateKeyPem": secret(own[0].replace("\n", "\r\n")), "certificatePem": again})
    assert list(offline.diff(KIND, *made, news).diffs) == ["certificatePem"]
    planned = offline.update(KIND, "x", made, news, preview=True)
    assert open_secrets(planned)["privateKeyPem"] == own[0]
    after = offline.update(KIND, "x", made, news)
    assert after["certificatePem"] == again
    assert after["publicKeySha256"] == made[1]["publicKeySha256"]


def test_taking_the_key_that_was_made_here_for_ones_own_changes_nothing(
    offline: Client, made: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    pair = open_secrets(made[1])
    news, problems = offline.check(
        KIND, {"privateKeyPem": secret(pair["privateKeyPem"]), "certificatePem": pair["certificatePem"]}
    )
    assert problems == []
    assert list(offline.diff(KIND, *made, {**news, "subject": "CN=CI"}).diffs) == []


def test_another_key_of_ones_own_is_a_rekey(offline: Client, own: tuple[str, str]) -> None:
    made = of_ones_own(offline, *own)
    other = generate_key(2048)
    certificate = certify(other, subject="CN=mine", validity_days=10, now=datetime.now(UTC)).certificate.pem
    news, _ = offline.check(KIND, {"privateKeyPem": secret(other), "certificatePem": certificate})
    assert sorted(offline.diff(KIND, *made, news).diffs) == ["certificatePem", "privateKeyPem"]
    after = offline.update(KIND, "x", made, news)
    assert open_secrets(after)["privateKeyPem"] == other
    assert after["consumerKey"] == made[1]["consumerKey"]


def test_what_only_a_key_made_here_is_made_of_does_not_touch_ones_own(offline: Client, own: tuple[str, str]) -> None:
    made = of_ones_own(offline, *own)
    news, _ = offline.check(
        KIND,
        {"privateKeyPem": secret(own[0]), "certificatePem": own[1], "bits": 4096, "generation": 2, "subject": "CN=x"},
    )
    planned = open_secrets(offline.update(KIND, "x", made, news, preview=True))
    assert (planned["privateKeyPem"], planned["certificatePem"]) == own
    after = open_secrets(offline.update(KIND, "x", made, news))
    assert (after["privateKeyPem"], after["certificatePem"]) == own


@pytest.mark.parametrize("kind", [KIND, "JwtGrant"])
def test_a_private_key_that_is_no_secret_is_refused_with_the_command_that_makes_it_one(
    offline: Client, kind: str
) -> None:
    _, problems = offline.check(kind, {"privateKeyPem": generate_key(2048)})
    ((path, reason),) = [problem for problem in problems if problem[0] == "privateKeyPem" and "no secret" in problem[1]]
    assert path == "privateKeyPem"
    assert "`pulumi config set --secret --path orgkey:key.privateKeyPem --stack STACK < key.pem`" in reason


def test_a_private_key_in_the_certificates_place_is_refused(offline: Client, own: tuple[str, str]) -> None:
    for given in (own[0], own[1] + own[0], own[0] + own[1]):
        _, problems = offline.check(KIND, {"privateKeyPem": secret(own[0]), "certificatePem": given})
        assert "holds a private key, which does not belong there" in dict(problems[:1])["certificatePem"]


def test_a_weak_signature_is_warned_of(
    offline_told: tuple[Client, list[str]], own: tuple[str, str], tmp_path: Path
) -> None:
    offline, told = offline_told
    (tmp_path / "key.pem").write_text(own[0])
    weak = openssl("req", "-new", "-x509", "-sha1", "-key", str(tmp_path / "key.pem"), "-subj", "/CN=a", given="")
    of_ones_own(offline, own[0], weak)
    assert [text for text in told if "signed with SHA-1" in text]
    told.clear()
    of_ones_own(offline, *own)
    assert told == []


@pytest.mark.parametrize("known", ["privateKeyPem", "certificatePem"])
def test_what_is_known_of_a_pair_is_judged_before_the_other_half_is_known(offline: Client, known: str) -> None:
    halves = {"privateKeyPem": UNKNOWN, "certificatePem": UNKNOWN, known: secret("no PEM")}
    _, problems = offline.check(KIND, halves)
    assert [path for path, _ in problems] == [known]

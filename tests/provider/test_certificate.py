"""The app's certificate in the org: what somebody did to it is seen where the org shows it, and put right by a plain update."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orgkey.metadata.certificate import fingerprint
from tests.landscape import Landscape, Org
from tests.provider.apps import KINDS, inputs_of, made_app, own_certificate, replace_certificate
from tests.provider.conftest import GRANT, Made, grant_inputs, make
from tests.provider.protocol import Client, plain

Look = tuple[dict[str, Any], dict[str, Any], list[str]]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, landscape: Landscape, org: Org) -> str:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    return str(request.param)


@pytest.fixture
def app(provider: Client, holders: Made, key: dict[str, Any], kind: str) -> Made:
    return made_app(provider, kind, key)


@pytest.fixture
def look(provider: Client, org: Org, kind: str, app: Made) -> Callable[[], Look]:
    """What the next command's Read finds, and which inputs differ from what is declared."""

    def again() -> Look:
        provider.configure(
            {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
        )
        seen = provider.read(kind, app[0], app[1], app[2])
        found = plain(seen.inputs), plain(seen.properties)
        return *found, list(provider.diff(kind, *found, app[1]).diffs)

    return again


def test_what_was_deployed_is_as_declared_and_remembered(
    look: Callable[[], Look], app: Made, key: dict[str, Any], heard: list[str]
) -> None:
    seen, outputs, differs = look()
    assert (seen, differs) == (app[1], [])
    assert outputs["deployedCertificate"] == key["certificateFingerprint"]
    assert outputs["certificateReturned"] is True
    assert [line for line in heard if "certificate" in line or "does not keep" in line] == []


def test_a_replaced_certificate_is_a_change_told_by_both_fingerprints_that_an_update_undoes(
    provider: Client, look: Callable[[], Look], app: Made, key: dict[str, Any], kind: str, org: Org, heard: list[str]
) -> None:
    theirs = own_certificate()
    replace_certificate(org, kind, theirs)
    seen, outputs, differs = look()
    assert differs == ["certificatePem"]
    assert fingerprint(seen["certificatePem"]) == fingerprint(theirs)
    told = [line for line in heard if "clients that log in with the other key are cut off" in line]
    assert len(told) == 1
    assert fingerprint(theirs) in told[0]
    assert key["certificateFingerprint"] in told[0]
    provider.update(kind, app[0], (seen, outputs), app[1])
    assert make(provider, GRANT, grant_inputs(key, org))[2]["verified"] is True
    assert look()[2] == []


def test_a_certificate_of_the_same_key_is_a_change_that_cuts_nobody_off(
    look: Callable[[], Look], key: dict[str, Any], kind: str, org: Org, heard: list[str]
) -> None:
    theirs = own_certificate(key["privateKeyPem"])
    replace_certificate(org, kind, theirs)
    assert look()[2] == ["certificatePem"]
    assert [line for line in heard if "cut off" in line] == []
    assert [line for line in heard if fingerprint(theirs) in line] != []


def test_a_cleared_certificate_is_a_change_that_an_update_undoes(
    provider: Client, look: Callable[[], Look], app: Made, key: dict[str, Any], kind: str, org: Org, heard: list[str]
) -> None:
    replace_certificate(org, kind, "")
    seen, outputs, differs = look()
    assert (seen["certificatePem"], differs) == ("", ["certificatePem"])
    assert [line for line in heard if "has no certificate any more" in line] != []
    provider.update(kind, app[0], (seen, outputs), app[1])
    assert make(provider, GRANT, grant_inputs(key, org))[2]["verified"] is True
    assert look()[2] == []


@pytest.mark.parametrize("theirs", ["another", ""], ids=["replaced", "cleared"])
def test_an_org_that_shows_no_certificate_shows_no_change_either(
    provider: Client, look: Callable[[], Look], app: Made, kind: str, org: Org, landscape: Landscape, theirs: str
) -> None:
    landscape.admin("PATCH", "/knobs", certificate_returned=False)
    _, outputs, _ = look()
    after = provider.update(kind, app[0], (app[1], outputs), app[1])
    assert after["certificateReturned"] is False
    app[2].update(after)
    replace_certificate(org, kind, own_certificate() if theirs else "")
    seen, _, differs = look()
    assert (seen["certificatePem"], differs) == (app[1]["certificatePem"], [])


def test_an_org_that_stops_showing_certificates_is_taken_for_one_without_until_the_next_deploy(
    provider: Client, look: Callable[[], Look], app: Made, kind: str, landscape: Landscape
) -> None:
    landscape.admin("PATCH", "/knobs", certificate_returned=False)
    seen, outputs, differs = look()
    assert differs == ["certificatePem"]
    app[2].update(provider.update(kind, app[0], (seen, outputs), app[1]))
    assert look()[2] == []


def test_a_state_from_before_certificates_were_read_takes_what_it_sent_for_what_it_deployed(
    provider: Client, look: Callable[[], Look], app: Made, kind: str, org: Org, heard: list[str]
) -> None:
    for name in ("deployedCertificate", "certificateReturned", "notKept"):
        del app[2][name]
    assert look()[2] == []
    theirs = own_certificate()
    replace_certificate(org, kind, theirs)
    assert look()[2] == ["certificatePem"]
    assert [line for line in heard if fingerprint(theirs) in line] != []


def test_ones_own_renewal_is_no_news(
    provider: Client, look: Callable[[], Look], app: Made, key: dict[str, Any], kind: str, heard: list[str]
) -> None:
    seen, outputs, _ = look()
    renewed = inputs_of(key, certificatePem=own_certificate(key["privateKeyPem"]))
    news, _ = provider.check(kind, renewed)
    assert list(provider.diff(kind, seen, outputs, news).diffs) == ["certificatePem"]
    assert [line for line in heard if "certificate" in line] == []


@pytest.mark.parametrize("returned", [True, False], ids=["shown", "not shown"])
@pytest.mark.parametrize("own", ["the same", "of the same key", "of another key", "not made yet"])
def test_an_import_says_whom_it_cuts_off(
    provider: Client,
    app: Made,
    key: dict[str, Any],
    kind: str,
    landscape: Landscape,
    heard: list[str],
    own: str,
    *,
    returned: bool,
) -> None:
    landscape.admin("PATCH", "/knobs", certificate_returned=returned)
    provider.configure(
        {
            "instanceUrl": landscape.org("uat").url,
            "caBundle": landscape.org("uat").ca_bundle,
            "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}',
        }
    )
    seen = provider.read(kind, "App")
    ours = {
        "the same": key["certificatePem"],
        "of the same key": own_certificate(key["privateKeyPem"]),
        "of another key": own_certificate(),
        "not made yet": "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    }[own]
    news, problems = provider.check(kind, inputs_of(key, certificatePem=ours))
    assert problems == []
    diff = provider.diff(kind, plain(seen.inputs), plain(seen.properties), news)
    assert list(diff.replaces) == []
    told = [line for line in heard if "cut off" in line]
    if own == "not made yet":
        assert "gets a new certificate" in told[0]
    elif not returned:
        assert list(diff.diffs) == []
        assert "cannot be compared" in told[0]
        assert fingerprint(ours) in told[0]
    elif own == "of another key":
        assert list(diff.diffs) == ["certificatePem"]
        assert fingerprint(ours) in told[0]
        assert fingerprint(key["certificatePem"]) in told[0]
    else:
        assert told == []
        assert list(diff.diffs) == ([] if own == "the same" else ["certificatePem"])

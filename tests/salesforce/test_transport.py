"""What a request of ours never does: trust an unknown certificate, follow a redirect, leak `.netrc`, swallow a web page or a flood."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from pathlib import Path

import pytest
import requests
from requests import certs

from orgkey.salesforce.clock import Countdown
from orgkey.salesforce.errors import (
    CanceledError,
    DeadlineExceededError,
    SettingError,
    TransientError,
    UnreachableError,
)
from orgkey.salesforce.org import Org as Client
from orgkey.salesforce.side_by_side import side_by_side
from orgkey.salesforce.transport import TIMEOUT, Transport, timeout_of
from tests.landscape import Landscape, Org
from tests.salesforce.conftest import Host
from tests.waiting import CUT, requests_ended

pytestmark = pytest.mark.filterwarnings(CUT)


@pytest.fixture(autouse=True)
def _no_request_outlives_its_test() -> Iterator[None]:
    yield
    requests_ended()


Answering = Callable[[int, dict[str, str], bytes], Host]
JSON = {"Content-Type": "application/json"}


def test_an_unknown_certificate_is_refused_and_the_message_names_the_setting(answering: Answering) -> None:
    host = answering(200, JSON, b"{}")
    with pytest.raises(UnreachableError, match="TLS certificate is not trusted") as refused:
        Transport(ca_bundle=certs.where()).request("GET", host.url)
    assert "salesforce:caBundle" in str(refused.value)
    assert host.headers == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(answering: Answering, status: int) -> None:
    elsewhere = answering(200, JSON, b"{}")
    host = answering(status, {"Location": elsewhere.url + "/x"}, b"")
    with pytest.raises(UnreachableError, match="we do not follow with credentials in hand"):
        Transport(ca_bundle=host.ca_bundle).request("POST", host.url, data={"assertion": "secret"})
    assert elsewhere.headers == []


def test_a_web_page_is_no_answer_of_an_org(answering: Answering) -> None:
    host = answering(200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>Data Not Available</html>")
    with pytest.raises(UnreachableError, match="answered with a web page"):
        Transport(ca_bundle=host.ca_bundle).request("GET", host.url)


def test_an_endless_answer_is_cut_off(answering: Answering) -> None:
    host = answering(200, JSON, b"x" * 200_000)
    with pytest.raises(UnreachableError):
        Transport(ca_bundle=host.ca_bundle, largest_answer=100_000).request("GET", host.url)


def test_plain_http_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(UnreachableError, match="asked for without TLS"):
        Transport().request("POST", "http://localhost:1/services/oauth2/token", data={"assertion": "secret"})


def test_credentials_in_netrc_do_not_replace_the_token(
    answering: Answering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine localhost login someone password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    host = answering(200, JSON, b"{}")
    Transport(ca_bundle=host.ca_bundle).request("GET", host.url, headers={"Authorization": "Bearer ours"})
    assert host.headers[0]["Authorization"] == "Bearer ours"


def test_a_ca_bundle_that_is_no_file_is_said_before_the_first_request(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="which is not a file"):
        Transport(ca_bundle=str(tmp_path / "none.pem"))


def test_a_question_is_asked_again_while_the_org_is_busy_and_a_write_is_not(landscape: Landscape, org: Org) -> None:
    client = Transport(ca_bundle=org.ca_bundle)
    landscape.admin("POST", "/faults", operation="versions", org="uat", faults=["return-503", "reset-before"])
    assert client.read("GET", f"{org.url}/services/data/").ok
    landscape.admin("POST", "/faults", operation="versions", org="uat", faults=["return-503"])
    assert client.request("GET", f"{org.url}/services/data/").status_code == 503


@pytest.mark.parametrize(
    ("given", "timeout"), [("", TIMEOUT), ("0.5", (0.5, 0.5)), ("120", (10.0, 120.0)), (" 30 ", (10.0, 30.0))]
)
def test_the_time_to_wait_for_an_answer_can_be_set_by_the_environment(given: str, timeout: tuple[float, float]) -> None:
    assert timeout_of({"ORGKEY_REQUEST_TIMEOUT": given}) == timeout


@pytest.mark.parametrize("given", ["0", "-1", "nan", "inf", "soon"])
def test_a_time_to_wait_that_is_no_positive_number_is_refused_by_name(given: str) -> None:
    with pytest.raises(SettingError, match="ORGKEY_REQUEST_TIMEOUT"):
        timeout_of({"ORGKEY_REQUEST_TIMEOUT": given})


def test_an_answer_that_takes_longer_than_that_is_no_answer(landscape: Landscape, org: Org) -> None:
    landscape.admin("POST", "/faults", operation="versions", org="uat", faults=["stall-1"])
    client = Transport(ca_bundle=org.ca_bundle, timeout=timeout_of({"ORGKEY_REQUEST_TIMEOUT": "0.2"}))
    with pytest.raises(UnreachableError, match="no answer came in time"):
        client.request("GET", f"{org.url}/services/data/")


@pytest.mark.parametrize("ask", [Transport.request, Transport.read])
def test_no_answer_is_awaited_longer_than_the_verb_may_take(
    landscape: Landscape, org: Org, ask: Callable[[Transport, str, str], requests.Response]
) -> None:
    landscape.admin("POST", "/faults", operation="versions", org="uat", faults=["stall-2"])
    started = time.monotonic()
    client = Transport(ca_bundle=org.ca_bundle, clock=Countdown(seconds=0.3))
    with pytest.raises(DeadlineExceededError, match="orgkey:timeouts"):
        ask(client, "GET", f"{org.url}/services/data/")
    assert time.monotonic() - started < 1


def test_nothing_is_sent_when_the_time_is_over(answering: Answering) -> None:
    host = answering(200, JSON, b"{}")
    with pytest.raises(DeadlineExceededError, match="orgkey:timeouts"):
        Transport(ca_bundle=host.ca_bundle, clock=Countdown(seconds=0)).request("POST", host.url)
    assert host.headers == []


def test_questions_that_are_asked_side_by_side_know_the_time_they_have(client: Client) -> None:
    def ask() -> list[float]:
        client.clock.set_deadline(client.clock.monotonic() + 5)
        return side_by_side([client.clock.seconds_left, client.clock.seconds_left])

    assert [left <= 5 for left in copy_context().run(ask)] == [True, True]


def test_a_client_that_is_canceled_while_it_is_being_loaded_asks_nothing(client: Client, landscape: Landscape) -> None:
    client.abort()
    with pytest.raises(CanceledError):
        client.query("SELECT Id FROM Organization")
    assert landscape.admin("GET", "/requests?org=uat")["counts"] == {}


def test_a_cancel_reaches_every_request_while_others_are_being_sent(answering: Answering) -> None:
    host = answering(200, JSON, b"{}")
    client, interval = Transport(ca_bundle=host.ca_bundle), sys.getswitchinterval()
    ended: list[type[Exception]] = []

    def ask_on() -> None:
        try:
            while True:
                client.request("GET", host.url)
        except Exception as error:  # noqa: BLE001 — which one is the question
            ended.append(type(error))

    asking = [threading.Thread(target=ask_on) for _ in range(4)]
    sys.setswitchinterval(1e-6)  # every moment is one in which another may come
    try:
        for thread in asking:
            thread.start()
        client.abort()
        for thread in asking:
            thread.join(timeout=10)
    finally:
        sys.setswitchinterval(interval)
    assert ended == [CanceledError] * 4


def test_a_ca_file_of_the_environment_that_is_not_there_is_told_as_what_it_is(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")
    with pytest.raises(UnreachableError, match="Check REQUESTS_CA_BUNDLE"):
        Transport().request("GET", f"{org.url}/services/data/")


def test_a_refused_certificate_is_asked_once_because_waiting_does_not_mend_it(answering: Answering) -> None:
    host = answering(200, JSON, b"{}")
    with pytest.raises(UnreachableError) as refused:
        Transport(ca_bundle=certs.where()).read("GET", host.url)
    assert not isinstance(refused.value, TransientError)


def test_a_ca_bundle_is_found_under_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, org: Org) -> None:
    (tmp_path / "ca.pem").write_text(Path(org.ca_bundle).read_text())
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Transport(ca_bundle="~/ca.pem").read("GET", f"{org.url}/services/data").ok


@pytest.mark.parametrize(
    "content", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n"]
)
def test_a_ca_bundle_without_a_certificate_in_it_is_told_as_that(tmp_path: Path, content: str) -> None:
    (tmp_path / "ca.pem").write_text(content)
    with pytest.raises(UnreachableError, match="no CA certificate in it can be read"):
        Transport(ca_bundle=str(tmp_path / "ca.pem"))


@pytest.mark.parametrize("path", ["~no-such-user/ca.pem", "missing.pem", "\x00", "/", "\ud800"])
def test_a_ca_bundle_that_is_no_file_is_told_as_that(path: str) -> None:
    with pytest.raises(UnreachableError, match="which is not a file"):
        Transport(ca_bundle=path)

"""Auth URLs: what one looks like, and the file that one is kept in while the org changes its token at each use."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkey.model.connection import parse_connection
from orgkey.salesforce.auth_url import AuthUrl, AuthUrlFile
from orgkey.salesforce.errors import CanceledError, CredentialsError
from orgkey.salesforce.org import Org as Client
from tests.landscape import Landscape, Org
from tests.waiting import join

QUERY = "SELECT Id FROM Organization"
HOST = "acme.my.salesforce.com"

KEYS = [
    "PlatformCLI",
    "3MVG9_8QnN0zQ1w2bL.5" + "x" * 65,
    "3MVG9" + "a" * 114,
    "3MVG9+abc/def==",
    "3MVG9-abc_def.ghi",
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("secret", ["", "ABCDEF0123456789", "ab+/=="])
def test_keys_and_secrets_of_every_alphabet_that_orgs_have_are_read(key: str, secret: str) -> None:
    url = AuthUrl.read(f"force://{key}:{secret}:5Aep861.x_y+z/=@{HOST}\n", "the file f")
    assert (url.client_id, url.client_secret, url.refresh_token, url.host) == (key, secret, "5Aep861.x_y+z/=", HOST)


@pytest.mark.parametrize(
    "text",
    [
        "force://a::t@{host}",
        "\n force://a::t@{host} \n",
        '"force://a::t@{host}"',
        '{{"status": 0, "result": {{"sfdxAuthUrl": "force://a::t@{host}"}}}}',
        "force://a::t@{host}\r\n",
    ],
)
def test_it_is_found_with_what_stands_around_it_and_only_its_token_is_changed(text: str) -> None:
    given = text.format(host=HOST)
    url = AuthUrl.read(given, "the file f")
    assert url.refresh_token == "t"
    assert url.rotated("new") == given.replace(":t@", ":new@")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "The file f holds no auth URL"),
        ("https://secret", "The file f holds no auth URL"),
        ("force://a:secret@b", "The file f holds no auth URL"),
        (f"force://a::secret@{HOST} force://a::other@{HOST}", "The file f holds more than one auth URL"),
    ],
)
def test_anything_else_is_refused_without_showing_it(text: str, says: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        AuthUrl.read(text, "the file f")
    assert says in str(caught.value)
    assert "secret" not in str(caught.value).replace("client secret", "")


@given(st.text())
def test_no_text_makes_it_fail_in_another_way(text: str) -> None:
    try:
        AuthUrl.read(text, "the file f")
    except CredentialsError:
        return


# --- rotation


@pytest.fixture
def rotating(landscape: Landscape, org: Org) -> Org:
    """A clean sandbox that answers each use of a refresh token with a new one, and takes the old one never again."""
    landscape.admin("PATCH", "/knobs", rotate_refresh_tokens=True)
    return org


def settings(org: Org, file: Path) -> dict[str, Any]:
    credentials = json.dumps({"sfdxAuthUrlFile": str(file)})
    return {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": credentials}


def log_in(org: Org, file: Path) -> None:
    connection, problems = parse_connection(settings(org, file))
    assert connection is not None, problems
    assert Client(connection, environment={}).query(QUERY)


def test_a_rotated_token_is_kept_in_the_file_and_works_again(rotating: Org, tmp_path: Path) -> None:
    file = tmp_path / "auth"
    file.write_text(rotating.auth_url + "\n")
    file.chmod(0o640)
    for _ in range(3):
        before = file.read_text()
        log_in(rotating, file)
        assert file.read_text() != before
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert file.read_text().endswith("\n")
    assert [each.name for each in tmp_path.iterdir()] == ["auth"]


def test_a_link_stays_a_link_and_its_target_is_written(rotating: Org, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "auth", tmp_path / "link"
    target.write_text(rotating.auth_url)
    link.symlink_to(target)
    log_in(rotating, link)
    log_in(rotating, link)
    assert link.is_symlink()
    assert not target.is_symlink()
    assert target.read_text() != rotating.auth_url


def test_a_file_that_cannot_be_replaced_is_written_in_place(rotating: Org, tmp_path: Path) -> None:
    file = tmp_path / ("a" * 250)  # no name beside it fits
    file.write_text(rotating.auth_url)
    inode = file.stat().st_ino
    log_in(rotating, file)
    log_in(rotating, file)
    assert file.stat().st_ino == inode


LOG_IN = """
import json, sys
from orgkey.model.connection import parse_connection
from orgkey.salesforce.org import Org
connection, _ = parse_connection(json.loads(sys.argv[1]))
for _ in range(3):
    Org(connection, environment={}).query("SELECT Id FROM Organization")
"""


def test_processes_that_log_in_at_once_never_spend_each_others_token(rotating: Org, tmp_path: Path) -> None:
    file = tmp_path / "auth"
    file.write_text(rotating.auth_url)
    (tmp_path / "link").symlink_to(file)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", LOG_IN, json.dumps(settings(rotating, tmp_path / name))],
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("auth", "link", "auth")
    ]
    ended = [(process.communicate(timeout=60)[1], process.returncode) for process in running]
    assert [code for _, code in ended] == [0, 0, 0], ended
    log_in(rotating, file)


def test_threads_that_log_in_at_once_never_spend_each_others_token(rotating: Org, tmp_path: Path) -> None:
    file = tmp_path / "auth"
    file.write_text(rotating.auth_url)
    failed: list[Exception] = []

    def one() -> None:
        try:
            log_in(rotating, file)
        except Exception as error:  # noqa: BLE001 — told below
            failed.append(error)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        join(thread)
    assert failed == []
    log_in(rotating, file)


def test_waiting_for_the_file_ends_when_the_work_is_canceled(tmp_path: Path) -> None:
    file = tmp_path / "auth"
    file.write_text(f"force://a::t@{HOST}")
    aborted = threading.Event()
    with AuthUrlFile(file, threading.Event()):
        aborted.set()
        with pytest.raises(CanceledError), AuthUrlFile(file, aborted):
            pass
    with AuthUrlFile(file, threading.Event()) as free:
        assert free.read().host == HOST


def test_a_token_that_a_variable_cannot_keep_is_told_with_the_way_out(rotating: Org) -> None:
    connection, _ = parse_connection({**settings(rotating, Path("x")), "credentials": '{"sfdxAuthUrlEnv": "URL"}'})
    assert connection is not None
    with pytest.raises(
        CredentialsError, match="The org rotates refresh tokens, and the variable URL cannot be written back"
    ):
        Client(connection, environment={"URL": rotating.auth_url, "PATH": os.environ["PATH"]}).query(QUERY)

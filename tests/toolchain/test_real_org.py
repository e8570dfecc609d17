"""`make real-org`, played against the local org; and that its file of answers holds nothing that is the org's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.landscape import Landscape, Org
from tests.program.stack import AS_INSTALLED, Stack
from toolchain.real_org.questions import QUESTIONS
from toolchain.real_org.redaction import redacted

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sandbox(landscape: Landscape) -> Org:
    return landscape.fresh("uat")


@pytest.fixture(scope="module")
def run(engine: Path, sandbox: Org, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A run against the local org: how it ended, what it printed, its answers."""
    org, folder = sandbox, tmp_path_factory.mktemp("real-org")
    stack = Stack(folder / "project", engine, **AS_INSTALLED)
    file = folder / "answers.json"
    ended = subprocess.run(
        [
            sys.executable, "-m", "toolchain.real_org", "--access-token-env", "ADMIN", "--instance-url", org.url,
            "--ca-bundle", org.ca_bundle, "--user", org.user("ci"), "--org-kind", "sandbox", "--output", str(file),
        ],
        cwd=stack.folder,
        env={**stack.environment, "ADMIN": org.access_token},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )  # fmt: skip
    assert file.exists(), ended.stdout + ended.stderr
    return {"code": ended.returncode, "said": ended.stdout + ended.stderr, "text": file.read_text(encoding="utf-8")}


def test_every_step_ends_well_every_question_is_answered_and_nothing_is_left_in_the_org(
    run: dict[str, Any], sandbox: Org
) -> None:
    answers = json.loads(run["text"])
    assert {step["step"]: step["exit"] for step in answers["steps"]} == {
        "first up": 0,
        "up without a change": 0,
        "drift": 0,
        "renewal": 0,
        "drift after the renewal": 0,
        "destroy": 0,
    }, run["said"]
    assert run["code"] == 0
    assert [answer["asks"] for answer in answers["answers"]] == [question.asks for question in QUESTIONS]
    assert [answer for answer in answers["answers"] if "notAsked" in answer["answer"]] == []
    assert sandbox.query("SELECT Id FROM PermissionSet WHERE Name LIKE 'Orgkey%'") == []


def test_the_answers_name_no_host_person_id_key_or_token(run: dict[str, Any], sandbox: Org) -> None:
    org = sandbox
    for word in (
        org.access_token,
        org.access_token.split("!")[1],
        org.org_id,
        org.org_id[:15],
        org.user("ci"),
        org.url,
    ):
        assert word not in run["text"]
    assert "PRIVATE KEY" not in run["text"]
    assert "MII" not in run["text"]


SECRETS = st.sampled_from(
    [
        "00D000000000001!AQ8AQFabc.def_ghi",
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl",
        "3MVG9OI03ecbG2Vr3NBmmhtNrcBp3Ywy2y0XHbRN_uGz",
        "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
        "-----BEGIN CERTIFICATE-----\nMIIC5TCCAc2gAwIBAgIUX\n...",
        "jane.doe@acme.com.uat",
        "https://acme--uat.sandbox.my.salesforce.com",
        "00530000009cJ3BAAU",
        "203.0.113.9",
        "MIIC" * 60,
    ]
)
WORDS = st.text("abc :,;(){}\n", max_size=12)


@given(secret=SECRETS, before=WORDS, after=WORDS)
def test_what_has_the_form_of_something_of_the_orgs_own_is_redacted_wherever_it_stands(
    secret: str, before: str, after: str
) -> None:
    text = f"{before} {secret} {after}"
    assert secret not in json.dumps(redacted({"a": [text], text: 1}, {}))


@given(word=st.text(min_size=1, max_size=20), before=WORDS, after=WORDS)
def test_what_is_known_of_the_org_is_redacted_in_any_case(word: str, before: str, after: str) -> None:
    told = redacted(before + word.upper() + after + word.lower(), {word: "§"})
    assert word.lower() not in told.lower() or word.lower() in (before + "§" + after + "§").lower()


def test_what_the_platform_says_itself_stays() -> None:
    said = "invalid_grant: audience is invalid; https://login.salesforce.com and 00D<id> INVALID_SESSION_ID"
    assert redacted(said, {}) == said


def test_without_a_way_in_it_says_what_is_missing_and_makes_nothing(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "toolchain.real_org", "--access-token-env", "NOT_SET"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "--access-token-env needs --instance-url" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_make_says_how_it_is_called() -> None:
    ended = subprocess.run(["make", "-s", "real-org"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "ALIAS=" in ended.stdout

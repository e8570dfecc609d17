"""The comment that a request gets: readable, whole or visibly cut, and closed against what a preview prints."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.docs.pipelines import CI

FILE = CI / "preview_comment.py"


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("preview_comment", FILE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


COMMENT = _loaded()


@given(st.text(alphabet=st.sampled_from("`~\n <>a/"), max_size=60))
def test_nothing_that_a_preview_prints_ends_its_block(said: str) -> None:
    body = COMMENT.rendered({"uat": f"{said}\nexit code 0\n"}, ["uat"], "where")
    lines = body.splitlines()
    (opened,) = [line for line in lines if line.endswith("text") and line.startswith("```")]
    fence = opened.removesuffix("text")
    assert fence not in said
    assert lines.count(fence) == 1
    assert body.endswith(f"{fence}\n\n</details>\n\nwhere\n")


@pytest.mark.parametrize("stacks", [1, 2, 30])
def test_a_long_preview_is_cut_in_the_middle_so_that_the_service_takes_it_and_says_so(stacks: int) -> None:
    names = [f"s{number}" for number in range(stacks)]
    body = COMMENT.rendered(dict.fromkeys(names, f"first{'x' * 90000}last\nexit code 1\n"), names, "")
    assert len(body) < 65_536
    assert body.count("first") == body.count("last") == body.count("characters: see the log of the job") == stacks


@pytest.mark.parametrize("said", ["", "Previewing\n", "exit code nine\n"])
def test_a_preview_that_has_no_exit_code_did_not_end(said: str) -> None:
    body = COMMENT.rendered({"uat": said} if said else {}, ["uat"], "")
    assert "1 stack: 1 failed" in body
    assert "The job ended before the preview did" in body


def test_colours_and_control_signs_are_left_out() -> None:
    assert "red\ttext" in COMMENT.rendered({"uat": "\x1b[31mred\x1b[0m\ttext\r\x00\nexit code 0\n"}, [], "")


def test_secrets_are_taken_out_whole_and_line_by_line_and_the_rest_stays() -> None:
    key = "-----BEGIN X-----\nMIIEvAIBADAN\nabc\n-----END X-----"
    text = f"a {key} b MIIEvAIBADAN c short abc d"
    assert COMMENT.mask(text, [key, "", "abc"]) == "a *** b *** c short abc d"


def test_without_a_token_the_comment_is_printed(tmp_path: object) -> None:
    run = subprocess.run(
        [sys.executable, str(FILE), "post", "--expected", "/dev/stdin"],
        input='[{"stack": "uat"}]', env={}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout.startswith("<!-- orgkey preview -->\n\n**Preview of 1 stack: 1 failed**")

"""The set-up of these tests: a tool is made once and whole, and what is missing is told apart from what is wrong."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from tests.conformance.tools import OutOfReachError, Tool, install, run_step
from tests.waiting import join

PIN = ("node/requirements.txt",)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; gives the folder that tools lie in."""
    monkeypatch.setenv("ORGKEY_CACHE", str(tmp_path))
    return tmp_path / "test-tools"


def test_runs_side_by_side_make_a_tool_once(cache: Path) -> None:
    made: list[Path] = []

    def fill(folder: Path) -> None:
        made.append(folder)
        time.sleep(0.05)  # long enough for the others to come
        (folder / "tool").touch()

    tool, found = Tool("toy", PIN, fill), list[Path]()
    runs = [threading.Thread(target=lambda: found.append(install(tool))) for _ in range(4)]
    for each in runs:
        each.start()
    for each in runs:
        join(each)
    assert len(made) == 1
    assert {(folder / "tool").exists() for folder in found} == {True}
    assert sorted(path.name for path in cache.iterdir()) == [".toy.lock", f"toy-{tool.digest}"]


def test_a_tool_that_cannot_be_made_leaves_nothing(cache: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "half").touch()
        raise OutOfReachError("the package registry does not give it")

    with pytest.raises(OutOfReachError):
        install(Tool("toy", PIN, fill))
    assert [path.name for path in cache.iterdir()] == [".toy.lock"]


@pytest.mark.parametrize(
    ("printed", "error"),
    [
        ("npm error code ECONNREFUSED", OutOfReachError),
        ("ERROR: No matching distribution found for toy==1", OutOfReachError),
        ("npm error code EINTEGRITY after ECONNRESET", RuntimeError),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", RuntimeError),
        ("No space left on device", RuntimeError),
    ],
)
def test_only_what_is_out_of_reach_is_a_reason_to_skip(tmp_path: Path, printed: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        run_step([sys.executable, "-c", f"import sys; sys.exit({printed!r})"], tmp_path)

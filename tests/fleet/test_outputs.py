"""Where `orgkey drift` writes: judged before any org is asked, and each output by itself."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.fleet.test_cli import ORGKEY, hanging, orgkey, written

__all__ = ["hanging"]


def drift(folder: Path, *formats: str) -> subprocess.CompletedProcess[str]:
    return orgkey("drift", "--merge", written(folder, "uat"), *(f"--format={each}" for each in formats), folder=folder)


def test_every_output_that_cannot_be_written_is_told_at_once_and_before_anything_is_asked(hanging: Path) -> None:
    (hanging / "folder").mkdir()
    (hanging / "file").write_text("")
    formats = [
        "pdf=x",
        "html=missing/dir/x",
        "json=folder",
        "junit=file/x",
        "markdown=a",
        "text=./a",
        "json=",
        "text",
        "json",
    ]
    result = subprocess.run(
        [ORGKEY, "drift", *(f"--format={each}" for each in formats)],
        cwd=hanging,
        env={**os.environ, "PATH": f"{hanging / 'bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (result.returncode, result.stdout) == (2, "")
    for said in (
        "'pdf' is no format",
        f"there is no folder {hanging / 'missing' / 'dir'}",
        "folder is a folder",
        "file/x cannot be written",
        "--format markdown and --format text go to one file",
        "--format json= names no file",
        "Only one --format can go to stdout",
    ):
        assert said in result.stderr
    assert not (hanging / "begun").exists()
    assert not (hanging / "a").exists()


def test_one_file_by_two_names_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("before")
    (tmp_path / "link").symlink_to("real")
    result = drift(tmp_path, "json=real", "html=link")
    assert result.returncode == 2
    assert "go to one file" in result.stderr
    assert (tmp_path / "real").read_text() == "before"


def test_an_output_that_fails_takes_no_other_along(tmp_path: Path) -> None:
    result = drift(tmp_path, "json=first.json", "html=/dev/full", "junit=last.xml", "markdown")
    assert result.returncode == 2
    assert "orgkey: /dev/full could not be written: No space left on device." in result.stderr
    assert "Traceback" not in result.stderr
    assert json.loads((tmp_path / "first.json").read_text())["version"] == 2
    assert (tmp_path / "last.xml").read_text().startswith("<?xml")
    assert result.stdout.startswith("### orgkey drift")


def test_a_stdout_that_is_full_is_said_so_and_the_files_are_written(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [ORGKEY, "drift", "--merge", written(tmp_path, "uat"), "--format=text", "--format=json=a.json"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (run.returncode, run.stderr) == (2, "orgkey: stdout could not be written: No space left on device.\n")
    assert (tmp_path / "a.json").exists()


def test_a_file_is_replaced_whole_and_keeps_its_mode_and_its_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target = tmp_path / "there" / "report.json"
    target.write_text("before")
    target.chmod(0o640)
    (tmp_path / "report.json").symlink_to(target)
    with target.open() as reading:
        assert drift(tmp_path, "json=report.json").returncode == 0
        assert reading.read() == "before"  # who had it open reads it to its end
    assert (tmp_path / "report.json").is_symlink()
    assert json.loads(target.read_text())["version"] == 2
    assert target.stat().st_mode & 0o777 == 0o640
    assert os.listdir(target.parent) == ["report.json"]  # noqa: PTH208 — hidden ones too


def test_a_pipe_and_a_device_are_written_to_and_stay_what_they_are(tmp_path: Path) -> None:
    script = f"{ORGKEY} drift --merge {written(tmp_path, 'uat')} --format json=/dev/null --format markdown=>(cat) --format text=/dev/stdout"
    run = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "### orgkey drift" in run.stdout
    assert "orgkey drift: 1 stack" in run.stdout
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("arguments", ["--format html", "--format json", "--format markdown --format json=kept.json"])
def test_a_reader_who_has_read_enough_ends_it_quietly_with_its_own_exit_code(tmp_path: Path, arguments: str) -> None:
    files = " ".join(written(tmp_path, f"stack{number}") for number in range(300))
    script = f"set -o pipefail; {ORGKEY} drift --merge {files} {arguments} | head -n 1 > /dev/null"
    run = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert (tmp_path / "kept.json").exists() is ("kept" in arguments)


@pytest.mark.parametrize("arguments", ["--help", "drift --help", "--version"])
def test_help_too_may_be_read_in_part(tmp_path: Path, arguments: str) -> None:
    script = f"set -o pipefail; {ORGKEY} {arguments} | true"
    run = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


def test_a_closed_stdout_is_said_so_before_anything_is_asked(tmp_path: Path) -> None:
    script = f"{ORGKEY} drift --merge {written(tmp_path, 'uat')} --format json >&-"
    run = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "stdout is closed" in run.stderr


@pytest.mark.parametrize(
    "arguments", ["drift --merge {} --format json", "drift --no-such-option", "drift --format png"]
)
def test_a_closed_stderr_keeps_no_report_back_and_changes_no_exit_code(tmp_path: Path, arguments: str) -> None:
    script = f"{ORGKEY} {arguments.format(written(tmp_path, 'uat'))} 2>&-"
    run = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == (0 if "merge" in arguments else 2)
    if "merge" in arguments:
        assert json.loads(run.stdout)["stacks"][0]["stack"] == "uat"


@pytest.mark.parametrize("name", ["Pulumi.yaml", "Pulumi.uat.yaml", "Pulumi.uat.yml", "Pulumi.uat.json"])
def test_a_report_is_not_written_over_a_project_or_a_stack(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("config: {}\n")
    run = subprocess.run(
        [ORGKEY, "drift", "--merge", written(tmp_path, "uat"), f"--format=json={name}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "is Pulumi's own" in run.stderr
    assert (tmp_path / name).read_text() == "config: {}\n"

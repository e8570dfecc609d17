"""The command `orgkey`: usage, exit codes, and reports that are put together."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click
import pytest

from orgkey.cli.main import COMMANDS
from orgkey.cli.main import orgkey as the_command
from orgkey.fleet.findings import Code, Severity
from orgkey.fleet.report import Finding, Report, StackReport, Verdict
from tests.forked import INSTALLED, commands
from tests.waiting import ending, until

ORGKEY = str(INSTALLED / "orgkey")


def orgkey(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([commands() / "orgkey", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def written(folder: Path, stack: str, severity: Severity | None = None) -> str:
    """A report in a file, as another machine would leave it."""
    found = (
        (
            Finding(
                code=Code.SETTING_CHANGED, severity=severity, path="app.label", summary="label is other", remedy="up"
            ),
        )
        if severity
        else ()
    )
    verdict = Verdict.DRIFT if found else Verdict.IN_SYNC
    report = Report(
        made_at=datetime(2026, 11, 24, tzinfo=UTC),
        seconds=1,
        stacks=(StackReport(project="p", stack=stack, verdict=verdict, findings=found),),
    )
    file = folder / f"{stack}.json"
    file.write_text(report.model_dump_json())
    return str(file)


def test_reports_of_several_jobs_are_put_together_without_an_engine_or_a_project(tmp_path: Path) -> None:
    files = [written(tmp_path, "uat", Severity.MEDIUM), written(tmp_path, "dev")]
    merged = orgkey("drift", "--merge", *files, "--format=json", folder=tmp_path)
    assert (merged.returncode, merged.stderr) == (1, "")
    assert [each["stack"] for each in json.loads(merged.stdout)["stacks"]] == ["dev", "uat"]
    assert orgkey("drift", "--merge", *files, "--fail-on=high", folder=tmp_path).returncode == 0


@pytest.mark.parametrize("arrived", [["uat"], []])
def test_a_job_that_left_no_report_could_not_tell(tmp_path: Path, arrived: list[str]) -> None:
    (tmp_path / "stacks.json").write_text(
        json.dumps([{"project": "p", "stack": "uat"}, {"project": "p", "stack": "dev"}])
    )
    files = [written(tmp_path, name) for name in arrived]
    merged = orgkey("drift", "--merge", *files, "--expected=stacks.json", folder=tmp_path)
    assert merged.returncode == 2
    assert "No report of this stack has arrived." in merged.stdout


def test_several_formats_go_to_their_files_and_one_to_stdout(tmp_path: Path) -> None:
    arguments = ["--format=markdown", "--format=html=out.html", "--format=junit=out.xml"]
    merged = orgkey("drift", "--merge", written(tmp_path, "uat"), *arguments, folder=tmp_path)
    assert merged.returncode == 0
    assert merged.stdout.startswith("### orgkey drift: 1 stack: 1 in sync")
    assert (tmp_path / "out.html").stat().st_size > 0
    assert (tmp_path / "out.xml").read_text().startswith("<?xml")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format=pdf"], "'pdf' is no format; there are: text, json, junit, markdown, html."),
        (["--format=json", "--format=text"], "Only one --format can go to stdout"),
        (["--merge"], "--merge needs the JSON reports"),
        (["--jobs=0"], "0 is not in the range"),
        (["--fail-on=awful"], "'awful' is not one of"),
        (["--stack=uat"], "There is no Pulumi.yaml"),
    ],
)
def test_wrong_usage_is_said_so_and_could_not_tell(tmp_path: Path, arguments: list[str], said: str) -> None:
    result = orgkey("drift", *arguments, folder=tmp_path)
    assert result.returncode == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_every_contradiction_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]")
    result = orgkey("drift", "--expected=x.json", "--format=json", "--format=text", "x.json", folder=tmp_path)
    assert result.returncode == 2
    for said in ("Only one --format", "FILES are for --merge", "--expected is for --merge"):
        assert said in result.stderr


def broken(folder: Path) -> dict[str, str]:
    """Files that are no reports, and what is said of each."""
    (folder / "empty.json").write_text("")
    (folder / "other.json").write_text("{}")
    (folder / "utf16.json").write_text("{}", encoding="utf-16")
    (folder / "folder.json").mkdir()
    whole = Path(written(folder, "whole", Severity.LOW)).read_text()
    (folder / "cut.json").write_text(whole[: len(whole) // 2])
    (folder / "deep.json").write_text("[" * 100_000)
    no_report = "is no report of `orgkey drift --format json` of version 2 or older"
    return {
        "empty.json": no_report,
        "other.json": no_report,
        "utf16.json": "is no UTF-8",
        "folder.json": "cannot be read: Is a directory",
        "cut.json": no_report,
        "deep.json": no_report,
        "missing.json": "cannot be read: No such file or directory",
    }


def test_a_file_that_is_no_report_could_not_be_told_and_the_others_are_put_together(tmp_path: Path) -> None:
    reasons = broken(tmp_path)
    good = [written(tmp_path, "uat", Severity.MEDIUM), written(tmp_path, "dev")]
    merged = orgkey("drift", "--merge", *reasons, *good, "--format=json", folder=tmp_path)
    assert (merged.returncode, merged.stderr) == (2, "")
    stacks = {each["stack"]: each for each in json.loads(merged.stdout)["stacks"]}
    assert {name for name in stacks if stacks[name]["verdict"] != "could not tell"} == {"uat", "dev"}
    for name, reason in reasons.items():
        assert reason in stacks[name]["unknown"][0]["reason"]
        assert name in stacks[name]["unknown"][0]["reason"]
        assert stacks[name]["commands"] == []


@pytest.mark.parametrize("name", ["cut.json", "missing.json"])
def test_where_no_file_is_a_report_there_is_a_summary_all_the_same(tmp_path: Path, name: str) -> None:
    broken(tmp_path)
    merged = orgkey("drift", "--merge", name, folder=tmp_path)
    assert (merged.returncode, merged.stderr) == (2, "")
    assert merged.stdout.startswith("orgkey drift: 1 stack: 1 could not tell")
    assert name in merged.stdout


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"project": "p"}]'])
def test_a_list_of_expected_stacks_that_is_none_could_not_be_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "stacks.json").write_text(text)
    merged = orgkey("drift", "--merge", written(tmp_path, "uat"), "--expected=stacks.json", folder=tmp_path)
    assert merged.returncode == 2
    assert "is not what `orgkey stacks --json` prints" in " ".join(merged.stdout.split())


def test_a_terminal_of_another_encoding_gets_the_report_all_the_same(tmp_path: Path) -> None:
    result = subprocess.run(
        [ORGKEY, "drift", "--merge", written(tmp_path, "uat"), "--format=markdown"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert b"? in sync: `uat`" in result.stdout


@pytest.fixture
def hanging(tmp_path: Path) -> Path:
    """A project with one stack, and in place of `pulumi` something that lists it and then hangs."""
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (tmp_path / "Pulumi.uat.yaml").write_text("config:\n  salesforce:instanceUrl: https://a.my.salesforce.com\n")
    file = tmp_path / "bin" / "pulumi"
    file.parent.mkdir()
    file.write_text(
        f"""#!/bin/sh\n[ "$1" = stack ] && echo '[{{"name": "uat"}}]' && exit\ntouch {tmp_path}/begun\nexec sleep 60\n"""
    )
    file.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_everything_at_once(hanging: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [ORGKEY, "drift"],
        cwd=hanging,
        env={**os.environ, "PATH": f"{hanging / 'bin'}:{os.environ['PATH']}", "FORCE_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(signal.signal, number, signal.SIG_DFL),  # noqa: PLW1509 — a shell's background job ignores SIGINT
    )
    with ending(process):
        until(lambda: (hanging / "begun").exists() or process.poll() is not None, "the engine begins")
        interrupted = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert time.monotonic() - interrupted < 5
    assert (process.returncode, out, err.strip()) == (130, "", "orgkey: stopped")


def test_an_engine_that_hangs_is_given_up_when_its_time_is_over(hanging: Path) -> None:
    path = f"{hanging / 'bin'}:{os.environ['PATH']}"
    run = subprocess.run(
        [ORGKEY, "drift", "--timeout=0.2", "--format=json"],
        cwd=hanging,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert json.loads(run.stdout)["stacks"][0]["unknown"] == [
        {"path": "", "reason": "No answer within 0.2 s.", "component": ""}
    ]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("exit 3", "pulumi ended with code 3"),
        ("echo not json", "not json"),
        ("""echo '{"steps": []}'; exit 3""", "pulumi ended with code 3"),
        ("""echo '{"steps": [{}]}'""", "the engine's answer cannot be read (KeyError)"),
    ],
)
def test_an_engine_that_says_nothing_useful_could_not_tell(hanging: Path, answer: str, reason: str) -> None:
    file = hanging / "bin" / "pulumi"
    file.write_text(file.read_text().split("touch")[0] + answer + "\n")
    run = subprocess.run(
        [ORGKEY, "drift", "--format=json"],
        cwd=hanging,
        env={**os.environ, "PATH": f"{hanging / 'bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2, run.stderr
    unknown = json.loads(run.stdout)["stacks"][0]["unknown"]
    assert [each["reason"].splitlines()[-1] for each in unknown] == [reason]


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 200_000, "\ufeff", "\x00", '"text"', "null", "1e999"])
def test_a_file_of_any_other_shape_takes_no_report_along(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.json").write_text(text, encoding="utf-8")
    merged = orgkey("drift", "--merge", "odd.json", written(tmp_path, "uat"), "--expected=odd.json", folder=tmp_path)
    assert (merged.returncode, merged.stderr) == (2, "")
    assert "orgkey drift: 3 stacks: 1 in sync, 2 could not tell" in " ".join(merged.stdout.split())


def test_a_file_that_is_named_like_a_stack_takes_its_place_in_no_report(tmp_path: Path) -> None:
    good = written(tmp_path, "uat")
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "uat").write_text("no report")
    merged = orgkey("drift", "--merge", good, "uat", "--format=json", folder=tmp_path / "p")
    rows = [(each["stack"], each["verdict"]) for each in json.loads(merged.stdout)["stacks"]]
    assert sorted(rows) == [("uat", "could not tell"), ("uat", "in sync")]


@pytest.mark.parametrize("days", ["36501", "99999999999999999999", "-1", "1.5", "nan", "soon"])
def test_a_certificate_cannot_be_looked_at_beyond_what_dates_hold(tmp_path: Path, days: str) -> None:
    told = orgkey("drift", f"--expiring-within={days}", folder=tmp_path)
    assert told.returncode == 2
    assert "--expiring-within" in told.stderr
    assert "Traceback" not in told.stderr


def test_the_list_of_commands_says_of_each_what_its_own_help_says() -> None:
    context = click.Context(the_command)
    told = {name: the_command.get_command(context, name) for name in the_command.list_commands(context)}
    assert {name: command and command.get_short_help_str(limit=200).rstrip(".") for name, command in told.items()} == {
        name: text.rstrip(".") for name, text in COMMANDS.items()
    }


def test_the_list_of_commands_needs_none_of_their_libraries() -> None:
    program = (
        "import sys; from orgkey.cli.main import main; main(['--help']);"
        "print([each for each in ('requests', 'lxml', 'cryptography', 'pulumi', 'grpc', 'pydantic', 'rich') if each in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.splitlines()[-1] == "[]"

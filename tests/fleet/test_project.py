"""The project, its stacks and what their files say of the org; with a stand-in for the engine's answers where none is asked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orgkey.fleet.engine import Engine, EngineError, EngineTimeoutError, find_engine
from orgkey.fleet.project import (
    Project,
    ProjectError,
    Stack,
    StackFileError,
    connection_config,
    find_project,
    instance_url,
)

SECRET = "v1:abc:def"


def engine_that(folder: Path, script: str) -> Engine:
    """An executable in place of `pulumi`."""
    file = folder / "pulumi"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return Engine(str(file), dict(os.environ))


def project_in(folder: Path) -> Project:
    return Project("p", folder, "python", folder)


def stack_file(folder: Path, text: str) -> Stack:
    file = folder / "Pulumi.uat.yaml"
    file.write_text(text)
    return Stack("p", "uat", file)


def test_the_project_is_found_from_a_folder_within_it(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert find_project(tmp_path / "a" / "b") == project_in(tmp_path)


def test_a_runtime_may_have_options(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: {name: python, options: {virtualenv: .venv}}\n")
    assert find_project(tmp_path).runtime == "python"


@pytest.mark.parametrize("text", ["name: [", "runtime: python", "- 1", ""])
def test_a_project_file_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(text)
    with pytest.raises(ProjectError, match=r"Pulumi.yaml cannot be read"):
        find_project(tmp_path)


def test_outside_of_a_project_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"no Pulumi\.yaml in"):
        find_project(tmp_path)


@pytest.mark.parametrize(
    ("patterns", "chosen"),
    [
        ((), ["dev", "prod", "uat"]),
        (("u*",), ["uat"]),
        (("prod", "dev"), ["dev", "prod"]),
        (("acme/*",), ["prod"]),
    ],
)
def test_stacks_are_chosen_by_globs_over_their_short_and_full_names(
    tmp_path: Path, patterns: tuple[str, ...], chosen: list[str]
) -> None:
    engine = engine_that(tmp_path, """echo '[{"name": "uat"}, {"name": "dev"}, {"name": "acme/p/prod"}]'""")
    stacks = project_in(tmp_path).stacks(engine, patterns)
    assert [each.name for each in stacks] == chosen
    assert [each.file.name for each in stacks] == [f"Pulumi.{name}.yaml" for name in chosen]


def test_stacks_of_two_organizations_keep_their_full_names_where_the_short_one_is_shared(tmp_path: Path) -> None:
    engine = engine_that(tmp_path, """echo '[{"name": "a/p/uat"}, {"name": "b/p/uat"}, {"name": "a/p/dev"}]'""")
    assert [each.name for each in project_in(tmp_path).stacks(engine)] == ["dev", "a/p/uat", "b/p/uat"]


def test_stack_files_are_where_the_project_says_and_may_end_in_yml(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text(
        "name: p\nruntime: python\nstackConfigDir: stacks\nconfig: {salesforce:x: 1}\n"
    )
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.uat.yml").write_text("config: {}\n")
    project = find_project(tmp_path)
    assert project == Project("p", tmp_path, "python", tmp_path / "stacks", has_config=True, config={"salesforce:x": 1})
    (stack,) = project.stacks(engine_that(tmp_path, """echo '[{"name": "uat"}]'"""))
    assert stack.file == tmp_path / "stacks" / "Pulumi.uat.yml"


def test_a_name_that_fits_no_stack_is_an_error_with_those_there_are(tmp_path: Path) -> None:
    engine = engine_that(tmp_path, """echo '[{"name": "uat"}]'""")
    with pytest.raises(ProjectError, match=r"No stack is named prod\.\nThere are: uat\."):
        project_in(tmp_path).stacks(engine, ["prod"])
    with pytest.raises(ProjectError, match="has no stack on this backend"):
        project_in(tmp_path).stacks(engine_that(tmp_path, "echo '[]'"))


def test_a_stack_that_has_a_file_alone_is_told_how_to_be_made(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    (project.config_folder / "Pulumi.asked.yaml").write_text("config: {}\n")
    hint = r"\nPulumi\.asked\.yaml is there, and its stack is not on this backend: `pulumi stack init asked` makes it"
    for listed in ("[]", '[{"name": "uat"}]'):
        for pattern in ("asked", "ask*"):
            with pytest.raises(ProjectError, match=hint):
                project.stacks(engine_that(tmp_path, f"echo '{listed}'"), [pattern])
    with pytest.raises(ProjectError, match=r"There are: uat\.$"):
        project.stacks(engine_that(tmp_path, """echo '[{"name": "uat"}]'"""), ["prod"])


def test_settings_come_from_the_file_as_the_engine_would_hand_them_over(tmp_path: Path) -> None:
    stack = stack_file(
        tmp_path,
        "config:\n  salesforce:instanceUrl: https://a.my.salesforce.com\n  salesforce:validateOnPreview: true\n"
        "  salesforce:credentials: {sfAlias: x}\n  orgkey:users: [a]\n",
    )
    asked_of_nobody = engine_that(tmp_path, "exit 1")
    assert connection_config(project_in(tmp_path), stack, asked_of_nobody, seconds=9) == {
        "salesforce:instanceUrl": "https://a.my.salesforce.com",
        "salesforce:validateOnPreview": "true",
        "salesforce:credentials": '{"sfAlias": "x"}',
    }
    assert instance_url(stack) == "https://a.my.salesforce.com"


def test_only_a_secret_among_them_is_the_engines_to_open(tmp_path: Path) -> None:
    stack = stack_file(tmp_path, f"config:\n  salesforce:credentials: {{accessToken: {{secure: {SECRET}}}}}\n")
    engine = engine_that(
        tmp_path, """echo '{"salesforce:credentials": {"value": "{}"}, "orgkey:users": {"value": "[]"}}'"""
    )
    assert connection_config(project_in(tmp_path), stack, engine, seconds=9) == {"salesforce:credentials": "{}"}
    locked = engine_that(tmp_path, "echo 'error: incorrect passphrase' >&2; exit 1")
    with pytest.raises(EngineError, match="incorrect passphrase"):
        connection_config(project_in(tmp_path), stack, locked, seconds=9)


def test_settings_that_may_come_from_elsewhere_are_the_engines_to_tell(tmp_path: Path) -> None:
    engine = engine_that(tmp_path, """echo '{"salesforce:instanceUrl": {"value": "https://x"}}'""")
    of_an_environment = stack_file(tmp_path, "environment: [acme/uat]\n")
    assert connection_config(project_in(tmp_path), of_an_environment, engine, seconds=9) == {
        "salesforce:instanceUrl": "https://x"
    }
    of_the_project = Project("p", tmp_path, "python", tmp_path, has_config=True)
    stack = stack_file(tmp_path, "config:\n  orgkey:users: [a]\n")
    assert connection_config(of_the_project, stack, engine, seconds=9) == {"salesforce:instanceUrl": "https://x"}


def test_a_value_that_json_does_not_know_is_text(tmp_path: Path) -> None:
    stack = stack_file(tmp_path, "config:\n  salesforce:expectedOrgId: 2026-01-01\n")
    read = connection_config(project_in(tmp_path), stack, engine_that(tmp_path, "exit 1"), seconds=9)
    assert read == {"salesforce:expectedOrgId": '"2026-01-01"'}


def test_a_file_in_another_encoding_is_said_so(tmp_path: Path) -> None:
    stack = stack_file(tmp_path, "")
    stack.file.write_bytes("config: {}  # M\u00fcll".encode("latin-1"))
    with pytest.raises(StackFileError, match="is no YAML: UnicodeDecodeError"):
        connection_config(project_in(tmp_path), stack, engine_that(tmp_path, "exit 1"), seconds=9)
    assert instance_url(stack) == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("config: [", r"is no YAML: .* in line \d"),
        ("config:\n  a: 2026-13-45", r"is no YAML: ValueError"),
        ("a: b", r"has no salesforce:\* settings"),
        ("- 1", r"has no salesforce:\* settings"),
        ("config: 1", r"has no salesforce:\* settings"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_shows_nothing_of_itself(
    tmp_path: Path, text: str, reason: str
) -> None:
    stack = stack_file(tmp_path, text)
    with pytest.raises(StackFileError, match=reason):
        connection_config(project_in(tmp_path), stack, engine_that(tmp_path, "exit 1"), seconds=9)
    assert instance_url(stack) == ""


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StackFileError, match=r"Pulumi\.uat\.yaml cannot be read: No such file"):
        connection_config(
            project_in(tmp_path), Stack("p", "uat", tmp_path / "Pulumi.uat.yaml"), engine_that(tmp_path, ""), seconds=9
        )


def test_an_engine_that_fails_speaks_for_itself(tmp_path: Path) -> None:
    engine = engine_that(tmp_path, "echo noise >&2; echo 'error: the stack is currently locked' >&2; exit 255")
    with pytest.raises(EngineError, match=r"^the stack is currently locked$"):
        engine.answer(["stack", "ls"], folder=tmp_path)
    with pytest.raises(EngineError, match="ended with code 3"):
        engine_that(tmp_path, "exit 3").answer([], folder=tmp_path)


def test_an_engine_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    engine = engine_that(tmp_path, f"sleep 60 & echo $! > {tmp_path}/child; wait")
    with pytest.raises(EngineTimeoutError, match=r"within 0\.3 s"):
        engine.answer([], folder=tmp_path, seconds=0.3)
    child = Path("/proc") / (tmp_path / "child").read_text().strip()
    assert not child.exists() or "Z" in (child / "stat").read_text().split()[2]


def test_without_pulumi_on_path_it_is_said_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no `pulumi` on PATH"):
        find_engine({"PATH": str(tmp_path)})

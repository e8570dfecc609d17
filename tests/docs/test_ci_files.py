"""docs/ci is what it says it is: its files by the schemas and linters that others publish for them.

That the scripts work is in test_ci_runs.py. No registry has the operator's CRDs; ORGKEY_OPERATOR_CRDS can name a folder with them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import indent
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from tests.docs.pipelines import CI
from tests.program.stack import PROJECT
from toolchain.build import read_pin

TOOLS = Path(sys.executable).parent
CRDS = "ORGKEY_OPERATOR_CRDS"
FILES = sorted(CI.glob("*.y*ml"))
WORKFLOWS = sorted(CI.glob("github-*.yml"))


def accepted(*command: str | Path, said: str | None = None) -> None:
    """Fail with what a linter printed unless it has nothing to say."""
    path = f"{TOOLS}{os.pathsep}{os.environ['PATH']}"  # actionlint asks the shellcheck it finds there
    run = subprocess.run(
        [str(part) for part in command],
        input=said,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def scripts(node: Any) -> Iterator[str]:
    """The shell in a file: of GitHub's `run`, of GitLab's `script` and `before_script`, of a container's `args`."""
    if isinstance(node, list):
        for each in node:
            yield from scripts(each)
    elif isinstance(node, Mapping):
        for name, value in node.items():
            if name in {"script", "before_script"}:
                yield "\n".join(value)
            elif name == "run" and isinstance(value, str):
                yield value
            elif name == "args" and "bash" in node.get("command", ()):
                yield from value
            else:
                yield from scripts(value)


def documents(file: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(file.read_text()))


def kubernetes_objects(*, operators: bool) -> list[dict[str, Any]]:
    every = documents(CI / "pulumi-operator.yaml")
    return [each for each in every if each["apiVersion"].startswith("pulumi.com/") is operators]


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        *((each.name, "vendor.github-workflows") for each in WORKFLOWS),
        *((each.name, "vendor.gitlab-ci") for each in FILES if each.name.startswith("gitlab")),
    ],
)
def test_a_pipeline_fits_the_schema_of_its_service(name: str, schema: str) -> None:
    accepted(TOOLS / "check-jsonschema", "--builtin-schema", schema, CI / name)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_actionlint_finds_nothing_in_the_workflow(file: Path, actionlint: Path) -> None:
    accepted(actionlint, "-no-color", file)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_zizmor_finds_nothing_unsafe_in_the_workflow(file: Path) -> None:
    accepted(TOOLS / "zizmor", "--offline", file)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_actions_are_named_by_commit_one_for_each_in_all_files(file: Path) -> None:
    named = dict(re.findall(r"uses: (\S+)@(\S+)", "".join(each.read_text() for each in WORKFLOWS)))
    found = re.findall(r"uses: (\S+)@(\S+) # v\d+\.\d+\.\d+(?:;|$)", file.read_text(), re.MULTILINE)
    assert found
    assert len(found) == file.read_text().count("uses: ")
    assert all(re.fullmatch(r"[0-9a-f]{40}", commit) and named[action] == commit for action, commit in found)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_shellcheck_finds_nothing_in_the_scripts(file: Path) -> None:
    found = list(scripts(documents(file)))
    assert found
    for script in found:
        accepted(TOOLS / "shellcheck", "--shell=bash", "-", said=script)


def test_kubernetes_knows_every_field_of_its_own_objects() -> None:
    objects = kubernetes_objects(operators=False)
    assert {each["kind"] for each in objects} == {"ServiceAccount", "ClusterRoleBinding", "CronJob"}
    for each in objects:
        kubernetes_validate.validate(each, kubernetes_validate.latest_version(), strict=True)


def test_the_operators_crd_knows_every_field_of_the_stack() -> None:
    folder = os.environ.get(CRDS)
    if folder is None:
        pytest.skip(f"no registry has the operator's CRDs; with its deploy/crds of v2.9.0 in {CRDS} they are asked")
    crd = yaml.safe_load((Path(folder) / "pulumi.com_stacks.yaml").read_text())
    (stack,) = kubernetes_objects(operators=True)
    version = next(each for each in crd["spec"]["versions"] if each["name"] == stack["apiVersion"].partition("/")[2])
    schema = closed(version["schema"]["openAPIV3Schema"])
    schema["properties"]["metadata"] = {"type": "object"}  # Kubernetes' own; a CRD does not say what is in it
    jsonschema.validate(stack, schema)
    stack["spec"]["workspaceTemplate"]["spec"]["invented"] = 1
    with pytest.raises(jsonschema.ValidationError, match="invented"):
        jsonschema.validate(stack, schema)


def closed(schema: Any) -> Any:
    """The schema as an API server applies it to strict clients: what it does not name is refused."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: closed(value) for name, value in schema.items()}
    if isinstance(told.get("properties"), dict) and "x-kubernetes-preserve-unknown-fields" not in told:
        told.setdefault("additionalProperties", False)
    return told


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_packages_are_those_that_make_installs(file: Path) -> None:
    recipe = (PROJECT / "Makefile").read_text().partition(".venv/.run:")[2].partition(".venv/.dev:")[0]
    installing = [line for line in recipe.splitlines() if "-m pip install" in line]
    wanted = [pip_arguments(line) for line in installing if "local-org" not in line]  # which no pipeline needs
    assert len(wanted) == 2
    installing = [script for script in scripts(documents(file)) if "-m pip install" in script]
    assert installing
    for script in installing:
        assert [pip_arguments(line) for line in script.splitlines() if "-m pip install" in line] == wanted


def pip_arguments(line: str) -> list[str]:
    quiet = {"--quiet", "--disable-pip-version-check"}
    return [each for each in line.partition("-m pip install")[2].split() if each not in quiet]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_engine_is_the_one_that_this_project_is_tested_with(file: Path) -> None:
    named = re.findall(r"pulumi-version: (\S+)|pulumi/pulumi[\w.-]*:([\d.]+)", file.read_text())
    assert {"v" + (action or image) for action, image in named} == {read_pin().version}


def snippets(of: str) -> list[str]:
    """The examples in the guide that begin like this."""
    text = (PROJECT / "docs" / "guides" / "pipelines.md").read_text()
    return [each for each in re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL) if each.startswith(of)]


@pytest.mark.parametrize("step", snippets("- uses"), ids=lambda step: step.split("@")[0])
def test_a_workflow_that_logs_in_to_a_cloud_as_the_guide_says_passes_too(
    step: str, actionlint: Path, tmp_path: Path
) -> None:
    for name, before in (("preview", "      - name: Preview\n"), ("up", "      - name: Up\n")):
        text = (CI / f"github-actions-{name}.yml").read_text()
        job, place, rest = text.partition(before)
        allowed = re.sub(
            r"(contents: read) # and `id-token: write`, where backend or KMS.*", r"\1\n      id-token: write", job
        )
        assert place
        assert allowed != job
        file = tmp_path / f"{name}.yml"
        file.write_text(allowed + indent(step, " " * 6) + place + rest)
        accepted(actionlint, "-no-color", file)
        accepted(TOOLS / "zizmor", "--offline", file)
        accepted(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", file)


@pytest.mark.parametrize("snippet", snippets(".up"), ids=range(4))
def test_a_pipeline_that_logs_in_to_a_cloud_as_the_guide_says_passes_too(snippet: str, tmp_path: Path) -> None:
    jobs = yaml.safe_load((CI / "gitlab-ci-deploy-jobs.yml").read_text())
    added = yaml.safe_load(snippet)[".up"]
    before = [*jobs[".up"]["before_script"], *added.pop("before_script")]
    jobs[".up"] |= {**added, "before_script": before}
    file = tmp_path / "jobs.yml"
    file.write_text(yaml.safe_dump(jobs, sort_keys=False))
    accepted(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", file)
    accepted(TOOLS / "shellcheck", "--shell=bash", "-", said="\n".join([*before, *jobs[".up"]["script"]]))

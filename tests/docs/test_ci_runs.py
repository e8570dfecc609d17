"""docs/ci works: its scripts, run as the services run them, with the real `pulumi` against two orgs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.breakages import SET, add_a_user
from tests.docs.pipelines import CI, Checkout, GitLab, Pipeline
from tests.landscape import Org

pytestmark = pytest.mark.program


@contextmanager
def one_user_too_many(org: Org) -> Iterator[str]:
    """What somebody else does in an org; put back at the end."""
    user = org.user("devops")
    add_a_user(org)
    try:
        yield user
    finally:
        org.unassign(SET, user)


def test_orgs_in_sync_end_the_pipeline_well(pipeline: Pipeline) -> None:
    outcome = pipeline.run()
    assert (outcome.looks, outcome.report) == ({"dev": 0, "uat": 0}, 0), outcome.log
    assert "2 stacks: 2 in sync" in outcome.markdown
    assert {"drift.html", "drift.xml"} <= set(outcome.kept)


def test_drift_in_one_org_fails_its_job_and_the_report_which_names_it_and_no_secret(
    pipeline: Pipeline, checkout: Checkout, orgs: dict[str, Org]
) -> None:
    with one_user_too_many(orgs["uat"]):
        outcome = pipeline.run()
    assert (outcome.looks, outcome.report) == ({"dev": 0, "uat": 1}, 1), outcome.log
    assert "1 in sync, 1 drift" in outcome.markdown
    assert "`uat`" in outcome.markdown
    assert "devops" in outcome.markdown
    assert b"devops" in outcome.kept["drift.html"]
    secrets = [checkout.passphrase, *(org.auth_url for org in orgs.values())]
    told = outcome.log + outcome.markdown + "".join(map(repr, outcome.kept.values()))
    assert not [secret for secret in secrets if secret in told]


def test_a_job_that_died_is_an_org_that_could_not_be_told_beside_what_the_others_found(
    pipeline: Pipeline, orgs: dict[str, Org]
) -> None:
    with one_user_too_many(orgs["uat"]):
        outcome = pipeline.run(dying=["dev"])
    assert (outcome.looks, outcome.report) == ({"uat": 1}, 2), outcome.log
    assert "1 drift, 1 could not tell" in outcome.markdown
    assert "No report of this stack has arrived" in outcome.markdown
    assert "devops" in outcome.markdown


def test_the_report_is_there_also_when_every_job_died(pipeline: Pipeline) -> None:
    outcome = pipeline.run(dying=["dev", "uat"])
    assert (outcome.looks, outcome.report) == ({}, 2), outcome.log
    assert "2 could not tell" in outcome.markdown


def test_the_pipeline_that_gitlab_is_given_fits_its_schema(checkout: Checkout, tmp_path: Path) -> None:
    pipeline = GitLab(checkout, tmp_path)
    pipeline.run(dying=["dev", "uat"])
    made = (tmp_path / "stacks" / "look.yml").read_text()
    for name, content in (("made", made), ("whole", json.dumps(pipeline.child(made)))):
        file = tmp_path / f"{name}.yml"
        file.write_text(content)
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(file)]
        checked = subprocess.run(command, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout


def test_the_cron_job_looks_at_every_org_and_fails_on_drift(
    checkout: Checkout, orgs: dict[str, Org], tmp_path: Path
) -> None:
    container = operator_object("CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    assert {each["name"] for each in container["env"]} == {"PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE"}
    environment = pulumi_environment(checkout, tmp_path)
    folder = checkout.copy(tmp_path / "orgkey")
    for name, org in orgs.items():  # one pod sees all orgs, so each stack file names a variable of its own
        environment[f"AUTH_{name}"] = org.auth_url
        file = folder / f"Pulumi.{name}.yaml"
        file.write_text(file.read_text().replace("SFDX_AUTH_URL", f"AUTH_{name}"))
    command = [*container["command"], *container["args"]]
    assert subprocess.run(command, cwd=folder, env=environment, check=False, timeout=120).returncode == 0
    with one_user_too_many(orgs["uat"]):
        run = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    assert run.returncode == 1
    assert "devops" in run.stdout


def test_what_the_operator_runs_for_the_stack_fails_on_drift_and_changes_nothing(
    checkout: Checkout, orgs: dict[str, Org], tmp_path: Path
) -> None:
    spec = operator_object("Stack")["spec"]
    assert spec["preview"]
    assert spec["refresh"]
    assert spec["updateTemplate"]["spec"]["expectNoChanges"]
    environment = {**pulumi_environment(checkout, tmp_path), "SFDX_AUTH_URL": orgs["uat"].auth_url}
    command = ["pulumi", "preview", "--non-interactive", "--stack", spec["stack"], "--refresh", "--expect-no-changes"]
    folder = checkout.copy(tmp_path / "orgkey")

    def preview() -> int:
        return subprocess.run(command, cwd=folder, env=environment, check=False, timeout=120).returncode

    assert preview() == 0
    with one_user_too_many(orgs["uat"]) as user:
        assert preview() != 0
        assert user in orgs["uat"].holders(SET)


def operator_object(kind: str) -> dict[str, Any]:
    documents = yaml.safe_load_all((CI / "pulumi-operator.yaml").read_text())
    return next(each for each in documents if each["kind"] == kind)


def pulumi_environment(checkout: Checkout, home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "PATH": f"{checkout.engine}:/usr/bin:/bin",
        "PULUMI_BACKEND_URL": checkout.backend,
        "PULUMI_CONFIG_PASSPHRASE": checkout.passphrase,
        "PULUMI_SKIP_UPDATE_CHECK": "1",
    }

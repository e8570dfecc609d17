"""The pipelines of docs/ci for requests and merges work: their scripts, run as the services run them, with the real `pulumi`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
import yaml

from orgkey.identity.key_pair import generate_key
from tests.docs.deploys import HANDOVER, KEY, TOKEN, Deploys, GitHubDeploys, GitLabDeploys, Run, Service
from tests.docs.pipelines import CI, Checkout
from tests.landscape import Org

pytestmark = pytest.mark.program

SET = "CI_Integration_Access"
Branch = Callable[..., Deploys]


@pytest.fixture(params=[GitHubDeploys, GitLabDeploys], ids=["github", "gitlab"])
def branch(
    request: pytest.FixtureRequest, checkout: Checkout, orgs: dict[str, Org], service: Service, tmp_path: Path
) -> Iterator[Branch]:
    """A push whose commit changed these files."""
    numbers = count()
    with service.api() as api:

        def pushed(changed: Mapping[str, str] = {}) -> Deploys:
            machine = {"CURL_CA_BUNDLE": orgs["uat"].ca_bundle}
            made: Deploys = request.param(checkout, tmp_path / str(next(numbers)), changed, machine, service, api)
            return made

        yield pushed


@pytest.fixture
def service(checkout: Checkout, orgs: dict[str, Org], tmp_path: Path) -> Service:
    secrets: dict[str, dict[str, str]] = {"preview-note": {"GITLAB_TOKEN": TOKEN}}
    for name, org in orgs.items():
        own = {"SFDX_AUTH_URL": org.auth_url, "PULUMI_CONFIG_PASSPHRASE": checkout.passphrase}
        secrets |= {name: {**own, "HANDOVER_TOKEN": HANDOVER}, f"{name}-preview": own}
    return Service(tmp_path / "service", secrets)


def with_users(checkout: Checkout, *users: str) -> dict[str, str]:
    """The stack file of uat, with other users."""
    file = yaml.safe_load((checkout.folder / "Pulumi.uat.yaml").read_text())
    file["config"]["orgkey:users"] = list(users)
    return {"Pulumi.uat.yaml": yaml.safe_dump(file)}


def no_secret_in(text: str, checkout: Checkout, orgs: Mapping[str, Org]) -> None:
    secrets = [checkout.passphrase, TOKEN, HANDOVER, "PRIVATE KEY", *(org.auth_url for org in orgs.values())]
    assert not [secret for secret in secrets if secret in text]


def test_a_request_gets_one_comment_that_is_changed_in_place_and_tells_no_secret(
    branch: Branch, service: Service, checkout: Checkout, orgs: dict[str, Org]
) -> None:
    for number in range(120):  # more than a page of other people's, one of whom knows our mark
        service.comment("somebody", f"<!-- orgkey preview -->\n{number}")
    ours = len(service.comments)
    run = branch(with_users(checkout, orgs["uat"].user("ci"), orgs["uat"].user("devops"))).request()
    assert set(run.jobs.values()) == {0}, run.log
    (comment,) = service.comments[ours:]
    assert "**Preview of 2 stacks: all well**" in comment["body"]
    assert orgs["uat"].user("devops") in comment["body"]
    assert "abc123" in comment["body"]
    no_secret_in(run.log + comment["body"] + "".join(map(repr, run.kept.values())), checkout, orgs)
    branch().request(dying=["dev"])
    assert len(service.comments) == ours + 1
    assert orgs["uat"].user("devops") not in comment["body"]
    assert orgs["uat"].holders(SET) == [orgs["uat"].user("ci")]


def test_a_failing_preview_fails_its_job_and_the_comment_says_why_beside_what_the_others_say(
    branch: Branch, service: Service, checkout: Checkout
) -> None:
    run = branch(with_users(checkout, "nobody@acme.com")).request()
    (comment,) = service.comments
    assert [name for name, code in run.jobs.items() if code] == ["preview uat"]
    assert "1 failed" in comment["body"]
    assert "nobody@acme.com: no such" in comment["body"]
    assert "<details><summary><code>dev</code>: preview</summary>" in comment["body"]
    assert "<details open><summary><code>uat</code>: **preview failed**</summary>" in comment["body"]


def test_a_preview_whose_job_died_is_one_that_failed(branch: Branch, service: Service) -> None:
    branch().request(dying=["dev", "uat"])
    (comment,) = service.comments
    assert "2 failed" in comment["body"]
    assert "The job ended before the preview did" in comment["body"]


def test_a_forks_request_is_given_no_secret_runs_none_of_its_code_and_says_so(
    branch: Branch, service: Service, checkout: Checkout, tmp_path: Path
) -> None:
    run = branch({"__main__.py": f"open({str(tmp_path / 'ran')!r}, 'w')"}).request(fork=True)
    assert run.jobs == {"no-preview": 0}, run.log
    assert "No preview" in run.log
    assert service.comments == []
    assert not (tmp_path / "ran").exists()


def test_what_a_program_prints_of_its_secrets_is_not_in_the_comment(
    branch: Branch, service: Service, checkout: Checkout, orgs: dict[str, Org]
) -> None:
    program = (checkout.copy(branch().scratch / "read") / "__main__.py").read_text()
    shown = 'import os\nprint("SHOWN", os.environ["SFDX_AUTH_URL"], os.environ["PULUMI_CONFIG_PASSPHRASE"])\n'
    branch({"__main__.py": program.replace("import ", f"{shown}import ", 1)}).request(dying=["dev"])
    (comment,) = service.comments
    assert "SHOWN *** ***" in comment["body"]
    no_secret_in(comment["body"], checkout, orgs)


def test_a_merge_brings_every_org_up_hands_the_login_over_and_logs_in_with_it(
    branch: Branch, service: Service, checkout: Checkout, orgs: dict[str, Org]
) -> None:
    run = branch().merge()
    assert set(run.jobs.values()) == {0}, run.log
    assert {f"{job} {stack}" for job in ("up", "login") for stack in ("dev", "uat")} <= run.jobs.keys()
    for org in orgs.values():
        assert f"Logged in to {org.url} as {org.user('ci')}." in run.log
    assert run.kept == {}
    no_secret_in(run.log, checkout, orgs)
    if service.handed_over("uat-login", "secret"):  # GitHub, where a job of its own has nothing else
        assert "PRIVATE KEY" in service.handed_over("uat-login", "secret")[KEY]
        assert KEY not in service.handed_over("uat-login", "variable")
        assert service.handed_over("uat", "secret") == {}


def test_a_failing_up_fails_its_job_and_hands_nothing_over(
    branch: Branch, service: Service, checkout: Checkout
) -> None:
    run = branch(with_users(checkout, "nobody@acme.com")).merge()
    assert run.jobs["up uat"] != 0
    assert run.jobs["up dev"] == 0
    assert "nobody@acme.com: no such" in run.log
    assert service.handed_over("uat-login", "secret") == {}
    assert run.jobs.get("login uat") != 0
    assert run.jobs["login dev"] == 0


def test_a_refused_login_fails_its_job_in_the_orgs_words(
    checkout: Checkout, orgs: dict[str, Org], service: Service, tmp_path: Path
) -> None:
    github = yaml.safe_load((CI / "github-actions-up.yml").read_text())["jobs"]["login"]
    gitlab = yaml.safe_load((CI / "gitlab-ci-deploy-jobs.yml").read_text())[".login"]
    lines = [line for line in github["steps"][0]["run"].splitlines() if "::add-mask" not in line]
    assert lines[1:] == gitlab["script"][-1].splitlines()
    login = {
        "SF_INSTANCE_URL": orgs["uat"].url, "SF_AUDIENCE": orgs["uat"].url, "SF_USERNAME": orgs["uat"].user("ci"),
        "SF_CONSUMER_KEY": "3MVG9.of.nobody",
    }  # fmt: skip
    context = {"workflow": {}, "vars": login, "secrets": {KEY: generate_key(2048)}, "matrix": {"stack": "uat"}}
    pipeline = GitHubDeploys(checkout, tmp_path / "jobs", {}, {"CURL_CA_BUNDLE": orgs["uat"].ca_bundle}, service, "")
    run = Run()
    code, _ = pipeline._job(github, context, "login-uat", {}, run)
    assert code == 1
    assert f"The login of {orgs['uat'].user('ci')} was refused" in run.log
    assert "client identifier invalid" in run.log
    assert "PRIVATE KEY" not in run.log


def test_of_two_merges_at_once_each_waits_for_its_turn(branch: Branch) -> None:
    with ThreadPoolExecutor() as pool:
        for run in pool.map(lambda pushed: pushed.merge(), [branch(), branch()]):
            assert set(run.jobs.values()) == {0}, run.log
            assert "locked" not in run.log


@pytest.mark.parametrize("source", ["request", "merge"])
def test_the_child_pipeline_that_gitlab_is_given_fits_its_schema(
    checkout: Checkout, service: Service, orgs: dict[str, Org], tmp_path: Path, source: str
) -> None:
    service.secrets = {}
    with service.api() as api:
        pipeline = GitLabDeploys(checkout, tmp_path / "jobs", {}, {}, service, api)
        pipeline.request(dying=["dev", "uat"]) if source == "request" else pipeline.merge()
    made = (tmp_path / "jobs" / "stacks" / "deploy.yml").read_text()
    for name, content in (("made", made), ("whole", json.dumps(pipeline.child(made)))):
        file = tmp_path / f"{name}.yml"
        file.write_text(content)
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(file)]
        checked = subprocess.run(command, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout

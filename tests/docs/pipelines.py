"""The documented pipelines, run by hand: their own scripts in bash, in their order, with the variables that they name.

As much of the two services is played as the files use: variables, artifacts, a matrix, what runs after a failure. The project is
checked out already and its packages are installed; that the files install them as `make` does is a test of its own.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from tests.landscape import Org
from tests.program.stack import PROJECT

CI = PROJECT / "docs" / "ci"
BASE = "the base branch"  # what github.event.pull_request.base.sha is here
_INSTALLS = re.compile(r"^(python -m venv|\.venv/bin/python -m pip) .*\n?", re.MULTILINE)


@dataclass(frozen=True)
class Checkout:
    """A repository with deployed stacks, named as their orgs."""

    folder: Path
    engine: Path
    backend: str
    passphrase: str = field(repr=False)
    orgs: Mapping[str, Org]

    def copy(self, folder: Path, changed: Mapping[str, str] = {}) -> Path:
        """What a job finds: the committed files, of which a branch may have changed some, and the packages."""
        (folder / "docs" / "ci").mkdir(parents=True)
        for name in ("Pulumi.yaml", "__main__.py", "docs/ci/preview_comment.py"):
            shutil.copy(PROJECT / name, folder / name)
        for file in self.folder.glob("Pulumi.*.yaml"):
            shutil.copy(file, folder)
        for name, text in changed.items():
            (folder / name).write_text(text)
        (folder / ".venv").symlink_to(sys.prefix)
        return folder


@dataclass
class Outcome:
    """How a pipeline ended: exit codes by stack and of the report, its Markdown, everything that was printed, what was kept."""

    looks: dict[str, int] = field(default_factory=dict)
    report: int | None = None
    markdown: str = ""
    log: str = ""
    kept: dict[str, bytes] = field(default_factory=dict)


class Pipeline(ABC):
    """One of the documented pipelines. `scratch` takes its jobs' folders, `changed` is what its branch changed.

    `machine` is what a runner has beside what it is given: here programs that play a service, and the CA of the local org.
    """

    def __init__(
        self,
        checkout: Checkout,
        scratch: Path,
        changed: Mapping[str, str] = {},
        machine: Mapping[str, str] = {},
    ) -> None:
        self.checkout = checkout
        self.scratch = scratch
        self.changed = changed
        self.machine = machine

    @abstractmethod
    def run(self, *, dying: Collection[str] = ()) -> Outcome:
        """Run it from its start to its end; the jobs of the stacks `dying` end before they do anything."""

    def bash(self, script: str, folder: Path, environment: Mapping[str, str], outcome: Outcome) -> int:
        """Run a script as a runner would: with nothing of ours in its environment but what it is given."""
        path = f"{self.machine.get('PATH', '')}:{self.checkout.engine}:/usr/local/bin:/usr/bin:/bin".removeprefix(":")
        machine = {**self.machine, "HOME": str(self.scratch), "PATH": path, "PULUMI_SKIP_UPDATE_CHECK": "1"}
        run = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", _INSTALLS.sub("", script)],
            cwd=folder,
            env={**machine, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        outcome.log += run.stdout
        return run.returncode


class GitHub(Pipeline):
    """github-actions.yml, by the rules of GitHub Actions."""

    def run(self, *, dying: Collection[str] = ()) -> Outcome:
        workflow = yaml.safe_load((CI / "github-actions.yml").read_text())
        jobs, outcome, artifacts = workflow["jobs"], Outcome(), dict[str, dict[str, bytes]]()
        context: dict[str, Any] = {
            "vars": {"PULUMI_BACKEND_URL": self.checkout.backend},
            "secrets": {"PULUMI_CONFIG_PASSPHRASE": self.checkout.passphrase},
            "inputs": {},
            "needs": {},
            "workflow": workflow,
        }
        code, outputs = self._job(jobs["stacks"], context, "stacks", artifacts, outcome)
        assert code == 0, outcome.log
        context["needs"]["stacks"] = {"result": "success", "outputs": outputs}
        for row in evaluate(jobs["drift"]["strategy"]["matrix"]["include"], context):
            stack = row["stack"]
            if stack in dying:
                continue
            name = evaluate(jobs["drift"]["environment"]["name"], {**context, "matrix": row})
            secrets = {**context["secrets"], "SFDX_AUTH_URL": self.checkout.orgs[name].auth_url}
            own = {**context, "matrix": row, "secrets": secrets}
            outcome.looks[stack], _ = self._job(jobs["drift"], own, stack, artifacts, outcome)
        assert runs(jobs["report"], context, failed=True)
        outcome.report, _ = self._job(jobs["report"], context, "report", artifacts, outcome)
        outcome.markdown = (self.scratch / "report" / "summary").read_text()
        outcome.kept = artifacts["report"]
        return outcome

    def _job(
        self,
        job: Mapping[str, Any],
        context: Mapping[str, Any],
        name: str,
        artifacts: dict[str, dict[str, bytes]],
        outcome: Outcome,
    ) -> tuple[int, dict[str, str]]:
        """Run a job's steps; gives the exit code of the first that failed, and the job's outputs."""
        place = self.scratch / name
        folder = place / "work"
        folder.mkdir(parents=True)
        files = {variable: place / variable.lower() for variable in ("GITHUB_OUTPUT", "GITHUB_PATH")}
        for file in files.values():
            file.touch()
        code, steps = 0, dict[str, Any]()
        for step in job["steps"]:
            if not runs(step, context, failed=bool(code)):
                continue
            wanted = {key: str(evaluate(value, context)) for key, value in step.get("with", {}).items()}
            match step.get("uses", "").partition("@")[0]:
                case "":
                    variables = {**context["workflow"].get("env", {}), **step.get("env", {})}
                    environment = {key: str(evaluate(value, context)) for key, value in variables.items()}
                    environment |= {variable: str(file) for variable, file in files.items()}
                    environment["GITHUB_STEP_SUMMARY"] = str(place / "summary")
                    path = "".join(f"{line}:" for line in files["GITHUB_PATH"].read_text().split())
                    code = self.bash(f'PATH="{path}$PATH"\n{step["run"]}', folder, environment, outcome) or code
                    printed = files["GITHUB_OUTPUT"].read_text().splitlines()
                    steps[step.get("id", "")] = {"outputs": dict(line.split("=", 1) for line in printed)}
                case "actions/upload-artifact":
                    found = [folder / line.strip() for line in wanted["path"].split("\n") if line.strip()]
                    artifacts[wanted["name"]] = {file.name: file.read_bytes() for file in found if file.exists()}
                case "actions/checkout":
                    of_base = wanted.get("ref", "") == BASE
                    folder.rmdir()
                    self.checkout.copy(folder, {} if of_base else self.changed)
                case "actions/download-artifact":
                    (folder / wanted["path"]).mkdir()
                    for artifact, content in artifacts.items():
                        for file, data in content.items() if fnmatchcase(artifact, wanted["pattern"]) else ():
                            (folder / wanted["path"] / file).write_bytes(data)
                case other:
                    assert other in {"actions/setup-python", "pulumi/actions"}
        given = {key: evaluate(value, {**context, "steps": steps}) for key, value in job.get("outputs", {}).items()}
        return code, given


def runs(part: Mapping[str, Any], context: Mapping[str, Any], *, failed: bool) -> bool:
    """Whether a job or step runs: after a failure only one whose `if` says always() or !cancelled()."""
    condition = str(part.get("if", "success()"))
    if failed and not re.search(r"always\(\)|!cancelled\(\)", condition):
        return False
    return any(all(_holds(each.strip(), context) for each in one.split("&&")) for one in condition.split("||"))


def _holds(condition: str, context: Mapping[str, Any]) -> bool:
    if condition in {"always()", "!cancelled()", "success()"}:
        return True
    left, sign, right = condition.partition(" == " if " == " in condition else " != ")
    assert sign, condition
    return (_value(left, context) == _value(right, context)) is (sign == " == ")


def evaluate(text: Any, context: Mapping[str, Any]) -> Any:
    """Text with its `${{ ... }}` put in; an expression alone keeps its type."""
    if not isinstance(text, str):
        return text
    if alone := re.fullmatch(r"\$\{\{ ([^}]+) \}\}", text):
        return _value(alone[1], context)
    return re.sub(r"\$\{\{ ([^}]+) \}\}", lambda found: str(_value(found[1], context)), text)


def _value(expression: str, context: Mapping[str, Any]) -> Any:
    for alternative in expression.split(" || "):
        if called := re.fullmatch(r"fromJSON\((.+)\)", alternative):
            return json.loads(_value(called[1], context))
        if alternative.startswith("'"):
            return alternative.strip("'")
        found: Any = context
        for name in alternative.split("."):
            found = found.get(name, "") if isinstance(found, Mapping) else ""
        if found:
            return found
    return ""


class GitLab(Pipeline):
    """gitlab-ci.yml and the child pipeline that it makes, by the rules of GitLab CI."""

    def run(self, *, dying: Collection[str] = ()) -> Outcome:
        outcome, artifacts = Outcome(), dict[str, bytes]()
        variables = {"PULUMI_BACKEND_URL": self.checkout.backend, "PULUMI_CONFIG_PASSPHRASE": self.checkout.passphrase}
        parent = yaml.safe_load((CI / "gitlab-ci.yml").read_text())
        code, made = self._job(parent["stacks"], "stacks", variables, {}, outcome)
        assert code == 0, outcome.log
        child = self.child(made[parent["drift"]["trigger"]["include"][0]["artifact"]].decode())
        variables |= child["variables"]
        look = {**child["default"], **child[child["look"]["extends"]], **child["look"]}
        for stack in look["parallel"]["matrix"][0]["STACK"]:
            if stack in dying:
                continue
            assert look["environment"]["name"] == "$STACK"
            own = {**variables, "STACK": stack, "SFDX_AUTH_URL": self.checkout.orgs[stack].auth_url}
            outcome.looks[stack], made = self._job(look, stack, own, {}, outcome)
            artifacts |= made
        report = {**child["default"], **child["report"]}
        assert report["when"] == "always"
        outcome.report, outcome.kept = self._job(report, "report", variables, artifacts, outcome)
        outcome.markdown = outcome.kept["drift.md"].decode()
        return outcome

    def child(self, generated: str) -> dict[str, Any]:
        """The child pipeline as GitLab puts it together: the file that was made, over the one it includes."""
        made = yaml.safe_load(generated)
        included = yaml.safe_load((PROJECT / made.pop("include")[0]["local"]).read_text())
        return {**included, **made, "variables": {**included.get("variables", {}), **made["variables"]}}

    def _job(
        self,
        job: Mapping[str, Any],
        name: str,
        variables: Mapping[str, str],
        artifacts: Mapping[str, bytes],
        outcome: Outcome,
    ) -> tuple[int, dict[str, bytes]]:
        """Run a job's scripts in one shell; gives its exit code and its artifacts."""
        folder = self.checkout.copy(self.scratch / name, self.changed)
        for file, data in artifacts.items():
            (folder / file).write_bytes(data)
        code = self.bash("\n".join([*job.get("before_script", []), *job["script"]]), folder, variables, outcome)
        kept = job.get("artifacts", {"paths": []})
        if code and kept.get("when") != "always":
            return code, {}
        patterns: Iterable[str] = [*kept["paths"], *kept.get("reports", {}).values()]
        return code, {file.name: file.read_bytes() for pattern in patterns for file in folder.glob(pattern)}

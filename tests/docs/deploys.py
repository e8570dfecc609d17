"""The documented pipelines of previews and deploys, run by hand as those of drift are (pipelines.py).

And what their services keep for them: secrets and variables by environment, comments of a request, turns where jobs have to wait for one.
"""

from __future__ import annotations

import json
import threading
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import yaml

from tests.docs.pipelines import BASE, CI, Checkout, GitHub, GitLab, Outcome, Pipeline, evaluate, runs

TOKEN = "token-that-may-comment"
HANDOVER = "token-that-may-write-secrets"
KEY = "SF_PRIVATE_KEY"
_GH = """#!/bin/sh
# gh secret|variable set NAME --repo acme/orgkey --env ENVIRONMENT < VALUE
[ "$GH_TOKEN" = "{token}" ] && [ "$2 $4 $5 $6" = "set --repo acme/orgkey --env" ] || exit 4
mkdir -p "{store}/$7/$1" && cat > "{store}/$7/$1/$3"
"""


@dataclass
class Run(Outcome):
    """How a pipeline of a request or merge ended: exit codes by job and stack."""

    jobs: dict[str, int] = field(default_factory=dict)


class Service:
    """What GitHub or GitLab keeps beside the repository acme/orgkey. `secrets` are by environment."""

    def __init__(self, folder: Path, secrets: Mapping[str, Mapping[str, str]]) -> None:
        self.folder, self.secrets = folder, secrets
        self.comments: list[dict[str, Any]] = []
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        (folder / "bin").mkdir(parents=True)
        gh = folder / "bin" / "gh"
        gh.write_text(_GH.format(token=HANDOVER, store=folder / "handed-over"))
        gh.chmod(0o755)

    def handed_over(self, environment: str, kind: str) -> dict[str, str]:
        """The variables, or secrets, that `gh` has put into an environment."""
        return {file.name: file.read_text() for file in (self.folder / "handed-over" / environment / kind).glob("*")}

    @contextmanager
    def one_at_a_time(self, group: str) -> Iterator[None]:
        """What `concurrency` and `resource_group` are for; the empty group is none."""
        with self._locks[group] if group else ExitStack():
            yield

    def comment(self, writer: str, body: str) -> dict[str, Any]:
        made = {"id": len(self.comments) + 1, "user": {"login": writer}, "author": {"username": writer}, "body": body}
        self.comments.append(made)
        return made

    @contextmanager
    def api(self) -> Iterator[str]:
        """The address of the part of both APIs that comments need."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Comments,), {"service": self}))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class _Comments(BaseHTTPRequestHandler):
    """Lists of comments page by page, the oldest first, made and changed by who may."""

    service: Service
    _LISTS = ("/repos/acme/orgkey/issues/7/comments", "/projects/1/merge_requests/7/notes")
    _ONE: ClassVar = {"PATCH": "/repos/acme/orgkey/issues/comments/", "PUT": "/projects/1/merge_requests/7/notes/"}

    def _answer(self) -> None:
        url = urlsplit(self.path)
        content = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
        given = (self.headers.get("Authorization"), self.headers.get("PRIVATE-TOKEN"))
        found: Any = None
        if given not in {(f"Bearer {TOKEN}", None), (None, TOKEN)}:
            self.send_error(401)
            return
        if self.command == "GET" and url.path == "/user" and given[1]:
            found = {"id": 9, "username": "orgkey-token", "name": "orgkey"}
        elif self.command == "GET" and url.path in self._LISTS:
            asked = {name: int(each[0]) for name, each in parse_qs(url.query).items()}
            start = (asked["page"] - 1) * asked["per_page"]
            found = self.service.comments[start : start + asked["per_page"]]
        elif self.command == "POST" and url.path in self._LISTS:
            found = self.service.comment("orgkey-token" if given[1] else "github-actions[bot]", content["body"])
        elif (path := self._ONE.get(self.command)) and url.path.startswith(path):
            found = self.service.comments[int(url.path.removeprefix(path)) - 1]
            found["body"] = content["body"]
        if found is None:
            self.send_error(404)
            return
        said = json.dumps(found).encode()
        self.send_response(201 if self.command == "POST" else 200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_PATCH = do_PUT = _answer  # noqa: N815 — the names that the library wants

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Deploys(Pipeline):
    """The pipelines of a service for requests and merges."""

    def __init__(
        self,
        checkout: Checkout,
        scratch: Path,
        changed: Mapping[str, str],
        machine: Mapping[str, str],
        service: Service,
        api: str,
    ) -> None:
        super().__init__(checkout, scratch, changed, machine)
        self.service, self.api = service, api

    @abstractmethod
    def request(self, *, fork: bool = False, dying: Collection[str] = ()) -> Run:
        """A push to the branch of request 7; the previews of the stacks `dying` end before they do anything."""

    @abstractmethod
    def merge(self) -> Run:
        """A push to main."""

    def run(self, *, dying: Collection[str] = ()) -> Run:
        return self.request(dying=dying)


class GitHubDeploys(Deploys, GitHub):
    """github-actions-preview.yml and github-actions-up.yml."""

    def request(self, *, fork: bool = False, dying: Collection[str] = ()) -> Run:
        head = {"repo": {"full_name": "stranger/orgkey" if fork else "acme/orgkey"}, "sha": "abc123"}
        asked = {"number": 7, "head": head, "base": {"sha": BASE}, "user": {"login": "somebody"}}
        event = {"event": {"pull_request": asked}, "token": "a token that may read" if fork else TOKEN}
        return self._workflow("github-actions-preview.yml", event, dying, secret=not fork)

    def merge(self) -> Run:
        return self._workflow("github-actions-up.yml", {}, (), secret=True)

    def _workflow(self, name: str, event: Mapping[str, Any], dying: Collection[str], *, secret: bool) -> Run:
        workflow, run = yaml.safe_load((CI / name).read_text()), Run()
        self.machine = {
            **self.machine, "GITHUB_API_URL": self.api, "GITHUB_REPOSITORY": "acme/orgkey", "PATH": str(self.service.folder / "bin")
        }  # fmt: skip
        artifacts: dict[str, dict[str, bytes]] = {}
        github = {"repository": "acme/orgkey", "server_url": "https://github.com", "run_id": 1, **event}
        context: dict[str, Any] = {"github": github, "needs": {}, "workflow": workflow, "secrets": {}, "vars": {}}
        if secret:
            context["vars"] = {"PULUMI_BACKEND_URL": self.checkout.backend}
        for job_name, job in workflow["jobs"].items():
            needed = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            results = [context["needs"].get(each, {}).get("result", "skipped") for each in needed]
            if (
                not runs(job, context, failed=set(results) > {"success"} or "failure" in results)
                or "skipped" in results
            ):
                continue
            rows = evaluate(job.get("strategy", {}).get("matrix", {}).get("include", [{}]), context)
            codes = []
            for row in rows:
                label = f"{job_name} {row['stack']}" if row else job_name
                own = self._own(job, {**context, "matrix": row})
                if job_name == "preview" and row["stack"] in dying:
                    codes.append(1)
                    continue
                with self.service.one_at_a_time(evaluate(job.get("concurrency", {}).get("group", ""), own)):
                    code, outputs = self._job(job, own, label.replace(" ", "-"), artifacts, run)
                run.jobs[label] = code
                codes.append(code)
            result = "failure" if any(codes) else "success"
            context["needs"][job_name] = {"result": result, "outputs": outputs}
        run.kept = {file: data for each in artifacts.values() for file, data in each.items()}
        return run

    def _own(self, job: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
        """What a job sees: of the environments' secrets and variables those of its own."""
        name = evaluate(job.get("environment", {}).get("name", ""), context)
        secrets = {**self.service.secrets.get(name, {}), **self.service.handed_over(name, "secret")}
        return {
            **context,
            "secrets": {**context["secrets"], **secrets},
            "vars": {**context["vars"], **self.service.handed_over(name, "variable")},
        }


class GitLabDeploys(Deploys, GitLab):
    """gitlab-ci-deploy.yml and the child pipelines that it makes."""

    def request(self, *, fork: bool = False, dying: Collection[str] = ()) -> Run:
        source = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": "7"}
        projects = {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "2" if fork else "1", "CI_MERGE_REQUEST_PROJECT_ID": "1"}
        return self._pipeline({**source, **projects}, dying, secret=not fork)

    def merge(self) -> Run:
        branch = {"CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
        return self._pipeline({"CI_PIPELINE_SOURCE": "push", **branch}, (), secret=True)

    def _pipeline(self, predefined: Mapping[str, str], dying: Collection[str], *, secret: bool) -> Run:
        parent, run = yaml.safe_load((CI / "gitlab-ci-deploy.yml").read_text()), Run()
        variables = {
            **predefined, "CI_API_V4_URL": self.api, "CI_PROJECT_ID": "1", "CI_COMMIT_SHA": "abc123",
            "CI_PIPELINE_ID": "1", "CI_PIPELINE_URL": "https://gitlab.example.com/1",
        }  # fmt: skip
        chosen = {
            name: job for name, job in parent.items() if any(_rule(each["if"], variables) for each in job["rules"])
        }
        if "no-preview" in chosen:
            assert len(chosen) == 1
            run.jobs["no-preview"], _ = self._job(chosen["no-preview"], "no-preview", variables, {}, run)
            return run
        assert secret
        variables["PULUMI_BACKEND_URL"] = self.checkout.backend
        code, made = self._job(chosen["deploy-stacks"], "stacks", variables, {}, run)
        assert code == 0, run.log
        child = self.child(made[chosen["deploy"]["trigger"]["include"][0]["artifact"]].decode())
        variables |= child["variables"]
        artifacts: dict[str, bytes] = {}
        for stage in child["stages"]:
            before, done = dict(artifacts), dict(run.jobs)
            for name, whole in _jobs(child):
                if whole["stage"] != stage or name.removeprefix("preview ") in dying:
                    continue
                if any(done.get(each, 1) for each in whole.get("needs", ())):
                    continue
                code, made = self._child_job(name, whole, variables, before, run)
                run.jobs[name] = code
                artifacts |= made
        run.kept = artifacts
        return run

    def _child_job(
        self, name: str, job: Mapping[str, Any], variables: Mapping[str, str], artifacts: Mapping[str, bytes], run: Run
    ) -> tuple[int, dict[str, bytes]]:
        own = {**variables, **job.get("variables", {})}

        def expanded(text: str) -> str:
            return text.replace("$STACK", own.get("STACK", "")) if text else ""

        own |= self.service.secrets.get(expanded(job.get("environment", {}).get("name", "")), {})
        with self.service.one_at_a_time(expanded(job.get("resource_group", ""))):
            return self._job(job, name.replace(" ", "-"), own, artifacts, run)


def _jobs(child: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The jobs of a child pipeline, each whole; a matrix as a job for each value."""
    for name, job in child.items():
        if isinstance(job, Mapping) and "extends" in job:
            whole = {**child["default"], **child[job["extends"]], **job}
            rows = job.get("parallel", {}).get("matrix", [{"STACK": [None]}])[0]["STACK"]
            for value in rows:
                label = f"{name} {value}" if value else name
                yield label, {**whole, "variables": {"STACK": value}} if value else whole


def _rule(condition: str, variables: Mapping[str, str]) -> bool:
    """A rule's `if`: comparisons with `&&` between them."""

    def value(text: str) -> str:
        return variables.get(text[1:], "") if text.startswith("$") else text.strip('"')

    for each in condition.split(" && "):
        left, sign, right = each.split()
        if (value(left) == value(right)) is not (sign == "=="):
            return False
    return True

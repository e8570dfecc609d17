"""The way back into a refreshed sandbox that docs/guides/sandbox-refresh.md tells.

Its job, run as it stands, with each login that survives; and what each login that does not survive is told.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.landscape import Landscape, Org
from tests.program.stack import PROJECT, Result, Stack, ok

GUIDE = PROJECT / "docs" / "guides" / "sandbox-refresh.md"
ADMIN, APP, MACHINE = "Sandbox_Admin", "CI_Integration", "Machine"
SECRET = "0123456789ABCDEF0123456789ABCDEF"
MACHINE_KEY = "3MVG9Machine.of.production"
_NS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
_RUNS_AS = {
    f"connectedApps/{MACHINE}.connectedApp": (
        f"<ConnectedApp {_NS}><contactEmail>ops@acme.com</contactEmail><label>{MACHINE}</label><oauthConfig>"
        f"<callbackUrl>https://localhost/</callbackUrl><consumerKey>{MACHINE_KEY}</consumerKey><consumerSecret>{SECRET}</consumerSecret>"
        "<isClientCredentialEnabled>true</isClientCredentialEnabled><oauthClientCredentialUser>devops@acme.com</oauthClientCredentialUser>"
        "<scopes>Api</scopes><scopes>RefreshToken</scopes></oauthConfig></ConnectedApp>"
    )
}


def configured(stack: Stack, org: Org, credentials: dict[str, Any], app: dict[str, Any], user: str) -> Stack:
    stack.configure(
        {
            "salesforce:instanceUrl": org.url,
            "salesforce:caBundle": org.ca_bundle,
            "salesforce:credentials": credentials,
            "orgkey:app": {"contactEmail": "ops@acme.com", **app},
            "orgkey:users": [org.user(user)],
            "orgkey:grant": {"propagationMinutes": 0},
        }
    )
    return stack


@pytest.fixture(params=["connected", "external"])
def production(
    request: pytest.FixtureRequest, engine: Path, tmp_path: Path, landscape: Landscape
) -> Iterator[dict[str, Any]]:
    """Outputs of a stack that made the administrator's login in production; taken away afterwards."""
    landscape.fresh("uat")
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    stack = Stack(tmp_path / "production", engine, name="sandboxes")
    org = landscape.org("acme")
    (stack.folder / "admin").write_text(org.auth_url)
    app = {"name": ADMIN, "kind": request.param, "profiles": ["System Administrator"], "protect": False}
    configured(stack, org, {"sfdxAuthUrlFile": "admin"}, app, "devops")
    ok(stack.up())
    yield stack.outputs(secrets=True)
    ok(stack.destroy())


@pytest.fixture
def sandbox(engine: Path, tmp_path: Path) -> Stack:
    return Stack(tmp_path / "sandbox", engine, name="uat")


def refreshed(landscape: Landscape, **knobs: bool) -> Org:
    """The sandbox after a refresh, as one of the readings has it."""
    if knobs:
        landscape.admin("PATCH", "/knobs", **knobs)
    landscape.admin("POST", "/orgs/uat/refresh")
    return landscape.org("uat")


def run_the_job(stack: Stack) -> Result:
    """The guide's job, in the project's folder, with nothing but its own environment."""
    (job,) = re.findall(r"^```sh\n(# The job.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    path = f"{Path(sys.executable).parent}:{stack.environment['PATH']}"
    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", job],
        cwd=stack.folder,
        env={**stack.environment, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=200,
        check=False,
    )
    return Result(run.returncode, run.stdout)


def by_jwt(outputs: dict[str, Any], org: Org) -> dict[str, Any]:
    return {
        "jwt": {
            "consumerKey": outputs["consumerKey"],
            "username": org.user("devops"),
            "privateKeyEnv": "SANDBOX_ADMIN_KEY",
        }
    }


def comes_back(sandbox: Stack, landscape: Landscape, **knobs: bool) -> None:
    before = sandbox.outputs()
    assert run_the_job(sandbox).code == 0
    org = refreshed(landscape, **knobs)
    result = ok(run_the_job(sandbox))
    assert "sandbox refreshed" in result.text
    after = sandbox.outputs()
    assert after["verified"] is True
    assert (after["orgId"], after["consumerKey"]) == (org.org_id, before["consumerKey"])
    again = ok(run_the_job(sandbox))
    assert "in sync" in again.text
    assert "Updating" not in again.text


@pytest.mark.parametrize("assignments", [True, False], ids=["with-assignments", "without"])
def test_a_jwt_login_through_productions_app_comes_back_by_itself(
    production: dict[str, Any],
    sandbox: Stack,
    landscape: Landscape,
    assignments: bool,  # noqa: FBT001 — a column of the table: sources differ
) -> None:
    org = refreshed(landscape)
    sandbox.environment["SANDBOX_ADMIN_KEY"] = production["privateKeyPem"]
    configured(sandbox, org, by_jwt(production, org), {"name": APP}, "ci")
    ok(sandbox.up())
    comes_back(sandbox, landscape, refresh_copies_assignments=assignments)


def test_client_credentials_of_productions_app_come_back_by_themselves(sandbox: Stack, landscape: Landscape) -> None:
    landscape.fresh("uat")
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    production = landscape.org("acme")
    production.deploy(_RUNS_AS, {"ConnectedApp": [MACHINE]})
    try:
        org = refreshed(landscape)
        sandbox.environment["MACHINE_SECRET"] = SECRET
        credentials = {"clientCredentials": {"consumerKey": MACHINE_KEY, "clientSecretEnv": "MACHINE_SECRET"}}
        configured(sandbox, org, credentials, {"name": APP}, "ci")
        ok(sandbox.up())
        comes_back(sandbox, landscape)
    finally:
        production.deploy({}, destroy={"ConnectedApp": [MACHINE]})


@pytest.fixture(scope="module")
def refused(
    engine: Path, landscape: Landscape, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stack, dict[str, Any]]]:
    """A stack deployed to a sandbox, and what is known from before its refreshes: logins of it, of its apps and of production's."""
    landscape.fresh("uat")
    production, keys = landscape.org("acme"), {}
    stacks = []
    for name, org, app in (("sandboxes", production, ADMIN), ("uat", landscape.org("uat"), APP)):
        stack = Stack(tmp_path_factory.mktemp(name), engine, name=name)
        (stack.folder / "admin").write_text(org.auth_url)
        configured(stack, org, {"sfdxAuthUrlFile": "admin"}, {"name": app, "protect": False}, "devops")
        ok(stack.up())
        keys[name] = stack.outputs(secrets=True)
        stacks.append(stack)
    sandbox = stacks[1]
    sandbox.environment |= {
        "OLD_URL": landscape.org("uat").auth_url, "OLD_TOKEN": landscape.org("uat").access_token,
        "PRODUCTION_URL": production.auth_url, "PRODUCTION_KEY": keys["sandboxes"]["privateKeyPem"],
        "SANDBOX_KEY": keys["uat"]["privateKeyPem"], "MACHINE_SECRET": SECRET,
    }  # fmt: skip
    yield sandbox, keys
    landscape.admin("DELETE", "/knobs")
    ok(stacks[0].destroy())


_JWT = {"sandboxes": "PRODUCTION_KEY", "uat": "SANDBOX_KEY"}


NOT_COPIED = {"refresh_copies_apps": False}
BROKEN = {"refresh_breaks_eca": True}
UNASSIGNED = {"refresh_copies_assignments": False}
BY_SECRET = {"clientCredentials": {"consumerKey": MACHINE_KEY, "clientSecretEnv": "MACHINE_SECRET"}}


@pytest.mark.parametrize(
    ("credentials", "knobs", "says", "do"),
    [
        pytest.param({"sfdxAuthUrlEnv": "OLD_URL"}, {}, "expired access/refresh token", "ends all of its refresh", id="refresh token"),
        pytest.param({"accessTokenEnv": "OLD_TOKEN"}, {}, "does not accept the access token", "all of its sessions", id="access token"),
        pytest.param({"sfdxAuthUrlEnv": "PRODUCTION_URL"}, {}, "lead to", "Use the credentials of that org", id="production's"),
        pytest.param("uat", {}, "invalid_client_id", "production's at most", id="app of the sandbox"),
        pytest.param("sandboxes", NOT_COPIED, "app_not_found", "production's at most", id="app not copied"),
        pytest.param("sandboxes", BROKEN, "app_not_found", "production's at most", id="app broken"),
        pytest.param("sandboxes", UNASSIGNED, "not admin approved", "permission set or profile that the app admits", id="not assigned"),
        pytest.param(BY_SECRET, {}, "invalid_client_id", "check the consumer key and the secret", id="client credentials"),
    ],
)  # fmt: skip
def test_a_login_that_does_not_survive_is_refused_with_what_to_do_and_nothing_is_lost(
    refused: tuple[Stack, dict[str, Any]],
    landscape: Landscape,
    credentials: dict[str, Any] | str,
    knobs: dict[str, bool],
    says: str,
    do: str,
) -> None:
    sandbox, keys = refused
    landscape.admin("DELETE", "/knobs")
    org = refreshed(landscape, **knobs)
    if isinstance(credentials, str):
        name = _JWT[credentials]
        credentials = {
            "jwt": {
                "consumerKey": keys[credentials]["consumerKey"],
                "username": org.user("devops"),
                "privateKeyEnv": name,
            }
        }
    configured(sandbox, org, credentials, {"name": APP}, "ci")
    before = sandbox.resources()
    result = sandbox.pulumi("preview", "--stack", sandbox.name)
    assert result.code != 0
    assert says in result.text
    assert do in result.text
    assert sandbox.resources() == before
    assert run_the_job(sandbox).code == 2

"""`python -m toolchain.real_org --sf-alias ALIAS`: run the steps, ask the questions, write the answers down (docs/first-real-org.md).

Exit code 0: every step did what orgkey promises. 1: a step did not. 2: it could not begin. The file of answers is written in each case
but the last.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from toolchain.engine import find_engine
from toolchain.failure import ToolchainError
from toolchain.real_org.questions import ask_all
from toolchain.real_org.redaction import redacted
from toolchain.real_org.session import Login, Session
from toolchain.real_org.steps import STACK, Run

_APP, _SET = "Orgkey_First_Run", "Orgkey_First_Run_Access"
_ASKING = 120  # seconds for the Salesforce CLI to tell of a login
_EXPECTED = {"production", "sandbox", "scratch", "developer"}


class NotBegunError(Exception):
    """The run cannot begin; `str()` says why and what to do."""


def main(argv: Sequence[str] | None = None) -> int:
    """See the module."""
    options = _options().parse_args(argv)
    try:
        url, token, credentials = _way_in(options)
        return _run(options, url, token, credentials)
    except (NotBegunError, ToolchainError) as problem:
        print(f"orgkey: {problem}", file=sys.stderr)
        return 2


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make real-org", description=__doc__)
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--sf-alias", help="alias or user name of an administrator that the Salesforce CLI knows")
    way.add_argument("--access-token-env", metavar="VAR", help="variable with an administrator's access token")
    parser.add_argument("--instance-url", help="My Domain of the org, with --access-token-env")
    parser.add_argument("--ca-bundle", help="CA certificates to trust instead of the usual ones")
    parser.add_argument("--user", help="whose login is made and proved; default: the administrator's own")
    parser.add_argument("--kind", choices=["external", "connected"], default="external", help="kind of app")
    parser.add_argument("--org-kind", choices=sorted(_EXPECTED), default="developer", help="what the org must be")
    parser.add_argument("--output", type=Path, help="file of the answers; default .local/real-org/answers.json")
    return parser


def _way_in(options: argparse.Namespace) -> tuple[str, str, dict[str, str]]:
    """My Domain, the administrator's access token, and how orgkey is told of it."""
    if options.access_token_env:
        token = os.environ.get(options.access_token_env, "")
        if not token or not options.instance_url:
            raise NotBegunError("--access-token-env needs --instance-url, and a token in that variable.")
        return options.instance_url.rstrip("/"), token, {"accessTokenEnv": options.access_token_env}
    shown = _sf("org", "display", "--target-org", options.sf_alias)
    told = _sf("org", "auth", "show-access-token", "--target-org", options.sf_alias)
    return str(shown["instanceUrl"]).rstrip("/"), str(told["accessToken"]), {"sfAlias": options.sf_alias}


def _sf(*arguments: str) -> dict[str, Any]:
    try:
        ended = subprocess.run(
            ["sf", *arguments, "--json"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_ASKING,
        )
    except subprocess.TimeoutExpired:
        raise NotBegunError(
            f"`sf {' '.join(arguments[:2])}` gave no answer within {_ASKING} s: try it by hand."
        ) from None
    except FileNotFoundError:
        raise NotBegunError("The Salesforce CLI (sf) is not on PATH: install it, then `sf org login web`.") from None
    try:
        answer = json.loads(ended.stdout)
        return dict(answer["result"])
    except (ValueError, KeyError, TypeError):
        raise NotBegunError(f"`sf {' '.join(arguments[:2])}` ended with {ended.returncode} and told nothing.") from None


def _run(options: argparse.Namespace, url: str, token: str, credentials: Mapping[str, str]) -> int:
    project = Path.cwd()
    folder = project / ".local" / "real-org"
    user = options.user or _own_name(url, token, options.ca_bundle)
    run = Run(project, _environment(folder), lambda line: print(line, file=sys.stderr, flush=True))
    config = {
        "salesforce:instanceUrl": url,
        "salesforce:credentials": dict(credentials),
        "salesforce:expectedKind": options.org_kind,
        "orgkey:app": {"name": _APP, "contactEmail": "orgkey@example.com", "kind": options.kind, "protect": False},
        "orgkey:permissionSet": {"name": _SET},
        "orgkey:users": [user],
    }
    if options.ca_bundle:
        config["salesforce:caBundle"] = options.ca_bundle
    run.configure(config)
    if trouble := run.begin():
        raise NotBegunError(f"The stack {STACK} cannot be made:\n{trouble}")
    try:
        answers, known = _steps(run, config, options, url, token, user)
    finally:
        if run.pulumi("destroy", "destroy"):
            run.end()
        else:
            print(f"What was made is still in the org: `pulumi destroy --stack {STACK}`.", file=sys.stderr)
    file = options.output or folder / "answers.json"
    _write(file, options, run, answers, known)
    print(f"\nThe answers: {file}\nRead them, then send them back (docs/first-real-org.md).", file=sys.stderr)
    return int(any(result["exit"] for result in run.results))


def _steps(
    run: Run, config: dict[str, Any], options: argparse.Namespace, url: str, token: str, user: str
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Everything between the first `up` and the last `destroy`; what could not be done is missing from the answers."""
    known = {urlsplit(url).netloc: "<host>", user: "<user>", token: "<access token>"}
    if not run.pulumi("first up", "up"):
        return [], known
    values = run.outputs()
    login = Login(values["consumerKey"], values["username"], values["privateKeyPem"])
    known |= {login.consumer_key: "<consumer key>", login.private_key: "<private key>"}
    run.pulumi("up without a change", "up", "--expect-no-changes")
    run.step("drift", "orgkey", "drift", "--stack", STACK)
    session = Session(url, token, login, _APP, _SET, ca_bundle=options.ca_bundle)
    answers = ask_all(session, run.tell)
    run.configure({**config, "orgkey:key": {"validityDays": 364}})
    run.pulumi("renewal", "up")
    run.step("drift after the renewal", "orgkey", "drift", "--stack", STACK)
    return answers, known


def _own_name(url: str, token: str, ca_bundle: str | None) -> str:
    nobody = Session(url, token, Login("", "", ""), _APP, _SET, ca_bundle=ca_bundle)
    headers = {"Authorization": f"Bearer {token}"}
    body = nobody.call("GET", "/services/oauth2/userinfo", headers=headers)["body"]
    name = body.get("preferred_username") if isinstance(body, dict) else None
    if not name:
        raise NotBegunError(f"{urlsplit(url).netloc} does not say whose token this is. Give --user.")
    return str(name)


def _environment(folder: Path) -> dict[str, str]:
    """This shell's environment with a backend and a passphrase of the run's own over it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "state").mkdir(exist_ok=True)
    passphrase = folder / "passphrase"
    if not passphrase.exists():
        passphrase.touch(mode=0o600)
        passphrase.write_text(secrets.token_urlsafe(32))
    venv = Path(sys.prefix)
    path = [str(venv / "bin"), str(find_engine(os.environ, to=sys.stderr)), os.environ.get("PATH", "")]
    inherited = {name: value for name, value in os.environ.items() if name != "PULUMI_CONFIG_PASSPHRASE"}
    return inherited | {
        "PATH": os.pathsep.join(path),
        "PULUMI_HOME": str(folder / "pulumi"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
    }


def _write(
    file: Path, options: argparse.Namespace, run: Run, answers: Sequence[Mapping[str, Any]], known: Mapping[str, str]
) -> None:
    content = {
        "version": 1,
        "orgkey": version("orgkey"),
        "madeAt": datetime.now(UTC).isoformat(timespec="seconds"),
        "app": options.kind,
        "org": options.org_kind,
        "steps": redacted(run.results, known),
        "answers": redacted(list(answers), known),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

"""The command `localorg`: start, stop, status, reset, refresh, rename, logs, open."""

from __future__ import annotations

import argparse
import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localorg.errors import LandscapeError
from localorg.home import Home, find_home

if TYPE_CHECKING:
    from localorg.configuration import Configuration

START_SECONDS, STOP_SECONDS = 30.0, 10.0
LOOK_EVERY = 0.02
FIRST_START = ("sandboxes", "config", "port_base")


def main(argv: list[str] | None = None) -> int:
    """Run the command. Exit codes: 0 done, 1 could not, 3 (status only) not running."""
    arguments = _parser().parse_args(argv)
    home = find_home(arguments.home)
    try:
        code: int = arguments.run(home, arguments)
    except LandscapeError as error:
        print(f"localorg: {error}", file=sys.stderr)
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="localorg", description="A Salesforce landscape on loopback.")
    parser.add_argument("--home", help="the landscape's folder (default: LOCALORG_HOME, or your state folder)")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
        made.add_argument("--home", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        made.set_defaults(run=run)
        return made

    start = verb("start", _start, "start it (makes the landscape at the first start)")
    start.add_argument("--foreground", action="store_true", help="stay in this terminal; one JSON line when ready")
    start.add_argument("--sandboxes", type=int, metavar="N", help="how many sandboxes the first start makes (2)")
    start.add_argument("--config", type=Path, metavar="FILE", help="a landscape file (YAML) for the first start")
    start.add_argument("--port-base", type=int, metavar="PORT", help="ports from here on, not any free ones")
    start.add_argument("--knob", action="append", default=[], metavar="NAME=VALUE", help="set a knob, at every start")
    verb("stop", _stop, "stop it; its state stays")
    status = verb("status", _status, "say whether it runs, and where")
    status.add_argument("--json", action="store_true", help="for programs: with tokens")
    verb("reset", _reset, "stop it and forget everything")
    refresh = verb("refresh", _refresh, "replace a sandbox by a copy of production")
    refresh.add_argument("sandbox")
    rename = verb("rename", _rename, "give an org another My Domain; the old one does not answer any more")
    rename.add_argument("org")
    verb("logs", _logs, "print what the server wrote")
    verb("open", _open, "print the address of the page for people")
    return parser


def _start(home: Home, arguments: argparse.Namespace) -> int:
    configuration, knobs = _configuration(arguments), _knobs(arguments.knob)
    given = [name for name in FIRST_START if getattr(arguments, name) is not None]
    if given and home.database.exists() and not arguments.foreground:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        print(f"localorg: this landscape is made already: {options} will hold after `localorg reset`", file=sys.stderr)
    if arguments.foreground:
        from localorg.server import run

        run(home, configuration, lambda about: print(json.dumps(about), flush=True), knobs)
        return 0
    if home.is_running():
        _print_status(_wait_ready(home, None))
        return 0
    home.create()
    command = [sys.executable, "-m", "localorg.cli", "--home", str(home.folder), "start", "--foreground"]
    for name in FIRST_START:
        if (value := getattr(arguments, name)) is not None:
            command += [f"--{name.replace('_', '-')}", str(value)]
    for knob in arguments.knob:
        command += ["--knob", knob]
    with home.log.open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True, cwd="/"
        )
    _print_status(_wait_ready(home, process))
    return 0


def _configuration(arguments: argparse.Namespace) -> Configuration:
    from localorg.configuration import Configuration, read_configuration, sandbox_names

    made = read_configuration(arguments.config) if arguments.config else Configuration()
    if arguments.sandboxes is not None:
        if arguments.sandboxes < 0:
            raise LandscapeError("--sandboxes is a number from 0 on")
        made = replace(made, sandboxes=sandbox_names(arguments.sandboxes))
    return replace(made, port_base=arguments.port_base) if arguments.port_base is not None else made


def _knobs(given: list[str]) -> dict[str, object]:
    knobs: dict[str, object] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals:
            raise LandscapeError(f"a knob is NAME=VALUE, not {each!r}")
        try:
            knobs[name] = json.loads(value)
        except ValueError:
            knobs[name] = value
    return knobs


def _wait_ready(home: Home, process: subprocess.Popen[bytes] | None) -> dict[str, Any]:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if about := home.read_note():
            return about
        if process is not None and process.poll() is not None:
            last = home.log.read_text(errors="replace").strip().splitlines()[-1:]
            raise LandscapeError(f"it did not start: {last[0].removeprefix('localorg: ') if last else 'see its log'}")
        time.sleep(LOOK_EVERY)
    raise LandscapeError(f"it did not start within {START_SECONDS:.0f} s; see {home.log}")


def _stop(home: Home, _arguments: argparse.Namespace) -> int:
    print("stopped" if _stop_server(home) else "it was not running")
    return 0


def _stop_server(home: Home) -> bool:
    if not home.is_running():
        return False
    about = _wait_ready(home, None)
    with suppress(ProcessLookupError):
        os.kill(about["pid"], signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while home.is_running():
        if time.monotonic() > deadline:
            with suppress(ProcessLookupError):
                os.kill(about["pid"], signal.SIGKILL)
            break
        time.sleep(LOOK_EVERY)
    return True


def _status(home: Home, arguments: argparse.Namespace) -> int:
    about = home.read_note()
    if arguments.json:
        print(json.dumps(about or {"running": False, "orgs": []}, indent=2))
    elif about is None:
        print("not running")
    else:
        _print_status(about)
    return 0 if about else 3


def _print_status(about: dict[str, Any]) -> None:
    print(f"local org is running: admin {about['admin']}")
    for org in about["orgs"]:
        print(f"  {org['name']:<10} {org['kind']:<11} {org['url']}  {org['username']}")
    print(f"  login host {about['login']}, test host {about['test']}")
    print(f"  CA bundle  {about['caBundle']}")


def _reset(home: Home, _arguments: argparse.Namespace) -> int:
    _stop_server(home)
    if home.folder.is_dir():
        home.clear()
    print("everything is forgotten; the next start makes a new landscape")
    return 0


def _refresh(home: Home, arguments: argparse.Namespace) -> int:
    org = _order(home, arguments.sandbox, "refresh")
    print(f"{org['name']} is a copy of production now: org id {org['orgId']}")
    return 0


def _rename(home: Home, arguments: argparse.Namespace) -> int:
    org = _order(home, arguments.org, "rename")
    print(f"{org['name']} is at {org['url']} now")
    return 0


def _order(home: Home, org: str, what: str) -> dict[str, Any]:
    """Have something done to an org; returns the org as it is then."""
    about = _running(home)
    request = urllib.request.Request(f"{about['admin']}/orgs/{org}/{what}", method="POST", data=b"")  # noqa: S310 — our own https address
    context = ssl.create_default_context(cafile=about["caBundle"])
    try:
        with urllib.request.urlopen(request, context=context, timeout=30) as response:  # noqa: S310 — likewise
            answer: dict[str, Any] = json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            raise LandscapeError(json.load(error).get("error", f"the {what} failed")) from None
    return answer


def _logs(home: Home, _arguments: argparse.Namespace) -> int:
    if home.log.exists():
        sys.stdout.write(home.log.read_text(errors="replace"))
    return 0


def _open(home: Home, _arguments: argparse.Namespace) -> int:
    print(f"{_running(home)['admin']}/")
    return 0


def _running(home: Home) -> dict[str, Any]:
    about = home.read_note()
    if about is None:
        raise LandscapeError("it is not running: `localorg start`")
    return about


if __name__ == "__main__":
    sys.exit(main())

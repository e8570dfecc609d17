"""Where the private key is while and after a stack comes up: in memory and in the encrypted state, and nowhere else."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import pytest

from tests.landscape import Org
from tests.program.stack import AS_INSTALLED, Result, Stack, ok
from tests.waiting import join


@pytest.fixture
def stack_options() -> Mapping[str, Any]:
    return AS_INSTALLED


class ProcessWatch:
    """Collects argv and environment of every process, every 10 ms (Linux)."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        join(self._thread)

    def _watch(self) -> None:
        while not self._over.wait(0.01):
            for process in Path("/proc").iterdir():
                if process.name.isdigit():
                    self.seen.update(self._said(process))

    @staticmethod
    def _said(process: Path) -> Iterator[bytes]:
        for name in ("cmdline", "environ"):
            try:
                yield (process / name).read_bytes()
            except OSError:
                continue


@pytest.fixture
def private_places(stack: Stack, tmp_path: Path) -> list[Path]:
    """A home and a temp folder of this test's own, so that everything written there is ours."""
    home, temp = tmp_path / "own-home", tmp_path / "own-temp"
    home.mkdir()
    temp.mkdir()
    # the toolchain's caches lie in the real home; the engine is found already
    stack.environment |= {"HOME": str(home), "TMPDIR": str(temp), "XDG_CACHE_HOME": str(home / ".cache")}
    return [home, temp, stack.folder]


# At -v=9 the engine itself traces every property it sends, secrets included (docs/reference/limits.md); 8 is the most that keeps them.


def test_no_file_no_argv_and_no_environment_ever_holds_the_private_key(
    stack: Stack, private_places: list[Path], org: Org
) -> None:
    with ProcessWatch() as processes:
        ok(stack.up("--logflow", "-v=8"))
        org.unassign("CI_Integration_Access", org.user("ci"))
        assert stack.drift().code == 7
        diagnosed = stack.orgkey("doctor", "--stack", stack.name, "--format", "json=diagnosis.json")
        assert diagnosed.code == 1, diagnosed.text
        ok(stack.up())
    key = stack.outputs(secrets=True)["privateKeyPem"]
    lines = [line.encode() for line in key.splitlines()[1:-1]]
    assert len(lines) > 20
    for needle in (lines[3], lines[10]):
        holding = [
            str(file)
            for place in private_places
            for file in place.rglob("*")
            if file.is_file() and needle in file.read_bytes()
        ]
        assert holding == []
        assert not any(needle in said for said in processes.seen)


def test_what_the_commands_print_holds_no_key_token_or_assertion(stack: Stack, org: Org) -> None:
    first = stack.up("--logflow", "--logtostderr", "-v=8")
    again = stack.up("--diff")
    refresh_token = org.auth_url.split(":")[3].split("@")[0]
    key = stack.outputs(secrets=True)["privateKeyPem"].splitlines()[5]
    for text in (first.text, again.text):
        assert key not in text
        assert org.access_token not in text
        assert refresh_token not in text
        assert "eyJ" not in text  # how every signed assertion begins


def test_the_state_holds_the_key_encrypted_and_no_bootstrap_credential(deployed: Stack, org: Org) -> None:
    state = "".join(file.read_text() for file in (deployed.folder / "state").rglob("*") if file.is_file())
    assert "ciphertext" in state
    assert "PRIVATE KEY" not in state
    assert org.access_token not in state
    assert org.auth_url.split(":")[3] not in state


# --- what goes to the wrong place


PASTED = "force://PlatformCLI::5Aep861plantedRefreshToken@acme.my.salesforce.com"

CARELESS = f"""
import pulumi
from orgkey.resources import *

pasted = {PASTED!r}
ConnectedApp("a", ConnectedAppArgs(name=pasted, label="A", contact_email=pasted, certificate_pem="x", consumer_key=pasted,
             scopes=[pasted], trusted_ip_ranges=[dict(start=pasted, end=pasted)], permitted_users=pasted, is_pkce_required=pasted))
ExternalClientApp("e", ExternalClientAppArgs(name="A", label="A", contact_email=pasted, certificate_pem="x", consumer_key=pasted))
PermissionSet("p", PermissionSetArgs(name=pasted, label="P"))
PermissionSetAssignments("h", PermissionSetAssignmentsArgs(permission_set="P", users=[pasted, pasted.replace("@", "")]))
KeyPair("k", KeyPairArgs(subject=pasted, consumer_key=pasted, bits=pasted))
JwtGrant("g", JwtGrantArgs(consumer_key=pasted, username=pasted, private_key_pem=pasted, instance_url=pasted))
"""


def test_the_engine_shows_no_value_that_the_provider_refuses(stack: Stack) -> None:
    (stack.folder / "__main__.py").write_text(CARELESS)
    result = stack.up()
    assert result.code != 0
    assert "holds an auth URL, which does not belong there" in result.text
    assert "planted" not in result.text


# --- what came as a secret


def everything(stack: Stack) -> str:
    """All that Pulumi keeps of a stack: state, its backups, the history with the stack file of each update."""
    return "".join(file.read_text() for file in (stack.folder / "state").rglob("*") if file.is_file())


def checked(stack: Stack) -> list[Result]:
    """What `orgkey check` prints of the stack, in each form."""
    command = [str(Path(sys.executable).with_name("orgkey")), "check"]
    runs = [
        subprocess.run(
            [*command, f"--format={form}"],
            cwd=stack.folder,
            env=stack.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        for form in ("text", "json")
    ]
    return [Result(run.returncode, run.stdout + run.stderr) for run in runs]


SECRET_SETTINGS = {
    "orgkey:app.label": "PlantedLabel",
    "orgkey:app.description": "PlantedDescription",
    "orgkey:app.contactEmail": "planted.contact@acme.com",
    "orgkey:app.infoUrl": "https://planted.example.com",
    "orgkey:app.callbackUrls[0]": "https://planted.callback.example.com",
    "orgkey:permissionSet.label": "PlantedSetLabel",
    "orgkey:permissionSet.description": "PlantedSetDescription",
    "orgkey:key.subject": "CN=PlantedSubject",
    "orgkey:key.consumerKey": "PlantedConsumerKey" + "7" * 30,
    "orgkey:owner": "plantedowner",
}


def test_what_came_as_a_secret_is_in_clear_in_no_state_history_output_or_message(
    stack: Stack, config: dict[str, Any], org: Org
) -> None:
    planted = {**SECRET_SETTINGS, "orgkey:users[0]": org.user("ci"), "salesforce:instanceUrl": org.url}
    auth_url_file = config["salesforce:credentials"]["sfdxAuthUrlFile"]
    for path, value in planted.items():
        stack.set_secret(path, value)
    stack.set_secret("salesforce:credentials.sfdxAuthUrlFile", auth_url_file)
    printed = [stack.up("--diff"), stack.pulumi("preview", "--diff", "--stack", "t")]
    ok(printed[0])
    org.unassign("CI_Integration_Access", org.user("ci"))
    printed += [stack.drift(), stack.up("--diff"), stack.pulumi("refresh", "--yes", "--stack", "t")]
    stack.set_secret("orgkey:users[1]", "planted.nobody@acme.com")
    for refused in (stack.up(), stack.pulumi("preview", "--stack", "t"), *checked(stack)):
        assert refused.code != 0
        assert "[secret]: no such user" in refused.text
        printed.append(refused)
    shown = stack.outputs()
    assert {name for name, value in shown.items() if value == "[secret]"} >= {
        "consumerKey",
        "username",
        "instanceUrl",
        "audience",
        "certificatePem",
        "privateKeyPem",
    }
    needles = {
        **planted,
        "the org's host": org.url.removeprefix("https://"),
        "a user that does not exist": "planted.nobody@acme.com",
        "credentials": auth_url_file,
    }
    kept, text = everything(stack), "".join(result.text for result in printed) + str(shown)
    assert {path for path, value in needles.items() if value in kept} == set()
    assert {path for path, value in needles.items() if value in text} == set()
    assert stack.outputs(secrets=True)["consumerKey"] == SECRET_SETTINGS["orgkey:key.consumerKey"]


@pytest.mark.parametrize("file", ["Pulumi.t.yaml", "elsewhere.yaml"])
def test_the_key_of_a_retiring_generation_that_came_as_a_secret_is_in_clear_nowhere(
    stack: Stack, config: dict[str, Any], file: str
) -> None:
    planted = {
        "orgkey:retiring[0].key.subject": 'CN=Planted\\"Subject',
        "orgkey:retiring[0].key.consumerKey": "PlantedRetiringKey" + "7" * 30,
    }
    stack.configure({**config, "orgkey:retiring": [{"number": 2, "name": None, "key": {"bits": None}}]})
    for path, value in planted.items():
        stack.set_secret(path, value)
    (stack.folder / "Pulumi.t.yaml").rename(
        stack.folder / file
    )  # which orgkey finds or not: then the whole list counts as secret
    options = ["--config-file", file]
    printed = [ok(stack.up("--diff", *options)), ok(stack.pulumi("preview", "--diff", "--stack", "t", *options))]
    shown, kept = str(stack.outputs()), everything(stack)
    for needle in ("Planted", "PlantedRetiringKey"):
        assert needle not in kept
        assert needle not in shown
        assert not [result for result in printed if needle in result.text]
    (retiring,) = stack.outputs(secrets=True)["retiring"]
    assert retiring["consumerKey"] == planted["orgkey:retiring[0].key.consumerKey"]


def test_only_what_came_as_a_secret_becomes_one(stack: Stack, config: dict[str, Any]) -> None:
    from datetime import UTC, datetime

    from orgkey.identity.key_pair import certify, generate_key

    pair = certify(generate_key(2048), subject="CN=mine", validity_days=9, now=datetime.now(UTC))
    stack.configure({**config, "orgkey:key": {"certificatePem": pair.certificate.pem}})
    stack.set_secret("orgkey:key.privateKeyPem", pair.private_key_pem)
    ok(stack.up())
    assert {name for name, value in stack.outputs().items() if value == "[secret]"} == {"privateKeyPem"}
    assert stack.outputs()["certificatePem"] == pair.certificate.pem
    assert "PRIVATE KEY" not in everything(stack)


def test_a_private_key_in_clear_in_the_stack_file_stops_the_program_and_is_not_shown(
    stack: Stack, config: dict[str, Any]
) -> None:
    from orgkey.identity.key_pair import generate_key

    key = generate_key(2048)
    stack.configure({**config, "orgkey:key": {"privateKeyPem": key, "certificatePem": key}})
    result = stack.up()
    assert result.code != 0
    assert "orgkey:key.privateKeyPem is no secret" in result.text
    assert "`pulumi config set --secret --path orgkey:key.privateKeyPem --stack STACK < key.pem`" in result.text
    assert "orgkey:key.certificatePem holds a private key" in result.text
    assert not [line for line in key.splitlines()[1:-1] if line in result.text]

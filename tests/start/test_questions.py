"""`orgkey init` on a terminal: what it asks where no option says it, and what comes of the answers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from orgkey.identity.key_pair import certify, generate_key
from tests.landscape import Landscape, Org
from tests.made_by_hand import APP, KEY, LABEL, OTHER_SET, SET, made_connected
from tests.start.terminal import CLEAR, CTRL_C, CTRL_D, DOWN, ENTER, SPACE, Session, at_terminal

ORGKEY = str(Path(sys.executable).with_name("orgkey"))
Talk = Callable[..., Session]


@pytest.fixture
def talk(folder: Path, org: Org) -> Talk:
    """Run it at a terminal, with the answers to its questions."""

    def run(*options: str, answers: list[tuple[str, str]]) -> Session:
        environment = {**os.environ, "ADMIN_URL": org.auth_url}
        return at_terminal([ORGKEY, "init", *options, f"--ca-bundle={org.ca_bundle}"], folder, environment, answers)

    return run


def written(folder: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((folder / "Pulumi.uat.yaml").read_text())["config"])


def test_everything_is_asked_for_and_a_wrong_answer_is_told_at_once(talk: Talk, folder: Path, org: Org) -> None:
    done = talk(
        answers=[
            ("Name of the stack", CLEAR + "uat" + ENTER),
            ("How does an administrator log in", DOWN + DOWN + ENTER),
            ("Name of the variable", "ADMIN_URL" + ENTER),
            ("Developer name of the app", CLEAR + "9 bad" + ENTER),
            ("It is not letters", CLEAR + "Nightly" + ENTER),
            ("Whom may Salesforce write to", CLEAR + "ops@acme.com" + ENTER),
            ("Who logs in?", SPACE + DOWN + SPACE + ENTER),
            ("Whose login is proved?", DOWN + ENTER),
            ("Write Pulumi.uat.yaml?", "y"),
        ]
    )
    assert (done.code, done.unasked) == (0, []), done.shown
    config = written(folder)
    assert config["salesforce:credentials"] == {"sfdxAuthUrlEnv": "ADMIN_URL"}
    assert config["orgkey:app"] == {"name": "Nightly", "kind": "external", "contactEmail": "ops@acme.com"}
    assert config["orgkey:users"] == [org.user("integration"), org.user("ci")]
    assert config["orgkey:integrationUser"] == org.user("ci")


def test_a_free_name_is_proposed_where_the_usual_one_is_taken(talk: Talk, folder: Path, org: Org) -> None:
    xml = (
        "<ExternalClientApplication xmlns='http://soap.sforce.com/2006/04/metadata'><contactEmail>a@b.cd</contactEmail>"
        "<distributionState>Local</distributionState><label>CI</label></ExternalClientApplication>"
    )
    org.deploy({"externalClientApps/CI_Integration.eca": xml}, {"ExternalClientApplication": ["CI_Integration"]})
    done = talk(
        "uat", "--credentials-env=ADMIN_URL", "--contact-email=ops@acme.com", f"--user={org.user('ci')}",
        answers=[("Developer name of the app", ENTER), ("Write Pulumi.uat.yaml?", "y")],
    )  # fmt: skip
    assert (done.code, done.unasked) == (0, []), done.shown
    assert written(folder)["orgkey:app"]["name"] == "CI_Integration_uat"


def test_what_an_option_says_is_not_asked_and_a_user_may_be_typed(talk: Talk, folder: Path, org: Org) -> None:
    done = talk(
        "uat", "--credentials-env=ADMIN_URL", "--app=CI", "--contact-email=ops@acme.com",
        answers=[
            ("Who logs in?", ENTER),
            ("User names, with blanks between", CLEAR + org.user("release") + ENTER),
            ("Write Pulumi.uat.yaml?", "y"),
        ],
    )  # fmt: skip
    assert (done.code, done.unasked) == (0, []), done.shown
    assert written(folder)["orgkey:users"] == [org.user("release")]


def test_an_app_that_does_jwt_is_offered_and_its_set_and_key_are_asked_for(
    talk: Talk, folder: Path, org: Org, landscape: Landscape, tmp_path: Path
) -> None:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    pair = certify(generate_key(2048), subject="CN=own", validity_days=9, now=datetime.now(UTC))
    made_connected(org, pair.certificate.pem)
    org.assign(SET, org.user("ci"))
    (tmp_path / "key.pem").write_text(pair.private_key_pem)
    (tmp_path / "cert.pem").write_text(pair.certificate.pem)
    done = talk(
        "uat", "--credentials-env=ADMIN_URL",
        answers=[
            ("What is the stack to do?", DOWN + ENTER),
            ("Which permission set is to be the stack's?", DOWN + ENTER),
            ("Do you have the private key", "y"),
            ("File of the private key", str(tmp_path / "cert.pem") + ENTER),
            ("File of its certificate", str(tmp_path / "cert.pem") + ENTER),
            ("File of the private key", str(tmp_path / "key.pem") + ENTER),
            ("File of its certificate", str(tmp_path / "cert.pem") + ENTER),
            ("Write Pulumi.uat.yaml?", "y"),
        ],
    )  # fmt: skip
    assert (done.code, done.unasked) == (0, []), done.shown
    config = written(folder)
    app = config["orgkey:app"]
    assert (app["name"], app["label"], app["kind"]) == (APP, LABEL, "connected")
    assert {config["orgkey:permissionSet"]["name"], *app["permissionSets"]} == {SET, OTHER_SET}
    assert config["orgkey:key"] == {"consumerKey": KEY, "certificatePem": pair.certificate.pem}
    assert "pulumi config set --secret --path orgkey:key.privateKeyPem --stack uat < " in done.shown


@pytest.mark.parametrize(("key", "code"), [(CTRL_C, 130), (CTRL_D, 130), ("n", 2)])
def test_whoever_stops_or_says_no_has_nothing_written(talk: Talk, folder: Path, org: Org, key: str, code: int) -> None:
    done = talk(
        "uat", "--credentials-env=ADMIN_URL", "--app=CI", "--contact-email=ops@acme.com", f"--user={org.user('ci')}",
        answers=[("Write Pulumi.uat.yaml?", key)],
    )  # fmt: skip
    assert (done.code, done.unasked, "Traceback" in done.shown) == (code, [], False), done.shown
    assert [each.name for each in folder.iterdir()] == ["Pulumi.yaml"]


def test_the_library_for_questions_is_loaded_with_the_first_one() -> None:
    program = "import sys, orgkey.cli.main; print([each for each in sys.modules if each.startswith(('questionary', 'prompt_toolkit'))])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == "[]"

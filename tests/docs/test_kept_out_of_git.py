"""What the guides have people write beside the project, keys and tokens among it, gets into no commit by `git add .`."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program.stack import PROJECT

PAGES = (
    PROJECT / "README.md",
    *sorted((PROJECT / "docs").glob("*.md")),
    *sorted((PROJECT / "docs/guides").glob("*.md")),
)
WRITTEN_OR_READ = (
    r"--format (?:dotenv|json|sf|pem|pkcs12|jks)=([\w.~/-]+)",
    r"--(?:key|certificate|key-file|jwt-key-file|password-file|file) ([\w.~/-]+)",
    r"-(?:out|signkey|keystore) ([\w.~/-]+)",
    r"(?:privateKeyFile|sfdxAuthUrlFile): ([\w.~/-]+)",
    r"pulumi config set [^<`\n]*< ([\w.~/-]+)",
    r" > ([\w~/-]*\.[\w.~/-]+)$",
    r"set -a; \. ([\w.~/-]+);",
    r" \. ([\w.~/-]+\.env)\b",
)
"""Commands and settings of the guides that name a file with a key, a password or a login."""
FOR_ONE_JOB = "/tmp/"
"""Where a pipeline's container has its own."""


def names() -> Iterator[str]:
    """The files that the guides name so, without the folders that they stand in."""
    for page in PAGES:
        for form in WRITTEN_OR_READ:
            for name in re.findall(form, page.read_text(), re.MULTILINE):
                if not name.isupper() and not name.startswith(FOR_ONE_JOB):
                    yield Path(name).name


def git(folder: Path, *arguments: str, typed: str = "") -> str:
    program = shutil.which("git")
    assert program
    return subprocess.run(
        [program, "-C", folder, *arguments], check=False, input=typed, text=True, capture_output=True
    ).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty repository with the project's .gitignore."""
    git(tmp_path, "init", "--quiet")
    shutil.copy(PROJECT / ".gitignore", tmp_path)
    return tmp_path


def test_the_guides_name_files_of_every_kind() -> None:
    assert {"uat.env", "uat.key", "uat.json", "uat.p12", "key.pem", "password", "token.json", "state.json"} <= {
        *names()
    }
    assert {"server.key", "uat.sfdxurl", "sandbox-admin.key", "job.env"} <= {*names()}


@pytest.mark.parametrize("folder", ["", "sub/", "examples/clients/node/"], ids=["project", "subfolder", "examples"])
def test_what_the_guides_write_a_key_or_a_token_into_is_ignored(repository: Path, folder: str) -> None:
    written = sorted({folder + name for name in names()})
    ignored = git(repository, "check-ignore", "--stdin", typed="\n".join(written)).splitlines()
    assert ignored == written


def test_nothing_that_is_kept_is_ignored() -> None:
    assert git(PROJECT, "ls-files", "--cached", "--ignored", "--exclude-standard") == ""

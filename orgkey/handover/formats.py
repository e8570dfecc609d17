"""THE TABLE OF FORMATS: one row for each target that a login can be handed over to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from orgkey.handover import documents, keystores, names, shell
from orgkey.handover.login import HandedLogin

Text = Callable[[HandedLogin, str], str]


@dataclass(frozen=True, slots=True)
class Format:
    """One row. What it makes holds the private key: `text` for a pipe or a new file, `keystore` for a new file and under a password.

    `file_only` is for text that goes into a file alone. `told` goes to stdout beside that file and holds no key. `naming` is the rule for
    `--prefix`, None where there are no names to choose.
    """

    purpose: str
    text: Text | None = None
    keystore: Callable[[HandedLogin, str, str], bytes] | None = None
    file_only: bool = False
    told: Callable[[HandedLogin, str, Path], str] | None = None
    naming: names.Naming | None = None

    @property
    def needs_file(self) -> bool:
        """Whether it goes into a file alone."""
        return self.file_only or self.keystore is not None


FORMATS: Mapping[str, Format] = {
    "dotenv": Format(".env files and shells", shell.dotenv, naming=names.VARIABLES),
    "json": Format("programs", documents.as_json),
    "github": Format("GitHub Actions: a script of `gh`", shell.github, naming=names.GITHUB),
    "gitlab": Format("GitLab CI: a script of `glab`", shell.gitlab, naming=names.VARIABLES),
    "sfdx-hardis": Format("variables of sfdx-hardis", shell.sfdx_hardis, naming=names.BRANCH),
    "cumulusci": Format("variables of CumulusCI", shell.cumulusci, naming=names.ORG_NAME),
    "sf": Format(
        "the Salesforce CLI: the key, and the login command to stdout",
        documents.pem,
        file_only=True,
        told=shell.sf_command,
        naming=names.ALIAS,
    ),
    "kubernetes": Format("a Secret for `kubectl apply -f -`", documents.kubernetes, naming=names.KUBERNETES),
    "pem": Format("the private key alone", documents.pem, file_only=True),
    "pkcs12": Format("a PKCS #12 keystore", keystore=keystores.pkcs12, naming=names.ALIAS),
    "jks": Format("a Java keystore of the old type JKS", keystore=keystores.jks, naming=names.ALIAS),
}

"""What somebody wants of a stack file, by options or answers; and what a file is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orgkey.metadata.check import Problem, sentence

OPTIONS: Mapping[str, str] = {
    "salesforce:instanceUrl": "--instance-url",
    "salesforce:caBundle": "--ca-bundle",
    "salesforce:apiVersion": "--api-version",
    "orgkey:app.name": "--app",
    "orgkey:app.label": "--label",
    "orgkey:app.contactEmail": "--contact-email",
    "orgkey:users": "--user",
    "orgkey:integrationUser": "--integration-user",
    "orgkey:permissionSet.name": "--permission-set",
    "orgkey:key.consumerKey": "--consumer-key",
    "orgkey:key.privateKeyPem": "--key",
    "orgkey:key.certificatePem": "--certificate",
    "orgkey:key": "--key and --certificate",
    "orgkey:owner": "the project's name",
}
"""Which option gives a setting."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for; empty is what was not. `private_key` is the text of `key_file`, and goes into no file."""

    app: str = ""
    label: str = ""
    kind: str = ""
    contact_email: str = ""
    users: tuple[str, ...] = ()
    integration_user: str = ""
    permission_set: str = ""
    consumer_key: str = ""
    key_file: str = ""
    private_key: str = field(default="", repr=False)
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A stack file to be: settings by full key, more to say of each, what may be switched on in it, and what to tell on the way."""

    config: Mapping[str, Any]
    notes: Mapping[str, tuple[str, ...]]
    possible: tuple[tuple[str, Any, str], ...] = ()
    says: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class DraftError(Exception):
    """No file can be made of what is known; `problems` are sentences that begin with the option which helps."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(self.problems))


def by_option(problem: Problem) -> str:
    """A problem of a setting, by the option that gives it."""
    path, _, _ = problem.path.partition("[")
    return sentence(f"{OPTIONS.get(path, problem.path)} {problem.reason}")

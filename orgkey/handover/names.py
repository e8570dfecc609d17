"""What may be chosen of the names in a format, and by which rule of its target."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from orgkey.handover.login import HandedLogin


@dataclass(frozen=True, slots=True)
class Naming:
    """The rule for `--prefix`: `default` makes it for a login, `pattern` is what the target takes, `says` finishes "must be …"."""

    default: Callable[[HandedLogin], str]
    pattern: str
    says: str

    def problem(self, prefix: str) -> str:
        """What is wrong with a prefix, or an empty text."""
        return "" if re.fullmatch(self.pattern, prefix) else f"must be {self.says}"


VARIABLES = Naming(
    lambda _: "SF_",
    r"(?:[A-Za-z_][A-Za-z0-9_]{0,99})?",
    "how names of variables may begin: letters, digits and underscores, no digit first",
)
GITHUB = Naming(
    VARIABLES.default,
    r"(?:(?![Gg][Ii][Tt][Hh][Uu][Bb]_)[A-Za-z_][A-Za-z0-9_]{0,99})?",
    "how GitHub lets names begin: letters, digits and underscores, no digit first, and not GITHUB_",
)
KUBERNETES = Naming(
    VARIABLES.default,
    r"(?=.{1,100}\Z)[A-Za-z](?:_?[A-Za-z0-9]+)*_?",
    "letters, digits and single underscores, a letter first: Kubernetes gets the Secret's name from it",
)
ORG_NAME = Naming(
    lambda login: login.identifier,
    r"[A-Za-z_][A-Za-z0-9_]{0,99}",
    "the org's name in the names of variables: letters, digits and underscores, no digit first",
)
BRANCH = Naming(
    lambda login: login.identifier,
    ORG_NAME.pattern,
    "the branch as sfdx-hardis writes it in names of variables: letters, digits and underscores, no digit first",
)
ALIAS = Naming(
    lambda login: login.identifier.lower(),
    r"[A-Za-z0-9_.][A-Za-z0-9_.@-]{0,99}",
    "an alias: letters, digits and the characters _ . @ -",
)

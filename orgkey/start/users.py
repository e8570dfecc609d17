"""Which users of an org look like integration users, and why: pure, by licence, profile and name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import IntEnum

from orgkey.metadata.identifiers import name_key
from orgkey.salesforce.preflight_judge import API_INTEGRATION, INTEGRATION_LICENSE

USERNAME_STARTS = (
    *(
        "ci@",
        "ci.",
        "ci-",
        "ci_",
        "cicd",
        "cd@",
        "api@",
        "api.",
        "api-",
        "api_",
        "svc",
        "service",
        "integration",
        "deploy",
    ),
    *(
        "automation",
        "pipeline",
        "jenkins",
        "github",
        "gitlab",
        "bitbucket",
        "azure",
        "mulesoft",
        "boomi",
        "etl",
        "bot@",
        "sync",
    ),
)
"""How user names of machines begin: what an org is asked for; `_WORDS` judges the answer."""
NAME_PARTS = ("integration", "pipeline", "connector", "service account", "automation")
"""What full names of machines hold."""
LICENSES = (INTEGRATION_LICENSE,)
_WORDS = frozenset(
    "ci cicd cd api svc service services serviceaccount integration integrations deploy deployer deployment deployments automation "
    "pipeline pipelines jenkins github gitlab bitbucket azure azuredevops mulesoft boomi etl bot robot sync connector".split()
)
_MOST_REASONS = 2
_SALESFORCES_OWN = ("analytics cloud", "sales insights", "insights", "cloud integration", "platform integration")
"""How licences and profiles of users begin that Salesforce itself logs in as: not for anybody else."""


class Sign(IntEnum):
    """What speaks for an integration user; a higher one weighs more."""

    NAME = 1
    API_ONLY = 2
    LICENSE = 3


@dataclass(frozen=True, slots=True)
class UserSeen:
    """An active user of the org. `api_license`: holds the permission set licence of integration users, None where it was not told."""

    username: str
    full_name: str = ""
    profile: str = ""
    license: str = ""
    api_only: bool = False
    api_license: bool | None = None
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A user who looks like an integration user: the strongest sign, all of them in words, and what stands against a login now."""

    username: str
    sign: Sign
    reasons: tuple[str, ...]
    obstacle: str = ""

    @property
    def why(self) -> str:
        """Why it is proposed, and what stands against it, in one line."""
        against = f"; but {self.obstacle}" if self.obstacle else ""
        return ", ".join(self.reasons) + against


def candidates(users: Iterable[UserSeen]) -> list[Candidate]:
    """Those who look like integration users: first those against whom nothing stands, then by the strongest sign, then by name."""
    found = [each for each in map(_candidate, users) if each]
    return sorted(found, key=lambda each: (bool(each.obstacle), -each.sign, name_key(each.username)))


def the_one(found: Collection[Candidate]) -> Candidate | None:
    """The one that nobody need be asked about: nothing stands against it, and no other has a sign as strong."""
    usable = [each for each in found if not each.obstacle]
    strongest = max((each.sign for each in usable), default=None)
    best = [each for each in usable if each.sign == strongest]
    return best[0] if len(best) == 1 else None


def _candidate(user: UserSeen) -> Candidate | None:
    if any(name_key(each).startswith(_SALESFORCES_OWN) for each in (user.profile, user.license)):
        return None
    signs: dict[Sign, str] = {}
    if user.license in LICENSES:
        signs[Sign.LICENSE] = f"has the licence {user.license}"
    if user.api_only:
        signs[Sign.API_ONLY] = f"its profile {user.profile} allows the API alone"
    if word := _word(user):
        signs[Sign.NAME] = f"its name has `{word}` in it"
    if not signs:
        return None
    reasons = tuple(signs[sign] for sign in sorted(signs, reverse=True))[:_MOST_REASONS]
    return Candidate(user.username, max(signs), reasons, _obstacle(user))


def _word(user: UserSeen) -> str:
    """The word in user name or full name that people do not have in theirs."""
    local = user.username.partition("@")[0]
    spoken = [*re.split(r"[^a-z]+", local.casefold()), *re.split(r"[^a-z]+", user.full_name.casefold())]
    return next((word for word in spoken if word in _WORDS), "")


def _obstacle(user: UserSeen) -> str:
    if user.frozen:
        return "it is frozen (Setup > Users > the user > Unfreeze)"
    if user.license == INTEGRATION_LICENSE and user.api_license is False:
        return (
            f"it lacks the permission set licence {API_INTEGRATION}, which it needs first "
            "(Setup > Users > the user > Permission Set License Assignments)"
        )
    return ""

"""Clients of a random life: they log in with whatever the stack ever gave them, by nothing of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import requests

from tests.login import refused
from tests.matrix.declared import Declared
from tests.matrix.sandbox import Sandbox
from tests.matrix.stacks import ProtocolStack

Key = TypeVar("Key")
Login = Mapping[str, Any]


def logins_of(stack: ProtocolStack) -> dict[int, dict[str, Any]]:
    """What clients log in with now, by generation; the audience is the org's where the state knows none, as of a blocked one."""
    return {
        number: {**login, "audience": login["audience"] or login["instanceUrl"]}
        for number, login in stack.logins().items()
    }


@dataclass
class Clients:
    """`given` are all logins that the stack ever gave, by consumer key and private key."""

    sandbox: Sandbox
    given: dict[tuple[str, str], Login] = field(default_factory=dict)

    def check(self, file: Declared, stack: ProtocolStack) -> None:
        """What is declared lets its clients in unless it is blocked, and nothing else that clients ever had does."""
        logins = logins_of(stack)
        assert logins.keys() == file.apps().keys()
        refusals = self.refusals(logins)
        assert refusals.keys() == file.blocked, refusals
        present = {(login["consumerKey"], login["privateKeyPem"]): login for login in logins.values()}
        now = next(iter(logins.values()))
        where = {
            "username": self.sandbox.org.user(file.users[0]),
            "instanceUrl": now["instanceUrl"],
            "audience": now["instanceUrl"],
        }
        gone = {key: {**login, **where} for key, login in self.given.items() if key not in present}
        assert self.refusals(gone).keys() == gone.keys()
        self.given |= present

    def refusals(self, logins: Mapping[Key, Login]) -> dict[Key, str]:
        """The logins that do not work, each with the reason: also where a client asks at an address that is gone."""
        answers = {key: self._answer(login) for key, login in logins.items()}
        return {key: reason for key, reason in answers.items() if reason}

    def _answer(self, login: Login) -> str:
        try:
            return refused(login, self.sandbox.org)
        except requests.ConnectionError:
            return f"nobody answers at {login['instanceUrl']}"

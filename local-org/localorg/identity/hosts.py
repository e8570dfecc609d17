"""Where a login request arrived: an org's My Domain, or the login or test host that serve all orgs of a kind."""

from __future__ import annotations

from dataclasses import dataclass

from localorg.orgs import HOST, LOGIN_AUDIENCE, PRODUCTION, SANDBOX, TEST_AUDIENCE, Org


@dataclass(frozen=True)
class LoginHost:
    """One host. `org` is set on a My Domain; on the login and test host `kind` says whose users log in there."""

    port: int
    org: Org | None = None
    kind: str = ""

    @property
    def url(self) -> str:
        """The host's address."""
        return f"https://{HOST}:{self.port}"

    def reaches(self, org: Org) -> bool:
        """Tell whether users of an org can log in here."""
        return org.name == self.org.name if self.org else org.kind == self.kind


@dataclass(frozen=True)
class SharedHosts:
    """The two hosts that belong to no org."""

    login: LoginHost
    test: LoginHost

    def identity_host(self, org: Org) -> str:
        """Return the host of an org's identity URLs: the test host for sandboxes (platform notes 4.4)."""
        return (self.test if org.is_sandbox else self.login).url

    def login_audiences(self) -> set[str]:
        """Return the names of the login host as an audience: the real one, and ours on loopback."""
        return {LOGIN_AUDIENCE, self.login.url}

    def test_audiences(self) -> set[str]:
        """Return the names of the test host as an audience."""
        return {TEST_AUDIENCE, self.test.url}


def shared_hosts(login_port: int, test_port: int) -> SharedHosts:
    """Return the login and test host at their ports."""
    return SharedHosts(LoginHost(login_port, kind=PRODUCTION), LoginHost(test_port, kind=SANDBOX))

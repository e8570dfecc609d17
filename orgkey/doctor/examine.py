"""One login examined: tried, and where it fails everything gathered that may say why. Reads, never writes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orgkey.doctor.attempt import Attempt, examine_host, examine_key, refused_key
from orgkey.doctor.facts import ExaminedLogin, Facts, HostFacts
from orgkey.doctor.org_facts import OrgExaminer
from orgkey.model.connection import Connection
from orgkey.salesforce import answers
from orgkey.salesforce.errors import SalesforceError
from orgkey.salesforce.org import Org
from orgkey.salesforce.read import Snapshot

if TYPE_CHECKING:
    from orgkey.salesforce.transport import Transport

NEWEST_API_VERSION = "68.0"
"""Winter '27 (platform notes 7)."""


@dataclass(slots=True)
class Examiner:
    """How to reach the org: `transport` without a login, `connection` with its administrator's.

    Without `as_admin` the connection's credentials are not used. `progress` hears in words what is being looked at.
    """

    transport: Transport
    connection: Connection
    as_admin: bool = True
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    progress: Callable[[str], None] = field(default=lambda _: None)

    def examine(self, login: ExaminedLogin) -> Facts:
        """Try the login; where it works nothing else is asked."""
        key = examine_key(login.private_key)
        facts = Facts(login, datetime.fromtimestamp(self.transport.clock.now(), UTC), key)
        if key.problem:
            return self._seen_by_org(replace(facts, failure=refused_key(key.problem)))
        self.progress(f"trying the login of {login.username}")
        attempt = Attempt(self.transport, login, self.connection.api_version)
        attempt.run(login.org_kind or "sandbox")
        facts = replace(
            facts,
            answers=tuple(attempt.answers),
            proof=attempt.proof,
            failure=attempt.failure,
            out_of_time=attempt.out_of_time,
        )
        if facts.failure is None:
            return facts
        host = HostFacts(clock_ahead=attempt.clock_ahead)
        if facts.unreachable is not None:
            return replace(facts, host=host)
        self.progress("asking the host who it is")
        facts = replace(facts, host=examine_host(self.transport, login.instance_url, host))
        return self._seen_by_org(facts)

    def _seen_by_org(self, facts: Facts) -> Facts:
        """Add what the org's administrator sees."""
        if not self.as_admin:
            return facts
        org = Org(self._newest(), clock=self.transport.clock, transport=self.transport, environment=self.environment)
        examiner = OrgExaminer(Snapshot(org, gather=0.0), facts.login)
        try:
            self.progress("logging in with the administrator's credentials")
            seen = examiner.org()
            self.progress("looking at the app")
            apps = examiner.apps()
            self.progress("looking at the user")
            user = examiner.user()
        except SalesforceError as error:
            return replace(facts, credentials_problem=str(error), unseen=tuple(examiner.unseen))
        # the app's clock and the org's are one: a change is dated by it
        now = facts.now.timestamp() - (facts.host.clock_ahead or 0.0)
        return replace(
            facts,
            now=datetime.fromtimestamp(now, UTC),
            org=seen,
            apps=apps,
            user=user,
            credentials_problem="",
            unseen=tuple(examiner.unseen),
        )

    def _newest(self) -> Connection:
        """The connection at the newest API version that the org serves and we know, which shows the most."""
        versions = [NEWEST_API_VERSION, self.connection.api_version]
        try:
            response = self.transport.read("GET", f"{self.connection.instance_url}/services/data/")
            served = answers.versions(answers.content_of(response), self.connection.instance_url)
        except SalesforceError:
            served = []
        newest = next((each for each in versions if each in served), self.connection.api_version)
        return self.connection.model_copy(update={"api_version": newest})

"""One login examined: tried, and where it fails everything gathered that may say why. Reads, never writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orgkey.doctor.attempt import Attempt, examine_host, examine_key, refused_key
from orgkey.doctor.facts import ExaminedLogin, Facts, HostFacts
from orgkey.doctor.org_facts import OrgExaminer
from orgkey.salesforce.errors import SalesforceError
from orgkey.salesforce.read import Snapshot

if TYPE_CHECKING:
    from orgkey.salesforce.org import Org
    from orgkey.salesforce.transport import Transport


@dataclass(slots=True)
class Examiner:
    """How to reach the org: `transport` without a login; `org` with its administrator's, or None where none was given.

    `progress` hears in words what is being looked at.
    """

    transport: Transport
    api_version: str
    org: Org | None = None
    progress: Callable[[str], None] = field(default=lambda _: None)

    def examine(self, login: ExaminedLogin) -> Facts:
        """Try the login; where it works nothing else is asked."""
        key = examine_key(login.private_key)
        facts = Facts(login, datetime.fromtimestamp(self.transport.clock.now(), UTC), key)
        if key.problem:
            return self._seen_by_org(replace(facts, failure=refused_key(key.problem)))
        self.progress(f"trying the login of {login.username}")
        attempt = Attempt(self.transport, login, self.api_version)
        attempt.run(login.org_kind or "sandbox")
        facts = replace(facts, answers=tuple(attempt.answers), proof=attempt.proof, failure=attempt.failure)
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
        if self.org is None:
            return facts
        examiner = OrgExaminer(Snapshot(self.org, gather=0.0), facts.login)
        try:
            self.progress("logging in with the administrator's credentials")
            org = examiner.org()
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
            org=org,
            apps=apps,
            user=user,
            credentials_problem="",
            unseen=tuple(examiner.unseen),
        )

"""A look at an org has its time, and what a person needs for an answer does not count."""

from __future__ import annotations

from orgkey.model.connection import Connection
from orgkey.salesforce.clock import Clock
from orgkey.salesforce.org import Org
from orgkey.salesforce.org_identity import Identity
from orgkey.salesforce.read import Snapshot
from orgkey.start.look import OrgSeen
from orgkey.start.run import Sighting


def test_the_time_for_a_look_begins_anew_after_a_question() -> None:
    settings = {"instanceUrl": "https://acme.my.salesforce.com", "credentials": {"sfAlias": "x"}}
    clock = Clock()
    org = Org(Connection.model_validate(settings), clock=clock)
    seen = OrgSeen(Identity("00D000000000001", "Acme", "sandbox"), "", "", "68.0", (), ())
    sighting = Sighting(Snapshot(org), seen, "67.0", 30.0)
    clock.set_deadline(clock.monotonic() - 1)
    assert clock.seconds_left() == 0
    sighting.begin()
    assert clock.seconds_left() > 29

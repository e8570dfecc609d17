from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orgkey.doctor.examine import Examiner
from orgkey.doctor.facts import ExaminedLogin, Facts
from orgkey.model.connection import parse_connection
from orgkey.salesforce.clock import Clock
from orgkey.salesforce.transport import Transport
from tests.doctor.hand_made import KEY, pair
from tests.landscape import Landscape, Org

Examine = Callable[..., Facts]


@pytest.fixture
def examine(org: Org, landscape: Landscape) -> Examine:
    """Examine the login that was made by hand, with the administrator's credentials or without; `changed` are other fields of it."""

    def run(*, as_admin: bool = True, token: str = "", seconds_ahead: float = 0.0, **changed: str) -> Facts:
        now = landscape.org(org.name)  # a refresh gives it another id and administrator's session
        login = ExaminedLogin(
            **{
                "instance_url": now.url,
                "consumer_key": KEY,
                "username": now.user("ci"),
                "private_key": pair(1).key,
                **changed,
            }
        )
        clock = OrgClock(landscape, seconds_ahead)
        values = {
            "instanceUrl": login.instance_url,
            "caBundle": org.ca_bundle,
            "credentials": '{"accessTokenEnv": "TOKEN"}',
        }
        connection, problems = parse_connection(values)
        assert connection is not None, problems
        transport = Transport(ca_bundle=org.ca_bundle, clock=clock)
        environment = {"TOKEN": token or now.access_token}
        return Examiner(transport, connection, as_admin=as_admin, environment=environment).examine(login)

    return run


class OrgClock(Clock):
    """This machine's clock, so many seconds ahead of the landscape's."""

    def __init__(self, landscape: Landscape, ahead: float) -> None:
        super().__init__()
        self._offset = float(landscape.admin("GET", "/clock")["offset"]) + ahead

    def now(self) -> float:
        return super().now() + self._offset


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "key.pem"
    file.write_text(pair(1).key)
    return file

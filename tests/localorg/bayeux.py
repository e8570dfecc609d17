"""A small Bayeux client for the tests of the Streaming API: one message, its replies, and a connect that is held."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

import requests

from tests.localorg.landscape_client import Landscape, OrgClient
from tests.waiting import until

Message = dict[str, Any]


class Bayeux:
    """One client with cookies of its own and an access token that may be changed."""

    def __init__(self, org: OrgClient, token: str | None = None, path: str = "/cometd/67.0") -> None:
        self.landscape: Landscape = org.landscape
        self.org = org
        self.token = token or org.token
        self.path = path
        self.client_id = ""
        self.http = requests.Session()
        self.http.verify = self.landscape.about["caBundle"]
        self.http.trust_env = False
        self._pool = ThreadPoolExecutor(1)
        self._id = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self._pool.shutdown()

    def message(self, channel: str, **more: Any) -> Message:
        self._id += 1
        of_client = {} if channel == "/meta/handshake" else {"clientId": self.client_id}
        return {"channel": channel, "id": str(self._id), **of_client, **more}

    def post(self, body: object) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.http.post(self.org.url + self.path, json=body, headers=headers, timeout=30)

    def send(self, *messages: Message) -> list[Message]:
        answer = self.post(list(messages))
        assert answer.status_code == 200, answer.text
        replies: list[Message] = answer.json()
        return replies

    def tell(self, channel: str, **more: Any) -> Message:
        """Send one message; return its reply."""
        [reply] = self.send(self.message(channel, **more))
        return reply

    def shake_hands(self) -> Message:
        offered = {"version": "1.0", "minimumVersion": "1.0", "supportedConnectionTypes": ["long-polling"]}
        reply = self.tell("/meta/handshake", ext={"replay": True}, **offered)
        self.client_id = reply.get("clientId", "")
        return reply

    def connect(self, **more: Any) -> list[Message]:
        """Connect; return the events and the reply."""
        return self.send(self.message("/meta/connect", connectionType="long-polling", **more))

    def start(self, *channels: str, replay: int | None = None) -> Bayeux:
        """Shake hands, connect for the first time, subscribe."""
        assert self.shake_hands()["successful"]
        assert self.connect()[-1]["successful"]
        for channel in channels:
            assert self.subscribe(channel, replay)["successful"]
        return self

    def subscribe(self, channel: object, replay: object = None) -> Message:
        ext = {} if replay is None else {"ext": {"replay": {channel: replay}}}
        return self.tell("/meta/subscribe", subscription=channel, **ext)

    def hold(self) -> Future[list[Message]]:
        """Connect in a thread of its own; return when the org holds the connect."""
        before = self._under_way()
        future = self._pool.submit(self.connect)
        until(lambda: self._under_way() > before or future.done(), "the connect is held")
        return future

    def _under_way(self) -> int:
        held: int = self.landscape.admin("GET", f"/requests?org={self.org.about['name']}")["underWay"]
        return held


def numbers(messages: list[Message], field: str = "Number__c") -> list[Any]:
    """The values of a field of the events among messages."""
    return [each["data"]["payload"][field] for each in messages if "data" in each]


def replay_ids(messages: list[Message]) -> list[int]:
    return [each["data"]["event"]["replayId"] for each in messages if "data" in each]

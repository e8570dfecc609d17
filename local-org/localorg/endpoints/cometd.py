"""The Streaming API: Bayeux messages over long polling at /cometd/NN.0 (platform notes 6.4)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

from localorg.endpoints.call import Answer, Call, as_json, rest_error
from localorg.errors import PlatformError
from localorg.identity.sessions import Session
from localorg.streaming.bus import NEW, ReplayIdError
from localorg.streaming.channels import has_channel
from localorg.streaming.clients import Client, Wait

OLDEST = 37.0
COOKIE = "BAYEUX_BROWSER"
LONG_POLLING = "long-polling"
HANDSHAKE, CONNECT = "/meta/handshake", "/meta/connect"
UNAUTHORIZED = "401::Authentication invalid"
_SHORTEST = 0.01
_MOST = 2**63 - 1
_KINDS = ("handshake", "connect", "subscribe", "unsubscribe", "disconnect")
_PUBLISH = "cometdPublish"
OPERATIONS = frozenset({f"cometd{kind.capitalize()}" for kind in _KINDS} | {_PUBLISH})
Message = dict[str, Any]


class _RefusedError(Exception):
    """A message is not done: the error of its reply, and what the client is advised to do."""

    def __init__(self, error: str, advice: Message | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.advice = advice


class _UnauthorizedError(_RefusedError):
    """The caller's session is none, or may not do this."""

    def __init__(self, reason: str = UNAUTHORIZED) -> None:
        super().__init__(reason, {"reconnect": "none", "interval": 0})


def operation(call: Call) -> str:
    """Return the name of a request's operation, by its first message."""
    try:
        kind = str(_messages(call)[0]["channel"]).removeprefix("/meta/")
    except PlatformError:
        return _PUBLISH
    return f"cometd{kind.capitalize()}" if kind in _KINDS else _PUBLISH


def exchange(call: Call) -> Answer:
    """Answer POST cometd/NN.0: one reply to each message. A connect that is alone may be held."""
    messages = _messages(call)
    of = _Exchange(call)
    if [message["channel"] for message in messages] == [CONNECT]:
        return of.connect_alone(messages[0])
    replies: list[Message] = []
    for message in messages:
        replies += of.reply(message)
    return of.answer(replies)


def bayeux_error(call: Call, error: PlatformError) -> Answer:
    """Return an error: of the session as replies to the messages, all else as a server that knows no Bayeux answers it."""
    if error.code != "INVALID_SESSION_ID":
        return rest_error(error)
    try:
        return as_json([_refusal(message, _UnauthorizedError()) for message in _messages(call)])
    except PlatformError as unreadable:
        return rest_error(unreadable)


def _messages(call: Call) -> list[Message]:
    """Return the messages of a request. Raises PlatformError."""
    given = call.json()
    messages = given if isinstance(given, list) else [given]
    if not messages or not all(isinstance(each, dict) and isinstance(each.get("channel"), str) for each in messages):
        raise PlatformError("INVALID_INPUT", "The body is no Bayeux message: one has a channel")
    return messages


def _reply(message: Message, **more: Any) -> Message:
    """Return a reply: its id is the message's."""
    number = {"id": message["id"]} if "id" in message else {}
    return {**more, "channel": message["channel"], **number}


def _refusal(message: Message, refused: _RefusedError) -> Message:
    """Return the reply to a message that is not done."""
    advice = {} if refused.advice is None else {"advice": refused.advice}
    failed = {"error": refused.error, "successful": False}
    if message["channel"] == HANDSHAKE and isinstance(refused, _UnauthorizedError):
        denied = {"ext": {"sfdc": {"failureReason": refused.error}, "replay": True, "payload.format": True}}
        return {**_reply(message, **denied, advice={"reconnect": "none"}), **failed, "error": "403::Handshake denied"}
    known = {name: message[name] for name in ("clientId", "subscription") if name in message}
    return {**_reply(message, **known, **advice), **failed}


class _Exchange:
    """One request: its caller, its client, and the replies to its messages."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.clients = call.landscape.streaming
        self.org = call.the_org
        self.prolong = call.landscape.knobs.on("streaming_keeps_session", self.org.name)
        self._headers: dict[str, str] = {}
        self._kinds: dict[str, Callable[[Message], list[Message]]] = {
            HANDSHAKE: self._shake_hands,
            CONNECT: self._connect,
            "/meta/subscribe": self._subscribe,
            "/meta/unsubscribe": self._unsubscribe,
            "/meta/disconnect": self._disconnect,
        }

    def answer(self, replies: list[Message]) -> Answer:
        """Return replies as the answer of the request."""
        return as_json(replies, headers=self._headers)

    def reply(self, message: Message) -> list[Message]:
        """Return the reply to a message, after the events that go with it."""
        try:
            self._check_version()
            return self._kinds.get(message["channel"], self._publish)(message)
        except _RefusedError as refused:
            return [_refusal(message, refused)]

    def connect_alone(self, message: Message) -> Answer:
        """Answer a connect that is the only message: held until there are events, unless it is the client's first."""
        try:
            self._check_version()
            client = self._client(message)
        except _RefusedError as refused:
            return self.answer([_refusal(message, refused)])
        seconds = self.timeout()
        asked = (message.get("advice") or {}).get("timeout") if isinstance(message.get("advice"), dict) else None
        if isinstance(asked, int | float):
            seconds = min(seconds, max(0.0, asked / 1000))
        if not client.has_connected or self.clients.has_events(client) or not seconds:
            return self.answer(self.reply(message))
        return Answer(held=_HeldConnect(self, client, message, seconds))

    def timeout(self) -> float:
        """Return for how many seconds a connect is held."""
        return self.call.landscape.knobs.number("streaming_timeout", self.org.name)

    def session(self) -> Session:
        """Return the caller's session. Raises _RefusedError."""
        if self.call.bearer() is None:
            raise _UnauthorizedError("401::Request requires authentication")
        try:
            return self.call.authorize(prolong=self.prolong)
        except PlatformError as error:
            known = error.code == "INVALID_SESSION_ID"
            raise _UnauthorizedError(UNAUTHORIZED if known else f"{error.status}::{error.message}") from None

    def _check_version(self) -> None:
        newest = self.call.landscape.knobs.number("newest_version", self.org.name)
        form = f"URI format: '/cometd/{newest:.1f}'"
        none = {"reconnect": "none", "interval": 0}
        if "version" not in self.call.parameters:
            raise _RefusedError(f"400::API version in the URI is mandatory. {form}", none)
        if not OLDEST <= self.call.version <= newest:
            supported = f"Only API versions '{OLDEST}' and above are supported"
            raise _RefusedError(f"400::Unsupported API version. {supported}. {form}", none)

    def _client(self, message: Message) -> Client:
        """Return the client that a message is of. Raises _RefusedError."""
        client_id = str(message.get("clientId"))
        try:
            session = self.session()
        except _RefusedError:
            self.clients.close(client_id)
            raise
        client = self.clients.find(client_id, self.org.name, session.user_id)
        if client is None:
            raise _RefusedError("403::Unknown client", {"reconnect": "handshake", "interval": 0})
        if self._browser() != client.browser:
            reason = f"400::Client {client_id} has established a session, but no {COOKIE} cookie present"
            raise _RefusedError(reason, {"reconnect": "none", "interval": 0})
        return client

    def _browser(self) -> str:
        """Return the cookie that every request of a client carries after its handshake."""
        for each in self.call.headers.get("cookie", "").split(";"):
            name, _, value = each.strip().partition("=")
            if name == COOKIE:
                return value.strip('"')
        return ""

    def _shake_hands(self, message: Message) -> list[Message]:
        session = self.session()
        offered = message.get("supportedConnectionTypes")
        if not isinstance(offered, list) or LONG_POLLING not in offered:
            wanted = ", ".join(map(str, offered)) if isinstance(offered, list) else ""
            raise _RefusedError(f"400::Invalid connection type {wanted}".rstrip(), {"reconnect": "none", "interval": 0})
        browser = self._browser()
        if not browser:
            browser = secrets.token_hex(12)
            self._headers["Set-Cookie"] = f"{COOKIE}={browser}; Path=/; Secure; HttpOnly"
        client = self.clients.open(self.org.name, session.user_id, browser)
        made = {"ext": {"replay": True, "payload.format": True}, "minimumVersion": "1.0", "clientId": client.id}
        types = {"supportedConnectionTypes": [LONG_POLLING], "version": "1.0", "successful": True}
        return [{**_reply(message, **made), **types}]

    def _connect(self, message: Message) -> list[Message]:
        client = self._client(message)
        kind = message.get("connectionType")
        if kind != LONG_POLLING:
            raise _RefusedError(f"400::Invalid connection type {kind}", {"reconnect": "none", "interval": 0})
        is_first, client.has_connected = not client.has_connected, True
        advice = {"interval": 0, "timeout": int(self.timeout() * 1000), "reconnect": "retry"}
        events = self.clients.take_events(client)
        reply = {**_reply(message, clientId=client.id, **({"advice": advice} if is_first else {})), "successful": True}
        return [*({"data": event.data, "channel": event.channel} for event in events), reply]

    def _subscribe(self, message: Message) -> list[Message]:
        client = self._client(message)
        channels = _subscriptions(message)
        for channel in channels:
            if not channel.startswith("/"):
                raise _RefusedError("400::Channel subscriptions must start with a leading '/'")
            if not has_channel(self.call.landscape.knobs, self.org.name, channel):
                raise _RefusedError(f"400::The channel you requested to subscribe to does not exist {{{channel}}}")
        client.places.update({channel: self._place(channel, message) for channel in channels})
        if client.held is not None:
            client.held.look()
        return [_done(message, client)]

    def _place(self, channel: str, message: Message) -> int:
        """Return after which replay id a subscription begins. Raises _RefusedError."""
        ext = message.get("ext")
        replay = ext.get("replay") if isinstance(ext, dict) else None
        if not isinstance(replay, dict):
            return self.clients.bus.place(self.org.name, channel, NEW)
        if channel not in replay:
            given = ", ".join(f"{name}={value}" for name, value in replay.items())
            raise _RefusedError(
                f"400::The replayId for channel {{{channel}}} wasn't found using the provided replay ID map {{{{{given}}}}}. "
                "Ensure that the channel name you provided in the replay map is valid and matches the channel name used "
                "for subscribing."
            )
        asked = replay[channel]
        try:
            return self.clients.bus.place(self.org.name, channel, _whole_number(asked))
        except ReplayIdError:
            raise _RefusedError(
                f"400::The replayId {{{asked}}} you provided was invalid.  Please provide a valid ID, -2 to replay all "
                "events, or -1 to replay only new events."
            ) from None

    def _unsubscribe(self, message: Message) -> list[Message]:
        client = self._client(message)
        for channel in _subscriptions(message):
            client.places.pop(channel, None)
        return [_done(message, client)]

    def _disconnect(self, message: Message) -> list[Message]:
        client = self._client(message)
        self.clients.close(client.id)
        return [{**_reply(message, clientId=client.id), "successful": True}]

    def _publish(self, message: Message) -> list[Message]:
        self._client(message)
        raise _RefusedError("403:denied_by_security_policy:publish_denied")


class _HeldConnect:
    """A connect that waits for events, for the end of its session or of its time."""

    def __init__(self, of: _Exchange, client: Client, message: Message, seconds: float) -> None:
        self._of = of
        self._client = client
        self._message = message
        self._seconds = seconds
        self._wait: Wait = of.clients.hold(client, of.call.bearer() or "")

    async def wait(self) -> None:
        """Return when there are events, the session or the client is gone, or the time is over."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._seconds
        while (left := until - loop.time()) > 0 and not self._wait.is_released:
            session = self._session()
            if session is None or self._of.clients.has_events(self._client):
                return
            if session.expires is not None:  # a session that lives on is looked at before its end
                life = session.expires - self._of.call.landscape.clock.now()
                left = min(left, max(life / 2 if self._of.prolong else life, _SHORTEST))
            await self._wait.pause(left)

    def finish(self) -> Answer:
        """Make the reply."""
        self.leave()
        if not self._wait.is_released:
            return self._of.answer(self._of.reply(self._message))
        done = {**_reply(self._message, clientId=self._client.id), "successful": True}
        if not self._of.clients.is_open(self._client):
            done["advice"] = {"reconnect": "none", "interval": 0}
        return self._of.answer([done])

    def leave(self) -> None:
        """Give up the wait."""
        self._of.clients.let_go(self._client, self._wait)

    def _session(self) -> Session | None:
        try:
            return self._of.session()
        except _RefusedError:
            return None


def _subscriptions(message: Message) -> list[str]:
    """Return the channels that a message names. Raises _RefusedError."""
    given = message.get("subscription")
    channels = given if isinstance(given, list) else [given]
    if not channels or not all(isinstance(each, str) and each for each in channels):
        raise _RefusedError("400::Channel name not specified")
    return [str(each) for each in channels]


def _whole_number(given: Any) -> int:
    """Return a replay id. Raises ReplayIdError."""
    if isinstance(given, bool) or not isinstance(given, int) or abs(given) > _MOST:
        raise ReplayIdError
    return given


def _done(message: Message, client: Client) -> Message:
    reply = _reply(message, clientId=client.id)
    return {**reply, "subscription": message["subscription"], "successful": True}

"""Listens to a channel with aiosfstream: prints a line of JSON for each event, until it has seen as many as it was told."""

from __future__ import annotations

import asyncio
import json
import os
import sys

from aiosfstream_ng import Client, ReplayOption
from aiosfstream_ng.auth import AuthenticatorBase


class Session(AuthenticatorBase):
    """The session that the environment names."""

    async def _authenticate(self) -> tuple[int, dict[str, str]]:
        url = os.environ["INSTANCE_URL"]
        token = os.environ["ACCESS_TOKEN"]
        return 200, {"id": url, "access_token": token, "instance_url": url, "token_type": "Bearer"}


async def listen(channel: str, count: int) -> None:
    async with Client(Session(), replay=ReplayOption.ALL_EVENTS) as client:
        await client.subscribe(channel)
        print(f"listening to {channel}", file=sys.stderr, flush=True)  # noqa: T201
        async for message in client:
            print(json.dumps(message["data"]), flush=True)  # noqa: T201
            count -= 1
            if not count:
                break
        await client.unsubscribe(channel)


asyncio.run(listen(sys.argv[1], int(sys.argv[2])))

"""Two generations with one key pair: refused where one of them is blocked, told where none is, whichever way the key came there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from orgkey.identity.key_pair import certify
from tests.provider.protocol import Client, VerbFailedError, open_secrets, secret

KIND = "KeyPair"


def _made(client: Client) -> tuple[dict[str, Any], dict[str, Any]]:
    inputs, _ = client.check(KIND, {"subject": "CN=CI"})
    return inputs, client.create(KIND, inputs)[1]


def _own(outputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    key = open_secrets(outputs)["privateKeyPem"]
    return {"privateKeyPem": secret(key), "certificatePem": outputs["certificatePem"], **more}


@pytest.mark.parametrize("first", ["own", "in state"])
@pytest.mark.parametrize("second", ["own", "in state"])
@pytest.mark.parametrize(
    ("one_blocked", "other_blocked", "refused", "told"),
    [
        (True, False, "Generation 2 has the same key pair as generation 1, which is blocked", ""),
        (False, True, "Generation 1 has the same key pair as generation 2, which is blocked", ""),
        (False, False, "", "generation 2 has the same key pair as generation 1: who has the old key logs in with it"),
        (True, True, "", ""),
    ],
)
def test_the_same_key_is_refused_where_one_is_blocked_and_told_where_none_is(
    offline_told: tuple[Client, list[str]],
    first: str,
    second: str,
    one_blocked: bool,  # noqa: FBT001 — a column of the table
    other_blocked: bool,  # noqa: FBT001
    refused: str,
    told: str,
) -> None:
    client, heard = offline_told
    old = _made(client)
    said = _declared(client, "a-key", first, old, blocked=one_blocked)
    said += _declared(client, "a-key-2", second, old, blocked=other_blocked)
    assert (refused in said) if refused else not said
    assert heard.count(told) == 1 if told else not heard


def test_a_new_key_in_place_of_the_blocked_one_is_right(offline_told: tuple[Client, list[str]]) -> None:
    client, heard = offline_told
    inputs, outputs = old = _made(client)
    assert _declared(client, "a-key", "own", old, blocked=True) == ""
    second = client.about("a-key-2")
    for settings, before in (
        ({"subject": "CN=CI", "generation": 2}, inputs),
        ({"subject": "CN=CI"}, _own(outputs)),  # the settings of the key were taken out
    ):
        news, problems = second.check(KIND, settings)
        assert problems == []
        second.diff(KIND, before, outputs, news)
    assert not [each for each in heard if "same key pair" in each]


@pytest.mark.parametrize(("name", "component"), [("b-key-2", "orgkey:index:JwtBearerAccess$"), ("a-key-2", "")])
def test_a_key_pair_of_another_component_or_of_none_is_not_compared(
    offline_told: tuple[Client, list[str]], name: str, component: str
) -> None:
    client, heard = offline_told
    old = _made(client)
    assert _declared(client, "a-key", "own", old, blocked=True) == ""
    client.component = component
    assert _declared(client, name, "own", old, blocked=False) == ""
    assert heard == []


def test_the_key_of_a_blocked_generation_is_compared_however_it_is_written(offline: Client) -> None:
    old = _made(offline)
    assert _declared(offline, "a-key", "in state", old, blocked=True) == ""
    key = open_secrets(old[1])["privateKeyPem"]
    pair = certify(key, subject="CN=another certificate", validity_days=30, now=datetime.now(UTC))
    written = key.replace("\n", "\r\n")
    news = {"privateKeyPem": secret(written), "certificatePem": pair.certificate.pem}
    _, problems = offline.about("a-key-2").check(KIND, news)
    assert "which is blocked" in str(problems)


def test_a_block_alone_changes_no_key_pair(offline: Client) -> None:
    inputs, outputs = _made(offline)
    news, problems = offline.check(KIND, {"subject": "CN=CI", "blocked": True})
    assert problems == []
    assert not offline.diff(KIND, inputs, outputs, news).hasDetailedDiff


def _declared(client: Client, name: str, how: str, old: tuple[dict[str, Any], dict[str, Any]], *, blocked: bool) -> str:
    """Declare a key pair, its key one's own or made here; return why it is refused."""
    inputs, outputs = old
    flag = {"blocked": True} if blocked else {}
    client = client.about(name)
    if how == "own":
        _, problems = client.check(KIND, _own(outputs, **flag))
        return "".join(reason for _, reason in problems)
    news, problems = client.check(KIND, {"subject": "CN=CI", **flag})
    assert problems == []
    try:
        client.diff(KIND, inputs, outputs, news)
    except VerbFailedError as error:
        return error.message
    return ""

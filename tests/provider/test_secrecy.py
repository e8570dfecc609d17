"""What goes to the wrong place is not shown: a key or token pasted into any property of any resource, or into the provider's settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orgkey.identity.key_pair import generate_key
from orgkey.model.pasted import pasted as pasted_values
from orgkey.provider.registry import handler_of
from orgkey.provider.schema import schema
from orgkey.provider.wire import UNKNOWN
from tests.landscape import Org
from tests.provider.conftest import NOWHERE
from tests.provider.protocol import SECRET, SIGNATURE, Client, VerbFailedError

AUTH_URL = "force://PlatformCLI::5Aep861planted_refresh_token@acme.my.salesforce.com"
ACCESS_TOKEN = "00D000000000001!AQplanted.access.token"
PLANTED = "planted"


@pytest.fixture(scope="module")
def pasted() -> list[Any]:
    """Credentials as people have them in the clipboard, and shapes that hold one."""
    pem = generate_key(2048)
    texts = [AUTH_URL, ACCESS_TOKEN, "eyJhbGciOiJSUzI1NiJ9.planted", pem, pem.replace("\n", "\\n")]
    return [
        *texts,
        *([text] for text in texts),
        *({text: text} for text in texts),
        *({"planted": text} for text in texts),
    ]


def places() -> Iterator[tuple[str, str]]:
    for token, described in schema()["resources"].items():
        for name in (*described["inputProperties"], "unknownProperty"):
            yield token.rsplit(":", 1)[-1], name


@pytest.mark.parametrize(("kind", "name"), list(places()))
def test_a_credential_in_any_property_is_in_no_failure_and_no_failure_lets_the_engine_show_it(
    offline: Client, pasted: list[Any], kind: str, name: str
) -> None:
    for value in pasted:
        _, failures = offline.check(kind, {name: value})  # the client refuses failures that name a property
        text = "\n".join(reason for _, reason in failures)
        assert PLANTED not in text
        assert "MII" not in text


@pytest.mark.parametrize(
    "name", ["instanceUrl", "credentials", "expectedKind", "expectedOrgId", "apiVersion", "caBundle", "x"]
)
def test_a_credential_in_any_setting_of_the_provider_is_in_no_failure(
    offline: Client, pasted: list[Any], name: str
) -> None:
    for value in pasted:
        text = "\n".join(reason for _, reason in offline.check_config({**NOWHERE, name: value}))
        assert PLANTED not in text
        assert "MII" not in text


# --- whatever is given

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = {kind: sorted({name for found, name in places() if found == kind}) for kind, _ in places()}


@pytest.mark.parametrize("kind", sorted(NAMES))
@settings(deadline=None, max_examples=150)
@given(st.data())
def test_no_input_makes_a_check_or_a_plan_break_off(kind: str, data: st.DataObject) -> None:
    handler = handler_of(kind)
    assert handler is not None
    given_values = data.draw(st.dictionaries(st.sampled_from(NAMES[kind]), ANYTHING))
    pasted_values(given_values)
    inputs, problems = handler.check(given_values, None, 0.0)
    if not problems:
        handler.cautions(inputs)
        handler.plan(inputs, None, None)
        handler.diff(inputs, {}, inputs, 0.0)


@pytest.mark.parametrize(("kind", "name"), list(places()))
def test_what_came_as_a_secret_is_in_no_failure_of_its_check(offline: Client, kind: str, name: str) -> None:
    for value in (
        "planted__is no value",
        ["planted__is no value", "planted__is no value"],
        [{"planted__x": "other"}],
    ):
        _, failures = offline.check(kind, {name: {SIGNATURE: SECRET, "value": value}})
        text = "\n".join(f"{path} {reason}" for path, reason in failures)
        assert "planted__" not in text


def test_a_user_name_that_is_a_secret_is_in_no_id_and_no_verdict_of_a_login(provider: Client, org: Org) -> None:
    values = {
        "username": {SIGNATURE: SECRET, "value": "planted@acme.com"},
        "consumerKey": "NoSuchApp" * 4,
        "privateKeyPem": {SIGNATURE: SECRET, "value": generate_key(2048)},
        "instanceUrl": org.url,
        "propagationMinutes": 0,
    }
    inputs, failures = provider.check("JwtGrant", values)
    assert failures == []
    with pytest.raises(VerbFailedError) as failed:
        provider.create("JwtGrant", inputs)
    assert failed.value.init_failed is not None
    assert failed.value.init_failed["id"] == "login"
    assert "planted" not in failed.value.message

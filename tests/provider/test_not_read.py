"""What keeps the org from being looked at: told once, and never taken for what the org has."""

from __future__ import annotations

import pytest

from orgkey.provider.servicer import SalesforceProvider
from tests.provider.conftest import APP, GRANT, HOLDERS, SET, Serve
from tests.provider.protocol import Client, VerbFailedError, plain

WRONG = {"instanceUrl": "https://acme.my.salesforce.com", "credentials": '{"sfAlias": "a"}', "apiVersion": "12.0"}
SAYS = "salesforce:apiVersion must be 60.0 or newer"
STATE = ({"name": "Access", "permissionSet": "Access"}, {"name": "Access", "orgId": "00D000000000001"})


@pytest.fixture
def misconfigured(serving: Serve) -> Client:
    client = serving(SalesforceProvider(environment={}))
    client.configure(WRONG)
    return client


@pytest.mark.parametrize("kind", [SET, HOLDERS, APP, GRANT])
def test_with_wrong_settings_a_read_before_an_up_leaves_the_state_and_every_other_verb_says_what_is_wrong(
    misconfigured: Client, kind: str
) -> None:
    inputs, outputs = STATE
    answer = misconfigured.read(kind, "Access", inputs, outputs)
    assert (answer.id, plain(answer.inputs), plain(answer.properties)) == ("Access", inputs, outputs)
    assert answer.refresh_before_update
    for verb in (
        lambda: misconfigured.read(kind, "Access"),  # an import
        lambda: misconfigured.create(kind, inputs),
        lambda: misconfigured.update(kind, "Access", STATE, inputs),
        lambda: misconfigured.delete(kind, "Access", inputs, outputs),
    ):
        with pytest.raises(VerbFailedError, match=SAYS):
            verb()


def test_a_refresh_which_looks_at_the_key_pair_too_and_runs_no_program_fails_by_it(misconfigured: Client) -> None:
    with pytest.raises(VerbFailedError, match=SAYS):
        misconfigured.read("KeyPair", "k", {"subject": "CN=a"}, {})


def test_settings_that_are_right_again_are_used(misconfigured: Client) -> None:
    misconfigured.configure({**WRONG, "apiVersion": "67.0", "credentials": '{"accessTokenEnv": "NO_TOKEN"}'})
    with pytest.raises(VerbFailedError, match="NO_TOKEN is not set"):
        misconfigured.read(SET, "Access", *STATE)


def test_the_same_error_is_told_in_full_by_one_resource_and_the_others_name_it(offline: Client) -> None:
    for _ in range(2):
        with pytest.raises(VerbFailedError, match="NO_TOKEN is not set"):
            offline.read(SET, "Access", *STATE)
    with pytest.raises(VerbFailedError, match=r"^.*Not read: see the error of access-set\.") as short:
        offline.read(APP, "Access", *STATE)
    assert short.value.code == "FAILED_PRECONDITION"
    assert "NO_TOKEN" not in short.value.message

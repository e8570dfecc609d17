"""Which setting a message names, and which consumer key a retiring generation has, over the wire: by what the component tells."""

from __future__ import annotations

from typing import Any

import pytest

from tests.provider.protocol import Client, VerbFailedError, secret

KEY, APP, CONNECTED, SET = "KeyPair", "ExternalClientApp", "ConnectedApp", "PermissionSet"
NAMED = [
    ("a-key", "orgkey:app", "orgkey:key.certificatePem", "orgkey:key.consumerKey", "orgkey:app.name"),
    ("a-key-2", "orgkey:generation", "orgkey:key.certificatePem", "orgkey:key.consumerKey", "orgkey:generation.name"),
    (
        "a-key-2",
        "orgkey:retiring[3]",
        "orgkey:retiring[3].key.certificatePem",
        "orgkey:retiring[3].key.consumerKey",
        "orgkey:retiring[3].name",
    ),
    (
        "a-key",
        "orgkey:retiring[0]",
        "orgkey:retiring[0].key.certificatePem",
        "orgkey:retiring[0].key.consumerKey",
        "orgkey:retiring[0].name",
    ),
    ("a-key", "app", "`key.certificatePem`", "`key.consumerKey`", "`app.name`"),
    (
        "a-key-7",
        "retiring[1]",
        "`retiring[1].key.certificatePem`",
        "`retiring[1].key.consumerKey`",
        "`retiring[1].name`",
    ),
    ("a-key", "", "orgkey:key.certificatePem", "orgkey:key.consumerKey", "orgkey:app.name"),
    (
        "a-key-2",
        "",
        "`key.certificatePem` of generation 2",
        "`key.consumerKey` of generation 2",
        "`app.name` of generation 2",
    ),
]


@pytest.mark.parametrize(("name", "told", "certificate", "consumer_key", "app_name"), NAMED)
@pytest.mark.parametrize("kind", [APP, CONNECTED])
def test_a_message_names_the_setting_of_its_generation(
    offline: Client, kind: str, name: str, told: str, certificate: str, consumer_key: str, app_name: str
) -> None:
    hint = {"settingsAt": told} if told else {}
    inputs, problems = offline.about(name).check(KEY, {"subject": "CN=CI", **hint})
    assert problems == []
    assert "settingsAt" not in inputs
    wrong = {"privateKeyPem": secret("key.pem"), "certificatePem": "./cert.pem", **hint}
    _, problems = offline.about(name).check(KEY, wrong)
    (reason,) = [reason for path, reason in problems if path == "certificatePem"]
    assert certificate in reason.replace("'", "")
    app = offline.about(name.replace("key", "app"))
    old = {"name": "App", "label": "App", "contactEmail": "ops@acme.com", "consumerKey": "TheOldKey1"}
    for change, setting in (({"consumerKey": "Another123"}, consumer_key), ({"name": "Other"}, app_name)):
        app.check(kind, {**old, **change})
        with pytest.raises(VerbFailedError) as failed:
            app.diff(kind, old, {**old, "adopted": True, "revision": "1"}, {**old, **change})
        line = failed.value.message.splitlines()[-1].replace("'", "")
        assert f"set --stack STACK --path {setting} " in line or f"set {setting} to " in line


def test_a_resource_of_no_component_has_inputs(offline: Client) -> None:
    offline.component = ""
    old = {"name": "App", "label": "App", "contactEmail": "ops@acme.com", "consumerKey": "TheOldKey1"}
    offline.check(APP, old)
    with pytest.raises(VerbFailedError) as failed:
        offline.diff(APP, old, {**old, "adopted": True, "revision": "1"}, {**old, "consumerKey": "Another123"})
    assert failed.value.message.splitlines()[-1].strip() == "set `consumerKey` to TheOldKey1"


def test_two_components_of_one_program_are_told_apart(offline: Client) -> None:
    offline.about("a-key").check(KEY, {"settingsAt": "orgkey:retiring[0]"})
    offline.about("b-key").check(KEY, {"settingsAt": "app"})
    (told,) = [_refusal(offline.about(name)) for name in ("b-app",)]
    assert told == "set `key.consumerKey` to TheOldKey1"
    assert "'orgkey:retiring[0].key.consumerKey'" in _refusal(offline.about("a-app"))


@pytest.mark.parametrize("hint", ["orgkey:users", "retiring", "retiring[x]", "x"])
def test_a_place_that_is_none_is_refused(offline: Client, hint: str) -> None:
    _, problems = offline.check(KEY, {"subject": "CN=CI", "settingsAt": hint})
    assert [path for path, _ in problems] == ["settingsAt"]


# --- the consumer key of a retiring generation


@pytest.mark.parametrize("before", [None, "Mistyped01", secret("Mistyped01")])
@pytest.mark.parametrize("given", [None, "TheRight01", secret("TheRight01")])
@pytest.mark.parametrize("there", ["nothing was read", "the set", "the set and the app"])
def test_a_retiring_consumer_key_stays_unless_there_is_no_app_of_it_yet(
    provider: Client, before: Any, given: Any, there: str
) -> None:
    client = provider.about("a-key-2")
    said = {"subject": "CN=CI", "settingsAt": "retiring[0]"}
    olds, _ = client.check(KEY, {"subject": "CN=CI", **({"consumerKey": before} if before else {})})
    if there != "nothing was read":
        provider.about("a-set").read(SET, "NotThere", {"name": "NotThere", "label": "x"}, {"name": "NotThere"})
    if there == "the set and the app":
        provider.about("a-app-2").read(
            APP, "NotThere", {"name": "NotThere", "consumerKey": "Mistyped01"}, {"name": "NotThere"}
        )
    news = {**said, **({"consumerKey": given} if given else {})}
    inputs, problems = client.check(KEY, news, olds)
    assert problems == []
    free = there == "the set" and given is not None
    assert inputs.get("consumerKey") == (given if free else before)
    again, _ = client.check(KEY, news)  # as it is to be replaced by order: without what there was
    assert again.get("consumerKey") == inputs.get("consumerKey")


def test_a_current_generations_consumer_key_is_what_is_said_of_it(offline: Client) -> None:
    olds, _ = offline.about("a-key-2").check(KEY, {"consumerKey": "Before1234"})
    inputs, _ = offline.about("a-key-2").check(KEY, {"consumerKey": "After12345", "settingsAt": "generation"}, olds)
    assert inputs["consumerKey"] == "After12345"


def _refusal(client: Client) -> str:
    old = {"name": "App", "label": "App", "contactEmail": "ops@acme.com", "consumerKey": "TheOldKey1"}
    client.check(APP, old)
    with pytest.raises(VerbFailedError) as failed:
        client.diff(APP, old, {**old, "adopted": True, "revision": "1"}, {**old, "consumerKey": "Another123"})
    return failed.value.message.splitlines()[-1].strip()

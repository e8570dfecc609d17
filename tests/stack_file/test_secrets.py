"""Which settings are secret: what the engine says, made exact by the stack file where that is certain."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from orgkey.identity.key_pair import certify, generate_key
from orgkey.stack_file.arguments import arguments_of
from orgkey.stack_file.secrets import Secrets, stack_secrets
from orgkey.stack_file.settings import SettingsError, load
from tests.stack_file.files import EVERY_SETTING, as_the_engine_does

LOOP = asyncio.new_event_loop()  # outputs belong to a loop, and from Python 3.14 on there is none by itself
SECURE = {"secure": "v1:abc:def"}

WRITTEN: list[tuple[str, Any, Any, set[str]]] = [
    ("a secret text", "x", SECURE, {"orgkey:k"}),
    ("one place in a mapping", {"a": "x", "b": 1, "c": True}, {"a": SECURE, "b": 1, "c": True}, {"orgkey:k.a"}),
    ("places at all depths", {"a": ["x", {"b": "y"}]}, {"a": [SECURE, {"b": SECURE}]}, {"orgkey:k.a[0]", "orgkey:k.a[1].b"}),
    ("a structure that is secret as a whole", {"a": "x"}, SECURE, {"orgkey:k"}),
    ("nothing in the file is secret", {"a": "x"}, {"a": "x"}, {"orgkey:k"}),
    ("the file has another value", {"a": "x", "b": "y"}, {"a": SECURE, "b": "other"}, {"orgkey:k"}),
    ("the file has other names", {"a": "x", "b": "y"}, {"a": SECURE}, {"orgkey:k"}),
    ("the file has more items", {"a": ["x"]}, {"a": [SECURE, "y"]}, {"orgkey:k"}),
    ("the file has another shape", {"a": "x"}, [SECURE], {"orgkey:k"}),
    ("the file has no such key", {"a": "x"}, None, {"orgkey:k"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "written", "expected"), [row[1:] for row in WRITTEN], ids=[row[0] for row in WRITTEN]
)
def test_the_places_are_those_of_the_stack_file_and_the_whole_key_where_it_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: Any, written: Any, expected: set[str]
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_SECRET_KEYS", '["orgkey:k"]')
    (tmp_path / "Pulumi.t.yaml").write_text(yaml.safe_dump({"config": {"orgkey:k": written} if written else {}}))
    config = {"orgkey:k": given if isinstance(given, str) else json.dumps(given), "orgkey:open": "x"}
    assert stack_secrets(config, "t", tmp_path).paths == expected


@pytest.mark.parametrize("content", [None, "", "[]", "config: x", "a: [", "\x00"])
def test_without_a_stack_file_that_can_be_read_the_whole_key_is_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_SECRET_KEYS", '["orgkey:k"]')
    if content is not None:
        (tmp_path / "Pulumi.t.yaml").write_text(content)
    assert stack_secrets({"orgkey:k": '{"a": "x"}'}, "t", tmp_path).paths == {"orgkey:k"}


def test_without_secrets_nothing_is_secret(tmp_path: Path) -> None:
    assert stack_secrets({"orgkey:k": "x"}, "t", tmp_path) == Secrets()


@pytest.mark.parametrize(
    ("secret", "path", "expected"),
    [
        ("orgkey:app", "orgkey:app.label", True),
        ("orgkey:app.label", "orgkey:app.label", True),
        ("orgkey:app.trustedIpRanges[0].start", "orgkey:app.trustedIpRanges", True),
        ("orgkey:users[1]", "orgkey:users", True),
        ("orgkey:app.label", "orgkey:app.name", False),
        ("orgkey:app.label", "orgkey:app.labels", False),
        ("orgkey:app", "orgkey:apps.label", False),
    ],
)
def test_a_setting_is_secret_with_what_it_is_in_and_what_is_in_it(secret: str, path: str, expected: bool) -> None:  # noqa: FBT001
    assert Secrets(frozenset({secret})).touch(path) is expected


CONFIG = {
    "salesforce:instanceUrl": "https://acme.my.salesforce.com",
    "salesforce:credentials": '{"sfAlias": "a"}',
    "orgkey:app": '{"name": "CI", "contactEmail": "ops@acme.com"}',
    "orgkey:users": '["ci@acme.com"]',
}


@pytest.mark.parametrize(
    ("secret", "says"),
    [
        ("orgkey:app", "orgkey:app is a secret as a whole, and app.name in it cannot be one"),
        ("orgkey:app.name", "orgkey:app.name cannot be a secret: it becomes a resource's id"),
        ("orgkey:permissionSet.name", "orgkey:permissionSet.name cannot be a secret"),
        (
            "orgkey:permissionSet",
            "orgkey:permissionSet is a secret as a whole, and permissionSet.name in it cannot be one",
        ),
        (
            "orgkey:generation.name",
            "orgkey:generation.name cannot be a secret: it becomes a part of resources' names and ids",
        ),
        ("orgkey:generation", "orgkey:generation cannot be a secret"),
        ("orgkey:retiring[0].name", "orgkey:retiring[0].name cannot be a secret: it becomes a resource's id"),
        ("orgkey:retiring[12].number", "orgkey:retiring[12].number cannot be a secret"),
        ("orgkey:retiring", "orgkey:retiring[0].name cannot be a secret, and orgkey:retiring is one as a whole"),
        ("orgkey:timeouts.create", "orgkey:timeouts.create cannot be a secret"),
        ("orgkey:ignore[0]", "orgkey:ignore[0] cannot be a secret"),
    ],
)
def test_what_becomes_an_id_cannot_be_a_secret(secret: str, says: str) -> None:
    config = {**CONFIG, "orgkey:retiring": '[{"number": 2, "name": "Old"}]'}
    with pytest.raises(SettingsError) as caught:
        load(config, project="p", stack="t", secrets=Secrets(frozenset({secret})))
    assert says in str(caught.value)


def in_clear(value: Any) -> Iterator[Any]:
    """Every plain value in a component's arguments; what is an output is a secret here."""
    if is_dataclass(value):
        for field in fields(value):
            yield from in_clear(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from in_clear(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from in_clear(item)
    elif not isinstance(value, pulumi.Output):
        yield value


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value of the stack file that is no structure, by its path."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, f"{path}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    else:
        yield path, value


EVERY = {key: value for key, value in EVERY_SETTING.items() if key.startswith("orgkey:")}
PLACES = [path for key, value in EVERY.items() for path, _ in leaves(value, key)]
WHOLE = [*EVERY, "orgkey:retiring[0]", "orgkey:retiring[0].key", "orgkey:app.trustedIpRanges[0]", "orgkey:app.scopes"]


@pytest.mark.parametrize("secret", [*PLACES, *WHOLE])
def test_a_secret_of_any_path_is_sealed_in_the_arguments_or_refused(secret: str) -> None:
    handed_over = {key: as_the_engine_does(value) for key, value in EVERY_SETTING.items()}
    secrets = Secrets(frozenset({secret}))
    try:
        settings = load(handed_over, project="p", stack="t", secrets=secrets)
    except SettingsError as error:
        assert re.search(r"orgkey:[\w.\[\]]+ (cannot be a secret|is a secret as a whole)", str(error))  # noqa: PT017
        return
    asyncio.set_event_loop(LOOP)
    shown = list(in_clear(arguments_of(settings)))
    placed = [place for key, given in EVERY.items() for place in leaves(given, key)]
    open_ones = [value for path, value in placed if not secrets.hold(path)]
    texts = [value for path, value in placed if secrets.hold(path) and value not in open_ones]
    assert [text for text in texts if isinstance(text, str) and text in shown] == []
    assert not secrets.touch("orgkey:generation")


def test_the_key_of_a_retiring_generation_is_a_secret_where_only_the_list_is_known_to_hold_one() -> None:
    retiring = [{"number": 2, "key": {"consumerKey": "3MVG9.planted", "subject": "CN=planted"}}]
    config = {**CONFIG, "orgkey:retiring": json.dumps(retiring)}
    for secret in ("orgkey:retiring", "orgkey:retiring[0].key"):
        settings = load(config, project="p", stack="t", secrets=Secrets(frozenset({secret})))
        asyncio.set_event_loop(LOOP)
        assert not [each for each in in_clear(arguments_of(settings)) if "planted" in str(each)]
    one = Secrets(frozenset({"orgkey:retiring[0].key.subject"}))
    (each,) = arguments_of(load(config, project="p", stack="t", secrets=one)).retiring or ()
    assert each.key
    assert isinstance(each.key.subject, pulumi.Output)
    assert each.key.consumer_key == "3MVG9.planted"


@pytest.mark.parametrize("null", ["", "~", "null", "Null", "NULL"])
def test_a_null_beside_a_secret_does_not_make_the_whole_key_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, null: str
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_SECRET_KEYS", '["orgkey:k"]')
    (tmp_path / "Pulumi.t.yaml").write_text(f"config:\n  orgkey:k:\n    a: {{secure: v1:abc:def}}\n    b: {null}\n")
    assert stack_secrets({"orgkey:k": '{"a": "x", "b": null}'}, "t", tmp_path).paths == {"orgkey:k.a"}


WRONG: list[tuple[str, Any]] = [
    ("salesforce:instanceUrl", "https://planted.example.com/path"),
    ("salesforce:credentials", {"sfAlias": "planted", "other": "planted"}),
    ("salesforce:expectedOrgId", "planted"),
    ("salesforce:expectedKind", "planted"),
    ("salesforce:apiVersion", "planted"),
    ("orgkey:app", {"name": "CI", "contactEmail": "planted", "scopes": ["planted"], "callbackUrls": ["planted"]}),
    ("orgkey:app", {"name": "CI", "contactEmail": "a@b.c", "kind": "planted", "ipRelaxation": "planted"}),
    ("orgkey:app", {"name": "CI", "trustedIpRanges": [{"start": "planted", "end": "planted"}]}),
    ("orgkey:permissionSet", {"name": "CI_Access", "license": 7, "description": "planted" * 99}),
    ("orgkey:users", ["planted@acme.com", "PLANTED@acme.com"]),
    ("orgkey:users", ["planted"]),
    ("orgkey:integrationUser", "planted@acme.com"),
    ("orgkey:assignments", {"expiration": "2001-01-01T00:00:00Z", "groups": ["planted", "PLANTED"]}),
    ("orgkey:assignments", {"expiration": "planted", "groups": ["not planted"]}),
    ("orgkey:key", {"subject": "planted", "consumerKey": "planted is no key"}),
    ("orgkey:grant", {"audience": "planted", "revoke": "planted"}),
    ("orgkey:app", {"name": "CI", "planted": "x", "trustedIpRanges": [{"planted": "x"}]}),
    ("orgkey:key", {"planted": "x"}),
    ("orgkey:import", {"planted": True}),
    ("orgkey:timeouts", {"deploy": "planted"}),
    ("orgkey:owner", "planted/planted"),
    ("orgkey:ignore", ["planted.label", "app.planted"]),
    ("orgkey:import", {"app": "planted"}),
]


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_no_problem_of_a_setting_shows_what_came_as_a_secret(key: str, value: Any) -> None:
    config = {**CONFIG, key: value if isinstance(value, str) else json.dumps(value)}
    with pytest.raises(SettingsError) as caught:
        load(config, project="p", stack="t", secrets=Secrets(frozenset({key})))
    assert "planted" not in str(caught.value).lower()
    assert "2001" not in str(caught.value)


@pytest.mark.parametrize("secret", ["orgkey:key", "orgkey:key.privateKeyPem"])
def test_a_private_key_must_be_a_secret_and_the_problem_has_the_command(secret: str) -> None:
    pem = generate_key(2048)
    now = datetime.now(UTC)
    certificate = certify(pem, subject="CN=own", validity_days=30, now=now).certificate.pem
    config = {**CONFIG, "orgkey:key": json.dumps({"privateKeyPem": pem, "certificatePem": certificate})}
    with pytest.raises(SettingsError) as caught:
        load(config, project="p", stack="t", secrets=Secrets())
    assert "`pulumi config set --secret --path orgkey:key.privateKeyPem --stack STACK < key.pem`" in str(caught.value)
    assert pem.splitlines()[1] not in str(caught.value)
    assert load(config, project="p", stack="t", secrets=Secrets(frozenset({secret}))).key.private_key_pem == pem

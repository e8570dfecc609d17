"""Nulls, and texts that cannot be sent, where they reach the provider: in the inputs of each resource, in an owner, in an import's id."""

from __future__ import annotations

from typing import Any

import pytest

from orgkey.provider.schema import schema
from tests.landscape import Landscape, Org
from tests.provider.apps import KINDS, made_app
from tests.provider.conftest import MANAGED_BY, SET, Made, make
from tests.provider.protocol import UNKNOWN, Client, VerbFailedError, plain, secret
from tests.provider.test_any_input import GOOD

PLACES = [
    (token.rsplit(":", 1)[-1], name)
    for token, described in schema()["resources"].items()
    for name in described["inputProperties"]
]
CHARACTERS = ["\x01", "\x1c", "\ufffe"]  # half of a surrogate pair is no text to the protocol


def told(client: Client, kind: str, name: str, value: Any) -> list[tuple[str, str]]:
    """What is said about one input, the others being right."""
    _, failures = client.check(kind, {**GOOD[kind], name: value})
    return [failure for failure in failures if failure[0].startswith(name)]


@pytest.mark.parametrize("character", CHARACTERS, ids=ascii)
@pytest.mark.parametrize(("kind", "name"), PLACES)
def test_a_text_with_a_character_that_cannot_be_sent_is_told_once_by_its_place(
    offline: Client, kind: str, name: str, character: str
) -> None:
    says = f"holds the character U+{ord(character):04X}, which metadata XML cannot carry"
    for text in (character, f"https://a{character}@acme.com"):
        found = told(offline, kind, name, secret(text) if name == "privateKeyPem" else text)
        assert found == [(name, says)]
        assert (f"{name}[1]", says) in told(offline, kind, name, ["x", text])
        assert (f"{name}[0].description", says) in told(offline, kind, name, [{"description": text}])


@pytest.mark.parametrize(("kind", "name"), PLACES)
def test_a_null_within_an_input_ends_in_a_plan_or_in_a_problem_by_its_place(
    offline: Client, kind: str, name: str
) -> None:
    for value in (None, [None], {"a": None}, [{"start": "10.0.0.1", "end": None}], [[None]]):
        failures = told(offline, kind, name, value)
        assert failures or value is None or (name == "revisions" and value == [None])  # of what was never deployed
        assert all(reason.startswith(("must ", "is ")) for _, reason in failures)


RANGES: list[tuple[list[dict[str, Any]], list[dict[str, Any]]]] = [
    ([{"start": "10.0.0.1", "end": "10.0.0.9", "description": None}], [{"start": "10.0.0.1", "end": "10.0.0.9"}]),
    (
        [{"start": "10.0.0.1", "end": "10.0.0.9", "description": "a", "other": None}],
        [{"start": "10.0.0.1", "end": "10.0.0.9", "description": "a"}],
    ),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("given", "taken"), RANGES)
def test_a_null_in_a_range_is_what_was_left_out_in_every_verb(
    provider: Client,
    holders: Made,
    key: dict[str, Any],
    org: Org,
    landscape: Landscape,
    kind: str,
    given: list[dict[str, Any]],
    taken: list[dict[str, Any]],
) -> None:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True)
    name, inputs, outputs = made_app(provider, kind, key, trustedIpRanges=given)
    assert inputs["trustedIpRanges"] == outputs["trustedIpRanges"] == taken
    seen = provider.read(kind, name, inputs, outputs)
    assert plain(seen.inputs)["trustedIpRanges"] == taken
    with_nulls = {**inputs, "trustedIpRanges": given}
    assert list(provider.diff(kind, with_nulls, {**outputs, "trustedIpRanges": given}, with_nulls).diffs) == []
    changed = {**with_nulls, "label": "Other"}
    assert provider.update(kind, name, (with_nulls, outputs), changed)["label"] == "Other"


OWNERS = [
    "a\u200bb/t",
    "acme/t\u202e",
    "a\x85b/t",
    "a\u00adb/t",
    "acme/\ufeff",
    "a\ufff9b/t",
    5,
    True,
    ["a/b"],
    {"a": "b/c"},
]


@pytest.mark.parametrize("kind", [kind for kind, name in PLACES if name == "managedBy"])
@pytest.mark.parametrize("owner", OWNERS, ids=ascii)
def test_an_owner_that_is_no_readable_text_is_refused(offline: Client, kind: str, owner: Any) -> None:
    assert len(told(offline, kind, "managedBy", owner)) == 1
    assert told(offline, kind, "managedBy", UNKNOWN) == []
    assert told(offline, kind, "managedBy", "acmé-日本/t_1.x") == []


@pytest.mark.parametrize("kind", [*KINDS, SET, "PermissionSetAssignments"])
@pytest.mark.parametrize("name", ["a\x01b", "\x1c", "a\ufffeb"], ids=ascii)
def test_an_import_of_an_id_that_cannot_be_sent_ends_in_words(provider: Client, kind: str, name: str) -> None:
    with pytest.raises(VerbFailedError) as failed:
        provider.read(kind, name)
    assert "which metadata XML cannot carry" in failed.value.message
    assert failed.value.code != "INTERNAL"


def test_what_an_org_made_of_a_secret_setting_stays_one(
    provider: Client, holders: Made, key: dict[str, Any], landscape: Landscape
) -> None:
    landscape.admin("PATCH", "/knobs", pkce_springs_back=True)
    kept = made_app(provider, "ExternalClientApp", key, isPkceRequired=secret(value=False))[2]
    assert kept["notKept"] == secret([{"setting": "isPkceRequired", "sent": "false", "kept": "true"}])
    assert kept["isPkceRequired"] == secret(value=True)


def test_what_an_org_made_of_a_setting_in_clear_is_in_clear(
    provider: Client, holders: Made, key: dict[str, Any], landscape: Landscape
) -> None:
    landscape.admin("PATCH", "/knobs", pkce_springs_back=True)
    kept = made_app(provider, "ExternalClientApp", key, isPkceRequired=False, description=secret('a "quoted" word'))[2]
    assert isinstance(kept["notKept"], dict)  # which of the two it is about does not show
    assert kept["managedBy"] == MANAGED_BY
    made = make(provider, SET, {"name": "Other", "label": "Other"})[2]
    assert made["notKept"] == []

"""What an org fills in or does not keep is told once, and is no change from then on: for every setting, and against the local org."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from orgkey.metadata.compare import differences
from orgkey.metadata.fields import OnChange, fields_of
from orgkey.metadata.members import Resource, member_names
from orgkey.metadata.parse import Found
from orgkey.metadata.render import UnknownPart
from orgkey.provider.read_back import as_sent, read_back
from tests.landscape import Landscape, Org
from tests.metadata.org import EVERY_RESOURCE, SMALLEST
from tests.metadata.test_round_trip import SAMPLES
from tests.provider.apps import EXTERNAL, KINDS, inputs_of, made_app
from tests.provider.conftest import SET, Made, make
from tests.provider.protocol import Client, plain

JUDGED_ELSEWHERE = {"certificatePem", "permissionSets", "profiles"}
CASES = [
    pytest.param(resource, row.name, id=f"{resource}-{row.name}")
    for resource in EVERY_RESOURCE
    for row in fields_of(resource)
    if row.on_change is OnChange.UPDATE and row.name not in JUDGED_ELSEWHERE
]


def held(resource: Resource, settings: dict[str, Any], parts: Sequence[UnknownPart] = ()) -> Found:
    full = {row.name: row.value_in(settings, resource) for row in fields_of(resource)}
    return Found(full, member_names(resource, "CI"), None, tuple(parts))


@pytest.mark.parametrize(("resource", "name"), CASES)
def test_a_setting_that_an_org_makes_something_else_of_is_told_once_and_no_difference_from_then_on(
    resource: Resource, name: str
) -> None:
    row = next(row for row in fields_of(resource) if row.name == name)
    values = [row.default_for(resource), *SAMPLES[name]]
    pairs = [(a, b) for a in values for b in values if differences(resource, {name: a}, {name: b})]
    for sent_value, kept_value in pairs:
        sent = {**SMALLEST[resource], name: sent_value}
        kept = held(resource, {**SMALLEST[resource], name: kept_value})
        outputs, told = read_back(resource, sent, (), None, kept)
        assert len(told) == 1
        assert name in told[0]
        assert differences(resource, as_sent(resource, kept.settings, outputs), sent) == []
        assert read_back(resource, sent, (), None, kept, outputs["notKept"])[1] == []
        as_declared = held(resource, sent)
        moved = as_sent(resource, as_declared.settings, outputs)
        assert differences(resource, moved, as_declared.settings) == []  # what it holds by then is what it shows


@pytest.mark.parametrize("resource", EVERY_RESOURCE)
def test_what_is_kept_is_not_told(resource: Resource) -> None:
    outputs, told = read_back(resource, SMALLEST[resource], (), None, held(resource, dict(SMALLEST[resource])))
    assert (outputs["notKept"], told) == ([], [])


def test_parts_that_were_dropped_or_stayed_are_told_and_what_the_org_adds_itself_is_not() -> None:
    resource = Resource.CONNECTED_APP
    one, two, three = (UnknownPart("ConnectedApp", "", f"<a{number}/>") for number in range(3))
    smallest = dict(SMALLEST[resource])
    outputs, told = read_back(
        resource, smallest, [one], held(resource, smallest, [one, two]), held(resource, smallest, [two, three])
    )
    assert len(told) == 2
    assert "<a0/>" in told[0]
    assert "<a1/>" in told[1]
    assert outputs["carriedOver"] == outputs["otherParts"]


def seen(provider: Client, org: Org, kind: str, made: Made) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """What the next command finds, and what of it differs from what is declared."""
    provider.configure(
        {"instanceUrl": org.url, "caBundle": org.ca_bundle, "credentials": '{"accessTokenEnv": "ADMIN_TOKEN"}'}
    )
    answer = provider.read(kind, *made)
    before = plain(answer.inputs), plain(answer.properties)
    return *before, list(provider.diff(kind, *before, made[1]).diffs)


def test_pkce_that_springs_back_is_told_once(
    provider: Client, holders: Made, key: dict[str, Any], org: Org, landscape: Landscape, heard: list[str]
) -> None:
    landscape.admin("PATCH", "/knobs", pkce_springs_back=True)
    _, inputs, outputs = made_app(provider, EXTERNAL, key, isPkceRequired=False)
    line = "the org does not keep isPkceRequired: false was sent, it holds true"
    assert heard.count(line) == 1
    found, after, differs = seen(provider, org, EXTERNAL, ("App", inputs, outputs))
    assert (found["isPkceRequired"], differs) == (False, [])
    relabeled = {**inputs, "label": "Other"}
    after = provider.update(EXTERNAL, "App", (found, after), relabeled)
    assert heard.count(line) == 1
    landscape.admin("PATCH", "/knobs", pkce_springs_back=False)
    assert seen(provider, org, EXTERNAL, ("App", relabeled, after))[2] == []
    required = {**relabeled, "isPkceRequired": True}
    after = provider.update(EXTERNAL, "App", (relabeled, after), required)
    assert (after["notKept"], seen(provider, org, EXTERNAL, ("App", required, after))[2]) == ([], [])


@pytest.mark.parametrize("kind", [*KINDS, SET])
def test_defaults_that_an_org_fills_in_are_no_news(
    provider: Client, holders: Made, key: dict[str, Any], org: Org, landscape: Landscape, heard: list[str], kind: str
) -> None:
    landscape.admin("PATCH", "/knobs", connected_app_creation=True, defaults_returned=True)
    made = make(provider, SET, {"name": "Other", "label": "Other"}) if kind == SET else made_app(provider, kind, key)
    assert [line for line in heard if "the org" in line] == []
    found, outputs, differs = seen(provider, org, kind, made)
    assert (found, differs) == (made[1], [])
    news = {**made[1], "label": "Other label"}
    after = provider.update(kind, made[0], (found, outputs), news)
    assert [line for line in heard if "the org" in line] == []
    assert seen(provider, org, kind, (made[0], news, after))[2] == []
    assert kind == SET or inputs_of(key)["consumerKey"] == after["consumerKey"]

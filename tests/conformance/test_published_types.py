"""Every document that orgkey sends fits the types that Salesforce publishes: each API version, kind, setting and value."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orgkey.metadata.bundle import deployment, destruction
from orgkey.metadata.check import problems
from orgkey.metadata.fields import Field, fields_of
from orgkey.metadata.members import ROOT_MEMBER, Resource, member_names
from orgkey.metadata.place import Type
from orgkey.metadata.render import Member, render
from tests.conformance.published_types import VERSIONS, types_of
from tests.metadata.org import EVERY_RESOURCE, SMALLEST

Settings = Mapping[str, Any]
TEXTS = {
    "callbackUrls": ["https://acme.com/cb", "myapp:cb"],
    "refreshTokenPolicy": ["infinite", "zero", "specific_lifetime:30:DAYS", "specific_inactivity:2:HOURS"],
    "infoUrl": ["https://acme.com/?a=1&b=2"],
    "logoUrl": ["https://acme.com/logo.png"],
    "license": ["Salesforce"],
}
RANGES = [{"start": "10.0.0.1", "end": "10.0.0.9", "description": "office"}, {"start": "::1", "end": "::2"}]


def values_of(row: Field) -> list[Any]:
    """Values to try for one setting: all that it lists, or some of its kind."""
    match row.type:
        case Type.BOOLEAN:
            return [True, False]
        case Type.INTEGER:
            return [1, 1440]
        case Type.RANGES:
            return [RANGES]
        case Type.STRINGS:
            return [[value] for value in row.values] or [TEXTS.get(row.name, ["Some Thing", "Other_Thing"])]
    return list(row.values) or TEXTS.get(row.name, ["Löwe & <Söhne>"])


def bundles(resource: Resource, values: Settings, version: float, previous: Settings | None = None) -> list[Member]:
    names = member_names(resource, str(values["name"]))
    return render(resource, values, names, api_version=version, previous=previous)


def misfits(resource: Resource, values: Settings, version: int, previous: Settings | None = None) -> list[str]:
    """What of the documents for these settings the types of that version do not have."""
    return [
        problem
        for member in bundles(resource, values, float(version), previous)
        for problem in types_of(version).problems(member.xml)
    ]


def each_setting(resource: Resource) -> Iterator[tuple[str, Any]]:
    for row in fields_of(resource):
        if row.name not in {"name", "certificatePem", "consumerKey", "contactEmail"}:
            for value in values_of(row):
                yield row.name, value


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("resource", EVERY_RESOURCE)
def test_the_smallest_document_fits(resource: Resource, version: int) -> None:
    assert misfits(resource, SMALLEST[resource], version) == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("resource", EVERY_RESOURCE)
def test_each_value_that_the_check_takes_at_a_version_fits_the_types_of_that_version(
    resource: Resource, version: int
) -> None:
    found = {}
    for name, value in each_setting(resource):
        values = {**SMALLEST[resource], name: value}
        if not problems(resource, values, api_version=float(version)) and (wrong := misfits(resource, values, version)):
            found[f"{name}: {value}"] = wrong
    assert found == {}


@pytest.mark.parametrize("resource", EVERY_RESOURCE)
def test_each_value_is_taken_at_the_newest_version(resource: Resource) -> None:
    """Else the test above would pass over it."""
    refused = {
        f"{name}: {value}": wrong
        for name, value in each_setting(resource)
        if (wrong := problems(resource, {**SMALLEST[resource], name: value}, api_version=float(VERSIONS[-1])))
    }
    assert refused == {}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("resource", EVERY_RESOURCE)
@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=25, derandomize=True)
@given(data=st.data())
def test_any_settings_fit_also_those_that_empty_what_was_there(
    resource: Resource, version: int, data: st.DataObject
) -> None:
    rows = [row for row in fields_of(resource) if row.name not in SMALLEST[resource]]
    drawn = [
        {row.name: data.draw(st.none() | st.sampled_from(values_of(row)), label=row.name) for row in rows}
        for _ in range(2)
    ]
    sides = [
        {**SMALLEST[resource], **{name: value for name, value in each.items() if value is not None}} for each in drawn
    ]
    if not any(problems(resource, side, api_version=float(version)) for side in sides):
        assert misfits(resource, sides[0], version, previous=sides[1]) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_the_packages_manifests_fit(version: int) -> None:
    for resource in EVERY_RESOURCE:
        made = deployment(bundles(resource, SMALLEST[resource], float(version)), api_version=f"{version}.0")
        gone = destruction([(ROOT_MEMBER[resource], "CI")], api_version=f"{version}.0")
        for bundle in (made, gone):
            with zipfile.ZipFile(io.BytesIO(bundle.content)) as archive:
                manifests = {name: archive.read(name) for name in archive.namelist() if "/" not in name}
            for name, document in manifests.items():
                found = types_of(version).problems(document)
                # the platform's own sample of destructiveChanges.xml has no version
                assert [each for each in found if name == "package.xml" or "version" not in each] == [], name

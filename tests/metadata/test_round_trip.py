"""Whatever is written into metadata files is read from them again: each row of the field table alone, and all of them at random."""

import re
import string
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkey.metadata.fields import fields_of
from orgkey.metadata.members import Resource
from tests.metadata.org import (
    APPS,
    CERTIFICATE,
    CONNECTED,
    EVERY_RESOURCE,
    EXTERNAL,
    PERMISSION_SET,
    SMALLEST,
    files,
    read_back,
    round_trip,
)

SAMPLES: Mapping[str, list[Any]] = {
    "name": ["Nightly_Build_2"],
    "label": ['Löwe & Söhne <"CI">', "日本語", "'"],
    "contactEmail": ["o'ops+ci@acme.com"],
    "contactPhone": ["+49 30 <1> & 2"],
    "description": ["one line", "several\nlines\n\nwith an empty one", "]]> & <![CDATA[ \U0001f511", ""],
    "infoUrl": ["https://acme.com/?a=1&b=2", ""],
    "logoUrl": ["https://acme.com/logo.png"],
    "callbackUrls": [["https://acme.com/a", "https://acme.com/b?c=d,e&f"]],
    "certificatePem": [CERTIFICATE],
    "consumerKey": ["3MVG9.x_ABC"],
    "scopes": [["Api"], ["Api", "CDPIngest", "Web"]],
    "permittedUsers": ["AdminApprovedPreAuthorized", "AllSelfAuthorized"],
    "permissionSets": [["CI_Access"], ["CI_Access", "ns__Other"], []],
    "profiles": [["System Administrator"], ["R&D <EMEA>", "System Administrator"]],
    "ipRelaxation": ["Enforce", "Enforce_RelaxRefresh", "Bypass_2factor", "Bypass"],
    "refreshTokenPolicy": [
        "zero",
        "infinite",
        "specific_lifetime:1:HOURS",
        "specific_lifetime:30:DAYS",
        "specific_inactivity:12:MONTHS",
    ],
    "isPkceRequired": [True, False],
    "isConsumerSecretOptional": [True, False],
    "isSecretRequiredForRefreshToken": [True, False],
    "isIntrospectAllTokens": [True, False],
    "isClientCredentialsEnabled": [True, False],
    "isRefreshTokenRotationEnabled": [True, False],
    "isNamedUserJwtEnabled": [True, False],
    "sessionTimeoutMinutes": [15, 1440],
    "requiredSessionLevel": ["HIGH_ASSURANCE", "STANDARD", "LOW"],
    "trustedIpRanges": [
        [{"end": "10.0.0.9", "start": "10.0.0.1"}],
        [
            {"description": "office & <lab>", "end": "10.0.0.9", "start": "10.0.0.1"},
            {"end": "2001:db8::9", "start": "2001:db8::1"},
        ],
    ],
    "isEnabled": [True, False],
    "isOauthPluginEnabled": [True, False],
    "distributionState": ["Local", "Packaged"],
    "hasActivationRequired": [True, False],
    "license": ["Salesforce"],
    "userPermissions": [["ApiEnabled"], ["ApiEnabled", "ViewSetup"]],
}
"""Values of every setting, in the spelling in which they are read."""


@pytest.mark.parametrize(
    ("resource", "name", "value"),
    [
        pytest.param(resource, row.name, value, id=f"{resource}-{row.name}-{index}")
        for resource in EVERY_RESOURCE
        for row in fields_of(resource)
        for index, value in enumerate(SAMPLES[row.name])
    ],
)
def test_a_setting_is_read_as_it_was_written(resource: Resource, name: str, value: object) -> None:
    found = round_trip(resource, {**SMALLEST[resource], name: value})
    assert found.settings[name] == value
    assert found.unknown_parts == ()


@pytest.mark.parametrize("resource", APPS)
def test_the_certificate_is_the_one_setting_that_an_org_may_not_show_and_then_it_reads_as_none(
    resource: Resource,
) -> None:
    assert {row.name for row in fields_of(resource) if not row.readable} == {"certificatePem"}
    shown = files(resource, SMALLEST[resource])
    withheld = {
        kind: re.sub("<certificate>.*</certificate>", "", text, flags=re.DOTALL) for kind, text in shown.items()
    }
    assert read_back(resource, withheld, name="CI").settings["certificatePem"] == ""


# --- at random

_BEYOND_XML = "\ufffe\uffff"
texts = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters=_BEYOND_XML, include_characters="\n\t<>&'\"]")
).map(str.strip)
some_text = texts.filter(bool)
names = st.from_regex(r"[A-Za-z](_?[A-Za-z0-9]){0,20}", fullmatch=True)
urls = st.text(string.ascii_letters + string.digits + "/?&=%#,;", min_size=1).map("https://acme.com/".__add__)
policies = st.one_of(
    st.sampled_from(["zero", "infinite"]),
    st.builds(
        "specific_{}:{}:{}".format,
        st.sampled_from(["lifetime", "inactivity"]),
        st.integers(1, 999),
        st.sampled_from(["HOURS", "DAYS", "MONTHS"]),
    ),
)


def sets_of(items: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(items, max_size=4)


ranges = st.lists(
    st.fixed_dictionaries(
        {"start": st.ip_addresses().map(str), "end": st.ip_addresses().map(str)}, optional={"description": some_text}
    ),
    max_size=3,
)
of_both_apps = {
    "contactPhone": texts,
    "description": texts,
    "infoUrl": urls,
    "logoUrl": urls,
    "callbackUrls": st.lists(urls, min_size=1, max_size=4),
    "scopes": st.lists(st.sampled_from(["Api", "RefreshToken", "Web", "Basic", "CDPIngest"]), min_size=1),
    "permittedUsers": st.sampled_from(["AdminApprovedPreAuthorized", "AllSelfAuthorized"]),
    "permissionSets": sets_of(names),
    "ipRelaxation": st.sampled_from(["Enforce", "Enforce_RelaxRefresh", "Bypass_2factor", "Bypass"]),
    "refreshTokenPolicy": policies,
    "sessionTimeoutMinutes": st.one_of(st.none(), st.integers(1, 1440)),
    "trustedIpRanges": ranges,
    **{
        name: st.booleans()
        for name in (
            "isPkceRequired",
            "isConsumerSecretOptional",
            "isSecretRequiredForRefreshToken",
            "isIntrospectAllTokens",
            "isClientCredentialsEnabled",
            "isRefreshTokenRotationEnabled",
            "isNamedUserJwtEnabled",
        )
    },
}
levels = ["HIGH_ASSURANCE", "STANDARD", "LOW"]
connected_apps = st.fixed_dictionaries(
    {"name": names, "label": some_text},
    optional={**of_both_apps, "profiles": sets_of(some_text), "requiredSessionLevel": st.sampled_from(["", *levels])},
)
external_apps = st.fixed_dictionaries(
    {"name": names, "label": some_text},
    optional={
        **of_both_apps,
        "profiles": sets_of(some_text.filter(lambda name: "," not in name)),
        "requiredSessionLevel": st.sampled_from(levels),
        "isEnabled": st.booleans(),
        "isOauthPluginEnabled": st.booleans(),
        "distributionState": st.sampled_from(["Local", "Packaged", "Managed", "AutoInstalled"]),
    },
)
permission_sets = st.fixed_dictionaries(
    {"name": names, "label": some_text},
    optional={
        "description": texts,
        "hasActivationRequired": st.booleans(),
        "license": texts,
        "userPermissions": sets_of(names),
    },
)

SETS = ("callbackUrls", "scopes", "permissionSets", "profiles", "userPermissions")


def as_read(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Sets come sorted and without repetition, IP ranges sorted."""
    read = dict(settings)
    for name in SETS:
        if name in read:
            read[name] = sorted(set(read[name]))
    if "trustedIpRanges" in read:
        read["trustedIpRanges"].sort(key=lambda item: (item["start"], item["end"], item.get("description", "")))
    return read


def assert_comes_back(resource: Resource, settings: Mapping[str, Any]) -> None:
    found = round_trip(resource, {**SMALLEST[resource], **settings})
    assert {name: found.settings[name] for name in settings} == as_read(settings)
    assert found.unknown_parts == ()


@given(connected_apps)
def test_any_connected_app_comes_back_as_it_was_written(settings: dict[str, Any]) -> None:
    assert_comes_back(CONNECTED, settings)


@given(external_apps)
def test_any_external_client_app_comes_back_as_it_was_written(settings: dict[str, Any]) -> None:
    assert_comes_back(EXTERNAL, settings)


@given(permission_sets)
def test_any_permission_set_comes_back_as_it_was_written(settings: dict[str, Any]) -> None:
    assert_comes_back(PERMISSION_SET, settings)

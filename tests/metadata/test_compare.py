"""When two states of an app or set differ, and which differences make it easier to get into an org."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkey.metadata.compare import differences, loosens
from orgkey.metadata.fields import APP_FIELDS, PERMISSION_SET_FIELDS, Field, Loosens
from orgkey.metadata.members import Resource
from orgkey.metadata.place import Type
from tests.metadata.org import (
    APPS,
    CERTIFICATE,
    CONNECTED,
    EVERY_RESOURCE,
    EXTERNAL,
    PERMISSION_SET,
    SMALLEST,
    round_trip,
)

ROWS = {row.name: row for row in (*PERMISSION_SET_FIELDS, *APP_FIELDS)}


def paths(resource: Resource, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    smallest = SMALLEST[resource]
    return [difference.path for difference in differences(resource, {**smallest, **before}, {**smallest, **after})]


# --- equal and not

RANGE = {"start": "10.0.0.1", "end": "10.0.0.9"}
EQUAL = [
    (CONNECTED, {"scopes": ["Api", "RefreshToken"]}, {"scopes": ["RefreshToken", "Api"]}),
    (CONNECTED, {"scopes": ["Api", "Web"]}, {"scopes": ("Web", "Api", "Web")}),
    (CONNECTED, {"scopes": ["Api", "OfflineAccess"]}, {"scopes": ["RefreshToken", "Api"]}),
    (CONNECTED, {"scopes": ["Profile", "Email"]}, {"scopes": ["Basic"]}),
    (EXTERNAL, {"permissionSets": ["A", "B"]}, {"permissionSets": ["B", "A"]}),
    (EXTERNAL, {}, {"permissionSets": []}),
    (EXTERNAL, {}, {"permissionSets": None}),
    (EXTERNAL, {}, {"scopes": ["RefreshToken", "Api"]}),
    (EXTERNAL, {}, {"callbackUrls": ["https://login.salesforce.com/services/oauth2/success"]}),
    (EXTERNAL, {}, {"permittedUsers": "AdminApprovedPreAuthorized"}),
    (EXTERNAL, {}, {"permittedUsers": None}),
    (EXTERNAL, {}, {"refreshTokenPolicy": "infinite", "ipRelaxation": "Enforce", "distributionState": "Local"}),
    (EXTERNAL, {}, {"isPkceRequired": True, "isSecretRequiredForRefreshToken": True, "isEnabled": True}),
    (CONNECTED, {}, {"isPkceRequired": False, "isSecretRequiredForRefreshToken": True}),
    (CONNECTED, {}, {"description": "", "infoUrl": None, "sessionTimeoutMinutes": None}),
    (CONNECTED, {"sessionTimeoutMinutes": 30}, {"sessionTimeoutMinutes": 30.0}),
    (CONNECTED, {"description": "two\nlines\n"}, {"description": "two\nlines"}),
    (CONNECTED, {"certificatePem": CERTIFICATE}, {"certificatePem": CERTIFICATE.replace("\n", "\r\n") + "\n"}),
    (CONNECTED, {"certificatePem": CERTIFICATE}, {"certificatePem": "MIIC"}),
    (EXTERNAL, {"requiredSessionLevel": "STANDARD"}, {}),
    (CONNECTED, {"trustedIpRanges": [RANGE]}, {"trustedIpRanges": [{"end": "10.0.0.9", "start": "10.0.0.1"}]}),
    (CONNECTED, {"trustedIpRanges": [RANGE]}, {"trustedIpRanges": [{**RANGE, "description": ""}]}),
    (
        CONNECTED,
        {"trustedIpRanges": [RANGE, {"start": "::1", "end": "::2"}]},
        {"trustedIpRanges": [{"start": "::1", "end": "::2"}, RANGE]},
    ),
    (EXTERNAL, {"permissionSets": ["A", "b"]}, {"permissionSets": ["B", "a", "A"]}),
    (CONNECTED, {"profiles": ["System Administrator"]}, {"profiles": ["SYSTEM administrator"]}),
    *((resource, {"name": "CI_Users"}, {"name": "ci_USERS"}) for resource in EVERY_RESOURCE),
    (PERMISSION_SET, {"license": "Salesforce"}, {"license": "SALESFORCE"}),
    (PERMISSION_SET, {}, {"hasActivationRequired": False, "license": "", "userPermissions": []}),
]


@pytest.mark.parametrize(("resource", "one", "other"), EQUAL)
def test_what_means_the_same_is_no_difference_in_either_direction(
    resource: Resource, one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert paths(resource, one, other) == []
    assert paths(resource, other, one) == []


DIFFERENT = [
    (CONNECTED, "scopes", ["Api"], ["Api", "Web"]),
    (CONNECTED, "isPkceRequired", False, True),
    (EXTERNAL, "isPkceRequired", True, False),
    (EXTERNAL, "permissionSets", [], ["A"]),
    (EXTERNAL, "permittedUsers", "AdminApprovedPreAuthorized", "AllSelfAuthorized"),
    (EXTERNAL, "description", "a\nb", "a b"),
    (EXTERNAL, "label", "CI", "ci"),
    (EXTERNAL, "certificatePem", CERTIFICATE, CERTIFICATE.replace("MIIC", "MIID")),
    (EXTERNAL, "sessionTimeoutMinutes", None, 15),
    (EXTERNAL, "trustedIpRanges", [RANGE], [{**RANGE, "description": "office"}]),
    (EXTERNAL, "refreshTokenPolicy", "specific_lifetime:1:DAYS", "specific_lifetime:24:HOURS"),
    (PERMISSION_SET, "userPermissions", ["ApiEnabled"], []),
]


@pytest.mark.parametrize(("resource", "name", "one", "other"), DIFFERENT)
def test_what_means_something_else_is_a_difference_in_either_direction(
    resource: Resource, name: str, one: object, other: object
) -> None:
    assert paths(resource, {name: one}, {name: other}) == [name]
    assert paths(resource, {name: other}, {name: one}) == [name]


@pytest.mark.parametrize("resource", EVERY_RESOURCE)
def test_what_an_org_gives_back_does_not_differ_from_what_was_sent(resource: Resource) -> None:
    sent = {**SMALLEST[resource], "description": "  block text\n"}
    assert differences(resource, sent, round_trip(resource, sent).settings) == []


def test_differences_come_in_the_order_of_the_table_with_both_values() -> None:
    found = differences(
        CONNECTED,
        {**SMALLEST[CONNECTED], "isPkceRequired": True, "scopes": ["Web", "Api"]},
        {**SMALLEST[CONNECTED], "scopes": ["Api"], "label": "Other"},
    )
    assert [(difference.path, difference.before, difference.after) for difference in found] == [
        ("label", "CI", "Other"),
        ("scopes", ["Api", "Web"], ["Api"]),
        ("isPkceRequired", True, False),
    ]


@pytest.mark.parametrize("resource", EVERY_RESOURCE)
def test_only_another_name_key_or_licence_needs_a_new_thing(resource: Resource) -> None:
    smallest = SMALLEST[resource]
    changed = {**smallest, "name": "Other", "label": "Other", "consumerKey": "another.key", "license": "Salesforce"}
    assert {difference.path for difference in differences(resource, smallest, changed) if difference.replaces} == {
        PERMISSION_SET: {"name", "license"},
        CONNECTED: {"name", "consumerKey"},
        EXTERNAL: {"name", "consumerKey"},
    }[resource]


@pytest.mark.parametrize("setting", ["permissionSets", "profiles"])
def test_what_is_new_in_a_list_of_names_is_no_other_spelling_of_what_was_there(setting: str) -> None:
    before, after = {setting: ["CI", "Old"]}, {setting: ["NEW", "ci"]}
    (found,) = differences(CONNECTED, {**SMALLEST[CONNECTED], **before}, {**SMALLEST[CONNECTED], **after})
    assert (found.added, found.removed, found.loosens) == (["NEW"], ["Old"], True)
    (found,) = differences(
        CONNECTED, {**SMALLEST[CONNECTED], **before}, {**SMALLEST[CONNECTED], setting: ["CI", "OLD"][:1]}
    )
    assert (found.added, found.removed, found.loosens) == ([], ["Old"], False)


# --- loosening

LOOSER = [
    ("isIntrospectAllTokens", False, True),
    ("isConsumerSecretOptional", False, True),
    ("isClientCredentialsEnabled", False, True),
    ("isPkceRequired", True, False),
    ("isSecretRequiredForRefreshToken", True, False),
    ("hasActivationRequired", True, False),
    ("scopes", ["Api"], ["Api", "Full"]),
    ("scopes", ["Api"], ["Full"]),
    ("callbackUrls", ["https://a"], ["https://a", "https://evil"]),
    ("permissionSets", ["CI"], ["CI", "Everybody"]),
    ("permissionSets", [], ["Everybody"]),
    ("profiles", ["A"], ["B"]),
    ("userPermissions", [], ["ModifyAllData"]),
    ("trustedIpRanges", [], [RANGE]),
    ("trustedIpRanges", [RANGE], [{"start": "0.0.0.0", "end": "255.255.255.255"}]),
    ("permittedUsers", "AdminApprovedPreAuthorized", "AllSelfAuthorized"),
    ("ipRelaxation", "Enforce", "Enforce_RelaxRefresh"),
    ("ipRelaxation", "Enforce_RelaxRefresh", "Bypass_2factor"),
    ("ipRelaxation", "Bypass_2factor", "Bypass"),
    ("ipRelaxation", "Bypass", "SomethingNew"),
    ("requiredSessionLevel", "HIGH_ASSURANCE", "STANDARD"),
    ("requiredSessionLevel", "STANDARD", "LOW"),
    ("requiredSessionLevel", "HIGH_ASSURANCE", ""),
    ("refreshTokenPolicy", "zero", "specific_lifetime:1:HOURS"),
    ("refreshTokenPolicy", "specific_lifetime:2:HOURS", "specific_lifetime:3:HOURS"),
    ("refreshTokenPolicy", "specific_lifetime:23:HOURS", "specific_lifetime:1:DAYS"),
    ("refreshTokenPolicy", "specific_lifetime:29:DAYS", "specific_lifetime:1:MONTHS"),
    ("refreshTokenPolicy", "specific_lifetime:12:MONTHS", "specific_inactivity:1:HOURS"),
    ("refreshTokenPolicy", "specific_inactivity:7:DAYS", "specific_inactivity:8:DAYS"),
    ("refreshTokenPolicy", "specific_inactivity:99:MONTHS", "infinite"),
    ("refreshTokenPolicy", "specific_lifetime:1:DAYS", "something new"),
]


@pytest.mark.parametrize(("name", "before", "after"), LOOSER)
def test_a_change_that_loosens_security_is_told_as_one_and_its_undoing_is_not(
    name: str, before: Any, after: Any
) -> None:
    assert loosens(ROWS[name], before, after)
    replaced = name in {"scopes", "profiles", "trustedIpRanges"} and len(before) == len(after)
    assert loosens(ROWS[name], after, before) is replaced  # one item for another adds one either way


SAME_STRENGTH = [
    ("scopes", ["Api", "Web"], ["Api"]),
    ("permissionSets", ["A"], []),
    ("trustedIpRanges", [RANGE], []),
    ("trustedIpRanges", [RANGE], [{**RANGE, "description": "renamed"}]),
    ("trustedIpRanges", [RANGE], [{"end": "10.0.0.9", "start": "10.0.0.1"}]),
    ("refreshTokenPolicy", "specific_lifetime:1:DAYS", "specific_lifetime:24:HOURS"),
    ("isNamedUserJwtEnabled", False, True),
    ("label", "A", "B"),
    ("description", "", "x"),
    ("contactEmail", "a@b.c", "d@e.f"),
]


@pytest.mark.parametrize(("name", "before", "after"), SAME_STRENGTH)
def test_a_change_that_keeps_or_tightens_security_is_not_told_as_a_loosening(
    name: str, before: Any, after: Any
) -> None:
    assert not loosens(ROWS[name], before, after)


@given(st.lists(st.sampled_from("ABCD")), st.lists(st.sampled_from("ABCD")))
def test_a_list_that_is_safer_when_longer_loosens_when_something_is_removed(
    before: list[str], after: list[str]
) -> None:
    row = Field("guards", Type.STRINGS, "", loosens=Loosens.WHEN_LESS)
    assert loosens(row, before, after) == any(item not in after for item in before)


@pytest.mark.parametrize("name", [row.name for row in ROWS.values() if row.loosens])
@given(data=st.data())
def test_no_change_is_no_loosening(name: str, data: st.DataObject) -> None:
    values = [value for row, *pair in LOOSER if row == name for value in pair]
    value = data.draw(st.sampled_from(values))
    assert not loosens(ROWS[name], value, value)


def test_a_difference_knows_whether_it_loosens() -> None:
    tighter, looser = {**SMALLEST[EXTERNAL]}, {**SMALLEST[EXTERNAL], "permittedUsers": "AllSelfAuthorized"}
    assert [difference.loosens for difference in differences(EXTERNAL, tighter, looser)] == [True]
    assert [difference.loosens for difference in differences(EXTERNAL, looser, tighter)] == [False]


@pytest.mark.parametrize("resource", APPS)
def test_what_an_org_means_by_silence_loosens_what_we_mean_by_it(resource: Resource) -> None:
    silent = {**round_trip(resource, SMALLEST[resource]).settings, "permittedUsers": "AllSelfAuthorized"}
    found = differences(resource, {**SMALLEST[resource]}, silent)
    assert [(difference.path, difference.loosens) for difference in found] == [("permittedUsers", True)]

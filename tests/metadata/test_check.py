"""Which settings the platform takes, and what is said about those it does not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkey.metadata.check import Problem, problems, sentence, suggestion
from orgkey.metadata.compare import differences
from orgkey.metadata.fields import APP_FIELDS, SCOPES, fields_of
from orgkey.metadata.members import Resource
from orgkey.metadata.parse import canonical
from tests.metadata.org import CONNECTED, EVERY_RESOURCE, EXTERNAL, PERMISSION_SET, SMALLEST, files

NOTHING_OR_LITTLE = st.sampled_from(["", " ", "\n", "\x1c", "\x1f\x1e", "\x00", "\ud800", "a\x01", "::1", "10.0.0.1"])
RANGES = st.fixed_dictionaries(
    {}, optional={name: st.none() | NOTHING_OR_LITTLE for name in ("start", "end", "description", "other")}
)
PLAIN = st.none() | st.booleans() | st.integers(-1, 99) | st.floats() | NOTHING_OR_LITTLE | st.text(max_size=5)
ANYTHING = PLAIN | st.lists(PLAIN | RANGES, max_size=2) | st.lists(RANGES, min_size=1, max_size=2) | RANGES
"""What may stand in the place of a setting: nulls, other types, and characters that no XML carries."""


def found(resource: Resource, settings: dict[str, Any], *, api_version: float = 67.0) -> list[tuple[str, str]]:
    return [
        (problem.path, problem.reason)
        for problem in problems(resource, {**SMALLEST[resource], **settings}, api_version=api_version)
    ]


@pytest.mark.parametrize("resource", EVERY_RESOURCE)
def test_the_smallest_settings_have_no_problem(resource: Resource) -> None:
    assert found(resource, {}) == []


GOOD = [
    (EXTERNAL, {"name": "A"}),
    (EXTERNAL, {"name": "a_1_B"}),
    (EXTERNAL, {"label": "日本語 & <x>", "description": "two\n\tlines\r\n\x7f"}),
    (EXTERNAL, {"callbackUrls": ["http://localhost:1717/OauthRedirect", "myapp:cb"]}),
    (EXTERNAL, {"consumerKey": "a" * 256}),
    (EXTERNAL, {"consumerKey": "3MVG9._x"}),
    (EXTERNAL, {"name": "A" * 70}),
    (CONNECTED, {"name": "A" * 80}),
    (EXTERNAL, {"scopes": [scope for scope in SCOPES if scope not in {"A2A", "CmdbDiscovery", "SemanticLayer"}]}),
    (EXTERNAL, {"scopes": ("Api",)}),
    (EXTERNAL, {"permissionSets": [], "profiles": None, "infoUrl": ""}),
    (EXTERNAL, {"refreshTokenPolicy": "specific_lifetime:30:DAYS", "sessionTimeoutMinutes": 15.0}),
    (EXTERNAL, {"trustedIpRanges": [{"start": "::1", "end": "::2"}, {"start": "0.0.0.0", "end": "255.255.255.255"}]}),
    (EXTERNAL, {"trustedIpRanges": [{"start": "::1", "end": "::2", "description": None, "other": None}]}),
    (CONNECTED, {"profiles": ["Sales, EMEA"]}),
    (PERMISSION_SET, {"description": "x" * 150, "userPermissions": ["ApiEnabled"], "license": ""}),
]


@pytest.mark.parametrize("resource", EVERY_RESOURCE)
@given(data=st.data())
def test_what_the_check_takes_can_be_written_and_compared(resource: Resource, data: st.DataObject) -> None:
    rows = data.draw(
        st.lists(st.sampled_from(fields_of(resource)), min_size=1, max_size=3, unique_by=lambda row: row.name)
    )
    settings = {**SMALLEST[resource], **{row.name: data.draw(ANYTHING) for row in rows}}
    if problems(resource, settings, api_version=67.0):
        return
    assert differences(resource, settings, settings) == []
    assert files(resource, settings)
    for row in rows:
        value = canonical(row, row.value_in(settings, resource))
        assert canonical(row, value) == value


@pytest.mark.parametrize(("resource", "settings"), GOOD)
def test_what_the_platform_takes_has_no_problem(resource: Resource, settings: dict[str, Any]) -> None:
    assert found(resource, settings) == []


NAME_SAYS = "letters, digits and single underscores, starting with a letter and not ending with an underscore"
POLICY_SAYS = "infinite, zero, specific_lifetime:N:UNIT or specific_inactivity:N:UNIT (HOURS, DAYS or MONTHS)"
CERTIFICATE_SAYS = (
    "is required: The certificate whose key signs assertions, as PEM. "
    "Sent with every deploy; compared as DER where the org gives it back."
)
EMPTY = "must not be empty; leave it out for the default"

BAD = [
    ("name", "1st", [("name", f"is not {NAME_SAYS}")]),
    ("name", "A_", [("name", f"is not {NAME_SAYS}")]),
    ("name", "A\n", [("name", f"is not {NAME_SAYS}")]),
    ("name", "A" * 71, [("name", "has 71 characters; at most 70 are allowed")]),
    ("label", 5, [("label", "must be text")]),
    ("label", None, [("label", "is required: Name shown in Setup.")]),
    ("label", " \n", [("label", "is required: Name shown in Setup.")]),
    ("label", "x" * 81, [("label", "has 81 characters; at most 80 are allowed")]),
    ("label", "\x1c", [("label", "holds the character U+001C, which metadata XML cannot carry")]),
    ("name", "a\x01b", [("name", "holds the character U+0001, which metadata XML cannot carry")]),
    ("description", "\x1f\x1f", [("description", "holds the character U+001F, which metadata XML cannot carry")]),
    ("label", "a\x00b", [("label", "holds the character U+0000, which metadata XML cannot carry")]),
    ("description", "\ufffe", [("description", "holds the character U+FFFE, which metadata XML cannot carry")]),
    ("description", "\ud800", [("description", "holds the character U+D800, which metadata XML cannot carry")]),
    ("contactEmail", "ops", [("contactEmail", "is not an e-mail address")]),
    ("infoUrl", "acme.com", [("infoUrl", "is not a URL")]),
    ("logoUrl", "http://a/b.png", [("logoUrl", "is not an https URL")]),
    ("callbackUrls", "https://a", [("callbackUrls", "must be a list")]),
    ("callbackUrls", ["https://a", "/b"], [("callbackUrls[1]", "is not a URL without spaces")]),
    ("callbackUrls", ["https://a b"], [("callbackUrls[0]", "is not a URL without spaces")]),
    ("callbackUrls", [], [("callbackUrls", EMPTY)]),
    ("consumerKey", "short", [("consumerKey", "is not 8 to 256 letters, digits and . _ - + / =")]),
    (
        "certificatePem",
        "",
        [
            (
                "certificatePem",
                CERTIFICATE_SAYS,
            )
        ],
    ),
    ("scopes", ["Api", "api"], [("scopes[1]", "is no value of it; did you mean Api?")]),
    ("scopes", ["RefreshTokn"], [("scopes[0]", "is no value of it; did you mean RefreshToken?")]),
    ("scopes", ["xyz"], [("scopes[0]", "is no value of it")]),
    ("scopes", [7], [("scopes[0]", "must be text")]),
    ("scopes", [], [("scopes", EMPTY)]),
    (
        "permittedUsers",
        "Everybody",
        [
            (
                "permittedUsers",
                "is no value of it; use one of AdminApprovedPreAuthorized, AllSelfAuthorized",
            )
        ],
    ),
    ("permittedUsers", "", [("permittedUsers", EMPTY)]),
    ("permissionSets", [""], [("permissionSets[0]", "must not be empty")]),
    (
        "profiles",
        ["A", "Sales, EMEA"],
        [("profiles[1]", "holds ',', which separates the items in this kind of app")],
    ),
    (
        "ipRelaxation",
        "BYPASS",
        [
            (
                "ipRelaxation",
                "is no value of it; use one of Enforce, Enforce_RelaxRefresh, Bypass_2factor, Bypass",
            )
        ],
    ),
    ("refreshTokenPolicy", "never", [("refreshTokenPolicy", f"is not {POLICY_SAYS}")]),
    (
        "refreshTokenPolicy",
        "specific_lifetime:0:DAYS",
        [("refreshTokenPolicy", f"is not {POLICY_SAYS}")],
    ),
    ("refreshTokenPolicy", "", [("refreshTokenPolicy", EMPTY)]),
    ("isPkceRequired", "true", [("isPkceRequired", "must be true or false")]),
    ("isPkceRequired", "", [("isPkceRequired", "must be true or false")]),
    ("isPkceRequired", [], [("isPkceRequired", "must be true or false")]),
    ("description", [], [("description", "must be text")]),
    ("sessionTimeoutMinutes", "", [("sessionTimeoutMinutes", "must be a whole number above 0")]),
    ("permissionSets", " ", [("permissionSets", "must be a list")]),
    ("permissionSets", [None], [("permissionSets[0]", "must be text")]),
    ("trustedIpRanges", "", [("trustedIpRanges", "must be a list of {start, end, description}")]),
    ("trustedIpRanges", [None], [("trustedIpRanges[0]", "must be {start, end, description}")]),
    ("trustedIpRanges", [{"start": None, "end": "::1"}], [("trustedIpRanges[0].start", "is required: an IP address")]),
    ("isPkceRequired", 1, [("isPkceRequired", "must be true or false")]),
    ("sessionTimeoutMinutes", 0, [("sessionTimeoutMinutes", "must be a whole number above 0")]),
    ("sessionTimeoutMinutes", 1.5, [("sessionTimeoutMinutes", "must be a whole number above 0")]),
    ("sessionTimeoutMinutes", True, [("sessionTimeoutMinutes", "must be a whole number above 0")]),
    ("sessionTimeoutMinutes", float("inf"), [("sessionTimeoutMinutes", "must be a whole number above 0")]),
    ("sessionTimeoutMinutes", float("nan"), [("sessionTimeoutMinutes", "must be a whole number above 0")]),
    ("trustedIpRanges", {}, [("trustedIpRanges", "must be a list of {start, end, description}")]),
    ("trustedIpRanges", ["10.0.0.1"], [("trustedIpRanges[0]", "must be {start, end, description}")]),
    (
        "trustedIpRanges",
        [{"start": "10.0.0.1", "end": "10.0.0.9"}, {"start": "10.0.0.256", "description": 7, "to": "x", "note": "y"}],
        [
            ("trustedIpRanges[1].start", "is not an IP address"),
            ("trustedIpRanges[1].end", "is required: an IP address"),
            ("trustedIpRanges[1].description", "must be text"),
            ("trustedIpRanges[1].note", "is not a property of an IP range (start, end, description)"),
            ("trustedIpRanges[1].to", "is not a property of an IP range (start, end, description)"),
        ],
    ),
    ("distributionState", "", [("distributionState", EMPTY)]),
]


@pytest.mark.parametrize(("name", "value", "expected"), BAD)
def test_a_bad_value_is_told_with_its_path_and_what_to_write_instead(
    name: str, value: object, expected: list[tuple[str, str]]
) -> None:
    assert found(EXTERNAL, {name: value}) == expected


def test_a_description_leaves_room_for_the_ownership_marker() -> None:
    assert found(PERMISSION_SET, {"description": "x" * 151}) == [
        ("description", "has 151 characters; at most 150 are allowed")
    ]


def test_all_problems_are_told_at_once_in_the_order_of_the_table() -> None:
    settings = {"label": "", "isPkceRequired": 1, "scopes": ["Api", "x", "y"], "name": "-", "consumerKey": None}
    assert [path for path, _ in found(CONNECTED, settings)] == [
        "name",
        "label",
        "consumerKey",
        "scopes[1]",
        "scopes[2]",
        "isPkceRequired",
    ]


@pytest.mark.parametrize("resource", [CONNECTED, PERMISSION_SET])
def test_a_name_without_satellites_has_up_to_80_characters(resource: Resource) -> None:
    assert found(resource, {"name": "A" * 81}) == [("name", "has 81 characters; at most 80 are allowed")]


VALUES_BY_VERSION = [
    (CONNECTED, "scopes", ["Api", "MCP"], 66.0),
    (EXTERNAL, "scopes", ["Api", "SCRT"], 66.0),
    (CONNECTED, "scopes", ["Api", "DataCloudUserClaims"], 67.0),
    (CONNECTED, "scopes", ["Api", "SemanticLayer"], 68.0),
]


@pytest.mark.parametrize(("resource", "setting", "value", "since"), VALUES_BY_VERSION)
def test_a_value_newer_than_the_api_version_is_refused(
    resource: Resource, setting: str, value: list[str], since: float
) -> None:
    assert found(resource, {setting: value}, api_version=since) == []
    assert found(resource, {setting: value}, api_version=since - 1) == [
        (
            f"{setting}[1]",
            f"{value[1]} needs API version {since:.1f} or newer; salesforce:apiVersion is {since - 1:.1f}",
        )
    ]


def test_profiles_of_an_external_client_app_need_version_62() -> None:
    assert found(EXTERNAL, {"profiles": ["Admin"]}, api_version=62.0) == []
    assert [path for path, _ in found(EXTERNAL, {"profiles": ["Admin"]}, api_version=61.0)] == ["profiles"]
    assert found(CONNECTED, {"profiles": ["Admin"]}, api_version=60.0) == []


def test_a_setting_newer_than_the_api_version_is_refused_only_where_it_would_matter() -> None:
    assert found(EXTERNAL, {"isNamedUserJwtEnabled": True}, api_version=60.0) == [
        ("isNamedUserJwtEnabled", "needs API version 61.0 or newer; salesforce:apiVersion is 60.0")
    ]
    assert found(EXTERNAL, {"isNamedUserJwtEnabled": False}, api_version=60.0) == []
    assert found(EXTERNAL, {"isNamedUserJwtEnabled": True}, api_version=61.0) == []
    assert found(CONNECTED, {"isNamedUserJwtEnabled": True}, api_version=60.0) == []


SUGGESTIONS = [
    ("lable", "; did you mean label?"),
    ("permissionset", "; did you mean permissionSets?"),
    ("isPKCErequired", "; did you mean isPkceRequired?"),
    ("scope", "; did you mean scopes?"),
    ("colour", ""),
]


@pytest.mark.parametrize(("written", "hint"), SUGGESTIONS)
def test_a_misspelt_name_gets_the_name_that_was_meant(written: str, hint: str) -> None:
    assert suggestion(written, tuple(row.name for row in APP_FIELDS)) == hint


def test_equal_problems_are_one() -> None:
    assert len({Problem("a", "b"), Problem("a", "b"), Problem("a", "c")}) == 2


@pytest.mark.parametrize("resource", list(Resource))
@pytest.mark.parametrize("name", ["acme__CI", "CI__c", "a__b__c"])
def test_a_name_with_a_namespace_is_told_as_a_packages(resource: Resource, name: str) -> None:
    found = problems(resource, {**SMALLEST[resource], "name": name}, api_version=67.0)
    assert [problem.path for problem in found] == ["name"]
    assert "namespace of a package" in found[0].reason


@pytest.mark.parametrize("resource", list(Resource))
@pytest.mark.parametrize("name", ["CI_", "_CI", "1CI", "C-I", "Zugriffé", "接続"])
def test_a_name_that_no_org_takes_is_told_with_what_it_may_hold(resource: Resource, name: str) -> None:
    found = problems(resource, {**SMALLEST[resource], "name": name}, api_version=67.0)
    assert [problem.path for problem in found] == ["name"]
    assert found[0].reason.startswith("is not letters, digits and single underscores")
    assert "package" not in found[0].reason
    assert name not in found[0].reason


@pytest.mark.parametrize("resource", list(Resource))
@pytest.mark.parametrize("label", ["Zugriff für Köln", "接続アプリ", "Accès & co <CI>"])
def test_a_label_may_be_in_any_language(resource: Resource, label: str) -> None:
    assert problems(resource, {**SMALLEST[resource], "label": label}, api_version=67.0) == []


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("salesforce:caBundl is not a setting", "salesforce:caBundl is not a setting."),
        ("salesforce:caBundl is not a setting; did you mean caBundle?", None),
        ("It is so.", None),
    ],
)
def test_a_sentence_ends_once(text: str, whole: str | None) -> None:
    assert sentence(text) == (whole or text)

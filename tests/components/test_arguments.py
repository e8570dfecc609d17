"""Arguments of the component: what can be judged before anything is registered, all at once and by the names of the schema."""

from __future__ import annotations

import asyncio
import json
from dataclasses import fields
from typing import Any

import pulumi
import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from orgkey.components import AppSettings, ImportSettings, KeySettings
from orgkey.components import settings as component_settings
from orgkey.components.arguments import GenerationSettings, JwtBearerAccessArgs, TimeoutSettings
from orgkey.components.check import given, problems_of
from orgkey.components.generations import generations_of
from orgkey.components.host import Components
from orgkey.metadata.fields import APP_FIELDS, PERMISSION_SET_FIELDS

OBJECTS: dict[str, type] = {
    "app": component_settings.AppSettings,
    "permission_set": component_settings.PermissionSetSettings,
    "key": component_settings.KeySettings,
    "assignments": component_settings.AssignmentSettings,
    "grant": component_settings.GrantSettings,
    "timeouts": TimeoutSettings,
    "imports": ImportSettings,
    "generation": GenerationSettings,
}
RIGHT: dict[str, Any] = {
    "app": {"name": "CI_Integration", "contact_email": "ops@acme.com"},
    "users": ["ci@acme.com", "cd@acme.com"],
}
LOOP = asyncio.new_event_loop()  # outputs belong to a loop, and from Python 3.14 on there is none by itself
asyncio.set_event_loop(LOOP)
RANGE = "app.trustedIpRanges[0].description"
LATER = pulumi.Output.from_input("known later")


@pytest.fixture(autouse=True)
def loop() -> None:
    """The loop of these outputs is the present one, whatever another test left."""
    asyncio.set_event_loop(LOOP)


def paths(**changes: Any) -> list[str]:
    return [problem.path for problem in problems_of({**RIGHT, **changes})]


def app(**settings: Any) -> dict[str, Any]:
    return {**RIGHT["app"], **settings}


def test_the_fewest_arguments_are_right() -> None:
    assert paths() == []


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"app": LATER}, "app"),
        ({"app": app(kind="internal")}, "app.kind"),
        ({"app": app(name="")}, "app.name"),
        ({"app": app(contact_mail="x")}, "app.contactMail"),
        ({"app": app(kind="connected", distribution_state="Local")}, "app.distributionState"),
        ({"app": app(permitted_users="AllSelfAuthorized")}, "app.permittedUsers"),
        ({"app": app(scopes=["Api"])}, "app.scopes"),
        ({"app": {"name": "CI"}}, "app.contactEmail"),
        ({"app": app(kind=["external"])}, "app.kind"),
        ({"app": app(protect=LATER)}, "app.protect"),
        ({"users": []}, "users"),
        ({"users": "ci@acme.com"}, "users"),
        ({"integrationUser": "cd@acme.com"}, "integrationUser"),
        ({"assignment": {"authoritative": False}}, "assignment"),
        ({"imports": LATER}, "imports"),
        ({"imports": "app"}, "imports"),
        ({"imports": {"apps": True}}, "imports.apps"),
        ({"timeouts": LATER}, "timeouts"),
        ({"ignore": LATER}, "ignore"),
        ({"users": None}, "users"),
        ({"integration_user": "else@acme.com"}, "integrationUser"),
        ({"imports": {"app": True}}, "key.consumerKey"),
        ({"imports": {"app": True}, "key": {"consumer_key": "3MVG9.key"}, "app": app(name=LATER)}, "app.name"),
        ({"imports": {"assignments": True}, "app": app(name=LATER)}, "permissionSet.name"),
        ({"timeouts": {"create": "soon"}}, "timeouts.create"),
        ({"ignore": ["app.colour"]}, "ignore[0]"),
        ({"permission_set": {"licence": "Salesforce"}}, "permissionSet.licence"),
        ({"retiring": [{"number": 2}, {"number": 3, "imported": True}]}, "retiring[1].key.consumerKey"),
        (
            {"key": {"consumer_key": "TheSame1"}, "retiring": [{"number": 2, "key": {"consumer_key": "TheSame1"}}]},
            "retiring[0].key.consumerKey",
        ),
        (
            {"retiring": [{"number": each, "key": KeySettings(consumer_key="TheSame1")} for each in (2, 3)]},
            "retiring[1].key.consumerKey",
        ),
        ({"app": app(name=["CI"])}, "app.name"),
        ({"app": app(name=5)}, "app.name"),
        ({"app": app(label={})}, "app.label"),
        ({"app": app(contact_email=[])}, "app.contactEmail"),
        ({"app": app(description="a\x01b")}, "app.description"),
        ({"app": app(trusted_ip_ranges=[{"start": "::1", "end": "::2", "description": "\x1c"}])}, RANGE),
        ({"permission_set": {"name": 5}}, "permissionSet.name"),
        ({"permission_set": {"label": ["x"]}}, "permissionSet.label"),
        ({"owner": 5}, "owner"),
        ({"owner": ["a"]}, "owner"),
        ({"owner": "a/b"}, "owner"),
        ({"owner": "a\u200bb"}, "owner"),
        ({"owner": "a\x01b"}, "owner"),
        ({"owner": "\ud800"}, "owner"),
        ({"users": [None]}, "users[0]"),
        ({"users": ["ci@acme.com", 5]}, "users[1]"),
        ({"users": ["ci@acme.com", "c\x00i@acme.com"]}, "users[1]"),
        ({"users": 5}, "users"),
        ({"integration_user": ["ci@acme.com"]}, "integrationUser"),
        ({"imports": {"app": "yes"}}, "imports.app"),
        ({"retiring": [None]}, "retiring[0].number"),
        ({"retiring": [{"number": 2, "key": 5}]}, "retiring[0].key"),
        ({"retiring": [{"number": 2, "key": {"subject": "CN=a\x01"}}]}, "retiring[0].key.subject"),
    ],
)
def test_a_wrong_argument_is_told_by_its_name(changes: dict[str, Any], path: str) -> None:
    assert path in paths(**changes)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("a\x01") | st.just(LATER),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5) | st.just("name"), inner, max_size=2)
    ),
    max_leaves=4,
)
PLACES: list[tuple[str, ...]] = [
    place
    for argument in (field.name for field in fields(JwtBearerAccessArgs))
    for place in (
        [(argument, each.name) for each in fields(OBJECTS[argument])] if argument in OBJECTS else [(argument,)]
    )
]


def with_values(values: dict[tuple[str, ...], Any]) -> dict[str, Any]:
    made = {**RIGHT, "app": app()}
    for (argument, *name), value in values.items():
        made = {**made, argument: {**made.get(argument, {}), name[0]: value} if name else value}
    return made


@any_of(st.dictionaries(st.sampled_from(PLACES), ANYTHING, max_size=4))
def test_whatever_is_given_is_taken_or_told(values: dict[tuple[str, ...], Any]) -> None:
    arguments = given(with_values(values))
    if not list(problems_of(arguments)):
        assert generations_of(arguments)


@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_an_argument_that_is_none_is_one_that_is_left_out(place: tuple[str, ...]) -> None:
    required = {("users",), ("app", "name"), ("app", "contact_email")}
    assert bool(list(problems_of(given(with_values({place: None}))))) is (place in required)


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = {"app": app(kind="internal"), "users": [], "imports": {"app": True}, "timeouts": {"read": "now"}}
    assert {"app.kind", "users", "key.consumerKey", "timeouts.read"} <= set(paths(**wrong))


@pytest.mark.parametrize(
    "changes",
    [
        {"users": LATER},
        {"users": [LATER, "ci@acme.com"], "integration_user": "else@acme.com"},
        {"integration_user": LATER},
        {"integration_user": "CI@acme.com"},
        {"app": app(name=LATER, scopes=LATER)},
        {"imports": {"app": True}, "key": {"consumer_key": LATER}},
        {"imports": {"permission_set": True}, "permission_set": {"name": "Held_Set"}, "app": app(name=LATER)},
        {"key": {"consumer_key": LATER}, "retiring": [{"number": 2, "key": {"consumer_key": LATER}}]},
    ],
)
def test_what_is_known_later_passes(changes: dict[str, Any]) -> None:
    assert paths(**changes) == []


@any_of(st.sets(st.sampled_from(sorted(row.name for row in APP_FIELDS)), max_size=8))
def test_a_setting_that_is_an_output_is_never_judged_by_its_value(names: set[str]) -> None:
    made_by_the_component = {"certificatePem", "consumerKey"}
    snake = {"".join(f"_{c.lower()}" if c.isupper() else c for c in name) for name in names - made_by_the_component}
    assert paths(app=app(**dict.fromkeys(snake, LATER))) == []


def test_arguments_come_as_classes_or_as_mappings() -> None:
    as_classes = AppSettings(name="CI", contact_email="ops@acme.com")
    assert given(as_classes) == given({"name": "CI", "contact_email": "ops@acme.com", "label": None})
    assert paths(app=as_classes, key=KeySettings(consumer_key="3MVG9.key"), imports=ImportSettings(app=True)) == []


def test_the_host_takes_outputs_for_whole_numbers_and_refuses_an_object_that_is_one() -> None:
    host = Components()
    definition = host._component_defs["JwtBearerAccess"]  # as the SDK hands it over
    inputs = {
        "app": {"name": "CI", "contactEmail": "ops@acme.com"},
        "users": ["ci@acme.com"],
        "key": {"bits": LATER, "validityDays": 90.0},
    }
    assert host.map_inputs(inputs, definition)["key"]["bits"] is LATER
    with pytest.raises(pulumi.InputPropertiesError) as refused:
        host.construct("access", "orgkey:index:JwtBearerAccess", {**inputs, "key": LATER, "imports": LATER})
    assert [each["property_path"] for each in refused.value.errors or ()] == ["key", "imports"]


@pytest.mark.parametrize(
    ("given_inputs", "told"),
    [
        ({"key": 5}, ["key"]),
        ({"app": "CI"}, ["app"]),
        ({"retiring": [None]}, ["retiring[0]"]),
        ({"retiring": [{"number": 2.0}, 5]}, ["retiring[1]"]),
        ({"retiring": [{"number": 2.0, "key": [], "name": None}], "timeouts": "30m"}, ["retiring[0].key", "timeouts"]),
        ({"retiring": [{"number": 2.0, "key": LATER}], "unknown": LATER}, ["retiring[0].key"]),
        ({"users": [None], "key": None}, ["users[0]"]),
        ({"app": {"name": "CI", "contactEmail": "ops@acme.com", "label": None}, "owner": ["a"]}, ["owner"]),
    ],
)
def test_the_host_tells_what_is_no_object_or_null_by_its_place(given_inputs: dict[str, Any], told: list[str]) -> None:
    inputs = {"app": {"name": "CI", "contactEmail": "ops@acme.com"}, "users": ["ci@acme.com"], **given_inputs}
    with pytest.raises(pulumi.InputPropertiesError) as refused:
        Components().construct("access", "orgkey:index:JwtBearerAccess", inputs)
    assert sorted(each["property_path"] for each in refused.value.errors or ()) == told


def test_the_schema_has_every_setting_of_the_field_table() -> None:
    types = json.loads(Components().schema)["types"]
    made_by_the_component = {"certificatePem", "consumerKey"}
    assert (
        types["orgkey:index:AppSettings"]["properties"].keys()
        >= {row.name for row in APP_FIELDS} - made_by_the_component
    )
    assert types["orgkey:index:PermissionSetSettings"]["properties"].keys() >= {
        row.name for row in PERMISSION_SET_FIELDS
    }
    described = [each for of in types.values() for each in of["properties"].values()]
    assert all(each["description"] for each in described)

"""Which settings a provider uses: the present stack file's where it is the stack's own, else those that the program gave it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkey.provider.servicer import SalesforceProvider
from orgkey.provider.settings import connection_values, verdict
from tests.provider.protocol import Client, secret

OLD = {"instanceUrl": "https://old.my.salesforce.com", "credentials": "{}", "version": "0.1.0"}
NEW = {"instanceUrl": "https://new.my.salesforce.com", "credentials": '{"sfAlias": "x"}'}
STATED = {"instanceUrl": "https://old.my.salesforce.com", "credentials": "{}"}

ENGINES_NAMES = ["default", "default_0_1_0", "default_0_1_0_beta_1"]
PROGRAMS_NAMES = ["default-prod", "uat", "mydefault", "defaults"]


def environment(values: Mapping[str, str], namespace: str = "") -> dict[str, str]:
    return {"PULUMI_CONFIG": json.dumps({namespace + name: value for name, value in values.items()})}


def next_run(name: str, inputs: Mapping[str, Any], then: Mapping[str, str], now: Mapping[str, str]) -> dict[str, Any]:
    """The values that a provider uses whose inputs were checked beside one stack file and are configured beside another."""
    return connection_values(name, {**inputs, **verdict(name, inputs, then)}, now)


@pytest.mark.parametrize("namespace", ["", "salesforce:"])
@pytest.mark.parametrize("name", ENGINES_NAMES)
def test_the_stacks_own_provider_uses_the_present_stack_file_and_not_what_state_remembers(
    name: str, namespace: str
) -> None:
    assert next_run(name, OLD, environment(STATED, namespace), environment(NEW, namespace)) == NEW


@pytest.mark.parametrize("name", [*ENGINES_NAMES, *PROGRAMS_NAMES])
@pytest.mark.parametrize("then", [NEW, {}])
def test_a_provider_that_the_program_made_keeps_what_it_was_given_whatever_it_is_called(
    name: str, then: dict[str, str]
) -> None:
    assert next_run(name, OLD, environment(then), environment(NEW)) == STATED


@given(name=st.text(), values=st.dictionaries(st.sampled_from(["instanceUrl", "credentials", "apiVersion"]), st.text()))
def test_no_name_and_no_values_but_the_stack_files_own_make_a_provider_the_stacks_own(
    name: str, values: dict[str, str]
) -> None:
    assert next_run(name, values, environment(NEW), environment(NEW)) == values


@pytest.mark.parametrize("name", PROGRAMS_NAMES)
def test_a_name_that_the_engine_does_not_give_is_the_programs_even_with_the_stack_files_values(name: str) -> None:
    assert next_run(name, OLD, environment(STATED), environment(NEW)) == STATED


def test_a_stack_file_that_lost_its_settings_is_not_made_up_for_by_the_state() -> None:
    assert next_run("default", OLD, environment(STATED), environment({})) == {}


@pytest.mark.parametrize("nothing", [{}, {"PULUMI_CONFIG": "no json"}])
@pytest.mark.parametrize("name", ENGINES_NAMES)
def test_where_the_engine_gives_no_stack_file_the_configured_values_stand(name: str, nothing: dict[str, str]) -> None:
    assert connection_values(name, OLD, nothing) == STATED
    assert next_run(name, OLD, environment(STATED), nothing) == STATED
    assert next_run(name, OLD, nothing, nothing) == STATED


@pytest.mark.parametrize(
    ("name", "used"),
    [("default", NEW), ("default_0_1_0", NEW), ("", NEW), ("default-prod", STATED), ("default_uat", STATED)],
)
def test_in_a_state_without_a_verdict_the_name_decides_as_it_did_then(name: str, used: dict[str, str]) -> None:
    assert connection_values(name, OLD, environment(NEW)) == used
    assert connection_values(name, OLD, environment({})) == STATED


@pytest.fixture
def beside(serving: Callable[[SalesforceProvider], Client]) -> Callable[[Mapping[str, str]], Client]:
    """A provider beside a stack file."""
    return lambda values: serving(SalesforceProvider(environment=environment(values)))


@pytest.mark.parametrize(
    ("name", "inputs", "says"),
    [
        ("default", OLD, True),
        ("default", STATED | {"credentials": secret("{}")}, True),
        ("default_0_1_0", {**OLD, "__fromStackFile": False}, True),
        ("default", NEW, False),
        ("default", {**NEW, "__fromStackFile": True}, False),
        ("default_1", NEW, False),
        ("default", {}, False),
        ("prod", OLD, None),
    ],
)
def test_check_config_leaves_the_verdict_in_the_inputs_and_changes_nothing_else(
    beside: Callable[[Mapping[str, str]], Client], name: str, inputs: dict[str, Any], *, says: bool | None
) -> None:
    checked = beside(STATED).provider_inputs(name, inputs)
    assert checked.pop("__fromStackFile", None) is says
    assert checked == {key: value for key, value in inputs.items() if key != "__fromStackFile"}

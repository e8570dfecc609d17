"""Which settings a provider uses: the present stack file's, unless the program made the provider itself."""

import json

import pytest

from orgkey.provider.settings import connection_values, is_explicit

OLD = {"instanceUrl": "https://old.my.salesforce.com", "credentials": "{}", "version": "0.1.0"}
NEW = {"instanceUrl": "https://new.my.salesforce.com", "credentials": '{"sfAlias": "x"}'}


@pytest.mark.parametrize("namespace", ["", "salesforce:"])
def test_the_default_provider_uses_the_present_stack_file_and_not_what_state_remembers(namespace: str) -> None:
    environment = {"PULUMI_CONFIG": json.dumps({namespace + name: value for name, value in NEW.items()})}
    assert connection_values(OLD, environment, explicit=False) == NEW


def test_an_explicit_provider_keeps_what_the_program_gave_it() -> None:
    values = connection_values(OLD, {"PULUMI_CONFIG": json.dumps(NEW)}, explicit=True)
    assert values["instanceUrl"] == "https://old.my.salesforce.com"


@pytest.mark.parametrize("environment", [{}, {"PULUMI_CONFIG": "{}"}, {"PULUMI_CONFIG": "no json"}])
def test_without_a_present_stack_file_the_configured_values_stand(environment: dict[str, str]) -> None:
    assert connection_values(OLD, environment, explicit=False) == {
        "instanceUrl": "https://old.my.salesforce.com",
        "credentials": "{}",
    }


@pytest.mark.parametrize(
    ("name", "explicit"),
    [("default", False), ("default_0_1_0", False), ("", False), ("default-prod", True), ("uat", True)],
)
def test_only_the_engines_own_names_are_a_default_provider(name: str, explicit: bool) -> None:  # noqa: FBT001
    assert is_explicit(name) is explicit

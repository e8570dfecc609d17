"""The six forms of bootstrap credentials: exactly one, named by its key."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from orgkey.model.credentials import (
    FORMS,
    AccessTokenEnv,
    ClientCredentials,
    Credentials,
    Jwt,
    SfAlias,
    SfdxAuthUrlEnv,
    SfdxAuthUrlFile,
)
from orgkey.model.input_model import InputModel
from orgkey.model.problems import from_validation

KEY = "3MVG9abcdefgh"
CREDENTIALS: TypeAdapter[Credentials] = TypeAdapter(Credentials)


def problems(value: object) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        CREDENTIALS.validate_python(value)
    return [(problem.path, problem.reason) for problem in from_validation(caught.value)]


GOOD: list[tuple[dict[str, Any], type[InputModel]]] = [
    ({"sfAlias": "uat-admin"}, SfAlias),
    ({"accessTokenEnv": "SF_TOKEN"}, AccessTokenEnv),
    ({"sfdxAuthUrlFile": "~/uat.url"}, SfdxAuthUrlFile),
    ({"sfdxAuthUrlEnv": "_URL2"}, SfdxAuthUrlEnv),
    ({"clientCredentials": {"consumerKey": KEY, "clientSecretEnv": "SECRET"}}, ClientCredentials),
    ({"jwt": {"consumerKey": KEY, "username": "a@b.c", "privateKeyEnv": "KEY"}}, Jwt),
    ({"jwt": {"consumerKey": KEY, "username": "a@b.c", "privateKeyFile": "ci.key"}}, Jwt),
]


@pytest.mark.parametrize(("written", "form"), GOOD)
def test_each_form_is_known_by_its_key_and_keeps_what_was_written(
    written: dict[str, Any], form: type[InputModel]
) -> None:
    credentials = CREDENTIALS.validate_python(written)
    assert type(credentials) is form
    assert credentials.model_dump(by_alias=True, exclude_none=True) == written


def test_every_form_has_an_example_here() -> None:
    assert {form for _, form in GOOD} == set(FORMS.values())


ONE_OF = "must be exactly one of sfAlias, accessTokenEnv, sfdxAuthUrlFile, sfdxAuthUrlEnv, clientCredentials, jwt"


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"sfAlas": "uat"},
        {"SfAlias": "uat"},
        {"sf_alias": "uat"},
        {"sfAlias": "uat", "accessTokenEnv": "T"},
        {"jwt": {}, "clientCredentials": {}},
        "uat",
        ["sfAlias"],
        None,
        7,
    ],
)
def test_no_form_two_forms_and_misspelt_ones_are_answered_with_the_list_of_forms(written: object) -> None:
    ((path, reason),) = problems(written)
    assert path == ""
    assert reason.startswith(ONE_OF)


BAD = [
    ({"sfAlias": ""}, [("sfAlias", "must not be empty")]),
    ({"sfAlias": 7}, [("sfAlias", "must be text")]),
    ({"sfAlias": "uat", "alias": "x"}, [("alias", "is not a setting")]),
    ({"accessTokenEnv": "00D1!AQ"}, [("accessTokenEnv", "must be the name of an environment variable")]),
    ({"accessTokenEnv": "$TOKEN"}, [("accessTokenEnv", "must be the name of an environment variable")]),
    ({"sfdxAuthUrlEnv": "A=B"}, [("sfdxAuthUrlEnv", "must be the name of an environment variable")]),
    ({"sfdxAuthUrlFile": ""}, [("sfdxAuthUrlFile", "must not be empty")]),
    ({"jwt": "x"}, [("jwt", "must be a mapping")]),
    (
        {"clientCredentials": {"consumerKey": "short", "clientSecret": "s"}, "more": 1},
        [
            ("clientCredentials.consumerKey", "must be 8 to 256 letters, digits and . _ - + / ="),
            ("clientCredentials.clientSecretEnv", "is required"),
            ("clientCredentials.clientSecret", "is not a setting"),
            ("more", "is not a setting"),
        ],
    ),
    ({"jwt": {}}, [("jwt.consumerKey", "is required"), ("jwt.username", "is required")]),
    (
        {"jwt": {"consumerKey": KEY, "username": "a@b.c"}},
        [("jwt", "needs exactly one of privateKeyEnv and privateKeyFile")],
    ),
    (
        {"jwt": {"consumerKey": KEY, "username": "a@b.c", "privateKeyEnv": "K", "privateKeyFile": "k"}},
        [("jwt", "needs exactly one of privateKeyEnv and privateKeyFile")],
    ),
]


@pytest.mark.parametrize(("written", "expected"), BAD)
def test_problems_inside_a_form_are_told_all_at_once_by_the_path_that_people_wrote(
    written: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert problems(written) == expected


def test_a_secret_written_where_the_name_of_a_variable_belongs_is_not_repeated() -> None:
    for written in ({"accessTokenEnv": "00D1!S3CRET"}, {"jwt": {"privateKeyEnv": "-----S3CRET"}}):
        assert "S3CRET" not in repr(problems(written))

"""The inputs of the resources that are no metadata: key pair, assignments, proof."""

from typing import Any

import pytest
from pydantic import ValidationError

from orgkey.model.assignments import PermissionSetAssignmentsArgs, in_utc, seconds_of
from orgkey.model.grant import JwtGrantArgs
from orgkey.model.input_model import InputModel
from orgkey.model.key_pair import KeyPairArgs
from orgkey.model.problems import from_validation

GRANT = {
    "consumerKey": "3MVG9abcdefgh",
    "username": "ci@acme.com",
    "privateKeyPem": "-----S3CRET",
    "instanceUrl": "https://acme.my.salesforce.com",
}


def problems(model: type[InputModel], values: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(values)
    return [(problem.path, problem.reason) for problem in from_validation(caught.value, known=model.names())]


def test_the_defaults_of_a_key_pair_are_the_safe_choice() -> None:
    assert KeyPairArgs.model_validate({}).model_dump(by_alias=True) == {
        "bits": 2048,
        "subject": "CN=orgkey",
        "validityDays": 365,
        "renewAfter": 0.6667,
        "renewJitter": None,
        "generation": 1,
        "privateKeyPem": None,
        "certificatePem": None,
        "consumerKey": None,
    }


def test_the_defaults_of_a_proof_wait_for_propagation_and_leave_the_token_alone() -> None:
    assert JwtGrantArgs.model_validate(GRANT).model_dump(by_alias=True) == {
        **GRANT,
        "appKind": "external",
        "audience": None,
        "revisions": (),
        "deployedAt": None,
        "propagationMinutes": None,
        "revoke": False,
        "blocked": False,
        "appLabel": None,
        "generations": None,
        "unusedAfterDays": None,
    }


def test_assignments_are_the_whole_truth_by_default() -> None:
    assert PermissionSetAssignmentsArgs.model_validate({"permissionSet": "CI"}).model_dump(by_alias=True) == {
        "permissionSet": "CI",
        "users": (),
        "authoritative": True,
        "groups": (),
        "expiration": None,
        "managedBy": None,
    }


@pytest.mark.parametrize(
    ("manager", "fits"), [("acme/uat", True), ("", True), ("acme", False), ("a b/c", False), ("a/" + "b" * 63, False)]
)
def test_who_manages_assignments_is_an_owner_and_a_stack(manager: str, *, fits: bool) -> None:
    news = {"permissionSet": "CI", "managedBy": manager}
    if fits:
        assert PermissionSetAssignmentsArgs.model_validate(news).managed_by == manager
    else:
        with pytest.raises(ValidationError):
            PermissionSetAssignmentsArgs.model_validate(news)


COME_TOGETHER = "privateKeyPem and certificatePem come together: give both or neither"
WITH_ZONE = "must be a date and time with a zone, such as 2027-01-31T18:00:00Z or 2027-01-31T18:00:00+01:00"
BAD: list[tuple[type[InputModel], dict[str, Any], list[tuple[str, str]]]] = [
    (KeyPairArgs, {"bits": 1024}, [("bits", "must be 2048, 3072 or 4096")]),
    (KeyPairArgs, {"bits": "2048"}, [("bits", "must be 2048, 3072 or 4096")]),
    (KeyPairArgs, {"validityDays": 0}, [("validityDays", "must be greater than or equal to 1")]),
    (KeyPairArgs, {"validityDays": 3651}, [("validityDays", "must be less than or equal to 3650")]),
    (KeyPairArgs, {"renewAfter": 1}, [("renewAfter", "must be less than 1")]),
    (KeyPairArgs, {"renewAfter": 0}, [("renewAfter", "must be greater than 0")]),
    (KeyPairArgs, {"renewJitter": 1}, [("renewJitter", "must be less than 1")]),
    (KeyPairArgs, {"renewJitter": -0.1}, [("renewJitter", "must be greater than or equal to 0")]),
    (KeyPairArgs, {"generation": 0}, [("generation", "must be greater than or equal to 1")]),
    (KeyPairArgs, {"consumerKey": "x"}, [("consumerKey", "must be 8 to 256 letters, digits and . _ - + / =")]),
    (KeyPairArgs, {"generaton": 2}, [("generaton", "is not a setting; did you mean generation?")]),
    (KeyPairArgs, {"validity_days": 2}, [("validity_days", "is not a setting; did you mean validityDays?")]),
    (KeyPairArgs, {"privateKeyPem": "-----S3CRET"}, [("", COME_TOGETHER)]),
    (KeyPairArgs, {"certificatePem": "-----S3CRET"}, [("", COME_TOGETHER)]),
    (
        PermissionSetAssignmentsArgs,
        {"permissionSet": "", "users": ["ci", "a@b"]},
        [
            ("permissionSet", "must not be empty"),
            ("users[0]", "must be a user name, which looks like an e-mail address"),
        ],
    ),
    (
        PermissionSetAssignmentsArgs,
        {"permissionSet": "CI", "users": ["a@b", "c@d", "A@B"]},
        [("users", "must name each only once; [0] and [2] are the same")],
    ),
    (PermissionSetAssignmentsArgs, {"permissionSet": "CI", "users": "a@b"}, [("users", "must be a list")]),
    (PermissionSetAssignmentsArgs, {"permissionSet": "CI", "expiration": "2027-01-31"}, [("expiration", WITH_ZONE)]),
    (
        PermissionSetAssignmentsArgs,
        {"permissionSet": "CI", "expiration": "2027-01-31T18:00"},
        [("expiration", WITH_ZONE)],
    ),
    (PermissionSetAssignmentsArgs, {"permissionSet": "CI", "expiration": "never"}, [("expiration", WITH_ZONE)]),
    (
        PermissionSetAssignmentsArgs,
        {"permissionSet": "CI", "expiration": "9999-12-31T23:00:00-02:00"},
        [("expiration", WITH_ZONE)],
    ),
    (
        PermissionSetAssignmentsArgs,
        {"permissionSet": "CI", "groups": ["A", "a"]},
        [("groups", "must name each only once; [0] and [1] are the same")],
    ),
    (
        PermissionSetAssignmentsArgs,
        {"permissionSet": "CI", "groups": ["Integration Users", "crm__Agents"]},
        [("groups[0]", "must be the developer name of a permission set group (of a package: namespace__Name)")],
    ),
    (
        JwtGrantArgs,
        {**GRANT, "username": "ci"},
        [("username", "must be a user name, which looks like an e-mail address")],
    ),
    (JwtGrantArgs, {**GRANT, "audience": "acme"}, [("audience", "must be an https URL")]),
    (JwtGrantArgs, {**GRANT, "appKind": "internal"}, [("appKind", "must be 'external' or 'connected'")]),
    (
        JwtGrantArgs,
        {**GRANT, "propagationMinutes": 61},
        [("propagationMinutes", "must be less than or equal to 60")],
    ),
    (JwtGrantArgs, {**GRANT, "privateKeyPem": ""}, [("privateKeyPem", "must not be empty")]),
    (JwtGrantArgs, {**GRANT, "unusedAfterDays": 0}, [("unusedAfterDays", "must be greater than or equal to 1")]),
    (JwtGrantArgs, {**GRANT, "generations": [0]}, [("generations[0]", "must be greater than or equal to 1")]),
    (JwtGrantArgs, {**GRANT, "revoke": "x"}, [("revoke", "must be true or false")]),
]


@pytest.mark.parametrize(("model", "values", "expected"), BAD)
def test_a_bad_input_is_told_with_its_path_and_what_to_write_instead(
    model: type[InputModel], values: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert problems(model, values) == expected


def test_a_users_name_longer_than_the_platform_takes_is_told() -> None:
    ((path, reason),) = problems(PermissionSetAssignmentsArgs, {"permissionSet": "CI", "users": ["x" * 80 + "@b"]})
    assert path == "users[0]"
    assert "80" in reason


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("2027-01-31T18:00:00Z", "2027-01-31T18:00:00Z"),
        ("2027-01-31T18:00+01:00", "2027-01-31T17:00:00Z"),
        ("2027-01-31 18:00:00.987Z", "2027-01-31T18:00:00Z"),
        ("20270131T180000Z", "2027-01-31T18:00:00Z"),
        ("2027-W04-7T18:00Z", "2027-01-31T18:00:00Z"),
    ],
)
def test_a_moment_is_sent_in_the_one_form_that_the_platform_takes(written: str, sent: str) -> None:
    args = PermissionSetAssignmentsArgs.model_validate({"permissionSet": "CI", "expiration": written})
    assert args.expiration == written
    assert in_utc(written) == sent
    assert seconds_of(written) == seconds_of(sent)


@pytest.mark.parametrize(
    ("model", "values"),
    [(JwtGrantArgs, GRANT), (KeyPairArgs, {"privateKeyPem": "-----S3CRET", "certificatePem": "x"})],
)
def test_a_private_key_is_not_in_the_repr_of_the_inputs(model: type[InputModel], values: dict[str, Any]) -> None:
    args = model.model_validate(values)
    assert "S3CRET" in args.model_dump_json()
    assert "S3CRET" not in f"{args!r} {args}"


def test_a_private_key_is_in_no_problem_beside_it() -> None:
    bad = {"privateKeyPem": "-----S3CRET", "bits": 1, "nope": "S3CRET", "certificatePem": ["S3CRET"]}
    assert "S3CRET" not in repr(problems(KeyPairArgs, bad))

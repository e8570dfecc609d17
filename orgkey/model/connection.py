"""The `salesforce:*` settings: which org, by which credentials, with which guards.

The engine hands them to the provider as JSON strings (`67.0` may arrive as `67`), and the program reads the same values; both
validate them here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, WithJsonSchema

from orgkey.metadata.nulls import without_nulls
from orgkey.model.characters import each_place_once, unwritable
from orgkey.model.credentials import FORMS, Credentials
from orgkey.model.input_model import Flag, InputModel, matches
from orgkey.model.my_domain import my_domain
from orgkey.model.pasted import pasted
from orgkey.model.problems import Problem, from_validation

FLOOR, DEFAULT_API_VERSION = 60.0, "67.0"
"""60.0 brought the certificate of External Client Apps (platform notes 2.3); 67.0 is Summer '26, one behind the newest (notes 7)."""

_VERSION = r"\d{2,3}(?:\.0)?"


def _version(value: object) -> str:
    text = str(value)
    if not re.fullmatch(_VERSION, text):
        raise ValueError("must be an API version such as 67.0")
    if float(text) < FLOOR:
        raise ValueError(f"must be {FLOOR} or newer: older versions do not know an app's certificate")
    return f"{float(text):.1f}"


class Connection(InputModel):
    """One org and how to reach it."""

    instance_url: Annotated[str, AfterValidator(my_domain)] = Field(
        description="My Domain of the org.", examples=["https://acme--uat.sandbox.my.salesforce.com"]
    )
    credentials: Credentials = Field(description="A reference to admin credentials: " + ", ".join(FORMS) + ".")
    expected_kind: Literal["production", "sandbox", "scratch", "developer"] | None = Field(
        default=None,
        description="Guard: refuse to touch an org of another kind.",
    )
    expected_org_id: (
        Annotated[str, matches(r"00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?", "an org id, 00D and 12 or 15 more characters")]
        | None
    ) = Field(
        default=None,
        description="Guard: refuse to touch another org.",
        examples=["00D000000000001AAA"],
    )
    api_version: Annotated[
        str, BeforeValidator(_version), WithJsonSchema({"type": "string", "pattern": rf"^(?:{_VERSION})$"})
    ] = Field(default=DEFAULT_API_VERSION, description="Metadata and REST API version.", examples=["66.0"])
    ca_bundle: str | None = Field(
        default=None, description="File of CA certificates to trust instead of the usual ones.", examples=["ca.pem"]
    )
    check_on_preview: Flag = Field(
        default=True,
        description="Ask the org in previews of a change what would stand in the way of an `up`; reads only.",
    )
    validate_on_preview: Flag = Field(default=False, description="Send a check-only deploy in previews of a change.")


def parse_connection(values: Mapping[str, Any]) -> tuple[Connection | None, list[Problem]]:
    """Read the `salesforce:*` values, each either typed or a JSON string, by their names without the namespace.

    Returns the connection, or None and every problem with its path.
    """
    typed = without_nulls({key: _typed(key, value) for key, value in values.items()})
    odd = unwritable(typed)
    found = [*odd, *(_name_it_instead(problem) for problem in pasted(typed))]
    try:
        connection = Connection.model_validate(typed)
    except ValidationError as error:
        return None, [*each_place_once(odd, [*found, *from_validation(error, known=Connection.names())])]
    return (None, found) if found else (connection, [])


def _name_it_instead(problem: Problem) -> Problem:
    """A credential in the place of the name of a variable, file or alias: say what to do with it."""
    if not problem.path.startswith("credentials"):
        return problem
    what = problem.reason.split(",")[0].split(" in the place")[0]
    return Problem(
        problem.path,
        f"{what} itself; put that into a file or an environment variable, and write its name here (renew it if others saw it)",
    )


def _typed(key: str, value: Any) -> Any:
    if not isinstance(value, str) or key not in {"credentials", "checkOnPreview", "validateOnPreview"}:
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value

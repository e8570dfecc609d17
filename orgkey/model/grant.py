"""The proof of a login, as people write it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from orgkey.model.assignments import Moment, Username
from orgkey.model.credentials import ConsumerKey
from orgkey.model.written import Flag, Real, Written, matches


class JwtGrantArgs(Written):
    """Inputs of JwtGrant. The revisions and `deployed_at` are there so that every change is followed by a proof."""

    consumer_key: ConsumerKey = Field(description="`iss` of the assertion.")
    username: Username = Field(description="`sub` of the assertion: the integration user.")
    private_key_pem: Annotated[str, Field(min_length=1)] = Field(
        repr=False,
        description="RSA key that signs, PEM.",
        json_schema_extra={"secret": True},
    )
    instance_url: Annotated[str, matches(r"https://\S+", "an https URL")] = Field(
        description="My Domain of the provider's org: the host that is asked for the token."
    )
    app_kind: Literal["external", "connected"] = Field(
        default="external", description="Kind of the app: decides the audience's second try."
    )
    audience: Annotated[str, matches(r"https://\S+", "an https URL")] | None = Field(
        default=None,
        description="`aud` of the assertion; default My Domain, one step down on an audience error.",
    )
    revisions: tuple[str, ...] = Field(default=(), description="Revisions of what the login depends on.")
    deployed_at: Moment | None = Field(
        default=None, description="When the app was last deployed, ISO 8601: the propagation window's start."
    )
    propagation_minutes: Annotated[Real, Field(ge=0, le=60)] = Field(
        default=10,
        description="How long a new or changed app may take until it works, in minutes.",
    )
    revoke: Flag = Field(
        default=False, description="Revoke the proof's token. It may end other sessions of that user and app."
    )

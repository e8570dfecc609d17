"""The proof of a login, as people write it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from orgkey.model.assignments import Timestamp, Username
from orgkey.model.credentials import ConsumerKey
from orgkey.model.input_model import Flag, InputModel, Real, Whole, matches

CHANGED_APP_MINUTES, NEW_EXTERNAL_APP_MINUTES = 10, 30
"""How long an app may take until it works: seen are 2 to 10 minutes, and up to 30 for a new External Client App (platform notes 4.6)."""

Revision = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
"""What was taken over as it is, and never deployed, has none."""
UNUSED_AFTER_DAYS = 7
"""Days without a login after which a generation counts as used no more, where nothing else is said."""


def longest_propagation(app_kind: str, given: float | None) -> float:
    """Minutes that a new app of that kind may take."""
    if given is not None:
        return given
    return NEW_EXTERNAL_APP_MINUTES if app_kind == "external" else CHANGED_APP_MINUTES


class JwtGrantArgs(InputModel):
    """Inputs of JwtGrant. The revisions and `deployed_at` are there so that every change is followed by a proof."""

    consumer_key: ConsumerKey = Field(description="`iss` of the assertion.")
    username: Username = Field(description="`sub` of the assertion: the integration user.")
    private_key_pem: Annotated[str, Field(min_length=1)] = Field(
        repr=False,
        description="RSA key that signs, PEM.",
        json_schema_extra={"secret": True},
    )
    instance_url: Annotated[str, matches(r"https://\S+", "an https URL")] | None = Field(
        default=None,
        description="My Domain of the provider's org, which is asked for the token; comes from the provider.",
    )
    app_kind: Literal["external", "connected"] = Field(
        default="external", description="Kind of the app: decides the audience's second try."
    )
    audience: Annotated[str, matches(r"https://\S+", "an https URL")] | None = Field(
        default=None,
        description="`aud` of the assertion; default My Domain, one step down on an audience error.",
    )
    revisions: tuple[Revision, ...] = Field(default=(), description="Revisions of what the login depends on.")
    deployed_at: Timestamp | None = Field(
        default=None, description="When the app was last deployed, ISO 8601: the propagation window's start."
    )
    propagation_minutes: Annotated[Real, Field(ge=0, le=60)] | None = Field(
        default=None,
        description="How long a new or changed app may take until it works, in minutes; default 30 for a new External Client App, else 10.",
    )
    revoke: Flag = Field(
        default=False, description="Revoke the proof's token. It may end other sessions of that user and app."
    )
    blocked: Flag = Field(
        default=False,
        description="The app is to give out no tokens: that the login is refused is proved, and sessions that it gave are ended.",
    )
    app_label: str | None = Field(
        default=None, description="Label of the app, by which the org lists its sessions; with `blocked`."
    )
    generations: tuple[Annotated[Whole, Field(ge=1)], ...] | None = Field(
        default=None,
        description="Numbers of the generations that are declared, the current one first; of others in state a preview says who used them.",
    )
    unused_after_days: Annotated[Whole, Field(ge=1, le=183)] | None = Field(
        default=None, description="How many days back it looks; default 7."
    )

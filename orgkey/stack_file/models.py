"""The settings of the `orgkey` namespace that are not the field table's, as models: what pydantic alone can judge."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from orgkey.metadata.ownership import OWNER
from orgkey.model.assignments import GroupNames, Timestamp, Username, Usernames
from orgkey.model.generations import Generation, RetiringGeneration
from orgkey.model.input_model import Flag, InputModel, Real, matches
from orgkey.model.key_pair import KeyPairArgs
from orgkey.model.timeouts import Timeouts


class GrantSettings(InputModel):
    """`orgkey:grant`."""

    propagation_minutes: Annotated[Real, Field(ge=0, le=60)] | None = Field(
        default=None,
        description="How long a new or changed app may take until it works. Left out: 30 for a new External Client App, else 10.",
        examples=[15],
        json_schema_extra={"unit": "minutes"},
    )
    audience: Annotated[str, matches(r"https://\S+", "an https URL")] | None = Field(
        default=None,
        description="`aud` of the proof's assertion. Left out: My Domain first, then the login host.",
        examples=["https://test.salesforce.com"],
    )
    revoke: Flag = Field(
        default=False, description="Revoke the proof's token. It may end other sessions of that user and app."
    )


class AssignmentSettings(InputModel):
    """`orgkey:assignments`."""

    authoritative: Flag | None = Field(
        default=None,
        description="Take the set from everybody else. Left out: as it is in state, true for a new set, false for one that others held.",
    )
    groups: GroupNames = Field(
        default=(),
        description="Permission set groups that every one of the users is assigned to as well.",
        examples=[["Sales_Integration"]],
    )
    expiration: Timestamp | None = Field(
        default=None,
        description="When the assignments end by themselves.",
        examples=["2027-01-31T18:00:00Z"],
        json_schema_extra={"unit": "date and time with zone, ISO 8601"},
    )


class ImportSettings(InputModel):
    """`orgkey:import`: which things that exist already are taken over."""

    app: Flag = Field(default=False, description="Take the app over.")
    permission_set: Flag = Field(default=False, description="Take the permission set over.")
    assignments: Flag = Field(default=False, description="Take the set's assignments over.")


class AppChoice(InputModel):
    """What of `orgkey:app` is not a setting of the app itself."""

    kind: Literal["external", "connected"] = Field(
        default="external", description="External Client App or Connected App."
    )
    protect: Flag | None = Field(
        default=None, description="Whether Pulumi refuses to delete the app. Left out: only a Connected App."
    )
    blocked: Flag = Field(default=False, description="The app gives out no more tokens, and its sessions end.")


class OtherSettings(InputModel):
    """Everything in the `orgkey` namespace that pydantic alone can judge."""

    users: Annotated[Usernames, Field(min_length=1)] = Field(
        description="Who holds the permission set, by user name.", examples=[["ci@acme.com.uat"]]
    )
    integration_user: Username | None = Field(
        default=None,
        description="Whose login is proved. Left out: the first of the users.",
        examples=["ci@acme.com.uat"],
    )
    key: KeyPairArgs = Field(default=KeyPairArgs.model_validate({}), description="Key and certificate.")
    assignments: AssignmentSettings = Field(
        default=AssignmentSettings.model_validate({}), description="Holders of the permission set."
    )
    grant: GrantSettings = Field(default=GrantSettings.model_validate({}), description="The proof of the login.")
    timeouts: Timeouts = Field(
        default=Timeouts.model_validate({}),
        description="How long a verb of a resource may take. Left out: 20 minutes each.",
    )
    owner: Annotated[str, matches(OWNER, "one word without a slash")] | None = Field(
        default=None,
        description="Who manages, in the ownership marker. Left out: the project's name.",
        examples=["acme-platform"],
    )
    ignore: tuple[str, ...] = Field(
        default=(),
        description="Property paths that neither `up` nor drift touches.",
        examples=[["app.description", "permissionSet.label"]],
    )
    generation: Generation = Field(
        default=Generation.model_validate({}), description="The generation of the app that is handed out."
    )
    retiring: tuple[RetiringGeneration, ...] = Field(
        default=(), description="Generations of the app that are still accepted."
    )
    import_: ImportSettings = Field(
        default=ImportSettings.model_validate({}),
        alias="import",
        description="Which things that exist already are taken over.",
    )

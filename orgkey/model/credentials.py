"""The ways to reach an org before orgkey has made one: references to credentials, never credentials.

One tagged union of six forms, written once: the settings validate it, the provider's CheckConfig validates it, and
`orgkey.salesforce.credentials` resolves it at first use. A form names a variable, a file or an alias, so that nothing secret
stands in a stack file or in state.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from orgkey.metadata.fields import CONSUMER_KEY
from orgkey.model.input_model import InputModel, matches

VariableName = Annotated[str, matches(r"[A-Za-z_][A-Za-z0-9_]*", "the name of an environment variable")]
ConsumerKey = Annotated[str, matches(CONSUMER_KEY.pattern, CONSUMER_KEY.pattern_says)]
NonEmpty = Annotated[str, Field(min_length=1), matches(r"[^\x00-\x1f\x7f\ud800-\udfff]+", "one line of text")]
Alias = Annotated[NonEmpty, matches(r"[^-\s].*", "an alias or user name of the Salesforce CLI")]


class SfAlias(InputModel):
    """An alias or user name that the Salesforce CLI on this machine knows."""

    sf_alias: Alias = Field(description="An alias or user name of the Salesforce CLI.", examples=["uat-admin"])


class AccessTokenEnv(InputModel):
    """An access token (session id) in an environment variable."""

    access_token_env: VariableName = Field(
        description="The environment variable that holds an access token.", examples=["UAT_TOKEN"]
    )


class SfdxAuthUrlFile(InputModel):
    """A file that holds an auth URL: `force://<client id>:<client secret>:<refresh token>@<host>`."""

    sfdx_auth_url_file: NonEmpty = Field(
        description="The file that holds an auth URL.", examples=["~/.secrets/uat.sfdxurl"]
    )


class SfdxAuthUrlEnv(InputModel):
    """An auth URL in an environment variable."""

    sfdx_auth_url_env: VariableName = Field(
        description="The environment variable that holds an auth URL.", examples=["UAT_AUTH_URL"]
    )


class ClientCredentials(InputModel):
    """The client credentials flow of another app of this org."""

    class Client(InputModel):
        """Consumer key of that app, and the variable that holds its secret."""

        consumer_key: ConsumerKey = Field(description="Consumer key of that app.", examples=["3MVG9.admin_app"])
        client_secret_env: VariableName = Field(
            description="The environment variable that holds its consumer secret.", examples=["ADMIN_APP_SECRET"]
        )

    client_credentials: Client = Field(description="The client credentials flow of another app of this org.")


class Jwt(InputModel):
    """The JWT bearer flow of another app of this org."""

    class Client(InputModel):
        """Consumer key and user of that app, and where its private key is."""

        model_config = ConfigDict(
            json_schema_extra={"oneOf": [{"required": ["privateKeyEnv"]}, {"required": ["privateKeyFile"]}]}
        )

        consumer_key: ConsumerKey = Field(description="Consumer key of that app.", examples=["3MVG9.admin_app"])
        username: NonEmpty = Field(description="The user who logs in.", examples=["admin@acme.com.uat"])
        private_key_env: VariableName | None = Field(
            default=None,
            description="The environment variable that holds the private key: this or privateKeyFile.",
            examples=["ADMIN_KEY"],
        )
        private_key_file: NonEmpty | None = Field(
            default=None,
            description="The file that holds the private key: this or privateKeyEnv.",
            examples=["admin.key"],
        )

        @model_validator(mode="after")
        def _one_key(self) -> Jwt.Client:
            if (self.private_key_env is None) == (self.private_key_file is None):
                raise ValueError("needs exactly one of privateKeyEnv and privateKeyFile")
            return self

    jwt: Client = Field(description="The JWT bearer flow of another app of this org.")


FORMS: dict[str, type[InputModel]] = {
    "sfAlias": SfAlias,
    "accessTokenEnv": AccessTokenEnv,
    "sfdxAuthUrlFile": SfdxAuthUrlFile,
    "sfdxAuthUrlEnv": SfdxAuthUrlEnv,
    "clientCredentials": ClientCredentials,
    "jwt": Jwt,
}
"""Each form by the key that names it."""


def _form(value: Any) -> str | None:
    """The tag of the one form that is named. In parentheses, so that `problems.py` can tell it from what people wrote."""
    named = [
        key for key, form in FORMS.items() if isinstance(value, form) or (isinstance(value, dict) and key in value)
    ]
    return f"({named[0]})" if len(named) == 1 else None


Credentials: TypeAlias = Annotated[
    Annotated[SfAlias, Tag("(sfAlias)")]
    | Annotated[AccessTokenEnv, Tag("(accessTokenEnv)")]
    | Annotated[SfdxAuthUrlFile, Tag("(sfdxAuthUrlFile)")]
    | Annotated[SfdxAuthUrlEnv, Tag("(sfdxAuthUrlEnv)")]
    | Annotated[ClientCredentials, Tag("(clientCredentials)")]
    | Annotated[Jwt, Tag("(jwt)")],
    Discriminator(
        _form,
        custom_error_type="credentials",
        custom_error_message="must be exactly one of " + ", ".join(FORMS),
    ),
]
"""Exactly one form."""

"""What a key pair is made of, as people write it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from orgkey.model.credentials import ConsumerKey
from orgkey.model.input_model import Flag, InputModel, Real, Whole, matches

RENEW_JITTER = 0.05
"""Of the time until a renewal: with the defaults up to 12 days of 243."""


class KeyPairArgs(InputModel):
    """A key pair as a stack file describes it; every default is the safe choice."""

    model_config = ConfigDict(
        json_schema_extra={"dependencies": {"privateKeyPem": ["certificatePem"], "certificatePem": ["privateKeyPem"]}}
    )

    bits: Literal[2048, 3072, 4096] = Field(
        default=2048, description="Size of the RSA key.", json_schema_extra={"unit": "bits"}
    )
    subject: Annotated[str, Field(min_length=3)] = Field(
        default="CN=orgkey",
        description="Subject of the certificate, RFC 4514: CN=CI Integration,O=Acme.",
        examples=["CN=CI Integration,O=Acme"],
    )
    validity_days: Annotated[Whole, Field(ge=1, le=3650)] = Field(
        default=365,
        description="Life of the certificate in days.",
        examples=[90],
        json_schema_extra={"unit": "days"},
    )
    renew_after: Annotated[Real, Field(gt=0, lt=1)] = Field(
        default=0.6667,
        description="Share of the certificate's life after which an `up` renews it: same key, new certificate.",
        examples=[0.5],
        json_schema_extra={"unit": "share, above 0 and below 1"},
    )
    renew_jitter: Annotated[Real, Field(ge=0, lt=1)] | None = Field(
        default=None,
        description="Share of that time by which a renewal may come earlier, another for each key; default 0.05, for your own key 0.",
        examples=[0.1],
        json_schema_extra={"unit": "share, below 1"},
    )
    generation: Annotated[Whole, Field(ge=1)] = Field(
        default=1,
        description="Another number makes a new key: every client must change.",
        examples=[2],
    )
    private_key_pem: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        repr=False,
        description="Your own RSA key, PEM, unencrypted.",
        examples=[{"secure": "v1:..."}],
        json_schema_extra={"secret": True},
    )
    certificate_pem: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, description="The certificate of your own key, PEM.", examples=["-----BEGIN CERTIFICATE-----..."]
    )
    consumer_key: ConsumerKey | None = Field(
        default=None,
        description="Consumer key of the app; made once where none is given.",
        examples=["3MVG9.acme_ci_integration"],
    )

    @model_validator(mode="after")
    def _own_key_and_certificate_come_together(self) -> KeyPairArgs:
        if (self.private_key_pem is None) != (self.certificate_pem is None):
            raise ValueError("privateKeyPem and certificatePem come together: give both or neither")
        return self


class KeyPairInputs(KeyPairArgs):
    """Inputs of the resource: those, and what is known of the app that the key is for."""

    blocked: Flag | None = Field(
        default=None,
        description="Whether the key's app is blocked: then no other generation that gives out tokens may have the same key pair.",
    )
    settings_at: (
        Annotated[str, matches(r"(orgkey:)?(app|generation|retiring\[\d+\])", "a generation's path")] | None
    ) = Field(
        default=None,
        description="Where messages find the settings of the key's generation: orgkey:retiring[0] in a stack file. Kept nowhere.",
        examples=["orgkey:retiring[0]"],
    )

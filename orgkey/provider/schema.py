"""The provider's Pulumi schema, made from the field table and the models: names, types and descriptions stand once."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from orgkey.metadata.fields import Field, OnChange, inputs_of
from orgkey.metadata.members import Resource
from orgkey.metadata.place import Type
from orgkey.model.assignments import PermissionSetAssignmentsArgs
from orgkey.model.connection import Connection
from orgkey.model.credentials import FORMS
from orgkey.model.grant import JwtGrantArgs
from orgkey.model.input_model import InputModel
from orgkey.model.key_pair import KeyPairInputs
from orgkey.provider.registry import PACKAGE
from orgkey.provider.state_version import NAME as STATE_VERSION
from orgkey.version import VERSION

CREDENTIALS = "Credentials"
"""The schema type of `credentials`."""

_STRING, _BOOLEAN = {"type": "string"}, {"type": "boolean"}
_STRINGS = {"type": "array", "items": _STRING}
_MAP = {"type": "object", "additionalProperties": _STRING}
_MAPS = {"type": "array", "items": _MAP}
_FIELD_TYPES: Mapping[Type, Mapping[str, Any]] = {
    Type.STRING: _STRING,
    Type.BOOLEAN: _BOOLEAN,
    Type.INTEGER: {"type": "integer"},
    Type.STRINGS: _STRINGS,
    Type.RANGES: _MAPS,
}

_MANAGED_BY = _STRING | {
    "description": "Owner and stack, `acme-platform/uat`, for the ownership marker in the description."
}
_COMMON_OUTPUTS = {
    "orgId": _STRING | {"description": "Id of the org it is in."},
    "instanceUrl": _STRING | {"description": "My Domain of that org at the last read."},
    "claim": {"type": "integer"}
    | {
        "description": "Which of the stack's resources this is that made it or took it over, by the marker: the last one deletes it."
    },
    "claimFound": {"type": "integer"} | {"description": "The claim that the marker had at the last read."},
    "members": _MAP | {"description": "Full name of each metadata member by its type."},
    "otherParts": _MAPS | {"description": "Parts of it that the field table does not know, as they are in the org."},
    "carriedOver": _MAPS | {"description": "Those of them that are kept as they are."},
    "adopted": _BOOLEAN | {"description": "Whether it was taken over by an import: then it is never recreated."},
    "notKept": _MAPS
    | {
        "description": "Settings that the org does not keep, each with what was sent and what it holds instead, as JSON."
    },
    "revision": _STRING | {"description": "Digest of what was deployed."},
}
_APP_OUTPUTS = _COMMON_OUTPUTS | {
    "appId": _STRING | {"description": "Id of the app's record."},
    "copiedFrom": _STRING
    | {"description": "The org whose app a sandbox refresh copied here, where it kept its consumer key."},
    "deployedAt": _STRING | {"description": "When it was last deployed by us, ISO 8601."},
    "deployedCertificate": _STRING | {"description": "SHA-256 of the certificate that was last deployed by us, hex."},
    "certificateReturned": _BOOLEAN
    | {"description": "Whether the org gives the certificate back, as of the last read."},
}
_OUTPUTS: Mapping[str, Mapping[str, Any]] = {
    "KeyPair": {
        "privateKeyPem": _STRING | {"description": "The private key, PKCS #8 PEM.", "secret": True},
        "publicKeySha256": _STRING | {"description": "SHA-256 of the public key (SubjectPublicKeyInfo), hex."},
        "certificatePem": _STRING | {"description": "The self-signed certificate, PEM."},
        "certificateFingerprint": _STRING | {"description": "SHA-256 of the certificate, hex."},
        "csrPem": _STRING | {"description": "A certificate signing request for the same key and subject, PEM."},
        "serial": _STRING | {"description": "Serial number of the certificate, hex."},
        "notBefore": _STRING | {"description": "Start of the certificate's life, ISO 8601."},
        "notAfter": _STRING | {"description": "End of the certificate's life, ISO 8601."},
        "renewAt": _STRING | {"description": "From when on an `up` renews the certificate, ISO 8601."},
        "renewalDue": _BOOLEAN | {"description": "Whether that time has come."},
        "consumerKey": _STRING
        | {"description": "Consumer key for the app: the given one, or one made with the key pair."},
    },
    "PermissionSet": _COMMON_OUTPUTS | {"permissionSetId": _STRING | {"description": "Id of the permission set."}},
    "PermissionSetAssignments": {
        "assignments": _MAPS
        | {
            "description": "Which users hold the set and, with the group's name, are in groups: username, userId, id, group, expires."
        },
        "groupAssignmentIds": _STRINGS
        | {"description": "Ids of the assignments to groups that were made here; they end with it."},
        "managedExpirationIds": _STRINGS
        | {
            "description": "Ids of the assignments to the set whose end is this stack's: it made them, or changed their end."
        },
        "undeclaredUsers": _STRINGS | {"description": "Users who hold the set and are not on the list."},
        "byGroup": _STRINGS | {"description": "Users of the list who hold the set by a group that contains it alone."},
        "revision": _STRING | {"description": "Digest of the assignments' records."},
        "orgId": _COMMON_OUTPUTS["orgId"],
        "instanceUrl": _COMMON_OUTPUTS["instanceUrl"],
        "claim": _STRING | {"description": "What tells it from another resource for the same set."},
    },
    "ConnectedApp": _APP_OUTPUTS,
    "ExternalClientApp": _APP_OUTPUTS,
    "JwtGrant": {
        "verified": _BOOLEAN | {"description": "Whether the login works."},
        "reasonCode": _STRING | {"description": "The org's error code where it does not."},
        "reason": _STRING | {"description": "The org's description of that error."},
        "diagnosis": _STRING | {"description": "Why it fails, as far as the evidence tells (`orgkey doctor`)."},
        "orgId": _COMMON_OUTPUTS["orgId"],
        "orgKind": _STRING | {"description": "Kind of the org: production, sandbox, scratch or developer."},
        "userId": _STRING | {"description": "Id of the integration user."},
        "scopes": _STRINGS | {"description": "Scopes of the token."},
        "audience": _STRING | {"description": "The audience that worked."},
    },
}
_MAY_BE_ABSENT = {
    "orgKind",
    "reasonCode",
    "diagnosis",
    "groupAssignmentIds",
    "managedExpirationIds",
    "undeclaredUsers",
    "byGroup",
    "instanceUrl",
    "carriedOver",
    "copiedFrom",
    "claim",
    "claimFound",
    "notKept",
    "adopted",
    "deployedCertificate",
    "certificateReturned",
}
_FILLED_IN = {"KeyPair": {"generation"}, "JwtGrant": {"instanceUrl"}}
"""Inputs that a program may leave out and that the state has all the same."""
_ABOUT = {
    "KeyPair": "RSA key, certificate and consumer key, made once and kept as encrypted state.",
    "PermissionSet": "A permission set that an app pre-authorizes.",
    "PermissionSetAssignments": "Who holds a permission set.",
    "ConnectedApp": "A Connected App that trusts a certificate. Since 2026 most orgs do not let anybody make one.",
    "ExternalClientApp": "An External Client App that trusts a certificate.",
    "JwtGrant": "The proof that the JWT bearer login works, made by every `up`.",
}
_MODELS: Mapping[str, type[InputModel]] = {
    "KeyPair": KeyPairInputs,
    "PermissionSetAssignments": PermissionSetAssignmentsArgs,
    "JwtGrant": JwtGrantArgs,
}


def schema() -> dict[str, Any]:
    """The package's schema, as `GetSchema` answers it."""
    return {
        "name": PACKAGE,
        "version": VERSION,
        "displayName": "orgkey",
        "description": "Salesforce OAuth 2.0 JWT bearer access as code.",
        "config": {"variables": _config()},
        "provider": {
            "description": "One Salesforce org, and how it is reached.",
            "inputProperties": _config(),
            "requiredInputs": ["credentials", "instanceUrl"],
        },
        "types": _types(),
        "resources": {f"{PACKAGE}:index:{name}": _resource(name) for name in _ABOUT},
    }


def _resource(name: str) -> dict[str, Any]:
    inputs, required = model_inputs(_MODELS[name]) if name in _MODELS else _field_inputs(Resource(name))
    return {
        "description": _ABOUT[name],
        "inputProperties": inputs,
        "requiredInputs": sorted(required),
        "properties": {
            **{key: _without_replace(value) for key, value in inputs.items()},
            **_OUTPUTS[name],
            STATE_VERSION: {
                "type": "integer",
                "description": "Form of these outputs, for the versions of orgkey that read them.",
            },
        },
        "required": sorted({*required, *_FILLED_IN.get(name, ()), *(_OUTPUTS[name].keys() - _MAY_BE_ABSENT)}),
    }


def _field_inputs(resource: Resource) -> tuple[dict[str, Any], set[str]]:
    rows = inputs_of(resource)
    inputs = {row.name: _field(row, resource) for row in rows} | {"managedBy": _MANAGED_BY}
    return inputs, {row.name for row in rows if row.required}


def _field(row: Field, resource: Resource) -> dict[str, Any]:
    described = {**_FIELD_TYPES[row.type], "description": row.meaning}
    if row.on_change is OnChange.REPLACE:
        described["replaceOnChanges"] = True
    if row.type in {Type.STRING, Type.BOOLEAN, Type.INTEGER} and (default := row.default_for(resource)) not in {
        "",
        None,
    }:
        described["default"] = default
    return described


def model_inputs(model: type[InputModel]) -> tuple[dict[str, Any], set[str]]:
    """The inputs that a model takes, as properties of a Pulumi schema, and the names of those that must be given."""
    inputs, described_by_pydantic = {}, model.model_json_schema()["properties"]
    for name, field in model.model_fields.items():
        alias = field.alias or name
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        described = {
            **_type_of(described_by_pydantic[alias], f"{model.__name__}.{name}"),
            "description": field.description or "",
        }
        if extra.get("secret"):
            described["secret"] = True
        if extra.get("replaces"):
            described["replaceOnChanges"] = True
        inputs[alias] = described
    return inputs, {field.alias or name for name, field in model.model_fields.items() if field.is_required()}


def _type_of(described: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """Pulumi's type of what pydantic's JSON schema says of a field; raises TypeError for a form that Pulumi has no plain type for."""
    options = [each for each in described.get("anyOf", [described]) if each.get("type") != "null"]
    match [(option.get("type"), option) for option in options]:
        case [("string" | "boolean" | "integer" | "number" as kind, _)]:
            return {"type": kind}
        case [("array", {"items": items})]:
            return {"type": "array", "items": _type_of(items, where)}
    raise TypeError(f"{where} has no plain type in a Pulumi schema: {described}")


def _config() -> dict[str, Any]:
    """Provider settings. The engine hands all of them on as text, a structure as JSON."""
    described = {
        field.alias or name: {
            **(_BOOLEAN if field.annotation is bool else _STRING),
            "description": field.description or "",
        }
        for name, field in Connection.model_fields.items()
    }
    about = described["credentials"]["description"]
    return {**described, "credentials": {"$ref": f"#/types/{_type_token(CREDENTIALS)}", "description": about}}


def _types() -> dict[str, Any]:
    """The forms of credentials: one object with a property for each form, of which exactly one is given."""
    forms: dict[str, Any] = {}
    types: dict[str, Any] = {}
    for key, form in FORMS.items():
        (field,) = form.model_fields.values()
        about = inspect.cleandoc(form.__doc__ or "")
        if isinstance(field.annotation, type) and issubclass(field.annotation, InputModel):
            name = f"{key[0].upper()}{key[1:]}Login"
            properties, required = model_inputs(field.annotation)
            description = inspect.cleandoc(field.annotation.__doc__ or "")
            types[_type_token(name)] = {
                "type": "object",
                "description": description,
                "properties": properties,
                "required": sorted(required),
            }
            forms[key] = {"$ref": f"#/types/{_type_token(name)}", "description": about}
        else:
            forms[key] = _STRING | {"description": about}
    whole = {
        "type": "object",
        "description": "How the org is reached before a login of orgkey's own works: exactly one form.",
        "properties": forms,
    }
    return {_type_token(CREDENTIALS): whole, **types}


def _type_token(name: str) -> str:
    return f"{PACKAGE}:index:{name}"


def _without_replace(described: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in described.items() if key not in {"replaceOnChanges", "default"}}


def resource_names() -> Iterable[str]:
    """Names of the resources, in the schema's order."""
    return _ABOUT.keys()

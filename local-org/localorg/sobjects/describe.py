"""Describe answers of the REST API, from the sObject table."""

from __future__ import annotations

from typing import Any

from localorg.sobjects.objects import OBJECTS
from localorg.sobjects.reference import DATA, has_object, shown_fields
from localorg.sobjects.schema import Field, SObject


def describe_global(base: str) -> dict[str, Any]:
    """Return the list of objects (`/sobjects`)."""
    return {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [_summary(each, base) for each in OBJECTS.values() if has_object(each, DATA)],
    }


def describe_object(definition: SObject, base: str) -> dict[str, Any]:
    """Return an object with its fields (`/sobjects/X/describe`)."""
    fields = [_field(each) for each in shown_fields(definition, DATA).values()]
    children = [
        {
            "cascadeDelete": False,
            "childSObject": child.name,
            "deprecatedAndHidden": False,
            "field": link.name,
            "relationshipName": link.children,
            "restrictedDelete": False,
        }
        for child in OBJECTS.values()
        for link in shown_fields(child, DATA).values()
        if link.refers == definition.name
    ]
    return {**_summary(definition, base), "fields": fields, "childRelationships": children, "recordTypeInfos": []}


def _summary(definition: SObject, base: str) -> dict[str, Any]:
    label = definition.label or definition.name
    url = f"{base}/sobjects/{definition.name}"
    return {
        "activateable": False,
        "createable": definition.createable,
        "custom": False,
        "customSetting": False,
        "deletable": definition.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "keyPrefix": definition.prefix,
        "label": label,
        "labelPlural": f"{label}s",
        "layoutable": False,
        "mergeable": False,
        "mruEnabled": False,
        "name": definition.name,
        "queryable": True,
        "replicateable": False,
        "retrieveable": True,
        "searchable": False,
        "triggerable": False,
        "undeletable": False,
        "updateable": definition.updateable,
        "urls": {"sobject": url, "describe": f"{url}/describe", "rowTemplate": f"{url}/{{ID}}"},
    }


def _field(field: Field) -> dict[str, Any]:
    soap = {
        "boolean": "xsd:boolean",
        "int": "xsd:int",
        "datetime": "xsd:dateTime",
        "id": "tns:ID",
        "reference": "tns:ID",
    }.get(field.type, "xsd:string")
    return {
        "aggregatable": field.type != "boolean",
        "autoNumber": False,
        "byteLength": 18 if field.type in {"id", "reference"} else field.length * 3,
        "calculated": False,
        "createable": field.createable,
        "custom": False,
        "defaultedOnCreate": field.type == "boolean",
        "filterable": True,
        "groupable": field.type != "datetime",
        "idLookup": field.type == "id",
        "label": field.name,
        "length": 18 if field.type in {"id", "reference"} else field.length if soap == "xsd:string" else 0,
        "name": field.name,
        "nillable": field.nillable,
        "picklistValues": [],
        "referenceTo": [field.refers] if field.refers else [],
        "relationshipName": field.relationship,
        "soapType": soap,
        "sortable": True,
        "type": field.type,
        "unique": False,
        "updateable": field.updateable,
    }

"""JSON for machines: the report itself, by `docs/reference/drift-report.schema.json`."""

from __future__ import annotations

import json as encoder
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from orgkey.fleet.report import Report


def json(report: Report) -> str:
    """The report as JSON, indented by two."""
    return report.model_dump_json(indent=2) + "\n"


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a report."""
    made = Report.model_json_schema(mode="serialization")
    return {"$schema": GenerateJsonSchema.schema_dialect, **made}


def json_schema_page() -> str:
    """The schema as the file in docs/reference."""
    return encoder.dumps(json_schema(), indent=2) + "\n"

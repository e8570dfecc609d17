"""The base of what commands print as JSON: frozen, and read back with nothing unknown let through."""

from __future__ import annotations

import json

from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import GenerateJsonSchema


class ReportModel(BaseModel):
    """A report, or a part of one: its fields are the JSON form itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def as_json(self) -> str:
        """The report as JSON, indented by two."""
        return self.model_dump_json(indent=2) + "\n"

    @classmethod
    def json_schema_page(cls) -> str:
        """The JSON Schema of such a report, as the file in docs/reference."""
        made = cls.model_json_schema(mode="serialization")
        return json.dumps({"$schema": GenerateJsonSchema.schema_dialect, **made}, indent=2) + "\n"

"""The base of what commands print as JSON: frozen, and read back with nothing unknown let through."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class ReportModel(BaseModel):
    """A report, or a part of one: its fields are the JSON form itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

"""HTML for people: one self-contained file, nothing from elsewhere."""

from __future__ import annotations

from orgkey.fleet.report import Report


def html(report: Report) -> str:
    """The report as one HTML file."""
    return report.model_dump_json()

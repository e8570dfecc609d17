"""`python -m orgkey.generate` writes the files that are stale; with `--check` it only names them (exit code 1)."""

from __future__ import annotations

import sys

from orgkey.doctor.diagnosis import Diagnosis
from orgkey.fleet.check_report import CheckReport
from orgkey.fleet.renewals import RenewalsReport
from orgkey.fleet.report import Report
from orgkey.fleet.usage import UsageReport
from orgkey.generate import component_settings, resource_pages, typed_resources
from orgkey.generate.python_code import ROOT
from orgkey.generate.stack_file_keys import keys_page
from orgkey.generate.tables import causes_page, errors_page, findings_page, settings_page
from orgkey.stack_file import schema

_PAGES = ROOT / "docs" / "reference"


def main() -> int:
    """Write or check the files; returns the exit code."""
    files = {
        typed_resources.TARGET: typed_resources.resources_source(),
        component_settings.TARGET: component_settings.settings_source(),
        _PAGES / "settings.md": settings_page(),
        _PAGES / "stack-file-keys.md": keys_page(),
        _PAGES / "stack-file.schema.json": schema.schema_page(),
        _PAGES / "errors.md": errors_page(),
        _PAGES / "findings.md": findings_page(),
        _PAGES / "drift-report.schema.json": Report.json_schema_page(),
        _PAGES / "diagnosis.schema.json": Diagnosis.json_schema_page(),
        _PAGES / "causes.md": causes_page(),
        _PAGES / "check-report.schema.json": CheckReport.json_schema_page(),
        _PAGES / "renewals-report.schema.json": RenewalsReport.json_schema_page(),
        _PAGES / "usage-report.schema.json": UsageReport.json_schema_page(),
        **{_PAGES / "resources" / name: text for name, text in resource_pages.pages().items()},
    }
    stale = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    left_over = [path for path in (_PAGES / "resources").glob("*.md") if path not in files]
    if "--check" in sys.argv:
        for path in (*stale, *left_over):
            sys.stderr.write(f"{path.relative_to(ROOT)} is stale: run `make generate`\n")
        return int(bool(stale or left_over))
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path])
    for path in left_over:
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())

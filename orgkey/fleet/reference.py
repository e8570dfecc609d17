"""The reference page of findings, written from the finding table by `make generate`."""

from __future__ import annotations

from orgkey.fleet.findings import KINDS, Severity

_HEAD = """# What `orgkey drift` finds

<!-- Written by `make generate`: do not edit. -->

The rows of [the finding table](../../orgkey/fleet/findings.py). Codes are stable: none ever changes its meaning. The severity
is the usual one; a changed setting that only people read (a label, a description) is *low*, a certificate that has ended is
*critical*. `--fail-on` takes the severities in this order: {severities}. The form of the JSON report is
[drift-report.schema.json](drift-report.schema.json).

| code | severity | what it means | whom it concerns |
| --- | --- | --- | --- |
"""


def findings_page() -> str:
    """Every kind of finding."""
    rows = [f"| `{code}` | {kind.severity} | {kind.meaning} | {kind.concerns} |" for code, kind in KINDS.items()]
    return _HEAD.format(severities=", ".join(Severity)) + "\n".join(rows) + "\n"

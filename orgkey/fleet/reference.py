"""The reference page of findings, written from the finding table by `make generate`."""

from __future__ import annotations

from orgkey.fleet.findings import KINDS, REMEDIES, Severity

_HEAD = """# What `orgkey drift` finds

<!-- Written by `make generate`: do not edit. -->

The rows of [the finding table](../../orgkey/fleet/findings.py). Codes are stable: none ever changes its meaning. The severity
is the usual one; a changed setting that only people read (a label, a description) is *low*, a certificate that has ended is
*critical*. `--fail-on` takes the severities in this order: {severities}. The form of the JSON report is
[drift-report.schema.json](drift-report.schema.json).

| code | severity | what it means | whom it concerns |
| --- | --- | --- | --- |
"""


_ACTIONS = """
## What to do

A finding's `action`, and its remedy. A remedy gives way where another finding of the report, or what could not be read, asks for
something that must come first.

| action | remedy |
| --- | --- |
"""


def findings_page() -> str:
    """Every kind of finding."""
    rows = [f"| `{code}` | {kind.severity} | {kind.meaning} | {kind.concerns} |" for code, kind in KINDS.items()]
    actions = [f"| `{action}` | {remedy} |" for action, remedy in REMEDIES.items()]
    head = _HEAD.format(severities=", ".join(Severity))
    return "\n".join([head + "\n".join(rows), _ACTIONS + "\n".join(actions), ""])

"""Reference pages of the tables: settings, errors, findings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from orgkey.doctor.causes import CAUSES
from orgkey.doctor.causes.cause import ANY, UNHEARD_OF, Cause
from orgkey.fleet.findings import KINDS, REMEDIES, Severity
from orgkey.metadata.fields import Field, OnChange, inputs_of
from orgkey.metadata.members import Resource
from orgkey.metadata.place import Place, Type
from orgkey.salesforce.error_table import API, DEPLOY, GRANT, SECRET_GRANT, Row

NOTE = "<!-- Written by `make generate`: do not edit. -->\n"
_ABOUT_SETTINGS = (
    "The rows of [the field table](../../metadata/README.md). Apps: `orgkey:app` in the stack file; permission set: "
    "`orgkey:permissionSet`. A change is an update unless it says *replace*. **Loosens** says which change makes the "
    "org easier to get into."
)
_ABOUT_ERRORS = (
    "The rows of [the error table](../../orgkey/salesforce/error_table.py): what messages, retries and drift texts say. "
    "*Tried again* is when the same request may succeed by waiting alone."
)
_FINDINGS = """# What `orgkey drift` finds

<!-- Written by `make generate`: do not edit. -->

The rows of [the finding table](../../orgkey/fleet/findings.py). Codes are stable: none ever changes its meaning. The severity
is the usual one; a changed setting that only people read (a label, a description) is *low*, a certificate that has ended is
*critical*. Severities, least first: {severities}; `--fail-on` takes all but `info`. The form of the JSON report is
[drift-report.schema.json](drift-report.schema.json).

| code | severity | what it means | whom it concerns |
| --- | --- | --- | --- |
"""
_CAUSES = """# Why a JWT login fails

<!-- Written by `make generate`: do not edit. -->

The rows of [the cause table](../../orgkey/doctor/causes/__init__.py), which `orgkey doctor` judges by
([guide](../guides/doctor.md)). *Shows as* are the answers by which a cause can show itself: `unusable_key` and `unreachable` are
failures before an org answers. A code never changes its meaning. The form of the JSON is
[diagnosis.schema.json](diagnosis.schema.json).

| code | cause | shows as | what to do | source |
| --- | --- | --- | --- | --- |
"""
_ACTIONS = """
## What to do

A finding's `action`, and its remedy. A remedy gives way where another finding of the report, or what could not be read, asks for
something that must come first.

| action | remedy |
| --- | --- |
"""
_APPS = (Resource.CONNECTED_APP, Resource.EXTERNAL_CLIENT_APP)


def settings_page() -> str:
    """Every setting of an app and of a permission set."""
    apps = dict.fromkeys(row.name for app in _APPS for row in inputs_of(app))
    return "\n".join(
        [
            "# Settings of apps and permission sets",
            "",
            NOTE,
            _ABOUT_SETTINGS,
            "",
            "## Apps",
            "",
            "| setting | meaning | default | element in ConnectedApp | element in the External Client App | on change, loosens |",
            "| --- | --- | --- | --- | --- | --- |",
            *(_app_row(name) for name in apps),
            "",
            "## Permission sets",
            "",
            "| setting | meaning | default | element | on change, loosens |",
            "| --- | --- | --- | --- | --- |",
            *(_set_row(row) for row in inputs_of(Resource.PERMISSION_SET)),
            "",
        ]
    )


def errors_page() -> str:
    """Every answer of an org that orgkey knows."""
    return "\n".join(
        [
            "# Answers of an org, and what to do",
            "",
            NOTE,
            _ABOUT_ERRORS,
            "",
            *_errors("The token endpoint", GRANT),
            *_errors("The token endpoint, where a secret is sent: before the rows above", SECRET_GRANT[: -len(GRANT)]),
            *_errors("Deploys", DEPLOY),
            *_errors("REST, SOQL and SOAP", API),
        ]
    )


def findings_page() -> str:
    """Every kind of finding."""
    rows = [f"| `{code}` | {kind.severity} | {kind.meaning} | {kind.concerns} |" for code, kind in KINDS.items()]
    actions = [f"| `{action}` | {remedy} |" for action, remedy in REMEDIES.items()]
    head = _FINDINGS.format(severities=", ".join(Severity))
    return "\n".join([head + "\n".join(rows), _ACTIONS + "\n".join(actions), ""])


def causes_page() -> str:
    """Every cause that `orgkey doctor` knows."""
    rows = [
        f"| `{each.code}` | {_sentence(each.title)} | {_failures(each)} | {each.remedy} | {each.source} |"
        for each in CAUSES
    ]
    return "\n".join([_CAUSES + "\n".join(rows), ""])


def _failures(cause: Cause) -> str:
    """The failures that a cause shows itself by; those of every login are in words."""
    shown = [_failure(pattern) for pattern in cause.shows_as]
    seldom = [_failure(pattern) for pattern in cause.seldom_as]
    return "; seldom ".join(", ".join(each) for each in (shown, seldom) if each)


def _failure(pattern: str) -> str:
    """How a failure looks: code and a part of its text."""
    if pattern == UNHEARD_OF:
        return "an answer that is not known"
    if pattern == ANY:
        return "any"
    code, _, part = pattern.partition("/")
    return " ".join([f"`{code}`", *([f"“{part}”"] if part else [])])


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _app_row(name: str) -> str:
    rows = {app: row for app in _APPS for row in inputs_of(app) if row.name == name}
    row = next(iter(rows.values()))
    defaults = dict.fromkeys(default(found, app) for app, found in rows.items())
    places = [_element(name, rows[app].places.get(app)) if app in rows else "not in this kind" for app in _APPS]
    return f"| `{name}` | {_meaning(row)} | {' / '.join(defaults)} | {' | '.join(places)} | {_change(row)} |"


def _set_row(row: Field) -> str:
    place = row.places.get(Resource.PERMISSION_SET)
    standard = default(row, Resource.PERMISSION_SET)
    return f"| `{row.name}` | {_meaning(row)} | {standard} | {_element(row.name, place)} | {_change(row)} |"


def _meaning(row: Field) -> str:
    values = f" One of {', '.join(f'`{value}`' for value in row.values)}." if 0 < len(row.values) <= 8 else ""  # noqa: PLR2004
    return row.meaning + values


def default(row: Field, resource: Resource) -> str:
    """The default of a row, as a table's cell."""
    if row.required:
        return "required"
    value = row.default_for(resource)
    if row.type is Type.BOOLEAN:
        return f"`{str(value).lower()}`"
    return (
        "`" + (", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)) + "`" if value else "none"
    )


def _element(name: str, place: Place | None) -> str:
    if place is None:
        return "file name" if name == "name" else "none"
    path = "/".join((*place.path, place.codec.tags[0]))
    versions = f" (API {place.since:.0f})" if place.since else ""
    if place.until != math.inf:
        versions = f" (API {f'{place.since:.0f} ' if place.since else ''}to {place.until:.0f})"
    return f"{place.member}: `{path}`{versions}"


def _change(row: Field) -> str:
    change = "replace" if row.on_change is OnChange.REPLACE else "update"
    return f"{change}{'' if row.readable else ', not every org gives it back'}{f'; loosens {row.loosens}' if row.loosens else ''}"


def _errors(title: str, rows: Sequence[Row]) -> Iterable[str]:
    yield f"## {title}"
    yield ""
    yield "| answer | means | what to do | tried again |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        answer = " ".join(
            part for part in (f"`{row.code}`" if row.code else "", row.contains and f"“{row.contains}”") if part
        )
        yield f"| {answer} | {row.meaning} | {row.remedy} | {row.retry} |"
    yield ""

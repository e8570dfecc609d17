"""Whom an app admits: permission sets and profiles by its settings, and the links that say so in the org (ADR 11)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from orgkey.metadata.members import Resource
from orgkey.metadata.parse import Found
from orgkey.provider.handler import Operation, Values
from orgkey.provider.wire import UNKNOWN
from orgkey.salesforce.app_links import (
    Grantee,
    Link,
    delete_links,
    grantees,
    make_links,
    missing,
    permission_set_rows,
    read_links,
    unwanted,
)
from orgkey.salesforce.apps import record_id as app_id
from orgkey.salesforce.errors import PartialReadError, RefusedError, host_of

GRANTEES = ("permissionSets", "profiles")
"""The settings that say whom an app admits."""


def admitted_by(settings: Values) -> list[Grantee]:
    """Whom the settings admit, as far as they are known."""
    sets, profiles = (settings.get(name) for name in GRANTEES)
    known = [
        [str(name) for name in each if name is not UNKNOWN] if isinstance(each, list | tuple) else []
        for each in (sets, profiles)
    ]
    return grantees(*known)


def with_links(found: Found, links: Sequence[Link]) -> Found:
    """Take the pre-authorized sets and profiles from the links themselves where the org shows them (platform notes 2.5, 3.2)."""
    sets = sorted(each.grantee.name for each in links if not each.grantee.is_profile)
    profiles = sorted(each.grantee.name for each in links if each.grantee.is_profile)
    settings = {**found.settings, "permissionSets": sets, "profiles": [name for name in profiles if name]}
    return replace(found, settings=settings)


def unseen_links(name: str, error: RefusedError, operation: Operation) -> PartialReadError:
    """What a Read tells where this login may not see the links."""
    return PartialReadError(
        f"{host_of(operation.org.url)} does not show this login which permission sets and profiles may use the app {name} "
        f"({error.in_short}); what the app itself lists is taken for it.\n"
        "Use a login that may ask for SetupEntityAccess.",
        GRANTEES,
    )


def admit_before(resource: Resource, inputs: Values, found: Found | None, operation: Operation) -> None:
    """Admit whom an app that is there does not admit yet, so that nobody is locked out between its deploy and the links."""
    admitted = {each.key for each in admitted_by(found.settings)} if found else set()
    lacking = [each for each in admitted_by(inputs) if each.key not in admitted]
    if not lacking or found is None:
        return
    name = str(inputs["name"])
    rows, record = permission_set_rows(operation.snapshot, lacking), app_id(operation.snapshot, resource, name)
    if not record:
        return
    operation.progress(f"admitting {' and '.join(map(str, lacking))} to the app {name}")
    with suppress(RefusedError):  # an app that does not take it before the deploy may do so after it
        make_links(operation.snapshot, record, [row.record_id for row in rows.values()])


def admit_after(outputs: Values, operation: Operation) -> None:
    """Make the links that the deploy did not make, and delete those that nobody wants."""
    record, name, wanted = str(outputs["appId"]), str(outputs["name"]), admitted_by(outputs)
    links = read_links(operation.snapshot, record) if record else []
    if not record or isinstance(links, RefusedError):
        return  # what the document lists is all that can be known
    if lacking := missing(wanted, links):
        operation.progress(f"admitting {' and '.join(map(str, lacking))} to the app {name}")
        rows = permission_set_rows(operation.snapshot, lacking)
        make_links(operation.snapshot, record, [row.record_id for row in rows.values()])
    if extra := unwanted(wanted, links):
        operation.progress(f"no longer admitting {' and '.join(str(each.grantee) for each in extra)} to the app {name}")
        delete_links(operation.snapshot, [each.record_id for each in extra])

"""ConnectedApp: its document lists whom it admits by label, and a copy that a sandbox refresh made keeps its consumer key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from orgkey.metadata.members import Resource
from orgkey.metadata.ownership import Ownership
from orgkey.metadata.parse import Found
from orgkey.provider.admitted import GRANTEES, admitted_by
from orgkey.provider.app import AppHandler
from orgkey.provider.handler import Operation, Values
from orgkey.salesforce.app_links import names_of_labels, permission_set_rows, read_links
from orgkey.salesforce.app_links import questions as link_questions
from orgkey.salesforce.apps import record_id as app_id
from orgkey.salesforce.errors import RefusedError


class ConnectedAppHandler(AppHandler):
    """The older kind. Since 2026 most orgs do not let anybody make one."""

    name: ClassVar[str] = "ConnectedApp"
    resource: ClassVar[Resource] = Resource.CONNECTED_APP

    def keeps_its_key(self, ownership: Ownership) -> bool:
        return ownership is Ownership.COPY

    def questions(self, inputs: Values) -> list[str]:
        return [*super().questions(inputs), *link_questions(admitted_by(inputs))]

    def document(self, inputs: Values, found: Found | None, operation: Operation) -> tuple[Values, Values | None]:
        """Leave whom the app admits out of its document where the links say it; else write sets by label (ADR 11).

        Orgs give labels out and were seen to take them; whether they take API names is open (platform notes 1.6). An absent element
        leaves the links alone.
        """
        previous = found.settings if found else None
        record = app_id(operation.snapshot, self.resource, str(inputs["name"])) if found else ""
        if record and not isinstance(read_links(operation.snapshot, record), RefusedError):
            left_out = dict.fromkeys(GRANTEES, ())
            return {**inputs, **left_out}, {**(previous or {}), **left_out}
        sets = [each for each in admitted_by(inputs) if not each.is_profile]
        rows = permission_set_rows(operation.snapshot, sets) if sets else {}
        return {**inputs, "permissionSets": [rows[each].label for each in sets]}, previous

    def as_listed(self, found: Found, operation: Operation) -> Found:
        labels = found.settings["permissionSets"]
        if not labels or not isinstance(labels, list):
            return found
        names = names_of_labels(operation.snapshot, [str(label) for label in labels])
        return replace(found, settings={**found.settings, "permissionSets": names})

    def replacement_warning(self, old_inputs: Values, replaces: Sequence[str]) -> str:
        warning = super().replacement_warning(old_inputs, replaces)
        return f"{warning}; since Spring '26 most orgs do not let anybody make a Connected App again"

"""PermissionSet: a small set, without licence and permissions, whose holders an app pre-authorizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from orgkey.metadata.identifiers import name_key
from orgkey.metadata.members import Resource
from orgkey.metadata.ownership import unmark
from orgkey.metadata.parse import Found
from orgkey.metadata.render import Member
from orgkey.provider.handler import Operation, ReadResult, Values
from orgkey.provider.metadata_resource import MetadataHandler
from orgkey.provider.owner import MANAGED_BY
from orgkey.provider.preview import COMPONENT, permission_verdicts
from orgkey.provider.same_name import judge_name_of, thing_of
from orgkey.provider.urn import Urn
from orgkey.provider.wire import has_unknown
from orgkey.salesforce import soql
from orgkey.salesforce.access import own_set, read_holders, remove_assignments
from orgkey.salesforce.create_set import create_set
from orgkey.salesforce.deploy_job import ComponentResult
from orgkey.salesforce.errors import ConflictError, RefusedError, UnreadableError, host_of
from orgkey.salesforce.preflight import permission_questions, read_terms, terms_questions
from orgkey.salesforce.preflight_judge import API, ASSIGN, METADATA, SETUP
from orgkey.salesforce.preflight_table import Code, State, Verdict, wrong
from orgkey.salesforce.read import read_resource
from orgkey.salesforce.set_usage import read_usage, usage_questions

_ID_PREFIX = "0PS"
_NEEDS = (API, SETUP, METADATA)


class PermissionSetHandler(MetadataHandler):
    """See the module."""

    name: ClassVar[str] = "PermissionSet"
    resource: ClassVar[Resource] = Resource.PERMISSION_SET
    thing: ClassVar[str] = "permission set"
    waited_for: ClassVar[bool] = True
    own_outputs: ClassVar[tuple[str, ...]] = (
        "permissionSetId",
        "orgId",
        "instanceUrl",
        "claim",
        "claimFound",
        "revision",
        "members",
        "otherParts",
        "carriedOver",
        "notKept",
        "adopted",
    )

    def find(
        self, name: str, operation: Operation, *, known_names: Mapping[str, str] | None = None, record_id: str = ""
    ) -> Found | None:
        if not self._id(name, operation):
            return None
        found = read_resource(operation.snapshot, self.resource, name)
        if found is None:
            raise UnreadableError(
                f"{host_of(operation.org.url)} lists the permission set {name}, but its Metadata API does not show it.\n"
                "Nothing was changed. This login may not see it as metadata: use one with Modify Metadata, or look at it in Setup."
            )
        return found

    def preflight(self, inputs: Values, before: Values | None, operation: Operation) -> list[Verdict]:
        """Whether the login may deploy, whose the name is, and whether the org has the licence; asks beside it who holds the set."""
        name, license_name = inputs.get("name"), inputs.get("license") or ""
        if has_unknown(name) or has_unknown(license_name):
            return permission_verdicts(_NEEDS, operation)
        name, license_name = str(name), str(license_name)
        operation.run.licenses[name_key(name)] = license_name
        about = [
            soql.permission_set(name),
            *([] if before else [soql.assignments(name)]),
        ]  # whose holders are asked for next
        operation.snapshot.prefetch(soql.ORGANIZATION, *permission_questions(), *about, *terms_questions(license_name))
        operation.snapshot.identity()
        verdicts = permission_verdicts(_NEEDS, operation)
        _, is_there = read_terms(operation.snapshot, name, license_name)
        if not is_there:
            host = host_of(operation.org.url)
            verdicts.append(wrong(Code.SET_LICENSE, host=host, name=name, license=license_name))
        if before is None and inputs.get(MANAGED_BY) and not has_unknown(inputs[MANAGED_BY]):
            verdicts += self._name_verdicts(name, inputs, operation)
        return verdicts

    def _name_verdicts(self, name: str, inputs: Values, operation: Operation) -> list[Verdict]:
        """Whose the name is; nothing where the org does not show its sets, for which a permission is missing."""
        (rows,) = operation.snapshot.ask(soql.permission_set(name))
        if isinstance(rows, RefusedError):
            return []
        own = own_set(operation.snapshot, rows)
        marker = next((unmark(row.text("Description"))[1] for row in rows if row.text("Id") == own), None)
        return [judge_name_of(self, thing_of(marker, inputs, operation) if own else None, inputs, operation)]

    def create(self, inputs: Values, operation: Operation) -> tuple[str, Values]:
        """As for all metadata; a permission that a component will miss is told before its first write, where asking costs nothing."""
        if operation.connection.check_on_preview:
            operation.snapshot.prefetch(soql.ORGANIZATION, *self.questions(inputs), *permission_questions())
            in_component = Urn.parse(operation.urn).parent_type.endswith(COMPONENT)
            needs = (*_NEEDS, ASSIGN) if in_component else _NEEDS
            verdicts = permission_verdicts(needs, operation, by_sets=False)
            if lacking := [each.text for each in verdicts if each.state is State.WRONG]:
                raise ConflictError("\n".join(lacking))
        return super().create(inputs, operation)

    def read(self, resource_id: str, inputs: Values, outputs: Values, operation: Operation) -> ReadResult | None:
        """As for all metadata; and say what else hangs on the set, since a preview of a destroy reads and asks nothing more."""
        if not inputs or inputs.get("takeFromOthers"):
            return super().read(resource_id, inputs, outputs, operation)
        questions = (soql.permission_set(resource_id), *usage_questions(resource_id))
        _, *answers = operation.snapshot.ask(*questions)  # at once, so that what hangs on it is no round trip by itself
        result = super().read(resource_id, inputs, outputs, operation)
        if result is None:
            return None
        try:
            set_id = str(result.outputs["permissionSetId"])
            own = int(inputs.get("generations") or 1)
            usage = read_usage(operation.snapshot, resource_id, set_id, expected_apps=own, answers=answers)
        except (UnreadableError, RefusedError):
            return result  # it is only a hint, and a deletion asks again
        if says := usage.in_words:
            operation.info(f"a destroy keeps the permission set {resource_id} as long as {says}")
        return result

    def replacement_warning(self, old_inputs: Values, replaces: Sequence[str]) -> str:
        warning = super().replacement_warning(old_inputs, replaces)
        way = "; give it another orgkey:permissionSet.name in the same change, so that nobody loses a login meanwhile"
        return warning + ("" if "name" in replaces else way)

    def still_used(self, name: str, inputs: Values, operation: Operation) -> str:
        """Others who hold it, groups that contain it, apps that admit its holders. Our own holders were to go before it, and go now.

        With `takeFromOthers` the others lose it too; what is in the way then raises ConflictError, before anybody has lost anything.
        """
        holders = read_holders(operation.snapshot, name, also=usage_questions(name))
        left = {item["id"] for items in list(operation.run.left.values()) for item in items}
        now = operation.clock.now()
        others = [item.username for item in holders.assignments if item.assignment_id not in left and item.lasts(now)]
        held = f"{', '.join(others)} hold{'s' if len(others) == 1 else ''} it" if others else ""
        usage = read_usage(operation.snapshot, name, holders.permission_set_id).in_words
        if inputs.get("takeFromOthers"):
            if usage:
                raise ConflictError(
                    f"{host_of(operation.org.url)} keeps the permission set {name}: {usage}.\n"
                    "Nothing was taken from anybody. Undo that in the org first; or set orgkey:permissionSet.takeFromOthers to false and "
                    "run `pulumi up`: a destroy then keeps the set."
                )
            if others:
                operation.warn(f"taking the permission set {name} also from who else holds it: {', '.join(others)}")
        elif held or usage:
            return " and ".join(part for part in (held, usage) if part)
        ids = [item.assignment_id for item in holders.assignments]
        try:
            remove_assignments(operation.org, ids)  # an org does not delete a set that somebody holds
        finally:
            operation.snapshot.drop()
        return ""

    def make_at_once(self, members: Sequence[Member], operation: Operation) -> bool:
        """A first `up` waits for one deploy alone, the app's (ADR 15)."""
        (member,) = members
        return create_set(operation.org, member, progress=operation.progress)

    def questions(self, inputs: Values) -> list[str]:
        return [soql.permission_set(str(inputs["name"]))]

    def record_id(self, outputs: Values) -> str:
        return str(outputs.get("permissionSetId") or "")

    def deployed_outputs(
        self, outputs: Values, after: Found | None, successes: Sequence[ComponentResult], operation: Operation
    ) -> Values:
        deployed = (
            item.record_id
            for item in successes
            if item.type == "PermissionSet" and item.record_id.startswith(_ID_PREFIX)
        )
        return {"permissionSetId": next(deployed, "") or self._id(str(outputs["name"]), operation)}

    def seen_outputs(self, name: str, outputs: Values, operation: Operation) -> Values:
        return {"permissionSetId": self._id(name, operation)}

    def _id(self, name: str, operation: Operation) -> str:
        rows = operation.snapshot.rows(soql.permission_set(name))[0]
        return own_set(operation.snapshot, rows) or ""

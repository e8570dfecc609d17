"""Where PermissionSet, ConnectedApp and ExternalClientApp differ, as hooks: the verbs that they share call these."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from orgkey.metadata.fields import APP_FIELDS, PERMISSION_SET_FIELDS, OnChange, fields_of
from orgkey.metadata.members import Resource
from orgkey.metadata.ownership import Ownership
from orgkey.metadata.parse import Found
from orgkey.metadata.render import Member
from orgkey.provider.handler import Handler, Operation, Values
from orgkey.provider.read_back import NOT_KEPT
from orgkey.provider.wire import UNKNOWN
from orgkey.salesforce import soql
from orgkey.salesforce.deploy_job import ComponentResult


class MetadataHooks(Handler):
    """A resource that is a metadata file or several: what it says of itself."""

    resource: ClassVar[Resource]
    own_outputs: ClassVar[tuple[str, ...]]
    """Outputs beyond the inputs."""
    derived: ClassVar[Mapping[str, frozenset[str]]] = {
        row.name: frozenset({NOT_KEPT}) for row in (*APP_FIELDS, *PERMISSION_SET_FIELDS)
    }
    """What an org made of a setting stands beside what was sent."""

    @property
    def in_words(self) -> str:
        """What it is called in a sentence."""
        return self.resource.in_words

    def id_of(self, inputs: Values) -> str:
        name = inputs.get("name")
        return "" if name is UNKNOWN else str(name or "")

    @abstractmethod
    def find(
        self, name: str, operation: Operation, *, known_names: Mapping[str, str] | None = None, record_id: str = ""
    ) -> Found | None:
        """Read it from the org."""

    @abstractmethod
    def deployed_outputs(
        self, outputs: Values, after: Found | None, successes: Sequence[ComponentResult], operation: Operation
    ) -> Values:
        """The subclass's own outputs after a deploy, beside those known so far; raises when the org did not do what it said.

        `after` is what the org holds by then, as far as it shows it.
        """

    def uncertain_outputs(self, operation: Operation) -> Values:
        """The subclass's own outputs after a deploy that may have arrived."""
        return {}

    def arrived_outputs(self, outputs: Values, operation: Operation) -> Values:
        """The subclass's own outputs after a deploy that arrived, where the org then failed to tell what it made of it."""
        return self.uncertain_outputs(operation)

    def replacement_warning(self, old_inputs: Values, replaces: Sequence[str]) -> str:
        """Why replacing this is dangerous."""
        return (
            f"{', '.join(replaces)} cannot be changed: the {self.in_words} {old_inputs.get('name')} "
            "is recreated: a new one is made and the old one deleted"
        )

    def replacing(self, names: Sequence[str], old_inputs: Values, old_outputs: Values, inputs: Values) -> list[str]:
        """Which of the changed inputs need a new one."""
        replace = {row.name for row in fields_of(self.resource) if row.on_change is OnChange.REPLACE}
        return [name for name in names if name in replace]

    def validated_inputs(self, inputs: Values, operation: Operation) -> Values:
        """Inputs for a check-only deploy, stand-ins for what a preview cannot know."""
        return inputs

    def keeps_its_key(self, ownership: Ownership) -> bool:
        """Whether a copy that a sandbox refresh made keeps the consumer key it came with."""
        return False

    def still_used(self, name: str, inputs: Values, operation: Operation) -> str:
        """Who else would lose something by a deletion, as a sentence; then it is kept."""
        return ""

    @abstractmethod
    def questions(self, inputs: Values) -> list[str]:
        """What a create asks first, in SOQL."""

    def ask_first(self, inputs: Values, operation: Operation) -> None:
        """Ask what a create needs to know, for whoever needs it next."""
        operation.snapshot.prefetch(soql.ORGANIZATION, *self.questions(inputs))

    def asked_after(self, inputs: Values, successes: Sequence[ComponentResult]) -> list[str]:
        """What is asked beside the look at what was written: the record that no deploy tells of."""
        return [] if successes else self.questions(inputs)

    def document(self, inputs: Values, found: Found | None, operation: Operation) -> tuple[Values, Values | None]:
        """The settings as the document has them, and those of what is there: in what is the same in both, it stays as it is."""
        return inputs, found.settings if found else None

    def prepare_deploy(self, inputs: Values, found: Found | None, operation: Operation) -> None:
        """Do what must be done before a deploy, beside it."""

    def make_at_once(self, members: Sequence[Member], operation: Operation) -> bool:
        """Make what is not there by a call that needs no deploy; whether that was done."""
        return False

    def complete_deploy(self, outputs: Values, operation: Operation) -> None:
        """Do what a deploy did not; raises SalesforceError, and the resource goes into state as it is."""

    def seen_outputs(self, name: str, outputs: Values, operation: Operation) -> Values:
        """The subclass's own outputs after a Read."""
        return {}

    def seen_facts(self, found: Found, inputs: Values, outputs: Values) -> Values:
        """The subclass's own outputs that a Read tells from what it found."""
        return {}

    def shows_absence(self, found: Found, facts: Values) -> bool:
        """Whether the org would show a setting that it may withhold, so that it does not have it."""
        return False

    def record_id(self, outputs: Values) -> str:
        """The record's id where state has it."""
        return ""

    def refuse_conflict(self, inputs: Values, operation: Operation) -> None:
        """Raise ConflictError for a reason beyond the name."""

    def refuse_adoption(self, found: Found, inputs: Values, ownership: Ownership, operation: Operation) -> None:
        """Raise ConflictError where something of ours cannot be taken over as it is."""

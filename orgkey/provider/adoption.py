"""What was there before the stack: an import takes it over as it is, and never ends in its deletion.

Replacing something means to delete it. What an import found is somebody's: where the settings ask for another one, that is refused, and
the refusal names what to set.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from shlex import quote

from orgkey.metadata.check import character_problem
from orgkey.metadata.members import Resource
from orgkey.provider.handler import ImportRefusedError, Values
from orgkey.provider.urn import Urn
from orgkey.provider.wire import UNKNOWN

_PART = re.compile(r"-[a-zA-Z]+(-[0-9]+)?$")
"""What follows a component's name in a child's: `-app`, `-app-2` of the second generation."""
_SETTING = {
    (Resource.PERMISSION_SET, "name"): "orgkey:permissionSet.name",
    (Resource.PERMISSION_SET, "license"): "orgkey:permissionSet.license",
    (Resource.CONNECTED_APP, "name"): "orgkey:app.name",
    (Resource.CONNECTED_APP, "consumerKey"): "orgkey:key.consumerKey",
    (Resource.EXTERNAL_CLIENT_APP, "name"): "orgkey:app.name",
    (Resource.EXTERNAL_CLIENT_APP, "consumerKey"): "orgkey:key.consumerKey",
}
"""Which setting of the stack file gives an input."""


def is_deployed(outputs: Values) -> bool:
    """Whether this stack has ever deployed what these are the outputs of; an import has only read it."""
    return "revision" in outputs


def is_taken_over(outputs: Values) -> bool:
    """Whether it was there before the stack, and came into it by an import; a refresh of its sandbox ends that (`same_name.is_copy`)."""
    return bool(outputs) and bool(outputs.get("adopted", not is_deployed(outputs)))


def refuse_odd_id(resource_id: str) -> None:
    """Raise ImportRefusedError for an id that no request can carry: no org has a thing of that name."""
    if problem := character_problem("The id", resource_id):
        raise ImportRefusedError(
            f"{problem.path} {problem.reason}.\nNothing was changed. Give the name as the org has it."
        )


def refusal_to_replace(resource: Resource, replaces: Sequence[str], old_inputs: Values, inputs: Values) -> str:
    """Why something that was taken over is not recreated, and the lines that put the settings right."""
    found = ", ".join(f"{name} {_shown(old_inputs.get(name))}" for name in replaces)
    given = ", ".join(f"{name} {_shown(inputs.get(name))}" for name in replaces)
    lines = "\n".join(f"  {_line(resource, name, old_inputs.get(name))}" for name in replaces)
    return (
        f"The {resource} {old_inputs.get('name')} was taken over with {found}, and the settings say {given}. That would delete it and make "
        "it anew, which is never done to something that was there before.\n"
        f"Nothing was changed. Set what it has:\n{lines}"
    )


def _shown(value: object) -> str:
    return "that is not known yet" if value is UNKNOWN else str(value or "") or "(none)"


def _line(resource: Resource, name: str, value: object) -> str:
    setting = _SETTING[resource, name]
    if not value:
        return f"pulumi config rm --stack STACK --path {setting}"
    return f"pulumi config set --stack STACK --path {setting} {quote(str(value))}"


def import_command(type_name: str, urn: str, resource_id: str) -> str:
    """The exact `pulumi import` command for a resource, with its parent where the URN has one (engine notes 8)."""
    resource, parent = Urn.parse(urn), ""
    if resource.parent_type:  # a component names its children after itself (`access-app`)
        component = _PART.sub("", resource.name)
        parent = f" --parent {quote(f'access={resource.parent(component)}')}"
    return f"pulumi import salesforce:index:{type_name} {quote(resource.name)} {quote(resource_id)}{parent} --generate-code=false"

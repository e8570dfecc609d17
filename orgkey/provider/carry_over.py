"""Parts of an app or permission set that no setting names: which are deployed again, and what to do where an org refuses one."""

from __future__ import annotations

from collections.abc import Sequence

from orgkey.metadata.parts import described, named_in
from orgkey.metadata.render import UnknownPart
from orgkey.provider.handler import Values
from orgkey.salesforce.errors import DeployFailedError


def carried_over_parts(
    inputs: Values, known: Sequence[UnknownPart], present: Sequence[UnknownPart]
) -> Sequence[UnknownPart]:
    """Which parts that the field table does not know go along, as the input says."""
    return {"present": present, "none": ()}.get(str(inputs.get("carryOver")), known)


def with_parts(error: DeployFailedError, carried_over: Sequence[UnknownPart]) -> DeployFailedError:
    """Name the parts that are kept as they are and that an org refuses: nobody finds them among the settings."""
    refused = named_in("\n".join(error.problems), carried_over)
    if not refused:
        return error
    parts = ", ".join(map(described, refused))
    advice = (
        f"No setting gives this, it was there before and is sent as it was: {parts}. Mend it in the org and set orgkey:app.carryOver to "
        "present, which takes what the org holds now, or set it to none, which sends no such part."
    )
    return DeployFailedError(f"{error}\n{advice}", error.problems)

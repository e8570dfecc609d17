"""What a preview makes of what it is told: which errors end it, and how it ends after problems that did not."""

from __future__ import annotations

from collections.abc import Sequence

from orgkey.provider.handler import Operation
from orgkey.salesforce.errors import (
    ConflictError,
    CredentialsError,
    RefusedError,
    SalesforceError,
    WrongOrgError,
    host_of,
)
from orgkey.salesforce.preflight import read_permissions
from orgkey.salesforce.preflight_judge import Need, judge_permissions
from orgkey.salesforce.preflight_table import TABLE, Code, Verdict

COMPONENT = ":JwtBearerAccess"
"""End of the type of the component whose parts wait for each other."""


def stands_in_the_way(error: SalesforceError) -> bool:
    """Whether an `up` would end in it as well: a refused login, another org, a missing permission; and not an org that did not answer."""
    if isinstance(error, RefusedError):
        return bool(error.row and error.row.rights) and not error.transient
    return isinstance(error, ConflictError | CredentialsError | WrongOrgError)


def in_the_way(number: int) -> str:
    """How a preview ends after problems that were told under other resources."""
    what = "A problem stands" if number == 1 else f"{number} problems stand"
    return (
        f"{what} in the way of an `up`: see the errors of the other resources. Nothing was changed.\n"
        "To go on without being asked about them, set salesforce:checkOnPreview to false."
    )


def permission_verdicts(needs: Sequence[Need], operation: Operation, *, by_sets: bool = True) -> list[Verdict]:
    """Which of the permissions that a resource needs the login has; `by_sets`: ask further where the org does not tell at once."""
    permissions = read_permissions(operation.snapshot, by_sets=by_sets)
    lacks_some = any(permissions.lacking >= set(need.any_of) for need in needs)
    login = operation.org.whose() if lacks_some else ""
    return judge_permissions(permissions, needs, host=host_of(operation.org.url), login=login)


def tell_what_a_deploy_tells(operation: Operation) -> None:
    """Say, once in a run, what no question before a deploy can answer."""
    row = TABLE[Code.DEPLOY]
    if not operation.connection.validate_on_preview and operation.run.untold([row.wrong]):
        operation.info(f"{row.wrong} {row.remedy}")

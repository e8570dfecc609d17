"""Whether the org that answers is the one in which a resource's state says it is.

| host, org id | what happened | what follows |
| --- | --- | --- |
| any, the same | the same org; another host is a renamed My Domain | goes on |
| the same, another, a sandbox or scratch org | it was refreshed | goes on, and `up` puts everything back |
| another, another; or the same host and no sandbox | another org: a mistyped address, credentials to match | refused |
| any, another that `salesforce:expectedOrgId` names | the stack was moved on purpose | nothing of it is here yet; what is there stays |

A state from before its outputs had an address has its provider's. That one tells another host, and never the same: an `up --target` of the
key pair, which contacts nobody, saves a mistyped address as the provider's. So there a new id is refused until somebody names it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from orgkey.metadata.identifiers import same_id
from orgkey.provider.handler import Operation, Values
from orgkey.salesforce.errors import WrongOrgError, host_of

_REFRESHED_KINDS = frozenset({"sandbox", "scratch"})
_HTTPS = 443


def has_moved(outputs: Values, operation: Operation) -> bool:
    """Whether the stack was moved on purpose away from the org of these outputs.

    Raises WrongOrgError where another org answers and nobody said that this is meant.
    """
    identity, before = operation.snapshot.identity(), str(outputs.get("orgId") or "")
    if not before or same_id(before, identity.org_id):
        return False
    made_at, here = str(outputs.get("instanceUrl") or operation.stated_url), host_of(operation.org.url)
    same_host = same_address(made_at, operation.org.url)
    if same_host and outputs.get("instanceUrl") and identity.kind in _REFRESHED_KINDS:
        operation.warn_once(f"{here} is a new org ({identity.org_id}, before {before}): the sandbox was refreshed")
        return False
    at = f" at {host_of(made_at)}" if made_at and not same_host else ""
    if operation.connection.expected_org_id:  # compared with the org that answers when the session began
        operation.warn_once(
            f"this stack moves from org {before}{at} to org {identity.org_id} at {here}, as salesforce:expectedOrgId says; "
            f"what was made in {before} stays there, and as long as its app does, the consumer key is that app's: "
            "set orgkey:key.consumerKey to another, for each generation its own"
        )
        return True
    why, refreshed = "another host and another org", ""
    if same_host and identity.kind in _REFRESHED_KINDS:
        why = "this state, of an earlier version, does not say at which address"
        refreshed = f"If this sandbox was refreshed, set salesforce:expectedOrgId to {identity.org_id} until `pulumi up` has ended well. "
    elif same_host:
        why = "and only a sandbox changes its id"
    raise WrongOrgError(
        f"{here} is org {identity.org_id} ({identity.name}), but this stack is in org {before}{at}: {why}.\n"
        f"Nothing was changed. {refreshed}Correct salesforce:instanceUrl, or use another stack for the other org. "
        f"To move this stack there on purpose, set salesforce:expectedOrgId to {identity.org_id}: what was made in {before} stays there."
    )


def refuse_moved(outputs: Values, operation: Operation) -> None:
    """Raise WrongOrgError unless these outputs are of the org that answers: nothing is changed by what was read elsewhere."""
    if has_moved(outputs, operation):
        raise WrongOrgError(
            f"The state still has this of org {outputs.get('orgId')}, and {host_of(operation.org.url)} is "
            f"{operation.snapshot.identity().org_id}.\nNothing was changed. Run `pulumi refresh` first."
        )


def same_address(one: str, other: str) -> bool:
    """Whether two URLs lead to the same host and port."""
    return _address(one) == _address(other)


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return (parts.hostname or "").lower(), parts.port or _HTTPS

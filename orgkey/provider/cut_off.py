"""Whom a new certificate cuts off, and whose certificate stands in its place: said before it is deployed.

An app trusts one certificate (platform notes 1.4): whoever logs in with another key than that of the new one is locked out.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from orgkey.metadata.certificate import fingerprint
from orgkey.metadata.identifiers import name_key
from orgkey.provider.handler import Operation, Values
from orgkey.salesforce.app_logins import read_app_logins
from orgkey.salesforce.errors import SalesforceError

_DAYS = 30  # of the login history that are looked at
_SHOWN = 10  # users in one warning


def cut_off(name: str, old_inputs: Values, old_outputs: Values, inputs: Values) -> str:
    """A sentence on the app's present certificate where the new one is more than our own renewal; else an empty string."""
    found, declared = str(old_inputs.get("certificatePem") or ""), inputs.get("certificatePem")
    if "revision" in old_outputs:
        return _change_by_others(
            name, found, declared, str(old_outputs.get("deployedCertificate") or fingerprint(found))
        )
    if not found and not old_inputs.get("consumerKey"):
        return ""  # nobody can have logged in to it
    if not isinstance(declared, str):
        return f"the app {name} gets a new certificate: clients that log in to it now are cut off"
    if not found:
        return (
            f"the org does not show the certificate of the app {name}, so it cannot be compared with this stack's "
            f"{fingerprint(declared)}: if it is of another key, clients that log in now are cut off"
        )
    return "" if _same_key(found, declared) else _another_key(name, found, declared)


def tell_whom(name: str, old_inputs: Values, inputs: Values, operation: Operation) -> None:
    """Name who logs in through an app that is being taken over and gets a certificate of another key; asks the org."""
    found, declared = str(old_inputs.get("certificatePem") or ""), inputs.get("certificatePem")
    taken_over = (
        bool(inputs.get("managedBy")) and not old_inputs.get("managedBy") and bool(old_inputs.get("consumerKey"))
    )
    if not taken_over or (isinstance(declared, str) and found and _same_key(found, declared)):
        return
    when = f"in the last {_DAYS} days"
    since = datetime.fromtimestamp(operation.clock.now(), UTC) - timedelta(days=_DAYS)
    try:
        seen = read_app_logins(operation.snapshot, [], since)
    except SalesforceError as error:
        first = str(error).partition("\n")[0]
        operation.warn(f"who logged in through the app {name} {when}, and may be cut off, is not known: {first}")
        return
    last: dict[str, tuple[str, datetime]] = {}
    for each in seen.of({str(old_inputs.get("label") or "")}):  # newest first
        if each.good:
            last.setdefault(name_key(each.username), (each.username, each.at))
    if not last:
        operation.info(f"nobody is seen to have logged in through the app {name} {when}")
        return
    named = [f"{username} (last at {at.astimezone(UTC):%Y-%m-%d %H:%M}Z)" for username, at in last.values()]
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    operation.warn(f"logged in through the app {name} {when}, and may be cut off: {', '.join(named[:_SHOWN])}{more}")


def _change_by_others(name: str, found: str, declared: object, deployed: str) -> str:
    """The same for an app that this stack has deployed: only what somebody else did to it is news."""
    if not found:
        return f"the app {name} has no certificate any more: no client can log in until it is sent again"
    if fingerprint(found) == deployed:
        return ""
    if isinstance(declared, str) and _same_key(found, declared):
        return f"the app {name} has the certificate {fingerprint(found)}, which this stack did not deploy; its key is this stack's"
    return _another_key(name, found, declared if isinstance(declared, str) else "")


def _another_key(name: str, found: str, declared: str) -> str:
    sent = fingerprint(declared) or "a new one"
    return (
        f"the app {name} has the certificate {fingerprint(found)}, and this stack sends {sent}, which is of another key: "
        "clients that log in with the other key are cut off"
    )


def _same_key(one: str, other: str) -> bool:
    from orgkey.identity.key_pair import public_key_of

    try:
        return public_key_of(one) == public_key_of(other)
    except ValueError:
        return False

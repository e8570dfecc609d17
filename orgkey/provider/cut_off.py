"""Whom a new certificate cuts off, and whose certificate stands in its place: said before it is deployed.

An app trusts one certificate (platform notes 1.4): whoever logs in with another key than that of the new one is locked out.
"""

from __future__ import annotations

from orgkey.metadata.certificate import fingerprint
from orgkey.provider.handler import Values


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

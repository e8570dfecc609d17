"""Which logins a stack hands out, from its state: those that its outputs name, and by their own names the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orgkey.fleet.engine import Engine
from orgkey.fleet.project import Project, Stack
from orgkey.fleet.state import generation_of, kind_of, name_of, opened, resources_of
from orgkey.handover.login import HandedLogin
from orgkey.identity.key_pair import certificate_public_key_sha256, public_key_sha256
from orgkey.identity.reading import canonical_key, read_key

_APPS = ("ExternalClientApp", "ConnectedApp")
_COMPONENT = "orgkey:index:JwtBearerAccess"


@dataclass(frozen=True, slots=True)
class StackOffer:
    """One login of a stack. `names` are those it can be asked for by, the shortest first.

    `aside` says why the stack does not hand it out, empty where it does: it is retiring, not proved yet, or blocked.
    `problem` is what its last proof said, empty where it works.
    """

    names: tuple[str, ...]
    login: HandedLogin
    aside: str
    problem: str


def offers_of(project: Project, stack: Stack, engine: Engine) -> list[StackOffer]:
    """Every JWT login of a stack's state, with its private key in memory alone. Raises EngineError where the state cannot be read."""
    resources = [
        {**row, "inputs": opened(row.get("inputs") or {}), "outputs": opened(row.get("outputs") or {})}
        for row in resources_of(project, stack, engine, secrets=True)
    ]
    components = {row["urn"]: row for row in resources if row.get("type") == _COMPONENT}
    return [
        _offer(row, components.get(row.get("parent", "")), resources, stack)
        for row in resources
        if kind_of(row) == "JwtGrant"
    ]


def _offer(
    grant: Mapping[str, Any], component: Mapping[str, Any] | None, resources: list[dict[str, Any]], stack: Stack
) -> StackOffer:
    inputs, outputs = grant["inputs"], grant["outputs"]
    consumer_key = str(inputs.get("consumerKey") or "")
    handed_out = component["outputs"].get("consumerKey") if component else None
    aside = ""
    if component and handed_out and handed_out != consumer_key:
        _, retiring = generation_of(consumer_key, component["outputs"])
        aside = "retiring" if retiring else "not handed out yet"
    names = (*([name_of(component)] if component and not aside else []), name_of(grant))
    if inputs.get("blocked"):
        aside = f"{aside}, blocked" if aside else "blocked"
    key, certificate = _pair(consumer_key, str(inputs.get("privateKeyPem") or ""), resources)
    login = HandedLogin(
        stack=stack.name.rsplit("/", 1)[-1],
        instance_url=(host := str(outputs.get("instanceUrl") or inputs.get("instanceUrl") or "")),
        audience=str(outputs.get("audience") or inputs.get("audience") or host),
        username=str(inputs.get("username") or ""),
        consumer_key=consumer_key,
        private_key_pem=_canonical(key),
        certificate_pem=certificate,
    )
    failed = outputs.get("verified") is not True
    return StackOffer(names, login, aside, str(outputs.get("reasonCode") or "no proof yet") if failed else "")


def _pair(consumer_key: str, proved: str, resources: Iterable[Mapping[str, Any]]) -> tuple[str, str]:
    """Key and certificate of an app as it is.

    Under `--target`, or where an `up` was interrupted, a newer key pair may be in state while the app still trusts the one before, or
    the app may trust it while the last proof was of the one before: the app's certificate says which.
    """
    pairs = [row["outputs"] for row in resources if kind_of(row) == "KeyPair"]
    apps = [row["outputs"] for row in resources if kind_of(row) in _APPS]
    trusted = [
        str(app["certificatePem"])
        for app in apps
        if app.get("consumerKey") == consumer_key and app.get("certificatePem")
    ]
    certificates = [*trusted, *(str(pair["certificatePem"]) for pair in pairs if pair.get("certificatePem"))]
    keys = [proved, *(str(pair["privateKeyPem"]) for pair in pairs if pair.get("privateKeyPem"))]
    for key in keys if trusted else ():
        if key and _belong(key, trusted[0]):
            return key, trusted[0]
    return proved, next((each for each in certificates if proved and _belong(proved, each)), "")


def _canonical(key: str) -> str:
    """The key in the one form that every client reads; as it is, where nothing reads it."""
    try:
        return canonical_key(read_key(key))
    except ValueError:
        return key


def _belong(key: str, certificate: str) -> bool:
    try:
        return public_key_sha256(key) == certificate_public_key_sha256(certificate)
    except ValueError:
        return False

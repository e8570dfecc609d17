"""What stands in an org and in a stack's state after a command, in a form in which two runs can be compared.

The org is asked through its own public APIs with its administrator's token, and by none of our code. Values that are new in every
run (keys, certificates, ids, dates) are compared with each other within one run, and only by their presence between two.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

import requests
from lxml import etree

from tests.landscape import Org
from tests.provider.protocol import SECRET, SIGNATURE

STEM = "CI_"
"""What the names of everything that these tests declare begin with."""
_NEW_IN_EVERY_RUN = frozenset(
    "consumerKey certificatePem privateKeyPem renewAt publicKeySha256 certificateFingerprint csrPem serial notBefore notAfter renewAt "
    "deployedCertificate revision revisions deployedAt appId permissionSetId assignments orgId userId".split()
)
_LAGGING = frozenset({"claim", "claimFound", "deployedCertificate", "generations", "managedExpirationIds"})
"""A creation that is repeated after a kill takes over what the first one made, and counts. Which certificate was deployed last is not known
where the engine was killed before it wrote that down: it decides only about the words of a warning. The list of generations, of which a
preview speaks, alone makes no new proof: a grant has it since the last one. An assignment that was made
without an answer counts as somebody else's where its end is concerned, which stays then."""
_COARSE = frozenset({"notBefore", "notAfter"})
"""New in most runs: cases follow each other faster than its seconds, so they are compared by how far they are from notBefore."""
_ENCRYPTED = frozenset({"privateKeyPem"})
"""Compared by presence alone: a checkpoint encrypts it anew each time it is written (publicKeySha256 says whether it is another one)."""
_EMPTY_IS_ABSENT = frozenset({"notKept"})
"""What a deploy tells whose answer came; after one that was only found there, the next look says the same by saying nothing."""
_KEY_HOLDERS = {"ExternalClientApplication": "ExtlClntAppGlobalOauthSettings", "ConnectedApplication": "ConnectedApp"}
_METADATA = "http://soap.sforce.com/2006/04/metadata"
_SOAP = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="http://soap.sforce.com/2006/04/metadata">'
    "<e:Header><SessionHeader><sessionId>{}</sessionId></SessionHeader></e:Header><e:Body>{}</e:Body></e:Envelope>"
)


@dataclass(frozen=True)
class App:
    """An app as its org shows it."""

    kind: str
    name: str
    consumer_key: str
    description: str
    pre_authorized: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """Apps and permission sets of ours in an org, and who holds the sets."""

    apps: tuple[App, ...]
    sets: tuple[tuple[str, str, str], ...]  # name, label, description
    holders: tuple[tuple[str, str], ...]  # set, user name


@dataclass(frozen=True)
class Observer:
    """Looks at one org."""

    org: Org
    session: requests.Session

    def standing(self) -> Standing:
        """Everything of ours in the org."""
        sets, held, external, links = self._queries(
            f"SELECT Name, Label, Description FROM PermissionSet WHERE Name LIKE '{STEM}%' ORDER BY Name",
            "SELECT PermissionSet.Name, Assignee.Username FROM PermissionSetAssignment "
            f"WHERE PermissionSet.Name LIKE '{STEM}%'",
            f"SELECT Id, DeveloperName, Description FROM ExternalClientApplication WHERE DeveloperName LIKE '{STEM}%'",
            f"SELECT SetupEntityId, Parent.Name FROM SetupEntityAccess WHERE Parent.Name LIKE '{STEM}%'",
        )
        connected = self.org.query(
            f"SELECT Id, DeveloperName, Description FROM ConnectedApplication WHERE DeveloperName LIKE '{STEM}%'",
            tooling=True,
        )
        apps = []
        for kind, rows in (("ConnectedApplication", connected), ("ExternalClientApplication", external)):
            keys = self._consumer_keys(_KEY_HOLDERS[kind]) if rows else {}
            for row in rows:
                linked = sorted(link["Parent"]["Name"] for link in links if link["SetupEntityId"] == row["Id"])
                name = row["DeveloperName"]
                apps.append(App(kind, name, keys.get(name, ""), row["Description"] or "", tuple(linked)))
        return Standing(
            tuple(apps),
            tuple((row["Name"], row["Label"], row["Description"] or "") for row in sets),
            tuple(sorted((row["PermissionSet"]["Name"], row["Assignee"]["Username"]) for row in held)),
        )

    def _queries(self, *questions: str) -> list[list[dict[str, Any]]]:
        path = "/services/data/v67.0/query"
        parts = [
            {"method": "GET", "referenceId": f"q{index}", "url": f"{path}?q={quote_plus(question)}"}
            for index, question in enumerate(questions)
        ]
        answer = self._call("POST", "/services/data/v67.0/composite", json={"compositeRequest": parts}).json()
        answers = answer["compositeResponse"]
        assert all(part["httpStatusCode"] == 200 for part in answers), answers
        return [part["body"]["records"] for part in answers]

    def _consumer_keys(self, kind: str) -> dict[str, str]:
        """Consumer key by the app's developer name."""
        listed = self._soap(f"<listMetadata><queries><type>{kind}</type></queries></listMetadata>")
        names = [name for each in listed.iter(f"{{{_METADATA}}}fullName") if (name := each.text or "").startswith(STEM)]
        if not names:
            return {}
        wanted = "".join(f"<fullNames>{name}</fullNames>" for name in names)
        read = self._soap(f"<readMetadata><type>{kind}</type>{wanted}</readMetadata>")
        keys = {}
        for record in read.iter(f"{{{_METADATA}}}records"):
            name = _first(record, "externalClientApplication") or _first(record, "fullName")
            keys[name] = _first(record, "consumerKey")
        return keys

    def _soap(self, body: str) -> etree._Element:
        answer = self._call(
            "POST",
            "/services/Soap/m/67.0",
            data=_SOAP.format(self.org.access_token, body),
            headers={"Content-Type": "text/xml", "SOAPAction": '""'},
        )
        return etree.fromstring(answer.content)

    def _call(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.org.access_token}", **kwargs.pop("headers", {})}
        answer = self.session.request(
            method, self.org.url + path, headers=headers, verify=self.org.ca_bundle, timeout=30, **kwargs
        )
        assert answer.ok, answer.text
        return answer


@dataclass(frozen=True)
class Kept:
    """One resource in state, secrets opened."""

    id: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    init_errors: tuple[str, ...] = ()


def contradictions(
    kept: Mapping[str, Kept], standing: Standing, org: Org, *, stack: str = "t", others: Collection[str] = ()
) -> list[str]:
    """What does not fit together within one stack and its org: state against org, and state against itself.

    `others` may hold the set beside the users that are declared.
    """
    if not kept:
        left = [*(app.name for app in standing.apps), *(name for name, _, _ in standing.sets)]
        return [f"{name} is in the org and in no state" for name in left]
    found = [f"{part} has init errors: {each.init_errors[0]}" for part, each in kept.items() if each.init_errors]
    found += [f"{part} is in state and not deleted" for part in kept if part.startswith("condemned ")]
    missing = {"set", "assignments"} - set(kept)
    apps = {part: part.replace("app", "", 1) for part in kept if part.partition("-")[0] == "app"}
    missing |= {part for end in apps.values() or [""] for part in (f"key{end}", f"grant{end}", f"app{end}")} - set(kept)
    if missing:
        return [*found, f"not in state: {', '.join(sorted(missing))}"]
    declared = kept["set"].id
    users = sorted([*kept["assignments"].inputs["users"], *others])
    marker = rf"managed by orgkey orgkey/{stack} in ({org.org_id}|{org.org_id[:15]}#\d+)"
    held = [user for name, user in standing.holders if name == declared]
    checks = {
        "the apps in state are those of ours": sorted(each.name for each in standing.apps)
        == sorted(kept[part].id for part in apps),
        "one set of ours": [name for name, _, _ in standing.sets] == [declared],
        "the declared users hold it, nobody twice, nobody else but who may": held == users
        and len(standing.holders) == len(users),
        "both descriptions end in the ownership marker": all(
            re.fullmatch(marker, text.split("\n")[-1])
            for text in (*(each.description for each in standing.apps), *(text for _, _, text in standing.sets))
        ),
    }
    found += [f"not so: {claim}" for claim, holds in checks.items() if not holds]
    for part, end in apps.items():
        shown = next((each for each in standing.apps if each.name == kept[part].id), None)
        found += _of_one_generation(kept, f"key{end}", part, f"grant{end}", shown, declared)
    return found


def _of_one_generation(
    kept: Mapping[str, Kept], key_part: str, app_part: str, grant_part: str, shown: App | None, declared: str
) -> list[str]:
    """What does not fit together within one generation of an app."""
    key, app, grant = kept[key_part].outputs, kept[app_part].outputs, kept[grant_part]
    blocked = bool(grant.inputs.get("blocked"))
    admits = () if blocked and shown and shown.kind == "ConnectedApplication" else (declared,)
    checks = {
        "the app's consumer key is the one in state": shown is not None
        and shown.consumer_key == key["consumerKey"] == app["consumerKey"],
        "the app trusts the certificate in state": app["certificatePem"] == key["certificatePem"],
        "the app pre-authorizes the set": shown is None or shown.pre_authorized == admits,
        "the proof is of the last change": grant.inputs["revisions"]
        == [app["revision"], kept["assignments"].outputs["revision"]]
        and grant.inputs.get("deployedAt") == app.get("deployedAt"),
        "the proof is by the key in state": not key["privateKeyPem"].startswith(
            "-----BEGIN"
        )  # the real engine's: encrypted
        or grant.inputs["privateKeyPem"] == key["privateKeyPem"],
        "verified, or refused where it is blocked": grant.outputs.get("verified") is not blocked,
    }
    return [f"not so of {app_part}: {claim}" for claim, holds in checks.items() if not holds]


def likeness(
    kept: Mapping[str, Kept], standing: Standing, org: Org, before: Mapping[str, Kept] | None = None
) -> dict[str, Any]:
    """State and org, equal for two runs that ended in the same: of values that no two runs share, only whether they are there
    and whether the run changed them.
    """
    blot = {org.org_id: "<org>"}
    for part, each in kept.items():
        if part.partition("-")[0] == "key":
            blot[str(each.outputs["consumerKey"])] = f"<consumer key of {part}>"
    return {
        "state": {
            f"{part}.{side}": {
                name: _since_not_before(getattr(each, side), value)
                if value and name in _COARSE
                else _blotted(name, value, getattr((before or {}).get(part), side, {}).get(name))
                for name, value in sorted(getattr(each, side).items())
                if value or name not in _EMPTY_IS_ABSENT
                if name not in _LAGGING
            }
            for part, each in kept.items()
            for side in ("inputs", "outputs")
        },
        "org": re.sub(rf"{org.org_id[:15]}#\d+", "<org>", _replaced(repr(standing), blot)),
    }


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Paths at which two likenesses differ, with both values."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            found
            for name in sorted({*one, *other})
            for found in differences(one.get(name), other.get(name), f"{path}.{name}" if path else name)
        ]
    return [] if one == other else [f"{path}: {one!r}, in a clean run {other!r}"]


def opened(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values without the envelopes of their secrets."""
    return {
        name: value.get("value", value.get("ciphertext"))
        if isinstance(value, dict) and value.get(SIGNATURE) == SECRET
        else value
        for name, value in values.items()
    }


def _blotted(name: str, value: Any, before: Any) -> Any:
    if name not in _NEW_IN_EVERY_RUN:
        return value
    if not value:
        return "<not there>"
    return "<there>" if name in _ENCRYPTED else "<as before>" if value == before else "<changed>"


def _since_not_before(values: Mapping[str, Any], moment: str) -> str:
    begin = values.get("notBefore")
    return f"<notBefore + {datetime.fromisoformat(moment) - datetime.fromisoformat(begin)}>" if begin else "<there>"


def _replaced(text: str, blot: Mapping[str, str]) -> str:
    for value, name in blot.items():
        text = text.replace(value, name)
    return text


def _first(element: etree._Element, tag: str) -> str:
    found = next(element.iter(f"{{{_METADATA}}}{tag}"), None)
    return (found.text or "") if found is not None else ""

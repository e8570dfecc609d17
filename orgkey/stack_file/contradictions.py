"""What no type of a setting shows: settings that contradict each other or the present time, and secrets in clear."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from orgkey.identity.inputs import key_pair_problems
from orgkey.metadata.check import Problem
from orgkey.metadata.identifiers import name_key
from orgkey.metadata.members import APP_KINDS
from orgkey.model.assignments import expiration_problem
from orgkey.model.generations import consumer_key_problems, generation_problems
from orgkey.model.ignore import ignore_problems
from orgkey.model.setting_place import RETIRING, SettingPlace
from orgkey.stack_file.models import OtherSettings
from orgkey.stack_file.secrets import Secrets

_LONGEST_MANAGER = 64  # so that marker and description of a permission set stay within 255 characters


def contradictions(values: Mapping[str, Any], managed_by: str) -> Iterable[Problem]:
    """Contradictions between settings that are each fine by themselves."""
    if len(managed_by) > _LONGEST_MANAGER:
        yield Problem(
            "orgkey:owner",
            f"and the stack's name have {len(managed_by)} characters; at most {_LONGEST_MANAGER} fit into the ownership marker",
        )
    user, users = values.get("integrationUser"), values.get("users")
    if not isinstance(user, str) or not isinstance(users, list) or not users:
        return
    if name_key(user) not in {name_key(str(name)) for name in users}:
        yield Problem(
            "orgkey:integrationUser",
            "is none of orgkey:users, so it would not hold the permission set",
        )


def problems_beyond_types(
    values: Mapping[str, Any], kind: str, reported: Collection[str], now: float
) -> Iterable[Problem]:
    """What the types of settings cannot check, one setting at a time; nothing about a path in `reported`, which has a problem already."""
    key = values.get("key")
    if isinstance(key, Mapping):
        alone = "orgkey:key" in reported  # a key without its certificate, or the other way round: that says it
        own = (None, None) if alone else (key.get("privateKeyPem"), key.get("certificatePem"))
        judged = (key.get("subject"), *own)
        found = (Problem(f"orgkey:key.{name}", reason) for name, reason in key_pair_problems(*judged, now=now))
        yield from (problem for problem in found if problem.path not in reported)
    imports, consumer_key = values.get("import"), key.get("consumerKey") if isinstance(key, Mapping) else None
    if isinstance(imports, Mapping) and imports.get("app") is True and not consumer_key:
        yield _key_of_an_import(SettingPlace())
    assignments = values.get("assignments")
    expiration = assignments.get("expiration") if isinstance(assignments, Mapping) else None
    if (
        expiration
        and "orgkey:assignments.expiration" not in reported
        and (past := expiration_problem(str(expiration), now))
    ):
        yield Problem("orgkey:assignments.expiration", past)
    ignored = values.get("ignore")
    if isinstance(ignored, list) and not any(path.startswith("orgkey:ignore") for path in reported):
        yield from ignore_problems(map(str, ignored), APP_KINDS[kind], "orgkey:ignore")


def problems_of_generations(others: OtherSettings, first: Any) -> Iterable[Problem]:
    """What contradicts itself in the generations of the app; `first` is the name of its first one."""
    for problem in generation_problems(first, others.generation, others.retiring):
        yield Problem(f"orgkey:{problem.path}", problem.reason)
    keys = [("orgkey:key.consumerKey", others.key.consumer_key)]
    for index, each in enumerate(others.retiring):
        place = SettingPlace(generation=f"{RETIRING}[{index}]")
        keys.append((place.setting("key.consumerKey"), each.key.consumer_key if each.key else None))
        if each.imported and not keys[-1][1]:
            yield _key_of_an_import(place)
        if each.key and each.key.private_key_pem:
            yield Problem(
                place.setting("key.privateKeyPem"),
                "does not belong here: the key pair of a generation that retires is in state already, and stays as it is",
            )
    yield from consumer_key_problems(keys)


def _key_of_an_import(place: SettingPlace) -> Problem:
    """The consumer key is missing of an app that is taken over."""
    return Problem(
        place.setting("key.consumerKey"),
        place.told(
            "is required with orgkey:import.app, because an app keeps the consumer key that it has: copy it from Setup (External Client "
            "App Manager or App Manager > the app > OAuth settings > Consumer Key and Secret), then "
            "`pulumi config set --stack STACK --path orgkey:key.consumerKey <the app's consumer key>`; "
            "an app that has none yet gets the one given here"
        ),
    )


def open_key(key: Any, secrets: Secrets) -> Iterable[Problem]:
    """A private key that the stack file has in clear, from where it goes into every copy and into the state's history."""
    if isinstance(key, Mapping) and key.get("privateKeyPem") and not secrets.touch("orgkey:key.privateKeyPem"):
        yield Problem(
            "orgkey:key.privateKeyPem",
            "is no secret, so it lies in clear in the stack file and in the state's history; take it out, and set it again with "
            "`pulumi config set --secret --path orgkey:key.privateKeyPem --stack STACK < key.pem` (a new key, if others can read the file)",
        )

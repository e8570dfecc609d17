"""Where the settings of each resource are written, as the component tells that declares it; and what of a retiring key pair may change.

A component says it with its key pairs, which are checked before anything else of it (`settingsAt`); nothing of that is kept. Without it,
as in a refresh or under a `--target` without the key pair, a later generation is called by its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from orgkey.model.setting_place import SettingPlace, Written
from orgkey.provider.engine_run import Run
from orgkey.provider.preview import COMPONENT
from orgkey.provider.urn import Urn
from orgkey.provider.wire import Properties

SETTINGS_AT = "settingsAt"
"""The input of a key pair by which a component tells it."""
_PART = re.compile(r"(?P<component>.*)-(?P<part>key|set|assignments|app|grant)(?:-(?P<number>[0-9]+))?", re.DOTALL)
_SHARED, _OF_ALL = 0, ("set", "assignments")
"""What the generations share, in place of a number, and the parts that it is."""
_APPS, _KEY = ("ExternalClientApp", "ConnectedApp"), "consumerKey"


def note_place(run: Run, urn: str, hint: object) -> None:
    """Note where a component says that the settings of a key pair's generation are: `orgkey:retiring[0]`."""
    found = _found(urn)
    if found is None or not isinstance(hint, str) or not hint:
        return
    component, _, number = found
    place = run.places[component, number] = SettingPlace.of_hint(hint, number)
    run.places[component, _SHARED] = SettingPlace(place.written)


def place_of(run: Run, urn: str) -> SettingPlace:
    """Where the settings of a resource are; a stack file's for what is none."""
    if not urn:
        return SettingPlace()
    found = _found(urn)
    if found is None:
        return SettingPlace(Written.INPUTS)
    component, part, number = found
    if part in _OF_ALL:
        return run.places.get((component, _SHARED), SettingPlace())
    return run.places.get((component, number), SettingPlace(generation="", number=number))


def with_key_kept(run: Run, urn: str, news: Properties, olds: Properties) -> Properties:
    """The inputs of a key pair; a retiring one keeps the consumer key that the state has, whatever is said of it by now.

    But another one that is given is taken where it is the one that its app has, and while the state has no such app: a wrong one would
    stop every `up`, and nobody uses it yet. A check without old inputs, of a replacement, goes by the one before.
    """
    if not place_of(run, urn).is_retiring:
        return news
    if olds and not _is_free(run, urn, news.values.get(_KEY)):
        run.kept_keys[urn] = Properties({_KEY: olds.values.get(_KEY)}, olds.secrets & {_KEY})
    elif olds:
        run.kept_keys.pop(urn, None)
    if (kept := run.kept_keys.get(urn)) is None:
        return news
    values = {**news.values, **kept.values}
    secrets = (news.secrets - {_KEY}) | kept.secrets
    return Properties({name: value for name, value in values.items() if value is not None}, secrets)


def _is_free(run: Run, urn: str, given: object) -> bool:
    """Whether a consumer key that is given is the app's, or there is no app of this generation, as far as this run read the component."""
    if given is None:
        return False
    apps = list(_siblings(urn, "app", _APPS))
    seen = run.seen_apps.get(given) if isinstance(given, str) else None
    if seen is not None and seen.urn in apps:
        return True
    was_read = any(each in run.lasting for each in _siblings(urn, "set", ("PermissionSet",)))
    return was_read and not any(each in run.lasting for each in apps)


def _siblings(urn: str, part: str, types: tuple[str, ...]) -> Iterator[str]:
    """URNs of another part of the same component; of the same generation, where each has one."""
    own, found = Urn.parse(urn), _PART.fullmatch(Urn.parse(urn).name)
    if found is None:
        return
    number = f"-{found['number']}" if found["number"] and part not in _OF_ALL else ""
    for each in types:
        kind = f"{own.type.rpartition(':')[0]}:{each}"
        yield f"urn:pulumi:{own.stack}::{own.project}::{own.parent_type}${kind}::{found['component']}-{part}{number}"


def _found(urn: str) -> tuple[str, str, int] | None:
    """The component of a resource, in a text that no other has, which part it is and of which generation; None for one of none."""
    read = Urn.parse(urn)
    found = _PART.fullmatch(read.name)
    if found is None or not read.parent_type.endswith(COMPONENT):
        return None
    component = "::".join((read.stack, read.project, read.parent_type, found["component"]))
    return component, found["part"], int(found["number"] or 1)

"""Whether two generations of an app have the same key pair: who has the key of the one logs in through the other.

A new name or kind of an app may keep the key on purpose. Where one is blocked because its key has leaked, the other must not have it.
"""

from __future__ import annotations

from collections.abc import Iterator

from orgkey.model.generations import number_of, part_name
from orgkey.model.setting_place import SettingPlace
from orgkey.provider.engine_run import Run, SeenKey
from orgkey.provider.setting_places import place_of
from orgkey.provider.urn import Urn

_KEY = "key"


def note_key(run: Run, urn: str, public: str, *, blocked: bool) -> None:
    """Note a key pair that a program declares; one that is known stays known."""
    before = run.keys.get(urn)
    run.keys[urn] = SeenKey(public or (before.public if before else ""), blocked)


def shared_key(run: Run, urn: str) -> tuple[list[str], list[str]]:
    """What to refuse of a declared key pair because another generation has the same, and what to tell."""
    refused, told = [], []
    own, urn_of = run.keys[urn], Urn.parse(urn)
    number = number_of(urn_of.name)
    for other_number, other in _keys_of(run, urn_of, _base(urn_of.name, _KEY)):
        if other_number == number or not own.public or own.public != other.public or (own.blocked and other.blocked):
            continue
        if own.blocked or other.blocked:
            shut, still_open = (number, other_number) if own.blocked else (other_number, number)
            refused.append(
                f"Generation {still_open} has the same key pair as generation {shut}, which is blocked: who has that key would log in "
                f"through generation {still_open}. "
                + _way_out(place_of(run, _of_generation(urn, still_open)), still_open)
            )
        else:
            newer, older = max(number, other_number), min(number, other_number)
            told.append(
                f"generation {newer} has the same key pair as generation {older}: who has the old key logs in with it"
            )
    return refused, told


def _way_out(place: SettingPlace, number: int) -> str:
    """How a generation that is still open gets another key pair than a blocked one's, or goes."""
    retiring = f"set {place.setting('app.blocked')} to true, or take it out of orgkey:retiring"
    if place.is_retiring:
        return retiring[0].upper() + retiring[1:]
    current = (
        "Take privateKeyPem, certificatePem and consumerKey out of orgkey:key to have a new key pair made, or give another one; for one "
        "that was made here, give another `generation` in orgkey:key"
    )
    return (
        current
        if place.generation
        else f"{current}. Where generation {number} retires, block it too, or take it out of orgkey:retiring"
    )


def _of_generation(urn: str, number: int) -> str:
    """The URN of another generation's key pair."""
    name = Urn.parse(urn).name
    return urn.removesuffix(name) + str(_base(name, _KEY) or "") + part_name(_KEY, number)


def blocked_generations(run: Run, urn: str, part: str) -> set[int]:
    """Numbers of the generations that a program declares to be blocked, of the component whose `part` (as `grant`) has that URN."""
    own = Urn.parse(urn)
    base = _base(own.name, part)
    return {number for number, seen in _keys_of(run, own, base) if seen.blocked}


def _keys_of(run: Run, own: Urn, base: str | None) -> Iterator[tuple[int, SeenKey]]:
    """The key pairs of the component to which a resource belongs, with the numbers of their generations."""
    where = (own.stack, own.project, own.parent_type)
    for other, seen in list(run.keys.items()):
        its = Urn.parse(other)
        same = bool(own.parent_type) and (its.stack, its.project, its.parent_type) == where
        if same and base is not None and _base(its.name, _KEY) == base:
            yield number_of(its.name), seen


def _base(name: str, part: str) -> str | None:
    """The component's name and a dash, of the name of one of its parts; None for any other name."""
    end = part_name(part, number_of(name))
    return name.removesuffix(end) if name.endswith(f"-{end}") else None

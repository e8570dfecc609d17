"""A stack file for an app that is there already: what is written of it, which set, which users, and what is said of the rest. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orgkey.metadata.certificate import fingerprint
from orgkey.metadata.codec import Value
from orgkey.metadata.compare import differences
from orgkey.metadata.identifiers import name_key
from orgkey.metadata.members import Resource
from orgkey.metadata.parts import described
from orgkey.model.jwt_flow import jwt_flow_problems, permission_set_problems
from orgkey.model.names import permission_set_of
from orgkey.stack_file.metadata_settings import MADE_BY_US
from orgkey.start.app_seen import LOGIN_DAYS, Admitted, SetSeen
from orgkey.start.look import OrgSeen
from orgkey.start.proposal import guards, key_settings, problems_of, user_needed, users_settings
from orgkey.start.users import Candidate, the_one
from orgkey.start.wishes import Draft, DraftError, Wishes

_MOST_HOLDERS = 20
"""Holders of a set who are all written down; of more only those who look like integration users."""
_OFF = (">false<", ">None<")
"""Values of a part that a new app has too, so that nothing is said of it."""
_ELSEWHERE = MADE_BY_US | {"name", "label", "contactEmail", "permissionSets", "profiles"}


@dataclass(frozen=True, slots=True)
class ChosenSet:
    """The permission set of a stack: None where one is to be made; `why` is a sentence."""

    name: str
    seen: SetSeen | None
    why: str


def adopted(
    wishes: Wishes,
    org: OrgSeen,
    admitted: Admitted,
    connection: Mapping[str, Any],
    *,
    project: str,
    stack: str,
) -> Draft:
    """A stack file with which a first `up` changes nothing but the ownership line, unless the key is new.

    Raises DraftError with everything that is missing.
    """
    own_set = choose_set(admitted, wishes.permission_set, wishes.users)
    users, why_users, missing = choose_users(admitted, own_set, wishes.users, org.users)
    if not (consumer_key := wishes.consumer_key or admitted.consumer_key):
        missing.append(
            f"--consumer-key KEY is needed: the org does not show that of {admitted.app.name}. Setup shows it (the app > OAuth settings)."
        )
    if missing:
        raise DraftError(missing)
    app, of_flow = _app(admitted, wishes, own_set)
    key = key_settings(wishes)
    kept, possible = guards(org)
    imports = {"app": True, **({"permissionSet": True, "assignments": True} if own_set.seen else {})}
    config = {
        **connection,
        **kept,
        "orgkey:app": app,
        **users_settings(users, wishes.integration_user),
        "orgkey:permissionSet": _permission_set(own_set),
        "orgkey:assignments": {"authoritative": False},
        "orgkey:key": {"consumerKey": consumer_key, **key},
        "orgkey:import": imports,
    }
    config, ignored = _takeable(config, project=project, stack=stack, private_key=wishes.private_key)
    warnings = [*of_flow, *ignored, *_of_key(admitted, wishes), *_not_shown(admitted), *_parts(admitted, own_set)]
    all_notes = {
        "orgkey:app": (f"Settings of {admitted.app.in_words} as it is; what is not here has its default.",),
        "orgkey:users": (f"Written down: {why_users}.",),
        "orgkey:permissionSet": (f"{own_set.why}.",),
        "orgkey:assignments.authoritative": ("Nobody loses the set who holds it by now.",),
        "orgkey:import": ("Take these lines out after the first `pulumi up`.",),
        "orgkey:key.consumerKey": ("The app's own: an app keeps the consumer key that it has.",),
    }
    says = (f"permission set {own_set.name}: {own_set.why}", f"users {', '.join(users)}: {why_users}")
    return Draft(config, all_notes, possible, says, tuple(warnings))


def choose_set(admitted: Admitted, wanted: str, users: Sequence[str]) -> ChosenSet:
    """The set that the stack manages: the one that was named, the only one, or the best of several; else one that is to be made."""
    if wanted:
        seen = next((each for each in admitted.sets if name_key(each.name) == name_key(wanted)), None)
        if seen is None:
            return ChosenSet(wanted, None, "It was named, and the org does not have it: it is made")
        _refuse_unusable(seen)
        there = "the app admits its holders" if seen.admitted else "the org has it, and the app is to admit its holders"
        return ChosenSet(seen.name, seen, f"It was named: {there}")
    usable = usable_sets(admitted)
    if not usable:
        return _new_set(admitted)
    if len(usable) == 1:
        return ChosenSet(usable[0].name, usable[0], f"The one set whose holders the app admits{_more(usable[0])}")
    best, reason = _best(usable, admitted, users)
    others = ", ".join(each.name for each in usable if each is not best)
    return ChosenSet(
        best.name,
        best,
        f"Of {len(usable)} sets whose holders the app admits it is proposed because {reason}; admitted as before: {others}. "
        f"Another one: --permission-set NAME",
    )


def usable_sets(admitted: Admitted) -> list[SetSeen]:
    """The sets whose holders the app admits, and that a stack can have."""
    return [each for each in admitted.sets if each.admitted and not _unusable(each)]


def choose_users(
    admitted: Admitted, own_set: ChosenSet, wanted: Sequence[str], found: Sequence[Candidate]
) -> tuple[list[str], str, list[str]]:
    """Who is written down, why, and what is missing where nobody suggests themselves."""
    if wanted:
        return list(wanted), "named by --user", []
    logging_in = [name_key(each) for each in admitted.who_logs_in]
    looking = [name_key(each.username) for each in found]
    if own_set.seen:
        holders = [each for each in own_set.seen.holders if each.active is not False and not each.expires]
        names = sorted((each.username for each in holders), key=lambda name: _rank(name, logging_in, looking))
        if 0 < len(names) <= _MOST_HOLDERS:
            return names, f"everybody who holds {own_set.name}, is active and does not lose it by a date", []
        likely = [name for name in names if name_key(name) in {*logging_in, *looking}]
        if likely:
            few = f"of {len(names)} holders those who log in through the app or look like integration users; the others keep it"
            return likely[:_MOST_HOLDERS], few, []
    if admitted.who_logs_in:
        return (
            list(admitted.who_logs_in[:_MOST_HOLDERS]),
            f"who logged in through the app in the last {LOGIN_DAYS} days",
            [],
        )
    if best := the_one(found):
        return [best.username], best.why, []
    return [], "", [user_needed(found)]


def _rank(name: str, logging_in: Sequence[str], looking: Sequence[str]) -> tuple[int, int, str]:
    """Who comes first: who logged in last through the app, then who looks most like an integration user."""
    key = name_key(name)
    places = (order.index(key) if key in order else len(order) for order in (logging_in, looking))
    return (*places, key)  # type: ignore[return-value]


def _best(sets: Sequence[SetSeen], admitted: Admitted, users: Sequence[str]) -> tuple[SetSeen, str]:
    """The set by the first rule that tells them apart."""
    wanted, logging_in = set(map(name_key, users)), set(map(name_key, admitted.who_logs_in))

    def holds(each: SetSeen, names: set[str]) -> int:
        return len(names & {name_key(holder.username) for holder in each.holders})

    rules: tuple[tuple[str, Callable[[SetSeen], int]], ...] = (
        ("the users that were named hold it", lambda each: -holds(each, wanted)),
        ("who logs in through the app holds it", lambda each: -holds(each, logging_in)),
        ("it gives nothing but access to apps", lambda each: int(each.gives_more)),
        ("nothing else hangs on it", lambda each: len(each.usage.groups) + len(each.usage.apps)),
        ("somebody holds it", lambda each: int(not each.holders)),
        ("the fewest hold it", lambda each: len(each.holders)),
    )
    left = list(sets)
    for reason, weigh in rules:
        lowest = min(map(weigh, left))
        fewer = [each for each in left if weigh(each) == lowest]
        if len(fewer) == 1:
            return fewer[0], reason
        left = fewer
    return min(left, key=lambda each: name_key(each.name)), "its name comes first, and nothing else tells them apart"


def _new_set(admitted: Admitted) -> ChosenSet:
    name = permission_set_of(admitted.app.name)
    why = []
    if admitted.profiles:
        why.append(f"the app admits profiles ({', '.join(admitted.profiles)}), which stay")
    if admitted.others:
        why.append(f"the app admits sets of packages ({', '.join(admitted.others)}), which stay")
    unusable = [f"{each.name} {_unusable(each)}" for each in admitted.sets if each.admitted]
    if unusable:
        why.append("; ".join(unusable))
    reason = f"No set of the org's own can be taken over: {'; '.join(why) or 'the app admits none'}"
    there = next((each for each in admitted.sets if not each.admitted and name_key(each.name) == name_key(name)), None)
    if there and not _unusable(there):
        return ChosenSet(there.name, there, f"{reason}. The org has {there.name}, and the app is to admit its holders")
    if there:
        raise DraftError([f"--permission-set NAME is needed: the org has {name}, which {_unusable(there)}."])
    return ChosenSet(name, None, f"{reason}. So it is made")


def _unusable(each: SetSeen) -> str:
    """Why a stack cannot have a set, as the end of a sentence that begins with its name; empty where it can."""
    if each.taken:
        return f"is managed by orgkey {each.taken}"
    if any(permission_set_problems(each.found.settings)):
        return "is bound to a licence whose sets pre-authorize nobody"
    return ""


def _refuse_unusable(each: SetSeen) -> None:
    if reason := _unusable(each):
        raise DraftError([f"--permission-set {each.name} {reason}: name another one."])


def _more(each: SetSeen) -> str:
    """What else a set is for, so that nobody is surprised that a stack manages it."""
    used = [each.usage.in_words] if len(each.usage.apps) > 1 or each.usage.groups else []
    more = ["it gives more than access to the app"] if each.gives_more else []
    if not (told := [*more, *used]):
        return ""
    return f" ({' and '.join(told)}; to leave it alone, name another one by --permission-set)"


def _app(admitted: Admitted, wishes: Wishes, own_set: ChosenSet) -> tuple[dict[str, Any], list[str]]:
    """`orgkey:app`: what differs from the defaults, and whom it admits beside our set; and what the flow needs changed."""
    settings = admitted.found.settings
    resource = admitted.app.resource
    differing = {each.path: each.after for each in differences(resource, {}, settings) if each.path not in _ELSEWHERE}
    changed, of_flow = _for_the_flow({**differing})
    sets = [each.name for each in admitted.sets if each.admitted and name_key(each.name) != name_key(own_set.name)]
    app: dict[str, Any] = {
        "name": admitted.app.name,
        "kind": admitted.app.kind,
        "label": wishes.label or str(settings["label"]),
        "contactEmail": wishes.contact_email or str(settings["contactEmail"]),
        **{name: _plain(value) for name, value in changed.items()},
        **({"permissionSets": [*sets, *admitted.others]} if sets or admitted.others else {}),
        **({"profiles": list(admitted.profiles)} if admitted.profiles else {}),
    }
    return app, of_flow


def _for_the_flow(settings: dict[str, Value]) -> tuple[dict[str, Value], list[str]]:
    """The settings without what stands against a JWT login, and what is said of each."""
    told = []
    for problem in jwt_flow_problems(settings):
        scopes = settings.get("scopes")
        if problem.path == "scopes" and isinstance(scopes, list):
            needed = [name for name in ("Api", "RefreshToken") if name not in scopes]
            settings["scopes"] = [*map(str, scopes), *(needed if "Full" not in scopes else ["RefreshToken"])]
        else:
            settings.pop(problem.path, None)
        loses = "; whoever approved the app alone, and holds no set or profile that it admits, is locked out"
        more = loses if problem.path == "permittedUsers" else ""
        told.append(f"orgkey:app.{problem.path} of the app changes: it {problem.reason}{more}")
    if isinstance(scopes := settings.get("scopes"), list):
        settings["scopes"] = list(dict.fromkeys(map(str, scopes)))
    return settings, told


def _permission_set(own_set: ChosenSet) -> dict[str, Any]:
    if own_set.seen is None:
        return {"name": own_set.name}
    found = own_set.seen.found.settings
    written = {each.path: _plain(each.after) for each in differences(Resource.PERMISSION_SET, {}, found)}
    return {**written, "name": own_set.name}


def _takeable(
    config: dict[str, Any], *, project: str, stack: str, private_key: str
) -> tuple[dict[str, Any], list[str]]:
    """The settings without those that the org has and no stack file takes: they stay as they are, and are ignored."""
    ignored: dict[str, str] = {}
    for problem in problems_of(config, project=project, stack=stack, private_key=private_key):
        part, _, rest = problem.path.removeprefix("orgkey:").partition(".")
        name = rest.partition("[")[0].partition(".")[0]
        if part in {"app", "permissionSet"} and name not in {"", "name", "contactEmail", "kind"}:
            ignored.setdefault(f"{part}.{name}", problem.reason)
    left = dict(config)
    for path in ignored:
        part, _, name = path.partition(".")
        left[f"orgkey:{part}"] = {key: value for key, value in left[f"orgkey:{part}"].items() if key != name}
    if ignored:
        left["orgkey:ignore"] = sorted(ignored)
    told = [
        f"{path} cannot be carried over ({reason}): it stays as it is in the org, by orgkey:ignore"
        for path, reason in ignored.items()
    ]
    return left, told


def _of_key(admitted: Admitted, wishes: Wishes) -> list[str]:
    """Whom the key cuts off, if anybody."""
    who = admitted.who_logs_in
    days = f"in the last {LOGIN_DAYS} days"
    named = f" Logged in through it {days}: {', '.join(who[:_MOST_HOLDERS])}." if who else ""
    name = admitted.app.name
    if not wishes.certificate:
        cut = f"the stack makes a new key, so clients that log in through {name} now are cut off by the first `pulumi up`."
        return [f"{cut}{named} To keep their key: --key FILE --certificate FILE"]
    if not admitted.certificate:
        return [f"the org does not show the certificate of {name}: whether it is yours is not known.{named}"]
    theirs, yours = fingerprint(admitted.certificate), fingerprint(wishes.certificate)
    if theirs == yours:
        return []
    other = f"the app has the certificate {theirs}, and yours is {yours}: if it is of another key, clients that log in now are cut off."
    return [f"{other}{named}"]


def _not_shown(admitted: Admitted) -> list[str]:
    return [f"not shown to this login: {each}" for each in admitted.unseen]


def _parts(admitted: Admitted, own_set: ChosenSet) -> list[str]:
    """What no setting names: kept as it is, and said by name."""
    found = [*admitted.found.unknown_parts, *(own_set.seen.found.unknown_parts if own_set.seen else ())]
    parts = [each for each in found if not any(off in each.xml for off in _OFF)]
    if not parts:
        return []
    named = ", ".join(dict.fromkeys(map(described, parts)))
    return [f"no setting gives this, and it is kept as it is (orgkey:app.carryOver): {named}"]


def _plain(value: Value) -> Any:
    """A value as YAML writes it."""
    if isinstance(value, list | tuple):
        return [dict(each) if isinstance(each, Mapping) else each for each in value]
    return value

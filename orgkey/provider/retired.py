"""Generations that a program declares no more: who used each of them last, told before an `up` takes it away.

The engine calls no verb for a deletion in a preview. So the proof of the current generation is given the numbers of those that are
declared; a proof that is in state under the same component's name, with another number, is of one that goes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from orgkey.metadata.identifiers import name_key
from orgkey.model.generations import number_of, part_name
from orgkey.model.grant import UNUSED_AFTER_DAYS
from orgkey.provider.adoption import is_taken_over
from orgkey.provider.engine_run import Run, SeenApp, SeenGrant
from orgkey.provider.handler import Operation, Values
from orgkey.provider.same_key import blocked_generations
from orgkey.provider.urn import Urn
from orgkey.salesforce.app_logins import AppLogin, AppLogins, addresses_of_runs, is_within, read_app_logins
from orgkey.salesforce.errors import SalesforceError

_GRANT, _PART, _APPS = "JwtGrant", "grant", ("ExternalClientApp", "ConnectedApp")
_SHOWN = 5  # users and addresses in one warning


@dataclass(frozen=True, slots=True)
class Retired:
    """A generation that is in state and declared no more."""

    number: int
    app: SeenApp
    grant: SeenGrant


def note_read(run: Run, urn: str, type_name: str, outputs: Values) -> None:
    """Note what a Read found of an app or a proof."""
    key = str(outputs.get("consumerKey") or "")
    if type_name == _GRANT:
        blocked = outputs.get("blocked") is True and outputs.get("verified") is not True
        run.grants[urn] = SeenGrant(
            key, str(outputs.get("username") or ""), str(outputs.get("userId") or ""), blocked=blocked
        )
    elif type_name in _APPS:
        run.seen_apps[key] = SeenApp(
            urn,
            str(outputs.get("name") or ""),
            str(outputs.get("label") or ""),
            taken_over=is_taken_over(outputs),
            outputs=outputs,
        )


def retired_by(run: Run, urn: str, inputs: Values) -> Iterator[Retired]:
    """The generations in state that are declared no more; told by the proof of the current one, as its URN and inputs say, alone."""
    declared = inputs.get("generations")
    numbers = (
        [int(each) for each in declared if isinstance(each, int | float)] if isinstance(declared, list | tuple) else []
    )
    current, own = (numbers or [1])[0], Urn.parse(urn)
    if not own.name.endswith(part_name(_PART, current)):
        return
    base = own.name.removesuffix(part_name(_PART, current))
    for other, grant in list(run.grants.items()):
        read = Urn.parse(other)
        number = _number(read.name, base)
        same = (read.stack, read.project, read.parent_type) == (own.stack, own.project, own.parent_type)
        if number is None or not same or not own.parent_type or number in (numbers or [1]):
            continue
        if app := run.seen_apps.get(grant.consumer_key):  # an app that is gone serves nobody
            yield Retired(number, app, grant)


def going_on(run: Run, urn: str, inputs: Values) -> str:
    """What a new current generation means for the clients of those that retire; empty where nothing of it is new."""
    declared = inputs.get("generations")
    numbers = (
        [int(each) for each in declared if isinstance(each, int | float)] if isinstance(declared, list | tuple) else []
    )
    own = Urn.parse(urn)
    if urn in run.grants or not numbers or not own.name.endswith(part_name(_PART, numbers[0])):
        return ""
    base = own.name.removesuffix(part_name(_PART, numbers[0]))
    known = {_number(Urn.parse(other).name, base) for other in list(run.grants)}
    stay = [number for number in numbers[1:] if number in known]
    if not stay:
        return ""
    shut = blocked_generations(run, urn, _PART)
    said = [
        f"generation {numbers[0]} is new, and blocked: no client can log in through it"
        if inputs.get("blocked") is True
        else f"generation {numbers[0]} is new, and handed out once its login is proved"
    ]
    if going := [number for number in stay if number not in shut]:
        said.append(f"Clients of {_named(going)} log in as before, until theirs is taken out of orgkey:retiring")
    if gone := [number for number in stay if number in shut]:
        said.append(f"Clients of {_named(gone)} are cut off: {'it is' if len(gone) == 1 else 'they are'} blocked")
    return ". ".join(said)


def _named(numbers: Sequence[int]) -> str:
    listed = ", ".join(map(str, numbers))
    return f"generation {listed}" if len(numbers) == 1 else f"generations {listed}"


def block_of(run: Run, urn: str, inputs: Values) -> str:
    """What it means for clients that a generation is blocked, or let in again; empty where neither changes."""
    name, wanted = Urn.parse(urn).name, inputs.get("blocked") is True
    seen = run.grants.get(urn)
    if wanted is (seen is not None and seen.blocked):
        return ""
    which = f"generation {number_of(name)}" if inputs.get("generations") else "the app"
    if not wanted:
        return f"this `up` lets {which} in again: who has its key logs in as before the block"
    return f"this `up` blocks {which}: its clients are cut off, and the sessions and refresh tokens that its app gave out are ended"


def is_retiring(urn: str, inputs: Values) -> bool:
    """Whether a proof is of a generation that is still accepted, and not of the current one."""
    declared = inputs.get("generations")
    if not isinstance(declared, list | tuple) or len(declared) < 2:  # noqa: PLR2004 — the current one and another
        return False
    return not Urn.parse(urn).name.endswith(part_name(_PART, int(declared[0])))


@dataclass(frozen=True, slots=True)
class Uses:
    """Good logins through an app but for this run's own, newest first; `here` are the addresses that the run's own came from."""

    logins: tuple[AppLogin, ...]
    here: frozenset[str]

    def is_here(self, login: AppLogin, username: str) -> bool:
        """Whether a login may be a proof of an earlier run on this machine."""
        return login.address in self.here and name_key(login.username) == name_key(username)


def uses_of(
    seen: AppLogins, label: str, username: str, run: tuple[datetime, datetime], proved: Collection[str] = ()
) -> Uses:
    """Who used an app, by its label; `username` is whose login is proved, `run` from when to when this run was.

    `proved` are labels of other apps of the stack: this run's proofs through them tell its address, where it made none through this one.
    """
    good = [each for each in seen.of({label, *proved}) if each.good]
    proofs = [each for each in good if name_key(each.username) == name_key(username)]
    here = addresses_of_runs(proofs, [run])
    good = [each for each in good if each.application == label]
    return Uses(
        tuple(each for each in good if not (each in proofs and each.address in here and is_within(each, run))), here
    )


def last_uses(retired: Retired, inputs: Values, operation: Operation) -> tuple[str, bool]:
    """Who used a generation in the last days, in words, and whether anybody did; asks the org."""
    days = int(inputs.get("unusedAfterDays") or UNUSED_AFTER_DAYS)
    now = datetime.fromtimestamp(operation.clock.now(), UTC)
    what = f"generation {retired.number} ({retired.app.name}) is declared no more, and an `up` takes it away"
    in_last = f"in the last {days} day{'' if days == 1 else 's'}"
    users = {retired.grant.user_id} - {""}
    try:
        seen = read_app_logins(operation.snapshot, users, now - timedelta(days=days))
    except SalesforceError as error:
        why = str(error).replace("\n", " ")
        return f"{what}. Whether somebody used it {in_last} is not known: {why}", True
    run = (datetime.fromtimestamp(operation.run.started, UTC), now)
    labels = {each.label for each in list(operation.run.seen_apps.values())}
    used = uses_of(seen, retired.app.label, retired.grant.username, run, labels)
    if not used.logins:
        return f"{what}. No login through it is seen {in_last} but this run's own.", False
    told = _in_words(used, retired)
    return (
        f"{what}. It was used {in_last}: {told}. `orgkey usage --stack {Urn.parse(operation.urn).stack}` shows it all.",
        True,
    )


def _in_words(used: Uses, retired: Retired) -> str:
    groups: dict[tuple[str, str, bool], list[datetime]] = {}
    for each in used.logins:
        own = used.is_here(each, retired.grant.username)
        groups.setdefault((each.username, each.address, own), []).append(each.at)
    lines = []
    for (username, address, own), times in sorted(groups.items(), key=lambda each: max(each[1]), reverse=True):
        logins = f"{len(times)} login{'' if len(times) == 1 else 's'}"
        where = f"{address}, this machine's address: proofs of earlier runs here are among them" if own else address
        lines.append(f"{username}, last at {max(times).astimezone(UTC):%Y-%m-%d %H:%M:%S}Z, {logins} from {where}")
    more = f"; and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return "; ".join(lines[:_SHOWN]) + more


def _number(name: str, base: str) -> int | None:
    """Number of the generation that a proof's name tells, for a component whose proofs' names begin with `base`."""
    part = name.removeprefix(base) if name.startswith(base) else ""
    first = part_name(_PART, 1)
    number = 1 if part == first else int(tail) if (tail := part.removeprefix(f"{first}-")).isdecimal() else None
    return number if number is not None and part == part_name(_PART, number) else None

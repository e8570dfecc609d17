"""The drift check of one stack: the engine's `refresh --preview-only` with our provider in this process, judged.

Whatever goes wrong stays within the stack: it is reported as "could not tell" with the reason.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orgkey.fleet.attached import attach
from orgkey.fleet.components import Component, components_of
from orgkey.fleet.digest import Digest, DigestError, parse_digest, path_of
from orgkey.fleet.engine import Engine, EngineError, EngineTimeoutError, Process
from orgkey.fleet.findings import REMEDIES, Action
from orgkey.fleet.judge import certificate_of, certificates_of, judge, org_of
from orgkey.fleet.project import (
    NoSettingsError,
    Project,
    Stack,
    StackFileError,
    connection_config,
    instance_url,
    written_as,
)
from orgkey.fleet.provider import DriftProvider, DriftProviders, Reading
from orgkey.fleet.report import Component as Access
from orgkey.fleet.report import Finding, StackReport, Unknown, could_not_tell, verdict_of
from orgkey.fleet.retiring import retiring_findings, retiring_uses
from orgkey.model.setting_place import SettingPlace, Written
from orgkey.salesforce.errors import CanceledError

_LAST_WORD = 5.0  # seconds for the engine to end by itself, once the org is given up


@dataclass(slots=True)
class DriftChecker:
    """Checks stacks for drift, several at a time.

    `seconds` is how long the check of a stack may take; `expiring_within` how long before its end a certificate is a finding.
    """

    engine: Engine
    project: Project
    language_port: int
    environment: Mapping[str, str] = field(repr=False)
    seconds: float
    expiring_within: timedelta
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _under_way: set[_Attempt] = field(default_factory=set)
    _stopped: bool = False

    def check(self, stack: Stack, *, seconds: float) -> StackReport:
        """Check a stack, for at most `seconds` if that is less than a check may take; never raises for what is wrong with it."""
        started = time.monotonic()
        try:
            report = self._check(stack, min(self.seconds, seconds))
        except (StackFileError, EngineError, DigestError) as error:
            report = could_not_tell(stack.project, stack.name, str(error), instance_url=instance_url(stack))
        except Exception as error:  # noqa: BLE001 — one stack's trouble is its own, whatever it is; its text may hold anything
            reason = f"orgkey failed with an unexpected {type(error).__name__}. Please report it."
            report = could_not_tell(stack.project, stack.name, reason, instance_url=instance_url(stack))
        return report.model_copy(update={"seconds": round(time.monotonic() - started, 3)})

    def stop(self) -> None:
        """Give up all that is under way, at once, and begin nothing more."""
        self._stopped = True
        for attempt in list(self._under_way):
            attempt.give_up()
            attempt.process.kill()

    def _check(self, stack: Stack, seconds: float) -> StackReport:
        deadline = time.monotonic() + seconds
        missing: NoSettingsError | None = None
        try:
            config = connection_config(self.project, stack, self.engine, seconds=seconds)
        except NoSettingsError as error:  # the state has those of a provider that the program made itself
            config, missing = {}, error
        environment, reading = {**self.environment, "PULUMI_CONFIG": json.dumps(config)}, Reading()
        providers = DriftProviders(lambda: DriftProvider(reading, environment=environment))
        with (
            attach(providers, self.language_port, runtime=self.project.runtime) as ports,
            _copy_of(stack.file) as file,
        ):
            command = ["refresh", "--preview-only", "--json", "--stack", stack.name, "--config-file", str(file)]
            attempt = _Attempt(self.engine.start(command, folder=self.project.folder, extra=ports), providers)
            self._under_way.add(attempt)
            try:
                if self._stopped:
                    attempt.process.kill()
                digest = attempt.answer(deadline - time.monotonic())
            except EngineTimeoutError:
                raise EngineTimeoutError(f"No answer within {seconds:g} s.") from None
            finally:
                self._under_way.discard(attempt)
        late = f"No answer within {seconds:g} s." if attempt.late else ""
        if missing and not digest.errors and not any(each.steps for each in components_of(digest)):
            raise missing
        return self._report(stack, digest, reading, late=late)

    def _report(self, stack: Stack, digest: Digest, reading: Reading, *, late: str) -> StackReport:
        components = components_of(digest)
        unknown = unknown_of(digest, components, reading, late=late)
        found = judge(
            digest,
            components,
            now=self.now(),
            expiring_within=self.expiring_within,
            unread=reading.failed.keys(),
            partly_read=reading.partly_read.keys(),
        )
        accesses = tuple(_access(each, reading) for each in components)
        found = (*found, *(each for access in accesses for each in retiring_findings(access.name, access.retiring)))
        commands = commands_of(stack, found, unknown, up_fails=bool(reading.failed or digest.errors))
        places = places_of(components, written_as(self.project, stack))
        found = tuple(each.model_copy(update={"remedy": places(each.component).told(each.remedy)}) for each in found)
        unknown = tuple(
            each.model_copy(update={"reason": places(each.component).told(each.reason)}) for each in unknown
        )
        certificates = [each.certificate for each in accesses if each.certificate]
        return StackReport(
            project=stack.project,
            stack=stack.name,
            verdict=verdict_of(found, unknown),
            instance_url=accesses[0].instance_url or instance_url(stack),
            org_id=accesses[0].org_id,
            findings=found,
            unknown=unknown,
            certificate=min(certificates, key=lambda each: each.not_after, default=None),
            components=accesses if components[0].steps else (),
            commands=tuple(places("").told(line) for line in commands),
        )


@dataclass(eq=False, slots=True)
class _Attempt:
    """An engine at work and the providers that serve it."""

    process: Process
    providers: DriftProviders
    late: bool = False

    def give_up(self) -> None:
        """End what is under way in the orgs; the engine may still tell what was read by then."""
        self.late = True
        self.providers.cancel()

    def answer(self, seconds: float) -> Digest:
        """The engine's digest, within `seconds` and a moment to end by itself."""
        timer = threading.Timer(seconds, self.give_up)
        timer.daemon = True
        timer.start()
        try:
            result = self.process.wait(seconds + _LAST_WORD)
        finally:
            timer.cancel()
            self.providers.cancel()  # an engine that was ended leaves its questions open
        if not result.out.startswith("{"):
            raise EngineError(result.error)
        digest = parse_digest(result.out)
        if result.code and not digest.errors:
            return replace(digest, errors=(result.error,))
        return digest


@contextmanager
def _copy_of(file: Path) -> Iterator[Path]:
    """A stack file for the engine to keep: it adds a missing `encryptionsalt` to the one it is given, and a drift check writes nothing."""
    with tempfile.TemporaryDirectory(prefix="orgkey-") as folder:
        yield Path(shutil.copy(file, folder))


def _access(component: Component, reading: Reading) -> Access:
    url, org_id = org_of(component)
    asked = (reading.instance_urls[step.urn] for step in component.steps if step.urn in reading.instance_urls)
    return Access(
        name=component.name,
        instance_url=next(asked, "") or url,
        org_id=org_id,
        certificate=certificate_of(component),
        certificates=certificates_of(component),
        retiring=retiring_uses(component, reading.logins),
    )


def places_of(components: Sequence[Component], written: Written) -> Callable[[str], SettingPlace]:
    """Where the settings of components are, by name; of what is said of the whole stack, by the first."""
    places = {
        each.name: SettingPlace(written if each.is_access else Written.INPUTS, generation="") for each in components
    }
    first = next(iter(places.values()), SettingPlace(written))
    return lambda component: places.get(component or "", first)


def unknown_of(digest: Digest, components: Sequence[Component], reading: Reading, *, late: str) -> tuple[Unknown, ...]:
    """What could not be read, by name; one reason for a component or the stack where it is the same for everything in it.

    `late` is the reason of what was not read because the time was over; empty where it was not.
    """
    unread = [each for component in components for each in _unread(component, reading, late=late)]
    whole = {each.reason for each in unread}
    if len(whole) == 1 and len(unread) == len(components) and not any(each.path for each in unread):
        unread = [Unknown(path="", reason=whole.pop())]
    partly_read = [
        Unknown(
            path=f"{path_of(step.urn)}.{name}", reason=reading.said.get(step.urn, str(error)), component=component.name
        )
        for component in components
        for step in component.steps
        if (error := reading.partly_read.get(step.urn)) is not None
        for name in error.properties
    ]
    return (*unread, *partly_read, *(Unknown(path="", reason=error) for error in digest.errors))


def _unread(component: Component, reading: Reading, *, late: str) -> list[Unknown]:
    reasons = {
        path_of(step.urn): late if late and isinstance(error, CanceledError) else reading.said.get(step.urn, str(error))
        for step in component.steps
        if (error := reading.failed.get(step.urn)) is not None
    }
    in_org = {path_of(step.urn) for step in component.steps if "orgId" in step.old_outputs}
    if reasons and in_org <= reasons.keys() and len(set(reasons.values())) == 1:
        return [Unknown(path="", reason=next(iter(reasons.values())), component=component.name)]
    return [Unknown(path=path, reason=reason, component=component.name) for path, reason in sorted(reasons.items())]


_CERTIFICATE = "put a new certificate of your own key into orgkey:key.certificatePem"
_FIRST = {
    Action.FIND_OWNER: "find out who else manages it, and settle whose it is",
    Action.DECIDE: "declare in orgkey:users whoever is to keep the permission set",
    Action.REPLACE_CERTIFICATE: _CERTIFICATE,
    Action.REPLACE_ENDED_CERTIFICATE: _CERTIFICATE,
    Action.RETIRE_ENDED: "take the generation out of orgkey:retiring, or make it current again, with a new certificate",
    Action.EXTEND_ASSIGNMENTS: "give orgkey:assignments.expiration a later moment or take it out",
    Action.SETTLE_ENDED_ASSIGNMENT: "have the assignment that ended, which somebody else made, renewed or deleted in the org",
}
"""What comes before an `up`, where the remedy names the `up` too."""
_BY_HAND = {Action.MEND_USER, Action.MEND_ACCESS, Action.UP_FOR_LOGIN}


def commands_of(
    stack: Stack, found: Sequence[Finding], unknown: Sequence[Unknown], *, up_fails: bool = False
) -> tuple[str, ...]:
    """Lines for a shell, in order: what no command does is a comment. `up_fails`: something could not be read that an `up` reads too."""
    by_hand = [f"# {stack.name}: {first}; then:" for each in found for first in _before_up(each)]
    waits = {Action.RENEW_LATER, Action.READ_THEN_TRY, Action.RETIRE, Action.RETIRE_BEFORE_END}
    helps = not up_fails and any(each.action not in waits for each in found)
    up = [f"pulumi up --stack {stack.name}"] if helps else []
    return (*dict.fromkeys(by_hand), *up, *([f"orgkey drift --stack {stack.name}"] if unknown else []))


def _before_up(each: Finding) -> Iterator[str]:
    """What a finding asks a person to do before an `up`, also where its remedy has to wait for another one's."""
    if each.action in _BY_HAND and not each.remedy.startswith("run `pulumi up`"):
        yield each.remedy
    if each.action is not Action.READ_THEN_UP:  # nothing of it before what could not be read
        yield from (text for action, text in _FIRST.items() if REMEDIES[action] in each.remedy)

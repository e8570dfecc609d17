"""One stack's look: the engine's `refresh --preview-only` with our provider in this process, judged.

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
from orgkey.fleet.digest import Digest, DigestError, parse_digest
from orgkey.fleet.engine import Engine, EngineError, EngineTimeoutError, Process
from orgkey.fleet.findings import Code
from orgkey.fleet.judge import certificate_of, judge, org_of, path_of
from orgkey.fleet.project import NoSettingsError, Project, Stack, StackFileError, connection_config, instance_url
from orgkey.fleet.report import Finding, StackReport, Unknown, could_not_tell, verdict_of
from orgkey.provider.servicer import SalesforceProvider
from orgkey.salesforce.errors import CanceledError, SalesforceError, UnseenError

_LAST_WORD = 5.0  # seconds for the engine to end by itself, once the org is given up


@dataclass(slots=True)
class Looker:
    """Looks at one stack after the other, at several at a time.

    `seconds` is how long a look may take; `expiring_within` how long before its end a certificate is a finding.
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

    def look(self, stack: Stack, *, seconds: float) -> StackReport:
        """Look at a stack, for at most `seconds` if that is less than a look may take; never raises for what is wrong with it."""
        started = time.monotonic()
        try:
            report = self._look(stack, min(self.seconds, seconds))
        except (StackFileError, EngineError, DigestError) as error:
            report = could_not_tell(stack.project, stack.name, str(error), instance_url=instance_url(stack))
        except Exception as error:  # noqa: BLE001 — one stack's trouble is its own, whatever it is; its text may hold anything
            reason = f"orgkey met a {type(error).__name__} that it does not know. Please report it."
            report = could_not_tell(stack.project, stack.name, reason, instance_url=instance_url(stack))
        return report.model_copy(update={"seconds": round(time.monotonic() - started, 3)})

    def stop(self) -> None:
        """Give up all that is under way, at once, and begin nothing more."""
        self._stopped = True
        for attempt in list(self._under_way):
            attempt.give_up()
            attempt.process.kill()

    def _look(self, stack: Stack, seconds: float) -> StackReport:
        deadline = time.monotonic() + seconds
        try:
            config = connection_config(self.project, stack, self.engine, seconds=seconds)
        except NoSettingsError:  # the state has those of a provider that the program made itself
            config = {}
        unread: dict[str, SalesforceError] = {}
        provider = SalesforceProvider(
            environment={**self.environment, "PULUMI_CONFIG": json.dumps(config)}, unread=unread.__setitem__
        )
        with (
            attach(provider, self.language_port, runtime=self.project.runtime) as ports,
            _copy_of(stack.file) as file,
        ):
            command = ["refresh", "--preview-only", "--json", "--stack", stack.name, "--config-file", str(file)]
            attempt = _Attempt(self.engine.start(command, folder=self.project.folder, extra=ports), provider)
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
        unknown = _unknown(digest, unread, late=late)
        url, org_id = org_of(digest)
        unjudged = {urn for urn, error in unread.items() if not isinstance(error, UnseenError)}
        found = judge(digest, now=self.now(), expiring_within=self.expiring_within, unread=unjudged)
        return StackReport(
            project=stack.project,
            stack=stack.name,
            verdict=verdict_of(found, unknown),
            instance_url=url or instance_url(stack),
            org_id=org_id,
            findings=found,
            unknown=unknown,
            certificate=certificate_of(digest),
            commands=_commands(stack, found, unknown),
        )


@dataclass(eq=False, slots=True)
class _Attempt:
    """An engine at work and the provider that serves it."""

    process: Process
    provider: SalesforceProvider
    late: bool = False

    def give_up(self) -> None:
        """End what the provider has under way in the org; the engine may still tell what was read by then."""
        self.late = True
        self.provider.cancel(for_good=True)

    def answer(self, seconds: float) -> Digest:
        """The engine's digest, within `seconds` and a moment to end by itself."""
        timer = threading.Timer(seconds, self.give_up)
        timer.daemon = True
        timer.start()
        try:
            result = self.process.wait(seconds + _LAST_WORD)
        finally:
            timer.cancel()
            self.provider.cancel(for_good=True)  # an engine that was ended leaves its questions open
        if not result.out.startswith("{"):
            raise EngineError(result.error)
        digest = parse_digest(result.out)
        if result.code and not digest.errors:
            return replace(digest, errors=(result.error,))
        return digest


@contextmanager
def _copy_of(file: Path) -> Iterator[Path]:
    """A stack file for the engine to keep: it adds a missing `encryptionsalt` to the one it is given, and a look writes nothing."""
    with tempfile.TemporaryDirectory(prefix="orgkey-") as folder:
        yield Path(shutil.copy(file, folder))


def _unknown(digest: Digest, unread: Mapping[str, SalesforceError], *, late: str) -> tuple[Unknown, ...]:
    """What could not be read, by name; one reason for the whole stack where it is the same for everything."""
    unseen = [
        Unknown(path=f"{path_of(urn)}.{name}", reason=str(error))
        for urn, error in unread.items()
        if isinstance(error, UnseenError)
        for name in error.properties
    ]
    reasons = {
        path_of(urn): late if late and isinstance(error, CanceledError) else str(error)
        for urn, error in unread.items()
        if not isinstance(error, UnseenError)
    }
    in_org = {path_of(step.urn) for step in digest.steps if "orgId" in step.old_outputs}
    if reasons and in_org <= reasons.keys() and len(set(reasons.values())) == 1:
        return (Unknown(path="", reason=next(iter(reasons.values()))),)
    told = [Unknown(path=path, reason=reason) for path, reason in sorted(reasons.items())]
    return (*told, *unseen, *(Unknown(path="", reason=error) for error in digest.errors))


def _commands(stack: Stack, found: Sequence[Finding], unknown: tuple[Unknown, ...]) -> tuple[str, ...]:
    """Lines for a shell. A login that fails although all is as declared is no matter of an `up` alone: a comment says what comes first."""
    commands = [f"pulumi up --stack {stack.name}"] if found else []
    if found and all(each.code is Code.LOGIN_FAILS for each in found):
        commands.insert(0, f"# {stack.name}: {found[0].remedy}; then:")
    return (*commands, *([f"orgkey drift --stack {stack.name}"] if unknown else []))

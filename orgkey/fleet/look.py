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
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orgkey.fleet.attached import Languages, attach
from orgkey.fleet.digest import Digest, DigestError, parse_digest
from orgkey.fleet.engine import Asked, Engine, EngineError, EngineTimeoutError
from orgkey.fleet.findings import Code
from orgkey.fleet.judge import certificate_of, judge, org_of, path_of
from orgkey.fleet.project import Project, Stack, StackFileError, connection_config, instance_url
from orgkey.fleet.report import Finding, StackReport, Unknown, Verdict, could_not_tell
from orgkey.provider.servicer import SalesforceProvider
from orgkey.salesforce.errors import CanceledError, SalesforceError

_LAST_WORD = 5.0  # seconds for the engine to end by itself, once the org is given up


@dataclass(frozen=True, slots=True)
class Looker:
    """Looks at one stack after the other, at several at a time.

    `seconds` is how long a look may take; `expiring_within` how long before its end a certificate is a finding.
    """

    engine: Engine
    project: Project
    languages: Languages
    environment: Mapping[str, str] = field(repr=False)
    seconds: float
    expiring_within: timedelta
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def look(self, stack: Stack, *, seconds: float | None = None) -> StackReport:
        """Look at a stack; never raises for anything that is wrong with it."""
        started, allowed = time.monotonic(), min(self.seconds, self.seconds if seconds is None else seconds)
        try:
            report = self._look(stack, max(0.0, allowed))
        except (StackFileError, EngineError, DigestError) as error:
            report = could_not_tell(stack.project, stack.short_name, str(error), instance_url=instance_url(stack))
        return report.model_copy(update={"seconds": round(time.monotonic() - started, 3)})

    def _look(self, stack: Stack, seconds: float) -> StackReport:
        config = connection_config(stack, self.engine)
        unread: dict[str, SalesforceError] = {}
        provider = SalesforceProvider(
            environment={**self.environment, "PULUMI_CONFIG": json.dumps(config)}, unread=unread.__setitem__
        )
        with (
            attach(provider, self.languages, runtime=self.project.runtime) as ports,
            _copy_of(stack.file) as file,
        ):
            command = ["refresh", "--preview-only", "--json", "--stack", stack.name, "--config-file", str(file)]
            asked = self.engine.start(command, folder=self.project.folder, extra=ports)
            digest, late = _answer(asked, provider, seconds)
        unknown = _unknown(digest, unread, late=late, seconds=seconds)
        url, org_id = org_of(digest)
        seen = judge(digest, now=self.now(), expiring_within=self.expiring_within)
        verdict = Verdict.COULD_NOT_TELL if unknown else Verdict.DRIFT if seen else Verdict.IN_SYNC
        return StackReport(
            project=stack.project,
            stack=stack.short_name,
            verdict=verdict,
            instance_url=url or instance_url(stack),
            org_id=org_id,
            findings=seen,
            unknown=unknown,
            certificate=certificate_of(digest),
            commands=_commands(stack, seen, unknown),
        )


@contextmanager
def _copy_of(file: Path) -> Iterator[Path]:
    """A stack file for the engine to keep: it adds a missing `encryptionsalt` to the one it is given, and a look writes nothing."""
    with tempfile.TemporaryDirectory(prefix="orgkey-") as folder:
        yield Path(shutil.copy(file, folder))


def _answer(asked: Asked, provider: SalesforceProvider, seconds: float) -> tuple[Digest, bool]:
    """The engine's digest. When the time is over the org is given up, and the engine may still tell what it has read by then."""
    late = threading.Event()

    def give_up() -> None:
        late.set()
        provider.cancel()

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        said = asked.wait(seconds + _LAST_WORD)
        if said.code and not said.out.startswith("{"):
            raise EngineError(said.error)
        return parse_digest(said.out), late.is_set()
    except EngineTimeoutError:
        raise EngineTimeoutError(f"No answer within {seconds:.0f} s.") from None
    finally:
        timer.cancel()


def _unknown(
    digest: Digest, unread: Mapping[str, SalesforceError], *, late: bool, seconds: float
) -> tuple[Unknown, ...]:
    """What could not be read, by name; one reason for the whole stack where it is the same for everything."""
    reasons = {
        path_of(urn): f"No answer within {seconds:.0f} s." if late and isinstance(error, CanceledError) else str(error)
        for urn, error in unread.items()
    }
    in_org = {path_of(step.urn) for step in digest.steps if "orgId" in step.old_outputs}
    if reasons and in_org <= reasons.keys() and len(set(reasons.values())) == 1:
        return (Unknown(path="", reason=next(iter(reasons.values()))),)
    told = [Unknown(path=path, reason=reason) for path, reason in sorted(reasons.items())]
    return (*told, *(Unknown(path="", reason=error) for error in digest.errors))


def _commands(stack: Stack, found: Sequence[Finding], unknown: tuple[Unknown, ...]) -> tuple[str, ...]:
    """Lines for a shell. A login that fails although all is as declared is no matter of an `up` alone: a comment says what comes first."""
    commands = [f"pulumi up --stack {stack.short_name}"] if found else []
    if found and all(each.code is Code.LOGIN_FAILS for each in found):
        commands.insert(0, f"# {stack.short_name}: {found[0].remedy}; then:")
    return (*commands, *([f"orgkey drift --stack {stack.short_name}"] if unknown else []))

"""A run over many stacks: several at a time, each by itself, with one end for all."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from typing import TypeVar

from orgkey.fleet.drift_check import DriftChecker
from orgkey.fleet.project import Stack
from orgkey.fleet.report import Report, StackReport, could_not_tell

_LISTEN = 0.25  # seconds: a signal that comes just before a wait does not end it

T = TypeVar("T")
Watch = Callable[[Stack, StackReport | None], None]
"""Called when the check of a stack begins (None), and with its report."""


def run(
    checker: DriftChecker,
    stacks: Sequence[Stack],
    *,
    jobs: int,
    seconds: float,
    watch: Watch = lambda _stack, _report: None,
) -> Report:
    """Check every stack, `jobs` at a time; after `seconds` what is under way is given up and what is left is not begun."""
    started = time.monotonic()

    def check(stack: Stack) -> StackReport:
        left = seconds - (time.monotonic() - started)
        if left <= 0:
            report = could_not_tell(stack.project, stack.name, f"Not begun: the {seconds:g} s for all were over.")
        else:
            watch(stack, None)
            report = checker.check(stack, seconds=round(left, 1))
        watch(stack, report)
        return report

    reports = side_by_side(check, stacks, jobs=jobs, stop=checker.stop)
    return Report(made_at=datetime.now(UTC), seconds=round(time.monotonic() - started, 3), stacks=reports)


def side_by_side(
    look: Callable[[Stack], T], stacks: Sequence[Stack], *, jobs: int, stop: Callable[[], None]
) -> tuple[T, ...]:
    """Look at every stack, `jobs` at a time, each by itself; `stop` ends what is under way where somebody stops us."""
    pool = ThreadPoolExecutor(max_workers=jobs)
    try:
        return tuple(map(_result, [pool.submit(look, stack) for stack in stacks]))
    except BaseException:  # what is under way must not hold that up
        stop()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _result(looked: Future[T]) -> T:
    while wait([looked], timeout=_LISTEN).not_done:
        pass
    return looked.result()

"""A run of `orgkey check` over stack files: several at a time, each by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime

from orgkey.fleet.check_report import CheckReport, StackCheck
from orgkey.fleet.project import Stack
from orgkey.fleet.stack_check import StackChecker

Watch = Callable[[Stack, StackCheck | None], None]
"""Called when the check of a stack begins (None), and with its result."""


def run_checks(
    checker: StackChecker, stacks: Sequence[Stack], *, jobs: int, watch: Watch = lambda _stack, _check: None
) -> CheckReport:
    """Check every stack file, `jobs` at a time."""
    started = time.monotonic()

    def check(stack: Stack) -> StackCheck:
        watch(stack, None)
        checked = copy_context().run(checker.check, stack)
        watch(stack, checked)
        return checked

    pool = ThreadPoolExecutor(max_workers=jobs)
    try:
        checked = tuple(pool.map(check, stacks))
    except BaseException:  # somebody stops us: what is under way must not hold that up
        checker.stop()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return CheckReport(made_at=datetime.now(UTC), seconds=round(time.monotonic() - started, 3), stacks=checked)

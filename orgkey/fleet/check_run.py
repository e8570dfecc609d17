"""A run of `orgkey check` over stack files: several at a time, each by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextvars import copy_context
from datetime import UTC, datetime

from orgkey.fleet.check_report import CheckReport, StackCheck
from orgkey.fleet.project import Stack
from orgkey.fleet.run import side_by_side
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

    checked = side_by_side(check, stacks, jobs=jobs, stop=checker.stop)
    return CheckReport(made_at=datetime.now(UTC), seconds=round(time.monotonic() - started, 3), stacks=checked)

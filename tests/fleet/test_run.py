"""A run over many stacks ends at once where somebody stops it."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from orgkey.fleet.project import Stack
from orgkey.fleet.run import side_by_side

STACKS = [Stack("p", name, Path(f"Pulumi.{name}.yaml")) for name in ("dev", "uat", "qa")]


@pytest.fixture
def heard() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
def test_an_interrupt_that_does_not_wake_the_main_thread_is_heard_all_the_same() -> None:
    stopped, in_time = threading.Event(), list[bool]()

    def look(stack: Stack) -> None:
        if stack.name == "uat":
            time.sleep(
                0.1
            )  # until the main thread waits; a signal to this one does not wake it, like one just before the wait
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        in_time.append(stopped.wait(10))

    with pytest.raises(KeyboardInterrupt):
        side_by_side(look, STACKS, jobs=2, stop=stopped.set)
    assert in_time == [True, True]


def test_results_come_in_the_order_of_the_stacks() -> None:
    last = threading.Event()

    def look(stack: Stack) -> str:
        if stack is STACKS[-1]:
            last.set()
        else:
            last.wait(10)
        return stack.name

    assert side_by_side(look, STACKS, jobs=3, stop=last.set) == ("dev", "uat", "qa")


def test_what_one_look_raises_stops_the_others() -> None:
    stopped = threading.Event()

    def look(stack: Stack) -> None:
        if stack.name == "dev":
            raise LookupError(stack.name)
        stopped.wait(10)

    with pytest.raises(LookupError):
        side_by_side(look, STACKS, jobs=3, stop=stopped.set)
    assert stopped.is_set()

"""Verbs of one run look at what it remembers while others add to it: the engine calls many at a time."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from orgkey.provider.engine_run import Run, SeenApp, SeenGrant, SeenKey
from orgkey.provider.retired import going_on, retired_by
from orgkey.provider.same_key import blocked_generations, shared_key

_URN = "urn:pulumi:t::orgkey::orgkey:index:JwtBearerAccess$salesforce:index:{}::{}"
_MANY = 500


def key(number: int) -> str:
    return _URN.format("KeyPair", f"a-key-{number}")


def grant(number: int) -> str:
    return _URN.format("JwtGrant", f"a-grant-{number}")


@pytest.fixture
def run() -> Run:
    """A run with many generations."""
    made = Run()
    for number in range(2, _MANY):
        made.keys[key(number)] = SeenKey(str(number), blocked=False)
        made.grants[grant(number)] = SeenGrant(str(number), "ci@acme.com", "005")
        made.seen_apps[str(number)] = SeenApp(_URN.format("ExternalClientApp", f"a-app-{number}"), "App", "App")
    return made


@contextmanager
def others_at_work(run: Run) -> Iterator[None]:
    """Other verbs add to the run and take from it, all the time."""
    ended, before = threading.Event(), sys.getswitchinterval()

    def work() -> None:
        number = _MANY
        while not ended.is_set():
            number += 1
            run.keys[key(number)] = SeenKey(str(number), blocked=False)
            run.grants[grant(number)] = SeenGrant(str(number), "ci@acme.com", "005")
            del run.keys[key(number)], run.grants[grant(number)]

    thread = threading.Thread(target=work)
    sys.setswitchinterval(1e-5)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        sys.setswitchinterval(before)


LOOKS: dict[str, Callable[[Run], object]] = {
    "the same key": lambda run: shared_key(run, key(2)),
    "what is blocked": lambda run: blocked_generations(run, grant(2), "grant"),
    "what goes": lambda run: list(retired_by(run, grant(2), {"generations": [2]})),
    "what goes on": lambda run: going_on(run, grant(1000), {"generations": [1000, 2]}),
}


@pytest.mark.parametrize("look", LOOKS)
def test_a_look_at_all_of_a_run_is_not_disturbed_by_what_others_add_meanwhile(run: Run, look: str) -> None:
    with others_at_work(run):
        for _ in range(20):
            LOOKS[look](run)

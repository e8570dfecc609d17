"""Two landscapes that start at the same moment never choose a port of the other's."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from localorg.errors import LandscapeError
from localorg.ports import RANGE, Ports


@pytest.fixture
def ports() -> Iterator[Ports]:
    made = Ports()
    yield made
    made.close()


def _exchange(listening: socket.socket) -> None:
    """Let a client come and go, and be the one who hangs up: the port is in TIME_WAIT then."""
    listening.setblocking(True)  # noqa: FBT003
    listening.listen()
    with socket.create_connection(listening.getsockname()) as client:
        listening.accept()[0].close()
        assert client.recv(1) == b""


def test_many_that_choose_at_once_choose_different_ones() -> None:
    choosers = [Ports() for _ in range(16)]
    with ThreadPoolExecutor(len(choosers)) as pool:
        chosen = [port for found in pool.map(lambda each: each.choose(100), choosers) for port in found]
    for each in choosers:
        each.close()
    assert len(set(chosen)) == len(chosen) == 1600
    assert set(chosen) <= set(RANGE)


def test_nobody_else_can_serve_a_port_that_was_chosen(ports: Ports) -> None:
    (port,) = ports.choose(1)
    with pytest.raises(LandscapeError, match=f"port {port} is taken by another program"):
        Ports().open(port)
    with ports.open(port) as mine:
        _exchange(mine)


def test_a_port_can_be_served_again_right_after_it_was(ports: Ports) -> None:
    (port,) = ports.choose(1)
    for _ in range(3):
        with ports.open(port) as mine:
            _exchange(mine)


def test_ports_that_were_chosen_and_not_served_are_free_again_at_the_end(ports: Ports) -> None:
    (port,) = ports.choose(1)
    ports.close()
    with Ports().open(port) as mine:
        _exchange(mine)


def test_ports_from_a_base_on_are_taken_as_they_are(ports: Ports) -> None:
    assert ports.choose(3, 24_000) == [24_000, 24_001, 24_002]


def test_more_ports_than_there_are_is_an_error(ports: Ports) -> None:
    with pytest.raises(LandscapeError, match="ports are free from 20000 on"):
        ports.choose(len(RANGE) + 1)

"""The table of targets, and the verdict at the end of `make bench`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.targets import TARGETS, Bound, Measured, Results, Target, is_met, verdict

VALUES = st.floats(0, 1e6)
SEEN = st.dictionaries(st.sampled_from(list(TARGETS)), st.builds(Measured, VALUES, st.none() | VALUES))


@pytest.mark.parametrize(
    ("bound", "value", "peer", "met"),
    [
        (Bound.AT_MOST, 2.0, None, True),
        (Bound.AT_MOST, 2.1, 100.0, False),
        (Bound.AT_LEAST, 2.0, None, True),
        (Bound.AT_LEAST, 1.9, None, False),
        (Bound.TIMES_PEER, 6.0, 3.0, True),
        (Bound.TIMES_PEER, 6.1, 3.0, False),
        (Bound.TIMES_PEER, 0.0, None, False),
    ],
)
def test_a_number_reaches_its_target_or_not(bound: Bound, value: float, peer: float | None, *, met: bool) -> None:
    assert is_met(Target("x", 2.0, "s", "y", bound), Measured(value, peer)) is met


@given(SEEN)
def test_the_last_line_names_the_targets_that_are_missed_and_no_other(seen: dict[str, Measured]) -> None:
    missed = [name for name in TARGETS if name in seen and not is_met(TARGETS[name], seen[name])]
    assert verdict(seen)[-1] == f"targets missed: {'; '.join(missed) or 'none'}"


@given(SEEN)
def test_every_target_has_a_row_or_is_named_as_not_measured(seen: dict[str, Measured]) -> None:
    *table, _ = verdict(seen)
    unseen = next((line for line in table if line.startswith("not measured")), "")
    for name in TARGETS:
        has_row = any(line.startswith(f"{name} ") for line in table)
        assert (has_row, name in unseen.split(": ", 1)[-1].split("; ")) == (name in seen, name not in seen)


def test_a_row_shows_the_number_its_target_and_its_peer() -> None:
    row = verdict({"up with nothing to change": Measured(1.8, 0.6)})[1]
    assert " ".join(row.split()) == (
        "up with nothing to change 1.80 s <= 2 x peer MISSED 0.60 s, an empty program (3.00 x)"
    )


def test_a_number_that_the_table_does_not_have_is_a_mistake_in_the_benchmark() -> None:
    with pytest.raises(KeyError):
        Results().note("seconds of something", 1.0)


def test_what_goes_by_its_peer_says_what_that_is() -> None:
    assert all(each.peer for each in TARGETS.values() if each.bound is Bound.TIMES_PEER)

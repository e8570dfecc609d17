"""Whatever is wrong and whatever was seen of it: what the doctor calls certain is so, and the true cause is among those it names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, assume, event, example, given, settings
from hypothesis import strategies as st

from orgkey.doctor.diagnosis import diagnose
from orgkey.doctor.facts import AppSearch, Facts, HostFacts, UserSearch
from orgkey.doctor.formats import FORMATS
from orgkey.doctor.judge import Outcome, judge
from tests.doctor import model
from tests.doctor.model import World, facts_of, first, is_so

_LAGS = (model.NO_APP, model.NO_KEY, model.NOT_APPROVED, model.NOT_ADMITTED, model.BLOCKED, model.NO_SCOPES)
_FAULTS: dict[str, st.SearchStrategy[Any]] = {
    "app": st.sampled_from(["gone", "packaged", "other key"]),
    "key": st.sampled_from([model.SECRET_LIKE, model.GOOD_KEY + " "]),
    "kind": st.just("connected"),
    "certificate": st.sampled_from(["other", "none"]),
    "scopes": st.sampled_from([frozenset({"Api"}), frozenset({"RefreshToken"}), frozenset({"Full"}), frozenset()]),
    "bound": st.sampled_from([("isDPopEnabled",), ("isIpBindingEnabled",)]),
    "links": st.sampled_from(
        [(), (model.OTHER_SET,), (model.PROFILE_SET,), (model.MINE, model.PROFILE_SET), (model.OTHER_SET, model.MINE)]
    ),
    "minutes_ago": st.integers(0, 60),
    "lag": st.sampled_from([*_LAGS, model.NEEDS_REFRESH, model.INVALID, model.FOREIGN, model.CALL]),
    "clock": st.sampled_from([-1000.0, -400.0, -200.0, -150.0, -60.0, 60.0, 150.0, 1000.0]),
    "delay": st.sampled_from([100.0, 1000.0]),
    "lenient": st.just(60.0),
    "audience": st.sampled_from(["another", "none"]),
    "frozen_form": st.sampled_from([model.NOT_APPROVED, *model.MYSTERIES[6:8]]),
    "held_form": st.sampled_from([model.NOT_APPROVED, model.NEEDS_REFRESH]),
    "disabled_form": st.just(model.NO_APP),
    "gone_form": st.just(model.NO_KEY),
    "mystery": st.sampled_from(model.MYSTERIES),
    **{name: st.booleans() for name, value in vars(World()).items() if isinstance(value, bool)},
}


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A world with one to five things that differ from one in which the login works."""
    names = draw(st.lists(st.sampled_from(sorted(_FAULTS)), min_size=1, max_size=5, unique=True))
    return World(**{name: draw(_FAULTS[name]) for name in names})


_PIECES = {
    "apps": [
        "certificate",
        "changed_at",
        "links",
        "sender_bound",
        "enabled",
        "admin_approved",
        "scopes",
        "session_level",
    ],
    "user": [
        "held",
        "frozen",
        "password_locked",
        "api_enabled",
        "approved_apps",
        "ip_ranges",
        "login_hours",
        "history",
    ],
}


def _less(facts: Facts, unseen: set[str]) -> Facts:
    less = facts
    for name in unseen:
        match name.split("."):
            case ["host"]:
                less = replace(less, host=HostFacts())
            case ["apps", piece] if less.apps and less.apps.app:
                less = replace(less, apps=replace(less.apps, app=replace(less.apps.app, **{piece: None})))
            case ["user", "profile_set_id"] if less.user and less.user.user:
                less = replace(less, user=UserSearch(replace(less.user.user, profile_set_id="")))
            case ["user", piece] if less.user and less.user.user:
                less = replace(less, user=UserSearch(replace(less.user.user, **{piece: None})))
            case ["users"] if less.user:
                less = replace(less, user=replace(less.user, user=None, complete=False))
            case ["some apps"] if less.apps:
                less = replace(less, apps=AppSearch(None, complete=False))
            case [("org" | "apps" | "user") as whole]:
                less = replace(less, **{whole: None})
    return less


_UNSEEN = st.sets(
    st.sampled_from(
        ["host", "org", "apps", "user", "users", "some apps", "user.profile_set_id"]
        + [f"{whole}.{piece}" for whole, pieces in _PIECES.items() for piece in pieces]
    ),
    max_size=4,
)


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(world=worlds(), unseen=_UNSEEN)
def test_what_is_certain_is_so_and_the_true_cause_is_named(world: World, unseen: set[str]) -> None:
    stopped = first(world)
    assume(stopped is not None)
    assert stopped is not None
    cause, failure = stopped
    verdict = judge(_less(facts_of(world, failure), unseen))
    event(f"{verdict.outcome}, {cause}")
    for certain in (*verdict.also, *(verdict.causes if verdict.outcome is Outcome.CAUSE_FOUND else ())):
        assert is_so(world, certain.code), certain.code
    named = {each.code for each in (*verdict.causes, *verdict.also)}
    assert named
    if verdict.outcome is Outcome.COULD_NOT_TELL and cause:
        assert cause in named


_HIDDEN = ("blocked", "lag", "mystery", "delay", "external_user", "by_session", "muted")
"""What stands nowhere, or proves nothing: a second thing that is seen may be told before it."""


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(world=worlds())
@example(World(ended=True, refuses_ended=True, bound=("isDPopEnabled",)))
def test_where_everything_is_seen_the_cause_that_came_first_is_named(world: World) -> None:
    stopped = first(world)
    assume(stopped is not None)
    assert stopped is not None
    cause, failure = stopped
    assume(cause and not any(getattr(world, each) for each in _HIDDEN))
    verdict = judge(facts_of(world, failure))
    assert cause in {each.code for each in (*verdict.causes, *verdict.also)}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(world=worlds(), unseen=_UNSEEN)
def test_every_world_can_be_told_in_every_format(world: World, unseen: set[str]) -> None:
    stopped = first(world)
    assume(stopped is not None)
    assert stopped is not None
    diagnosis = diagnose(_less(facts_of(world, stopped[1]), unseen))
    for render in FORMATS.values():
        assert diagnosis.causes[0].code in render(diagnosis)
    assert all(len(line) <= 100 for line in FORMATS["text"](diagnosis).splitlines())

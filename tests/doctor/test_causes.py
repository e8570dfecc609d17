"""Each cause is made in the local org, and the doctor names it; with evidence taken away it never names another one for certain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from orgkey.doctor.causes import CAUSES
from orgkey.doctor.facts import Facts, Failure, HostFacts
from orgkey.doctor.judge import Outcome, judge
from orgkey.salesforce.error_table import GRANT, SECRET_GRANT
from tests.doctor.conftest import Examine
from tests.doctor.worlds import CASES, Case
from tests.landscape import Landscape, Org

_APP_PIECES = ("certificate", "changed_at", "links")
_USER_PIECES = (
    "frozen",
    "password_locked",
    "held",
    "api_enabled",
    "approved_apps",
    "ip_ranges",
    "login_hours",
    "history",
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_cause_is_named_first_and_with_less_evidence_no_other_is_certain(
    case: Case, org: Org, landscape: Landscape, examine: Examine
) -> None:
    case.arrange(org, landscape)
    org = landscape.org(org.name)
    facts = examine(**{"username": org.user(case.alias), **case.login}, seconds_ahead=case.seconds_ahead)
    verdict = judge(facts)
    assert verdict.causes, facts.failure
    assert verdict.causes[0].code == case.code, [each.code for each in verdict.causes]
    assert verdict.outcome is (Outcome.CAUSE_FOUND if case.certain else Outcome.COULD_NOT_TELL)
    true = {each.code for each in CAUSES if facts.failure and each.fits(facts.failure) and each.proof(facts)}
    for taken, less in _with_less(facts):
        judged = judge(less)
        if judged.outcome is Outcome.CAUSE_FOUND:
            assert judged.causes[0].code in true, taken
        else:
            assert case.code in {each.code for each in judged.causes}, taken


def _with_less(facts: Facts) -> Iterator[tuple[tuple[str, ...], Facts]]:
    """The facts without one or two pieces of evidence, and without whatever takes an administrator."""
    pieces = [("org",), ("apps",), ("user",), ("host",)]
    app, person = facts.app, facts.person
    pieces += [("app", name) for name in _APP_PIECES if app]
    pieces += [("person", name) for name in _USER_PIECES if person]
    for taken in (*((each,) for each in pieces), *combinations(pieces, 2)):
        less = facts
        for piece in taken:
            less = _without(less, piece)
        yield tuple(".".join(piece) for piece in taken), less
    yield ("credentials",), replace(facts, org=None, apps=None, user=None, credentials_problem=None)


def _without(facts: Facts, piece: tuple[str, ...]) -> Facts:
    match piece:
        case ("host",):
            return replace(facts, host=HostFacts())
        case ("app", name):
            return (
                facts
                if facts.apps is None or facts.apps.app is None
                else replace(facts, apps=replace(facts.apps, app=_unset(facts.apps.app, name)))
            )
        case ("person", name):
            return (
                facts
                if facts.user is None or facts.user.user is None
                else replace(facts, user=replace(facts.user, user=_unset(facts.user.user, name)))
            )
        case (name,):
            return replace(facts, **{name: None})
    raise AssertionError(piece)


def _unset(facts: Any, name: str) -> Any:
    return replace(facts, **{name: None})


def test_every_answer_of_the_error_tables_grant_part_has_a_cause_that_shows_itself_so() -> None:
    other_flow = SECRET_GRANT[: -len(GRANT)]
    for row in GRANT:
        if row in other_flow or not row.code:
            continue
        failure = Failure(row.code.rstrip("*"), row.contains or "something")
        assert [each.code for each in CAUSES if each.fits(failure)], row


def test_there_are_at_least_forty_causes_each_with_a_code_of_its_own() -> None:
    codes = [each.code for each in CAUSES]
    assert len(codes) == len(set(codes)) >= 40


def test_most_causes_are_made_in_an_org_by_these_tests() -> None:
    made = {case.code for case in CASES}
    assert made <= {each.code for each in CAUSES}

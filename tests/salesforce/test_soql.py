"""Questions about many names stay short enough for a URL, and are no more than that needs."""

from __future__ import annotations

import re
from urllib.parse import quote_plus

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orgkey.salesforce import soql

URI = 16_384  # bytes that a REST URI may have
PATH = len("/services/data/v67.0/query?q=")
NAME = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=80)
IN = re.compile(r"IN \((.*?)\)(?= AND|$)", re.DOTALL)


def fits(questions: list[str]) -> bool:
    return all(PATH + len(quote_plus(question)) <= URI for question in questions)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(users=st.lists(NAME, max_size=250, unique=True), groups=st.lists(NAME, max_size=120, unique=True))
def test_whatever_the_names_are_each_question_fits(users: list[str], groups: list[str]) -> None:
    for questions in (
        soql.users(users),
        soql.groups(groups),
        soql.memberships(users, groups),
        soql.external_client_apps(users),
        soql.connected_apps(users),
    ):
        assert fits(questions)


def test_200_of_the_longest_user_names_are_asked_in_two_questions() -> None:
    users = [f"{number:03}{'x' * 60}@acme.example.com"[:80] for number in range(200)]
    questions = soql.users(users)
    assert fits(questions)
    assert len(questions) == 2
    assert sum(question.count("@acme") for question in questions) == 200


def test_200_user_names_of_the_usual_length_are_asked_at_once() -> None:
    assert len(soql.users([f"crowd.{number}@acme.com.uat" for number in range(200)])) == 1


def test_every_user_is_asked_with_every_group() -> None:
    users = [f"{number:03}{'u' * 70}" for number in range(300)]
    groups = [f"{number:03}{'g' * 70}" for number in range(150)]
    asked = set()
    for question in soql.memberships(users, groups):
        named_users, named_groups = (re.findall(r"'(\w+)'", listed) for listed in IN.findall(question))
        asked |= {(user, group) for user in named_users for group in named_groups}
    assert asked == {(user, group) for user in users for group in groups}


def test_nobody_is_asked_about_nothing() -> None:
    assert soql.users([]) == []
    assert soql.groups([]) == []
    assert soql.memberships([], ["G"]) == []
    assert soql.memberships(["u"], []) == []

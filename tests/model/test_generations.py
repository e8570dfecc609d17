"""Names of an app's generations, and which of them contradict one another."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgkey.model.generations import app_label, app_name, consumer_key_problems, generation_problems, part_name

_NAMES = st.from_regex(re.compile(r"[A-Za-z](?:_?[A-Za-z0-9]){0,79}", re.ASCII), fullmatch=True).filter(
    lambda name: len(name) <= 80
)


@given(_NAMES, st.integers(1, 999))
def test_a_generations_name_is_a_developer_name_and_another_for_each_number(first: str, number: int) -> None:
    name = app_name(first, number)
    assert re.fullmatch(r"[A-Za-z](?:_?[A-Za-z0-9])*", name)
    assert len(name) <= 80
    assert (name == first) == (number == 1)
    assert app_name(first, number + 1) != name


@given(st.text(min_size=1, max_size=80).filter(lambda text: text == text.strip()), st.integers(2, 999))
def test_a_generations_label_fits_and_is_its_own(first: str, number: int) -> None:
    label = app_label(first, number)
    assert len(label) <= 80
    assert label.endswith(f" {number}")


def test_the_first_generations_resources_have_no_number() -> None:
    assert [part_name("app", number) for number in (1, 2, 10)] == ["app", "app-2", "app-10"]


@given(st.lists(st.sampled_from([None, "", "KeyOne12345", "KeyTwo12345", 5]), max_size=6))
def test_no_two_generations_have_a_consumer_key_and_both_places_are_told(keys: list[object]) -> None:
    placed = [(f"retiring[{index}].key.consumerKey", key) for index, key in enumerate(keys)]
    problems = list(consumer_key_problems(placed))
    texts = [key for key in keys if isinstance(key, str) and key]
    assert len(problems) == len(texts) - len(set(texts))
    for problem in problems:
        mine = dict(placed)[problem.path]
        other = next(path for path, key in placed if key == mine)
        assert f"the same as {other}:" in problem.reason
        assert str(mine) not in problem.reason


@pytest.mark.parametrize(
    ("current", "retiring", "paths"),
    [
        ({}, [], []),
        ({"number": 2}, [{"number": 1}], []),
        ({"number": 1}, [{"number": 2}, {"number": 3}], []),
        ({"number": 2}, [{"number": 2}], ["retiring[0].number", "retiring[0].name"]),
        ({}, [{"number": 1}], ["retiring[0].number", "retiring[0].name"]),
        ({"number": 2}, [{"number": 1}, {"number": 1}], ["retiring[1].number", "retiring[1].name"]),
        ({"number": 2, "name": "Robot"}, [{"number": 1, "name": "ROBOT"}], ["retiring[0].name"]),
        ({"number": 2}, [{"number": 3, "name": "CI_2"}], ["retiring[0].name"]),
    ],
)
def test_a_number_and_a_name_are_one_generations_own(
    current: dict[str, object], retiring: list[dict[str, object]], paths: list[str]
) -> None:
    assert [problem.path for problem in generation_problems("CI", current, retiring)] == paths

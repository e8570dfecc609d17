"""How long a verb may take."""

import pytest
from pydantic import ValidationError

from orgkey.model.timeouts import Timeouts, seconds_of


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("1h30m", 5400), ("0.5h", 1800)])
def test_a_duration_is_counted_in_seconds(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("given", "seconds", "raised"),
    [
        ({}, 720, {}),
        ({}, 1920, {"create": "1920s", "update": "1920s"}),
        ({"create": "5m", "read": "1m"}, 720, {"create": "720s", "read": "1m"}),
        ({"create": "1h", "update": "1h"}, 1920, {"create": "1h", "update": "1h"}),
    ],
)
def test_a_limit_is_raised_only_where_it_is_too_short(
    given: dict[str, str], seconds: float, raised: dict[str, str]
) -> None:
    assert Timeouts.model_validate(given).at_least(seconds).model_dump(exclude_none=True) == raised


@pytest.mark.parametrize("text", ["90s", "30m", "1h30m", "0.5h", "1h1m1s", "2562047h"])
def test_a_duration_that_the_engine_takes_is_taken(text: str) -> None:
    assert Timeouts.model_validate({"create": text}).create == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "90",
        "1d",
        "-5m",
        "+5m",
        "0s",
        "0h0m",
        "1 h",
        "1h 30m",
        ".5h",
        "1e3s",
        "2562048h",
        "9" * 400 + "h",
        "\u0661h",
        "1h\n",
    ],
)
def test_a_duration_that_the_engine_does_not_take_or_that_is_none_is_refused_before_it(text: str) -> None:
    with pytest.raises(ValidationError, match="must be a time such as 90s, 30m or 1h30m"):
        Timeouts.model_validate({"create": text})

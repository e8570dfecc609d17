"""That a login is refused is proved by two refusals of one kind, not by a mishap of the moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Never

import pytest

from orgkey.salesforce.error_table import GRANT
from orgkey.salesforce.errors import GrantRefusedError
from orgkey.salesforce.grant import refused_within
from tests.clocks import BriskClock


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (("invalid_app_access", "invalid_app_access"), "invalid_app_access"),
        (("invalid_grant", "invalid_app_access", "invalid_app_access"), "invalid_app_access"),
        (("invalid_app_access", "invalid_grant", "invalid_app_access", "invalid_app_access"), "invalid_app_access"),
        (("OAUTH_APP_BLOCKED", "OAUTH_APP_BLOCKED"), "OAUTH_APP_BLOCKED"),
        (("a", "b", "c", "d"), "d"),
    ],
)
def test_the_refusal_that_counts_is_the_one_given_twice(answers: Sequence[str], told: str) -> None:
    left = list(answers)

    def attempt() -> Never:
        raise GrantRefusedError(left.pop(0), "no", where="the token endpoint", table=GRANT)

    refusal = refused_within(attempt, clock=BriskClock(), until=0, progress=lambda _: None)
    assert (refusal.code, left) == (told, [])

"""A verb ends when its timeout is over, and says what to do."""

from __future__ import annotations

import time

import pytest

from tests.landscape import Landscape, Org
from tests.provider.conftest import HOLDERS, SET, Made
from tests.provider.protocol import Client, VerbFailedError


def test_a_deploy_that_outlasts_its_timeout_is_kept_in_state_with_its_job_and_what_to_do(
    provider: Client, permission_set: Made, landscape: Landscape
) -> None:
    landscape.admin("PATCH", "/knobs", deploy_time=30)
    resource_id, inputs, outputs = permission_set
    started = time.monotonic()
    with pytest.raises(VerbFailedError) as failed:
        provider.update(SET, resource_id, (inputs, outputs), {**inputs, "label": "Other"}, timeout=0.5)
    assert time.monotonic() - started < 10
    assert failed.value.init_failed is not None
    assert failed.value.init_failed["id"] == "Access"
    assert "orgkey:timeouts" in failed.value.init_failed["reasons"][0]


@pytest.mark.parametrize("operation", ["composite", "createRecords"])
def test_what_is_no_deploy_ends_in_time_too(
    provider: Client, permission_set: Made, landscape: Landscape, org: Org, operation: str
) -> None:
    landscape.admin("POST", "/faults", operation=operation, org="uat", faults=["stall-3"])
    inputs, _ = provider.check(HOLDERS, {"permissionSet": "Access", "users": [org.user("ci")]})
    started = time.monotonic()
    with pytest.raises(VerbFailedError) as failed:
        provider.create(HOLDERS, inputs, timeout=0.5)
    assert time.monotonic() - started < 2
    assert "orgkey:timeouts" in failed.value.message
